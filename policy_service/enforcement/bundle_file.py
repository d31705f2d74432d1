"""What an enforcement point verifies before it enforces: bundle and directory, from wire or disk.

Not the keys themselves (see `trusted_keys`), and not the policy's meaning (see `index`).
A document is verified as text, byte for byte, and only then read.
"""

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from policy_service.domain.bundle import Bundle, Cosignature, SignedBundle
from policy_service.domain.errors import PublicationError, SignatureError, StaleBundleError
from policy_service.domain.fleet import DirectoryDocument
from policy_service.domain.identifiers import Revision
from policy_service.domain.plain import from_plain
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_text,
    document_value,
    read_envelope,
    signed_message,
    write_envelope,
)
from policy_service.enforcement.trusted_keys import raw_signature
from policy_service.kit.clock import parse_rfc3339
from policy_service.kit.hashing import sha256_hex

T = TypeVar("T", Bundle, DirectoryDocument)
CLOCK_TOLERANCE = timedelta(minutes=5)  # how far the issuer's clock may be ahead of ours
_NONE_SEEN = Revision(0)


class Verifier(Protocol):
    """Knows the public keys that are trusted."""

    def verify(self, *, key_id: str, message: bytes, signature: bytes) -> None:
        """Raise `SignatureError` for an unknown key and for a signature that does not fit."""
        ...


def signed_document(signed: SignedBundle) -> SignedDocument:
    """Return a signed bundle in the form that travels."""
    first = Cosignature(key_id=signed.key_id, signature=signed.signature)
    return SignedDocument(
        kind=DocumentKind.BUNDLE,
        text=document_text(signed.bundle),
        sha256=signed.sha256,
        signatures=(first, *signed.cosignatures),
    )


def verify_bundle(
    signed: SignedBundle, *, verifier: Verifier, now: datetime, newest_seen: Revision = _NONE_SEEN
) -> Bundle:
    """Return the bundle when hash, issuer's signature, age and revision hold.

    For the service itself, which holds one key; a PEP counts signatures with `TrustedKeys`.
    Raises `SignatureError`, `StaleBundleError` past its time, and `PublicationError`
    for a revision below `newest_seen` (the last one that the caller enforced).
    """
    document = signed_document(signed)
    if sha256_hex(document.text.encode()) != signed.sha256:
        raise SignatureError(
            f"revision {signed.bundle.revision} is not what was signed; fetch it anew and do not "
            "use this one"
        )
    verifier.verify(
        key_id=signed.key_id,
        message=signed_message(document.kind, document.text),
        signature=raw_signature(signed.signature),
    )
    check_age(signed.bundle, now=now, newest_seen=newest_seen, tolerance=timedelta.max)
    return signed.bundle


def open_document(kind: type[T], document: SignedDocument) -> T:
    """Read the value of a document that was verified. Raises `SignatureError`."""
    try:
        return from_plain(kind, document_value(document))
    except (ValueError, TypeError) as error:
        raise SignatureError(
            f"the {document.kind} was written by another version; upgrade this package"
        ) from error


def check_age(
    content: Bundle | DirectoryDocument,
    *,
    now: datetime,
    newest_seen: int = 0,
    tolerance: timedelta = CLOCK_TOLERANCE,
) -> None:
    """Require that a document has begun, has not ended and is not older than what was seen.

    Raises `PublicationError` for an older one and one from the future, `StaleBundleError`
    past its time.
    """
    name, number = _numbered(content)
    if number < max(newest_seen, 1):
        raise PublicationError(
            f"{name} {number} is older than {newest_seen}, which was in force; fetch the newest"
        )
    try:
        issued_at = parse_rfc3339(content.issued_at)
        expires_at = parse_rfc3339(content.expires_at)
    except ValueError as error:
        raise PublicationError(
            f"{name} {number} has no readable issue or expiry; publish it anew"
        ) from error
    if issued_at - now > tolerance:
        raise PublicationError(
            f"{name} {number} was issued at {content.issued_at}, which is still to come; "
            "set the clocks right"
        )
    if now >= expires_at:
        raise StaleBundleError(
            f"{name} {number} ended at {content.expires_at}; publish the policy again"
        )


def check_addressee(content: Bundle | DirectoryDocument, *, tenant: str, source: str) -> None:
    """Require that a document is for this tenant and, a bundle, for this source."""
    given = content.source if isinstance(content, Bundle) else source
    if (content.tenant, given) != (tenant, source):
        raise PublicationError(
            f"the document is for `{given}` of tenant `{content.tenant}`, not for `{source}` of "
            f"`{tenant}`; check the address and the settings"
        )


def write_document(document: SignedDocument, path: Path) -> None:
    """Write a document's file whole or not at all, and durably."""
    write_durably(path, write_envelope(document))


def read_document(path: Path, kind: DocumentKind) -> SignedDocument:
    """Read a document's file; not verified yet.

    Raises `SignatureError` for a file that is not what `write_document` wrote.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PublicationError(f"cannot read `{path.name}`: {error.strerror}") from error
    return read_envelope(content, kind)


def write_durably(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, at once and on disk. Raises `PublicationError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
            _sync_folder(path.parent)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PublicationError(f"cannot write `{path.name}`: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too; else a power cut could bring the old file back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _numbered(content: Bundle | DirectoryDocument) -> tuple[str, int]:
    if isinstance(content, Bundle):
        return "revision", content.revision
    return "directory", content.sequence
