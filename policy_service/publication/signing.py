"""Signing: what is enforced is, byte for byte, what was published.

Signatures cover the canonical bytes (RFC 8785) after a line that says what is signed (see
`domain.signed_document`). Keys live elsewhere; verifying is for whoever enforces.
"""

import base64
from dataclasses import replace
from typing import Protocol

from policy_service.domain.bundle import Bundle, Cosignature, SignedBundle
from policy_service.domain.errors import PublicationError
from policy_service.domain.fleet import DirectoryDocument
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.keyset import Keyset
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_text,
    signed_message,
)
from policy_service.kit.hashing import sha256_hex


class Signer(Protocol):
    """Signs with one named key."""

    @property
    def key_id(self) -> str:
        """Name the key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`."""
        ...


def sign_bundle(bundle: Bundle, *, signer: Signer) -> SignedBundle:
    """Sign a bundle. Raises `PublicationError` for a preview, whose revision is 0."""
    if bundle.revision < 1:
        raise PublicationError("a preview has no revision and is never signed; publish the draft")
    document = _sign(DocumentKind.BUNDLE, document_text(bundle), (signer,))
    return SignedBundle(
        bundle=bundle,
        sha256=document.sha256,
        key_id=document.signatures[0].key_id,
        signature=document.signatures[0].signature,
    )


def cosign_bundle(signed: SignedBundle, *, signer: Signer) -> SignedBundle:
    """Add a further signature; one by a key that has signed already changes nothing."""
    if signer.key_id in {signed.key_id, *(one.key_id for one in signed.cosignatures)}:
        return signed
    added = signature_of(DocumentKind.BUNDLE, document_text(signed.bundle), signer)
    return replace(signed, cosignatures=(*signed.cosignatures, added))


def sign_directory(directory: DirectoryDocument, *, signer: Signer) -> SignedDocument:
    """Sign the people of a tenant as enforcement points get them."""
    return _sign(DocumentKind.DIRECTORY, document_text(directory), (signer,))


def sign_keyset(keyset: Keyset, *, signers: tuple[Signer, ...]) -> SignedDocument:
    """Sign a version of the trusted keys with one key or more."""
    return _sign(DocumentKind.KEYSET, document_text(keyset), signers)


def signature_of(kind: DocumentKind, text: str, signer: Signer) -> Cosignature:
    """Sign the text of a document with one key."""
    raw = signer.sign(signed_message(kind, text))
    return Cosignature(key_id=signer.key_id, signature=base64.b64encode(raw).decode("ascii"))


def _sign(kind: DocumentKind, text: str, signers: tuple[Signer, ...]) -> SignedDocument:
    return SignedDocument(
        kind=kind,
        text=text,
        sha256=Sha256Hex(sha256_hex(text.encode())),
        signatures=tuple(signature_of(kind, text, signer) for signer in signers),
    )
