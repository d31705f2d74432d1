"""From the classes of a sample to those of the whole: Pitman's sampling formula.

J. Pitman's two-parameter formula as N. Hoshino applied it to disclosure risk (Journal of
Official Statistics, 2001), fitted by maximum likelihood in both its forms: without a bound on
the number of classes, and with one. Given the fit, how many unseen rows join a class has a
beta-binomial distribution. Takes the sample for random.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, expit, gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT_TERMS = 128
_GRID = 160
_CONCENTRATED = 30.0
_STEEPEST = 25.0  # logarithm of the greatest strength that is tried
_DISCOUNTS = 33
_STRENGTHS = 49
_ROUNDS = 3
_SMALL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassModel:
    """A fitted formula. `discount` below 0 means a bounded number of classes."""

    discount: float
    strength: float  # > -discount
    rows: int  # that were counted

    def stays_alone(self, unseen: int) -> float:
        """Return the chance that a row alone among those counted has no like among `unseen`."""
        own, others = self._shares(np.ones(1))
        chance = np.exp(betaln(own, others + unseen) - betaln(own, others))
        return float(chance[0])

    def expected_inverse(self, sizes: Sequence[int], unseen: int) -> "NDArray[np.float64]":
        """Return for each size the mean of 1 / (size + how many of `unseen` rows join).

        Requires unseen > 0.
        """
        seen = np.asarray(sizes, dtype=float)
        own, others = self._shares(seen)
        share = own / (own + others)
        mean = unseen * share
        spread = mean * (1 - share) * (own + others + unseen) / (own + others + 1)
        found = (1 + spread / (seen + mean) ** 2) / (seen + mean)  # of second order
        loose = (own <= _CONCENTRATED) | (mean <= 2 * _EXACT_TERMS)
        found[loose] = _inverse_sums(seen[loose], own[loose], others[loose], unseen)
        return np.minimum(found, 1 / seen)

    def _shares(
        self, sizes: "NDArray[np.float64]"
    ) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
        own = np.maximum(sizes - self.discount, _SMALL)
        return own, np.maximum(self.strength + self.rows - own, _SMALL)


def fit_classes(counts: Sequence[tuple[int, int]]) -> ClassModel:
    """Fit the formula to pairs of class size and number of classes. Requires one pair.

    The best on a grid of discounts, each with its best strength, and on a finer one around it.
    """
    sizes, classes = np.asarray(counts, dtype=float).T
    rows, known = int(sizes @ classes), int(classes.sum())
    if known == rows:  # all differ: nothing says that any two would not
        return ClassModel(discount=1 - _SMALL, strength=1.0, rows=rows)
    if known == 1:
        return ClassModel(discount=0.0, strength=_SMALL, rows=rows)
    sample = _Sample(sizes=sizes, classes=classes, rows=rows, known=known)
    found = []
    for bounded, window in ((False, (-9.0, 7.0)), (True, (-5.0, 9.0))):
        around = window
        for _ in range(_ROUNDS):
            points = np.linspace(*around, _DISCOUNTS)
            discounts = -np.exp(points) if bounded else expit(points)
            strengths, likelihoods = sample.best_strengths(discounts)
            best = int(likelihoods.argmax())
            found.append((float(likelihoods[best]), float(discounts[best]), float(strengths[best])))
            around = float(points[max(best - 1, 0)]), float(points[min(best + 1, _DISCOUNTS - 1)])
    _, discount, strength = max(found)
    return ClassModel(discount=discount, strength=strength, rows=rows)


@dataclass(frozen=True, slots=True)
class _Sample:
    sizes: "NDArray[np.float64]"
    classes: "NDArray[np.float64]"  # how many of each size
    rows: int
    known: int  # classes in all

    def best_strengths(
        self, discounts: "NDArray[np.float64]"
    ) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
        """Find for each discount the strength that is likeliest, and how likely both are."""
        places = np.arange(len(discounts))
        low, high = np.full(len(discounts), -7.0), np.full(len(discounts), _STEEPEST)
        for _ in range(_ROUNDS):
            points = np.linspace(low, high, _STRENGTHS, axis=1)
            values = self._likelihood(discounts[:, None], self._strength(discounts, points))
            best = values.argmax(axis=1)
            low = points[places, np.maximum(best - 1, 0)]
            high = points[places, np.minimum(best + 1, _STRENGTHS - 1)]
        return self._strength(discounts, points)[places, best], values[places, best]

    def _strength(
        self, discounts: "NDArray[np.float64]", points: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Read strengths that are allowed off unconstrained numbers, one row a discount."""
        column = discounts[:, None]
        bounded = -column * (self.known + np.exp(points))
        return np.where(column < 0, bounded, np.exp(points) - column)

    def _likelihood(
        self, discount: "NDArray[np.float64]", strength: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Return the logarithm of the formula, less what depends on neither number."""
        cells = strength / np.abs(discount)
        unbounded = gammaln(cells + self.known) - gammaln(cells + 1)
        bounded = gammaln(cells) - gammaln(cells - self.known + 1)
        opened = (self.known - 1) * np.log(np.abs(discount))
        opened = opened + np.where(discount < 0, bounded, unbounded)
        drawn = gammaln(strength + self.rows) - gammaln(strength + 1)
        grown = (gammaln(self.sizes - discount) - gammaln(1 - discount)) @ self.classes
        return np.asarray(opened - drawn + grown[:, None], dtype=float)


def _inverse_sums(
    sizes: "NDArray[np.float64]",
    own: "NDArray[np.float64]",
    others: "NDArray[np.float64]",
    unseen: int,
) -> "NDArray[np.float64]":
    """Sum 1 / (size + x) over a beta-binomial x: term by term, then on a grid of logarithms."""
    joined, width = _nodes(unseen)
    ways = gammaln(unseen + 1) - gammaln(joined + 1) - gammaln(unseen - joined + 1)
    left, right = own[:, None], others[:, None]
    weight = ways + betaln(left + joined, right + unseen - joined) - betaln(left, right)
    terms: NDArray[np.float64] = np.exp(weight) * width / (sizes[:, None] + joined)
    return np.asarray(terms.sum(axis=1), dtype=float)


def _nodes(unseen: int) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
    """Return where the sum is evaluated, and how many terms each place stands for."""
    exact = np.arange(min(unseen + 1, _EXACT_TERMS), dtype=float)
    if len(exact) > unseen:
        return exact, np.ones_like(exact)
    edges = np.geomspace(len(exact) - 0.5, unseen + 0.5, _GRID + 1)
    middles = np.minimum(np.sqrt(edges[:-1] * edges[1:]), unseen)
    return np.append(exact, middles), np.append(np.ones_like(exact), np.diff(edges))
