"""The append-only audit log: hash-linked lines, durable before anyone is told.

One line an entry (`lines`), a Merkle tree over the lines (`tree_file`), signed
checkpoints of it (`checkpoints`). Opening checks the tail and the last checkpoint;
checking every byte is `fsck`'s work. Several processes may append to one log.

Source: RFC 9162 section 2.1 for the tree and its proofs.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from policy_service.audit import merkle
from policy_service.audit.checkpoints import (
    CHECKPOINTS_SUFFIX,
    CheckpointFile,
    Signer,
    Verifier,
    sign_checkpoint,
    verify_checkpoint,
)
from policy_service.audit.groups import GROUPS_SUFFIX, GroupFile, group_of, with_group
from policy_service.audit.lines import FIRST_PREVIOUS, read_entry, write_entry
from policy_service.audit.log_file import LogFile
from policy_service.audit.merkle import InclusionProof, leaf_hash
from policy_service.audit.tree_file import TREE_SUFFIX, Leaf, TreeFile
from policy_service.domain.audit import AuditEntry, AuditEvent, Checkpoint
from policy_service.domain.errors import AuditError, NotFoundError, SignatureError
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.kit.canonical import canonical_json
from policy_service.kit.clock import Clock, rfc3339

REPAIR_KIND = "log_repaired"
_LEAVES_AT_ONCE = 10_000


class AuditLog:
    """One log file. Threads may share it; it locks out other processes while it writes.

    Raises `AuditError` where the log is not what was written; then it stays
    closed: check it with `policy_service.audit.fsck` and restore it from a copy.
    Without a signer it cannot make checkpoints.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        signer: Signer | None,
        verifier: Verifier,
        origin: str = "policy-service",
    ) -> None:
        self._clock = clock
        self._signer = signer
        self._verifier = verifier
        self._origin = origin
        self._seen = 0
        self._previous = FIRST_PREVIOUS
        self._file = LogFile(path)
        self._tree = TreeFile(path.with_name(path.name + TREE_SUFFIX))
        self._checkpoints = CheckpointFile(path.with_name(path.name + CHECKPOINTS_SUFFIX))
        self._groups = GroupFile(path.with_name(path.name + GROUPS_SUFFIX))
        try:
            with self._file.locked():
                self._sync()
                self._check_last_checkpoint()
                self._repair_checkpoints()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "AuditLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. The log is whole at any time; this loses nothing."""
        self._groups.close()
        self._checkpoints.close()
        self._tree.close()
        self._file.close()

    def append(self, event: AuditEvent) -> AuditEntry:
        """Write one event; return when it is on disk."""
        return self.append_many((event,))[0]

    def append_many(self, events: Sequence[AuditEvent]) -> tuple[AuditEntry, ...]:
        """Write events next to each other; return when all are on disk.

        Raises `AuditError`; treat what the events are about as not having happened. After
        a crash the first of them may be found in the log without having been confirmed.
        """
        with self._file.locked():
            self._sync()
            return self._write(events)

    def append_group(self, event: AuditEvent, lines: Sequence[bytes]) -> AuditEntry:
        """Write `lines` and one entry that stands for them all; return when both are on disk.

        Raises `AuditError`; treat what the lines are about as not having happened.
        Requires at least one line, and none with a line end in it.
        """
        with self._file.locked():
            self._sync()
            group = self._groups.append(lines)
            try:
                return self._write((with_group(event, group),))[0]
            except (AuditError, OSError):
                self._groups.take_back(group)
                raise

    def checkpoint(self) -> Checkpoint:
        """Sign the log as it stands; the last checkpoint itself where nothing was added.

        Raises `AuditError` rather than sign a log that does not begin with what
        the last checkpoint covers.
        """
        if self._signer is None:
            raise AuditError("this log has no signing key; open it with one to make checkpoints")
        with self._file.locked():
            self._sync()
            self._repair_checkpoints()
            last = self._check_last_checkpoint()
            if last is not None and last.size == self._tree.size:
                return last
            made = sign_checkpoint(
                origin=self._origin,
                size=self._tree.size,
                root=self._root(self._tree.size),
                at=rfc3339(self._clock.now()),
                signer=self._signer,
            )
            self._checkpoints.append(made)
            return made

    def size(self) -> int:
        """Count the entries."""
        with self._file.locked():
            self._sync()
            return self._tree.size

    def root(self, size: int | None = None) -> bytes:
        """Return the Merkle root of the first `size` entries, of all by default."""
        with self._file.locked():
            self._sync()
            return self._root(self._known_size(size))

    def entry(self, index: int) -> AuditEntry:
        """Read one entry. Raises `NotFoundError`; `AuditError` where it was changed."""
        with self._file.locked():
            self._sync()
            self._require(index, self._tree.size)
            return self._read(self._line(index), index)

    def group(self, entry: AuditEntry) -> tuple[bytes, ...]:
        """Return the lines that `entry` stands for; none where it stands for itself alone.

        Raises `AuditError` where they are not what was written.
        """
        try:
            group = group_of(entry.event)
            return () if group is None else self._groups.read(group)
        except AuditError as error:
            raise self._damaged(entry.index, error.message) from error

    def newest(self, kind: str) -> Iterator[AuditEntry]:
        """Yield the entries of a kind, newest first. Raises `AuditError` at a changed one."""
        wanted = b'"kind":%s' % canonical_json(kind)
        with self._file.locked():
            self._sync()
            size = self._tree.size
        for index in reversed(range(size)):
            line = self._line(index)
            if wanted in line and (entry := self._read(line, index)).event.kind == kind:
                yield entry

    def find(self, *, kind: str | None = None, subject: str | None = None) -> Iterator[AuditEntry]:
        """Yield the entries of a kind, about a subject, oldest first; all where neither is given.

        Raises `AuditError` at an entry that was changed.
        """
        with self._file.locked():
            self._sync()
            size = self._tree.size
        wanted = [
            b'"%s":%s' % (name, canonical_json(value))
            for name, value in ((b"kind", kind), (b"subject", subject))
            if value is not None
        ]
        for index, (line, _) in zip(range(size), self._file.lines(0), strict=False):
            if not all(part in line for part in wanted):
                continue
            entry = self._read(line, index)
            if kind in (None, entry.event.kind) and subject in (None, entry.event.subject):
                yield entry

    def inclusion_proof(self, index: int, *, size: int | None = None) -> InclusionProof:
        """Prove entry `index` in the log of `size` entries, of all by default."""
        with self._file.locked():
            self._sync()
            known = self._known_size(size)
            self._require(index, known)
            return InclusionProof(
                index=index,
                size=known,
                leaf=self._tree.node(0, index),
                path=merkle.inclusion_proof(index, known, self._tree.node),
            )

    def consistency_proof(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """Prove that the log of `second` entries begins with the `first`. Requires first > 0."""
        with self._file.locked():
            self._sync()
            known = self._known_size(second)
            if not 0 < first <= known:
                raise NotFoundError(f"the log has no `{first}` entries to compare with `{known}`")
            return merkle.consistency_proof(first, known, self._tree.node)

    def _write(self, events: Sequence[AuditEvent]) -> tuple[AuditEntry, ...]:
        at = rfc3339(self._clock.now())
        end = self._file.size()
        previous = self._previous
        entries: list[AuditEntry] = []
        lines: list[bytes] = []
        leaves: list[Leaf] = []
        for index, event in enumerate(events, start=self._tree.size):
            written = write_entry(event, index=index, at=at, previous=previous)
            end += len(written.line) + 1
            previous = written.entry.sha256
            entries.append(written.entry)
            lines.append(written.line + b"\n")
            leaves.append(Leaf(hash=leaf_hash(written.line), end=end))
        self._file.append(b"".join(lines))
        self._extend(leaves, previous)
        return tuple(entries)

    def _sync(self) -> None:
        """Take in what other processes wrote, and mend what a crash tore. Requires the lock."""
        self._tree.refresh()
        covered = self._tree.size
        if covered != self._seen and not self._tail_fits():
            self._rebuild()
        self._read_new_lines(confirmed=covered)

    def _tail_fits(self) -> bool:
        """Compare the tree with the last entry it covers, and go on from there."""
        self._seen = last = self._tree.size
        end = self._require_length()
        if last == 0:
            return False
        line = self._line(last - 1)
        ended = self._file.read(end - 1, end) == b"\n"
        if not ended or leaf_hash(line) != self._tree.node(0, last - 1):
            return False
        self._previous = self._read(line, last - 1).sha256
        return True

    def _rebuild(self) -> None:
        self._tree.reset()
        self._seen = 0
        self._previous = FIRST_PREVIOUS

    def _read_new_lines(self, *, confirmed: int) -> None:
        end = self._require_length()
        size = self._file.size()
        if end == size:
            return
        index, previous, leaves = self._tree.size, self._previous, list[Leaf]()
        for line, line_end in self._file.lines(end):
            end = line_end
            entry = self._read(line, index)
            if entry.previous != previous:
                raise self._damaged(index, "it does not follow the entry before it")
            index, previous = index + 1, entry.sha256
            leaves.append(Leaf(hash=leaf_hash(line), end=end))
            if len(leaves) == _LEAVES_AT_ONCE:
                self._extend(leaves, previous)
                leaves = []
        self._extend(leaves, previous)
        if end < size:
            self._cut_torn_line(end, size, index < confirmed)

    def _cut_torn_line(self, end: int, size: int, confirmed: bool) -> None:
        if confirmed:  # whoever wrote it was told it is safe: this is damage, not a crash
            raise self._damaged(self._tree.size, "its line does not end")
        self._file.truncate(end)
        self._write((_repair_event(file="log", dropped_bytes=size - end),))

    def _extend(self, leaves: list[Leaf], previous: Sha256Hex) -> None:
        self._tree.append(leaves)
        self._seen = self._tree.size
        self._previous = previous

    def _check_last_checkpoint(self) -> Checkpoint | None:
        last = self._checkpoints.last()
        if last is None:
            return None
        try:
            root = verify_checkpoint(last, verifier=self._verifier)
        except SignatureError as error:
            raise AuditError(f"the last checkpoint cannot be trusted: {error.message}") from error
        if last.size > self._tree.size:
            raise AuditError(
                f"the audit log `{self._file.path}` has {self._tree.size} entries, "
                f"its last checkpoint covers {last.size}; restore it from a copy"
            )
        if self._root(last.size) != root:
            self._rebuild()  # the tree is a cache: only the log itself is evidence
            self._read_new_lines(confirmed=last.size)
        if self._root(last.size) != root:
            raise AuditError(
                f"the audit log `{self._file.path}` is not what its last checkpoint covers; "
                "check it with fsck and restore it from a copy"
            )
        return last

    def _repair_checkpoints(self) -> None:
        torn = self._checkpoints.drop_torn_line()
        if torn:
            self._write((_repair_event(file="checkpoints", dropped_bytes=torn),))

    def _require_length(self) -> int:
        """Return where the entries that the tree covers end; the log must reach as far."""
        end = self._tree.end_of(self._tree.size - 1)
        if end > self._file.size():
            raise AuditError(
                f"the audit log `{self._file.path}` got shorter: entries are missing; restore it "
                f"from a copy, or remove the `{TREE_SUFFIX}` file if it was restored on purpose"
            )
        return end

    def _known_size(self, size: int | None) -> int:
        known = self._tree.size
        if size is not None and not 0 <= size <= known:
            raise NotFoundError(f"the log has {known} entries, not `{size}`")
        return known if size is None else size

    def _require(self, index: int, size: int) -> None:
        if not 0 <= index < size:
            raise NotFoundError(f"entry `{index}` does not exist among {size}")

    def _root(self, size: int) -> bytes:
        return merkle.root_of(size, self._tree.node)

    def _line(self, index: int) -> bytes:
        return self._file.read(self._tree.end_of(index - 1), self._tree.end_of(index) - 1)

    def _read(self, line: bytes, index: int) -> AuditEntry:
        try:
            entry = read_entry(line)
        except ValueError as error:
            raise self._damaged(index, str(error)) from error
        if entry.index != index:
            raise self._damaged(index, f"it says it is entry {entry.index}")
        return entry

    def _damaged(self, index: int, problem: str) -> AuditError:
        return AuditError(
            f"entry {index} of the audit log `{self._file.path}` was changed: {problem}; "
            "check the log with fsck and restore it from a copy"
        )


def _repair_event(*, file: str, dropped_bytes: int) -> AuditEvent:
    return AuditEvent(
        kind=REPAIR_KIND,
        actor="audit",
        subject=file,
        details=Parameters(dropped_bytes=dropped_bytes),
    )
