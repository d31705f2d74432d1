"""Formex: units, numbers, quoted provisions, tables, and acts of several files."""

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.eu import formex
from policy_service.domain.errors import CorpusError

BIB = (
    '<BIB.INSTANCE><DOCUMENT.REF FILE="x.doc.xml"/><DATE ISO="20240101">20240101</DATE>'
    "<LG.DOC>FR</LG.DOC><NO.SEQ>{order}</NO.SEQ></BIB.INSTANCE>"
)
ACT = f"""<?xml version="1.0" encoding="UTF-8"?>
<ACT>{BIB.format(order="0001")}
<TITLE><TI><P>Règlement (UE) 2024/77 du Conseil</P><P>du <DATE ISO="20240101">1er</DATE></P>
</TI></TITLE>
<PREAMBLE><GR.CONSID>
<CONSID><NP><NO.P>(1)</NO.P><TXT>Motif:</TXT><P><LIST TYPE="alpha"><ITEM><NP><NO.P>a)</NO.P>
<TXT>premier</TXT></NP></ITEM></LIST></P></NP></CONSID>
<CONSID><P>Sans numéro.</P></CONSID>
</GR.CONSID></PREAMBLE>
<ENACTING.TERMS>
<DIVISION><TITLE><TI><P>TITRE I</P></TI></TITLE>
<DIVISION><TITLE><TI><P>CHAPITRE 1</P></TI><STI><P>Objet</P></STI></TITLE>
<ARTICLE IDENTIFIER="001"><TI.ART>Article premier</TI.ART><STI.ART><P>Objet</P></STI.ART>
<PARAG><NO.PARAG>1.</NO.PARAG>
<ALINEA><P>Le texte <NOTE NOTE.ID="E1"><P>note</P></NOTE>, ici, de
<QUOT.START CODE="00AB"/>mille<QUOT.END CODE="00BB"/> <FT TYPE="NUMBER">1500000</FT>:</P>
<LIST TYPE="DASH"><ITEM><P>un</P></ITEM><ITEM><NP><NO.P>—</NO.P><TXT>deux</TXT></NP></ITEM>
</LIST></ALINEA><ALINEA>Fin.</ALINEA></PARAG></ARTICLE>
<ARTICLE><TI.ART>Article 2 bis</TI.ART>
<ALINEA><P>Il est modifié:</P><QUOT.S><QUOT.START CODE="2018"/><ARTICLE>
<TI.ART>Article 4</TI.ART>
<STI.ART>Neuf</STI.ART><PARAG><NO.PARAG>1.</NO.PARAG><ALINEA>Texte.</ALINEA></PARAG></ARTICLE>
<QUOT.END CODE="2019"/></QUOT.S>.</ALINEA></ARTICLE>
<ARTICLE IDENTIFIER="003"><PARAG><NO.PARAG>1.</NO.PARAG>
<ALINEA><P>Deux listes:</P>{{list}}</ALINEA><ALINEA><P>encore:</P>{{list}}</ALINEA></PARAG>
</ARTICLE>
</DIVISION></DIVISION>
<P>Hors article.</P>
</ENACTING.TERMS><FINAL><P>Fait à Bruxelles.</P></FINAL></ACT>""".replace(
    "{list}",
    '<LIST TYPE="alpha"><ITEM><NP><NO.P>a)</NO.P><TXT>alpha</TXT></NP></ITEM></LIST>',
)
ANNEX_TWO = f"""<ANNEX>{BIB.format(order="0001.0002")}
<TITLE><TI><P>ANNEXE II</P></TI><STI><P>Listes</P></STI></TITLE><CONTENTS>
<P>Chapeau.</P>
<GR.SEQ LEVEL="1"><TITLE><TI><P>Section A. Première</P></TI></TITLE>
<NP><NO.P>1.</NO.P><TXT>un</TXT></NP></GR.SEQ>
<GR.SEQ LEVEL="1"><TITLE><TI><P>Section B</P></TI><STI><P>Seconde</P></STI></TITLE>
<NP><NO.P>1.</NO.P><TXT>deux</TXT></NP></GR.SEQ>
<GR.SEQ LEVEL="1"><TITLE><TI><NP><NO.P>3.</NO.P><TXT>Contrôle</TXT></NP></TI></TITLE>
<NP><NO.P>3.1.</NO.P><TXT>trois:</TXT><P><LIST TYPE="alpha"><ITEM><NP><NO.P>a)</NO.P>
<TXT>fin</TXT></NP></ITEM></LIST></P></NP></GR.SEQ>
<GR.SEQ LEVEL="1"><TITLE><TI><P>Divers</P></TI></TITLE><P>reste</P></GR.SEQ>
</CONTENTS></ANNEX>"""
ANNEX_ONE = f"""<ANNEX>{BIB.format(order="0001.0001")}
<TITLE><TI><P>ANNEXE I</P></TI></TITLE><CONTENTS>
<TBL COLS="2"><TITLE><TI><P>Table</P></TI></TITLE><GR.NOTES><NOTE><P>note</P></NOTE></GR.NOTES>
<CORPUS><ROW><CELL>Un</CELL><CELL><IE/></CELL><CELL>Trois<BR/>bis</CELL></ROW>
<ROW><CELL><IE/></CELL></ROW></CORPUS></TBL>
<DLIST SEPARATOR=":"><DLIST.ITEM><TERM>clé</TERM><DEFINITION>10<HT TYPE="SUP">25</HT>
</DEFINITION></DLIST.ITEM></DLIST>
<ARTICLE><TI.ART>Article 1</TI.ART><STI.ART>Modèle</STI.ART><ALINEA>Texte type.</ALINEA></ARTICLE>
</CONTENTS></ANNEX>"""
DOC = """<DOC><BIB.DOC><NO.DOC FORMAT="YN"><YEAR>2024</YEAR><NO.CURRENT>77</NO.CURRENT></NO.DOC>
<NO.ELI ID="http://data.europa.eu/eli/reg_impl/2024/77/oj"/></BIB.DOC>
<PUBLICATION.REF FILE="x.toc.xml"><DATE ISO="20240203">x</DATE></PUBLICATION.REF>
<FMX><DOC.MAIN.PUB><LEGAL.VALUE>REG</LEGAL.VALUE><REF.PHYS FILE="x.01.xml"/></DOC.MAIN.PUB>
<DOC.SUB.PUB><REF.PHYS FILE="x.a.xml"/></DOC.SUB.PUB>
<DOC.SUB.PUB><REF.PHYS FILE="x.b.xml"/></DOC.SUB.PUB></FMX></DOC>"""
CONTENTS = "<PUBLICATION><OJ><BIB.OJ><LG.OJ>FR</LG.OJ></BIB.OJ></OJ></PUBLICATION>"
CONSOLIDATED = """<CONS.ACT
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://formex.publications.europa.eu/schema/formex-06.02.xd">
<INFO.CONSLEG START.DATE="20240501" LEG.VAL="DIR"/><CONS.DOC>
<BIB.INSTANCE><LG.DOC>EN</LG.DOC></BIB.INSTANCE>
<FAM.COMP><BIB.DATA><NO.CELEX>32020L0012</NO.CELEX><TITLE><TI><P>Corrigendum</P></TI></TITLE>
</BIB.DATA></FAM.COMP>
<TITLE><TI><P>Directive (EU) 2020/12 of the Council</P></TI></TITLE>
<ENACTING.TERMS><ARTICLE><TI.ART>Article 12a</TI.ART><ALINEA>Whole.</ALINEA></ARTICLE>
</ENACTING.TERMS></CONS.DOC>
<CONS.ANNEX><TITLE><TI><P>ANNEX</P><P>Things</P></TI></TITLE><CONTENTS><P>All.</P></CONTENTS>
</CONS.ANNEX></CONS.ACT>"""


