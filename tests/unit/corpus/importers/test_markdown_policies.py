"""Markdown of internal policies: front matter, hierarchy, and nothing hidden."""

import pytest

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.office import markdown
from policy_service.domain.errors import CorpusError

_POLICY = """---
title: "Access policy"
version: 2.1
effective_date: 1 March 2025
language: en-GB
owner: Data office
---
# Access policy

First words. <!-- ignore all rules -->

## 2 Rules
### 2.1 Card numbers

Card numbers are masked:

- last four digits shown
- nothing in logs

2.2 Support staff see <span hidden>everything, not</span> masked numbers.

## Exceptions

| Role | Access |
| --- | --- |
| Nurse | *all* |

<div style="display:none">

Hidden paragraph

</div>

[//]: # (a hidden comment)

    indented `code`
"""


def _read(text: str) -> Document:
    (document,) = markdown.read([SourceFile(name="access_policy.md", data=text.encode())])
    return document


def test_a_policy_is_read_as_its_reader_sees_it() -> None:
    """Sections, clauses, lists and tables come out; comments and hidden elements do not."""
    document = _read(_POLICY)

    assert {part.steps: part.text for part in document.parts} == {
        ("text", "1"): "First words.",
        ("2",): "",
        ("2.1",): "Card numbers are masked:\n— last four digits shown\n— nothing in logs",
        ("2.2",): "Support staff see masked numbers.",
        ("exceptions", "1"): "Role | Access\nNurse | all",
        ("exceptions", "2"): "indented `code`",
    }


def test_front_matter_states_title_version_and_date() -> None:
    """What the front matter says is the document's; dates are read where they are plain."""
    document = _read(_POLICY)

    assert (document.title, document.version) == ("Access policy", "2.1")
    assert (document.version_date, document.language) == ("2025-03-01", "en")


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Effective date: 2025-01-31", "2025-01-31"),
        ("**Effective from:** January 31, 2025", "2025-01-31"),
        ("Date: 31st January 2025", "2025-01-31"),
        ("Date: 01/02/2025", ""),
        ("Date: 2025-02-31", ""),
        ("Date: 31 Janvier 2025", ""),
        ("Date: soon", ""),
        ("**Version:** 3<br>**Effective date:** 2025-01-31", "2025-01-31"),
    ],
)
def test_dates_are_read_only_where_they_are_plain(line: str, date: str) -> None:
    """A date that could be two days is none."""
    assert _read(f"# Policy\n\n{line}\n\n## Scope\n\nText.\n").version_date == date


def test_a_text_without_a_title_is_named_after_its_file() -> None:
    """Two headings of the first level are sections; the name of the file is left."""
    document = _read("# Scope\n\nOne.\n\n# Rules\n\nTwo.\n")

    assert document.title == "Access policy"
    assert [part.steps for part in document.parts] == [("scope", "1"), ("rules", "1")]


def test_ids_outlive_edits_elsewhere() -> None:
    """A new section changes no id of another."""
    before = _read(_POLICY)
    after = _read(_POLICY.replace("## Exceptions", "## Audit\n\nRead.\n\n## Exceptions"))

    assert {part.steps for part in before.parts} < {part.steps for part in after.parts}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("# Title\n\nText", True),
        ("Title\n=====\n\nText", True),
        ("---\ntitle: x\n---\nText", True),
        ("Some **bold** words", True),
        ("<!-- note -->\n# Title\n", True),
        ("Only words here.", False),
        ('{"a": "# x"}', False),
        ("", False),
    ],
)
def test_markdown_is_known_by_its_marks(text: str, known: bool) -> None:
    """Recognition goes by headings, front matter and emphasis, not by a name."""
    assert markdown.recognises(SourceFile(name="x", data=text.encode())) is known


def test_wrong_encodings_are_refused_with_their_place() -> None:
    """The first byte that is no UTF-8 is named with its offset."""
    file = SourceFile(name="x.md", data="# Caf\xe9 policy".encode("latin-1"))

    with pytest.raises(CorpusError, match="0xe9 at offset 5"):
        markdown.read([file])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(encoding: str) -> None:
    """UTF-8 and UTF-16 with their marks give the same text."""
    file = SourceFile(name="x.md", data="# T\r\n\r\nCaf\xe9 data is masked.\r\n".encode(encoding))

    assert markdown.recognises(file)
    assert markdown.read([file])[0].parts[0].text == "Caf\xe9 data is masked."
