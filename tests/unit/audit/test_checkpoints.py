"""Checkpoints: what a signature over the log's root covers, and how exactly it is spelt."""

from dataclasses import replace

import pytest

from policy_service.audit.checkpoints import (
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    write_checkpoint,
)
from policy_service.domain.errors import SignatureError
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier

SIGNER = Ed25519Signer(seed=b"a" * 32)
VERIFIER = Ed25519Verifier([SIGNER.public_key])
CHECKPOINT = sign_checkpoint(
    origin="bank", size=3, root=b"r" * 32, at="2026-03-02T12:00:00.000000Z", signer=SIGNER
)


def test_a_checkpoint_gives_the_root_that_was_signed() -> None:
    """A checkpoint survives its line, and verifies to its root."""
    again = read_checkpoint(write_checkpoint(CHECKPOINT))
    assert again == CHECKPOINT
    assert verify_checkpoint(again, verifier=VERIFIER) == b"r" * 32


@pytest.mark.parametrize(
    "change",
    [{"origin": "x"}, {"size": 4}, {"root": "AAAA"}, {"at": ""}, {"key_id": "0" * 16}],
)
def test_the_signature_covers_every_field(change: dict[str, object]) -> None:
    """Changing any one field of a checkpoint breaks its signature."""
    with pytest.raises(SignatureError):
        verify_checkpoint(replace(CHECKPOINT, **change), verifier=VERIFIER)  # type: ignore[arg-type]  # one field at a time


def test_a_checkpoint_that_is_not_base64_is_refused() -> None:
    """A signature in another alphabet is a `SignatureError`, not a crash."""
    with pytest.raises(SignatureError, match="not in base64"):
        verify_checkpoint(replace(CHECKPOINT, signature="*"), verifier=VERIFIER)


def test_a_checkpoint_has_one_spelling() -> None:
    """Spaces, and unused bits of the signature's base64, are refused on reading."""
    line = write_checkpoint(CHECKPOINT)
    spelt_otherwise = replace(CHECKPOINT, signature=CHECKPOINT.signature[:-3] + "B==")
    for wrong in (line.replace(b",", b", "), write_checkpoint(spelt_otherwise)):
        with pytest.raises(ValueError, match="canonical form"):
            read_checkpoint(wrong)
