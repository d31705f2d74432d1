"""The keyring: purpose keys, key-encryption keys, their states, and the file that keeps them."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.errors import EncryptionError, KeyUnavailableError
from policy_service.encryption import private_files
from policy_service.encryption.keyring import PURPOSES, KeyRing, scope_key
from policy_service.encryption.keyring_file import KeyState
from policy_service.encryption.private_files import locked, write_private
from policy_service.engines.cryptography import PassphraseCost, hkdf_sha256
from policy_service.kit.clock import FixedClock

TABLE = "bank.public.client"
PASSPHRASE = "correct horse battery"
CHEAP = PassphraseCost(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keyring is."""
    return tmp_path / "keyring.json"


@pytest.fixture
def ring(path: Path, clock: FixedClock) -> KeyRing:
    """A new keyring without a passphrase."""
    return KeyRing.create(path, clock=clock)


def _edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def test_a_purpose_key_is_the_same_after_reopening(
    ring: KeyRing, path: Path, clock: FixedClock
) -> None:
    """One name has one key of 32 bytes, another name another, whoever opens the ring."""
    key = ring.key("marketing")
    assert len(key) == 32
    assert key == KeyRing.open(path, clock=clock).key("marketing")
    assert key != ring.key("research")


def test_purpose_keys_are_derived_by_hkdf_in_their_own_domain(
    path: Path, clock: FixedClock
) -> None:
    """With known randomness the key is HKDF of the purpose secret under the documented label."""
    ring = KeyRing.create(path, clock=clock, random_bytes=lambda size: b"k" * size)
    expected = hkdf_sha256(
        secret=b"k" * 32, salt=b"", info=b"policy-service/purpose-key/1/marketing"
    )
    assert ring.key("marketing") == expected


def test_a_purpose_key_changes_only_with_its_rotation(ring: KeyRing) -> None:
    """New master and table keys leave pseudonyms alone; rotating `purposes` does not."""
    key = ring.key("marketing")
    ring.ensure(TABLE)
    ring.rotate(scope_key(TABLE))
    ring.rotate_master(passphrase=None)
    assert ring.key("marketing") == key
    ring.rotate(PURPOSES)
    assert ring.key("marketing") != key


def test_a_purpose_key_without_a_name_or_a_secret_is_unavailable(ring: KeyRing) -> None:
    """No name, or a disabled purpose secret, is `KeyUnavailableError`."""
    with pytest.raises(KeyUnavailableError, match="needs a name"):
        ring.key("")
    ring.disable(PURPOSES, 1)
    with pytest.raises(KeyUnavailableError, match="`purposes` is missing or disabled"):
        ring.key("marketing")


def test_a_data_key_opens_only_under_its_scope_and_version(ring: KeyRing) -> None:
    """What one table's key wrapped, neither another table's nor another version opens."""
    for scope in (TABLE, "bank.public.loan"):
        ring.ensure(scope)
    wrapped = ring.wrap(TABLE, 1, b"d" * 32)
    assert ring.unwrap(TABLE, 1, wrapped) == b"d" * 32
    with pytest.raises(KeyUnavailableError, match="does not open"):
        ring.unwrap("bank.public.loan", 1, wrapped)
    ring.rotate(scope_key(TABLE))
    with pytest.raises(KeyUnavailableError, match="does not open"):
        ring.unwrap(TABLE, 2, wrapped)
    assert ring.unwrap(TABLE, 1, wrapped) == b"d" * 32


def test_ensure_makes_a_key_once(ring: KeyRing) -> None:
    """Asking twice for a table's key makes one version."""
    assert [ring.ensure(TABLE), ring.ensure(TABLE)] == [1, 1]
    assert ring.names() == (scope_key(TABLE), PURPOSES)
    assert [key.state for key in ring.versions(scope_key(TABLE))] == [KeyState.ACTIVE]


def test_a_key_that_does_not_exist_is_unavailable(ring: KeyRing) -> None:
    """An unknown scope or version says so, and is not made on the way."""
    with pytest.raises(KeyUnavailableError, match=r"`kek:bank\.public\.client` is missing"):
        ring.active_version(TABLE)
    with pytest.raises(KeyUnavailableError, match="has no version 1"):
        ring.unwrap(TABLE, 1, bytes(40))
    assert ring.versions(scope_key(TABLE)) == ()


