"""Reads labelled column names: one JSON object a line, as data/column_classification has them.

Each column learns its collection's other columns as siblings. The first category counts; the
two spellings of a phone number are one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_service.catalog.names.features import ColumnName
from policy_service.catalog.names.fit import NameExample
from policy_service.catalog.names.weights import is_personal
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import DataCategory

CONNECTORS = "saas"
# Near copies of one another, and one application's own tables: less is to be learned from each.
TRUST: Mapping[str, float] = {CONNECTORS: 1.0, "demo": 0.1, "fides_db": 0.05}
_OTHER_TRUST = 0.1
_SPELLINGS = {"user.contact.phone": "user.contact.phone_number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledColumn:
    """One row: where it is from, the column, and what people say it holds."""

    family: str
    vendor: str  # of a connector; other families are one vendor each
    column: ColumnName
    category: DataCategory

    @property
    def personal(self) -> bool:
        """Tell whether people say it is about a person."""
        return is_personal(self.category)


def read_columns(path: Path) -> list[LabelledColumn]:
    """Read a file. Raises `UsageError`, with the line's number, where a line is not a column."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read `{path.name}`; give a JSON Lines file") from error
    rows = [_row(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    siblings: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        siblings.setdefault(_place(row), []).append(row["field"])
    together = {place: tuple(paths) for place, paths in siblings.items()}
    return [_labelled(row, together[_place(row)]) for row in rows]


def examples_of(columns: Iterable[LabelledColumn]) -> list[NameExample]:
    """Turn rows into examples; what is no connector is trusted less."""
    return [
        NameExample(
            column=one.column,
            category=one.category,
            group=f"{one.family}:{one.vendor}",
            trust=TRUST.get(one.family, _OTHER_TRUST),
        )
        for one in columns
    ]


def vendors_of(columns: Sequence[LabelledColumn]) -> list[str]:
    """List the connectors' vendors, sorted."""
    return sorted({one.vendor for one in columns if one.family == CONNECTORS})


def _row(line: str, number: int) -> dict[str, str]:
    try:
        found = json.loads(line)
        return {
            "family": str(found["family"]),
            "dataset": str(found["dataset"]),
            "collection": str(found["collection"]),
            "field": str(found["field"]),
            "data_type": str(found.get("data_type") or ""),
            "category": str(found["data_categories"][0]),
        }
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UsageError(
            f"line {number} is not a labelled column; give family, dataset, collection, field "
            "and data_categories"
        ) from error


def _place(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row["family"], row["dataset"], row["collection"]


def _labelled(row: Mapping[str, str], siblings: tuple[str, ...]) -> LabelledColumn:
    connector = row["family"] == CONNECTORS
    return LabelledColumn(
        family=row["family"],
        vendor=row["dataset"].split("_")[0] if connector else row["family"],
        column=ColumnName(
            collection=row["collection"],
            path=row["field"],
            data_type=row["data_type"],
            siblings=siblings,
        ),
        category=DataCategory(_SPELLINGS.get(row["category"], row["category"])),
    )
