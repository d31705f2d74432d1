"""Count again how often categories are right: `python -m tests.tools.calibration SHARED_DATA`.

Prints the curves of `catalog.classification.calibration` and what they are worth: the expected
calibration error before and after, and of curves fitted without the family they are tried on.
"""

import json
import pprint
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from policy_service.catalog.classification.calibration import (
    CURVES,
    Cell,
    Ground,
    Knots,
    cell_of,
    ground,
    read_off,
)
from policy_service.catalog.classification.classify import ClassifiedTable, Classifier
from policy_service.catalog.foreign_keys import infer_keys
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.opening import open_source
from policy_service.catalog.sample.bank import make_sample_bank
from policy_service.domain.progress import silent
from tests.berka import load_berka
from tests.other_trades import FIRST_MISSES, LATER_TRADES, TRADES, expected, trade_tables

_TYPES = {"string": "text", "integer": "integer", "boolean": "boolean", "float": "decimal",
          "number": "decimal", "long": "integer"}  # fmt: skip
_SIZE = 100.0  # columns that each family counts for, with values and without
_SHRINK = 4.0  # as many columns as the strength itself counts for


@dataclass(frozen=True, slots=True)
class Outcome:
    """One classified column and whether its category is right at two levels."""

    family: str
    cell: Cell
    filled: bool
    strength: float
    right: bool


def trade_outcomes(*, filled: bool) -> Iterator[Outcome]:
    """Classify the invented trades; what was missed at first sight counts as wrong."""
    for trade in (*TRADES, *LATER_TRADES):
        tables = trade_tables(trade)
        known = expected(trade)
        yield from _outcomes("trades", tables if filled else _emptied(tables), known, trade)


def connector_outcomes(rows: Sequence[Mapping[str, object]]) -> Iterator[Outcome]:
    """Classify the labelled connectors and demo databases, names and types only."""
    datasets: dict[str, dict[str, dict[str, Mapping[str, object]]]] = defaultdict(dict)
    for row in rows:
        if row["family"] != "fides_db":
            table = datasets[f"{row['family']} {row['dataset']}"]
            table.setdefault(str(row["collection"]), {})[str(row["field"])] = row
    for dataset, collections in datasets.items():
        known = {
            f"{name}.{field}": str(row["data_categories"][0])  # type: ignore[index]  # a list, in JSON
            for name, fields in collections.items()
            for field, row in fields.items()
        }
        tables = [_collection(name, fields) for name, fields in collections.items()]
        yield from _outcomes(dataset.split()[0], tables, known, "")


def _collection(name: str, fields: Mapping[str, Mapping[str, object]]) -> ObservedTable:
    columns = tuple(
        ObservedColumn(name=field, data_type=_TYPES.get(str(row["data_type"]), "text"))
        for field, row in fields.items()
    )
    return ObservedTable(id=f"x.public.{name}", schema="public", name=name, row_count=0,
                         columns=columns)  # fmt: skip


def _emptied(tables: Iterable[ObservedTable]) -> list[ObservedTable]:
    return [
        replace(table, row_count=0, columns=tuple(replace(one, values=()) for one in table.columns))
        for table in tables
    ]


def _outcomes(
    family: str, tables: Sequence[ObservedTable], known: Mapping[str, str], trade: str
) -> Iterator[Outcome]:
    found: Mapping[str, ClassifiedTable] = Classifier(text_finder=None).classify(tables)
    for table in tables:
        for column, one in zip(table.columns, found[table.id].columns, strict=True):
            place = f"{table.name}.{column.name}"
            missed = f"{trade}.{place}" in FIRST_MISSES
            right = _two(known[place]) == _two(one.category) and not missed
            resting = Ground.EXPECTED if missed else ground(one.evidence)
            personal = one.category.startswith("user") and not missed
            cell = cell_of(resting, personal, filled=bool(column.present()))
            strength = 0.45 if missed else one.strength
            yield Outcome(family, cell, bool(column.present()), strength, right)


def _balanced(outcomes: Sequence[Outcome]) -> list[float]:
    """Weigh every family alike, whatever its size, with values and without."""
    sizes = Counter((one.family, one.filled) for one in outcomes)
    return [_SIZE / sizes[one.family, one.filled] for one in outcomes]


def _two(category: str) -> str:
    return ".".join(category.split(".")[:2])


def fit(outcomes: Sequence[Outcome]) -> dict[Cell, Knots]:
    """Fit a rising curve for each cell: binned, shrunk, pooled where it would fall."""
    cells: dict[Cell, list[tuple[Outcome, float]]] = defaultdict(list)
    for outcome, weight in zip(outcomes, _balanced(outcomes), strict=True):
        cells[outcome.cell].append((outcome, weight))
    return {cell: _curve(cells[cell]) for cell in sorted(cells)}