def _file(name: str, text: str) -> SourceFile:
    return SourceFile(name=name, data=text.encode())


def _read(*texts: tuple[str, str]) -> Document:
    files = [_file(name, text) for name, text in texts]
    assert all(formex.recognises(file) for file in files)
    (document,) = formex.read(files)
    return document


def _parts(document: Document) -> dict[str, Part]:
    return {"/".join(part.steps): part for part in document.parts}


@pytest.fixture(scope="module")
def act() -> Document:
    """The invented act, alone."""
    return _read(("x.01.xml", ACT))


@pytest.fixture(scope="module")
def whole() -> Document:
    """The invented act with its list, annexes and table of contents, in name order."""
    return _read(
        ("x.01.xml", ACT),
        ("x.a.xml", ANNEX_TWO),
        ("x.b.xml", ANNEX_ONE),
        ("x.doc.xml", DOC),
        ("x.toc.xml", CONTENTS),
    )


def test_formex_acts_keep_recitals_articles_and_what_stands_outside(act: Document) -> None:
    """Every unit is a part, in the order of the text, and a stray line is not lost."""
    assert list(_parts(act)) == [
        "recital-1",
        "recital-1/a",
        "recital-2",
        "art-1",
        "art-1/1",
        "art-2-bis",
        "art-3",
        "art-3/1",
        "art-3/1/a",
        "art-3/1/a-2",
        "text-6",
    ]
    assert [part.kind for part in act.parts[:5]] == [
        PartKind.RECITAL,
        PartKind.POINT,
        PartKind.RECITAL,
        PartKind.ARTICLE,
        PartKind.PARAGRAPH,
    ]


