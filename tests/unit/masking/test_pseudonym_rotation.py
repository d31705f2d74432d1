"""Purposes are rotated apart, older keys stay readable, and holders link old pseudonyms to new."""

import json
from pathlib import Path

import pytest

from policy_service.domain.errors import KeyUnavailableError
from policy_service.encryption.keyring import PURPOSES, KeyRing, purpose_secret
from policy_service.kit.clock import SystemClock
from policy_service.masking.pseudonym import pseudonym, pseudonym_links

VALUES = ["Anna Dvořáková", 42, None, "42", "Jan"]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """Make a keyring."""
    return KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())


def test_one_purpose_rotates_alone(ring: KeyRing) -> None:
    """A new secret for one purpose changes its key and no other's."""
    before = {name: ring.key(name) for name in ("analytics", "sales")}
    assert ring.key_label("analytics") == "purposes/1"
    assert ring.past_labels("analytics") == ()
    ring.rotate(purpose_secret("analytics"))
    assert ring.key("analytics") != before["analytics"]
    assert ring.key("sales") == before["sales"]
    assert ring.key_label("analytics") == "purpose:analytics/1"
    assert ring.past_labels("analytics") == ("purposes/1",)
    assert ring.past_key("analytics", "purposes/1") == before["analytics"]


def test_all_purposes_rotate_together(ring: KeyRing) -> None:
    """A new common secret changes every purpose but those that have their own."""
    ring.rotate(purpose_secret("analytics"))
    own, shared = ring.key("analytics"), ring.key("sales")
    ring.rotate(PURPOSES)
    assert ring.key("analytics") == own
    assert ring.key("sales") != shared
    assert ring.past_key("sales", "purposes/1") == shared
    assert ring.past_labels("sales") == ("purposes/1",)
    assert ring.past_labels("analytics") == ("purposes/2", "purposes/1")


def test_stored_pseudonyms_are_linked_over_a_rotation(ring: KeyRing) -> None:
    """Who holds the values and both keys maps each old pseudonym to the new one."""
    old = ring.key("analytics")
    stored = [pseudonym(value, key=old) for value in VALUES]
    ring.rotate(purpose_secret("analytics"))
    label = ring.past_labels("analytics")[0]
    links = pseudonym_links(
        VALUES, old=ring.past_key("analytics", label), new=ring.key("analytics")
    )
    carried = [None if one is None else links[one] for one in stored]
    assert carried == [pseudonym(value, key=ring.key("analytics")) for value in VALUES]
    assert len(links) == 3
    assert list(links) == sorted(links)
    assert not set(links) & set(links.values())


def test_a_disabled_own_secret_never_falls_back(ring: KeyRing) -> None:
    """Disabling a purpose's own secret denies it; the common secret does not take its place."""
    secret = purpose_secret("analytics")
    ring.rotate(secret)
    ring.rotate(secret)
    ring.disable(secret, 2)
    with pytest.raises(KeyUnavailableError):
        ring.key("analytics")
    with pytest.raises(KeyUnavailableError):
        ring.key_label("analytics")
    assert ring.past_labels("analytics") == ("purpose:analytics/1", "purposes/1")
    ring.disable(secret, 1)
    ring.destroy(secret, 1)
    assert ring.past_labels("analytics") == ("purposes/1",)
    with pytest.raises(KeyUnavailableError, match="destroyed"):
        ring.past_key("analytics", "purpose:analytics/1")


@pytest.mark.parametrize("label", ["", "purposes", "purposes/x", "purposes/9", "kek:a/1",
                                   "purpose:sales/1"])  # fmt: skip
def test_labels_of_other_keys_are_refused(ring: KeyRing, label: str) -> None:
    """A version that the purpose never had gives no key."""
    with pytest.raises(KeyUnavailableError, match="has no version"):
        ring.past_key("analytics", label)


def test_a_purpose_needs_a_name(ring: KeyRing) -> None:
    """The empty name has no key, old or new."""
    with pytest.raises(KeyUnavailableError, match="needs a name"):
        ring.key("")
    with pytest.raises(KeyUnavailableError, match="needs a name"):
        ring.past_key("", "purposes/1")


def test_rings_of_earlier_releases_give_the_same_keys(ring: KeyRing, tmp_path: Path) -> None:
    """A ring with the common secret alone, as every ring was, opens and derives as it did."""
    stored = json.loads((tmp_path / "keyring.json").read_text())
    assert [key["name"] for key in stored["keys"]] == ["purposes"]
    again = KeyRing.open(tmp_path / "keyring.json", clock=SystemClock())
    assert again.key("analytics") == ring.key("analytics")
