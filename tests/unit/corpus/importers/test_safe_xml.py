"""XML from outside: no entity is unfolded, nothing is fetched."""

import pytest

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.domain.errors import CorpusError

_ENTITIES = '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'


def _parse(data: bytes) -> str:
    return str(parse_xml(SourceFile(name="a.xml", data=data)).tag)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16"])
def test_entities_are_refused_in_every_encoding(encoding: str) -> None:
    """A declaration is found however its letters are written."""
    declared = f'<?xml version="1.0" encoding="{encoding[:6].upper().rstrip("-")}"?>{_ENTITIES}'

    with pytest.raises(CorpusError, match="declares XML entities"):
        _parse(declared.encode(encoding))


def test_an_entity_behind_a_long_comment_is_refused() -> None:
    """What the quick look misses, the parsed document type shows."""
    with pytest.raises(CorpusError, match="declares XML entities"):
        _parse(f"<!--{' ' * 70_000}-->{_ENTITIES}".encode())


def test_a_document_type_without_entities_is_read() -> None:
    """Many official files name one; it is not fetched."""
    assert _parse(b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a><!-- c --><?p i?></a>') == "a"


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"words", b'<?xml version="1.0" encoding="klingon"?><a/>', b"<a>\xff</a>"]
)
def test_what_is_no_xml_is_one_line(data: bytes) -> None:
    """Broken files and unknown encodings are named."""
    with pytest.raises(CorpusError, match=r"^`a\.xml` is no[^\n]*$"):
        _parse(data)
