"""Cross-references: what they resolve to in each way of writing them, and what is left out."""

import pytest

from policy_service.corpus.references import count_references, resolve_references, steps_of
from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision


def _provision(name: str, text: str = "A duty.") -> Provision:
    return Provision(
        id=ProvisionId(name),
        instrument=name.split("/", maxsplit=1)[0],
        section=name,
        title="",
        text=text,
        sha256=Sha256Hex("0" * 64),
        version="1",
        version_date="2026-01-01",
        url="",
    )


def _references(place: str, text: str, *others: str) -> tuple[str, ...]:
    """Resolve the references of one provision among others of its instrument."""
    head, *_ = resolve_references(
        [_provision(place, text), *(_provision(one) for one in others if one != place)]
    )
    return tuple(str(one) for one in head.references)


_ACT = (
    "act/art-6/1",
    "act/art-6/1/a",
    "act/art-6/1/b",
    "act/art-6/1/f",
    "act/art-6/2",
    "act/art-7",
    "act/art-13/1",
    "act/art-13/2",
    "act/art-14",
    "act/art-15",
    "act/annex-iii/1/a",
    "act/recital-26",
)
_CODE = (
    "code/164.306/a",
    "code/164.306/b/1",
    "code/164.306/b/2",
    "code/164.308/a/1/i",
    "code/164.308/a/1/ii",
    "code/164.310",
    "code/164.312/a",
)
_STATE = (
    "state/1798.105/a",
    "state/1798.105/c/1",
    "state/1798.105/c/2",
    "state/1798.130/a/1",
    "state/1798.130/a/2",
    "state/1798.130/a/3",
)
_CATALOG = ("catalog/ac-2", "catalog/ac-2/3", "catalog/ac-3")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pursuant to Article 6(1)(f)", ("act/art-6/1/f",)),
        ("point (a) of Article 6(1)", ("act/art-6/1/a",)),
        ("Article 6(1), points (a) and (b)", ("act/art-6/1/a", "act/art-6/1/b")),
        ("Article 6(1) and (2)", ("act/art-6/1", "act/art-6/2")),
        ("Articles 13 and 14", ("act/art-13/1", "act/art-13/2", "act/art-14")),
        ("Articles 14 to 15", ("act/art-14", "act/art-15")),
        ("Annex III", ("act/annex-iii/1/a",)),
        ("Annex III, point 1(a)", ("act/annex-iii/1/a",)),
        ("as recital 26 says", ("act/recital-26",)),
        ("paragraphs 1 and 2 of Article 6", ("act/art-6/1", "act/art-6/2")),
        ("Article 6(1)(z)", ("act/art-6/1",)),
        ("Article 99 and Chapter V", ()),
        ("Article 7 of Directive 95/46/EC", ()),
        ("Article 8(1) of the Charter", ()),
        ("Article 7 of this Regulation", ("act/art-7",)),
    ],
)
def test_european_references_resolve(text: str, found: tuple[str, ...]) -> None:
    """Articles, paragraphs, points, ranges, annexes and recitals lead to their provisions."""
    assert _references("act/art-20/1", text, *_ACT) == found


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("act/art-6/2", "paragraph 1 of this Article", ("act/art-6/1",)),
        ("act/art-6/1/f", "points (a) to (b)", ("act/art-6/1/a", "act/art-6/1/b")),
        (
            "act/art-6/2",
            "points (a) and (b) of the first subparagraph of paragraph 1",
            ("act/art-6/1/a", "act/art-6/1/b"),
        ),
        ("act/recital-26", "paragraph 1 holds", ()),
        ("act/art-6/1", "this Article and paragraph 1", ()),
    ],
)
def test_relative_references_start_where_the_text_stands(
    place: str, text: str, found: tuple[str, ...]
) -> None:
    """What names no article means the one it stands in, and never itself."""
    assert _references(place, text, *_ACT) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("§ 164.306(a)", ("code/164.306/a",)),
        ("45 CFR 164.306(b)(1)", ("code/164.306/b/1",)),
        ("paragraph (b)(1) of § 164.306", ("code/164.306/b/1",)),
        (
            "§§ 164.306 through 164.310",
            (
                "code/164.306/a",
                "code/164.306/b/1",
                "code/164.306/b/2",
                "code/164.308/a/1/i",
                "code/164.308/a/1/ii",
                "code/164.310",
            ),
        ),
        ("§ 164.306(a) and (b)(2)", ("code/164.306/a", "code/164.306/b/2")),
        ("§ 999.1 and section 505(a)(7) of the Act", ()),
    ],
)
def test_federal_references_resolve(text: str, found: tuple[str, ...]) -> None:
    """Sections, lists and runs of the Code of Federal Regulations lead to their provisions."""
    assert _references("code/164.312/a", text, *_CODE) == found


