"""OpenDP: counts and sums with Laplace noise whose privacy loss the library itself works out.

The only importer of `opendp` (extra `privacy`). Not a budget: what a release may spend
is counted by who asks. The measurements used are OpenDP's `contrib` ones: public, but
not all of their proofs are through its vetting. Source: Dwork, McSherry, Nissim, Smith
2006, "Calibrating noise to sensitivity in private data analysis"; OpenDP 0.13 and later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from policy_service.domain.errors import MaskingError


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFigures:
    """One noisy figure for each group, and the privacy loss of all of them together."""

    values: tuple[float, ...]
    epsilon: float  # as the library certifies it; never above what was asked for


def private_counts(sizes: Sequence[int], *, epsilon: float, contributions: int) -> PrivateFigures:
    """Add noise to the sizes of disjoint groups, where a person has at most `contributions` rows.

    Raises `MaskingError` where OpenDP is not installed or refuses the settings.
    """
    dp = _library()
    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)

    def mechanism(scale: float) -> object:
        return dp.m.make_laplace(*space, scale=scale)

    return _released(dp, mechanism, list(sizes), epsilon=epsilon, contributions=contributions)


def private_sums(
    groups: Sequence[Sequence[float]],
    *,
    low: float,
    high: float,
    epsilon: float,
    contributions: int,
) -> PrivateFigures:
    """Add noise to the sums of disjoint groups of numbers, each brought between the limits.

    Requires numbers without NaN, `low` < `high`, and at most `contributions` numbers of
    one person in all groups together. Raises `MaskingError` as `private_counts` does.
    """
    dp = _library()
    space = dp.vector_domain(dp.atom_domain(T=float, nan=False)), dp.symmetric_distance()

    def mechanism(scale: float) -> object:
        bounded = space >> dp.t.then_clamp((float(low), float(high)))
        return bounded >> dp.t.then_sum() >> dp.m.then_laplace(scale=scale)

    numbers = [[float(one) for one in group] for group in groups]
    return _released(dp, mechanism, numbers, epsilon=epsilon, contributions=contributions)


def _released(
    dp: ModuleType,
    mechanism: Callable[[float], object],
    data: Sequence[object],
    *,
    epsilon: float,
    contributions: int,
) -> PrivateFigures:
    try:
        mechanism(1.0)  # what is wrong is told before a scale is searched for
        scale = dp.binary_search_param(mechanism, d_in=contributions, d_out=epsilon, T=float)
        measurement: Any = mechanism(scale)
        values = tuple(float(measurement(one)) for one in data)
        # Groups are disjoint, so together they lose what one group with all rows would.
        return PrivateFigures(values=values, epsilon=float(measurement.map(contributions)))
    except Exception:
        # The cause may quote data.
        raise MaskingError(
            "differential privacy refuses these settings; check `epsilon` and the limits"
        ) from None


def _library() -> ModuleType:
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise MaskingError(
            "differential privacy needs OpenDP; install `policy-service[privacy]`"
        ) from error
    dp.enable_features("contrib")
    library: ModuleType = dp
    return library
