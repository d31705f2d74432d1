"""Guarding polars tables and JSON records equals guarding them in SQL."""

from dataclasses import replace

import polars as pl
import pytest

from policy_service.domain.bundle import TableView
from policy_service.domain.control import CLEAR, DENY, Join, RowFilter
from policy_service.domain.errors import (
    AccessDeniedError,
    EnforcementError,
    MaskingError,
    UsageError,
)
from policy_service.domain.identifiers import AssetId
from policy_service.domain.predicate import Comparator, Comparison
from policy_service.masking.values import mask_value
from policy_service.middleware.dataframe import guard
from policy_service.middleware.records import RecordMapping, guard_json
from tests.laws.sql_probe_bank import ATTRIBUTES, KEYS, Table, Views, bank, control, masked

TABLES = {table.name: table for table in bank()}
MASKED = {table.name: table for table in masked(bank())}


def frame(table: Table) -> pl.DataFrame:
    """Hold a table in polars."""
    return pl.DataFrame(list(table.rows), schema=list(table.columns), orient="row")


def ask(name: str, views: Views | None = None) -> pl.DataFrame:
    """Guard one table for the teller."""
    return guard(
        frame(TABLES[name]),
        pdp=views or Views(bank()),
        subject="teller-7",
        purpose="service",
        asset=TABLES[name].id,
        keys=KEYS,
        related={TABLES["client"].id: frame(TABLES["client"])},
    )


@pytest.mark.parametrize("name", ["client", "account", "district"])
def test_guarded_frame_equals_masked_rows(name: str) -> None:
    """A guarded frame holds the visible rows, each cell in its scalar mask."""
    guarded = ask(name)
    assert guarded.columns == list(MASKED[name].columns)
    assert guarded.rows() == list(MASKED[name].rows)


def test_no_readable_column_is_denied() -> None:
    """A frame of which nothing may be read is denied, not returned empty."""
    with pytest.raises(AccessDeniedError, match="no column"):
        ask("vault")


def test_tables_of_spark_need_keys_that_workers_open() -> None:
    """Keys in memory would travel to the workers, so they are refused before anything is asked."""
    table = type("DataFrame", (), {"__module__": "pyspark.sql.classic.dataframe"})()
    with pytest.raises(UsageError, match="`KeySource`"):
        guard(
            table,
            pdp=Views(bank()),
            subject="teller-7",
            purpose="service",
            asset=TABLES["client"].id,
            keys=KEYS,
        )


def test_missing_attribute_shows_no_row() -> None:
    """Without the filter's attribute no row is left."""
    assert ask("client", Views(bank(), attributes=())).is_empty()


def test_filters_that_cannot_be_followed_deny() -> None:
    """A missing related table, a missing column or an odd type shows nothing."""
    table = TABLES["account"]
    for related in ({}, {TABLES["client"].id: pl.DataFrame({"x": [1]})}):
        with pytest.raises(MaskingError, match="needs"):
            guard(
                frame(table),
                pdp=Views(bank()),
                subject="s",
                purpose="service",
                asset=table.id,
                keys=KEYS,
                related=related,
            )
    with pytest.raises(EnforcementError):
        ask("client", Views(bank(), attributes=(("district", "18"),)))


def test_decision_point_that_fails_denies() -> None:
    """An error of the decision point shows nothing."""
    with pytest.raises(MaskingError):
        ask("client", Views([]))
    with pytest.raises(AccessDeniedError):
        guard(
            frame(TABLES["client"]),
            pdp=Views(bank()),
            subject="s",
            purpose="another",
            asset=TABLES["client"].id,
            keys=KEYS,
        )


def test_two_filters_both_hold() -> None:
    """All row filters of a view hold together."""
    own = RowFilter(table=TABLES["client"].id, column="client_id", subject_attribute="id")
    table = Table(
        "client",
        {**TABLES["client"].columns, "client_id": ("integer", CLEAR)},
        TABLES["client"].rows,
        frozenset(),
        (*TABLES["client"].row_filters, own),
    )
    guarded = ask("client", Views([table], attributes=(*ATTRIBUTES, ("id", 3))))
    assert guarded["client_id"].to_list() == [3]


MAPPING = RecordMapping(
    table=TABLES["client"].id,
    fields=(("id", "client_id"), ("mail", "email"), ("place", "district_id"), ("who", "name")),
    rows_at=("data", "items"),
)
VIEW = TABLES["client"].view(ATTRIBUTES)


def test_records_are_filtered_masked_and_cut() -> None:
    """Only mapped, readable fields of visible records are left."""
    body = {
        "data": {
            "items": [
                {"id": 1, "mail": "a@b.c", "place": 18, "who": "CANARY", "note": "CANARY"},
                {"id": 2, "mail": "CANARY", "place": 1},
            ],
            "next": "CANARY",
        }
    }
    shown = guard_json(body, mapping=MAPPING, view=VIEW, keys=KEYS)
    pseudonym = mask_value(1, VIEW.columns[0].control, keys=KEYS)
    record = {"id": pseudonym, "mail": "[redacted]", "place": 18}
    assert shown == {"data": {"items": [record]}}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"data": []},
        {"data": {"items": [1]}},
        {"data": {"items": "x"}},
        {"data": {"items": [{"id": 1}]}},
        {"data": {"items": {"id": 1, "place": 1}}},
        {"data": {"items": [{"id": {"a": 1}, "place": 18}]}},
    ],
)
def test_records_of_another_shape_are_withheld(body: object) -> None:
    """A body that is not as declared, or cannot be filtered or masked, is an error."""
    with pytest.raises(MaskingError):
        guard_json(body, mapping=MAPPING, view=VIEW, keys=KEYS)


