"""Signing keys: made on request, private, rotated without losing what was signed."""

import stat
from pathlib import Path

import pytest

from policy_service.domain.errors import EncryptionError, KeyUnavailableError
from policy_service.encryption.signing_keys import (
    create_signing_key,
    open_signing_key,
    open_verifier,
    rotate_signing_key,
)
from policy_service.engines.cryptography import Ed25519Signer, key_id_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the signing key is."""
    return tmp_path / "signing.pem"


def test_a_signing_key_signs_what_its_public_key_verifies(path: Path) -> None:
    """A key read back signs, and the exported public key verifies, under the documented id."""
    made = create_signing_key(path)
    signer = open_signing_key(path)
    assert signer.key_id == made.key_id == key_id_of(made.public_key)
    open_verifier(path).verify(key_id=signer.key_id, message=b"m", signature=signer.sign(b"m"))


def test_the_private_half_is_private_and_the_public_half_is_not(path: Path) -> None:
    """The key file has mode 0600, its `.pub` 0644; a key open to others is not used."""
    create_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("signing.pem.pub").stat().st_mode) == 0o644
    path.chmod(0o644)
    with pytest.raises(KeyUnavailableError, match="open to others"):
        open_signing_key(path)


def test_a_signing_key_is_never_overwritten(path: Path) -> None:
    """Creating twice is refused, and trusts nobody new."""
    create_signing_key(path)
    with pytest.raises(EncryptionError, match="exists; rotate it instead"):
        create_signing_key(path)
    assert len(open_verifier(path).key_ids) == 1


def test_after_a_rotation_old_signatures_still_verify(path: Path) -> None:
    """The new key signs; the old one's work verifies, even where its public key was lost."""
    old = create_signing_key(path, passphrase="correct horse")
    path.with_name("signing.pem.pub").unlink()
    new = rotate_signing_key(path, passphrase="correct horse")
    assert open_signing_key(path, passphrase="correct horse").key_id == new.key_id != old.key_id
    verifier = open_verifier(path)
    for signer in (old, new):
        verifier.verify(key_id=signer.key_id, message=b"m", signature=signer.sign(b"m"))


def test_a_missing_signing_key_is_not_made_on_the_way(path: Path) -> None:
    """Opening and rotating what does not exist fail and create nothing."""
    for use in (open_signing_key, rotate_signing_key):
        with pytest.raises(KeyUnavailableError, match="does not exist; create it"):
            use(path)
    assert not path.exists()


def test_public_keys_that_cannot_be_read_say_so(path: Path) -> None:
    """Missing, binary and empty public key files are each one clear line."""
    public = path.with_name("signing.pem.pub")
    for content in (None, b"\xff", b""):
        if content is not None:
            public.write_bytes(content)
        with pytest.raises(KeyUnavailableError, match=r"public keys `.*\.pub`"):
            open_verifier(path)


def test_randomness_is_the_callers(path: Path) -> None:
    """With given random bytes the key is the Ed25519 key of that seed."""
    made = create_signing_key(path, random_bytes=lambda size: b"s" * size)
    assert made.key_id == Ed25519Signer(seed=b"s" * 32).key_id
