"""Learning from labelled names: one Gaussian process for all categories, and its calibration.

Regression on labels as in Rasmussen and Williams (2006, section 6.5), with more noise for
sources that are trusted less. What is foretold of a group by everything else follows from the
inverse in closed form (their section 5.4.2), so calibration and threshold are chosen on groups
that were left out. Probabilities by Platt's method (1999). Deterministic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.names.features import ColumnName, NameFeatures, read_all
from policy_service.catalog.names.kernel import (
    SETTINGS,
    Anchors,
    KernelSettings,
    NameEncoder,
    anchors_of,
    distinct,
    likeness,
)
from policy_service.catalog.names.knowledge import known_columns
from policy_service.catalog.names.weights import (
    Calibration,
    NameWeights,
    Tier,
    blend,
    is_personal,
    surety_of,
    two_level,
)
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import DataCategory
from policy_service.domain.progress import Progress, silent

STAGE = "column names"
NOISE = 0.35  # the variance of a label's error, for one trusted example
_KNOWN = "made-up columns"  # the group of made-up columns
_KNOWN_TRUST = 2.0  # they carry no one's slips
_MOST_REPEATS = 3
_CHUNK = 512
_NEWTON_STEPS = 50
_TINY = 1e-3
# The probability from which a column counts as personal. F1 is best at half its own value
# (Lipton, Elkan and Naryanaswamy, 2014), near .42 here, and accuracy at .5: between the two.
_PERSONAL_FROM = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class NameExample:
    """A labelled column. Examples of one `group` are left out together; 0 < `trust` <= 2."""

    column: ColumnName
    category: DataCategory
    group: str
    trust: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cases:
    """Examples that nothing tells apart, as one: their mean labels and how often."""

    features: list[NameFeatures]
    groups: list[str]
    labels: NDArray[np.float64]  # cases × (1 + categories)
    trust: NDArray[np.float64]
    counts: NDArray[np.float64]
    real: NDArray[np.float64]  # 0 for made-up columns, which no figure is taken from
    categories: tuple[DataCategory, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Learned:
    """What one tier learned, and what it says of each case when its group is left out."""

    weights: NDArray[np.float64]
    mean: NDArray[np.float64]
    left_out: NDArray[np.float64]  # cases × (1 + categories)


def fit_names(
    examples: Sequence[NameExample],
    *,
    encoder: NameEncoder | None,
    settings: KernelSettings = SETTINGS,
    progress: Progress = silent,
) -> NameWeights:
    """Learn from examples of at least two groups: without the encoder, and with it if given.

    What anybody knows (`knowledge`) is learned beside them. Takes seconds to a minute: time
    grows with the cube of the distinct examples. Raises `CatalogError` for a single group, and
    where names are too alike to be learned with the trust given.
    """
    if len({example.group for example in examples}) < 2:
        raise CatalogError(
            f"cannot learn from {len(examples)} column names of one source; give two sources"
        )
    cases = _cases((*examples, *_known()))
    anchors = anchors_of(cases.features, encoder=encoder)
    tiers = 1 + (encoder is not None)
    progress(STAGE, 0, tiers)
    names = _learned(cases, anchors, None, settings)
    progress(STAGE, 1, tiers)
    meaning = _learned(cases, anchors, encoder, settings) if encoder else None
    progress(STAGE, tiers, tiers)
    return NameWeights(
        anchors=anchors,
        categories=cases.categories,
        names=_tier(cases, names, names.left_out),
        meaning=(
            None
            if meaning is None
            else _tier(cases, meaning, blend(meaning.left_out, names.left_out))
        ),
    )


def fit_curve(
    scores: NDArray[np.float64], true: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Fit slope and offset of a logistic curve by Newton's method, slightly regularised."""
    rows = np.column_stack([scores, np.ones_like(scores)])
    found = np.zeros(2)
    ridge = np.diag([1e-3, 1e-3])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weights * (true - chance)) - ridge @ found
        curve = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve, slope)
        found = found + np.clip(step, -5.0, 5.0)
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(found[0]), float(found[1])


def _known() -> list[NameExample]:
    return [
        NameExample(column=column, category=category, group=_KNOWN, trust=_KNOWN_TRUST)
        for column, category in known_columns()
    ]


