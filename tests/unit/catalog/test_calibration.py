"""Confidence as a probability."""

import pytest

from policy_service.catalog.classification.calibration import (
    CURVES,
    Ground,
    calibrated,
    ground,
    read_off,
)
from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import DataCategory
from tests.tools.calibration import calibration_error, fit, said, trade_outcomes


def _evidence(*detectors: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(detector=one, detail="", weight=0.5) for one in detectors)


@pytest.mark.parametrize(
    ("detectors", "expected"),
    [
        ((), Ground.EXPECTED),
        (("table", "values"), Ground.EXPECTED),
        (("table", "name"), Ground.NAMED),
        (("name-model", "neighbour"), Ground.NAMED),
        (("name", "key"), Ground.KEY),
        (("table", "name", "luhn"), Ground.SEEN),
        (("free-text",), Ground.SEEN),
    ],
)
def test_the_firmest_evidence_is_the_ground(detectors: tuple[str, ...], expected: Ground) -> None:
    """Values stand above names, keys above both, and a table's topic below all."""
    assert ground(_evidence(*detectors)) is expected


def test_every_curve_rises_and_stays_a_probability() -> None:
    """More strength never means less confidence, on every shipped curve."""
    for knots in CURVES.values():
        read = [read_off(knots, step / 100) for step in range(101)]
        assert read == sorted(read)
        assert read[0] >= 0
        assert read[-1] <= 1


def test_a_name_says_more_where_rows_do_not_contradict_it() -> None:
    """The same name is surer in a sampled column than in an empty one."""
    email = DataCategory("user.contact.email")
    seen = calibrated(email, 0.9, _evidence("name"), filled=True)
    unseen = calibrated(email, 0.9, _evidence("name"), filled=False)
    assert seen > unseen > 0.8


def test_confidence_is_nearer_to_the_truth_than_strength() -> None:
    """On the trades as they were first seen, the shipped curves and a new fit are both nearer."""
    outcomes = list(trade_outcomes(filled=True))
    strengths = calibration_error(outcomes, [one.strength for one in outcomes])
    again = fit(outcomes)
    for curves in (CURVES, again):
        error = calibration_error(outcomes, [said(curves, one) for one in outcomes])
        assert error < 0.6 * strengths
