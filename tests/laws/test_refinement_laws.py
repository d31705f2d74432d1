"""Laws of refinement, each a statement; those about meaning use the real encoder."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, DataCategory, Purpose, RoleId
from policy_service.domain.learning import Preference
from policy_service.engines.encoder import Encoder
from policy_service.engines.reward_head import BOUND, HeadSettings
from policy_service.kit.hashing import sha256_text
from policy_service.refinement.embedding import RememberedEncoder
from policy_service.refinement.gates import safety_violations
from policy_service.refinement.reward_model import PRIOR
from policy_service.refinement.training import train

CONTROLS = (
    DENY,
    Control(operator=Operator.REDACT),
    Control(operator=Operator.PSEUDONYMISE),
    CLEAR,
)
QUICK = HeadSettings(steps=60)
FEW = settings(max_examples=15, deadline=None)
ROLES = (
    "Branch teller: serves clients at the counter",
    "Marketing analyst: segments clients for campaigns",
    "Data engineer: runs pipelines",
)
CATEGORIES = ("name of a person", "national identification number", "city", "health data")


class WordEncoder:
    """Embeds a text by hashing its words to axes."""

    sha256 = "e" * 64

    def encode(self, texts):
        """Return one normalised row a text."""
        rows = np.zeros((len(texts), 32), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[int(sha256_text(word)[:8], 16) % 32] += 1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@pytest.fixture(scope="module")
def real_encoder():
    """The real model, remembering what it embedded."""
    return RememberedEncoder(Encoder.load())


def _preference(role, category, chosen, weight=1.0, asset="clients"):
    return Preference(
        point=DecisionPoint(
            role=RoleId(role),
            table=AssetId(asset),
            category=DataCategory(category),
            columns=(),
            action=Action.READ,
            purpose=Purpose("service"),
        ),
        point_text=(role, asset, category, "service"),
        chosen=chosen,
        alternatives=tuple(control for control in CONTROLS if control != chosen),
        reviewer="rita",
        weight=weight,
    )


PREFERENCES = st.lists(
    st.builds(
        _preference,
        st.sampled_from(ROLES),
        st.sampled_from(CATEGORIES),
        st.sampled_from(CONTROLS),
        st.sampled_from([0.3, 1.0]),
    ),
    min_size=1,
    max_size=8,
)


@FEW
@given(preferences=PREFERENCES, order=st.randoms(use_true_random=False), seed=st.integers(0, 99))
def test_the_same_preferences_and_seed_give_the_same_weights(preferences, order, seed):
    """The order in which verdicts come changes no bit of the weights."""
    shuffled = list(preferences)
    order.shuffle(shuffled)
    one, other = (
        train(some, encoder=WordEncoder(), parent=PRIOR, seed=seed, settings=QUICK)
        for some in (preferences, shuffled)
    )
    assert one.weights_sha256 == other.weights_sha256
    assert one.preferences_sha256 == other.preferences_sha256


@FEW
@given(preferences=PREFERENCES)
def test_rewards_are_bounded_whatever_reviewers_say(preferences):
    """No feedback moves a control by more than the bound, so β bounds the whole draft."""
    heavy = [replace(one, weight=one.weight * 1000) for one in preferences]
    model = train(heavy, encoder=WordEncoder(), parent=PRIOR, seed=1, settings=QUICK).model
    rows = model.rewards([one.point_text for one in heavy], [CONTROLS] * len(heavy))
    assert all(abs(reward) <= BOUND for row in rows for reward in row)


@FEW
@given(preferences=PREFERENCES, chosen=st.sampled_from(CONTROLS))
def test_more_corrections_never_lower_their_control_at_that_point(preferences, chosen):
    """Corrections for a control raise its place at the very point they were given for."""
    point = (ROLES[0], "clients", CATEGORIES[0], "service")

    def place(lessons):
        model = train(lessons, encoder=WordEncoder(), parent=PRIOR, seed=1).model
        rewards = dict(zip(CONTROLS, model.rewards([point], [CONTROLS])[0], strict=True))
        return sum(reward > rewards[chosen] for reward in rewards.values())

    correction = _preference(ROLES[0], CATEGORIES[0], chosen)
    assert place([*preferences, *[correction] * 10]) <= place(preferences)
    assert place([*preferences, *[correction] * 10]) == 0


def test_lessons_carry_over_to_unseen_points_of_like_meaning(real_encoder):
    """What was learned of clients' health data holds for patients' medical records."""
    lessons = [
        _preference(role, category, DENY if "health" in category else CLEAR)
        for role in ROLES
        for category in CATEGORIES
    ]
    model = train(lessons, encoder=real_encoder, parent=PRIOR, seed=1).model
    unseen = (ROLES[0], "patients", "medical records", "service")
    rewards = dict(zip(CONTROLS, model.rewards([unseen], [CONTROLS])[0], strict=True))
    assert rewards[DENY] > rewards[CLEAR]


def test_reviews_that_show_everything_are_caught(real_encoder):
    """A reviewer who wants all data in clear for everyone violates the frozen safety set."""
    wild = [_preference(role, category, CLEAR) for role in ROLES for category in CATEGORIES]
    model = train(wild, encoder=real_encoder, parent=PRIOR, seed=1).model
    assert safety_violations(model)


def test_sensible_reviews_are_not_caught(real_encoder):
    """Reviews that hide what is sensitive pass the frozen safety set."""
    sensible = [
        _preference(role, category, CLEAR if open_to_all else DENY, asset=asset)
        for role in ROLES
        for category in CATEGORIES
        for asset in ("clients", "employees")
        for open_to_all in [role == ROLES[0] and category in (CATEGORIES[0], CATEGORIES[2])]
    ]
    model = train(sensible, encoder=real_encoder, parent=PRIOR, seed=1).model
    assert safety_violations(model) == ()
