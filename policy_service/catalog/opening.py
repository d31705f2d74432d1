"""From the address of a source to the open source: a database, files, a manifest.

A URL's first word says what it is. A bare path that exists is recognised by what lies
there. Nothing of an address but its kind and place ever reaches an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from policy_service.catalog.source import Source

# How a database file begins: where the sign stands, the sign, its kind.
_SIGNS = ((0, b"SQLite format 3\x00", "sqlite"), (8, b"DUCK", "duckdb"))


@contextmanager
def open_source(url: str, schema: str | None) -> Iterator[Source]:
    """Open the source at `url` for reading; `schema` None is its usual one.

    Raises `SourceUnreachableError` where there is none, or it cannot be read.
    """
    if "://" not in url and _exists(url):
        url = _recognised(Path(url))
    if _are_files(url):
        from policy_service.catalog.file_sources.recognise import open_files

        with open_files(_with_schema(url, schema)) as files:
            yield files
        return
    from policy_service.catalog.sources.database import open_database

    with open_database(url, schema) as database:
        yield database


def _with_schema(url: str, schema: str | None) -> str:
    """Ask descriptions of tables for one schema; folders refuse, for they have none."""
    if schema is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}schema={quote(schema)}"


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or a NUL in it
        return False


def _recognised(path: Path) -> str:
    """Write the URL of a database file; leave every other path as it is."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(32)
        for place, sign, kind in _SIGNS:
            if head[place:].startswith(sign):
                return f"{kind}:///{path}"
    return str(path)


def _are_files(url: str) -> bool:
    scheme, mark, _ = url.partition("://")
    if not mark:
        return _exists(url)
    from policy_service.catalog.file_sources.recognise import SCHEMES

    return scheme in SCHEMES
