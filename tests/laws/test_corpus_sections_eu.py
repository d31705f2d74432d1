"""Every section that the EU digests cite exists in the official text of the act.

The official texts are read in the formats they are published in: Formex 4 and 6
for the GDPR, NIS2 and the AI Act, EUR-Lex markdown for DORA. The parsers are naive
on purpose: they only list section ids, they do not judge what a section says.
"""

import gzip
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from policy_service.corpus.digests import read_digest

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = REPOSITORY / "regulations_corpus"
ENTRIES_AT_LEAST = {"gdpr": 60, "dora": 25, "nis2": 18, "ai-act": 15}
BOGUS = ("Article 32(1)(z)", "Article 5(9)", "Article 400", "Recital 999", "Article 21 (2)")


def _mark(element: ElementTree.Element | None) -> str:
    """Write a Formex number (`1.`, `(a)`) as it stands in a citation: `(1)`, `(a)`."""
    text = "" if element is None else "".join(element.itertext()).strip()
    return f"({text.strip('().')})" if text else ""


def _formex_points(parent: ElementTree.Element, above: str) -> Iterator[str]:
    for child in parent:
        if child.tag == "QUOT.S":  # text that amends another act
            continue
        if child.tag == "NP":
            here = above + _mark(child.find("NO.P"))
            yield here
            yield from _formex_points(child, here)
        else:
            yield from _formex_points(child, above)


def _formex_sections(root: ElementTree.Element) -> Iterator[str]:
    for recital in root.iter("CONSID"):
        yield f"Recital {_mark(recital.find('NP/NO.P')).strip('()')}"
    for article in root.iter("ARTICLE"):
        title = article.find("TI.ART")
        name = " ".join("" if title is None else "".join(title.itertext()).split())
        yield name
        for part in article:
            above = name + (_mark(part.find("NO.PARAG")) if part.tag == "PARAG" else "")
            yield above
            yield from _formex_points(part, above)


def _markdown_sections(text: str) -> Iterator[str]:
    """List the sections of EUR-Lex markdown: `### Article 9`, `1. …`, `- (a) …`, `  - (i) …`."""
    article, paragraph, point = "", "", ""
    for line in text.splitlines():
        if line.startswith("#"):
            article = line.lstrip("# ").strip() if re.match(r"#+ Article \d+\w*$", line) else ""
            paragraph = point = ""
            yield from filter(None, [article])
        elif found := re.match(r"- \((\d+)\) ", line):
            yield f"{article}({found[1]})" if article else f"Recital {found[1]}"
        elif not article:
            continue
        elif found := re.match(r"(\d+)\. ", line):
            paragraph, point = f"({found[1]})", ""
            yield article + paragraph
        elif found := re.match(r"( *)- \(([a-z]{1,4})\) ", line):
            # The first sub-point, `(i)`, is not indented; the letter i follows only (h).
            if found[1] or (found[2] == "i" and point != "(h)"):
                yield f"{article}{paragraph}{point}({found[2]})"
            else:
                point = f"({found[2]})"
                yield article + paragraph + point


def _official(instrument: str, shared_data: Path) -> frozenset[str]:
    folder = shared_data / "regulations" / instrument
    if instrument == "dora":
        text = gzip.decompress((folder / "dora.md.gz").read_bytes()).decode()
        return frozenset(_markdown_sections(text))
    if instrument == "nis2":
        with zipfile.ZipFile(folder / "32022L2555.fmx4.zip") as archive:
            body = archive.read("L_2022333EN.01008001.xml")
        return frozenset(_formex_sections(ElementTree.fromstring(body)))  # noqa: S314 - a known file
    name = "gdpr-oj.fmx.xml" if instrument == "gdpr" else "L_202401689EN.000101.fmx.xml"
    return frozenset(_formex_sections(ElementTree.parse(folder / name).getroot()))  # noqa: S314 - a known file


def _id_of(instrument: str, section: str) -> str:
    """Derive the id a section must have: `Article 32(1)(a)` → `gdpr/art-32/1/a`."""
    found = re.fullmatch(r"(Article|Recital) (\w+)((?:\(\w+\))*)", section)
    assert found is not None, section
    short = {"Article": "art", "Recital": "recital"}[found[1]]
    return "/".join([instrument, f"{short}-{found[2]}", *re.findall(r"\((\w+)\)", found[3])])


@pytest.mark.parametrize("instrument", sorted(ENTRIES_AT_LEAST))
def test_every_cited_section_stands_in_the_official_text(
    instrument: str, shared_data: Path
) -> None:
    """A digest cites no article, paragraph, point or recital that the act does not have."""
    official = _official(instrument, shared_data)
    cited = {entry.section for entry in read_digest(CORPUS / f"{instrument}.yaml").provisions}
    assert sorted(cited - official) == []


@pytest.mark.parametrize("instrument", sorted(ENTRIES_AT_LEAST))
def test_a_bogus_section_is_not_found(instrument: str, shared_data: Path) -> None:
    """The check has teeth: sections that the act does not have are reported as missing."""
    official = _official(instrument, shared_data)
    assert not official & set(BOGUS)
    assert {"Article 1", "Article 5", "Recital 1"} <= official


@pytest.mark.parametrize("instrument", sorted(ENTRIES_AT_LEAST))
def test_ids_follow_sections(instrument: str) -> None:
    """The id of a provision is its section in the path form, so neither can be wrong alone."""
    digest = read_digest(CORPUS / f"{instrument}.yaml")
    assert {entry.id: _id_of(instrument, entry.section) for entry in digest.provisions} == {
        entry.id: entry.id for entry in digest.provisions
    }


@pytest.mark.parametrize("instrument", sorted(ENTRIES_AT_LEAST))
def test_digests_are_large_enough_and_quotable(instrument: str) -> None:
    """Each EU digest has the entries it promises, in texts of a length that can be quoted."""
    provisions = read_digest(CORPUS / f"{instrument}.yaml").provisions
    assert len(provisions) >= ENTRIES_AT_LEAST[instrument]
    assert [entry.id for entry in provisions if not 100 <= len(entry.text) <= 700] == []