def _cases(examples: Sequence[NameExample]) -> _Cases:
    features = read_all([example.column for example in examples])
    keys, places = distinct(
        [(one, example.group) for one, example in zip(features, examples, strict=True)]
    )
    categories = tuple(sorted({e.category for e in examples if is_personal(e.category)}))
    column = {category: 1 + number for number, category in enumerate(categories)}
    labels = np.zeros((len(keys), 1 + len(categories)))
    trust, counts = np.zeros(len(keys)), np.zeros(len(keys))
    real = np.array([group != _KNOWN for _, group in keys], dtype=np.float64)
    for place, example in zip(places, examples, strict=True):
        counts[place] += 1
        trust[place] += example.trust
        if is_personal(example.category):
            labels[place, 0] += 1
            labels[place, column[example.category]] += 1
    return _Cases(
        features=[one for one, _ in keys],
        groups=[group for _, group in keys],
        labels=labels / counts[:, None],
        trust=trust / counts,
        counts=counts,
        real=real,
        categories=categories,
    )


def _learned(
    cases: _Cases, anchors: Anchors, encoder: NameEncoder | None, settings: KernelSettings
) -> _Learned:
    inverse = _inverse(cases, anchors, encoder, settings)
    weight = cases.trust * cases.counts * cases.real
    mean = (cases.labels * weight[:, None]).sum(axis=0) / weight.sum()
    residuals = cases.labels - mean
    solved = inverse @ residuals
    left_out = cases.labels.copy()
    for members in _members(cases.groups):
        block = inverse[np.ix_(members, members)]
        left_out[members] -= np.linalg.solve(block, solved[members])
    return _Learned(weights=solved, mean=mean, left_out=left_out)


def _tier(cases: _Cases, learned: _Learned, left_out: NDArray[np.float64]) -> Tier:
    return Tier(
        weights=learned.weights.astype(np.float32),
        mean=learned.mean.astype(np.float32),
        calibration=_calibration(cases, left_out, _most_trusted(cases)),
    )


def _inverse(
    cases: _Cases, anchors: Anchors, encoder: NameEncoder | None, settings: KernelSettings
) -> NDArray[np.float64]:
    size = anchors.size
    kernel = np.empty((size, size), dtype=np.float32)
    for start in range(0, size, _CHUNK):
        part = cases.features[start : start + _CHUNK]
        kernel[start : start + len(part)] = likeness(
            part, anchors, encoder=encoder, settings=settings
        )
    repeats = np.sqrt(np.minimum(cases.counts, _MOST_REPEATS))
    kernel[np.diag_indices(size)] += NOISE / (cases.trust * repeats)
    try:
        # INVARIANT: the square root in the kernel makes it indefinite, the noise outweighs that
        # (Ong et al., Learning with Non-Positive Kernels, 2004); where not, nothing is learned.
        np.linalg.cholesky(kernel)
    except np.linalg.LinAlgError as error:
        raise CatalogError(
            "cannot learn from these column names: they are too alike for the trust they have; "
            "lower `trust`"
        ) from error
    return np.linalg.inv(kernel).astype(np.float64)


def _members(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    return [
        np.array([number for number, one in enumerate(groups) if one == group])
        for group in sorted(set(groups))
    ]


def _most_trusted(cases: _Cases) -> NDArray[np.float64]:
    """Weigh the cases that probabilities are calibrated on: the real ones that say most."""
    trust = cases.trust * cases.real
    return np.where(trust == trust.max(), cases.counts * cases.real, 0.0)


def _calibration(
    cases: _Cases, scores: NDArray[np.float64], weight: NDArray[np.float64]
) -> Calibration:
    personal = cases.labels[:, 0]
    slope, offset = fit_curve(scores[:, 0], personal, weight)
    slope = max(slope, _TINY)
    threshold = (log(_PERSONAL_FROM / (1 - _PERSONAL_FROM)) - offset) / slope
    chance = 1 / (1 + np.exp(-(slope * scores[:, 0] + offset)))
    chosen = scores[:, 1:].argmax(axis=1)
    tops = [two_level(category) for category in cases.categories]
    right = np.array(
        [
            labels[1:] @ [top == tops[best] for top in tops] if above else 1 - labels[0]
            for labels, best, above in zip(
                cases.labels, chosen, scores[:, 0] >= threshold, strict=True
            )
        ]
    )
    surety = surety_of(scores, chance, threshold)
    right_slope, right_offset = fit_curve(surety, right, weight)
    return Calibration(
        threshold=threshold,
        personal_slope=slope,
        personal_offset=offset,
        right_slope=right_slope,
        right_offset=right_offset,
    )
