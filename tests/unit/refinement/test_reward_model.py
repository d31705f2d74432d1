"""The reward model: what drafting gets from it."""

import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import RefinementError
from policy_service.domain.parameters import Parameters
from policy_service.engines.reward_head import BOUND
from policy_service.refinement.embedding import RememberedEncoder
from policy_service.refinement.reward_model import PRIOR, RewardModel, control_text
from policy_service.refinement.training import preferences_sha256, train

POINT = ("teller", "clients", "name", "service")


def test_the_prior_rewards_nothing_and_embeds_nothing(word_encoder):
    """Without a head every reward is 0 and the encoder is never asked."""
    model = RewardModel(encoder=word_encoder)
    assert model.version == PRIOR
    assert model.rewards([POINT, POINT], [(DENY, CLEAR), ()]) == [(0.0, 0.0), ()]
    assert word_encoder.encoded == []


def test_rewards_follow_the_verdicts(word_encoder, sensible):
    """What reviewers chose is rewarded above what they did not, within the bound."""
    model = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1).model
    points = [one.point_text for one in sensible]
    groups = [(one.chosen, *one.alternatives) for one in sensible]
    found = model.rewards(points, groups)
    assert sum(row[0] == max(row) for row in found) / len(found) > 0.95
    assert max(abs(reward) for row in found for reward in row) <= BOUND
    assert model.rewards([], []) == []
    assert model.rewards([POINT], [()]) == [()]


def test_rewards_are_the_same_together_and_alone(word_encoder, sensible, monkeypatch):
    """Batches, caches and the order of questions change no reward."""
    from policy_service.refinement import reward_model

    trained = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1)
    points = [one.point_text for one in sensible]
    groups = [(DENY, CLEAR)] * len(points)
    together = trained.model.rewards(points, groups)
    monkeypatch.setattr(reward_model, "_PAIRS", 7)
    again = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1).model
    assert [again.rewards([point], [(DENY, CLEAR)])[0] for point in points] == together
    assert again.rewards(points, groups) == together


def test_each_text_is_embedded_once(word_encoder, sensible):
    """A second question about known texts asks the encoder nothing."""
    model = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1).model
    model.rewards([POINT], [(DENY, CLEAR)])
    word_encoder.encoded.clear()
    model.rewards([POINT, POINT], [(CLEAR, DENY), (DENY,)])
    assert word_encoder.encoded == []


def test_lists_of_different_lengths_are_refused(word_encoder):
    """Points without their controls are a programming error."""
    with pytest.raises(ValueError, match="one list of controls"):
        RewardModel(encoder=word_encoder).rewards([POINT], [])


def test_controls_are_written_with_their_meaning_and_parameters():
    """Different controls have different texts, parameters included."""
    texts = {control_text(Control(operator=operator)) for operator in Operator}
    assert len(texts) == len(Operator)
    partial = Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4))
    assert control_text(partial).endswith("(first 0, last 4)")


def test_training_needs_something_to_learn(word_encoder, preference_of):
    """No preference, or one that is no choice, raises."""
    from dataclasses import replace

    with pytest.raises(RefinementError, match="review some rules first"):
        train([], encoder=word_encoder, parent=PRIOR, seed=1)
    one = preference_of()
    for broken in (
        replace(one, alternatives=()),
        replace(one, alternatives=(one.chosen,)),
        replace(one, weight=0.0),
    ):
        with pytest.raises(RefinementError, match="leaves no choice"):
            train([broken], encoder=word_encoder, parent=PRIOR, seed=1)


def test_a_trained_model_says_what_it_was_made_of(word_encoder, sensible):
    """Hashes, seed, parent and count stand beside the weights."""
    trained = train(sensible, encoder=word_encoder, parent=PRIOR, seed=4)
    assert trained.preferences == 60
    assert trained.preferences_sha256 == preferences_sha256(sensible[::-1])
    assert (trained.parent, trained.seed) == (PRIOR, 4)
    assert trained.encoder_sha256 == word_encoder.sha256


def test_a_remembered_encoder_asks_once(word_encoder):
    """Rows come back in order and the encoder sees each text once."""
    remembered = RememberedEncoder(word_encoder)
    first = remembered.encode(["b", "a", "b"])
    assert remembered.encode(["a", "b"]).tolist() == first[[1, 0]].tolist()
    assert sorted(word_encoder.encoded) == ["a", "b"]
    assert remembered.sha256 == word_encoder.sha256
