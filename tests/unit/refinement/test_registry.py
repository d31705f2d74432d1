"""The registry and one round of refinement: versions, pointer, damage."""

import json
import threading
from dataclasses import replace

import pytest

from policy_service.domain.control import DENY
from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion, Sha256Hex
from policy_service.domain.learning import ModelCard
from policy_service.refinement.refine import refine
from policy_service.refinement.registry import ModelRegistry
from policy_service.refinement.reward_model import PRIOR
from policy_service.refinement.training import train

POINT = ("teller", "clients", "name", "service")


@pytest.fixture
def registry(tmp_path, word_encoder):
    """An empty registry."""
    return ModelRegistry(folder=tmp_path / "models", encoder=word_encoder)


@pytest.fixture
def card_and_weights(word_encoder, sensible):
    """A card that passed its gates, and its weights."""
    trained = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1)
    card = ModelCard(
        version=ModelVersion(""),
        parent=PRIOR,
        created_at="2026-03-02T12:00:00.000000Z",
        preferences=60,
        preferences_sha256=trained.preferences_sha256,
        weights_sha256=trained.weights_sha256,
        encoder_sha256=trained.encoder_sha256,
        seed=1,
        acceptance_before=0.5,
        acceptance_after=0.9,
        floor_violations=0,
        promoted=True,
        note="",
    )
    return card, trained.weights


def test_an_empty_registry_gives_the_prior(registry):
    """Before anything is registered the live model is the prior."""
    assert registry.current().version == PRIOR
    assert registry.versions() == ()
    assert registry.cards() == ()


def test_a_round_registers_promotes_and_is_used(registry, word_encoder, clock, sensible):
    """After a round that passes, the live model is the new version, with lineage and figures."""
    done = refine(sensible, priors={}, registry=registry, encoder=word_encoder, clock=clock, seed=1)
    assert done.report.passed
    assert done.card.version == "reward-1"
    assert done.card.promoted
    assert done.card.created_at == "2026-03-02T12:00:00.000000Z"
    assert done.card.acceptance_after > done.card.acceptance_before
    assert registry.current().version == "reward-1"
    again = refine(
        sensible, priors={}, registry=registry, encoder=word_encoder, clock=clock, seed=1
    )
    assert again.card.parent == "reward-1"
    assert again.card.weights_sha256 == done.card.weights_sha256
    assert [card.version for card in registry.lineage(again.card.version)] == [
        "reward-2",
        "reward-1",
    ]


def test_a_version_that_fails_is_kept_and_never_used(registry, word_encoder, clock, preference_of):
    """A round that fails a gate is registered with its reason; the prior stays live."""
    done = refine(
        [preference_of(chosen=DENY)],
        priors={},
        registry=registry,
        encoder=word_encoder,
        clock=clock,
        seed=1,
    )
    assert not done.card.promoted
    assert "review more rules" in done.card.note
    assert registry.cards() == (done.card,)
    assert registry.current().version == PRIOR
    with pytest.raises(RefinementError, match="did not pass its gates"):
        registry.promote(done.card.version)


def test_a_version_loads_as_it_was(registry, card_and_weights, word_encoder, sensible):
    """A loaded version rewards as the trained one did."""
    card = registry.register(*card_and_weights)
    registry.promote(card.version)
    trained = train(sensible, encoder=word_encoder, parent=PRIOR, seed=1).model
    controls = [(one.chosen, *one.alternatives) for one in sensible]
    points = [one.point_text for one in sensible]
    assert registry.current().rewards(points, controls) == trained.rewards(points, controls)


def test_rolling_back(registry, card_and_weights):
    """An older version, or the prior, can be made live again."""
    first = registry.register(*card_and_weights)
    second = registry.register(*card_and_weights)
    registry.promote(second.version)
    registry.promote(first.version)
    assert registry.current_version() == "reward-1"
    registry.promote(PRIOR)
    assert registry.current_version() == PRIOR


def _flip_weights(folder):
    path = folder / "reward-1" / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _lose_weights(folder):
    (folder / "reward-1" / "weights.safetensors").unlink()


def _break_card(folder):
    (folder / "reward-1" / "card.json").write_text("{", encoding="utf-8")


def _swap_card(folder):
    path = folder / "reward-1" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(card | {"version": "reward-7"}), encoding="utf-8")


def _lose_version(folder):
    (folder / "reward-1").rename(folder / "reward-9")


def _break_pointer(folder):
    (folder / "current.json").write_text("{", encoding="utf-8")


def _misdirect_pointer(folder):
    (folder / "current.json").write_text('{"version": "../elsewhere"}', encoding="utf-8")


def _list_pointer(folder):
    (folder / "current.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_flip_weights, "the weights of model version `reward-1` are damaged"),
        (_lose_weights, "the weights of model version `reward-1` are missing"),
        (_break_card, "the card of model version `reward-1` is damaged"),
        (_swap_card, "names another version"),
        (_lose_version, "`reward-1` is not registered"),
        (_break_pointer, "the pointer to the live model is damaged"),
        (_misdirect_pointer, "the pointer to the live model is damaged"),
        (_list_pointer, "the pointer to the live model is damaged"),
    ],
)
def test_damage_is_refused_and_never_falls_back(tmp_path, registry, card_and_weights, damage, says):
    """Whatever is damaged, the live model raises one clear line instead of becoming the prior."""
    registry.promote(registry.register(*card_and_weights).version)
    damage(tmp_path / "models")
    with pytest.raises(RefinementError, match=says):
        registry.current()


def test_another_encoder_is_refused(registry, card_and_weights, tmp_path, encoder_of):
    """A head trained over other embeddings is not used."""
    registry.promote(registry.register(*card_and_weights).version)
    other = ModelRegistry(folder=tmp_path / "models", encoder=encoder_of("f" * 64))
    with pytest.raises(RefinementError, match="another encoder"):
        other.current()


def test_weights_must_fit_their_card(registry, card_and_weights):
    """Weights of another hash are not registered, and nothing is left behind."""
    card, weights = card_and_weights
    with pytest.raises(RefinementError, match="not those of the card"):
        registry.register(replace(card, weights_sha256=Sha256Hex("0" * 64)), weights)
    assert registry.versions() == ()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, card_and_weights, word_encoder):
    """A file in the folder's place raises one clear line, for a version and for the pointer."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    registry = ModelRegistry(folder=tmp_path / "file", encoder=word_encoder)
    with pytest.raises(RefinementError, match="cannot be written"):
        registry.register(*card_and_weights)
    with pytest.raises(RefinementError, match="cannot be written"):
        registry.promote(PRIOR)


def test_a_lineage_that_runs_in_a_circle_is_refused(registry, card_and_weights):
    """A card whose parent is not older raises."""
    card, weights = card_and_weights
    registered = registry.register(replace(card, parent=ModelVersion("reward-5")), weights)
    with pytest.raises(RefinementError, match="does not lead to the prior"):
        registry.lineage(registered.version)


@pytest.mark.parametrize("version", ["reward-0", "../x", "latest"])
def test_names_that_are_no_version_are_refused(registry, version):
    """A name that is no version never becomes a path."""
    with pytest.raises(RefinementError, match="is not a model version"):
        registry.card(ModelVersion(version))


def test_concurrent_registrations_get_their_own_versions(registry, card_and_weights):
    """Threads that register at once each get a version of their own."""
    threads = [threading.Thread(target=registry.register, args=card_and_weights) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.versions() == ("reward-1", "reward-2", "reward-3", "reward-4")
    assert len(registry.cards()) == 4
