"""Every operator's form in DuckDB equals its scalar form, cell by cell and type by type."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from policy_service.domain.control import CLEAR, Control
from policy_service.domain.errors import KeyUnavailableError, StatementRefusedError, UsageError
from policy_service.masking.values import mask_value
from policy_service.middleware.duckdb_functions import register_duckdb_masks
from policy_service.middleware.sql import rewrite
from tests.unit.middleware.sql_shop import KEYS, Keys, control, view

CONTROLS = [
    CLEAR,
    control("null"),
    control("redact"),
    control("replace", **{"with": "it's :x $y 100%"}),
    control("generalise", to="year"),
    control("generalise", to="month"),
    control("generalise", to="sex_and_year"),
    control("generalise", to="prefix", keep=2),
    control("generalise", to="decade"),
    control("generalise", to="level", hierarchy="countries"),
    control("bucket", width=1000),
    control("bucket", width=7),
    control("partial", first=0, last=4),
    control("partial", first=2, last=1),
    control("pseudonymise", key="marketing"),
    control("synthetic", kind="name", key="marketing"),
    control("noise", scale=0.5, key="marketing"),
    control("noise", scale=100, key="marketing", subject="n"),
    control("date_shift", days=30, key="marketing", subject="n"),
    control("date_shift", days=30, key="marketing"),
    control("top_bottom", low=-2, high=99.5),
]
TEXTS = [
    None, "", "a", "Anna Dvořáková", "4111-1111-1111-1234", "...", "line\nbreak", "日本語テキスト",
    "706213", "450204", "706213/1234", "0551011234", "1993-11-07", "1993-11", "7.11.1993",
    "7/11/1993", "1993", "19931107", "100% o'clock", "\\x41", " 930101 ", "👩‍🚀", "Czechia",
]  # fmt: skip
WHOLE = [None, 0, 1, -1, 999, 1000, -1000, -1001, 50101, 930101, 1993, 19931107, 706213]
VALUES: dict[str, Sequence[object]] = {
    "varchar": TEXTS,
    "bigint": [*WHOLE, 2**40, 2**62],
    "integer": WHOLE,
    "double": [None, 0.0, 1.5, -0.5, 999.999, 1000.0, -1000.0, 123456.789, -0.0, 1e300],
    "date": [None, date(1993, 11, 7), date(1970, 1, 1), date(33, 3, 3)],
    "boolean": [None, True, False],
    "decimal(12, 2)": [None, Decimal("0.00"), Decimal("-1000.01"), Decimal("2000.00")],
    "timestamp": [None, datetime(1993, 11, 7, 10, 11, 12), datetime(2001, 1, 1, 1, 1, 1, 5)],  # noqa: DTZ001
    "blob": [None, b"", b"ab\xff"],
    "time": [None, time(10, 11, 12)],
    "uuid": [None, "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
}


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    """A database with the masks."""
    with closing(duckdb.connect()) as connection:
        register_duckdb_masks(connection, keys=KEYS)
        yield connection


def read(connection: Any, chosen: Control) -> list[object]:
    """Read the masked column of `t`, in the order of the rows."""
    seen = view("duckdb", "t", {"c": chosen, "n": CLEAR})
    made = rewrite(
        "SELECT c FROM t ORDER BY n", dialect="duckdb", views={seen.table: seen}, keys=KEYS
    )
    return [one for (one,) in connection.execute(made.sql, dict(made.parameters)).fetchall()]


@pytest.mark.parametrize("kind", list(VALUES))
def test_duckdb_form_equals_scalar(database: Any, kind: str) -> None:
    """A masked column holds what the scalar form makes of each value, in the column's type."""
    database.execute(f"CREATE OR REPLACE TABLE t (c {kind}, n integer)")
    database.executemany(
        "INSERT INTO t VALUES (?, ?)", [(v, n) for n, v in enumerate(VALUES[kind])]
    )
    stored = [one for (one,) in database.execute("SELECT c FROM t ORDER BY n").fetchall()]
    for chosen in CONTROLS:
        expected = [
            mask_value(one, chosen, keys=KEYS, row={"n": place}) for place, one in enumerate(stored)
        ]
        found = read(database, chosen)
        assert found == expected, chosen.label
        assert list(map(type, found)) == list(map(type, expected)), chosen.label


def test_what_the_type_cannot_hold_is_null(database: Any) -> None:
    """A sum beyond the column's type is hidden; the statement goes on for the other rows."""
    database.execute("CREATE OR REPLACE TABLE t AS SELECT 255::utinyint AS c, 1 AS n")
    assert read(database, control("noise", scale=100000, key="m", subject="n")) == [None]


def test_an_empty_table_is_masked(database: Any) -> None:
    """No row is no failure."""
    database.execute("CREATE OR REPLACE TABLE t (c varchar, n integer)")
    assert read(database, control("pseudonymise", key="m")) == []


def test_nested_values_are_refused_without_them(database: Any) -> None:
    """A list has no text; the failure names the operator and no value."""
    database.execute("CREATE OR REPLACE TABLE t AS SELECT ['CANARY'] AS c, 1 AS n")
    with pytest.raises(duckdb.Error, match="`partial` cannot mask a column") as caught:
        read(database, control("partial", first=0, last=4))
    assert "CANARY" not in str(caught.value)


def test_missing_keys_are_told_before_the_database_is_asked() -> None:
    """A key that is not there refuses the statement while it is rewritten."""

    class NoKeys(Keys):
        def key(self, name: str) -> bytes:
            raise KeyError(name)

    seen = view("duckdb", "t", {"c": control("pseudonymise", key="absent")})
    with pytest.raises(KeyUnavailableError, match="`absent`"):
        rewrite("SELECT c FROM t", dialect="duckdb", views={seen.table: seen}, keys=NoKeys())


def test_a_database_has_one_set_of_keys(database: Any) -> None:
    """Other keys do not silently take the place of those that other statements rely on."""
    register_duckdb_masks(database.cursor(), keys=KEYS)
    with pytest.raises(UsageError, match="already masks with other keys"):
        register_duckdb_masks(database.cursor(), keys=Keys())
    with closing(duckdb.connect()) as other:
        register_duckdb_masks(other, keys=KEYS)
        register_duckdb_masks(other, keys=Keys(), replace=True)
        other.execute("CREATE TABLE t AS SELECT 'a' AS c, 1 AS n")
        assert read(other, control("redact")) == ["[redacted]"]


def test_masks_outlive_the_connection_that_registered_them() -> None:
    """What one connection registered works on the others when it is gone."""
    with closing(duckdb.connect()) as connection:
        register_duckdb_masks(connection.cursor(), keys=KEYS)
        gc.collect()
        connection.execute("CREATE TABLE t AS SELECT 'Anna' AS c, 1 AS n")
        assert read(connection, control("partial", first=1, last=0)) == ["A•••"]


def test_statements_cannot_call_the_masks() -> None:
    """The functions are there, and no statement of a user reaches them."""
    seen = view("duckdb", "t", {"c": CLEAR})
    for call in ("ps_mask(c, 'x', 1)", "ps_mask_anew(c)", "ps_mask_keys('')", "error(c)"):
        with pytest.raises(StatementRefusedError, match="is not allowed"):
            rewrite(f"SELECT {call} FROM t", dialect="duckdb", views={seen.table: seen}, keys=KEYS)
