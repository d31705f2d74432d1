"""The log's tree beside the log: every complete subtree, and where each entry ends.

A cache and never evidence: it holds nothing that the log does not, is checked
against the log's tail and its last checkpoint when opened, and is made anew when it
does not fit. Records are of fixed size in the flat layout of `merkle`: 32 bytes of
hash, 8 bytes of log offset (the end of the entry that completed the node).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from policy_service.audit.merkle import HASH_BYTES, completed_nodes, node_count, node_position

TREE_SUFFIX = ".tree"
_OFFSET_BYTES = 8
_RECORD_BYTES = HASH_BYTES + _OFFSET_BYTES
_CLOSED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry to come: its leaf hash, and the log offset at which its line has ended."""

    hash: bytes
    end: int


class TreeFile:
    """The nodes over `size` entries. Not locked: its log's lock covers it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.size = 0
        self.refresh()

    def close(self) -> None:
        """Let go of the file; closing again does nothing, for its number may be another's."""
        descriptor, self._file = self._file, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)

    def refresh(self) -> None:
        """See what other processes appended; a torn end does not count."""
        self.size = _leaves_within(os.fstat(self._file).st_size // _RECORD_BYTES)

    def reset(self) -> None:
        """Forget everything, so that the tree is made anew."""
        os.ftruncate(self._file, 0)
        self.size = 0

    def append(self, leaves: list[Leaf]) -> None:
        """Add leaves in order. A crash between leaves and sync costs a rebuild, no evidence."""
        start = node_count(self.size)
        fresh: list[bytes] = []
        records: list[bytes] = []

        def node(level: int, index: int) -> bytes:
            place = node_position(level, index) - start
            return fresh[place] if place >= 0 else self.node(level, index)

        for index, leaf in enumerate(leaves, start=self.size):
            nodes = completed_nodes(index, leaf.hash, node)
            fresh += nodes
            end = leaf.end.to_bytes(_OFFSET_BYTES)
            records += [one + end for one in nodes]
        self._write(b"".join(records), start * _RECORD_BYTES)
        self.size += len(leaves)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree: the `NodeSource` of this tree."""
        return self._record(node_position(level, index))[:HASH_BYTES]

    def end_of(self, index: int) -> int:
        """Return the log offset behind entry `index`; 0 for -1."""
        if index < 0:
            return 0
        return int.from_bytes(self._record(node_position(0, index))[HASH_BYTES:])

    def _write(self, data: bytes, at: int) -> None:
        while data:
            written = os.pwrite(self._file, data, at)
            data, at = data[written:], at + written

    def _record(self, position: int) -> bytes:
        return os.pread(self._file, _RECORD_BYTES, position * _RECORD_BYTES)


def remembered_entries(path: Path) -> int:
    """Count the entries that the tree file at `path` has seen; 0 where there is none."""
    return _leaves_within(path.stat().st_size // _RECORD_BYTES) if path.exists() else 0


def _leaves_within(records: int) -> int:
    """Return how many leaves have all their nodes within so many records."""
    size = records // 2
    while node_count(size + 1) <= records:
        size += 1
    return size
