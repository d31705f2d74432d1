"""The signing key of bundles and checkpoints, in a private file, and the keys that are trusted.

A key is made only when asked for, never on the way. Public keys are PEM
(RFC 8410), so that anyone can verify with their own tools. Source: RFC 8032.
"""

import secrets
from pathlib import Path

from policy_service.domain.errors import EncryptionError, KeyUnavailableError, SignatureError
from policy_service.encryption.private_files import locked, read_private, write_private
from policy_service.engines.cryptography import KEY_BYTES, Ed25519Signer, Ed25519Verifier
from policy_service.kit.ids import RandomBytes

PUBLIC_SUFFIX = ".pub"


def create_signing_key(
    path: Path,
    *,
    passphrase: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Ed25519Signer:
    """Make a new signing key at `path` and trust it in `path` + `.pub`.

    Raises `EncryptionError` where a key exists: rotate it instead.
    """
    if path.exists():
        raise EncryptionError(f"signing key `{path}` exists; rotate it instead")
    return _put(path, passphrase=passphrase, random_bytes=random_bytes, replace=False)


def open_signing_key(path: Path, *, passphrase: str | None = None) -> Ed25519Signer:
    """Open the signing key. Raises `KeyUnavailableError` saying what to do."""
    return Ed25519Signer.from_pem(read_private(path), passphrase=passphrase)


def rotate_signing_key(
    path: Path,
    *,
    passphrase: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Ed25519Signer:
    """Put a new key in the place of the old one; what the old one signed stays verifiable.

    Raises `KeyUnavailableError` where there is no key to rotate.
    """
    old = open_signing_key(path, passphrase=passphrase)
    _trust(path, old)
    return _put(path, passphrase=passphrase, random_bytes=random_bytes, replace=True)


def open_verifier(path: Path) -> Ed25519Verifier:
    """Read the trusted public keys, one or more PEM blocks, of a signing key at `path`."""
    public = _public_path(path)
    try:
        return Ed25519Verifier.from_pem(public.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnavailableError(f"public keys `{public}` cannot be read; export them") from error
    except SignatureError as error:
        raise KeyUnavailableError(f"public keys `{public}`: {error.message}") from error


def _put(
    path: Path, *, passphrase: str | None, random_bytes: RandomBytes, replace: bool
) -> Ed25519Signer:
    signer = Ed25519Signer(seed=random_bytes(KEY_BYTES))
    _trust(path, signer)  # first, so that a crash never leaves a key whose work nobody verifies
    write_private(path, signer.private_pem(passphrase=passphrase), replace=replace)
    return signer


def _trust(path: Path, signer: Ed25519Signer) -> None:
    """Add a public key to the trusted ones; those before it stay."""
    public = _public_path(path)
    with locked(path):
        known = open_verifier(path).pem() if public.exists() else ""
        pem = Ed25519Verifier.from_pem(known + Ed25519Verifier([signer.public_key]).pem()).pem()
        write_private(public, pem.encode(), replace=True)
        public.chmod(0o644)  # public keys are for everyone


def _public_path(path: Path) -> Path:
    return path.with_name(path.name + PUBLIC_SUFFIX)
