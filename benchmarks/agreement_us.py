"""Agreement of American law in several forms: HIPAA, the CCPA and Regulation P.

Part of `python -m benchmarks.corpus_agreement`. Not a test of the law's content: it compares
readings of the same text, and counts the digests' clauses that the official text has.
"""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from benchmarks.agreement import Agreement, compare
from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.pdf import importer as pdf
from policy_service.corpus.importers.pdf.california import read_lines
from policy_service.corpus.importers.us import ecfr, regml
from policy_service.corpus.importers.us.styled import BOLD, PLAIN, Styled

_REGULATIONS = Path("regulations")
_ECFR = _REGULATIONS / "hipaa/ecfr-45cfr164-subpartC-excerpt.xml"
_HHS = _REGULATIONS / "hipaa/hipaa-combined-regulation-text.pdf"
_CUT = _REGULATIONS / "hipaa/hipaa_data.json.gz"
_CCPA = _REGULATIONS / "ccpa/ccpa_statute.pdf"
_CCPA_MD = _REGULATIONS / "ccpa/ccpa_statute.md.gz"
_REG_P = _REGULATIONS / "glba-reg-p/12cfr1016-{}.regml.xml.gz"
_VERSIONS = ("2011-31729", "2016-16132")
_CORPUS = Path(__file__).resolve().parent.parent / "regulations_corpus"
_SECONDS: dict[tuple[str, ...], float] = {}
_MARKER = re.compile(r"\((?:[a-z]{1,5}|[A-Z]{1,3}|\d{1,2})\)")
_NOTES = re.compile(r"\[\d+ FR[^\]]*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many units of each sort one form of an instrument yields."""

    instrument: str
    form: str
    what: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0  # to read it, of one core


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of a digest's clauses the official text has at the same id."""

    digest: str
    clauses: int
    found: int  # a unit with this id
    quoted: int  # … and with text of its own; the others are headings of what lies below them
    missing: tuple[str, ...]
    headings: tuple[str, ...]


def rows(data: Path) -> list[Agreement]:
    """Compare the forms of each instrument."""
    excerpt, hhs = _read(data / _ECFR), _read(data / _HHS)
    older, newer = (_read(data / str(_REG_P).format(version)) for version in _VERSIONS)
    return [
        compare(
            "HIPAA Security Rule (excerpt)",
            ("eCFR", _texts(excerpt)),
            ("PDF (HHS)", _texts(hhs, within=_texts(excerpt))),
            note="an excerpt of four sections; 164.306(c) writes its list of sections with one "
            "sign `§§` there, one each here",
        ),
        compare(
            "HIPAA, 45 CFR 160, 162, 164",
            ("PDF (HHS)", _letters(_by_section(hhs))),
            ("JSON (cut by another project)", _letters(_cut_sections(data))),
            note="by section, letters and figures only; the JSON was cut by machine: lead-ins of "
            "long sections are lost, and five sections stand in the one before",
        ),
        compare(
            "CCPA",
            ("PDF", _texts(_read(data / _CCPA))),
            ("Markdown", _texts(_ccpa_markdown(data))),
            note="the Markdown was made from the PDF by machine: it has lost blanks, moved lines, "
            "and takes two cross-references for headings of sections",
        ),
        compare(
            "Regulation P, two versions",
            (_VERSIONS[0], _texts(older)),
            (_VERSIONS[1], _texts(newer)),
            note="differences are the amendments of 2016",
        ),
    ]


def counts(data: Path) -> list[Count]:
    """Count what each form yields."""
    forms = [
        ("HIPAA Security Rule (excerpt)", "eCFR", _read(data / _ECFR)),
        ("HIPAA, 45 CFR 160, 162, 164", "PDF (HHS)", _read(data / _HHS)),
        ("CCPA", "PDF", _read(data / _CCPA)),
        ("CCPA", "Markdown", _ccpa_markdown(data)),
        *(
            (f"Regulation P {version}", "RegML", _read(data / str(_REG_P).format(version)))
            for version in _VERSIONS
        ),
    ]
    return [
        *(
            Count(
                instrument=name,
                form=form,
                what=_counted(document),
                seconds=round(_SECONDS.get(document.files, 0.0), 2),
            )
            for name, form, document in forms
        ),
        *(
            Count(
                instrument=f"digest {one.digest}",
                form="its ids in the official text",
                what={"clauses": one.clauses, "found": one.found, "with own text": one.quoted},
            )
            for one in coverage(data)
        ),
    ]


def coverage(data: Path) -> list[Coverage]:
    """Look up the digests' ids in the official text."""
    official = (
        ("hipaa-security", _HHS),
        ("hipaa-privacy", _HHS),
        ("reg-p", Path(str(_REG_P).format(_VERSIONS[1]))),
        ("ccpa", _CCPA),
    )
    return [_covered(digest, _read(data / path)) for digest, path in official]


def _covered(digest: str, document: Document) -> Coverage:
    texts = {_name(part): part.text for part in document.parts}
    raw = yaml.safe_load((_CORPUS / f"{digest}.yaml").read_text(encoding="utf-8"))
    names = [str(provision["id"]).partition("/")[2] for provision in raw["provisions"]]
    return Coverage(
        digest=digest,
        clauses=len(names),
        found=sum(name in texts for name in names),
        quoted=sum(bool(texts.get(name)) for name in names),
        missing=tuple(name for name in names if name not in texts),
        headings=tuple(name for name in names if texts.get(name) == ""),
    )


@cache
def _read(path: Path) -> Document:
    data = path.read_bytes()
    file = SourceFile(name=path.name, data=gzip.decompress(data) if path.suffix == ".gz" else data)
    start = time.process_time()
    (document,) = _importer(file)([file])
    _SECONDS[document.files] = time.process_time() - start
    return document


def _importer(file: SourceFile) -> Callable[[Sequence[SourceFile]], tuple[Document, ...]]:
    if pdf.recognises(file):
        return pdf.read
    return regml.read if regml.recognises(file) else ecfr.read


def _name(part: Part) -> str:
    return "/".join(part.steps)


def _texts(document: Document, *, within: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return heading and text by unit; `within` keeps the sections and branches that it has."""
    every = {
        _name(part): f"{part.title} {part.text}".strip()
        for part in document.parts
        if part.text or part.title
    }
    if within is None:
        return every
    return {name: text for name, text in every.items() if name in within}


def _by_section(document: Document) -> dict[str, str]:
    sections: dict[str, list[str]] = {}
    for part in document.parts:
        if part.steps[0][:1].isdigit():
            title = (
                part.title if len(part.steps) > 1 and not part.text.startswith(part.title) else ""
            )
            sections.setdefault(part.steps[0], []).append(f"{title} {part.text}")
    return {name: " ".join(texts) for name, texts in sections.items()}


def _cut_sections(data: Path) -> dict[str, str]:
    sections: dict[str, list[str]] = {}
    for record in json.loads(gzip.decompress((data / _CUT).read_bytes())):
        number = re.sub(r"^\D+", "", str(record.get("section", "")))
        if number:
            sections.setdefault(number, []).append(str(record["text"]))
    return {name: " ".join(texts) for name, texts in sections.items()}


def _letters(sections: Mapping[str, str]) -> dict[str, str]:
    return {
        name: "".join(re.findall(r"[a-z0-9]+", _plain(text).lower()))
        for name, text in sections.items()
    }


def _plain(text: str) -> str:
    """Leave out what the readings write differently: markers, notes, traces of formulae."""
    words = re.sub(r"[${}]|\\mathrm|\\S", "", text).replace("[Reserved]", "")
    return _MARKER.sub("", _NOTES.sub("", words))


def _ccpa_markdown(data: Path) -> Document:
    text = gzip.decompress((data / _CCPA_MD).read_bytes()).decode()
    return read_lines(
        _markdown_lines(text.split("\n\n")),
        format="markdown",
        name=_CCPA_MD.name,
        title="",
        version="",
        version_date="",
    )


def _markdown_lines(blocks: Iterable[str]) -> Iterator[Styled]:
    heading = ""
    for block in blocks:
        words = " ".join(block.replace("&emsp;", " ").replace("**", "").split())
        if words.startswith("## "):
            heading = words.replace("'", "’")
            yield Styled(heading[3:], BOLD * len(heading[3:]))
        elif words not in ("", "---") and not heading.endswith(words):  # it says titles twice
            yield Styled(words, PLAIN * len(words))


def _counted(document: Document) -> dict[str, int]:
    kinds = [part.kind for part in document.parts]
    below = (PartKind.PARAGRAPH, PartKind.POINT)
    return {
        "sections": kinds.count(PartKind.ARTICLE),
        "paragraphs": sum(kind in below for kind in kinds),
        "annexes": kinds.count(PartKind.ANNEX),
        "provisions": sum(bool(part.text) for part in document.parts),
    }
