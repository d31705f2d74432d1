"""Signed bundles: what is enforced is, byte for byte, what was published.

The signature covers the canonical bytes (RFC 8785) of the bundle after a line
that says what is signed, so that it fits nothing else. Keys live elsewhere.
"""

import base64
import binascii
import json
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Protocol

from policy_service.domain.bundle import Bundle, SignedBundle
from policy_service.domain.errors import PublicationError, SignatureError, StaleBundleError
from policy_service.domain.identifiers import Revision, Sha256Hex
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.clock import parse_rfc3339
from policy_service.kit.hashing import sha256_hex

_CONTEXT = b"policy-service bundle v1\n"
_NONE_SEEN = Revision(0)
_CHANGED = "is not what was signed; fetch it anew and do not use this one"


class Signer(Protocol):
    """Signs with one named key."""

    @property
    def key_id(self) -> str:
        """Name the key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`."""
        ...


class Verifier(Protocol):
    """Knows the public keys that are trusted."""

    def verify(self, *, key_id: str, message: bytes, signature: bytes) -> None:
        """Raise `SignatureError` for an unknown key and for a signature that does not fit."""
        ...


def sign_bundle(bundle: Bundle, *, signer: Signer) -> SignedBundle:
    """Sign a bundle. Raises `PublicationError` for a preview, whose revision is 0."""
    if bundle.revision < 1:
        raise PublicationError("a preview has no revision and is never signed; publish the draft")
    message = canonical_json(to_plain(bundle))
    return SignedBundle(
        bundle=bundle,
        sha256=Sha256Hex(sha256_hex(message)),
        key_id=signer.key_id,
        signature=base64.b64encode(signer.sign(_CONTEXT + message)).decode("ascii"),
    )


def verify_bundle(
    signed: SignedBundle, *, verifier: Verifier, now: datetime, newest_seen: Revision = _NONE_SEEN
) -> Bundle:
    """Return the bundle when hash, signature, age and revision hold.

    Raises `SignatureError`, `StaleBundleError` past its time, and `PublicationError`
    for a revision below `newest_seen` (the last one that the caller enforced).
    """
    bundle = signed.bundle
    message = canonical_json(to_plain(bundle))
    if sha256_hex(message) != signed.sha256:
        raise SignatureError(f"revision {bundle.revision} {_CHANGED}")
    verifier.verify(
        key_id=signed.key_id, message=_CONTEXT + message, signature=_signature(signed.signature)
    )
    if bundle.revision < max(newest_seen, 1):
        raise PublicationError(
            f"revision {bundle.revision} is older than {newest_seen}, which was in force; "
            "fetch the newest"
        )
    if now >= _expiry(bundle):
        raise StaleBundleError(
            f"revision {bundle.revision} ended at {bundle.expires_at}; publish the policy again"
        )
    return bundle


def write_bundle(signed: SignedBundle, path: Path) -> None:
    """Write the bundle's file whole or not at all, and durably."""
    content = canonical_json(to_plain(signed))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PublicationError(f"cannot write `{path.name}`: {error.strerror}") from error


def read_bundle(path: Path) -> SignedBundle:
    """Read a bundle's file; not verified yet, so hand it to `verify_bundle`.

    Raises `SignatureError` for a file that is not exactly what `write_bundle` wrote.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PublicationError(f"cannot read `{path.name}`: {error.strerror}") from error
    try:
        signed = from_plain(SignedBundle, json.loads(content))
        exact = canonical_json(to_plain(signed)) == content
    except (ValueError, TypeError, RecursionError) as error:
        raise SignatureError(f"`{path.name}` {_CHANGED}") from error
    if not exact:
        raise SignatureError(f"`{path.name}` {_CHANGED}")
    return signed


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature is not base64; fetch the bundle anew") from error


def _expiry(bundle: Bundle) -> datetime:
    try:
        return parse_rfc3339(bundle.expires_at)
    except ValueError as error:
        raise PublicationError(
            f"revision {bundle.revision} has no readable expiry; publish it anew"
        ) from error
