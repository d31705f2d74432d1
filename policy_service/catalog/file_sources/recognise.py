"""What lies behind the address of a file source, and how to open it.

`parquet:///folder`, `csv:///folder`, `ndjson:///folder`, `dbt:///target/manifest.json`,
`openmetadata:///tables.yaml`, `datahub:///events.json`, `fides:///dataset.yml`, or a path
alone, which its content explains. As with SQLite, three slashes come before a relative
path and four before an absolute one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl

from policy_service.catalog.file_sources.datahub import read_datahub
from policy_service.catalog.file_sources.dbt import read_dbt
from policy_service.catalog.file_sources.declared import DeclaredSource, DeclaredTable
from policy_service.catalog.file_sources.delimited_form import DelimitedOptions
from policy_service.catalog.file_sources.discovery import FileForm, form_of
from policy_service.catalog.file_sources.documents import Part, read_document
from policy_service.catalog.file_sources.fides import read_fides
from policy_service.catalog.file_sources.folder import FolderSource
from policy_service.catalog.file_sources.open_metadata import read_open_metadata, tables_of
from policy_service.catalog.file_sources.text_files import check_encoding
from policy_service.domain.errors import CatalogError, SourceUnreachableError

_READERS: Mapping[str, Callable[[Path], tuple[DeclaredTable, ...]]] = {
    "dbt": read_dbt,
    "openmetadata": read_open_metadata,
    "datahub": read_datahub,
    "fides": read_fides,
}
_DOCUMENTS = frozenset({".json", ".yaml", ".yml"})
_DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_LONGEST_PATH = 4_096
SCHEMES = (*FileForm, *_READERS)


@contextmanager
def open_files(url: str) -> Iterator[FolderSource | DeclaredSource]:
    """Open the files or the description of tables at a URL or path, for reading.

    Raises `CatalogError` for an address that is wrong, or content that is not what it says.
    """
    scheme, path, options = _parse(url)
    scheme = scheme or _recognise(path)
    if scheme in _READERS:
        schema = options.pop("schema", None)
        _refuse_rest(options, scheme)
        yield DeclaredSource(_READERS[scheme](path), dialect=scheme, schema=schema, place=path.name)
        return
    only = FileForm(scheme) if scheme else None
    delimited = _delimited_options(options) if only in {None, FileForm.CSV} else DelimitedOptions()
    _refuse_rest(options, scheme or "files")
    yield FolderSource(path, only=only, options=delimited)


def _parse(url: str) -> tuple[str, Path, dict[str, str]]:
    scheme, mark, rest = url.partition("://")
    if not mark:
        scheme, rest = "", url
    elif scheme not in SCHEMES:
        known = ", ".join(f"`{one}`" for one in SCHEMES)
        raise SourceUnreachableError(f"there are no file sources of this kind; use one of {known}")
    elif not rest.startswith("/"):
        raise SourceUnreachableError(
            f"write `{scheme}:///folder` with three slashes: there is no host in it"
        )
    else:
        rest = rest[1:]
    bare, _, query = rest.partition("?")
    path = _existing(bare, scheme)
    return scheme, path, dict(parse_qsl(query, keep_blank_values=True))


def _existing(written: str, scheme: str) -> Path:
    path = Path(written or ".")
    try:
        if path.exists():
            return path
        absolute = bool(scheme) and Path(f"/{written}").exists()
    except (OSError, ValueError):  # too long, or a NUL in it
        absolute = False
    if len(written) > _LONGEST_PATH or not written.isprintable():
        raise SourceUnreachableError(
            "this path cannot be looked up; check its length and its signs"
        )
    hint = f"; an absolute path has four slashes: `{scheme}:////…`" if absolute else ""
    raise SourceUnreachableError(f"there is no file or folder `{path}`{hint or '; check the path'}")


def _recognise(path: Path) -> str:
    """Name the scheme that the content of a path calls for; empty for rows of any form."""
    if path.is_dir():
        return ""
    if form_of(path, None) is not None:
        return ""
    if path.suffix.lower() in _DOCUMENTS:
        found = _scheme_of(read_document(path))
        if found:
            return found
    raise CatalogError(
        f"it is not clear what `{path.name}` describes; say it by the URL's first word, such as "
        "`openmetadata:///…`, or `sqlite:///…` for a database file"
    )


def _scheme_of(document: Part) -> str:
    first = next(document.items(), document) if isinstance(document.value, list) else document
    if not first.is_mapping():
        return ""
    if first.has("metadata") and first.has("nodes"):
        return "dbt"
    if first.has("dataset"):
        return "fides"
    if any(map(first.has, ("proposedSnapshot", "aspectName", "aspects", "fields"))):
        return "datahub"
    table = next(tables_of(document), None)
    return (
        "openmetadata" if table is not None and table.is_mapping() and table.has("columns") else ""
    )


def _delimited_options(options: dict[str, str]) -> DelimitedOptions:
    """Take what the URL says of CSV files out of its options."""
    encoding, delimiter = options.pop("encoding", None), options.pop("delimiter", None)
    header = options.pop("header", None)
    if header not in {None, "first", "none"}:
        raise CatalogError("`header` is `first` or `none`")
    cut = _DELIMITERS.get(delimiter, delimiter) if delimiter is not None else None
    if cut is not None and (len(cut) != 1 or cut in '"\r\n'):
        raise CatalogError("`delimiter` is one sign, or `tab`, `comma`, `semicolon`, `pipe`")
    return DelimitedOptions(
        encoding=check_encoding(encoding) if encoding else None,
        delimiter=cut,
        header=None if header is None else header == "first",
    )


def _refuse_rest(options: Mapping[str, str], scheme: str) -> None:
    if options:
        unknown = sorted(options)[0][:40]
        raise CatalogError(f"a source of the kind `{scheme}` has no option `{unknown}`")