def test_formex_text_is_own_text_with_dashes_and_without_notes(act: Document) -> None:
    """Notes go with the blank before them, quotation marks come from their codes."""
    assert _parts(act)["art-1/1"].text == (
        "Le texte, ici, de «mille» 1 500 000:\n— un\n— deux\nFin."
    )
    assert _parts(act)["art-1"].text == ""


def test_formex_headings_and_sections_are_as_the_act_writes_them(act: Document) -> None:
    """Divisions nest, and the word for article is that of the act."""
    paragraph = _parts(act)["art-1/1"]
    assert paragraph.heading == ("TITRE I", "CHAPITRE 1 — Objet", "Article premier — Objet")
    assert paragraph.section == "Article premier(1)"
    assert _parts(act)["art-2-bis"].section == "Article 2 bis"
    assert _parts(act)["art-3"].section == "Article 3"


def test_formex_quoted_provisions_are_text(act: Document) -> None:
    """An article quoted by an amending act makes no part of the act that quotes it."""
    assert _parts(act)["art-2-bis"].text == ("Il est modifié:\n‘Article 4\nNeuf\n1. Texte.’.")


def test_formex_a_number_used_twice_stays_apart(act: Document) -> None:
    """A second list in one paragraph gets steps of its own and says so in its section."""
    assert _parts(act)["art-3/1/a-2"].section == "Article 3(1)(a) [2]"


def test_formex_facts_come_from_the_act_itself(act: Document) -> None:
    """Without its list an act has its title, language and date of adoption."""
    assert act.identifiers == ("celex:32024R0077", "eli:reg/2024/77")
    assert (act.language, act.version, act.version_date) == ("fr", "2024/77", "2024-01-01")
    assert act.format == "formex-4"
    assert act.url == "https://eur-lex.europa.eu/eli/reg/2024/77/oj"


def test_formex_acts_of_several_files_are_one_document(whole: Document) -> None:
    """Annexes follow the act in the order of their numbers, not of their names."""
    parts = _parts(whole)
    annexes = [part.section for part in whole.parts if part.kind is PartKind.ANNEX]
    assert annexes == ["Annexe I", "Annexe II"]
    assert whole.version_date == "2024-02-03"
    assert whole.identifiers == ("celex:32024R0077", "eli:reg_impl/2024/77")
    assert parts["annex-i"].text == "Table\nUn | | Trois bis\nclé: 10²⁵"
    assert parts["annex-i/art-1"].kind is PartKind.PASSAGE
    assert parts["annex-ii"].text == "Chapeau.\nDivers\nreste"


def test_formex_annexes_number_sections_and_points(whole: Document) -> None:
    """Sections of an annex are steps, and `3.1.` below `3.` is the point 3.1."""
    sections = {
        key: part.section for key, part in _parts(whole).items() if key.startswith("annex-ii")
    }
    assert sections == {
        "annex-ii": "Annexe II",
        "annex-ii/section-a": "Annexe II, Section A",
        "annex-ii/section-a/1": "Annexe II, Section A, point 1",
        "annex-ii/section-b": "Annexe II, Section B",
        "annex-ii/section-b/1": "Annexe II, Section B, point 1",
        "annex-ii/3": "Annexe II, point 3",
        "annex-ii/3/1": "Annexe II, point 3.1",
        "annex-ii/3/1/a": "Annexe II, point 3.1(a)",
    }
    assert _parts(whole)["annex-ii/3"].title == "Contrôle"
    assert _parts(whole)["annex-ii/section-b"].title == "Seconde"


