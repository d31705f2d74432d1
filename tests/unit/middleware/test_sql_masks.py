"""Every operator's SQL form equals its scalar form, on SQLite and on PostgreSQL."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.errors import (
    EnforcementError,
    KeyUnavailableError,
    StatementRefusedError,
)
from policy_service.domain.identifiers import AssetId, Purpose, Revision
from policy_service.domain.parameters import Parameters
from policy_service.masking.values import mask_value
from policy_service.middleware.session import GuardedConnection
from policy_service.middleware.views import AuditSink


class Keys:
    def key(self, name: str) -> bytes:
        if name == "absent":
            raise KeyError(name)
        return hashlib.sha256(name.encode()).digest()


class Deaf(AuditSink):
    def record(self, event: object) -> None:
        return None


class One:
    """A decision point with one control for one column."""

    def __init__(self, chosen: Control) -> None:
        self.chosen = chosen

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        columns = [("c", self.chosen), ("n", CLEAR)]
        return TableView(
            table=table,
            purpose=Purpose(purpose),
            columns=tuple(
                ColumnView(column=AssetId(f"{table}.{name}"), control=one, rules=())
                for name, one in columns
            ),
            row_filters=(),
            attributes=(),
            revision=Revision(1),
        )


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = [
    CLEAR,
    control("null"),
    control("redact"),
    control("replace", **{"with": "it's :x 100%"}),
    control("generalise", to="year"),
    control("generalise", to="month"),
    control("generalise", to="sex_and_year"),
    control("generalise", to="prefix", keep=2),
    control("bucket", width=1000),
    control("bucket", width=7),
    control("partial", first=0, last=4),
    control("partial", first=2, last=1),
    control("pseudonymise", key="marketing"),
    control("generalise", to="quarter"),
    control("generalise", to="decade"),
    control("generalise", to="century"),
]
SQLITE_CONTROLS = [
    *CONTROLS,
    control("generalise", to="level", hierarchy="countries"),
    control("synthetic", kind="name", key="marketing"),
    control("noise", scale=0.5, key="marketing"),
    control("noise", scale=100, key="marketing", subject="n"),
    control("date_shift", days=30, key="marketing", subject="n"),
    control("top_bottom", low=-2, high=99.5),
]
LIMITS = control("top_bottom", low=-2, high=1000)
TEXTS = [
    None, "", "a", "Anna Dvořáková", "4111-1111-1111-1234", "...", "line\nbreak",
    "日本語テキスト",
    "706213", "450204", "706213/1234", "0551011234", "536213/123", "1993-11-07", "1993-11",
    "1993-11-07 10:11:12", "931107 00:00:00", "7.11.1993", "7. 1. 1993", "7/11/1993", "1993",
    "19931107", "939907", "1993-13-07", "100% o'clock", "\\x41", " 930101 ", "👩‍🚀",
]  # fmt: skip
WHOLE = [None, 0, 1, -1, 999, 1000, -1000, -1001, 50101, 930101, 1993, 19931107, 706213, 2**40]
VALUES: dict[str, Sequence[object]] = {
    "text": TEXTS,
    "bigint": WHOLE,
    "double precision": [None, 0.0, 1.5, -0.5, 999.999, 1000.0, -1000.0, 123456.789],
    "date": [None, date(1993, 11, 7), date(1970, 1, 1), date(33, 3, 3)],
}
POSTGRESQL_VALUES: dict[str, Sequence[object]] = {
    **VALUES,
    "boolean": [None, True, False],
    "numeric(12, 2)": [None, Decimal("0.00"), Decimal("-1000.01"), Decimal("2000.00")],
    "timestamp": [None, datetime(1993, 11, 7, 10, 11, 12), datetime(2001, 1, 1)],  # noqa: DTZ001
    "timestamptz": [None, datetime(1993, 11, 7, 10, 11, 12, tzinfo=UTC)],
    "varchar(20)": ["706213", "Brno"],
    "bytea": [None, b"", b"ab\xff"],
}
NUMBERS = ("bigint", "double precision", "numeric(12, 2)", "varchar(20)", "text")


def read(connection: object, chosen: Control) -> list[object]:
    """Read the masked column through a guarded connection, in the order of the rows."""
    guarded = GuardedConnection(
        connection,
        views=One(chosen),
        audit=Deaf(),
        keys=Keys(),
        subject="s",
        purpose="p",
        tables=[AssetId("bank.public.t")],
    )
    return [row[0] for row in guarded.query("SELECT c, n FROM t ORDER BY n").rows]


@pytest.mark.parametrize("kind", list(VALUES))
@pytest.mark.parametrize("chosen", SQLITE_CONTROLS, ids=lambda chosen: chosen.label)
def test_sqlite_form_equals_scalar(kind: str, chosen: Control) -> None:
    """On SQLite a masked column holds what the scalar form makes of each value."""
    values = [str(one) if isinstance(one, date) else one for one in VALUES[kind]]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (c {kind}, n integer)")
        rows = [(value, place) for place, value in enumerate(values)]
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        if kind == "text":
            connection.execute("INSERT INTO t VALUES ('a' || char(0) || 'b', ?)", (len(rows),))
        stored = [one for (one,) in connection.execute("SELECT c FROM t ORDER BY n")]
        expected = [
            mask_value(one, chosen, keys=Keys(), row={"n": place})
            for place, one in enumerate(stored)
        ]
        assert read(connection, chosen) == expected


@pytest.mark.postgresql
def test_postgresql_form_equals_scalar(postgresql_url: str) -> None:
    """On PostgreSQL a masked column holds what the scalar form makes of each value."""
    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    # Nothing is prepared, as the table is made anew for each type.
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("SET TIME ZONE 'Europe/Prague'")
        for kind, values in POSTGRESQL_VALUES.items():
            connection.execute("DROP TABLE IF EXISTS t")
            connection.execute(f"CREATE TABLE t (c {kind}, n integer)")
            with connection.cursor() as cursor:
                rows = [(value, place) for place, value in enumerate(values)]
                cursor.executemany("INSERT INTO t VALUES (%s, %s)", rows)
            fitting = [*CONTROLS, LIMITS] if kind in NUMBERS else CONTROLS
            for chosen in fitting:
                expected = [mask_value(one, chosen, keys=Keys()) for one in values]
                assert read(connection, chosen) == expected, (kind, chosen.label)
            assert connection.info.transaction_status.name == "IDLE"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (control("format_preserving", key="p"), "amend the rule to pseudonymise"),
        (control("synthetic", kind="name", key="p"), "amend the rule to pseudonymise"),
        (control("noise", scale=1, key="p"), "amend the rule to bucket"),
        (control("date_shift", days=3, key="p"), "amend the rule to generalise"),
        (control("generalise", to="level", hierarchy="countries"), "has no form in postgresql"),
        (control("top_bottom", high=0.5), "amend the rule to whole limits"),
    ],
    ids=lambda one: one.operator.value if isinstance(one, Control) else "",
)
def test_postgresql_refuses_what_has_no_form(
    postgresql_url: str, chosen: Control, said: str
) -> None:
    """What PostgreSQL cannot compute is refused with what to do instead."""
    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection, pytest.raises(StatementRefusedError, match=said):
        read(connection, chosen)


@pytest.mark.parametrize("operator", [control("suppress"), control("aggregate", of="sum", by="n")])
def test_statements_refuse_what_needs_the_whole_table(operator: Control) -> None:
    """A statement chooses its rows, so no statement gets figures or classes of a table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c, n)")
        with pytest.raises(StatementRefusedError, match="all rows at once"):
            read(connection, operator)


