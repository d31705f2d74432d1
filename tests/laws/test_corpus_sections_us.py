"""Every section the American digests cite exists in the official text, and says what we say.

The official texts are those of the shared data: the combined HIPAA text of HHS (PDF), the
Californian statute (PDF), Regulation P (RegML) and the OSCAL catalogue of SP 800-53. A cited
paragraph is looked up level by level, section, (a), (1), (i), and has to share words with our
digest of it. Instruments without an official text at hand are checked for form alone.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from policy_service.corpus.digests import read_digest
from policy_service.domain.provision import Provision, Strength

DIGESTS = {  # instrument: entries it has at least
    "hipaa-security": 40,
    "hipaa-privacy": 45,
    "glba-safeguards": 20,
    "reg-p": 15,
    "ccpa": 28,
    "pci-dss": 60,
    "sox": 4,
    "nycrr-500": 25,
    "nist-800-53": 90,
    "nist-800-57": 15,
    "nist-800-52": 6,
    "nist-800-111": 6,
    "nist-800-122": 8,
    "nist-800-188": 8,
    "nist-800-38g": 6,
}


# --- official texts, cut into paragraphs -------------------------------------------------


@dataclass
class Paragraph:
    """One paragraph with what stands directly in it and the paragraphs below it."""

    text: str = ""
    children: dict[str, "Paragraph"] = field(default_factory=dict)

    def find(self, path: Iterable[str]) -> "Paragraph | None":
        """Walk down `a`, `1`, `i`; none where a step is missing."""
        here = self
        for label in path:
            if label not in here.children:
                return None
            here = here.children[label]
        return here

    def everything(self) -> str:
        """Return the paragraph's own words and those of all below it."""
        return " ".join([self.text, *(child.everything() for child in self.children.values())])


def _successor_letter(label: str) -> str:
    """A → b, z → aa, az → ba; works for upper case alike."""
    first, last = ("A", "Z") if label.isupper() else ("a", "z")
    if set(label) == {last}:
        return first * (len(label) + 1)
    if label[-1] == last:
        return _successor_letter(label[:-1]) + first
    return label[:-1] + chr(ord(label[-1]) + 1)


ROMAN = re.findall(
    r"\w+", "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
)


def _successor_roman(label: str) -> str:
    order = ROMAN if label.islower() else [one.upper() for one in ROMAN]
    return order[order.index(label) + 1] if label in order[:-1] else ""


@dataclass(frozen=True)
class Level:
    """One depth of numbering: its first label and which label follows which."""

    first: str
    successor: Callable[[str], str]


LETTER = Level("a", _successor_letter)
DIGIT = Level("1", lambda label: str(int(label) + 1))
LOWER_ROMAN = Level("i", _successor_roman)
CAPITAL = Level("A", _successor_letter)
CODE_OF_FEDERAL_REGULATIONS = (LETTER, DIGIT, LOWER_ROMAN, CAPITAL, DIGIT, LOWER_ROMAN)
CALIFORNIA = (LETTER, DIGIT, CAPITAL, LOWER_ROMAN, Level("I", _successor_roman))

_MARKER = re.compile(r"\(([A-Za-z]{1,5}|\d{1,2})\)")
# A bracket after one of these words is a reference, such as `paragraph (b) of this section`.
_REFERRING = re.compile(
    r"(?:paragraphs?|subdivisions?|subparagraphs?|sections?|§+|of|under|in|by|with|to|through"
    r"|(?<![;,.:\-—])\s(?:and|or))\s*$",
    re.IGNORECASE,
)


_RESERVED = re.compile(r"\(([a-z])\)\s*(?:-|–|through)\s*\(([a-z])\)\s*\[Reserved\]")


def _each_reserved(span: re.Match[str]) -> str:
    """`(b)-(d) [Reserved]` → one line for each of them."""
    return "\n".join(f"({chr(code)}) [Reserved]" for code in range(ord(span[1]), ord(span[2]) + 1))


def parse_section(body: str, levels: tuple[Level, ...]) -> Paragraph:
    """Cut the text of one section into its tree of paragraphs.

    A marker counts only where it starts a line or a sentence or follows another marker,
    is the next one due at its level, and does not follow a referring word.
    """
    root = Paragraph()
    stack: list[tuple[str, Paragraph]] = []
    end = 0
    body = _RESERVED.sub(_each_reserved, body)
    for marker in _MARKER.finditer(body):
        gap = body[end : marker.start()]
        follows_marker = not gap.strip() and end > 0
        starts = body[: marker.start()].rstrip(" ").endswith(("\n", ".", ":", ";", "—"))
        if not (follows_marker or starts):
            continue
        if not follows_marker and _REFERRING.search(body[: marker.start()]):
            continue
        depth = _depth_of(marker[1], [one[0] for one in stack], body[marker.end() :], levels)
        if depth is None:
            continue
        (stack[-1][1] if stack else root).text += gap
        del stack[depth:]
        parent = stack[-1][1] if stack else root
        paragraph = parent.children.setdefault(marker[1], Paragraph())
        stack.append((marker[1], paragraph))
        end = marker.end()
    (stack[-1][1] if stack else root).text += body[end:]
    return root


