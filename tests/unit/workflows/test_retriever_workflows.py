"""The learned retriever in the product: trained, served, named in lineage, rolled back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service import app
from policy_service.corpus.collection import Corpus
from policy_service.domain.draft import UNLEARNED
from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Sha256Hex
from policy_service.domain.learning import RetrieverCard
from policy_service.domain.progress import silent
from policy_service.domain.provision import ControlKind, Obligation, Provision, Standing, Strength
from policy_service.engines.retriever_training import TrainingSettings
from policy_service.kit.clock import FixedClock
from policy_service.kit.hashing import sha256_text
from policy_service.workflows.audit import list_entries
from policy_service.workflows.draft import draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine_retriever import (
    collect_lessons,
    list_retrievers,
    refine_retriever,
    roll_back_retriever,
)
from policy_service.workflows.relevance import mark_relevance
from tests.builders import make_organisation
from tests.fixtures.platform import shared_encoder
from tests.fixtures.web import small_corpus, web_home, web_platform

__all__ = ["web_home", "web_platform"]
QUICK = TrainingSettings(epochs=1, steps_at_least=1, epochs_at_most=1, batch=8, negatives=4)
KINDS = tuple(ControlKind)
THINGS = ("ledgers", "letters", "maps", "receipts")
PLACES = ("harbour", "library", "workshop", "archive", "mill", "observatory", "bakery")


def invented() -> Corpus:
    """The corpus that `make_draft` quotes, with an invented act beside it.

    Its last clause is an approved official text that nobody has accepted an obligation of.
    """
    (digest,) = small_corpus().digests
    pairs = [(thing, place) for thing in THINGS for place in PLACES]
    clauses = [_clause(number, thing, place) for number, (thing, place) in enumerate(pairs)]
    bare = replace(clauses[-1], standing=Standing.APPROVED, obligations=())
    provisions = (*digest.provisions, *clauses[:-1], bare)
    return Corpus(digests=(replace(digest, provisions=provisions),))


def _clause(number: int, thing: str, place: str) -> Provision:
    key = ProvisionId(f"gdpr/art-{200 + number // 7}/{number % 7 + 1}")
    text = (
        f"Whoever keeps {thing} in the {place} writes down who may look at them and when. "
        f"After {number + 2} months the {thing} of the {place} are given back to their owners."
    )
    kind = KINDS[number % len(KINDS)]
    return Provision(
        id=key,
        instrument="gdpr",
        section=f"Article {200 + number // 7}({number % 7 + 1})",
        title=f"{thing.capitalize()} in the {place}",
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        version="2016/679",
        version_date="2016-04-27",
        url="https://example.org/act",
        heading=("GDPR",),
        obligations=(
            Obligation(
                id=ObligationId(f"{key}#1"),
                provision=key,
                kind=kind,
                strength=Strength.FLOOR if kind is ControlKind.AUDIT else Strength.ADVICE,
                data_categories=(DataCategory("user.contact"),),
            ),
        ),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[RetrieverCard, bytes]:
    """A version that was trained once for the module, and its weights."""
    home = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        opened = _open(home, patch)
        done = refine_retriever(opened, actor="ada", progress=silent, settings=QUICK)
        app.close_platform(opened)
    weights = home / "retrievers" / done.card.version / "weights.bin"
    return done.card, weights.read_bytes()


def _open(home: Path, patch: pytest.MonkeyPatch) -> Platform:
    encoder = shared_encoder()
    patch.setattr(app.Encoder, "load", lambda: encoder)
    clock = FixedClock(app.SystemClock().now())
    built = app.build_platform(app.Settings(home=home), clock=clock)
    return replace(built, library=built.library.with_digests(invented()))


@pytest.fixture
def bench(web_platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """A platform over the invented corpus, with the session's encoder."""
    encoder = shared_encoder()
    monkeypatch.setattr(app.Encoder, "load", lambda: encoder)
    built = app.build_platform(app.Settings(home=web_platform.folder), clock=web_platform.clock)
    library = built.library.with_digests(invented())
    yield replace(built, library=library, registers_reviewers=False)
    app.close_platform(built)


