"""PDF: lines, furniture, paragraphs, broken files, policies, and laws as they are printed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.pdf import importer as pdf
from policy_service.corpus.importers.pdf.lines import lines_of
from policy_service.corpus.importers.pdf.paragraphs import paragraphs_of
from policy_service.corpus.importers.us import ecfr
from policy_service.domain.errors import CorpusError
from tests.unit.corpus.importers.us_pages import Shown, column, cut, locked, pdf_of


def _file(*pages: Sequence[Shown]) -> SourceFile:
    return SourceFile(name="text.pdf", data=pdf_of(*pages))


def _lines(*pages: Sequence[Shown]) -> list[str]:
    return [line.text.text for line in lines_of(_file(*pages))]


def _paragraphs(*pages: Sequence[Shown]) -> list[str]:
    return [one.text.text for one in paragraphs_of(lines_of(_file(*pages)))]


def _read(*pages: Sequence[Shown]) -> Document:
    (document,) = pdf.read([_file(*pages)])
    return document


def _by_id(document: Document) -> dict[str, Part]:
    return {"/".join(part.steps): part for part in document.parts}


def test_pdf_pieces_of_one_height_are_one_line() -> None:
    """Pieces set beside each other are joined, with a blank where the gap is one."""
    row = [
        Shown(text="Owls", height=700),
        Shown(text="fly", left=150, height=700, font="F3"),
        Shown(text="Next", height=688),
    ]
    assert _lines(row) == ["Owls fly", "Next"]


def test_pdf_initials_drawn_apart_go_back_to_their_words() -> None:
    """A page that draws first letters after everything else still reads in order."""
    row = [
        Shown(text="wls sleep by day", left=77.5, height=700),
        Shown(text="ats too", left=78, height=688),
        Shown(text="O", left=72, height=700),
        Shown(text="B", left=72, height=688),
    ]
    assert _lines(row) == ["Owls sleep by day", "Bats too"]


def test_pdf_headers_footers_and_page_numbers_are_left_out() -> None:
    """What returns in the margins of the pages is no text; the same words in the middle are."""
    pages = [
        [
            Shown(text="Owl Office", height=760),
            Shown(text=f"Page {number} of 3", height=30),
            *column(["Owl Office", f"Text number {number} stands here."]),
        ]
        for number in (1, 2, 3)
    ]
    assert _lines(*pages) == [
        line
        for number in (1, 2, 3)
        for line in ("Owl Office", f"Text number {number} stands here.")
    ]


def test_pdf_footnotes_and_their_marks_are_left_out() -> None:
    """Small print at the foot that begins with a mark goes, and the mark in the text too."""
    page = [
        *column(["The fee is ten owls* a year.", "It is due in May."]),
        Shown(text="* Since changed.", height=80, size=7),
    ]
    assert _lines(page) == ["The fee is ten owls a year.", "It is due in May."]


def test_pdf_raised_figures_are_marks_of_footnotes() -> None:
    """A small raised figure after a word is not read into it."""
    page = [
        Shown(text="Owls", height=700),
        Shown(text="3", left=95, height=704, size=6),
        Shown(text="fly.", left=100, height=700),
    ]
    assert _lines(page) == ["Owls fly."]


def test_pdf_paragraphs_are_told_by_the_space_between_lines() -> None:
    """Lines close together are one paragraph, also when the next begins with a marker."""
    page = column(
        [
            "The duty in paragraph (a) or",
            "(b) of this section holds.",
            "",
            "(c) A second one",
            "goes over two lines.",
            "",
            "(d) A third.",
        ]
    )
    assert _paragraphs(page) == [
        "The duty in paragraph (a) or (b) of this section holds.",
        "(c) A second one goes over two lines.",
        "(d) A third.",
    ]


def test_pdf_paragraphs_without_space_are_told_by_their_markers() -> None:
    """Where nothing stands apart, a marker after a finished sentence begins a paragraph."""
    page = column(["(a) First one.", "(b) Second one; and", "(c) Third", "(1) of all"])
    assert _paragraphs(page)[:2] == ["(a) First one.", "(b) Second one; and"]


def test_pdf_paragraphs_go_on_across_columns_and_pages() -> None:
    """A sentence that breaks off is joined with the top of the next column and page."""
    first = column(["Owls hunt at night and"], left=72, top=120)
    second = column(["sleep by day. They live in"], left=320, top=700)
    third = column(["barns.", "", "Bats hunt too."])
    assert _paragraphs(first + second, third) == [
        "Owls hunt at night and sleep by day. They live in barns.",
        "Bats hunt too.",
    ]


def test_pdf_a_column_that_starts_with_a_marker_starts_a_paragraph() -> None:
    """After a finished sentence a marker on top of a page begins a unit."""
    assert _paragraphs(
        column(["(a) Owls hunt at night.", "", "(b) Bats hunt too."]),
        column(["(c) Cats hunt by day.", "", "(d) Dogs sleep."]),
    ) == [
        "(a) Owls hunt at night.",
        "(b) Bats hunt too.",
        "(c) Cats hunt by day.",
        "(d) Dogs sleep.",
    ]


def test_pdf_cut_words_are_joined_as_the_document_writes_them() -> None:
    """A hyphen at a line's end goes where the word is written without, and stays elsewhere."""
    page = column(
        [
            "An obligation binds. It is an obli-",
            "gation for the self-",
            "insured, under Law 104-",
            "191, and/",
            "or a self-insured owl.",
        ]
    )
    assert _paragraphs(page) == [
        "An obligation binds. It is an obligation for the self-insured, under Law 104-191, "
        "and/or a self-insured owl."
    ]


