"""eCFR XML: divisions, scopes, what is text and what is not, and broken files."""

from pathlib import Path

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.us import ecfr
from policy_service.domain.errors import CorpusError

_PART = """<?xml version="1.0"?>
<DIV5 N="700" TYPE="PART" hierarchy_metadata='{"path":"/on/2024-05-17/title-9/part-700"}'>
<HEAD>PART 700—KEEPING OF OWLS
</HEAD>
<AUTH><HED>Authority:</HED><PSPACE>1 U.S.C. 1.</PSPACE></AUTH>
<DIV6 N="B" TYPE="SUBPART"><HEAD>Subpart B—Houses</HEAD>
<DIV8 N="700.2" TYPE="SECTION"><HEAD>§ 700.2   Houses.</HEAD>
<P>(a) <I>Size.</I> A house holds 10 m<SU>2</SU>.</P>
<P>(1) Small owls; or</P>
<P>(2) Large owls.</P>
<FP>Both are owls.</FP>
<EXTRACT><P>(1) A sign on the door.</P></EXTRACT>
<P>(b) [Reserved]</P>
<DIV><TABLE><TR><TH>Owl</TH><TH>Room</TH></TR>
<TR><TD>Barn owl</TD><TD>2</TD></TR><TR/></TABLE></DIV>
<NOTE><HED>Note:</HED><P>Not law.</P></NOTE>
<CITA TYPE="N">[1 FR 2]</CITA>
</DIV8>
<DIV8 N="700.3" TYPE="SECTION"><HEAD>§ 700.3 [Reserved]</HEAD></DIV8>
</DIV6>
<DIV9 N="Appendix A to Part 700" TYPE="APPENDIX"><HEAD>Appendix A to Part 700—Form</HEAD>
<HD1>Owner</HD1><P>Name the owner.</P></DIV9>
<DIV9 N="Appendix to Part 700" TYPE="APPENDIX"><HEAD>Appendix to Part 700—Map</HEAD>
<P>A map.</P></DIV9>
</DIV5>
"""


def _read(text: str, name: str = "part.xml") -> Document:
    (document,) = ecfr.read([SourceFile(name=name, data=text.encode())])
    return document


def _by_id(document: Document) -> dict[str, Part]:
    return {"/".join(part.steps): part for part in document.parts}


def test_ecfr_part_has_its_identifier_date_and_address() -> None:
    """The document says which part of which title it is, and from when."""
    document = _read(_PART)
    assert document.title == "PART 700—KEEPING OF OWLS"
    assert document.identifiers == ("cfr:9/700",)
    assert document.version_date == "2024-05-17"
    assert document.url == "https://www.ecfr.gov/on/2024-05-17/title-9/part-700"


def test_ecfr_sections_carry_scopes_and_headings() -> None:
    """A paragraph knows its part and subpart, coarse before fine."""
    parts = _by_id(_read(_PART))
    point = parts["700.2/a/1"]
    assert point.scopes == ("cfr:9/700", "cfr:9/700/B")
    assert point.section == "9 CFR 700.2(a)(1)"
    assert point.heading == (
        "PART 700—KEEPING OF OWLS",
        "Subpart B—Houses",
        "§ 700.2 Houses",
        "Size",
    )
    assert parts["700.3"].title == "[Reserved]"


def test_ecfr_text_without_authority_notes_and_citations() -> None:
    """Flush text, extracts and tables are text; notes, sources and citations are not."""
    parts = _by_id(_read(_PART))
    texts = "\n".join(part.text for part in parts.values())
    assert parts["700.2/a"].text == "A house holds 10 m2."
    assert "Both are owls." in texts
    assert "Barn owl | 2" in texts
    assert "(1) A sign on the door." in texts
    assert not any(word in texts for word in ("U.S.C.", "Not law", "1 FR 2"))


def test_ecfr_footnote_marks_are_left_out_where_there_are_footnotes() -> None:
    """A raised figure is a mark in a section with footnotes, and an exponent elsewhere."""
    text = _PART.replace("<CITA", "<FTNT><P><SU>2</SU> A note.</P></FTNT><CITA")
    assert _by_id(_read(text))["700.2/a"].text == "A house holds 10 m."