def test_filters_with_a_path_need_the_database() -> None:
    """A row filter through other tables cannot be held on records alone."""
    path = (Join(column="a", references_table=AssetId("b.p.t"), references_column="c"),)
    one = RowFilter(table=TABLES["client"].id, column="x", subject_attribute="district", path=path)
    table = Table("client", TABLES["client"].columns, (), frozenset(), (one,))
    mapping = RecordMapping(table=table.id, fields=(("mail", "email"),))
    with pytest.raises(MaskingError, match="cannot be filtered"):
        guard_json({"mail": "x"}, mapping=mapping, view=table.view(ATTRIBUTES), keys=KEYS)


def test_nested_values_can_be_redacted() -> None:
    """A nested value under redact becomes the mark, whatever is in it."""
    table = Table("t", {"a": ("text", control("redact"))}, (), frozenset())
    mapping = RecordMapping(table=table.id, fields=(("a", "a"),))
    view = table.view(())
    assert guard_json({"a": ["x"]}, mapping=mapping, view=view, keys=KEYS) == {"a": "[redacted]"}
    assert guard_json([{}], mapping=mapping, view=view, keys=KEYS) == [{}]


MOVED = control("date_shift", days=30, key="service", subject="client")


def test_records_know_the_subject_of_their_row() -> None:
    """A date moves by the subject of its record, also where the subject is not shown."""
    table = Table("t", {"d": ("date", MOVED), "client": ("integer", DENY)}, (), frozenset())
    mapping = RecordMapping(table=table.id, fields=(("d", "d"), ("client", "client")))
    view = table.view(())
    moved = mask_value("2020-01-01", MOVED, keys=KEYS, row={"client": 7})
    body = {"d": "2020-01-01", "client": 7}
    assert guard_json(body, mapping=mapping, view=view, keys=KEYS) == {"d": moved}
    with pytest.raises(MaskingError, match="needs column `client`"):
        guard_json({"d": "2020-01-01"}, mapping=mapping, view=view, keys=KEYS)


def test_a_guarded_frame_is_a_whole_table() -> None:
    """Small classes of the visible rows are emptied, and hidden subjects still decide."""
    rows = (("a", "2020-01-01", 7), ("a", "2020-01-01", 8), ("b", "2020-01-01", 7))
    suppress = control("suppress", k=2)
    columns = {"g": ("text", suppress), "d": ("date", MOVED), "client": ("integer", DENY)}
    table = Table("t", columns, rows, frozenset())
    guarded = guard(
        frame(table),
        pdp=Views([table]),
        subject="s",
        purpose="service",
        asset=table.id,
        keys=KEYS,
    )
    moved = [mask_value(day, MOVED, keys=KEYS, row={"client": one}) for _, day, one in rows]
    assert guarded.rows() == list(zip(["a", "a", None], moved, strict=True))


class _Conditional(Views):
    """Views with a predicate on top of their filters."""

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        found = super().view(subject, table, purpose)
        return replace(
            found,
            predicate=Comparison(column="segment", comparator=Comparator.EQ, value="gold"),
        )


def test_a_predicate_keeps_only_rows_for_which_it_is_true() -> None:
    """In tables and in records; where its column is missing, nothing is shown."""
    guarded = ask("client", _Conditional(bank()))
    assert set(guarded["segment"]) == {"gold"}
    mapping = RecordMapping(
        table=TABLES["client"].id,
        fields=(("place", "district_id"), ("kind", "segment")),
    )
    view = _Conditional(bank()).view("s", TABLES["client"].id, "service")
    body = [{"place": 18, "kind": one} for one in ("gold", "basic", None)]
    shown = guard_json(body, mapping=mapping, view=view, keys=KEYS)
    assert shown == [{"place": 18, "kind": "gold"}]
    with pytest.raises(MaskingError, match="segment"):
        guard_json([{"place": 18}], mapping=mapping, view=view, keys=KEYS)


@pytest.mark.parametrize("kind", ["lazy", "pandas", "arrow", "batch"])
def test_tables_of_every_kind_are_guarded_alike(kind: str) -> None:
    """The answer is of the kind that was given, and holds what polars shows."""
    made = frame(TABLES["client"])
    given = {
        "lazy": made.lazy,
        "pandas": made.to_pandas,
        "arrow": made.to_arrow,
        "batch": lambda: made.to_arrow().to_batches()[0],
    }[kind]()
    shown = guard(
        given,
        pdp=Views(bank()),
        subject="teller-7",
        purpose="service",
        asset=TABLES["client"].id,
        keys=KEYS,
    )
    assert type(shown) is type(given)
    plain = shown.collect() if kind == "lazy" else pl.DataFrame(shown)
    assert plain.rows() == ask("client").rows()


def test_what_is_no_table_is_refused() -> None:
    """A list of rows is told apart from a table."""
    with pytest.raises(UsageError, match="cannot be guarded"):
        guard(
            [{"a": 1}],
            pdp=Views(bank()),
            subject="s",
            purpose="service",
            asset=TABLES["client"].id,
            keys=KEYS,
        )