def test_pdf_policy_becomes_numbered_sections_and_passages() -> None:
    """An internal policy keeps its numbers as ids and its headings above them."""
    page = [
        Shown(text="Data Handling Policy", height=740, size=18),
        *column(
            [
                "*1 Purpose",
                "This policy says how data is handled.",
                "",
                "*2 Rules",
                "*2.1 Sharing",
                "Card numbers are never shown in full.",
                "",
                "Exceptions need two signatures.",
                "",
                "*3 Contents .......... 7",
            ],
            step=14,
        ),
    ]
    document = _read(page)
    parts = _by_id(document)
    assert document.format == "pdf"
    assert document.title == "Data Handling Policy"
    assert parts["1"].text == "This policy says how data is handled."
    assert parts["2.1"].title == "Sharing"
    assert "Card numbers are never shown in full." in parts["2.1"].text
    assert parts["2.1"].heading == ("2 Rules",)
    assert "3" not in parts


def test_pdf_policy_lists_stay_with_their_paragraph() -> None:
    """Items of a list are lines of the paragraph before them, bullets as dashes."""
    page = column(["*Rules", "Staff must:", "", "- lock screens;", "", "- shred paper."], step=14)
    texts = [part.text for part in _read(page).parts]
    assert any("— lock screens;" in text and "Staff must:" in text for text in texts)


def test_pdf_of_the_code_becomes_sections_with_scopes() -> None:
    """Parts, subparts and sections are found; contents, sources and citations are not text."""
    first = column(
        [
            "*Owl Regulation Text",
            "9 CFR Part 700 (as amended through March 26, 2013)",
            "",
            "*PART 700-KEEPING OF OWLS",
            "",
            "*Contents",
            "§ 700.1 Purpose.",
            "§ 700.2 Houses.",
            "",
            "SOURCE: 1 FR 2.",
            "",
            "*Subpart A-General",
            "*§ 700.1 Purpose.",
            "This part protects owls.",
            "",
            "[1 FR 2, Jan. 1, 2001]",
            "",
            "*§ 700.2 Houses.",
            "(a) /Size. /Houses are large:",
            "",
            "(1) Three rooms; or",
            "",
            "(2) Four rooms.",
            "",
            "(b) [Reserved]",
            "",
            "*Subparts B-C [Reserved]",
            "*§ 701.1 Strays.",
            "Strays are fed.",
        ],
        top=700,
    )
    second = column(["*Appendix A to Part 701-Form", "Name the owl.", "", "Sign here."])
    document = _read(first, second)
    parts = _by_id(document)
    assert document.identifiers == ("cfr:9/700", "cfr:9/701")
    assert document.version_date == "2013-03-26"
    assert document.version == "as amended through March 26, 2013"
    assert parts["700.1"].text == "This part protects owls."
    assert parts["700.2/a"].title == "Size"
    assert parts["700.2/a/2"].section == "9 CFR 700.2(a)(2)"
    assert parts["700.2/a/2"].scopes == ("cfr:9/700", "cfr:9/700/A")
    assert parts["700.2/b"].text == ""
    assert parts["701.1"].scopes == ("cfr:9/701",)
    assert parts["appendix-a-701"].kind is PartKind.ANNEX
    assert parts["appendix-a-701/p2"].text == "Sign here."
    assert not any("FR 2" in part.text for part in document.parts)


def test_pdf_of_the_code_without_bold_takes_the_longer_of_two_headings() -> None:
    """Without bold letters a table of contents is told by the text it lacks."""
    rows = ["§ 700.1 Purpose.", "", "§ 700.2 Houses.", "", "§ 700.1 Purpose.", "", "Owls live.", ""]
    document = _read(column([*rows, "§ 700.2 Houses.", "", "Houses stand."]))
    assert [part.text for part in document.parts] == ["Owls live.", "Houses stand."]
    assert (document.parts[0].section, document.parts[0].scopes) == ("§ 700.1", ())
    assert (document.identifiers, document.url) == ((), "")


