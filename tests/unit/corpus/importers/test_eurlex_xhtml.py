"""EUR-Lex XHTML: the journal's two forms and consolidated texts give the same units."""

import pytest

from policy_service.corpus.importers.document import Document, Part, SourceFile
from policy_service.corpus.importers.eu import eurlex_xhtml
from policy_service.domain.errors import CorpusError


def _row(mark: str, content: str) -> str:
    return (
        '<table width="100%"><tbody><tr><td valign="top"><p class="oj-normal">'
        f'{mark}</p></td><td valign="top">{content}</td></tr></tbody></table>'
    )


def _p(text: str, name: str = "normal") -> str:
    return f'<p class="oj-{name}">{text}</p>'


def _note(number: int) -> str:
    return f'<a id="ntc{number}" href="#ntr{number}"> (<span class="oj-super">{number}</span>)</a>'


GAP = "&#160;&#160;&#160;"
QUOTED = (
    _p("‘Article 5a", "ti-art")
    + _p("Inserted", "sti-art")
    + _p(f"1.{GAP}New one.")
    + _row("(a)", _p("quoted point.’;"))
)
JOURNAL = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML//EN" "xhtml-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>
<table><tr><td>{_p("1.12.2024", "hd-date")}</td><td>{_p("EN", "hd-lg")}</td></tr></table>
<div class="eli-main-title">{_p("REGULATION (EU) 2024/9999 OF THE COUNCIL", "doc-ti")}
{_p("of 1 December 2024", "doc-ti")}</div>
<div id="pbl_1">{_p("Having regard to it" + _note(1) + ",")}{_p("Whereas:")}
{_row("(1)", _p("First reason.") + _p("More of it."))}</div>
{_p("HAS ADOPTED THIS REGULATION:")}
<div id="cpt_I">{_p('<span class="oj-italic">CHAPTER I</span>', "ti-section-1")}
<div class="eli-title">{_p("GENERAL", "ti-section-2")}</div>
<div class="eli-subdivision" id="art_1">{_p("Article 1", "ti-art")}{_p("Scope", "sti-art")}
<div id="001.001">{_p(f"1.{GAP}This applies{_note(2)}:")}
{_row("(a)", _p("one:") + _row("(i)", _p("deep;")))}{_p("Tail text.")}</div></div>
<div class="eli-subdivision" id="art_2">{_p("Article 2", "ti-art")}
{_p("It is amended as follows:")}{_row("(1)", _p("this is inserted:") + QUOTED)}
{_p("And this:")}{_p("‘Article 9b", "ti-art")}{_p(f"1.{GAP}Nine.")}{_p(f"2.{GAP}Ten.’")}</div>
<div class="eli-subdivision" id="art_12a">{_p("Article 12a", "ti-art")}{_p("Last words.")}</div>
</div><div class="oj-final">{_p("This Regulation shall be binding in its entirety.")}
{_p("A. Person", "signatory")}</div>
<div class="eli-container" id="anx_I">{_p("ANNEX I", "doc-ti")}{_p("LIST", "doc-ti")}
{_p("Section A. First", "ti-grseq-1")}{_row("1.", _p("item one"))}
{_p("Section B. Second", "ti-grseq-1")}{_row("1.", _p("other"))}{_row("—", _p("dashed"))}
<table class="oj-table"><tr><td><p>A</p></td><td><p>B</p></td></tr>
<tr><td>1.</td><td>x<br/>y</td></tr></table>
{_p(f"2.{GAP}Overview", "ti-grseq-1")}{_p(f"2.1.{GAP}numbered")}{_p("Loose title", "ti-grseq-1")}
</div>
<hr class="oj-doc-end"/>{_p('<a id="ntr1" href="#ntc1">(1)</a> OJ C 1.', "note")}
<script>alert(1)</script></body></html>"""
OLD = JOURNAL.replace('class="oj-', 'class="').replace('class="final"', 'class="x"')
CONSOLIDATED = """<html lang="en"><head><title>c</title></head><body>
<p class="disclaimer">This text is a tool.</p>
<p class="reference">02022R2554 — EN — 27.12.2022 — 000.001</p>
<p class="title-doc-first">REGULATION (EU) 2022/2554 OF THE COUNCIL</p>
<p class="title-doc-last">on resilience</p><p class="arrow">►B</p>
<div id="cpt_I"><p class="title-division-1">CHAPTER I</p>
<div class="eli-title"><p class="title-division-2">General</p></div>
<div id="cpt_I.sct_1"><p class="title-division-1">SECTION 1</p>
<div class="eli-subdivision" id="art_1"><p class="title-article-norm">Article 1</p>
<div class="eli-title"><p class="stitle-article-norm">Subject</p></div>
<div class="norm"><span class="no-parag">1.&#160;&#160;</span><div class="norm inline-element">
In order to: <div class="grid-container grid-list"><div class="list grid-list-column-1">
<span>(a) </span></div><div class="grid-list-column-2"><p class="norm">first point
( <a href="#E0001" id="src.E0001">1</a> );</p><div class="grid-container grid-list">
<div class="grid-list-column-1"><span><a href="x">►M1</a> (i) </span></div>
<div class="grid-list-column-2"><p class="norm">inner ►M1 word ◄ here;</p></div></div></div></div>
</div></div><p class="modref">▼M1</p>
<p class="norm"><span class="no-parag">2. </span>Second.</p></div></div></div>
<div class="eli-subdivision" id="fnp_1"><p class="norm">Closing.</p></div>
<p class="title-annex-1">ANNEX I</p><p class="title-annex-2">THINGS</p>
<p class="title-gr-seq-level-1">Part 1</p><div class="grid-container grid-list">
<div class="list grid-list-column-1"><span>1. </span></div><div class="grid-list-column-2">
<p class="norm">thing</p></div></div><ul><li>free</li></ul>
<div class="grid-container"><p class="norm">no columns</p></div>
<hr class="separator-short"/><p class="footnote">( <a href="#src.E0001" id="E0001">1</a> ) Note.</p>
</body></html>"""


def _file(text: str, name: str = "page.html") -> SourceFile:
    return SourceFile(name=name, data=text.encode())


def _read(text: str) -> Document:
    assert eurlex_xhtml.recognises(_file(text))
    (document,) = eurlex_xhtml.read([_file(text)])
    return document


def _texts(document: Document) -> dict[str, str]:
    return {"/".join(part.steps): part.text for part in document.parts}


def _part(document: Document, steps: str) -> Part:
    return next(part for part in document.parts if "/".join(part.steps) == steps)


@pytest.fixture(scope="module")
def journal() -> Document:
    """The invented page in the journal's present form."""
    return _read(JOURNAL)