def promote(platform: Platform, trained: tuple[RetrieverCard, bytes]) -> str:
    """Register the trained version as one that passed its gates, and make it live."""
    card, weights = trained
    registered = platform.retrievers.register(replace(card, promoted=True, note=""), weights)
    platform.retrievers.promote(registered.version)
    return registered.version


def test_lessons_are_marks_made_questions_and_floors(bench: Platform) -> None:
    """What a round learns from is gathered from the state and from reviewed texts alone."""
    mark_relevance(
        bench, query="who keeps maps?", provision="gdpr/art-202/1", relevant=True, reviewer="vera"
    )
    corpus = bench.corpus
    unreviewed = replace(
        corpus.provisions[0], id=ProvisionId("gdpr/art-9"), standing=Standing.UNREVIEWED
    )
    lessons = collect_lessons(bench, replace(corpus, others=(unreviewed,)))
    assert [one.query for one in lessons.marks] == ["who keeps maps?"]
    assert len(lessons.made) > 60
    assert "gdpr/art-9" not in lessons.known
    assert all("gdpr/art-9" not in one.relevant for one in lessons.made)
    assert corpus.provisions[-1].id in lessons.known
    assert len(lessons.floors) == sum(
        one.strength is Strength.FLOOR for one in corpus.obligations()
    )


def test_the_same_lessons_and_seed_give_the_same_weights(
    bench: Platform, trained: tuple[RetrieverCard, bytes]
) -> None:
    """Another home, the same corpus and seed: the same bytes, and an audit record of them."""
    done = refine_retriever(bench, actor="ada", progress=silent, settings=QUICK)
    card, _ = trained
    assert done.card.weights_sha256 == card.weights_sha256
    assert done.card.examples_sha256 == card.examples_sha256
    assert list_retrievers(bench) == (done.card,)
    (entry,) = list_entries(bench, kind="retriever_refinement")
    assert (entry.event.actor, entry.event.subject) == ("ada", done.card.version)
    assert entry.event.details.text("weights_sha256") == card.weights_sha256


def test_a_promoted_version_serves_search_and_drafts(
    bench: Platform, trained: tuple[RetrieverCard, bytes]
) -> None:
    """A running service follows the promotion, and a draft names what found its clauses."""
    organisation = make_organisation()
    before = draft(
        bench, organisation=organisation, source="bank", author="ann-author", progress=silent
    )
    plain = bench.index(silent)
    assert before.lineage.retriever == UNLEARNED
    version = promote(bench, trained)
    learned = bench.index(silent)
    assert learned is not plain
    assert learned is not bench.library.drafting(silent).index
    assert bench.index(silent) is learned
    found = learned.search("receipts in the bakery", limit=3)
    assert found[0].provision.title == "Receipts in the bakery"
    after = draft(
        bench, organisation=organisation, source="bank", author="ann-author", progress=silent
    )
    assert after.lineage == replace(before.lineage, retriever=version)
    assert bench.library.drafting(silent).retriever == version


def test_a_damaged_version_stops_search_until_it_is_rolled_back(
    bench: Platform, trained: tuple[RetrieverCard, bytes]
) -> None:
    """Nothing falls back silently; the corpus can still be read, and a person rolls back."""
    version = promote(bench, trained)
    path = bench.folder / "retrievers" / version / "weights.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    for ask in (bench.index, bench.library.drafting):
        with pytest.raises(RefinementError, match=r"weights of retriever version .* are damaged"):
            ask(silent)
    assert bench.corpus.get("gdpr/art-5/1/c").text
    with pytest.raises(RefinementError, match="are damaged"):
        roll_back_retriever(bench, version, actor="ada")
    assert roll_back_retriever(bench, UNLEARNED, actor="ada") == UNLEARNED
    assert bench.index(silent).search("receipts in the bakery", limit=3)
    (entry,) = list_entries(bench, kind="retriever_rollback")
    assert (entry.event.actor, entry.event.subject) == ("ada", UNLEARNED)