def test_pdf_of_californias_code_becomes_sections_with_subdivisions() -> None:
    """Bold numbers head sections; a text may go on behind the number."""
    page = [Shown(text="effective 01/02/2025", height=740)]
    page += column(
        [
            "*OWL PRIVACY ACT OF CALIFORNIA",
            "",
            "1798.500. Peace of Owls........ 3",
            "",
            "*1798.500. Peace of Owls",
            "(a) (1) Nobody wakes an owl:",
            "",
            "(A) By day; or",
            "",
            "(B) On Sundays.",
            "",
            "(b) Owls may wake people.",
            "",
            "*1798.505.",
            "Fines are paid in mice.",
        ]
    )
    document = _read(page)
    parts = _by_id(document)
    assert document.identifiers == ("ca-civ:1798.500",)
    assert document.version_date == "2025-01-02"
    assert parts["1798.500"].title == "Peace of Owls"
    assert parts["1798.500/a/1/b"].section == "Section 1798.500(a)(1)(B)"
    assert parts["1798.500/a/1/b"].scopes == ("ca-civ:1798.500",)
    assert parts["1798.505"].text == "Fines are paid in mice."


def test_pdf_of_another_code_is_named_by_it() -> None:
    """The first page says which code it is; where it does not, the scope says only California."""
    rows = ["Health and Safety Code of California", "", "*100. Owls", "Owls.", "", "*105. Bats"]
    assert _read(column(rows)).identifiers == ("ca-hsc:100",)
    assert _read(column(["Law of California", *rows[1:]])).identifiers == ("ca:100",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7\n", "is a broken PDF"),
        (pdf_of(column(["Owls."]))[:400], "is a broken PDF"),
        (pdf_of([]), "holds no text, only pictures"),
        (locked(pdf_of(column(["Owls."]))), "is locked by a password"),
    ],
)
def test_pdf_that_cannot_be_read_ends_in_one_clear_line(data: bytes, message: str) -> None:
    """Cut, empty and locked files are each refused in one line that says what to do."""
    with pytest.raises(CorpusError, match=message) as caught:
        pdf.read([SourceFile(name="text.pdf", data=data)])
    assert "`text.pdf`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pdf_with_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file longer than any law is refused before its pages are read."""
    monkeypatch.setattr("policy_service.corpus.importers.pdf.letters._MOST_PAGES", 1)
    with pytest.raises(CorpusError, match="more than 1 pages"):
        pdf.read([_file(column(["One."]), column(["Two."]))])


def test_pdf_is_recognised_by_its_first_bytes() -> None:
    """The mark of a PDF may come after some other bytes; a name makes none."""
    assert pdf.recognises(SourceFile(name="x", data=b"\n\n%PDF-1.4"))
    assert not pdf.recognises(SourceFile(name="x.pdf", data=b"PK"))


def test_pdf_of_hhs_agrees_with_the_ecfr(shared_data: Path) -> None:
    """Every unit of the eCFR excerpt stands at the same id in the PDF with the same words.

    But for 164.306(c), where the PDF repeats the sign before each section of a list.
    """
    folder = shared_data / "regulations/hipaa"
    printed = cut((folder / "hipaa-combined-regulation-text.pdf").read_bytes(), 62, 68)
    (document,) = pdf.read([SourceFile(name="hhs.pdf", data=printed)])
    excerpt = SourceFile(
        name="ecfr.xml", data=(folder / "ecfr-45cfr164-subpartC-excerpt.xml").read_bytes()
    )
    (official,) = ecfr.read([excerpt])
    parts = _by_id(document)
    differing = [
        name
        for name, part in _by_id(official).items()
        if (part.title, part.text) != (parts[name].title, parts[name].text)
    ]
    assert len(official.parts) == 66
    assert differing == ["164.306/c"]


def test_pdf_of_the_ccpa_reads_its_first_sections(shared_data: Path) -> None:
    """The first pages give title, date and subdivisions of Section 1798.100 ff."""
    path = shared_data / "regulations/ccpa/ccpa_statute.pdf"
    pages = cut(path.read_bytes(), 1, 6)
    (document,) = pdf.read([SourceFile(name=path.name, data=pages)])
    parts = _by_id(document)
    assert document.identifiers == ("ca-civ:1798.100",)
    assert document.version_date == "2025-01-01"
    assert parts["1798.100/a/3"].section == "Section 1798.100(a)(3)"
    assert parts["1798.105/c/1"].text
