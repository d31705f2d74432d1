"""HTML of internal policies: what a reader sees, in units with stable ids."""

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.office import html
from policy_service.domain.errors import CorpusError


def _read(body: str, *, head: str = "") -> Document:
    page = f'<!DOCTYPE html><html lang="de-AT"><head>{head}</head><body>{body}</body></html>'
    file = SourceFile(name="access-policy.html", data=page.encode())
    assert html.recognises(file)
    (document,) = html.read([file])
    return document


def _texts(document: Document) -> dict[tuple[str, ...], str]:
    return {part.steps: part.text for part in document.parts}


def test_headings_make_the_hierarchy_and_numbers_the_ids() -> None:
    """A numbered section is named by its number, below the headings it lies in."""
    document = _read(
        "<h1>Access policy</h1><h2>4 Rules</h2><h3>4.2 Card numbers</h3>"
        "<p>Card numbers are masked.</p><p>Nobody is exempt.</p>"
    )

    assert document.title == "Access policy"
    assert document.parts[-1] == Part(
        steps=("4.2",),
        kind=PartKind.ARTICLE,
        section="4.2",
        text="Card numbers are masked.\nNobody is exempt.",
        title="Card numbers",
        heading=("4 Rules",),
    )
    assert document.parts[0].text == ""


def test_paragraphs_without_numbers_are_named_by_heading_and_count() -> None:
    """Below a heading without a number each paragraph has the heading's words and its number."""
    document = _read(
        "<h1>P</h1><h2>Scope of use</h2><p>One.</p><p>Two.</p><h3>Limits</h3><p>T.</p>"
    )

    assert _texts(document) == {
        ("scope-of-use", "1"): "One.",
        ("scope-of-use", "2"): "Two.",
        ("scope-of-use", "limits", "1"): "T.",
    }
    assert document.parts[2].heading == ("Scope of use", "Limits")


def test_lists_and_tables_are_lines_of_their_paragraph() -> None:
    """Items and rows stay in the unit that introduces them, a line each."""
    document = _read(
        "<h1>P</h1><h2>1 Masking</h2><p>Masked are:</p>"
        "<ul><li>cards<ol start='3'><li>all</li><li><p>some</p></li></ol></li><li>names</li></ul>"
        "<table><tr><th>Role</th><th>Sees</th></tr><tr><td><p>Nurse</p><p>ward</p></td>"
        "<td>all</td></tr><tr><td> </td></tr></table>"
    )

    assert _texts(document)["1",] == (
        "Masked are:\n— cards\n3. all\n4. some\n— names\nRole | Sees\nNurse ward | all"
    )


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- SECRET -->",
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<span hidden>SECRET</span>",
        "<span hidden=''><b>SECRET</b></span>",
        '<div style="color:red;display : none">SECRET<p>SECRET</p></div>',
        '<span style="visibility:hidden">SECRET</span>',
        '<span style="font-size:0">SECRET</span>',
        '<span style="opacity:0">SECRET</span>',
        '<span aria-hidden="TRUE">SECRET</span>',
        "<template>SECRET</template>",
        "<noscript>SECRET</noscript>",
        "<del>SECRET</del>",
        "<textarea>SECRET</textarea>",
    ],
)
def test_what_a_reader_does_not_see_is_no_text(hidden: str) -> None:
    """Comments, scripts and hidden elements are left out; what follows them stays."""
    document = _read(f"<h1>P</h1><h2>1 Rule</h2><p>Salaries {hidden}are masked.</p>")

    assert "SECRET" not in repr(document)
    assert " ".join(_texts(document)["1",].split()) == "Salaries are masked."


def test_small_but_visible_styles_are_read() -> None:
    """A style that does not hide leaves the text in."""
    document = _read('<h1>P</h1><h2>1 Rule</h2><p style="opacity:0.5;font-size:0.8em">Seen.</p>')

    assert _texts(document) == {("1",): "Seen."}


def test_a_page_states_its_language_title_and_date() -> None:
    """`lang`, `title` and `meta` give what the document says of itself."""
    document = _read(
        "<p>Alle Karten sind maskiert.</p><p>Niemand ist ausgenommen.</p>",
        head='<title>Zugriff</title><meta name="date" content="2025-03-01">'
        '<meta name="version" content="2.1"><meta name="url" content="javascript:x">',
    )

    assert (document.title, document.language) == ("Zugriff", "de")
    assert (document.version, document.version_date) == ("2.1", "2025-03-01")
    assert document.url == ""
    assert document.parts[0].section == "Paragraph 1"


def test_equal_headings_get_ids_of_their_own() -> None:
    """Two sections of one name or number do not fall into one id."""
    document = _read(
        "<h1>P</h1><h2>Terms</h2><p>a</p><h2>Terms</h2><p>b</p>"
        "<h2>Part A</h2><h3>1 X</h3><p>c</p><h2>Part B</h2><h3>1 Y</h3><p>d</p>"
    )

    assert list(_texts(document)) == [
        ("terms", "1"),
        ("terms-2", "1"),
        ("part-a",),
        ("1",),
        ("part-b",),
        ("1-2",),
    ]


@pytest.mark.parametrize(
    ("heading", "steps", "section", "kind"),
    [
        ("Article 5 - Masking", "art-5", "Article 5", PartKind.ARTICLE),
        ("Annex II: Terms", "annex-ii", "Annex II", PartKind.ANNEX),
        ("Appendix A", "appendix-a", "Appendix A", PartKind.ARTICLE),
        ("Section 3.1 Keys", "3.1", "Section 3.1", PartKind.ARTICLE),
        ("§ 7 Keys", "7", "7", PartKind.ARTICLE),
        ("A.5.1 Keys", "a.5.1", "A.5.1", PartKind.ARTICLE),
        ("3) Keys", "3", "3", PartKind.ARTICLE),
    ],
)
def test_numbered_headings_are_read_as_written(
    heading: str, steps: str, section: str, kind: PartKind
) -> None:
    """The number of a heading is its step, whatever word stands before it."""
    part = _read(f"<h1>P</h1><h2>{heading}</h2><p>Text.</p>").parts[0]

    assert (part.steps, part.section, part.kind) == ((steps,), section, kind)


@pytest.mark.parametrize("body", ["", "<script>x</script>", "<h1>Only a title</h1>"])
def test_a_page_without_text_is_refused(body: str) -> None:
    """A page that shows nothing is named, not imported as nothing."""
    with pytest.raises(CorpusError, match="holds no text"):
        _read(body)


@pytest.mark.parametrize("data", [b"", b"plain words", b"\x00\x01\x02", b'{"a": 1}', b"# Title"])
def test_other_formats_are_not_html(data: bytes) -> None:
    """Recognition goes by content and never raises."""
    assert not html.recognises(SourceFile(name="x.html", data=data))


def test_an_xml_declaration_is_no_obstacle() -> None:
    """XHTML with a declaration is read as the page it is."""
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<html><body><p>Cards are masked.</p></body></html>'
    )
    file = SourceFile(name="p.xhtml", data=page.encode())

    assert html.recognises(file)
    assert html.read([file])[0].parts[0].text == "Cards are masked."
