"""The log's bytes: lines that are appended durably, under a lock between processes.

Knows nothing of what a line says. `flock` locks belong to the open file, so that two
logs over one path exclude each other within one process too. POSIX only.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from policy_service.domain.errors import AuditError

_CHUNK_BYTES = 1 << 20
_CLOSED = -1


class LogFile:
    """One append-only file, made (mode 0600) when it does not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.Lock()
        self._process = os.getpid()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise AuditError(f"cannot open the audit log `{path}`: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file; closing again does nothing, for its number may be another's."""
        descriptor, self._file = self._file, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file alone, among threads and processes.

        What the disk refuses meanwhile becomes an `AuditError`. A fork would share the
        lock with its parent, so a log is used only by the process that opened it.
        """
        if os.getpid() != self._process:
            raise AuditError(f"the audit log `{self.path}` was opened before a fork; open it anew")
        if self._file == _CLOSED:
            raise AuditError(f"the audit log `{self.path}` is closed; open it anew")
        with self._threads:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX)
                yield
            except OSError as error:
                raise AuditError(
                    f"the audit log `{self.path}` cannot be used: {error.strerror}; "
                    "nothing was confirmed, make room and try again"
                ) from error
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def size(self) -> int:
        """Return how many bytes the file has."""
        return os.fstat(self._file).st_size

    def append(self, data: bytes) -> None:
        """Write `data` at the end and return when it is on disk. Requires the lock.

        Raises `OSError`; then the file is what it was before, as far as the disk allows.
        """
        before = self.size()
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            with suppress(OSError):
                self.truncate(before)
            raise

    def truncate(self, size: int) -> None:
        """Drop what stands behind `size` bytes. Requires the lock."""
        os.ftruncate(self._file, size)
        os.fsync(self._file)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`, fewer where the file ends before."""
        return os.pread(self._file, max(end - start, 0), start)

    def lines(self, start: int) -> Iterator[tuple[bytes, int]]:
        """Yield each whole line from `start` on, without its line end, and where it ends."""
        rest, position = b"", start
        while chunk := os.pread(self._file, _CHUNK_BYTES, position + len(rest)):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                position += len(line) + 1
                yield line, position


def _sync_folder(folder: Path) -> None:
    """Make the file's name durable, not only its bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