def test_lists_of_paragraphs_share_their_beginning() -> None:
    """`paragraphs (a)(1)(i) and (ii) of this section` are both below (a)(1)."""
    found = _references("code/164.308/b", "paragraphs (a)(1)(i) and (ii) of this section", *_CODE)
    assert found == ("code/164.308/a/1/i", "code/164.308/a/1/ii")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paragraph (2)", ("state/1798.105/c/2",)),
        ("paragraph (2) of subdivision (a) of Section 1798.130", ("state/1798.130/a/2",)),
        (
            "paragraphs (1) to (3), inclusive, of subdivision (a) of Section 1798.130",
            ("state/1798.130/a/1", "state/1798.130/a/2", "state/1798.130/a/3"),
        ),
        ("subdivision (a)", ("state/1798.105/a",)),
        ("this section", ()),  # the unit it stands in
    ],
)
def test_californian_references_resolve(text: str, found: tuple[str, ...]) -> None:
    """Paragraphs, subdivisions and sections are read from the outside in."""
    assert _references("state/1798.105/c/1", text, *_STATE) == found


def test_controls_resolve_with_their_enhancements() -> None:
    """`AC-2(3)` is the enhancement and `AC-3` the control; the control itself is left out."""
    found = _references("catalog/ac-2", "See AC-2, AC-2(3), AC-3 and ZZ-9.", *_CATALOG)
    assert found == ("catalog/ac-2/3", "catalog/ac-3")


def test_references_leave_the_instrument_where_the_other_is_known() -> None:
    """An act named by its number is looked up by its CELEX identifier, a section by its part."""
    other = [_provision("gdpr/art-5/1"), _provision("gdpr/art-7")]
    text = "Article 5(1) of Regulation (EU) 2016/679 and Article 7 of that Regulation"
    (found,) = resolve_references(
        [_provision("act/art-1", text)], others={"celex:32016R0679": other}
    )
    assert found.references == ("gdpr/art-5/1", "gdpr/art-7")
    code = {"cfr:45/164/E": [_provision("privacy/164.502/a")], "celex:32011R0182": other}
    (found,) = resolve_references([_provision("code/164.306", "see § 164.502(a)")], others=code)
    assert found.references == ("privacy/164.502/a",)
    (found,) = resolve_references(
        [_provision("act/art-1", "Article 7 of Regulation (EU) No 182/2011")], others=code
    )
    assert found.references == ("gdpr/art-7",)


def test_references_stand_in_order_and_once() -> None:
    """Order of appearance, no repetition, and what stood there before is replaced."""
    found = _references("act/art-20", "Article 7, Article 6(2), Article 7 and Article 14", *_ACT)
    assert found == ("act/art-7", "act/art-6/2", "act/art-14")


def test_counts_are_of_units_of_the_same_instrument() -> None:
    """What resolves is counted against what is mentioned; other acts do not count."""
    provisions = [
        _provision("act/art-1", "Article 2; Article 9. Not Article 3 of Directive 95/46/EC"),
        _provision("act/art-2"),
    ]
    counted = count_references(provisions)
    assert (counted.mentioned, counted.resolved) == (2, 1)
    assert steps_of(provisions[0]) == ("art-1",)
