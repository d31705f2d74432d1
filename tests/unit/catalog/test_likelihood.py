"""The odds against chance."""

import pytest

from policy_service.catalog.classification.likelihood import proof


def test_one_value_that_passes_luhn_proves_nothing_and_twenty_prove_it() -> None:
    """With a tenth passing by chance, certainty grows with every different value."""
    sure = [proof(count, count, chance=0.1, prior=0.02) for count in (1, 2, 3, 5, 20)]
    assert sure == sorted(sure)
    assert sure[0] < 0.2
    assert sure[-1] > 0.999


def test_values_that_fail_speak_against() -> None:
    """A tenth of random digits passing is no evidence; neither is half."""
    assert proof(10, 100, chance=0.1, prior=0.5) < 1e-6
    assert proof(50, 100, chance=0.1, prior=0.5) < 1e-6
    assert proof(97, 100, chance=0.1, prior=0.5) > 0.999


@pytest.mark.parametrize(("found", "total"), [(5_000, 5_000), (0, 5_000)])
def test_long_columns_do_not_overflow(found: int, total: int) -> None:
    """The result stays a probability however many values there are."""
    assert 0 <= proof(found, total, chance=0.001, prior=0.1) <= 1
