"""Files that hold secrets: private to their owner, written whole or not at all.

Not encrypted by itself; what stands in a file is its caller's business. POSIX only.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from policy_service.domain.errors import EncryptionError, KeyUnavailableError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path) -> bytes:
    """Read a file that only its owner may use. Raises `KeyUnavailableError`."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeyUnavailableError(
                    f"key file `{path}` is open to others; run `chmod 600`, then rotate its keys"
                )
            return file.read()
    except FileNotFoundError as error:
        raise KeyUnavailableError(f"key file `{path}` does not exist; create it") from error
    except OSError as error:
        raise KeyUnavailableError(
            f"key file `{path}` cannot be read: {error.strerror}; check its permissions"
        ) from error


def write_private(path: Path, data: bytes, *, replace: bool) -> None:
    """Write a 0600 file atomically and durably.

    Raises `EncryptionError` where it cannot be written, or exists and `replace`
    is false; then nothing has changed.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _write_durably(fresh, data)
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path)  # unlike a rename, this never overwrites
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise EncryptionError(f"key file `{path}` exists; it is never overwritten") from error
    except OSError as error:
        raise EncryptionError(f"cannot write key file `{path}`: {error.strerror}") from error
    finally:
        with suppress(OSError):
            fresh.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Change the file at `path` alone, among all processes that ask for it here."""
    lock = path.with_name(f".{path.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EncryptionError(f"cannot lock key file `{path}`: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_durably(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