def _depth_of(label: str, path: list[str], after: str, levels: tuple[Level, ...]) -> int | None:
    """Say at which depth `label` is due next, the deepest first; none where it is not due."""
    due = [
        depth
        for depth in range(min(len(path), len(levels) - 1), -1, -1)
        if label
        == (levels[depth].successor(path[depth]) if depth < len(path) else levels[depth].first)
    ]
    if len(due) > 1 and re.match(r"\s*(Standard|\(1\)|“)", after):
        return due[-1]  # `(i) Standard: …` after (h) is the letter, not the roman one
    return due[0] if due else None


def _pdf_text(path: Path, first_page: int) -> str:
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(path).pages[first_page:]
    return re.sub(r"[ \t]+\n", "\n", "\n".join(page.extract_text() for page in pages))


@pytest.fixture(scope="session")
def hipaa(shared_data: Path) -> dict[str, Paragraph]:
    """45 CFR part 164, section by section, from the combined text of HHS."""
    text = _pdf_text(shared_data / "regulations/hipaa/hipaa-combined-regulation-text.pdf", 58)
    text = re.sub(
        r"HIPAA Administrative Simplification Regulation Text\s+March 2013\s+\d+", "", text
    )
    starts = [*re.finditer(r"^§ (164\.\d{3})\s{2,}(?=[A-Z])", text, re.MULTILINE), None]
    bodies: dict[str, str] = {}
    for here, following in pairwise(starts):
        if here:  # a number comes twice, in the contents and in the text: the text is longer
            body = text[here.end() : following.start() if following else len(text)]
            bodies[here[1]] = max(body, bodies.get(here[1], ""), key=len)
    parsed = {
        number: parse_section(body, CODE_OF_FEDERAL_REGULATIONS) for number, body in bodies.items()
    }
    # The PDF garbles the heading of 164.508(b); the same text as JSON begins inside (a).
    with gzip.open(shared_data / "regulations/hipaa/hipaa_data.json.gz") as stream:
        records = json.load(stream)
    rest = "\n".join(one["text"] for one in records if one["chunk_id"].startswith("164.508"))
    second = parse_section(f"\n(a)\n{rest}", CODE_OF_FEDERAL_REGULATIONS)
    parsed["164.508"].children["b"] = second.children["b"]
    return parsed


@pytest.fixture(scope="session")
def ccpa(shared_data: Path) -> dict[str, Paragraph]:
    """California Civil Code 1798.100 ff., section by section, from the agency's PDF."""
    text = _pdf_text(shared_data / "regulations/ccpa/ccpa_statute.pdf", 0)
    text = re.sub(r"Page \d+ of \d+", "", text)
    contents, body = re.split(r"(?=^1798\.100\.\s+General Duties[^.]*$)", text, flags=re.MULTILINE)[
        -2:
    ]
    numbers = re.findall(r"^(1798\.[\d.]+\d)\. ", contents, re.MULTILINE)
    parts: dict[str, Paragraph] = {}
    for number, following in pairwise([*numbers, None]):
        # References start lines too: only the number due next is a heading.
        found = following and re.search(rf"^{re.escape(following)}\.\s", body, re.MULTILINE)
        parts[str(number)] = parse_section(body[: found.start()] if found else body, CALIFORNIA)
        body = body[found.start() :] if found else ""
    return parts


@pytest.fixture(scope="session")
def regulation_p(shared_data: Path) -> dict[str, str]:
    """12 CFR 1016 by RegML label, `1016-12-a`, each with all words below it."""
    path = shared_data / "regulations/glba-reg-p/12cfr1016-2016-16132.regml.xml.gz"
    with gzip.open(path) as stream:
        root = ElementTree.parse(stream).getroot()  # noqa: S314 - our own copy of the official text
    return {
        label: " ".join(" ".join(node.itertext()).split())
        for node in root.iter()
        if (label := node.get("label"))
    }


