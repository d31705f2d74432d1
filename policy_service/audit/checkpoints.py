"""Checkpoints: signed statements of how long the log is and what its root is.

Kept one canonical JSON line each beside the log, and meant to be copied away: what a
checkpoint covers cannot be changed or cut off unseen. The signed message is the
canonical JSON of the checkpoint without its signature (RFC 8785, RFC 8032).
"""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from policy_service.audit.log_file import LogFile
from policy_service.domain.audit import Checkpoint
from policy_service.domain.errors import AuditError, SignatureError
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json

CHECKPOINTS_SUFFIX = ".checkpoints"


class Signer(Protocol):
    """Whoever holds the log's signing key."""

    @property
    def key_id(self) -> str:
        """Name the public key that verifies."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign `message`."""
        ...


class Verifier(Protocol):
    """Whoever knows the trusted public keys."""

    def verify(self, *, key_id: str, message: bytes, signature: bytes) -> None:
        """Raise `SignatureError` unless the trusted key `key_id` signed `message`."""
        ...


class CheckpointFile:
    """The checkpoints of one log, oldest first. Its log's lock covers it."""

    def __init__(self, path: Path) -> None:
        self._file = LogFile(path)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def append(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint durably."""
        self._file.append(write_checkpoint(checkpoint) + b"\n")

    def last(self) -> Checkpoint | None:
        """Return the newest checkpoint. Raises `AuditError` where it cannot be read."""
        newest = None
        for newest, _ in self._file.lines(0):  # noqa: B007 - only the last is wanted
            pass
        if newest is None:
            return None
        try:
            return read_checkpoint(newest)
        except ValueError as error:
            raise AuditError(
                f"the last checkpoint in `{self._file.path}` is damaged; check the log"
            ) from error

    def drop_torn_line(self) -> int:
        """Cut off a last line that a crash left half written; return its bytes."""
        end = 0
        for _, end in self._file.lines(0):  # noqa: B007 - only the last end is wanted
            pass
        torn = self._file.size() - end
        if torn:
            self._file.truncate(end)
        return torn


def sign_checkpoint(*, origin: str, size: int, root: bytes, at: str, signer: Signer) -> Checkpoint:
    """State that the log `origin` of `size` entries has this root."""
    unsigned = Checkpoint(
        origin=origin,
        size=size,
        root=base64.b64encode(root).decode(),
        at=at,
        key_id=signer.key_id,
        signature="",
    )
    signature = base64.b64encode(signer.sign(_message(unsigned))).decode()
    return replace(unsigned, signature=signature)


def verify_checkpoint(checkpoint: Checkpoint, *, verifier: Verifier) -> bytes:
    """Return the root that a trusted key signed. Raises `SignatureError`."""
    try:
        signature = base64.b64decode(checkpoint.signature, validate=True)
        root = base64.b64decode(checkpoint.root, validate=True)
    except ValueError as error:
        raise SignatureError("a checkpoint is not in base64; do not use it") from error
    verifier.verify(key_id=checkpoint.key_id, message=_message(checkpoint), signature=signature)
    return root


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Write a checkpoint as one canonical line, without a line end."""
    return canonical_json(to_plain(checkpoint))


def read_checkpoint(line: bytes) -> Checkpoint:
    """Read what `write_checkpoint` wrote; refuse any other spelling with `ValueError`."""
    checkpoint = from_plain(Checkpoint, json.loads(line))
    signature = base64.b64decode(checkpoint.signature, validate=True)
    exact = base64.b64encode(signature).decode() == checkpoint.signature
    if not exact or write_checkpoint(checkpoint) != line:
        raise ValueError("it is not in canonical form")
    return checkpoint


def _message(checkpoint: Checkpoint) -> bytes:
    plain = to_plain(checkpoint)
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass becomes an object
    return canonical_json({name: value for name, value in plain.items() if name != "signature"})
