"""The gates: what stops a version from being promoted."""

from dataclasses import replace

import pytest

from policy_service.domain.control import CLEAR, DENY
from policy_service.refinement import gates
from policy_service.refinement.embedding import RememberedEncoder
from policy_service.refinement.gates import acceptance, check_gates, safety_violations
from policy_service.refinement.reward_model import PRIOR, RewardModel
from policy_service.refinement.safety_set import ANCHORS, SAFETY_CASES
from policy_service.refinement.training import train


@pytest.fixture
def gate(word_encoder):
    """Train on some preferences and pass the gates against the prior."""
    remembered = RememberedEncoder(word_encoder)

    def trainer(lessons):
        return train(lessons, encoder=remembered, parent=PRIOR, seed=1).model

    def run(preferences, *, priors=None, current=None, progress=lambda *_: None):
        return check_gates(
            preferences,
            trainer=trainer,
            candidate=trainer(preferences),
            current=current or RewardModel(encoder=word_encoder),
            priors=priors or {},
            progress=progress,
        )

    return run


def test_sensible_reviews_pass(gate, sensible):
    """Reviews that agree raise held-out acceptance and violate nothing."""
    steps = []
    report = gate(sensible, progress=lambda *step: steps.append(step))
    assert report.reasons == ()
    assert report.passed
    assert report.acceptance_after > report.acceptance_before
    assert report.held_out == 60
    assert steps[-1] == ("gates", 5, 5)
    assert [one.reviewer for one in report.influence] == ["omar", "rita"]


def test_one_point_cannot_be_held_out(gate, preference_of):
    """Verdicts on a single decision point are not enough to be promoted."""
    report = gate([preference_of(chosen=DENY)] * 3)
    assert not report.passed
    assert "review more rules" in report.reasons[0]
    assert report.held_out == 0


def test_acceptance_below_the_live_model_is_refused(gate, preference_of, word_encoder):
    """A live model that knows the answers is not replaced by one that cannot know them."""
    pair = [
        preference_of("alpha", "street", chosen=DENY),
        preference_of("beta", "street", chosen=CLEAR),
    ]
    live = train(pair * 20, encoder=word_encoder, parent=PRIOR, seed=1).model
    report = gate(pair, current=live)
    assert report.acceptance_before == 1.0
    assert report.acceptance_after < 1.0
    assert any("held-out acceptance falls" in reason for reason in report.reasons)


def test_lessons_against_the_safety_set_are_refused(gate, sensible):
    """Whoever teaches that marketing sees national ids in clear violates a named case."""
    case = SAFETY_CASES[0]
    poison = replace(
        sensible[0],
        point_text=case.point_text,
        chosen=CLEAR,
        alternatives=case.allowed,
        reviewer="mallory",
        weight=20.0,
    )
    report = gate([*sensible, poison])
    assert case.name in report.violations
    assert any(f"does not hold at `{case.name}`" in reason for reason in report.reasons)


def test_one_reviewer_cannot_sway_what_others_judged(gate, preference_of):
    """A reviewer whose verdicts flip the others' decisions is named."""
    rita = [
        preference_of(f"clerk {number}", "name", chosen=DENY, weight=0.05) for number in range(10)
    ]
    mallory = [
        preference_of(f"clerk {number}", "name", chosen=CLEAR, reviewer="mallory", weight=5.0)
        for number in range(10, 40)
    ]
    report = gate([*rita, *mallory])
    assert any("`mallory` alone flips" in reason for reason in report.reasons)
    swayed = {one.reviewer: one.share for one in report.influence}
    assert swayed["mallory"] > 0.2


def test_few_preferences_are_not_cut_by_reviewer(gate, sensible):
    """Influence is measured only where two reviewers gave twenty preferences or more."""
    assert gate(sensible[:10]).influence == ()
    assert gate([replace(one, reviewer="rita") for one in sensible]).influence == ()


def test_acceptance_weighs_lessons_and_shares_ties(word_encoder, preference_of):
    """Without a prior three even controls count a third; a prior decides where it is given."""
    model = RewardModel(encoder=word_encoder)
    one, other = preference_of("teller"), preference_of("clerk", weight=3.0)
    assert acceptance([one, other], model=model, priors={}) == pytest.approx(1 / 3)
    priors = {(one.point.key, CLEAR): 0.6, (other.point.key, DENY): 0.6}
    assert acceptance([one, other], model=model, priors=priors) == pytest.approx(1 / 4)


def test_the_prior_violates_no_safety_case(word_encoder):
    """A model that rewards nothing prefers nothing."""
    assert safety_violations(RewardModel(encoder=word_encoder)) == ()


def test_safety_cases_and_anchors_are_apart():
    """No safety case is trained on, every name is its own, and allowed is never forbidden."""
    assert {case.point_text for case in SAFETY_CASES}.isdisjoint(
        anchor.point_text for anchor in ANCHORS
    )
    assert len(SAFETY_CASES) == len({case.name for case in SAFETY_CASES}) == 20
    for case in (*SAFETY_CASES, *ANCHORS):
        assert case.allowed
        assert set(case.allowed).isdisjoint(case.forbidden)
        assert CLEAR in case.forbidden


def test_a_fall_within_sampling_error_is_no_reason() -> None:
    """With few lessons a lesson or two prove nothing; with many a small fall counts."""
    measured = {"points": 90, "before": 0.974, "after": 0.962, "violations": (), "influence": ()}
    assert gates._reasons(lessons=160, **measured) == []
    assert gates._reasons(lessons=4000, **measured)
