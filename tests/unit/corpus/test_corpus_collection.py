"""The collection of instruments: finding, selecting, hashing."""

from pathlib import Path

import pytest

from policy_service.corpus.collection import Corpus, load_corpus
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import DataCategory
from policy_service.domain.provision import ControlKind, Strength


def _digest(
    name: str,
    *,
    kind: str = "law",
    places: str = "EU",
    sectors: str = "",
    family: str = "",
    text: str = "Data is kept safe.",
) -> str:
    return f"""\
instrument:
  id: {name}
  title: {name} act
  short: {name.upper()}
  kind: {kind}
  jurisdictions: [{places}]
  sectors: [{sectors}]
  {f"family: {family}" if family else ""}
  version: "1"
  version_date: "2020-01-31"
  url: https://law.example/{name}
provisions:
  - id: {name}/art-1
    section: Article 1
    title: Safety
    text: {text}
    obligations:
      - kind: masking
        strength: floor
        data_categories: [user.contact]
      - kind: audit
        strength: advice
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with four laws of different reach and one internal standard."""
    for text in (
        _digest("privacy"),
        _digest("bank-rule", places="US", sectors="financial services", family="bank"),
        _digest("state-rule", places="US-NY", sectors="financial services", family="bank"),
        _digest("world", kind="standard", places="INT", sectors="payment cards"),
        _digest("house", kind="internal", places="INT"),
    ):
        name = text.split("\n")[1].split()[-1]
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def corpus(folder: Path) -> Corpus:
    """The corpus of that folder."""
    return load_corpus([folder])


def _ids(corpus: Corpus) -> list[str]:
    return [instrument.id for instrument in corpus.instruments]


def test_instruments_are_sorted(corpus: Corpus) -> None:
    """Instruments come sorted by id, with every provision of theirs."""
    assert _ids(corpus) == ["bank-rule", "house", "privacy", "state-rule", "world"]
    assert len(corpus.provisions) == 5


def test_a_provision_is_found_by_id(corpus: Corpus) -> None:
    """A provision is found by its exact id."""
    assert corpus.get("privacy/art-1").instrument == "privacy"


def test_an_unknown_provision_names_the_nearest(corpus: Corpus) -> None:
    """An id that does not exist is refused, with the nearest ids."""
    with pytest.raises(CorpusError, match=r"no provision `privacy/art-2`.*`privacy/art-1`"):
        corpus.get("privacy/art-2")


@pytest.mark.parametrize(
    ("category", "count"), [("user.contact.email", 2), ("user.contact", 2), ("user", 1)]
)
def test_obligations_are_filtered_by_what_covers_a_category(
    folder: Path, category: str, count: int
) -> None:
    """An obligation applies to what lies below its categories, and without any to all."""
    corpus = load_corpus([folder]).select(regulations=["privacy"])
    found = corpus.obligations(category=DataCategory(category))
    assert len([one for one in found if one.provision == "privacy/art-1"]) == count


def test_obligations_are_filtered_by_kind_and_strength(corpus: Corpus) -> None:
    """Kind and strength narrow the obligations, alone and together."""
    assert len(corpus.obligations()) == 10
    assert {one.kind for one in corpus.obligations(kind=ControlKind.AUDIT)} == {ControlKind.AUDIT}
    assert corpus.obligations(kind=ControlKind.AUDIT, strength=Strength.FLOOR) == ()


def test_named_regulations_and_internal_standards_are_selected(corpus: Corpus) -> None:
    """An organisation gets the instruments it names, wherever they sit, and all internal ones."""
    picked = corpus.select(
        regulations=["World", "privacy"], jurisdictions=["EU"], sector="financial services"
    )
    assert _ids(picked) == ["house", "privacy", "world"]


def test_a_family_name_selects_its_members(corpus: Corpus) -> None:
    """A family name stands for every instrument of the family."""
    assert _ids(corpus.select(regulations=["bank"])) == ["bank-rule", "house", "state-rule"]


@pytest.mark.parametrize(
    ("places", "sector", "expected"),
    [
        (["EU"], "financial services", ["house", "privacy"]),
        (["US"], "Financial Services", ["bank-rule", "house"]),
        (["US-NY"], "financial services", ["bank-rule", "house", "state-rule"]),
        (["JP"], "payment cards", ["house", "world"]),
        (["JP"], "", ["house"]),
    ],
)
def test_without_names_place_and_sector_decide(
    corpus: Corpus, places: list[str], sector: str, expected: list[str]
) -> None:
    """Where no regulation is named, jurisdiction and sector choose; a state lies in its country."""
    assert _ids(corpus.select(jurisdictions=places, sector=sector)) == expected


def test_an_unknown_regulation_names_the_nearest(corpus: Corpus) -> None:
    """A regulation that is not in the corpus is refused, with names like it."""
    with pytest.raises(CorpusError, match=r"unknown regulation `privcy`: nearest `privacy`"):
        corpus.select(regulations=["privcy"])


def test_the_hash_covers_content_and_not_file_order(folder: Path, tmp_path: Path) -> None:
    """The same digests in other folders hash the same; one changed word hashes differently."""
    before = load_corpus([folder]).sha256
    aside = tmp_path / "aside"
    aside.mkdir()
    (folder / "bank-rule.yaml").rename(aside / "bank-rule.yaml")
    assert load_corpus([aside, folder]).sha256 == load_corpus([folder, aside]).sha256 == before
    changed = _digest("privacy", text="Data is kept very safe.")
    (folder / "privacy.yaml").write_text(changed, encoding="utf-8")
    assert load_corpus([folder, aside]).sha256 != before


def test_an_instrument_in_two_folders_is_refused(folder: Path, tmp_path: Path) -> None:
    """The same instrument twice is an error, not a silent choice of one."""
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / "privacy.yaml").write_text(_digest("privacy"), encoding="utf-8")
    with pytest.raises(CorpusError, match="instrument `privacy` is there twice"):
        load_corpus([folder, aside])


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_digests_is_refused(tmp_path: Path, name: str) -> None:
    """A folder that is missing or empty is named, so that no draft runs without laws."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=f"no digest in `{name}`"):
        load_corpus([tmp_path / name])


def test_no_folder_gives_an_empty_corpus() -> None:
    """Without folders the corpus is empty, and asking it names nothing."""
    corpus = load_corpus([])
    assert corpus.provisions == ()
    with pytest.raises(CorpusError, match="no provision `gdpr/art-1`"):
        corpus.get("gdpr/art-1")
