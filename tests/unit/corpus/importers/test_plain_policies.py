"""Plain text: headings are guessed only where they are plain."""

import pytest

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.office import plain_text
from policy_service.domain.errors import CorpusError

_POLICY = """Access policy

Version: 1.4
Effective date: 2025-05-01

1. Purpose

This policy says who may see
what, and why.

2. Rules

2.1 Card numbers are masked in every
report that leaves the company.

2.2 Support staff see:
- the last four digits
- the card's
  expiry date

EXCEPTIONS

The data office may grant one. It is logged.

Annex A
Terms used in this policy are those of the glossary.
"""


def _read(text: str) -> Document:
    file = SourceFile(name="access-policy.txt", data=text.encode())
    assert plain_text.recognises(file)
    (document,) = plain_text.read([file])
    return document


def test_numbered_and_unnumbered_sections_are_found() -> None:
    """Numbers make ids, wrapped lines are joined, items are lines."""
    document = _read(_POLICY)

    assert (document.title, document.version) == ("Access policy", "1.4")
    assert document.version_date == "2025-05-01"
    assert {part.steps: part.text for part in document.parts} == {
        ("text", "1"): "Version: 1.4\nEffective date: 2025-05-01",
        ("1",): "This policy says who may see what, and why.",
        ("2",): "",
        ("2.1",): "Card numbers are masked in every report that leaves the company.",
        ("2.2",): "Support staff see:\n— the last four digits\n— the card's expiry date",
        ("exceptions", "1"): "The data office may grant one. It is logged.",
        ("annex-a",): "Terms used in this policy are those of the glossary.",
    }


def test_underlined_headings_are_headings() -> None:
    """A row of signs below a line makes it a heading."""
    document = _read("Policy\n======\n\nScope\n-----\nAll data of the company.\n")

    assert document.title == "Policy"
    assert document.parts[0].steps == ("scope", "1")


def test_text_without_headings_is_cut_by_paragraph() -> None:
    """Every paragraph is found by its number."""
    document = _read("Customer names are masked in reports.\n\nSalaries are hidden from all.\n")

    assert [part.steps for part in document.parts] == [("text", "1"), ("text", "2")]


@pytest.mark.parametrize(
    "data",
    [b"", b"word", b'{"key": "some words here"}', b"<root>some words here</root>", b"%PDF-1.7 x y"],
)
def test_data_is_no_text(data: bytes) -> None:
    """What is empty, data or another format is not taken for a policy."""
    assert not plain_text.recognises(SourceFile(name="x.txt", data=data))


def test_a_heading_alone_is_no_policy() -> None:
    """A file of headings without text is refused."""
    with pytest.raises(CorpusError, match="holds no text"):
        plain_text.read([SourceFile(name="x.txt", data=b"1. Access policy\n\n2. More of it\n")])