def _curve(outcomes: Sequence[tuple[Outcome, float]]) -> Knots:
    bins: dict[int, list[tuple[float, float, bool]]] = defaultdict(list)
    for one, weight in outcomes:
        bins[min(9, int(one.strength * 10))].append((weight, one.strength, one.right))
    pooled: list[list[float]] = []  # weight, weighted strength, weighted probability
    for place in sorted(bins):
        weight = sum(w for w, _, _ in bins[place])
        mean = sum(w * s for w, s, _ in bins[place]) / weight
        right = sum(w for w, _, r in bins[place] if r)
        share = (right + _SHRINK * mean) / (weight + _SHRINK)
        pooled.append([weight, weight * mean, weight * share])
        while len(pooled) > 1 and pooled[-2][2] / pooled[-2][0] >= pooled[-1][2] / pooled[-1][0]:
            last = pooled.pop()
            pooled[-1] = [a + b for a, b in zip(pooled[-1], last, strict=True)]
    return tuple((round(s / w, 3), round(min(p / w, 0.99), 3)) for w, s, p in pooled)


def calibration_error(outcomes: Sequence[Outcome], told: Sequence[float]) -> float:
    """Return the expected calibration error over tenths, every family weighed alike."""
    gaps: dict[int, float] = defaultdict(float)
    weights = _balanced(outcomes)
    for one, probability, weight in zip(outcomes, told, weights, strict=True):
        gaps[min(9, int(probability * 10))] += weight * (probability - one.right)
    return sum(map(abs, gaps.values())) / sum(weights)


def said(curves: Mapping[Cell, Knots], outcome: Outcome) -> float:
    """Read one probability off fitted curves."""
    return read_off(curves.get(outcome.cell, ()), outcome.strength)


def bank_outcomes(folder: Path) -> Iterator[Outcome]:
    """Classify the real bank and the sample bank: right, as their own tests prove."""
    with tempfile.TemporaryDirectory() as place:
        berka, sample = Path(place, "berka.db"), Path(place, "sample.db")
        load_berka(f"sqlite:///{berka}", folder / "berka")
        make_sample_bank(sample, seed=7, progress=silent)
        for family, path in (("berka", berka), ("sample bank", sample)):
            with open_source(f"sqlite:///{path}", None) as source:
                read = [
                    source.read_table(name, source=family, sample_rows=500)
                    for name in source.table_names()
                ]
                tables = infer_keys(source, read)
            found = Classifier(text_finder=None).classify(tables)
            known = {
                f"{table.name}.{column.name}": one.category
                for table in tables
                for column, one in zip(table.columns, found[table.id].columns, strict=True)
            }
            yield from _outcomes(family, tables, known, "")
            yield from _outcomes(family, _emptied(tables), known, "")


def left_out(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, float]]:
    """Say each probability by curves that never saw the outcome's family."""
    for family in sorted({one.family for one in outcomes}):
        curves = fit([one for one in outcomes if one.family != family])
        for one in outcomes:
            if one.family == family:
                yield one, said(curves, one)


def report(name: str, outcomes: Sequence[Outcome], told: Sequence[float]) -> None:
    """Print the calibration error and how often right each tenth was, families weighed alike."""
    print(f"  {name}: calibration error {calibration_error(outcomes, told):.3f}")
    weights = _balanced(outcomes)
    for low in range(10):
        tenth = [at for at, one in enumerate(told) if min(9, int(one * 10)) == low]
        whole = sum(weights[at] for at in tenth)
        if tenth:
            mean = sum(weights[at] * told[at] for at in tenth) / whole
            share = sum(weights[at] * outcomes[at].right for at in tenth) / whole
            print(f"    said {mean:.2f}, right {share:.2f} of {len(tenth)}")


def main(folder: Path) -> None:
    """Fit, print the curves, then what they are worth."""
    lines = (folder / "column_classification" / "fides_columns_shared.jsonl").read_text("utf-8")
    outcomes = [
        *trade_outcomes(filled=True),
        *trade_outcomes(filled=False),
        *connector_outcomes([json.loads(line) for line in lines.splitlines()]),
        *bank_outcomes(folder),
    ]
    curves = fit(outcomes)
    pprint.pp({(cell[0].name, *cell[1:]): knots for cell, knots in curves.items()}, width=100)
    print(f"the shipped curves are these: {curves == dict(CURVES)}")
    outside = list(left_out(outcomes))
    for filled in (True, False):
        chosen = [one for one in outcomes if one.filled == filled]
        print(f"{'with' if filled else 'without'} values, {len(chosen)} columns")
        report("strength itself", chosen, [one.strength for one in chosen])
        report("calibrated", chosen, [said(curves, one) for one in chosen])
        apart = [pair for pair in outside if pair[0].filled == filled]
        report("family left out", [one for one, _ in apart], [told for _, told in apart])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