def test_xhtml_tables_of_points_become_units(journal: Document) -> None:
    """Points nest as their tables do, and text after a list stays the paragraph's."""
    assert _texts(journal) == {
        "recital-1": "First reason.\nMore of it.",
        "art-1": "",
        "art-1/1": "This applies:\nTail text.",
        "art-1/1/a": "one:",
        "art-1/1/a/i": "deep;",
        "art-2": "It is amended as follows:\nAnd this:\n‘Article 9b\n1. Nine.\n2. Ten.’",
        "art-2/1": "this is inserted:\n‘Article 5a\nInserted\n1. New one.\n(a) quoted point.’;",
        "art-12a": "Last words.",
        "annex-i": "Loose title",
        "annex-i/section-a": "",
        "annex-i/section-a/1": "item one",
        "annex-i/section-b": "— dashed\nA | B\n1. | x y",
        "annex-i/section-b/1": "other",
        "annex-i/2": "",
        "annex-i/2/1": "numbered",
    }


def test_xhtml_facts_of_a_journal_page(journal: Document) -> None:
    """Number, date and language come from the title and the page's head."""
    assert journal.title == "REGULATION (EU) 2024/9999 OF THE COUNCIL of 1 December 2024"
    assert journal.identifiers == ("celex:32024R9999", "eli:reg/2024/9999")
    assert (journal.language, journal.version_date) == ("en", "2024-12-01")
    assert _part(journal, "art-1/1").heading == ("CHAPTER I — GENERAL", "Article 1 — Scope")
    assert _part(journal, "annex-i").title == "LIST"


