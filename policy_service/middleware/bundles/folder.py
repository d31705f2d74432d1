"""The agent's folder: the last good documents, the way of the keys, and what was seen before.

Documents are read unverified; who loads them verifies them anew. What was seen (the marks) is
what makes an old bundle an old one after a restart, so marks that cannot be read are an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policy_service.domain.errors import PublicationError, SignatureError
from policy_service.domain.plain import from_plain
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_text,
    read_envelope,
    split_elements,
    write_envelope,
)
from policy_service.kit.late import LateModule

if TYPE_CHECKING:
    from policy_service.enforcement import bundle_file
else:
    bundle_file = LateModule("policy_service.enforcement.bundle_file")

_MARKS, _KEYSETS = "seen.json", "keysets.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The newest of everything that was ever in force here, and the last good contact."""

    revision: int = 0
    bundle_sha256: str = ""
    directory: int = 0
    directory_sha256: str = ""
    contact_at: str = ""  # RFC 3339


class AgentFolder:
    """Reads and writes the files of one agent; two agents never share a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, kind: DocumentKind) -> SignedDocument | None:
        """Read the last good document; none where there is none yet. Raises `SignatureError`."""
        path = self._path / f"{kind}.json"
        return bundle_file.read_document(path, kind) if path.exists() else None

    def write(self, document: SignedDocument) -> None:
        """Keep a document in the place of the one before it."""
        bundle_file.write_document(document, self._path / f"{document.kind}.json")

    def read_keysets(self) -> tuple[SignedDocument, ...]:
        """Read the key sets that followed the root, oldest first. Raises `SignatureError`."""
        try:
            content = (self._path / _KEYSETS).read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise PublicationError(f"cannot read `{_KEYSETS}`: {error.strerror}") from error
        return read_keysets(content)

    def write_keysets(self, documents: tuple[SignedDocument, ...]) -> None:
        """Keep the key sets that followed the root."""
        bundle_file.write_durably(
            self._path / _KEYSETS, b"[" + b",".join(write_envelope(one) for one in documents) + b"]"
        )

    def read_marks(self) -> Marks:
        """Read what was seen; nothing where nothing was. Raises `PublicationError` when damaged."""
        path = self._path / _MARKS
        try:
            return from_plain(Marks, json.loads(path.read_bytes()))
        except FileNotFoundError:
            return Marks()
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise PublicationError(
                f"cannot read `{_MARKS}`, so an old bundle could pass for a new one; remove the "
                "agent's folder if you trust what the service sends next"
            ) from error

    def write_marks(self, marks: Marks) -> None:
        """Keep what was seen."""
        bundle_file.write_durably(self._path / _MARKS, document_text(marks).encode())


def read_keysets(content: bytes) -> tuple[SignedDocument, ...]:
    """Take a list of key sets apart, unverified. Raises `SignatureError`."""
    try:
        texts = split_elements(content.decode())
    except (ValueError, RecursionError) as error:
        raise SignatureError("the key sets are not what was sent; fetch them anew") from error
    return tuple(read_envelope(text.encode(), DocumentKind.KEYSET) for text in texts)
