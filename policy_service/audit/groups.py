"""Groups: many lines that one entry of the log stands for, kept in a file beside it.

The entry states where its lines are, how many there are and the hash of their bytes as
they stand, so that one entry, one sync and one proof cover them all. Lines are durable
before their entry is: what a crash leaves behind without an entry was never confirmed
and counts for nothing. A line is bytes of whoever recorded it; nothing here reads it.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from policy_service.audit.log_file import LogFile
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.kit.hashing import sha256_hex

GROUPS_SUFFIX = ".groups"
_START, _BYTES, _LINES, _HASH = "group_start", "group_bytes", "group_lines", "group_sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Where the lines of one entry stand, and what they hash to."""

    start: int  # offset in the groups file
    size_bytes: int  # line ends included
    lines: int
    sha256: Sha256Hex


class GroupFile:
    """The lines of one log's groups. Its log's lock covers it; made when first written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: LogFile | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def append(self, lines: Sequence[bytes]) -> Group:
        """Write `lines` durably. Requires at least one, and none with a line end in it."""
        body = b"\n".join(lines) + b"\n"
        if not lines or body.count(b"\n") != len(lines):
            raise AuditError("a group has one or more lines, and a line no end within")
        file = self._opened()
        start = file.size()
        file.append(body)
        return Group(
            start=start,
            size_bytes=len(body),
            lines=len(lines),
            sha256=Sha256Hex(sha256_hex(body)),
        )

    def take_back(self, group: Group) -> None:
        """Drop the newest group, whose entry could not be written; at worst it stays unclaimed."""
        with suppress(OSError):
            self._opened().truncate(group.start)

    def read(self, group: Group) -> tuple[bytes, ...]:
        """Return the lines of a group. Raises `AuditError` where they are not what was written."""
        return read_group(self._path, group)

    def _opened(self) -> LogFile:
        if self._file is None:
            self._file = LogFile(self._path)
        return self._file


def with_group(event: AuditEvent, group: Group) -> AuditEvent:
    """Have `event` stand for `group`."""
    stated = {
        _START: group.start,
        _BYTES: group.size_bytes,
        _LINES: group.lines,
        _HASH: group.sha256,
    }
    return replace(event, details=Parameters({**event.details, **stated}))


def group_of(event: AuditEvent) -> Group | None:
    """Return the group that `event` stands for, if any. Raises `AuditError` where it is garbled."""
    details = event.details
    if _HASH not in details:
        return None
    try:
        return Group(
            start=details.integer(_START, -1),
            size_bytes=details.integer(_BYTES, -1),
            lines=details.integer(_LINES, -1),
            sha256=Sha256Hex(details.text(_HASH)),
        )
    except TypeError as error:
        raise AuditError("it does not say which lines it stands for") from error


def read_group(path: Path, group: Group) -> tuple[bytes, ...]:
    """Read a group from the groups file at `path`; see `GroupFile.read`."""
    body = _read(path, group.start, group.size_bytes)
    if sha256_hex(body) != group.sha256 or body.count(b"\n") != group.lines:
        raise AuditError(
            f"the lines it stands for, {group.size_bytes} bytes from {group.start} on in "
            f"`{path.name}`, are not those that were written"
        )
    return tuple(body[:-1].split(b"\n"))


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            # What an entry claims must not make a reader ask for more than there is.
            left = max(os.fstat(file.fileno()).st_size - start, 0)
            file.seek(max(start, 0))
            return file.read(min(max(size_bytes, 0), left))
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise AuditError(f"cannot read `{path}`: {error.strerror}") from error
