"""RegML: labels give the hierarchy; two versions of Regulation P count as published."""

import gzip
from pathlib import Path

import pytest

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.us import regml
from policy_service.domain.errors import CorpusError

_REGULATION = """<?xml version="1.0"?>
<regulation xmlns="eregs">
<fdsys><title>KEEPING OF OWLS</title></fdsys>
<preamble><agency>Office of Owls</agency><cfr><title>9</title><section>700</section></cfr>
<documentNumber>2020-1</documentNumber><effectiveDate>2020-02-03</effectiveDate></preamble>
<part label="700"><content>
<subpart label="700-Subpart-0" subpartLetter="0"><content>
<section label="700-1" sectionNum="1"><subject>§ 700.1 Purpose.</subject>
<paragraph label="700-1-p1" marker=""><content>In this part:</content></paragraph>
<paragraph label="700-1-a" marker="(a)"><title>Owls.</title><content>
<def term="owl">Owl</def> means a  bird.</content>
<paragraph label="700-1-a-1" marker="(1)"><content>Large.</content></paragraph>
<paragraph label="7-1-a-2" marker="(2)"><content>Small.</content></paragraph>
</paragraph></section></content></subpart>
<subpart label="700-Subpart-B" subpartLetter="B"><title>Houses</title><content>
<section label="700-2" sectionNum="2"><subject>§ 700.2 Houses.</subject>
<paragraph label="700-2-a" marker="(a)"><content><graphic><text>picture</text></graphic></content>
</paragraph></section></content></subpart>
<appendix label="700-A" appendixLetter="A"><appendixTitle>Appendix A—Form</appendixTitle>
<appendixSection label="700-A-p1"><subject>Part one</subject>
<paragraph label="700-A-p1-A" marker="A."><content>Name.</content>
<paragraph label="700-A-p1-A-1" marker=""><content>Owner.</content></paragraph></paragraph>
</appendixSection></appendix>
<interpretations label="700-Interp"><title>Supplement I</title><interpSection>
<interpParagraph label="700-1-a-Interp-1"><title>Birds.</title><content>Bats are none.</content>
</interpParagraph></interpSection></interpretations>
</content></part></regulation>
"""


def _read(data: bytes) -> Document:
    (document,) = regml.read([SourceFile(name="part.xml", data=data)])
    return document


def _by_id(document: Document) -> dict[str, Part]:
    return {"/".join(part.steps): part for part in document.parts}


def test_regml_header_says_version_and_date() -> None:
    """The document number is the version, the effective date its date."""
    document = _read(_REGULATION.encode())
    assert document.identifiers == ("cfr:9/700",)
    assert (document.version, document.version_date) == ("2020-1", "2020-02-03")
    assert document.facts == {"agency": "Office of Owls"}
    assert document.title == "KEEPING OF OWLS"


def test_regml_labels_give_steps_and_sections() -> None:
    """Steps follow the labels; the wrapping subpart `0` is none."""
    parts = _by_id(_read(_REGULATION.encode()))
    assert parts["700.1"].kind is PartKind.ARTICLE
    assert parts["700.1/p1"].text == "In this part:"
    assert parts["700.1/a"].text == "Owl means a bird."
    assert parts["700.1/a"].title == "Owls"
    assert parts["700.1/a/1"].section == "9 CFR 700.1(a)(1)"
    assert parts["700.1/a/1"].heading[1:] == ("§ 700.1 Purpose", "Owls")
    assert parts["700.1/a/1"].scopes == ("cfr:9/700",)
    assert parts["700.2/a"].scopes == ("cfr:9/700", "cfr:9/700/B")


def test_regml_mistyped_label_takes_its_marker() -> None:
    """A label that does not continue the one above it gives one step, from its marker."""
    assert _by_id(_read(_REGULATION.encode()))["700.1/a/2"].text == "Small."


def test_regml_pictures_have_no_text() -> None:
    """A figure's paragraph counts and is empty."""
    assert _by_id(_read(_REGULATION.encode()))["700.2/a"].text == ""


def test_regml_appendices_and_interpretations_come_too() -> None:
    """Both are annexes; their paragraphs are named as they are printed."""
    parts = _by_id(_read(_REGULATION.encode()))
    assert parts["appendix-a"].kind is PartKind.ANNEX
    assert parts["appendix-a/p1/a"].section == "9 CFR 700, Appendix A, A."
    assert parts["appendix-a/p1/a"].heading[1:] == ("Appendix A—Form", "Part one")
    assert parts["appendix-a/p1/a/1"].section.endswith(", paragraph 1")
    assert parts["interpretations/1/a/interp/1"].text == "Bats are none."


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</regulation>", "", "is not well-formed XML"),
        ('<part label="700">', "<part>", "holds no regulation part"),
        ("regulation", "notice", "holds no regulation part"),
    ],
)
def test_regml_broken_files_end_in_one_clear_line(old: str, new: str, message: str) -> None:
    """A cut file, a part without a label and a notice are each refused in one line."""
    with pytest.raises(CorpusError, match=message) as caught:
        _read(_REGULATION.replace(old, new).encode())
    assert "\n" not in str(caught.value)


def test_regml_is_recognised_by_its_namespace() -> None:
    """The namespace `eregs` makes the format."""
    assert regml.recognises(SourceFile(name="x", data=_REGULATION.encode()))
    assert not regml.recognises(SourceFile(name="x.regml.xml", data=b"<regulation/>"))


@pytest.mark.parametrize(("version", "paragraphs"), [("2011-31729", 620), ("2016-16132", 628)])
def test_regml_both_versions_of_regulation_p_are_complete(
    shared_data: Path, version: str, paragraphs: int
) -> None:
    """Every paragraph of the file is a part of its own, with unique steps."""
    path = shared_data / f"regulations/glba-reg-p/12cfr1016-{version}.regml.xml.gz"
    document = _read(gzip.decompress(path.read_bytes()))
    below = [part for part in document.parts if len(part.steps) > 1]
    assert len(below) == paragraphs
    assert sum(part.kind is PartKind.ARTICLE for part in document.parts) == 17
    assert len({part.steps for part in document.parts}) == len(document.parts)
    assert document.version == version
