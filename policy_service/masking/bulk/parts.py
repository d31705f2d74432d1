"""A table being written: finished parts in a private folder beside it, and the swap at the end.

The target appears only when it is whole. Parts that are finished stay when the work stops,
with a manifest that says what they were made from; they are used again only for the very
same work. One process at a time writes to a target. POSIX only, like `encryption.private_files`.
"""

import fcntl
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from policy_service.domain.errors import ConflictError, MaskingError, UsageError
from policy_service.masking.bulk.batches import FileForm, form_of

_MANIFEST, _LOCK, _PARTS = "manifest.json", "lock", "parts"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The finished parts of a target, numbered from 0. Get one from `open_parts`."""

    target: Path
    folder: Path

    def path(self, number: int) -> Path:
        """Name the file of a part."""
        return self.folder / _PARTS / f"part-{number:06d}.parquet"

    def rows(self, number: int) -> int | None:
        """Count the rows of a finished part; None where it is not finished."""
        path = self.path(number)
        if not path.is_file():
            return None
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())

    def write(self, number: int, frame: pl.DataFrame) -> None:
        """Finish a part: durable when this returns, whole or not there."""
        fresh = self.path(number).with_suffix(".new")
        keeps = form_of(self.target) is None  # a folder's parts are final
        with _writing(self.target):
            with os.fdopen(_private(fresh), "wb") as file:
                frame.write_parquet(file, compression="zstd" if keeps else "lz4")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path(number))

    def finish(self, count: int, *, overwrite: bool) -> None:
        """Put the table of `count` parts in the target's place and forget the parts.

        Raises `ConflictError` where the target exists and is not to be overwritten.
        """
        with _writing(self.target):
            whole = self._joined(count)
            _sync_folder(whole if whole.is_dir() else whole.parent)
            _swap(whole, self.target, overwrite=overwrite)
            _sync_folder(self.target.parent)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _joined(self, count: int) -> Path:
        form = form_of(self.target)
        if form is None:
            return self.folder / _PARTS
        whole = self.folder / f"whole.{form}"
        with suppress(FileNotFoundError):
            whole.unlink()
        scan = pl.scan_parquet([self.path(number) for number in range(count)], glob=False)
        with os.fdopen(_private(whole), "wb") as file:
            if form is FileForm.CSV:
                scan.sink_csv(file)
            else:
                scan.sink_parquet(file)
            file.flush()
            os.fsync(file.fileno())
        return whole


@contextmanager
def open_parts(
    target: Path, *, made_from: Mapping[str, str], fresh: bool, overwrite: bool
) -> Iterator[Parts]:
    """Open the parts of `target` for one process, those of an interrupted run among them.

    `made_from` names what the parts depend on. Raises `ConflictError` where the target
    exists (unless `overwrite`), another process writes it, or parts are left that were
    made from something else (unless `fresh`, which forgets them).
    """
    check_target(target, overwrite=overwrite)
    folder = target.with_name(f".{target.name}.masking")
    with _writing(target):
        folder.mkdir(mode=0o700, exist_ok=True)
        _check_private(folder)
    parts = Parts(target=target, folder=folder)
    with _locked(folder / _LOCK, target):
        with _writing(target):
            if fresh or not (folder / _MANIFEST).exists():
                _start(folder, made_from)
            else:
                _check_manifest(folder, made_from, target)
        yield parts


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a target that exists or has no folder to stand in."""
    if os.path.lexists(target) and not overwrite:
        raise ConflictError(f"`{target}` exists; name another, or add `--overwrite`")
    if target.is_symlink():
        raise UsageError(f"`{target}` is a link; name the place itself")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder `{target.parent}`; make it first")
    if target.exists() and (form_of(target) is None) is not target.is_dir():
        raise UsageError(f"`{target}` is a file where a folder is asked for, or the reverse")


def _start(folder: Path, made_from: Mapping[str, str]) -> None:
    for one in folder.iterdir():
        if one.name == _LOCK:
            continue
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()
    (folder / _PARTS).mkdir(mode=0o700)
    manifest = json.dumps(dict(made_from), sort_keys=True, indent=2)
    fresh = folder / f"{_MANIFEST}.new"
    with os.fdopen(_private(fresh), "w", encoding="utf-8") as file:
        file.write(manifest)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _MANIFEST)


def _check_manifest(folder: Path, made_from: Mapping[str, str], target: Path) -> None:
    try:
        found = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except ValueError:
        found = {}
    changed = [name for name, value in made_from.items() if found.get(name) != value]
    if changed:
        raise ConflictError(
            f"an interrupted run to `{target}` was made from other {' and '.join(changed)}; "
            "start over with `--fresh`"
        )


def _swap(whole: Path, target: Path, *, overwrite: bool) -> None:
    if not target.exists():
        check_target(target, overwrite=overwrite)
        if whole.is_dir():
            whole.rename(target)
        else:
            _link(whole, target)
    elif not overwrite:
        raise ConflictError(f"`{target}` came into being meanwhile; name another place")
    elif whole.is_dir():
        old = whole.with_name("replaced")
        target.rename(old)
        try:
            whole.rename(target)
        except OSError:
            old.rename(target)
            raise
    else:
        whole.replace(target)


def _link(whole: Path, target: Path) -> None:
    try:
        os.link(whole, target)  # unlike a rename, this never overwrites
    except FileExistsError:
        raise ConflictError(f"`{target}` came into being meanwhile; name another place") from None
    except OSError:  # not every file system has links
        whole.rename(target)


def _check_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ConflictError(f"`{folder}` is not a folder of yours; remove it")
    if found.st_mode & _OTHERS:
        raise ConflictError(f"folder `{folder}` is open to others; run `chmod 700`")


def _private(path: Path) -> int:
    """Open a new file that only its owner may use; one of an interrupted run goes first."""
    with suppress(FileNotFoundError):
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    with _writing(target):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(f"another process writes `{target}`; wait for it") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Say plainly that the target cannot be written; the writer's own words may hold a value."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "the disk may be full"
        raise MaskingError(f"`{target}` cannot be written: {reason}; nothing is shown") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise MaskingError(
            f"`{target}` cannot be written in this form; write a .parquet file or a folder"
        ) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
