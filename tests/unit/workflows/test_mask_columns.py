"""Columns of text files that decide which rows are seen are read as rules hold them."""

from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, RowFilter
from policy_service.domain.identifiers import AssetId, Purpose, Revision, asset_id
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
from policy_service.masking.bulk.batches import open_files
from policy_service.middleware.rows import visible_rows
from policy_service.workflows.mask_columns import numeric_columns

TABLE = asset_id("bank", "public", "branch")
VIEW = TableView(
    table=TABLE,
    purpose=Purpose("service"),
    columns=(ColumnView(column=AssetId(f"{TABLE}.code"), control=CLEAR, rules=()),),
    row_filters=(),
    attributes=(),
    revision=Revision(1),
)
CODE = RowFilter(table=TABLE, column="code", path=(), subject_attribute="branch")


def equals(column: str, value: bool | int | float | str) -> Comparison:
    """Hold a column against a value."""
    return Comparison(column=column, comparator=Comparator.EQ, value=value)


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (replace(VIEW, predicate=equals("code", "007")), ["007"]),
        (replace(VIEW, predicate=Membership(column="code", values=("007", "8"))), ["007", "8"]),
        (replace(VIEW, predicate=Negation(part=equals("code", "007"))), ["8", "9"]),
        (replace(VIEW, predicate=equals("code", 7)), [7]),
        (replace(VIEW, row_filters=(CODE,), attributes=(("branch", "007"),)), ["007"]),
        (replace(VIEW, row_filters=(CODE,), attributes=(("branch", 8),)), [8]),
    ],
)
def test_a_column_of_digits_is_what_its_rule_holds_it_against(
    view: TableView, shown: list[object], tmp_path: Path
) -> None:
    """`007` equals the text `007`, and where the rule names a number, the number 7."""
    (tmp_path / "branch.csv").write_text("code,flag\n007,true\n8,false\n9,\n")
    files = open_files(tmp_path / "branch.csv", numeric=numeric_columns(view))
    frame = files.read(next(iter(files.batches(10))), ["code"])
    assert visible_rows(frame, view=view, related={})["code"].to_list() == shown


def test_only_texts_alone_make_a_column_text() -> None:
    """A column held against a number somewhere, or only asked for, is read as before."""
    predicate: Predicate = AllOf(
        parts=(
            equals("a", "x"),
            AnyOf(alternatives=(equals("b", "1"), equals("b", 2))),
            equals("c", True),
            Presence(column="d"),
        )
    )
    assert numeric_columns(replace(VIEW, predicate=predicate)) == {"b", "c", "d"}
