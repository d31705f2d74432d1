"""Markdown of acts: lists, loose points, footnote marks, tables, and the closing formula."""

import pytest

from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.eu import markdown as eu_markdown
from policy_service.corpus.importers.eu.footnotes import FootnoteMarks
from policy_service.domain.errors import CorpusError

PAGE = """> **CELEX:** 02024R0009-20240502 | **Document:** Regulation
> **Source:** [EUR-Lex](https://eur-lex.europa.eu/legal-content/DA/TXT/?uri=CELEX:x)
> **ELI:** http://data.europa.eu/eli/reg_del/2024/9/oj

# Regulation (EU) 2024/9 of the Council of 4 March 2024 on *made-up* things

## Preamble

*Having regard to the opinion (1),*

## Recitals

- (1) A reason (2) with a note.

It goes on.

- (2) Another \\[OJ C 1, p. 2.\\] reason:
  - (a) in part.

HAVE ADOPTED THIS REGULATION:

## Enacting Terms

## CHAPTER I — General

### Section 1 — First

### Article 1

**Scope of *it***

1. This applies to paragraph (3) and:

- (a) one;
- (b) two:
- (i) loose;
   - (ii) indented;

   continued.
- (c) three
2. Straight after a list. See (4) here.

Its second subparagraph:

—

a dash;

- a bullet

  with more

### Section 2 — Second

### Article 2: Short title
In Article 4 the following is inserted:

‘1. New words.

2. More words.’

## CHAPTER II

### Article 3

(1) unlisted point

Last words.

This Regulation shall be binding in its entirety.

Done at Brussels, 4 March 2024.

1. Repeated by mistake.

---

*The President*

# Regulation again

## ANNEX I — Things

| A | B |
|---|---|
| 1 | \\| |

### Part B. More

1. Point one
"""


def _file(text: str, name: str = "act.md") -> SourceFile:
    return SourceFile(name=name, data=text.encode())


@pytest.fixture(scope="module")
def page() -> Document:
    """The invented page."""
    assert eu_markdown.recognises(_file(PAGE))
    (document,) = eu_markdown.read([_file(PAGE)])
    return document


def test_markdown_lines_become_units(page: Document) -> None:
    """Every line is text of the unit it stands in, and notes, formula and signatures are none."""
    assert {"/".join(part.steps): part.text for part in page.parts} == {
        "recital-1": "A reason with a note.\nIt goes on.",
        "recital-2": "Another reason:",
        "recital-2/a": "in part.",
        "art-1": "",
        "art-1/1": "This applies to paragraph (3) and:",
        "art-1/1/a": "one;",
        "art-1/1/b": "two:",
        "art-1/1/b/i": "loose;",
        "art-1/1/b/ii": "indented;\ncontinued.",
        "art-1/1/c": "three",
        "art-1/2": "Straight after a list. See (4) here.\nIts second subparagraph:\n— a dash;"
        "\n— a bullet\nwith more",
        "art-2": "In Article 4 the following is inserted:\n‘1. New words.\n2. More words.’",
        "art-3": "Last words.",
        "art-3/1": "unlisted point",
        "annex-i": "A | B\n1 | |",
        "annex-i/part-b": "",
        "annex-i/part-b/1": "Point one",
    }


def test_markdown_headings_are_divisions_and_titles(page: Document) -> None:
    """Sections end with their chapter, and a bold or same-line title is the article's."""
    headings = {part.section: (part.title, part.heading) for part in page.parts}
    assert headings["Article 1"] == ("Scope of it", ("CHAPTER I — General", "Section 1 — First"))
    assert headings["Article 2"] == ("Short title", ("CHAPTER I — General", "Section 2 — Second"))
    assert headings["Article 3"] == ("", ("CHAPTER II",))
    assert headings["Annex I"] == ("Things", ())


def test_markdown_facts_come_from_the_block_at_its_head(page: Document) -> None:
    """CELEX and ELI name the act; the address says in which language."""
    assert page.identifiers == (
        "celex:32024R0009",
        "celex:02024R0009-20240502",
        "eli:reg_del/2024/9",
    )
    assert (page.language, page.version, page.version_date) == ("da", "2024/9", "2024-05-02")
    assert page.facts == {"dated": "2024-03-04"}


def test_markdown_without_facts_uses_the_title() -> None:
    """A page that starts with its title is named and dated by it."""
    text = "# Directive (EU) 2020/8 of 5 May 2020\n\n### Article 1\n\nWords.\n"
    (document,) = eu_markdown.read([_file(text)])
    assert document.identifiers == ("celex:32020L0008", "eli:dir/2020/8")
    assert document.version_date == "2020-05-05"
    (undated,) = eu_markdown.read([_file(text.replace("5 May 2020", "5 Mai 2020"))])
    assert undated.version_date == ""


def test_markdown_counts_only_articles_of_the_act(page: Document) -> None:
    """Quoted articles and repeated paragraphs make no articles."""
    kinds = [part.kind for part in page.parts]
    assert kinds.count(PartKind.ARTICLE) == 3
    assert kinds.count(PartKind.RECITAL) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"# Regulation (EU) 2024/1\n\nwords\n", "has no article, recital or annex"),
        (b"\xff\xfe# x", "is not UTF-8 text"),
    ],
)
def test_markdown_says_in_one_line_what_is_broken(data: bytes, said: str) -> None:
    """A page without articles or of another encoding is refused."""
    with pytest.raises(CorpusError, match=said):
        eu_markdown.read([SourceFile(name="act.md", data=data)])


@pytest.mark.parametrize(
    "text", ["", "# Policy\n\n## 1. Scope\n", "CELEX of nothing\n\n## 2 things\n", "\0CELEX"]
)
def test_markdown_recognises_nothing_else(text: str) -> None:
    """Policies with numbered headings are left to the reader of Markdown."""
    assert not eu_markdown.recognises(_file(text))


def test_footnote_marks_are_counted() -> None:
    """The next number after a word is a mark; a reference and any other number are text."""
    marks = FootnoteMarks()
    assert marks.without("Board (1) and paragraph (2), point (2), Union (2).") == (
        "Board and paragraph (2), point (2), Union."
    )
    assert marks.without("criteria: (3) first") == "criteria: (3) first"
    known = FootnoteMarks({4, 9})
    assert known.without("Council (4) or Union (5), Board (9)") == "Council or Union (5), Board"