def test_a_subject_that_is_no_column_refuses_the_statement() -> None:
    """A mask that depends on a column the policy does not know is not run."""
    chosen = control("date_shift", days=3, key="p", subject="owner")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c, n)")
        with pytest.raises(StatementRefusedError, match="needs column `owner`"):
            read(connection, chosen)


@pytest.mark.postgresql
def test_postgresql_transaction_of_the_embedder_survives(postgresql_url: str) -> None:
    """A guarded read inside an open transaction neither ends it nor leaves it read-only."""
    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t (c text, n integer)")
        connection.execute("INSERT INTO t VALUES ('Anna', 1)")
        assert read(connection, control("redact")) == ["[redacted]"]
        connection.execute("INSERT INTO t VALUES ('Eva', 2)")
        assert read(connection, control("redact")) == ["[redacted]", "[redacted]"]
        connection.commit()
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_sqlite_format_preserving_equals_scalar() -> None:
    """Format-preserving encryption runs as a function of the SQLite connection."""
    chosen = control("format_preserving", key="p")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c text, n integer)")
        connection.execute("INSERT INTO t VALUES ('4111-1111-1111-1234', 1)")
        expected = mask_value("4111-1111-1111-1234", chosen, keys=Keys())
        assert read(connection, chosen) == [expected]


@pytest.mark.parametrize("value", ["12", "Dvořáková", b"\xff"])
def test_a_mask_that_fails_withholds_everything(value: object) -> None:
    """A value that cannot be masked gives an error without the value, and no rows."""
    chosen = control("format_preserving", key="p")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c, n integer)")
        connection.execute("INSERT INTO t VALUES (?, 1)", (value,))
        with pytest.raises(EnforcementError) as caught:
            read(connection, chosen)
        assert str(value) not in str(caught.value)
        assert caught.value.__context__ is None


def test_missing_key_is_told_before_anything_runs() -> None:
    """A keyed operator without its key refuses the statement and names the key."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c, n)")
        with pytest.raises(KeyUnavailableError, match="absent"):
            read(connection, control("pseudonymise", key="absent"))


def test_sqlite_masks_each_row_once_in_a_join() -> None:
    """A join over a masked column masks as many values as there are rows, not pairs of rows."""
    asked: list[str] = []

    class Counting(Keys):
        def key(self, name: str) -> bytes:
            asked.append(name)
            return super().key(name)

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c text, n integer)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(f"v{n}", n) for n in range(50)])
        guarded = GuardedConnection(
            connection,
            views=One(control("pseudonymise", key="p")),
            audit=Deaf(),
            keys=Counting(),
            subject="s",
            purpose="p",
            tables=[AssetId("bank.public.t")],
        )
        joined = guarded.query("SELECT count(*) AS n FROM t a JOIN t b ON a.c = b.c")
    assert joined.rows == ((50,),)
    assert len(asked) <= 2 * 50 + 2  # both sides, and the check of each before the run
