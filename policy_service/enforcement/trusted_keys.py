"""The keys an enforcement point trusts: counting signatures, and moving to the next version.

Holds no private key and fetches nothing. Source of the idea: The Update Framework
specification, section 5.3: a new root is signed by the threshold of the old one and its own.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

from policy_service.domain.bundle import Cosignature
from policy_service.domain.errors import PublicationError, SignatureError
from policy_service.domain.keyset import SERVICE_HOLDER, Keyset, TrustedKey
from policy_service.domain.plain import from_plain
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_value,
    signed_message,
)
from policy_service.engines.cryptography import Ed25519Verifier, key_id_of
from policy_service.kit.clock import parse_rfc3339
from policy_service.kit.hashing import sha256_hex


class TrustedKeys:
    """One version of the keys, ready to verify with. Never changes; threads may share it."""

    def __init__(self, keyset: Keyset) -> None:
        """Raises `SignatureError` for a set that contradicts itself."""
        self.keyset = keyset
        self._keys = {key.key_id: key for key in keyset.keys}
        self._verifier = Ed25519Verifier(_public_keys(keyset))
        self._expires_at = _time(keyset.expires_at)
        self._retired = {key.key_id: _time(key.not_after) for key in keyset.keys if key.not_after}
        holders = {key.holder for key in keyset.keys}
        if keyset.version < 1 or not 1 <= keyset.threshold <= len(holders):
            raise SignatureError(
                f"key set {keyset.version} wants {keyset.threshold} signatures of "
                f"{len(holders)} holders; correct it"
            )

    @property
    def version(self) -> int:
        """Return the version of the key set."""
        return self.keyset.version

    @property
    def expires_at(self) -> datetime:
        """Return when the whole set ends."""
        return self._expires_at

    def check(self, document: SignedDocument, *, now: datetime) -> None:
        """Require the document's hash and enough signatures by keys that are trusted at `now`.

        Raises `SignatureError`: do not use the document.
        """
        if now >= self._expires_at:
            raise SignatureError(
                f"key set {self.version} ended at {self.keyset.expires_at}; fetch the next one"
            )
        self._check_at(document, now)

    def advance(self, document: SignedDocument, *, now: datetime) -> "TrustedKeys":
        """Return the next version, vouched for by this one and by itself.

        Raises `SignatureError` where it is not, and `PublicationError` for another version.
        """
        following = open_keyset(document)
        if following.version != self.version + 1:
            raise PublicationError(
                f"key set {following.version} does not follow {self.version}; fetch those between"
            )
        self._check_at(document, now)  # this version may have ended: it still names its successor
        following._check_at(document, now)
        return following

    def _check_at(self, document: SignedDocument, now: datetime) -> None:
        if sha256_hex(document.text.encode()) != document.sha256:
            raise SignatureError(f"the {document.kind} does not fit its hash; fetch it anew")
        holders, problems = self._holders(document, now)
        why = f": {problems[0]}" if problems else ""
        if document.kind is DocumentKind.DIRECTORY:
            # People join and leave by the hour, so the service alone vouches for the directory;
            # it gives nobody more than the roles of a bundle that all have signed.
            if SERVICE_HOLDER not in holders:
                raise SignatureError(f"the directory is not signed by the service{why}")
        elif len(holders) < self.keyset.threshold:
            raise SignatureError(
                f"the {document.kind} has {len(holders)} of {self.keyset.threshold} signatures "
                f"that key set {self.version} wants{why}"
            )

    def holder_of(self, document: SignedDocument, one: Cosignature, *, now: datetime) -> str:
        """Name who holds the key of one signature that fits. Raises `SignatureError`."""
        message = signed_message(document.kind, document.text)
        signature = raw_signature(one.signature)
        self._verifier.verify(key_id=one.key_id, message=message, signature=signature)
        retired_at = self._retired.get(one.key_id)
        if retired_at is not None and now >= retired_at:
            raise SignatureError(f"key `{one.key_id}` is retired; sign with the new one")
        return self._keys[one.key_id].holder

    def _holders(self, document: SignedDocument, now: datetime) -> tuple[set[str], list[str]]:
        """Name the holders whose signatures hold, and say what was wrong with the others."""
        holders: set[str] = set()
        problems: list[str] = []
        for one in document.signatures:
            try:
                holders.add(self.holder_of(document, one, now=now))
            except SignatureError as error:
                problems.append(error.message)
        return holders, problems


def open_keyset(document: SignedDocument) -> TrustedKeys:
    """Read a key set without trusting it: what an operator has handed over by hand."""
    try:
        return TrustedKeys(from_plain(Keyset, document_value(document)))
    except ValueError as error:
        raise SignatureError("the key set is of another version; upgrade this package") from error


def open_chain(
    root: SignedDocument, following: Sequence[SignedDocument], *, now: datetime
) -> TrustedKeys:
    """Go from the root that was handed over to the newest version, each vouched for."""
    keys = open_keyset(root)
    for document in following:
        if open_keyset(document).version > keys.version:
            keys = keys.advance(document, now=now)
    return keys


def raw_signature(text: str) -> bytes:
    """Decode a signature's base64. Raises `SignatureError`."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature is not base64; fetch the document anew") from error
    if base64.b64encode(raw).decode("ascii") != text:  # one spelling, so that nothing is malleable
        raise SignatureError("the signature is not base64 as it is written; fetch it anew")
    return raw


def _public_keys(keyset: Keyset) -> list[bytes]:
    if len({key.key_id for key in keyset.keys}) != len(keyset.keys):
        raise SignatureError(f"key set {keyset.version} names a key twice; correct it")
    return [_public_key(key) for key in keyset.keys]


def _public_key(key: TrustedKey) -> bytes:
    try:
        raw = base64.b64decode(key.public_key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(f"key `{key.key_id}` is not base64; export the keys anew") from error
    if key_id_of(raw) != key.key_id:
        raise SignatureError(f"key `{key.key_id}` has another id; export the keys anew")
    return raw


def _time(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise SignatureError("a key set has a time that cannot be read; export it anew") from error
