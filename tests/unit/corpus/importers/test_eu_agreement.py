"""Real acts: counts, agreement of formats, and the digests' ids in the official text."""

from pathlib import Path

import pytest

from benchmarks import corpus_agreement as agreement
from benchmarks.agreement import Agreement
from policy_service.corpus.digests import read_digest

HELD = {"GDPR": "gdpr", "AI Act": "ai-act", "NIS2": "nis2", "DORA": "dora"}


@pytest.fixture(scope="module")
def readings(shared_data: Path) -> dict[agreement.Source, agreement.Reading]:
    """Every act of the Union in the shared data, in every format it is there."""
    return agreement.read_all(shared_data)


@pytest.fixture(scope="module")
def compared(
    readings: dict[agreement.Source, agreement.Reading],
) -> dict[tuple[str, str], Agreement]:
    """The comparisons of those readings, by the two forms."""
    return {(row.left, row.right): row for row in agreement.compare_all(readings)}


@pytest.mark.parametrize(
    ("instrument", "held"),
    [
        ("GDPR", {"articles": 99, "recitals": 173, "annexes": 0}),
        ("AI Act", {"articles": 113, "recitals": 180, "annexes": 13}),
        ("NIS2", {"articles": 46, "recitals": 144, "annexes": 3}),
        ("DORA", {"articles": 64, "recitals": 106, "annexes": 0}),
    ],
)
def test_real_acts_are_whole_in_every_form(
    readings: dict[agreement.Source, agreement.Reading], instrument: str, held: dict[str, int]
) -> None:
    """Each form of an act has the articles, recitals and annexes that the act has."""
    found = [one for one in agreement.count_all(readings) if one.instrument == instrument]
    assert found
    for count in found:
        assert {name: count.what[name] for name in held} == held


def test_the_gdpr_is_the_same_in_formex_and_xhtml(
    compared: dict[tuple[str, str], Agreement],
) -> None:
    """All 1,029 units of the journal's two forms agree, text by text."""
    row = compared["Formex 4, OJ", "EUR-Lex XHTML, OJ"]
    assert (row.units, row.equal, row.only_left, row.only_right) == (1029, 1029, 0, 0)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("Formex 4, OJ", "GDPRtEXT JSON", 1028),
        ("Formex 4, OJ", "Formex 4, consolidated", 1012),
        ("Formex 4, OJ", "Markdown", 997),
    ],
)
def test_other_forms_of_the_gdpr_differ_where_their_source_does(
    compared: dict[tuple[str, str], Agreement], left: str, right: str, equal: int
) -> None:
    """Units match one to one; what differs is the corrigendum or what a copy has lost."""
    row = compared[left, right]
    assert (row.units, row.only_left, row.only_right) == (1029, 0, 0)
    assert row.equal == equal
    assert row.note


def test_nis2_units_match_one_to_one(compared: dict[tuple[str, str], Agreement]) -> None:
    """Formex and the copy in Markdown cut the directive into the same 653 units."""
    row = compared["Formex 4, zip", "Markdown"]
    assert (row.units, row.only_left, row.only_right) == (653, 0, 0)


def test_the_official_text_has_every_id_of_the_digests(
    readings: dict[agreement.Source, agreement.Reading], repository: Path
) -> None:
    """A digest's provision and the official one have the same id and section."""
    for source, reading in readings.items():
        digest = read_digest(repository / "regulations_corpus" / f"{HELD[source.instrument]}.yaml")
        sections = {"/".join(part.steps): part.section for part in reading.document.parts}
        for provision in digest.provisions:
            steps = provision.id.partition("/")[2]
            assert sections.get(steps) == provision.section, (source.form, provision.id)
