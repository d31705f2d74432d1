"""Filters: what each keeps and drops, what they say of names that nothing bears."""

import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.domain.provision import ControlKind, Instrument, InstrumentKind, Standing
from policy_service.retrieval.filters import Filters
from policy_service.retrieval.index import open_index


def _instrument(name, places, sectors=()):
    return Instrument(
        id=name,
        title=name,
        kind=InstrumentKind.LAW,
        jurisdictions=tuple(places),
        sectors=tuple(sectors),
        version="1",
        version_date="2026-01-01",
        url="",
    )


INSTRUMENTS = [
    _instrument("euro", ["EU"]),
    _instrument("german", ["EU-DE"]),
    _instrument("world", ["INT"]),
    _instrument("golden", ["US-CA"], ["Health"]),
    _instrument("silent", ["US"], ["financial services"]),
]


@pytest.fixture
def index(tmp_path, word_encoder, provision_of):
    """Provisions of four instruments, in two versions and three standings."""
    masking, access = ControlKind.MASKING, ControlKind.ACCESS
    provisions = [
        provision_of("euro/1", "old words", version_date="2020-01-01", superseded="2024-07-01"),
        provision_of("euro/1", "new words", version_date="2024-07-01"),
        provision_of(
            "euro/1",
            "imported words",
            version_date="2025-01-01",
            standing=Standing.UNREVIEWED,
        ),
        provision_of("german/1", "mail", kinds=[masking], categories=["user.contact"]),
        provision_of("world/1", "all data", kinds=[access], standing=Standing.APPROVED),
        provision_of(
            "golden/1", "health", kinds=[masking, access], categories=["user.health_and_medical"]
        ),
    ]
    return open_index(
        folder=tmp_path, provisions=provisions, instruments=INSTRUMENTS, encoder=word_encoder
    )


def _kept(index, **filters):
    found = index.search("words", limit=20, filters=Filters(**filters))
    return sorted((str(one.provision.id), one.provision.text) for one in found)


def _ids(index, **filters):
    return [name for name, _ in _kept(index, **filters)]


def test_without_a_date_the_newest_versions_are_searched(index):
    """What a newer version replaced is left out; an import nobody reviewed is found."""
    texts = [text for _, text in _kept(index)]
    assert texts == ["imported words", "new words", "mail", "health", "all data"] or set(texts) == {
        "imported words",
        "new words",
        "mail",
        "health",
        "all data",
    }


@pytest.mark.parametrize(
    ("day", "texts"),
    [
        ("2019-12-31", []),
        ("2020-01-01", ["old words"]),
        ("2024-06-30", ["old words"]),
        ("2024-07-01", ["new words"]),
        ("2025-06-01", ["imported words", "new words"]),
    ],
)
def test_at_a_date_the_versions_of_that_day_are_searched(index, day, texts):
    """A version holds from its date to the day before the next one's."""
    assert [text for _, text in _kept(index, in_force=day)] == texts


def test_standings_keep_what_may_be_drafted_from(index):
    """Digests and approved texts alone leave the unreviewed import out."""
    reviewed = frozenset({Standing.DIGEST, Standing.APPROVED})
    assert ("euro/1", "imported words") not in _kept(index, standings=reviewed)
    assert len(_kept(index, standings=reviewed)) == 4
    assert _kept(index, standings=frozenset({Standing.APPROVED})) == [("world/1", "all data")]


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        ("EU", {"euro/1", "world/1"}),
        ("EU-DE", {"euro/1", "german/1", "world/1"}),
        ("US", {"world/1"}),
        ("US-CA", {"golden/1", "world/1"}),
    ],
)
def test_an_organisation_is_reached_from_where_it_is(index, place, ids):
    """A place is reached by itself, by what contains it, and by what holds everywhere."""
    assert set(_ids(index, jurisdiction=place)) == ids


def test_a_sector_keeps_its_own_and_what_binds_every_sector(index):
    """Sectors are compared without regard to case; instruments of no sector bind all."""
    assert "golden/1" in _ids(index, sector="HEALTH")
    assert "golden/1" not in _ids(index, sector="retail")
    assert "euro/1" in _ids(index, sector="retail")


def test_a_category_keeps_obligations_that_cover_it(index):
    """An obligation covers what lies below its categories, and everything where it has none."""
    assert _ids(index, category="user.contact.email") == ["german/1", "world/1"]
    assert _ids(index, category="user.health_and_medical") == ["golden/1", "world/1"]
    assert _ids(index, category="user") == ["world/1"]


def test_kind_and_category_are_met_by_one_obligation(index):
    """A masking duty for one category and an access duty for another do not add up."""
    masking = frozenset({ControlKind.MASKING})
    assert _ids(index, kinds=masking) == ["german/1", "golden/1"]
    assert _ids(index, kinds=masking, category="user.contact.email") == ["german/1"]
    assert _ids(index, kinds=frozenset({ControlKind.ACCESS}), category="user.contact") == [
        "world/1"
    ]


def test_instruments_narrow_together_with_the_old_words(index):
    """Instruments of the filters and of the keyword must both fit."""
    filters = Filters(instruments=frozenset({"euro", "world"}))
    found = index.search("words", filters=filters, instruments=frozenset({"world"}))
    assert [one.provision.id for one in found] == ["world/1"]
    assert index.search("words", filters=filters, instruments=frozenset({"golden"})) == ()
    assert _ids(index, instruments=frozenset({"silent"})) == []


@pytest.mark.parametrize(
    "empty", [{"instruments": frozenset()}, {"kinds": frozenset()}, {"standings": frozenset()}]
)
def test_an_empty_choice_finds_nothing(index, empty):
    """A filter that names nothing keeps nothing."""
    assert _kept(index, **empty) == []


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"instruments": frozenset({"eura"})}, "no instrument `eura` is indexed: nearest `euro`"),
        ({"category": "user.contact.mail"}, "unknown data category `user.contact.mail`: nearest"),
        ({"category": ""}, "unknown data category ``"),
        ({"jurisdiction": "Germany"}, "jurisdiction `Germany` is no place"),
        ({"in_force": "yesterday"}, "`yesterday` is no date; write it as"),
    ],
)
def test_a_name_that_nothing_bears_is_refused(index, filters, said):
    """A typo in a filter is an error with the nearest names, never an empty answer."""
    with pytest.raises(RetrievalError, match=said):
        index.search("words", filters=Filters(**filters))