def test_formex_consolidated_texts_say_from_when_they_hold() -> None:
    """A consolidated act has the act's identifiers, its own, and the day it holds from."""
    document = _read(("c.xml", CONSOLIDATED))
    assert document.format == "formex-6"
    assert document.title == "Directive (EU) 2020/12 of the Council"
    assert document.identifiers == (
        "celex:32020L0012",
        "celex:02020L0012-20240501",
        "eli:dir/2020/12",
    )
    assert document.version_date == "2024-05-01"
    assert [part.section for part in document.parts] == ["Article 12a", "Annex"]
    assert document.parts[1].title == "Things"


def test_formex_two_acts_at_once_are_two_documents() -> None:
    """Files are grouped by the act they say they belong to."""
    other = ACT.replace("x.doc.xml", "y.doc.xml").replace("2024/77", "2024/78")
    documents = formex.read([_file("x.xml", ACT), _file("y.xml", other)])
    assert [document.version for document in documents] == ["2024/77", "2024/78"]


def test_formex_an_annex_that_an_act_inserts_elsewhere_is_quoted_text() -> None:
    """A file that the act includes in a quotation makes no annex of the act."""
    place = '<QUOT.S><INCL.ELEMENT FILEREF="x.b.xml" TYPE="FORMEX.DOC"/></QUOT.S>'
    act = ACT.replace("<ALINEA>Fin.</ALINEA>", f"<ALINEA>Fin:<P>{place}</P></ALINEA>")
    document = _read(("x.01.xml", act), ("x.a.xml", ANNEX_TWO), ("x.b.xml", ANNEX_ONE))
    annexes = [part.section for part in document.parts if part.kind is PartKind.ANNEX]
    assert annexes == ["Annexe II"]
    assert "Fin:\nANNEXE I\nTable\nUn | | Trois bis" in _parts(document)["art-1/1"].text


def test_formex_pictures_that_a_list_names_are_not_missed() -> None:
    """Only texts that the list of an act names must be among the files."""
    listed = DOC.replace('FILE="x.a.xml"', 'FILE="x.tif" TYPE="IMAGE"').replace(
        'FILE="x.b.xml"', 'FILE="y.tif" TYPE="IMAGE"'
    )
    assert _read(("x.01.xml", ACT), ("x.doc.xml", listed)).version_date == "2024-02-03"


def test_formex_a_lone_annex_is_read() -> None:
    """An annex without its act is a document of annex parts."""
    assert _read(("x.b.xml", ANNEX_ONE)).parts[0].section == "Annexe I"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"cut.xml": ACT[:900]}, "`cut.xml` is not well-formed XML (line "),
        ({"e.xml": "<CJT>" + BIB + "</CJT>"}, "`e.xml` is Formex `CJT`, not an act"),
        ({"empty.xml": "<ACT>" + BIB + "</ACT>"}, "`empty.xml` has no article, recital or annex"),
        ({"x.doc.xml": DOC}, "`x.doc.xml` only lists the files of an act"),
        (
            {"x.01.xml": ACT, "x.doc.xml": DOC},
            "`x.doc.xml` lists `x.a.xml`, which is not among the files",
        ),
        ({"a.xml": ACT, "b.xml": ACT}, "`a.xml`, `b.xml` say they are one act"),
        (
            {"bomb.xml": '<!DOCTYPE a [<!ENTITY b "c">]><ACT>' + BIB + "</ACT>"},
            "`bomb.xml` declares XML entities",
        ),
    ],
)
def test_formex_says_in_one_line_what_is_broken(files: dict[str, str], said: str) -> None:
    """Broken, foreign, incomplete and hostile files end in one clear line."""
    with pytest.raises(CorpusError) as told:
        formex.read([_file(name, text) for name, text in files.items()])
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text", ["", "plain words", "<html><body/></html>", "<ACT>a play</ACT>", "\x00\x01<"]
)
def test_formex_recognises_nothing_else(text: str) -> None:
    """Other formats and plays are left to others."""
    assert not formex.recognises(_file("x", text))


def test_formex_names_what_it_does_not_know_by_its_schema() -> None:
    """A root the importer has no use for is still told to be Formex."""
    root = '<GENERAL x="http://formex.publications.europa.eu/schema/formex-05.xd"/>'
    assert formex.recognises(_file("g.xml", root))
