"""Word documents: as a reader sees them once all changes are accepted."""

import io
from collections.abc import Callable

import docx
import pytest
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.shared import Pt

from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.office import docx as importer

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _read(fill: Callable[[WordDocument], object]) -> Document:
    word = docx.Document()
    fill(word)
    stream = io.BytesIO()
    word.save(stream)
    file = SourceFile(name="access policy.docx", data=stream.getvalue())
    assert importer.recognises(file)
    (document,) = importer.read([file])
    return document


def _texts(document: Document) -> dict[tuple[str, ...], str]:
    return {part.steps: part.text for part in document.parts}


def _add(word: WordDocument, body: str) -> None:
    """Put raw paragraphs before the section's properties."""
    for element in parse_xml(f"<w:body {_W}>{body}</w:body>"):
        word.element.body.insert(len(word.element.body) - 1, element)


def _numbered(word: WordDocument, *levels: tuple[str, str], first: str = "1") -> None:
    """Define list 77 with a format and a text for each level."""
    made = "".join(
        f'<w:lvl w:ilvl="{number}"><w:start w:val="{first}"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for number, (form, text) in enumerate(levels)
    )
    numbering = word.part.numbering_part.element
    abstract = parse_xml(f'<w:abstractNum {_W} w:abstractNumId="77">{made}</w:abstractNum>')
    numbering.insert(0, abstract)
    numbering.append(parse_xml(f'<w:num {_W} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    numbering.append(
        parse_xml(
            f'<w:num {_W} w:numId="78"><w:abstractNumId w:val="77"/><w:lvlOverride w:ilvl="0">'
            '<w:startOverride w:val="9"/></w:lvlOverride></w:num>'
        )
    )


def _item(text: str, level: int = 0, *, style: str = "", list_id: str = "77") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return (
        f'<w:p><w:pPr>{named}<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/>'
        f"</w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
    )


def test_headings_lists_and_tables_become_sections() -> None:
    """Styles make headings, lists and rows are lines, the title is no section."""

    def fill(word: WordDocument) -> None:
        word.add_heading("Access policy", 0)
        word.add_heading("4 Rules", 1)
        word.add_heading("4.2 Cards", 2)
        word.add_paragraph("Card numbers are masked:")
        word.add_paragraph("in reports", style="List Bullet")
        word.add_paragraph("in exports", style="List Number")
        table = word.add_table(rows=2, cols=2)
        for cell, text in zip(table._cells, ("Role", "Sees", "Nurse", ""), strict=True):
            cell.text = text
        word.add_heading("Exceptions", 1)
        word.add_paragraph("None.")
        word.add_paragraph("")

    document = _read(fill)

    assert document.title == "Access policy"
    assert _texts(document) == {
        ("4",): "",
        ("4.2",): "Card numbers are masked:\n— in reports\n1. in exports\nRole | Sees\nNurse |",
        ("exceptions", "1"): "None.",
    }
    assert document.parts[1].heading == ("4 Rules",)


def test_printed_numbers_are_counted_as_word_counts_them() -> None:
    """Auto-numbered headings and clauses get the numbers that a reader sees."""

    def fill(word: WordDocument) -> None:
        word.add_heading("Access policy", 0)
        _numbered(word, ("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"))
        _add(
            word,
            _item("Scope", style="Heading1")
            + _item("All data is covered.", 1)
            + _item("So are copies:", 1)
            + _item("on paper", 2)
            + _item("on tape", 2)
            + _item("Keys", style="Heading1")
            + _item("Keys are rotated.", 1)
            + _item("Late", style="Heading1", list_id="78")
            + _item("Counted on.", 1),
        )

    document = _read(fill)

    assert _texts(document) == {
        ("1",): "",
        ("1.1",): "All data is covered.",
        ("1.2",): "So are copies:\n(a) on paper\n(b) on tape",
        ("2",): "",
        ("2.1",): "Keys are rotated.",
        ("9",): "",
        ("9.1",): "Counted on.",
    }
    assert [part.section for part in document.parts][:2] == ["1.", "1.1"]
    assert document.parts[1].kind is PartKind.PARAGRAPH


@pytest.mark.parametrize(
    ("form", "first", "printed"),
    [
        ("upperLetter", "27", "AA)"),
        ("lowerRoman", "4", "iv)"),
        ("upperRoman", "1990", "MCMXC)"),
        ("ordinalText", "3", "3)"),
        ("lowerLetter", "0", "0)"),
        ("bullet", "1", "—"),
    ],
)
def test_number_formats_are_printed(form: str, first: str, printed: str) -> None:
    """Letters, romans and bullets are written as Word prints them, the rest as decimals."""

    def fill(word: WordDocument) -> None:
        word.add_heading("Access policy", 0)
        word.add_heading("7 Rules", 1)
        word.add_paragraph("Lead:")
        _numbered(word, (form, "%1)"), first=first)
        _add(word, _item("item"))

    assert _texts(_read(fill))["7",] == f"Lead:\n{printed} item"


def test_a_list_without_a_printed_number_is_text() -> None:
    """The format `none`, list 0 and unknown lists print nothing."""

    def fill(word: WordDocument) -> None:
        word.add_heading("4 Rules", 1)
        _numbered(word, ("none", "%1"))
        _add(word, _item("one") + _item("two", list_id="0") + _item("three", list_id="5555"))

    assert _texts(_read(fill)) == {
        ("text", "1"): "one",
        ("text", "2"): "two",
        ("text", "3"): "three",
    }


@pytest.mark.parametrize(
    ("gone", "stays"),
    [
        ("<w:del><w:r><w:delText>SECRET</w:delText></w:r></w:del>", ""),
        ("<w:moveFrom><w:r><w:t>SECRET</w:t></w:r></w:moveFrom>", ""),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r>", ""),
        ('<w:r><w:rPr><w:rStyle w:val="Unseen"/></w:rPr><w:t>SECRET</w:t></w:r>', ""),
        ("<w:r><w:instrText>SECRET</w:instrText></w:r>", ""),
        ('<w:r><w:commentReference w:id="1"/></w:r>', ""),
        ("<w:ins><w:r><w:t>new </w:t></w:r></w:ins>", "new "),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>seen </w:t></w:r>', "seen "),
        ("<w:hyperlink><w:r><w:t>linked</w:t><w:tab/></w:r></w:hyperlink>", "linked "),
        ("<w:r><w:t>non</w:t><w:noBreakHyphen/><w:t>stop </w:t></w:r>", "non-stop "),
    ],
)
def test_changes_are_accepted_and_hidden_text_is_out(gone: str, stays: str) -> None:
    """Insertions are text; deletions, hidden text, fields and comments are none."""

    def fill(word: WordDocument) -> None:
        style = word.styles.add_style("Unseen", WD_STYLE_TYPE.CHARACTER)
        style.font.hidden = True
        style.font.size = Pt(9)
        run = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
        _add(word, f"<w:p>{run.format('All is ')}{gone}{run.format('masked.')}</w:p>")

    assert _texts(_read(fill)) == {("text", "1"): f"All is {stays}masked."}


def test_a_deleted_paragraph_end_joins_what_follows() -> None:
    """A paragraph whose mark was deleted runs into the next one, as Word shows it."""

    def fill(word: WordDocument) -> None:
        _add(
            word,
            "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>Salaries are </w:t></w:r></w:p>"
            "<w:p><w:r><w:t>hidden.</w:t></w:r></w:p>"
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
            "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>SECRET</w:t></w:r></w:p>"
            "</w:tc></w:tr></w:tbl>",
        )

    assert list(_texts(_read(fill)).values()) == ["Salaries are hidden.", "Boxed."]


def test_headings_of_own_styles_are_found_by_their_outline() -> None:
    """A style that continues a heading, or has an outline level, is a heading."""

    def fill(word: WordDocument) -> None:
        own = word.styles.add_style("Own", WD_STYLE_TYPE.PARAGRAPH)
        own.base_style = word.styles["Heading 2"]
        word.add_paragraph("1 First", style="Own")
        word.add_paragraph("Text.")
        _add(
            word,
            '<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>2 Second</w:t></w:r></w:p>'
            '<w:p><w:pPr><w:outlineLvl w:val="9"/></w:pPr><w:r><w:t>Body.</w:t></w:r></w:p>',
        )
        outlined = word.styles.add_style("Outlined", WD_STYLE_TYPE.PARAGRAPH)
        outlined.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {_W} w:val="0"/>'))
        word.add_paragraph("3 Third", style="Outlined")
        word.add_paragraph("More.")

    assert _texts(_read(fill)) == {("1",): "Text.", ("2",): "Body.", ("3",): "More."}


def test_properties_state_title_and_version() -> None:
    """The core properties give what the text does not; the file's time is no date."""

    def fill(word: WordDocument) -> None:
        word.core_properties.title = "Access policy"
        word.core_properties.version = "3.0"
        word.core_properties.language = "de-DE"
        word.add_paragraph("Cards are masked.")

    document = _read(fill)

    assert (document.title, document.version, document.language) == ("Access policy", "3.0", "de")
    assert document.version_date == ""


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"words", b"PK\x03\x04" + b"\0" * 100])
def test_other_files_are_not_word_documents(data: bytes) -> None:
    """Recognition looks into the package and never raises."""
    assert not importer.recognises(SourceFile(name="x.docx", data=data))
