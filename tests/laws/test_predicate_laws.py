"""A predicate means the same in Python, polars, pyarrow and SQL."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from math import isnan

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR
from policy_service.domain.errors import MaskingError
from policy_service.domain.identifiers import AssetId, Purpose, Revision
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)
from policy_service.enforcement.partial import row_passes
from policy_service.middleware.arrow_predicates import arrow_filter
from policy_service.middleware.polars_predicates import polars_filter
from policy_service.middleware.records import RecordMapping, guard_json
from policy_service.middleware.sql_predicates import predicate_sql
from tests.laws.sql_probe_bank import KEYS

KINDS: dict[str, tuple[pl.DataType, st.SearchStrategy[object]]] = {
    "whole": (pl.Int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    "small": (pl.UInt8(), st.integers(0, 255)),
    "real": (pl.Float64(), st.floats(width=64) | st.sampled_from([0.0, -0.0, 2.0, 2.5, 2.0**53])),
    "money": (pl.Decimal(20, 2), st.decimals(-99, 99, places=2)),
    "words": (pl.String(), st.sampled_from(["", "a", "B", "é", "\U0001f600", "\uffff", "2"])),
    "truth": (pl.Boolean(), st.booleans()),
    "day": (pl.Date(), st.dates()),
}
VALUES = (
    st.booleans()
    | st.sampled_from(["", "a", "B", "é", "\U0001f600", "\uffff", "2"])
    | st.integers(-3, 3)
    | st.sampled_from([2**53 + 1, 2**63, -(2**63) - 1, 10**40, -(10**400), 255, 256])
    | st.floats()
    | st.sampled_from([2.5, -0.0, 2.0**53, 1e300, 0.1])
)
COLUMNS = st.sampled_from(sorted(KINDS))
LEAVES: st.SearchStrategy[Predicate] = (
    st.builds(Comparison, column=COLUMNS, comparator=st.sampled_from(Comparator), value=VALUES)
    | st.builds(Membership, column=COLUMNS, values=st.lists(VALUES, max_size=3).map(tuple))
    | st.builds(Presence, column=COLUMNS)
)
PREDICATES = st.recursive(
    LEAVES,
    lambda parts: (
        st.builds(Negation, part=parts)
        | st.builds(AllOf, parts=st.lists(parts, max_size=3).map(tuple))
        | st.builds(AnyOf, alternatives=st.lists(parts, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, (_, values) in KINDS.items()}),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100)
@given(predicate=PREDICATES, rows=ROWS)
def test_tables_and_records_keep_the_same_rows(
    predicate: Predicate, rows: list[dict[str, object]]
) -> None:
    """Over whole, fractional, textual and odd columns, with nulls, NaN and foreign kinds."""
    wanted = [number for number, row in enumerate(rows) if row_passes(predicate, row)]
    frame = pl.DataFrame(rows, schema={name: kind for name, (kind, _) in KINDS.items()})
    numbered = frame.with_row_index("n")
    kept = numbered.filter(polars_filter(predicate, frame.schema))
    assert kept["n"].to_list() == wanted
    table = numbered.to_arrow()
    found = table.filter(arrow_filter(predicate, table.schema))
    assert found.column("n").to_pylist() == wanted


@settings(max_examples=100)
@given(predicate=PREDICATES, rows=ROWS)
def test_sql_keeps_the_same_rows(predicate: Predicate, rows: list[dict[str, object]]) -> None:
    """SQLite, over the kinds of values that it has: whole numbers, fractions and texts."""
    if not _columns(predicate) <= {"whole", "small", "real", "words"} or _too_large(predicate):
        return
    plain = [{**row, "money": None, "truth": None, "day": None} for row in rows]
    # SQLite has no NaN: it keeps a null, which differs in its presence alone.
    plain = [{name: _without_nan(value) for name, value in row.items()} for row in plain]
    wanted = [number for number, row in enumerate(plain) if row_passes(predicate, row)]
    given_values: dict[str, object] = {}

    def bind(value: object) -> str:
        given_values[f"v{len(given_values)}"] = value
        return f":v{len(given_values) - 1}"

    condition = predicate_sql(predicate, dialect="sqlite", column=lambda n: f'"{n}"', bind=bind)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (n, whole, small, real, words)")
        for number, row in enumerate(plain):
            cells = [number, row["whole"], row["small"], row["real"], row["words"]]
            connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", cells)
        found = connection.execute(f"SELECT n FROM t WHERE {condition}", given_values).fetchall()
    assert [number for (number,) in found] == wanted


@pytest.mark.parametrize("comparator", Comparator)
def test_decimals_are_compared_exactly(comparator: Comparator) -> None:
    """A decimal 0.1 is not the fraction nearest to it: in Python, tables and SQL alike."""
    money = [Decimal(one) for one in ("0.10", "0.25", "-3.00", "9007199254740993.00")]
    frame = pl.DataFrame({"m": [*money, None]}, schema={"m": pl.Decimal(20, 2)})
    table = frame.to_arrow()
    with closing(duckdb.connect()) as connection:
        connection.execute("CREATE TABLE t (m DECIMAL(20, 2))")
        connection.executemany("INSERT INTO t VALUES (?)", [(str(one),) for one in money])
        for value in (0.1, 0.25, -3, 2**53 + 1, 2.0**53, 10**40, -(10**400), float("inf")):
            one = Comparison(column="m", comparator=comparator, value=value)
            wanted = {cell for cell in money if row_passes(one, {"m": cell})}
            assert set(frame.filter(polars_filter(one, frame.schema))["m"]) == wanted
            assert set(table.filter(arrow_filter(one, table.schema))["m"].to_pylist()) == wanted
            condition = predicate_sql(
                one, dialect="duckdb", column=str, bind=lambda one: f"'{one}'"
            )
            found = connection.execute(f"SELECT m FROM t WHERE {condition}").fetchall()
            assert {cell for (cell,) in found} == wanted, value


def _view(predicate: Predicate) -> TableView:
    """A view of one clear column, of the rows that a predicate lets through."""
    return TableView(
        table=AssetId("bank.public.t"),
        purpose=Purpose("service"),
        columns=(ColumnView(column=AssetId("bank.public.t.a"), control=CLEAR, rules=()),),
        row_filters=(),
        attributes=(),
        revision=Revision(1),
        predicate=predicate,
    )


def test_a_missing_column_is_an_error() -> None:
    """What a predicate reads must be there: nothing is shown otherwise."""
    frame = pl.DataFrame({"a": [1]})
    mapping = RecordMapping(table=AssetId("bank.public.t"), fields=(("a", "a"),))
    for predicate in (
        Presence(column="b"),
        Comparison(column="b", comparator=Comparator.EQ, value=1),
    ):
        with pytest.raises(MaskingError, match="`b`"):
            guard_json({"a": 1}, mapping=mapping, view=_view(predicate), keys=KEYS)
        with pytest.raises(MaskingError, match="`b`"):
            polars_filter(predicate, frame.schema)
        with pytest.raises(MaskingError, match="`b`"):
            arrow_filter(predicate, frame.to_arrow().schema)


def test_dictionaries_are_texts() -> None:
    """Categories compare as the texts they stand for."""
    frame = pl.DataFrame({"c": ["a", "b", None]}, schema={"c": pl.Categorical()})
    wanted = Comparison(column="c", comparator=Comparator.GT, value="a")
    assert frame.filter(polars_filter(wanted, frame.schema))["c"].to_list() == ["b"]
    table = frame.to_arrow()
    assert table.filter(arrow_filter(wanted, table.schema)).num_rows == 1


def _columns(predicate: Predicate) -> set[str]:
    from policy_service.domain.predicate import columns_of

    return set(columns_of(predicate))


def _too_large(predicate: Predicate) -> bool:
    """Tell whether a value is beyond SQLite's 64 bits, which no parameter of it can be."""
    match predicate:
        case Comparison():
            return _is_large(predicate.value)
        case Membership():
            return any(_is_large(value) for value in predicate.values)
        case Negation():
            return _too_large(predicate.part)
        case AllOf():
            return any(_too_large(one) for one in predicate.parts)
        case AnyOf():
            return any(_too_large(one) for one in predicate.alternatives)
        case _:
            return False


def _is_large(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= 2**63


def _without_nan(value: object) -> object:
    return None if isinstance(value, float) and isnan(value) else value