def test_ecfr_appendices_are_annexes_with_passages() -> None:
    """An appendix is one annex, and each of its paragraphs a passage below it."""
    parts = _by_id(_read(_PART))
    assert parts["appendix-a"].kind is PartKind.ANNEX
    assert parts["appendix-a"].section == "9 CFR 700, Appendix A"
    assert parts["appendix-a/p2"].text == "Name the owner."
    assert parts["appendix"].title == "Appendix to Part 700—Map"


def test_ecfr_whole_title_names_parts_by_its_number() -> None:
    """In a bulk file the title's own division says the number; like appendices stay apart."""
    inner = _PART.partition("?>")[2]
    title = f"<ECFR><DIV1 N='9' TYPE='TITLE'><HEAD>Title 9</HEAD>{inner}{inner}</DIV1></ECFR>"
    document = _read(title)
    assert document.identifiers == ("cfr:9",)
    assert len({part.steps for part in document.parts}) == len(document.parts)


def test_ecfr_subpart_alone_finds_its_part_in_the_path() -> None:
    """A file of one subpart is identified by title, part and subpart."""
    text = (
        '<DIV6 N="C" TYPE="SUBPART" NODE="9:1.0.1" hierarchy_metadata="title-9/part-70/subpart-C">'
        '<HEAD>Subpart C</HEAD><DIV8 N="§ 70.1" TYPE="SECTION"><HEAD>§ 70.1 Owls.</HEAD>'
        "<P>Owls fly.</P></DIV8></DIV6>"
    )
    document = _read(text)
    assert document.identifiers == ("cfr:9/70/C",)
    assert document.url.endswith("/title-9/part-70/subpart-C")
    assert document.parts[0].scopes == ("cfr:9/70", "cfr:9/70/C")


def test_ecfr_section_alone_takes_title_from_its_node_and_date_from_its_name() -> None:
    """A single section's part is the number before the point; a dated name is a date."""
    text = (
        '<DIV8 N="70.1" TYPE="SECTION" NODE="9:1.0.1"><HEAD>§ 70.1 Owls.</HEAD><P>Fly.</P></DIV8>'
    )
    document = _read(text, "ecfr-title-9-2023-01-02.xml")
    assert document.parts[0].scopes == ("cfr:9/70",)
    assert document.version_date == "2023-01-02"


def test_ecfr_without_a_title_number_cites_sections_by_their_sign() -> None:
    """Where nothing says the title, sections are cited by `§` and have no scope."""
    text = '<DIV8 N="70.1" TYPE="SECTION"><HEAD>§ 70.1 Owls.</HEAD><P>Fly.</P></DIV8>'
    document = _read(text)
    assert (document.parts[0].section, document.parts[0].scopes) == ("§ 70.1", ())
    assert (document.url, document.identifiers) == ("", ())


def test_ecfr_is_recognised_by_its_divisions() -> None:
    """A DIV with a TYPE makes the format, not the name; other XML is left alone."""
    assert ecfr.recognises(SourceFile(name="x.txt", data=_PART.encode()))
    assert not ecfr.recognises(SourceFile(name="part.xml", data=b"<ACT><DIV/></ACT>"))
    assert not ecfr.recognises(SourceFile(name="part.xml", data=b'about <DIV8 TYPE="SECTION">'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<DIV5 TYPE='PART' N='1'><HEAD>x", "is not well-formed XML"),
        ("<ECFR/>", "has no DIV with a TYPE"),
        ("<DIV5 TYPE='PART' N='1'><HEAD>Part 1</HEAD></DIV5>", "has no section with text"),
    ],
)
def test_ecfr_broken_files_end_in_one_clear_line(text: str, message: str) -> None:
    """What is wrong is said in one line that names the file."""
    with pytest.raises(CorpusError, match=message) as caught:
        _read(text)
    assert "`part.xml`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ecfr_excerpt_of_the_security_rule_is_rebuilt(shared_data: Path) -> None:
    """The excerpt's 57 flat paragraphs give 4 sections and the ids that the digest uses."""
    file = shared_data / "regulations/hipaa/ecfr-45cfr164-subpartC-excerpt.xml"
    (document,) = ecfr.read([SourceFile(name=file.name, data=file.read_bytes())])
    parts = _by_id(document)
    assert document.identifiers == ("cfr:45/164/C",)
    assert sum(part.kind is PartKind.ARTICLE for part in document.parts) == 4
    assert parts["164.312/a/2/iv"].section == "45 CFR 164.312(a)(2)(iv)"
    assert parts["164.306/d/3/ii/b/2"].text.startswith("Implement an equivalent")