def test_xhtml_the_older_form_of_the_journal_reads_the_same(journal: Document) -> None:
    """Classes without `oj-` and a formula without its own class give the same text."""
    assert _texts(_read(OLD)) == _texts(journal)


def test_xhtml_consolidated_texts_lose_marks_of_notes_and_amendments() -> None:
    """Grids are points, `no-parag` numbers paragraphs, ►M1 ◄ and ( 1 ) are no text."""
    document = _read(CONSOLIDATED)
    assert _texts(document) == {
        "art-1": "",
        "art-1/1": "In order to:",
        "art-1/1/a": "first point;",
        "art-1/1/a/i": "inner word here;",
        "art-1/2": "Second.",
        "annex-i": "",
        "annex-i/part-1": "— free\nno columns",
        "annex-i/part-1/1": "thing",
    }
    assert document.identifiers[1] == "celex:02022R2554-20221227"
    assert (document.language, document.version_date) == ("en", "2022-12-27")
    assert _part(document, "art-1/2").heading[:2] == ("CHAPTER I — General", "SECTION 1")


def test_xhtml_plain_pages_of_old_acts_are_read() -> None:
    """Recitals without tables, chapters marked as groups, and powers of ten."""
    page = (
        '<html><body><p class="doc-ti">Council Directive 90/1/EEC</p>'
        '<p class="normal">Whereas:</p><p class="normal">(1) One reason.</p>'
        '<p class="normal">(2)</p><p class="normal">Another reason.</p>'
        '<p class="ti-grseq-1">TITLE I</p><p class="ti-art">Article 1</p>'
        '<p class="normal">1.&#160;Above 10<span class="super">25</span> m<sup>th</sup>.</p>'
        '<p class="ti-grseq-1">TITLE II</p><p class="ti-art">Article 2</p><p>Text.</p>'
        '<p class="doc-ti">ANNEX</p><p class="ti-grseq-1">2. First</p><p>A.</p>'
        '<p class="ti-grseq-2">2.1. Second</p><p>B.</p><p class="ti-grseq-1">3. Third</p>'
        "</body></html>"
    )
    document = _read(page)
    assert _texts(document) == {
        "recital-1": "One reason.",
        "recital-2": "Another reason.",
        "art-1": "",
        "art-1/1": "Above 10²⁵ mth.",
        "art-2": "Text.",
        "annex": "",
        "annex/2": "A.",
        "annex/2/1": "B.",
        "annex/3": "",
    }
    assert _part(document, "art-2").heading == ("TITLE II",)
    assert document.identifiers == ("celex:31990L0001", "eli:dir/1990/1")


def test_xhtml_a_page_without_a_known_title_takes_the_celex_it_links() -> None:
    """The number in a page's head names an act whose title does not."""
    page = JOURNAL.replace("REGULATION (EU) 2024/9999 OF", "RULES OF").replace(
        "<title>x", '<meta content="32024D0007"/><title>x'
    )
    assert _read(page.replace("1.12.2024", "2024/12/1")).identifiers[0] == "celex:32024D0007"
    assert _read(page.replace("1.12.2024", "soon")).version_date == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (JOURNAL[:3000], "is cut off before `</html>`"),
        ('<html><p class="doc-ti">x</p></html>', "has no article, recital or annex"),
        ("<html></html>", "has no article, recital or annex"),
        (
            '<html><meta charset="no-such"><p class="ti-art">Article 1</p></html>',
            "cannot be read as a page",
        ),
        (
            "<html><body>" + "<div>" * 400 + "x" + "</div>" * 400 + "</body></html>",
            "nests deeper than a page of EUR-Lex",
        ),
    ],
)
def test_xhtml_says_in_one_line_what_is_broken(text: str, said: str) -> None:
    """A page that is cut off, empty, of no encoding or endless is refused whole."""
    with pytest.raises(CorpusError) as told:
        eurlex_xhtml.read([_file(text)])
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["", "words", "<html><p class='x'>y</p></html>", "<ACT/>"])
def test_xhtml_recognises_nothing_else(text: str) -> None:
    """Other pages are left to the reader of HTML."""
    assert not eurlex_xhtml.recognises(_file(text))