@pytest.fixture(scope="session")
def controls(shared_data: Path) -> dict[str, tuple[str, str, bool]]:
    """SP 800-53 by label, `AC-6(1)`: title, statement with guidance, withdrawn or not."""
    with gzip.open(shared_data / "oscal/NIST_SP-800-53_rev5_catalog.json.gz") as stream:
        catalog = json.load(stream)["catalog"]
    found: dict[str, tuple[str, str, bool]] = {}
    for group in catalog["groups"]:
        for control in _all_controls(group):
            properties = {one["name"]: one["value"] for one in control.get("props", [])}
            withdrawn = properties.get("status", "").lower() == "withdrawn"
            found[properties["label"]] = (control["title"], _prose(control), withdrawn)
    return found


def _all_controls(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for control in holder.get("controls", []):
        yield control
        yield from _all_controls(control)


def _prose(part: dict[str, Any]) -> str:
    below = " ".join(_prose(one) for one in part.get("parts", []))
    return f"{part.get('prose', '')} {below}"


# --- what our digests cite ---------------------------------------------------------------


def _provisions(repository: Path, instrument: str) -> tuple[Provision, ...]:
    return read_digest(repository / f"regulations_corpus/{instrument}.yaml").provisions


def _split(section: str) -> tuple[str, list[str]]:
    """`45 CFR 164.312(a)(2)(iv)` → `164.312`, [a, 2, iv]."""
    number = re.search(r"\d+\.\d+", section)
    return (number[0] if number else ""), _MARKER.findall(section)


_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "and any are been for from has have into its may must not other shall such that the their"
        " them these they this under was which who with",
    )
)


def _words(text: str) -> set[str]:
    """The words of a text that carry meaning, cut to a stem of five letters."""
    return {word[:5] for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in _PLAIN}


def _shared_words(provision: Provision, official: str) -> int:
    return len(_words(f"{provision.title} {provision.text}") & _words(official))


def _kept(provision: Provision, official: str) -> bool:
    """Tell whether the digest speaks of the same thing as the official paragraph."""
    due = min(5, max(1, len(_words(official)) // 2))
    return _shared_words(provision, official) >= due


# --- the laws ----------------------------------------------------------------------------


def _problems(
    provisions: Iterable[Provision], official: Callable[[Provision], str | None]
) -> list[str]:
    """Name each provision whose section is absent or speaks of something else."""
    problems = []
    for provision in provisions:
        text = official(provision)
        if text is None:
            problems.append(f"{provision.id}: `{provision.section}` is not in the official text")
        elif not _kept(provision, text):
            problems.append(f"{provision.id}: hardly a word in common with `{text[:60]}`")
    return problems


def _in_tree(sections: dict[str, Paragraph]) -> Callable[[Provision], str | None]:
    def look_up(provision: Provision) -> str | None:
        number, path = _split(provision.section)
        found = sections[number].find(path) if number in sections else None
        return found.everything() if found else None

    return look_up


@pytest.mark.parametrize("instrument", ["hipaa-security", "hipaa-privacy"])
def test_hipaa_sections_exist(
    repository: Path, hipaa: dict[str, Paragraph], instrument: str
) -> None:
    """Every paragraph of 45 CFR 164 that is cited stands in the official text and fits it."""
    assert _problems(_provisions(repository, instrument), _in_tree(hipaa)) == []


def test_ccpa_sections_exist(repository: Path, ccpa: dict[str, Paragraph]) -> None:
    """Every subdivision of the Californian statute that is cited exists and fits."""
    assert _problems(_provisions(repository, "ccpa"), _in_tree(ccpa)) == []


def test_regulation_p_sections_exist(repository: Path, regulation_p: dict[str, str]) -> None:
    """Every paragraph of 12 CFR 1016 that is cited is a label of the published RegML."""

    def look_up(provision: Provision) -> str | None:
        number, path = _split(provision.section)
        return regulation_p.get("-".join([number.replace(".", "-"), *path]))

    assert _problems(_provisions(repository, "reg-p"), look_up) == []


def test_controls_of_800_53_exist(
    repository: Path, controls: dict[str, tuple[str, str, bool]]
) -> None:
    """Every control cited is in the catalogue under this label and title, and not withdrawn."""
    provisions = _provisions(repository, "nist-800-53")
    assert [one.id for one in provisions if one.section not in controls] == []
    assert {one.section: one.title for one in provisions} == {
        one.section: controls[one.section][0] for one in provisions
    }
    assert [one.id for one in provisions if controls[one.section][2]] == []
    assert _problems(provisions, lambda one: controls[one.section][1]) == []


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("164.312", ["a", "2", "v"]),
        ("164.312", ["f"]),
        ("164.308", ["a", "9"]),
        ("164.514", ["b", "2", "i", "S"]),
        ("164.316", ["b", "2", "iv"]),
        ("164.530", ["j", "3"]),
    ],
)
def test_invented_hipaa_paragraphs_are_not_found(
    hipaa: dict[str, Paragraph], section: str, path: list[str]
) -> None:
    """The look-up refuses paragraphs that follow the last real one of their list."""
    assert hipaa[section].find(path[:-1]) is not None
    assert hipaa[section].find(path) is None


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("1798.100", ["g"]),
        ("1798.140", ["al"]),
        ("1798.140", ["ae", "4"]),
        ("1798.120", ["a", "3"]),
    ],
)
def test_invented_ccpa_subdivisions_are_not_found(
    ccpa: dict[str, Paragraph], section: str, path: list[str]
) -> None:
    """The look-up refuses subdivisions that the statute does not have."""
    assert ccpa[section].find(path) is None
    assert "1798.101" not in ccpa


