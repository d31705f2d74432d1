"""How findings in texts are scored against annotated ones.

A span counts as found when a finding *of the same type* shares a character with it
(overlap recall), a finding as right when it shares one with a gold span of its type
(precision). F2 = 5PR / (4P + R) over all spans together, so recall weighs four times
precision. Any-type recall asks only that some finding shares a character. Types are
compared after `GOLD` and `OURS`; a finding of a type that the gold set does not have
counts as wrong.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLD = {
    "GPE": "LOCATION",
    "STREET_ADDRESS": "LOCATION",
    "ZIP_CODE": "LOCATION",
    "DOMAIN_NAME": "URL",
}
OURS = {
    "DATE_OF_BIRTH": "DATE_TIME",
    "DRIVER_LICENSE": "US_DRIVER_LICENSE",
    "JOB_TITLE": "TITLE",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """`text[start:end]` is of `entity`."""

    start: int
    end: int
    entity: str

    def shares(self, other: "Marked") -> bool:
        """Tell whether both have a character in common."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Record:
    """One annotated text, and which template it was made from."""

    text: str
    template: int
    gold: tuple[Marked, ...]


def read_records(path: Path) -> list[Record]:
    """Read presidio-research records, one JSON object a line."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold = tuple(
            Marked(
                one["start_position"],
                one["end_position"],
                GOLD.get(one["entity_type"], one["entity_type"]),
            )
            for one in row["spans"]
        )
        records.append(Record(row["full_text"], int(row["template_id"]), gold))
    return records


class Tally:
    """Counts over texts, and the figures they make."""

    def __init__(self) -> None:
        self._gold: Counter[str] = Counter()
        self._hit: Counter[str] = Counter()
        self._found: Counter[str] = Counter()
        self._right: Counter[str] = Counter()
        self._any = self._characters = self._covered = 0

    def add(self, gold: Sequence[Marked], found: Sequence[Marked]) -> None:
        """Count one text."""
        for one in gold:
            near = [other for other in found if one.shares(other)]
            self._gold[one.entity] += 1
            self._hit[one.entity] += any(other.entity == one.entity for other in near)
            self._any += bool(near)
            self._characters += one.end - one.start
            covered = {
                at
                for other in near
                for at in range(max(one.start, other.start), min(one.end, other.end))
            }
            self._covered += len(covered)
        for one in found:
            self._found[one.entity] += 1
            self._right[one.entity] += any(
                one.shares(other) and one.entity == other.entity for other in gold
            )

    def figures(self) -> dict[str, float]:
        """Return the figures over all entities together."""
        precision = _share(self._right.total(), self._found.total())
        recall = _share(self._hit.total(), self._gold.total())
        return {
            "overlap_f2": _share(5 * precision * recall, 4 * precision + recall),
            "precision": precision,
            "recall": recall,
            "any_recall": _share(self._any, self._gold.total()),
            "characters_covered": _share(self._covered, self._characters),
        }

    def entities(self) -> dict[str, dict[str, float]]:
        """Return spans, findings, recall and precision of each entity, the commonest first."""
        names = sorted({*self._gold, *self._found}, key=lambda name: (-self._gold[name], name))
        return {
            name: {
                "spans": self._gold[name],
                "findings": self._found[name],
                "recall": _share(self._hit[name], self._gold[name]),
                "precision": _share(self._right[name], self._found[name]),
            }
            for name in names
        }


def score(records: Sequence[Record], found: Sequence[Sequence[Marked]]) -> Tally:
    """Count all texts."""
    tally = Tally()
    for record, marked in zip(records, found, strict=True):
        tally.add(record.gold, marked)
    return tally


def fold_scores(
    records: Sequence[Record], found: Sequence[Sequence[Marked]], *, folds: int = 5
) -> Mapping[str, Any]:
    """Return the least and the greatest F2 over folds that share no template."""
    tallies: dict[int, Tally] = defaultdict(Tally)
    for record, marked in zip(records, found, strict=True):
        tallies[record.template % folds].add(record.gold, marked)
    figures = [tally.figures()["overlap_f2"] for tally in tallies.values()]
    return {"folds": len(figures), "least_f2": min(figures), "greatest_f2": max(figures)}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
