"""Measures of classified columns: personal or not, two-level category, and calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from benchmarks.classification_data import LabelledColumn
from policy_service.catalog.names.weights import is_personal, two_level

_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a classifier says of one column; `probability` that it is personal, where it has one."""

    category: str
    probability: float | None = None


def scores(columns: Sequence[LabelledColumn], answers: Sequence[Answer]) -> dict[str, float]:
    """Score answers against what people said; `calibration_error` only with probabilities."""
    pairs = list(zip(columns, answers, strict=True))
    said = [is_personal(answer.category) for answer in answers]
    hits = sum(column.personal for column, one in zip(columns, said, strict=True) if one)
    precision = hits / max(sum(said), 1)
    recall = hits / max(sum(column.personal for column in columns), 1)
    right = [two_level(answer.category) == two_level(column.category) for column, answer in pairs]
    found = {
        "personal_precision": precision,
        "personal_recall": recall,
        "personal_f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "category_accuracy": sum(right) / max(len(right), 1),
    }
    chances = [
        (answer.probability, column.personal)
        for column, answer in pairs
        if answer.probability is not None
    ]
    return found | ({"calibration_error": calibration_error(chances)} if chances else {})


def calibration_error(chances: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, true in chances:
        bins.setdefault(min(int(chance * _BINS), _BINS - 1), []).append((chance, true))
    gaps = [
        abs(fmean(chance for chance, _ in one) - fmean(true for _, true in one)) * len(one)
        for one in bins.values()
    ]
    return sum(gaps) / len(chances)


def mean_and_spread(runs: Sequence[Mapping[str, float]]) -> dict[str, object]:
    """Average runs key by key; `spread` is the standard deviation between them."""
    keys = list(runs[0])
    mean: dict[str, object] = {key: fmean(run[key] for run in runs) for key in keys}
    return mean | {"spread": {key: pstdev([run[key] for run in runs]) for key in keys}}
