"""Akoma Ntoso: acts of the Union, acts with sections, annexes and quoted structures."""

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.eu import akoma_ntoso
from policy_service.domain.errors import CorpusError

ROOT = '<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0">'
META = """<meta><identification source="#x"><FRBRWork>
<FRBRthis value="/akn/{work}/!main"/><FRBRdate date="2024-12-01" name="x"/>
<FRBRname value="Short"/><FRBRnumber value="843"/><FRBRcountry value="eu"/></FRBRWork>
<FRBRExpression><FRBRdate date="{date}" name="x"/><FRBRlanguage language="{language}"/>
</FRBRExpression></identification></meta>"""
UNION = (
    ROOT
    + '<act name="regulation">'
    + META.format(work="eu/act/reg/2024/9999", date="2024-12-02", language="deu")
    + """<preface><longTitle><p><docType>Verordnung</docType> (EU) 2024/9999 des Rates</p>
</longTitle></preface>
<preamble><recitals><recital><num>(1)</num>
<p>Grund <authorialNote marker="1"><p>ABl.</p></authorialNote>.</p></recital>
<recital><p>Ohne Nummer.</p></recital></recitals></preamble>
<body><chapter><num>KAPITEL I</num><heading>Allgemeines</heading>
<article><num>Artikel 1</num><heading>Ziel</heading><paragraph><num>(1)</num>
<list><intro><p>Es<eol/>gilt <del>nicht</del> <ref href="#x">hier</ref>:</p></intro>
<point><num>a)</num><content><p>eins<sup>2</sup>;</p></content></point>
<point><num>b)</num><list><intro><p>zwei:</p></intro>
<point><num>i)</num><content><p>tief</p></content></point></list></point>
<point><num>–</num><content><p>Strich</p></content></point>
<wrapUp><p>Ende.</p></wrapUp></list></paragraph>
<paragraph><num>(2)</num><subparagraph><content><p>Erster.</p></content></subparagraph>
<content><table><tr><td><p>A</p></td><td><p>B</p></td></tr><tr><td/></tr></table>
<ul><li><p>frei</p></li></ul></content></paragraph></article></chapter>
<hcontainer><content><p>Anhängsel.</p></content></hcontainer></body>
<attachments><attachment><heading>ANHANG II</heading><doc name="annex"><meta/>
<preface><p>Liste</p></preface><mainBody><p>Text</p>
<point><num>1.</num><content><p>Punkt</p></content></point></mainBody></doc></attachment>
<attachment><doc><meta/><mainBody><p>Mehr</p></mainBody></doc></attachment></attachments>
</act></akomaNtoso>"""
)
SECTIONS = (
    ROOT
    + "<act>"
    + META.format(work="gh/act/2012/843", date="soon", language="eng")
    + """<body><part><num>Part I</num><heading>Commission</heading>
<section><num>12.</num><heading>Duties</heading><subsection><num>(1)</num>
<intro><p>The Commission shall say <quotedText startQuote="“" endQuote="”">yes</quotedText></p>
</intro><paragraph><num>(a)</num><heading>How</heading><content><p>act</p></content></paragraph>
</subsection></section>
<section><num>§ 13</num><content><p>Insert <mod><quotedStructure startQuote="“" endQuote="”">
<section><num>2A.</num><heading>New</heading><content><p>Quoted.</p></content></section>
<article><num>Article 9</num><heading>Old</heading><content><p>Said.</p></content></article>
</quotedStructure></mod>.</p></content></section></part></body></act></akomaNtoso>"""
)


def _file(text: str) -> SourceFile:
    return SourceFile(name="act.xml", data=text.encode())


def _read(text: str) -> tuple[Document, dict[str, Part]]:
    assert akoma_ntoso.recognises(_file(text))
    (document,) = akoma_ntoso.read([_file(text)])
    return document, {"/".join(part.steps): part for part in document.parts}


def test_akn_acts_of_the_union_have_the_ids_of_the_union() -> None:
    """Recitals, articles, paragraphs, points and annexes get the steps of other formats."""
    document, parts = _read(UNION)
    assert {steps: part.text for steps, part in parts.items()} == {
        "recital-1": "Grund.",
        "recital-2": "Ohne Nummer.",
        "art-1": "",
        "art-1/1": "Es gilt hier:\n— Strich\nEnde.",
        "art-1/1/a": "eins²;",
        "art-1/1/b": "zwei:",
        "art-1/1/b/i": "tief",
        "art-1/2": "Erster.\nA | B\n— frei",
        "text-4": "Anhängsel.",
        "annex-ii": "Text",
        "annex-ii/1": "Punkt",
        "annex-2": "Mehr",
    }
    assert parts["annex-ii/1"].section == "Anhang II, point 1"
    assert parts["annex-ii"].title == "Liste"
    assert parts["art-1/1"].heading == ("KAPITEL I — Allgemeines", "Artikel 1 — Ziel")
    assert document.identifiers == ("celex:32024R9999", "eli:reg/2024/9999")
    assert (document.language, document.version_date) == ("de", "2024-12-02")
    assert document.facts == {"country": "eu"}


def test_akn_acts_with_sections_count_sections() -> None:
    """Where there is no article a section is the unit with a number of its own."""
    document, parts = _read(SECTIONS)
    assert [steps for steps, part in parts.items() if part.kind is PartKind.ARTICLE] == [
        "section-12",
        "section-13",
    ]
    assert parts["section-12/1/a"].section == "Section 12(1)(a)"
    assert parts["section-12/1/a"].title == "How"
    assert parts["section-12/1"].text == "The Commission shall say “yes”"
    assert parts["section-12"].heading == ("Part I — Commission",)
    assert document.identifiers == ("akn:/akn/gh/act/2012/843/!main",)
    assert (document.title, document.version) == ("Short", "843")
    assert (document.language, document.version_date) == ("en", "2024-12-01")


def test_akn_quoted_structures_are_text() -> None:
    """What an act inserts elsewhere is text of the unit that quotes it, with its marks."""
    _, parts = _read(SECTIONS)
    assert parts["section-13"].text == "Insert\n“2A. New\nQuoted.\nArticle 9\nOld\nSaid.”."


def test_akn_collections_hold_the_texts_of_their_parts() -> None:
    """A bundle of an act and other texts is read through, and no identification is needed."""
    text = (
        ROOT + "<documentCollection><collectionBody><component><doc><mainBody><article>"
        "<num>3</num><content><p>Words.</p></content></article></mainBody></doc></component>"
        "</collectionBody></documentCollection></akomaNtoso>"
    )
    document, parts = _read(text)
    assert parts["art-3"].section == "Article 3"
    assert (document.identifiers, document.version_date, document.facts) == ((), "", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (UNION[:600], "`act.xml` is not well-formed XML"),
        (ROOT + "<judgment/></akomaNtoso>", "`act.xml` is Akoma Ntoso `judgment`, not an act"),
        (ROOT + "</akomaNtoso>", "`act.xml` is Akoma Ntoso `nothing`, not an act"),
        (ROOT + "<act/></akomaNtoso>", "`act.xml` has no article, section or recital"),
    ],
)
def test_akn_says_in_one_line_what_is_broken(text: str, said: str) -> None:
    """Broken files and documents that are no acts are refused."""
    with pytest.raises(CorpusError) as told:
        akoma_ntoso.read([_file(text)])
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_akn_recognises_nothing_else() -> None:
    """Other XML is left to others."""
    assert not akoma_ntoso.recognises(_file("<act>akomaNtoso</act>"))
