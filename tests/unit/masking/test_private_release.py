"""Differentially private releases: budgets, bounds, and figures near the truth."""

import sys

import polars as pl
import pytest

from policy_service.domain.errors import MaskingError
from policy_service.engines.opendp import private_counts, private_sums
from policy_service.masking.private_release import (
    Measure,
    PrivacyBudget,
    PrivateRelease,
    private_release,
)

pytest.importorskip("opendp", reason="the extra `privacy` is not installed")
FRAME = pl.DataFrame(
    {
        "region": ["north", "south"] * 2000,
        "client": [number // 4 for number in range(4000)],
        "amount": [float(number % 100) for number in range(4000)],
    }
)
REGIONS = pl.DataFrame({"region": ["north", "south", "west"]})
MEAN = Measure(of="mean", column="amount", low=0, high=100)


def release(**given: object) -> PrivateRelease:
    """Draw a release with a generous budget."""
    settings: dict[str, object] = {
        "groups": REGIONS,
        "measures": [Measure(of="count"), MEAN],
        "budget": PrivacyBudget(epsilon=100),
        "epsilon": 20.0,
        **given,
    }
    return private_release(FRAME, **settings)  # type: ignore[arg-type]


def test_figures_are_near_and_declared() -> None:
    """Counts and means come with the privacy loss that the library certifies."""
    drawn = release()
    north, south, west = drawn.table.rows()
    assert north[0] == "north"
    assert abs(north[1] - 2000) < 20
    assert north[2] == pytest.approx(49, abs=2)
    assert abs(south[1] - 2000) < 20
    assert west[1] < 20
    assert 0 < drawn.epsilon <= 20
    assert drawn.unit == "row"
    assert "differential privacy" in drawn.mechanism


def test_small_groups_show_nothing_below_k() -> None:
    """A group whose noisy count is below k has no figures."""
    assert release(k=100).table.rows()[2] == ("west", None, None)


def test_a_person_counts_with_so_many_rows_and_no_more() -> None:
    """With a subject, rows beyond the bound are left out and the unit says so."""
    drawn = release(subject="client", rows_per_subject=2)
    assert abs(sum(drawn.table["rows"].to_list()) - 2000) < 40
    assert drawn.unit == "up to 2 rows of one `client`"


def test_sums_are_clamped() -> None:
    """A value beyond the limits counts as the limit: it cannot drown the noise."""
    sums = private_sums([[1e12, -5.0]], low=0, high=10, epsilon=50.0, contributions=1)
    assert sums.values[0] == pytest.approx(10, abs=6)
    assert sums.epsilon <= 50.0 + 1e-9


def test_a_budget_ends() -> None:
    """What is spent is gone, and a release that does not fit is not drawn."""
    budget = PrivacyBudget(epsilon=1.5)
    release(budget=budget, epsilon=1.0)
    assert budget.left == pytest.approx(0.5)
    with pytest.raises(MaskingError, match=r"epsilon 1 does not fit the 0\.5 left"):
        release(budget=budget, epsilon=1.0)
    assert budget.left == pytest.approx(0.5)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(MaskingError):
            PrivacyBudget(epsilon=wrong)
        with pytest.raises(MaskingError):
            release(epsilon=wrong)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"groups": pl.DataFrame({"city": ["x"]})}, "no column `city`"),
        ({"groups": pl.DataFrame({"region": [1]})}, "groups and table do not fit"),
        ({"groups": pl.DataFrame({"region": ["a", "a"]})}, "listed twice"),
        ({"rows_per_subject": 2}, "needs `subject`"),
        ({"measures": [Measure(of="sum", column="amount")]}, "`sum_amount` needs `low` below"),
    ],
)
def test_what_cannot_be_released_is_said(given: dict[str, object], said: str) -> None:
    """A wrong request draws nothing."""
    with pytest.raises(MaskingError, match=said):
        release(**given)


def test_settings_that_the_library_refuses_show_no_data() -> None:
    """The library's own words, which may quote values, stay inside."""
    with pytest.raises(MaskingError, match="refuses these settings") as caught:
        private_sums([[3.0]], low=1, high=0, epsilon=1.0, contributions=1)
    assert caught.value.__cause__ is None


def test_without_the_library_nothing_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra is named; there is no fallback without privacy."""
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(MaskingError, match=r"install `policy-service\[privacy\]`"):
        private_counts([3], epsilon=1.0, contributions=1)
