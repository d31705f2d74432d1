"""Sizes of the classes of rows that look alike → the risk that a row is linked to its person.

Prosecutor, journalist and marketer risk as K. El Emam defines them (Guide to the
De-Identification of Personal Health Information, 2013; F. Dankar and K. El Emam, 2010).
Where only a sample was counted, the classes of the whole table are estimated by the model of
`pitman`. Not a guarantee: it takes the sample for random, and where hardly any sampled rows are
alike it may be far off, either way.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from policy_service.domain.privacy import CLASS_BANDS, ReidentificationRisk

_ROUND = 6


@dataclass(frozen=True, slots=True)
class ClassSizes:
    """How many classes there are of each size: pairs of size and count, by size."""

    counts: tuple[tuple[int, int], ...]

    @staticmethod
    def of(sizes: Iterable[int]) -> "ClassSizes":
        """Count the sizes of classes; each is at least 1."""
        return ClassSizes(tuple(sorted(Counter(sizes).items())))

    @property
    def rows(self) -> int:
        """Return the number of rows in all classes."""
        return sum(size * count for size, count in self.counts)

    @property
    def classes(self) -> int:
        """Return the number of classes."""
        return sum(count for _, count in self.counts)

    @property
    def smallest(self) -> int:
        """Return k: the size of the smallest class, 0 where there is none."""
        return self.counts[0][0] if self.counts else 0

    def share_below(self, size: int) -> float:
        """Return the share of the rows that stand in classes smaller than `size`."""
        below = sum(one * count for one, count in self.counts if one < size)
        return below / self.rows if below else 0.0

    def bands(self) -> tuple[float, ...]:
        """Return the share of the rows in each band of `CLASS_BANDS`."""
        below = [*(self.share_below(least) for least in CLASS_BANDS), 1.0 if self.rows else 0.0]
        return tuple(round(high - low, _ROUND) for low, high in pairwise(below))


def estimate_risk(sizes: ClassSizes, *, population_rows: int | None = None) -> ReidentificationRisk:
    """Tell the three risks and how many rows are alone, here and in the whole population.

    `population_rows` is the number of rows that those counted were drawn from; None, or fewer
    than were counted, takes the counted rows for all.
    """
    rows = sizes.rows
    population = max(rows, population_rows or 0)
    if not rows:
        return _no_risk(population)
    inverse, alone = _in_population(sizes, population - rows)
    matched = sum(
        size * count * risk for (size, count), risk in zip(sizes.counts, inverse, strict=True)
    )
    return ReidentificationRisk(
        counted_rows=rows,
        population_rows=population,
        prosecutor_highest=round(1 / sizes.smallest, _ROUND),
        prosecutor_average=round(sizes.classes / rows, _ROUND),
        journalist_highest=round(max(inverse), _ROUND),
        marketer=round(matched / rows, _ROUND),
        population_unique=round(alone, _ROUND),
    )


def _in_population(sizes: ClassSizes, unseen: int) -> tuple[list[float], float]:
    """Return the mean of 1 / size in the population for each size, and the share of lone rows."""
    once = sizes.share_below(2)
    if not unseen:
        return [1 / size for size, _ in sizes.counts], once
    from policy_service.catalog.privacy.pitman import (
        fit_classes,  # brings scipy: only where it is needed
    )

    model = fit_classes(sizes.counts)
    inverse = model.expected_inverse([size for size, _ in sizes.counts], unseen)
    return inverse.tolist(), once * model.stays_alone(unseen)


def estimate_distinct(sizes: ClassSizes, *, population_rows: int | None = None) -> int:
    """Estimate the different values of a whole column from a sample's.

    A lower bound, rounded: A. Chao and C.-W. Lin (2012) for drawing without replacement. The
    unbiased estimator (L. Goodman, 1949) is not used: its variance makes it worthless for
    samples this small.
    """
    rows, seen = sizes.rows, sizes.classes
    population = max(rows, population_rows or 0)
    if rows == population or rows < 2:
        return seen
    counts = dict(sizes.counts)
    once, twice = counts.get(1, 0), counts.get(2, 0)
    if not once:
        return seen
    drawn = rows / population
    unseen = once**2 / (2 * twice * rows / (rows - 1) + once * drawn / (1 - drawn))
    return min(population, round(seen + unseen))


def _no_risk(population: int) -> ReidentificationRisk:
    return ReidentificationRisk(
        counted_rows=0,
        population_rows=population,
        prosecutor_highest=0.0,
        prosecutor_average=0.0,
        journalist_highest=0.0,
        marketer=0.0,
        population_unique=0.0,
    )