def test_invented_labels_are_not_found(
    regulation_p: dict[str, str], controls: dict[str, tuple[str, str, bool]]
) -> None:
    """Neither Regulation P nor SP 800-53 knows labels that we made up."""
    assert not {"1016-12-d", "1016-19", "1016-10-a-4"} & set(regulation_p)
    assert not {"AC-99", "AC-6(11)", "PT-9", "AC-2 (3)"} & set(controls)


def test_digest_of_another_paragraph_is_noticed(
    repository: Path, hipaa: dict[str, Paragraph]
) -> None:
    """A digest that sits under the wrong number mostly shares too few words with it."""
    provisions = _provisions(repository, "hipaa-security")
    official = _in_tree(hipaa)
    texts = [official(one) or "" for one in provisions]
    shifted = [*texts[7:], *texts[:7]]
    own = sum(_shared_words(one, text) for one, text in zip(provisions, texts, strict=True))
    other = sum(_shared_words(one, text) for one, text in zip(provisions, shifted, strict=True))
    assert own > 1.5 * other


def test_a_reference_is_not_a_paragraph() -> None:
    """`paragraph (b)` at the start of a line does not open a paragraph (b)."""
    parsed = parse_section(
        "\n(a) As in paragraph\n(b) of this section. (1) One;\n(2) two.",
        CODE_OF_FEDERAL_REGULATIONS,
    )
    assert list(parsed.children) == ["a"]
    assert list(parsed.children["a"].children) == ["1", "2"]


@pytest.mark.parametrize(("instrument", "least"), sorted(DIGESTS.items()))
def test_digest_is_whole(repository: Path, instrument: str, least: int) -> None:
    """Each digest loads, has its entries, and each text can be quoted and read in one breath."""
    digest = read_digest(repository / f"regulations_corpus/{instrument}.yaml")
    assert digest.instrument.id == instrument
    assert digest.instrument.url.startswith("https://")
    assert len(digest.provisions) >= least
    for provision in digest.provisions:
        assert 120 <= len(provision.text) <= 600, provision.id
        assert provision.text.endswith("."), provision.id
        assert provision.url.startswith("https://"), provision.id
    assert len({one.section for one in digest.provisions}) == len(digest.provisions)


@pytest.mark.parametrize("instrument", sorted(DIGESTS))
def test_section_and_id_agree(repository: Path, instrument: str) -> None:
    """The last steps of an id are the bracketed steps of the section, in lower case."""
    for provision in _provisions(repository, instrument):
        number, path = _split(provision.section)
        if number and path and "Table" not in provision.section:
            steps = [number, *(one.lower() for one in path)]
            assert provision.id == "/".join([instrument, *steps])


def test_families_are_named(repository: Path) -> None:
    """Both HIPAA rules answer to `hipaa`, both GLBA rules to `glba`."""
    families = {
        name: read_digest(repository / f"regulations_corpus/{name}.yaml").family for name in DIGESTS
    }
    assert {name: family for name, family in families.items() if family} == {
        "hipaa-security": "hipaa",
        "hipaa-privacy": "hipaa",
        "glba-safeguards": "glba",
        "reg-p": "glba",
    }


def test_recommendations_are_no_floors(repository: Path) -> None:
    """Publications of NIST bind nobody but agencies: only the TLS versions are floors."""
    floors = {
        one.provision
        for name in DIGESTS
        if name.startswith("nist-")
        for provision in _provisions(repository, name)
        for one in provision.obligations
        if one.strength is Strength.FLOOR
    }
    assert floors == {"nist-800-52/3.1", "nist-800-52/4.1"}


def test_card_numbers_show_six_and_four(repository: Path) -> None:
    """PCI DSS 3.4.1 is a floor that leaves at most the first six and last four digits."""
    by_id = {str(one.id): one for one in _provisions(repository, "pci-dss")}
    masking = by_id["pci-dss/3.4.1"].obligations[0]
    assert masking.strength is Strength.FLOOR
    assert masking.parameters.integer("visible_first", 0) == 6
    assert masking.parameters.integer("visible_last", 0) == 4
