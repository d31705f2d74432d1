"""Text files opened line by line, plain or gzipped, in the encoding that their bytes show.

UTF-8 with or without a byte-order mark, UTF-16 with one, else Windows-1252 or, where bytes
stand for nothing there, Latin-1. Bytes that do not fit become a sign that stands for them:
one bad byte does not stop a scan. A line has an end here, whatever the file says.
"""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from policy_service.domain.errors import CatalogError

_LOOKED_AT_BYTES = 1 << 20
_LONGEST_LINE = 1 << 24  # signs
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNUSED_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")


def find_encoding(path: Path) -> str:
    """Name the encoding that the first megabyte of a file shows.

    Raises `CatalogError` for a file that is not text.
    """
    with _open_bytes(path) as file:
        head = file.read(_LOOKED_AT_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.count(b"\0") > len(head) // 10:
        raise CatalogError(
            f"`{path.name}` is not text, or UTF-16 without a byte-order mark; save it as UTF-8"
        )
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head, final=False)
    bad = text.count("\ufffd")
    # A few broken signs among good ones are damage; only broken ones are another encoding.
    if not bad or sum(not sign.isascii() for sign in text) > 2 * bad:
        return "utf-8"
    return "latin-1" if _UNUSED_1252 & set(head) else "cp1252"


def check_encoding(name: str) -> str:
    """Return the name of a text encoding as Python knows it. Raises `CatalogError`."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise CatalogError(
            f"there is no text encoding `{name[:40]}`; name one such as `utf-8` or `cp1250`"
        ) from None
    return found.name


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file, gzipped where its name ends in `.gz`, as text with its line ends kept."""
    with _open_bytes(path) as file:
        yield io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")


def bounded_lines(file: TextIO, name: str) -> Iterator[str]:
    """Yield the lines of a file. Raises `CatalogError` for one over 16 million signs."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise CatalogError(
                f"`{name}` has a line of more than {_LONGEST_LINE} signs; check its line ends"
            )
        yield line


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=plain, mode="rb") as packed:
                yield cast(BinaryIO, packed)  # as TextIOWrapper takes it; its stub is wider
        else:
            yield plain
