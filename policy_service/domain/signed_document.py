"""What is signed and handed to enforcement points: one byte layout for every kind of document.

A document is the canonical JSON (RFC 8785) of a bundle, a directory or a set of keys. Its
signatures cover a line that says which kind it is, then those bytes, so that a signature fits
nothing else. The envelope is `{"<kind>": document, "sha256": …, "key_id": …, "signature": …,
"cosignatures": […]}`. Nothing is verified here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.bundle import Cosignature
from policy_service.domain.errors import SignatureError
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_hex

_DECODER = json.JSONDecoder()
_MARKS = frozenset({"sha256", "key_id", "signature", "cosignatures"})


class DocumentKind(StrEnum):
    """What a document is; its name in the envelope and in what is signed."""

    BUNDLE = "bundle"
    DIRECTORY = "directory"
    KEYSET = "keyset"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """A document as text, with its hash and its signatures, the issuer's first."""

    kind: DocumentKind
    text: str
    sha256: Sha256Hex
    signatures: tuple[Cosignature, ...]

    @property
    def etag(self) -> str:
        """Name this document with these signatures; a further signature is another tag."""
        if len(self.signatures) == 1:
            return str(self.sha256)
        signers = canonical_json(to_plain(self.signatures))
        return f"{self.sha256}.{sha256_hex(signers)[:16]}"


def signed_message(kind: DocumentKind, text: str) -> bytes:
    """Return the bytes that signatures of a document cover."""
    return f"policy-service {kind} v1\n".encode() + text.encode()


def document_text(value: object) -> str:
    """Write a domain value as the text of a document."""
    return canonical_json(to_plain(value)).decode()


def document_value(document: SignedDocument) -> object:
    """Read a document's text as plain JSON values."""
    try:
        value: object = json.loads(document.text)
    except (ValueError, RecursionError) as error:
        raise _damaged(document.kind) from error
    return value


def write_envelope(document: SignedDocument) -> bytes:
    """Write a document with its signatures, canonically if its text is canonical."""
    first, *others = document.signatures
    members = {
        "sha256": json.dumps(document.sha256),
        "key_id": json.dumps(first.key_id),
        "signature": json.dumps(first.signature),
        "cosignatures": document_text(tuple(others)),
        document.kind.value: document.text,
    }
    return join_members(members).encode()


def read_envelope(content: bytes, kind: DocumentKind) -> SignedDocument:
    """Take an envelope apart without trusting it. Raises `SignatureError` for anything else."""
    try:
        members = split_members(content.decode())
        if members.keys() - {"cosignatures"} != _MARKS - {"cosignatures"} | {kind.value}:
            raise ValueError("other members")
        marks = {name: json.loads(members[name]) for name in _MARKS & members.keys()}
        first = {"key_id": marks["key_id"], "signature": marks["signature"]}
        return SignedDocument(
            kind=kind,
            text=members[kind.value],
            sha256=from_plain(Sha256Hex, marks["sha256"]),
            signatures=from_plain(
                _Signatures, {"all": [first, *marks.get("cosignatures", ())]}
            ).all,
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(kind) from error


def split_members(text: str) -> dict[str, str]:
    """Split a JSON object without white space into the texts of its members.

    Raises `ValueError` for any other text, and where a name stands twice.
    """
    found: dict[str, str] = {}
    place = 0
    while text[place : place + 1] == ("," if found else "{"):
        name, colon = _DECODER.raw_decode(text, place + 1)
        if not isinstance(name, str) or name in found or text[colon : colon + 1] != ":":
            raise ValueError("no JSON object in the form that is signed")
        _, place = _DECODER.raw_decode(text, colon + 1)
        found[name] = text[colon + 1 : place]
    if text[place:] != "}" or not found:
        raise ValueError("no JSON object in the form that is signed")
    return found


def split_elements(text: str) -> list[str]:
    """Split a JSON list without white space into the texts of its elements.

    Raises `ValueError` for any other text.
    """
    found: list[str] = []
    place = 0
    if text == "[]":
        return found
    while text[place : place + 1] == ("," if found else "["):
        start = place + 1
        _, place = _DECODER.raw_decode(text, start)
        found.append(text[start:place])
    if text[place:] != "]" or not found:
        raise ValueError("no JSON list in the form that is signed")
    return found


def join_members(members: Mapping[str, str]) -> str:
    """Write members, given as JSON texts, as one object sorted by name."""
    written = (f"{json.dumps(name)}:{members[name]}" for name in sorted(members))
    return "{" + ",".join(written) + "}"


@dataclass(frozen=True, slots=True)
class _Signatures:
    all: tuple[Cosignature, ...]


def _damaged(kind: DocumentKind) -> SignatureError:
    return SignatureError(f"the {kind} is not what was signed; fetch it anew, do not use this one")
