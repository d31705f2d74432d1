"""Digests and editions merged: what drafts quote, what stays apart, what an acceptance does."""

import pytest

from policy_service.corpus.citing import cite
from policy_service.corpus.collection import Corpus
from policy_service.corpus.merging import merge
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import Standing, Strength
from tests.edition_builders import (
    ACT,
    FIRST,
    FUTURE,
    SECOND,
    TEXTS,
    make_digests,
    make_edition,
    make_held,
    make_proposal,
)

TODAY = "2026-03-02"
MASK = make_proposal("act/art-2/1")
SHOW = make_proposal("act/art-2/2", mandatory=False)


def merged(*held: object, digests: Corpus | None = None) -> Corpus:
    """Merge editions with the digest of the act."""
    return merge(digests or make_digests(), held, today=TODAY)  # type: ignore[arg-type] # editions


def test_without_editions_the_digests_stand_as_they_are() -> None:
    """Nothing held changes nothing, the hash included."""
    assert merged() == make_digests()
    assert merged().sha256 == make_digests().sha256


def test_an_approved_text_takes_the_place_of_our_words() -> None:
    """Same id: the official text is quoted, our words become the summary, our title stays."""
    corpus = merged(make_held(make_edition()))
    found = corpus.get("act/art-2/1")
    assert found.text == TEXTS["act/art-2/1"]
    assert found.summary == "Our words on act/art-2/1."
    assert found.title == "Our title of act/art-2/1"
    assert found.standing is Standing.APPROVED
    assert found.version_date == FIRST
    assert [one.id for one in found.obligations] == ["act/art-2/1#1"]


def test_what_only_one_side_has_stays() -> None:
    """Digest entries that the text lacks stay, and texts without a digest are added bare."""
    corpus = merged(make_held(make_edition(proposals=(MASK, SHOW))))
    assert corpus.get("act/art-9").standing is Standing.DIGEST
    added = corpus.get("act/art-2/2")
    assert (added.text, added.summary, added.obligations) == (TEXTS["act/art-2/2"], "", ())
    assert corpus.digests[0].family == "acts"
    assert corpus.instruments[0].version_date == FIRST


def test_only_digested_texts_and_obligations_ground_a_draft() -> None:
    """A bare official text can be found and quoted, but no draft is grounded by it."""
    corpus = merged(make_held(make_edition()))
    assert [one.id for one in corpus.grounds] == ["act/art-9", "act/art-2/1"]
    accepted = make_held(make_edition(proposals=(SHOW,)), accepted={SHOW.id: Strength.ADVICE})
    assert [one.id for one in merged(accepted).grounds][-1] == "act/art-2/2"


def test_an_unreviewed_text_stays_apart() -> None:
    """It is found, marked, without obligations, and changes neither provisions nor hash."""
    held = make_held(
        make_edition(proposals=(MASK,)), approved=False, accepted={MASK.id: Strength.FLOOR}
    )
    corpus = merged(held)
    assert corpus.provisions == make_digests().provisions
    assert corpus.sha256 == make_digests().sha256
    assert {one.standing for one in corpus.others} == {Standing.UNREVIEWED}
    assert all(one.obligations == () for one in corpus.others)
    assert corpus.unlisted == ()


def test_an_unknown_instrument_is_listed_apart_until_it_is_approved() -> None:
    """A text without a digest is an instrument of its own; approval lists it with the rest."""
    edition = make_edition(name="house", texts={"house/1": "Doors are shut at night."})
    waiting = merged(make_held(edition, approved=False))
    assert [one.id for one in waiting.unlisted] == ["house"]
    assert [one.id for one in waiting.instruments] == [ACT]
    approved = merged(make_held(edition))
    assert [one.id for one in approved.instruments] == [ACT, "house"]
    assert approved.get("house/1").standing is Standing.APPROVED


def test_the_newest_approved_version_in_force_counts() -> None:
    """An older approved version is found as superseded; an unreviewed newer one moves nothing."""
    corpus = merged(
        make_held(make_edition(FIRST)),
        make_held(make_edition(SECOND)),
        make_held(make_edition("2025-01-01"), approved=False),
        make_held(make_edition("2021-01-01"), approved=False),
    )
    assert corpus.get("act/art-2/1").version_date == SECOND
    assert corpus.get("act/art-2/1").superseded == ""
    apart = {(one.version_date, one.standing.value, one.superseded) for one in corpus.others}
    assert apart == {
        (FIRST, "approved", SECOND),
        ("2021-01-01", "unreviewed", SECOND),
        ("2025-01-01", "unreviewed", ""),
    }


def test_a_text_that_holds_later_waits_for_its_day() -> None:
    """An approved future version is neither quoted nor found before its date, and then it is."""
    held = (make_held(make_edition(FIRST)), make_held(make_edition(FUTURE)))
    corpus = merged(*held)
    assert corpus.get("act/art-2/1").version_date == FIRST
    assert corpus.others == ()
    then = merge(make_digests(), held, today=FUTURE)
    assert then.get("act/art-2/1").version_date == FUTURE


def test_accepted_proposals_become_obligations_of_their_strength() -> None:
    """Advice stays advice; a floor is one only where the text commands."""
    accepted = {MASK.id: Strength.FLOOR, SHOW.id: Strength.FLOOR}
    corpus = merged(make_held(make_edition(proposals=(MASK, SHOW)), accepted=accepted))
    strengths = {
        one.id: one.strength for provision in corpus.provisions for one in provision.obligations
    }
    assert strengths == {
        "act/art-2/1#1": Strength.FLOOR,
        MASK.id: Strength.FLOOR,
        SHOW.id: Strength.ADVICE,
    }


def test_search_lists_a_text_in_its_own_order() -> None:
    """Official provisions are listed in the order of the text, digest entries without one last."""
    corpus = merged(make_held(make_edition()), make_held(make_edition(SECOND), approved=False))
    listed = [one.id for one in corpus.searchable]
    assert listed == [*TEXTS, "act/art-9", *TEXTS]


def test_all_texts_under_an_id_are_found() -> None:
    """First the one drafts quote, then the others, newest first; an unknown id is named."""
    corpus = merged(
        make_held(make_edition(FIRST)),
        make_held(make_edition(SECOND)),
        make_held(make_edition("2025-01-01"), approved=False),
    )
    dates = [one.version_date for one in corpus.texts("act/art-1")]
    assert dates == [SECOND, "2025-01-01", FIRST]
    only_apart = merged(make_held(make_edition(), approved=False))
    assert only_apart.texts("act/art-1")[0].standing is Standing.UNREVIEWED
    with pytest.raises(CorpusError, match=r"no provision `act/art-77`.*nearest"):
        corpus.texts("act/art-77")


def test_a_citation_leads_to_the_very_text_it_quotes() -> None:
    """Of the digest, of an older version and of the present one; a foreign hash leads nowhere."""
    digests = make_digests()
    old = merged(make_held(make_edition(FIRST)))
    later = {key: f"{text} Amended." for key, text in TEXTS.items()}
    now = merged(make_held(make_edition(FIRST)), make_held(make_edition(SECOND, texts=later)))
    for corpus in (digests, old, now):
        citation = cite(corpus.get("act/art-2/1"), strength=Strength.ADVICE)
        found = now.cited(citation)
        assert found is not None
        assert citation.quote in found.text
        assert found.sha256 == citation.provision_sha256
    stranger = cite(digests.get("act/art-9"), strength=Strength.ADVICE)
    elsewhere = merged(digests=Corpus(digests=()))
    assert elsewhere.cited(stranger) is None
