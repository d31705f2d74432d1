"""OSCAL catalogues and profiles in JSON, YAML and XML, versions 1.0 and 1.1, to documents.

The three syntaxes are read to one tree of plain values (`oscal_source.py`), so that the same
content gives equal documents. A profile among the files is resolved against its catalogue
(`oscal_profile.py`). Not a validator: what no provision needs is not looked at. Source: NIST
OSCAL 1.1.2, catalog and profile models, and the profile resolution specification.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.office.outline import slug_of
from policy_service.corpus.importers.oscal.controls import parts_of_catalog
from policy_service.corpus.importers.oscal.profile import Source, resolve
from policy_service.corpus.importers.oscal.prose import words
from policy_service.corpus.importers.oscal.source import model_of, read_tree
from policy_service.corpus.importers.oscal.tree import Node, nodes, text_of
from policy_service.domain.errors import CorpusError

_MODELS = ("catalog", "profile")
_NIST = re.compile(r"(?:NIST\s+)?(?:Special Publication|SP)\s+(800-\d+[A-Z]?)", re.IGNORECASE)


def recognises(file: SourceFile) -> bool:
    """Say whether a file is an OSCAL document of any model."""
    return bool(model_of(file))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read catalogues, and profiles resolved against the catalogues among the files.

    A catalogue that a profile of the same import selects from is not a document of its own.
    """
    sources = tuple(_source(file) for file in files)
    used: set[str] = set()
    resolved: list[Document] = []
    for source in sources:
        if source.model == "profile":
            resolution = resolve(source, sources)
            used.update(resolution.files)
            resolved.append(_document(source, resolution.catalog, resolution.files))
    catalogs = (
        _document(source, source.root, (source.name,))
        for source in sources
        if source.model == "catalog" and source.name not in used
    )
    return (*catalogs, *resolved)


def _source(file: SourceFile) -> Source:
    model = model_of(file)
    if model not in _MODELS:
        raise CorpusError(
            f"`{file.name}` is an OSCAL {model.replace('-', ' ')}, which holds no provisions: "
            "give a catalog or a profile"
        )
    tree = read_tree(file)
    root = tree.get(model)
    if not isinstance(root, Mapping) or not isinstance(root.get("metadata"), Mapping):
        raise CorpusError(f"`{file.name}` is an OSCAL {model} without metadata: fetch it again")
    return Source(name=file.name, model=model, root=root)


def _document(source: Source, catalog: Node, files: tuple[str, ...]) -> Document:
    metadata = source.root["metadata"]
    if not isinstance(metadata, Mapping):
        raise CorpusError(f"`{source.name}` has no metadata: fetch it again")
    title = words(metadata, "title")
    parts = parts_of_catalog(catalog, source.name)
    if not parts:
        raise CorpusError(f"`{source.name}` holds no controls: check that it is the right file")
    tailored = source.model == "profile" or _is_resolved(metadata)
    return Document(
        format=f"oscal-{text_of(metadata.get('oscal-version')) or '1'}",
        title=title,
        parts=parts,
        identifiers=tuple(_identifiers(title, tailored=tailored)),
        language="en",
        version=text_of(metadata.get("version")),
        version_date=_date(metadata),
        files=files,
        facts={"note": _tailored_note(title)} if tailored else {},
    )


def _identifiers(title: str, *, tailored: bool) -> Iterator[str]:
    """Name a catalogue; a selection of its controls is another instrument with another name."""
    if not tailored and (match := _NIST.search(title)):
        yield f"oscal:nist-sp-{match[1].lower()}"
    yield f"oscal:{slug_of(title, most=100)}"


def _tailored_note(title: str) -> str:
    match = _NIST.search(title)
    if not match:
        return "it is a selection of a catalogue's controls, not the catalogue"
    return (
        f"it is a selection of a catalogue's controls, and so an instrument of its own: "
        f"`--instrument nist-{match[1].lower()}` lets it stand for the catalogue"
    )


def _is_resolved(metadata: Node) -> bool:
    links = any(text_of(link.get("rel")) == "source-profile" for link in nodes(metadata, "links"))
    props = (text_of(prop.get("name")) for prop in nodes(metadata, "props"))
    return links or "resolution-tool" in props


def _date(metadata: Node) -> str:
    for key in ("published", "last-modified"):
        if re.match(r"\d{4}-\d{2}-\d{2}", stated := text_of(metadata.get(key))):
            return stated[:10]
    return ""