def test_rotation_retires_the_version_before(ring: KeyRing, clock: FixedClock) -> None:
    """After a rotation the new version encrypts and the old one only decrypts."""
    ring.ensure(TABLE)
    clock.advance(timedelta(days=90))
    assert ring.rotate(scope_key(TABLE)) == ring.active_version(TABLE) == 2
    old, new = ring.versions(scope_key(TABLE))
    assert (old.state, new.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert new.created_at.startswith("2026-05-31")
    with pytest.raises(KeyUnavailableError, match=r"version 1 .* no longer encrypts"):
        ring.wrap(TABLE, 1, bytes(32))


def test_a_disabled_version_does_nothing_until_enabled(ring: KeyRing) -> None:
    """Disabling stops unwrapping at once; enabling brings back what the version was."""
    ring.ensure(TABLE)
    wrapped = ring.wrap(TABLE, 1, bytes(32))
    ring.rotate(scope_key(TABLE))
    for version in (1, 2):
        ring.disable(scope_key(TABLE), version)
    with pytest.raises(KeyUnavailableError, match=r"version 1 .* is disabled"):
        ring.unwrap(TABLE, 1, wrapped)
    with pytest.raises(KeyUnavailableError, match="missing or disabled"):
        ring.active_version(TABLE)
    for version in (1, 2):
        ring.enable(scope_key(TABLE), version)
    assert [key.state for key in ring.versions(scope_key(TABLE))] == ["retired", "active"]
    assert ring.unwrap(TABLE, 1, wrapped) == bytes(32)


def test_a_destroyed_version_never_comes_back(ring: KeyRing, path: Path) -> None:
    """Only a disabled version is destroyed; then its key is gone from the file for ever."""
    ring.ensure(TABLE)
    wrapped = ring.wrap(TABLE, 1, bytes(32))
    name = scope_key(TABLE)
    with pytest.raises(EncryptionError, match="disable it before destroying"):
        ring.destroy(name, 1)
    ring.disable(name, 1)
    material = ring.versions(name)[0].wrapped
    ring.destroy(name, 1)
    assert material not in path.read_text()
    with pytest.raises(KeyUnavailableError, match="is destroyed"):
        ring.unwrap(TABLE, 1, wrapped)
    with pytest.raises(KeyUnavailableError, match="is destroyed"):
        ring.enable(name, 1)
    ring.rotate_master(passphrase=None)
    assert ring.rotate(name) == 2


def test_another_process_sees_a_change_at_once(
    ring: KeyRing, path: Path, clock: FixedClock
) -> None:
    """A key that one opening disables stops working in another without reopening."""
    ring.ensure(TABLE)
    other = KeyRing.open(path, clock=clock)
    wrapped = other.wrap(TABLE, 1, bytes(32))
    ring.disable(scope_key(TABLE), 1)
    with pytest.raises(KeyUnavailableError, match="is disabled"):
        other.unwrap(TABLE, 1, wrapped)


def test_a_new_master_key_needs_the_ring_opened_anew(
    ring: KeyRing, path: Path, clock: FixedClock
) -> None:
    """Rotating the master keeps every key; who still holds the old one is told to open anew."""
    ring.ensure(TABLE)
    wrapped = ring.wrap(TABLE, 1, bytes(32))
    other = KeyRing.open(path, clock=clock)
    ring.rotate_master(passphrase=PASSPHRASE, cost=CHEAP)
    assert ring.unwrap(TABLE, 1, wrapped) == bytes(32)
    with pytest.raises(KeyUnavailableError, match="open it anew"):
        other.unwrap(TABLE, 1, wrapped)
    again = KeyRing.open(path, clock=clock, passphrase=PASSPHRASE)
    assert again.unwrap(TABLE, 1, wrapped) == bytes(32)


def test_a_passphrase_is_needed_and_must_be_right(path: Path, clock: FixedClock) -> None:
    """Without the passphrase, or with another, the ring does not open and says which."""
    ring = KeyRing.create(path, clock=clock, passphrase=PASSPHRASE, cost=CHEAP)
    assert KeyRing.open(path, clock=clock, passphrase=PASSPHRASE).key("a") == ring.key("a")
    with pytest.raises(KeyUnavailableError, match="needs its passphrase"):
        KeyRing.open(path, clock=clock)
    with pytest.raises(KeyUnavailableError, match="passphrase does not open"):
        KeyRing.open(path, clock=clock, passphrase="something else")


def test_a_short_or_needless_passphrase_is_refused(
    path: Path, clock: FixedClock, tmp_path: Path
) -> None:
    """Under 12 characters nothing is made; a ring without one does not pretend to check it."""
    with pytest.raises(EncryptionError, match="12 characters"):
        KeyRing.create(path, clock=clock, passphrase="short")
    assert list(tmp_path.iterdir()) == []
    KeyRing.create(path, clock=clock)
    with pytest.raises(KeyUnavailableError, match="has no passphrase"):
        KeyRing.open(path, clock=clock, passphrase=PASSPHRASE)


def test_a_keyring_is_never_overwritten(ring: KeyRing, path: Path, clock: FixedClock) -> None:
    """Creating a second ring at one path is refused and leaves the first."""
    before = path.read_bytes()
    with pytest.raises(EncryptionError, match="exists; it is never overwritten"):
        KeyRing.create(path, clock=clock)
    assert path.read_bytes() == before


def test_the_file_is_private_and_holds_no_key_in_clear(path: Path, clock: FixedClock) -> None:
    """Mode 0600, no leftovers beside it, and with a passphrase no key material to be read."""
    KeyRing.create(
        path,
        clock=clock,
        passphrase=PASSPHRASE,
        cost=CHEAP,
        random_bytes=lambda size: b"k" * size,
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr" not in path.read_text()
    assert {one.name for one in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_open_to_others_is_refused(
    ring: KeyRing, path: Path, clock: FixedClock, mode: int
) -> None:
    """A key file that group or world may read or write is not used."""
    path.chmod(mode)
    with pytest.raises(KeyUnavailableError, match="open to others; run `chmod 600`"):
        KeyRing.open(path, clock=clock)


def test_a_missing_keyring_says_so(ring: KeyRing, path: Path, clock: FixedClock) -> None:
    """A file that never was, and one that goes while in use, are both unavailable keys."""
    path.unlink()
    with pytest.raises(KeyUnavailableError, match="does not exist; create it"):
        KeyRing.open(path, clock=clock)
    with pytest.raises(KeyUnavailableError, match="is gone"):
        ring.key("marketing")


def test_a_path_that_is_no_file_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    """A folder in the keyring's place is one clear line."""
    with pytest.raises(KeyUnavailableError, match="cannot be read"):
        KeyRing.open(tmp_path, clock=clock)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.update(format="other"), "another format"),
        (lambda content: content.update(master="*"), "damaged"),
        (lambda content: content.update(master="AAAA"), "32 bytes"),
        (lambda content: content.update(extra=1), "is not a keyring"),
        (lambda content: content["keys"][0].update(state="disabled"), "changed by hand"),
        (lambda content: content["keys"][0].update(name="kek:x"), "changed by hand"),
        (lambda content: content["keys"].clear(), "changed by hand"),
    ],
)
def test_an_edited_keyring_is_refused(
    ring: KeyRing,
    path: Path,
    clock: FixedClock,
    change: Callable[[dict[str, object]], object],
    said: str,
) -> None:
    """States, names and keys cannot be changed without the master key."""
    _edit(path, change)
    with pytest.raises(KeyUnavailableError, match=said):
        KeyRing.open(path, clock=clock)


def test_a_keyring_that_asks_for_absurd_work_is_refused(path: Path, clock: FixedClock) -> None:
    """A forged cost of the passphrase does not take the machine's memory."""
    KeyRing.create(path, clock=clock, passphrase=PASSPHRASE, cost=CHEAP)
    _edit(path, lambda content: content["passphrase"]["cost"].update(memory_kib=1 << 30))
    with pytest.raises(KeyUnavailableError, match="absurd work"):
        KeyRing.open(path, clock=clock, passphrase=PASSPHRASE)


def test_a_write_that_fails_changes_nothing(
    ring: KeyRing, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk refuses, the old ring stays and nothing is left beside it."""
    before = path.read_bytes()

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(private_files.os, "fsync", refuse)
        with pytest.raises(EncryptionError, match=r"cannot write key file .*No space left"):
            ring.ensure(TABLE)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.new"))
    assert ring.ensure(TABLE) == 1


def test_a_folder_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    """Writing and locking in a missing folder say which file cannot be written or locked."""
    path = tmp_path / "no" / "keyring.json"
    with pytest.raises(EncryptionError, match="cannot write key file"):
        write_private(path, b"", replace=False)
    with pytest.raises(EncryptionError, match="cannot lock key file"), locked(path):
        raise AssertionError
