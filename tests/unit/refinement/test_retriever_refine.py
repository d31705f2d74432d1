"""One round for the retriever, its gates and its registry, over a bench that learns by heart."""

import json
from dataclasses import replace

import pytest

from policy_service.domain.draft import UNLEARNED
from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion, ProvisionId, Sha256Hex, SubjectId
from policy_service.domain.learning import RelevanceMark, RetrievalFigures
from policy_service.refinement.relevance import RelevanceQuestion
from policy_service.refinement.retriever_gates import (
    MIN_MARKED,
    RetrieverComparison,
    ReviewerInfluence,
    check_retriever_gates,
    floor_questions,
    found_floors,
    noise,
)
from policy_service.refinement.retriever_refine import RetrieverLessons, refine_retriever
from policy_service.refinement.retriever_registry import RetrieverRegistry

PROVISIONS = tuple(ProvisionId(f"act/{n:03d}") for n in range(120))
AT = "2026-03-02T12:00:00.000000Z"
FLOORS = tuple((one, f"title {one}") for one in PROVISIONS[:5])


class Bench:
    """A retriever that finds provisions by number, once it has learned that it may.

    Its weights are what it was taught: how many questions by whose marks, and the seed.
    """

    corpus_sha256 = Sha256Hex("c" * 64)
    encoder_sha256 = Sha256Hex("e" * 64)

    def __init__(self, *, useless=False, poisoner="", loses=()):
        self.useless = useless
        self.poisoner = poisoner
        self.loses = loses
        self.trained = []

    def train(self, questions, *, seed, progress):
        """Remember what was taught."""
        self.trained.append(questions)
        reviewers = sorted({name for one in questions for name in one.reviewers})
        return json.dumps([len(questions), reviewers, seed]).encode()

    def open(self, weights):
        """Open it: unlearned it finds a third of what is asked."""
        if weights is None or self.useless:
            return Finder(lambda number: number % 3 == 0)
        if self.poisoner in json.loads(weights)[1]:
            return Finder(lambda number: number % 2 == 0)
        return Finder(lambda number: True)

    def open_grounds(self, weights):
        """Open it: what was learned may lose floors."""
        lost = () if weights is None else self.loses
        return Finder(lambda number: number not in lost)


class Finder:
    """Finds the provision whose number stands in the question, where `knows` it."""

    def __init__(self, knows):
        self.knows = knows

    def ask(self, questions, *, limit):
        """Return the provision or nothing."""
        numbers = [int(one.split("/")[-1].split()[0]) for one in questions]
        return [[f"act/{number:03d}"] if self.knows(number) else [] for number in numbers]


def lessons(*marks, made=True):
    """Make lessons of marks and of a question for every provision."""
    questions = tuple(RelevanceQuestion(text=f"made {one}", relevant=(one,)) for one in PROVISIONS)
    return RetrieverLessons(
        marks=marks,
        made=questions if made else (),
        known=frozenset(PROVISIONS),
        floors=FLOORS,
    )


def mark(number, reviewer="vera", relevant=True, word="asked"):
    """Mark a provision as the answer to a question that names it."""
    return RelevanceMark(
        query=f"{word} act/{number:03d}",
        provision=PROVISIONS[number],
        relevant=relevant,
        reviewer=SubjectId(reviewer),
        at=AT,
    )


@pytest.fixture
def registry(tmp_path, word_encoder):
    """An empty registry."""
    return RetrieverRegistry(folder=tmp_path / "retrievers", encoder=word_encoder)


@pytest.fixture
def run(registry, clock):
    """Run one round on a bench."""

    def run(given, bench=None, **more):
        return refine_retriever(
            given, bench=bench or Bench(), registry=registry, clock=clock, seed=7, **more
        )

    return run


def test_a_round_registers_promotes_and_is_used(run, registry):
    """A version that answers held-out questions better is the live one, with its figures."""
    steps = []
    done = run(lessons(), progress=lambda *step: steps.append(step))
    assert done.report.passed, done.report.reasons
    card = done.card
    assert (card.version, card.parent, card.promoted) == ("retriever-1", UNLEARNED, True)
    assert card.made_after.recall_at_10 == 1.0 > card.made_before.recall_at_10
    assert card.marked_after.questions == 0
    assert card.examples + card.made_after.questions == len(PROVISIONS) + len(FLOORS)
    assert card.created_at == AT
    assert steps[-1] == ("retriever gates", 3, 3)
    live = registry.current()
    assert (live.version, registry.current_version()) == ("retriever-1", "retriever-1")
    assert json.loads(live.weights) == [card.examples, [], 7]


def test_nothing_held_out_is_trained_on(run):
    """The questions that measure a version, and their provisions, never teach it."""
    bench = Bench()
    marks = [mark(n, "vera") for n in range(60)] + [mark(n, "sam") for n in range(60, 120)]
    done = run(lessons(*marks), bench)
    taught = {one for questions in bench.trained for q in questions for one in q.relevant}
    held = len(PROVISIONS) - len({one for q in bench.trained[0] for one in q.relevant})
    assert done.card.marked_after.questions == held == len(PROVISIONS) - len(taught)


def test_floors_are_taught_and_never_held_out(run):
    """Every floor's own title is among what is trained on, whatever the cut."""
    bench = Bench()
    run(lessons(), bench)
    assert {title for _, title in FLOORS} <= {one.text for one in bench.trained[0]}


def test_a_second_round_descends_from_the_first_and_needs_a_gain(run, registry):
    """What learns nothing new is registered with its reason, and the first stays live."""
    run(lessons())
    again = run(lessons())
    assert again.card.parent == "retriever-1"
    assert not again.card.promoted
    assert "no gain beyond noise on held-out made questions" in again.card.note
    assert registry.current_version() == "retriever-1"
    assert [one.version for one in registry.lineage(again.card.version)] == [
        "retriever-2",
        "retriever-1",
    ]
    assert again.card.weights_sha256 == registry.card(ModelVersion("retriever-1")).weights_sha256


def test_no_gain_no_promotion(run, registry):
    """A version that answers nothing better is never used."""
    done = run(lessons(), Bench(useless=True))
    assert "no gain" in done.card.note
    assert registry.current_version() == UNLEARNED
    with pytest.raises(RefinementError, match="did not pass its gates"):
        registry.promote(done.card.version)


def test_a_lost_floor_forbids_promotion(run, registry):
    """A floor that the live version finds must be found by the new one."""
    done = run(lessons(), Bench(loses=(3,)))
    assert done.report.floors == 5
    assert done.report.floors_lost == ("act/003",)
    assert "1 floors would no longer be found: `act/003`" in done.card.note
    assert registry.current_version() == UNLEARNED


def test_a_reviewer_who_spoils_others_answers_forbids_promotion(run):
    """Who lowers the recall of everybody else's questions is named."""
    marks = [mark(n, "vera") for n in range(60)] + [mark(n, "mallory") for n in range(60, 120)]
    done = run(lessons(*marks), Bench(poisoner="mallory"))
    assert [one.reviewer for one in done.report.influence] == ["mallory", "vera"]
    assert "the marks of reviewer `mallory` lower recall on others' questions" in done.card.note
    assert "`vera`" not in done.card.note


def test_one_reviewer_alone_and_small_contributions_are_not_weighed(run):
    """Without others there is nobody to sway; a handful of marks sways nobody."""
    assert run(lessons(*[mark(n) for n in range(60)])).report.influence == ()
    few = [mark(n, "sam") for n in range(4)] + [mark(n) for n in range(60, 120)]
    assert [one.reviewer for one in run(lessons(*few)).report.influence] == ["vera"]


def test_what_reviewers_say_of_a_made_question_wins(run):
    """A question that somebody marked is not asked a second time as made."""
    bench = Bench()
    run(lessons(mark(1, word="made")), bench)
    texts = [one.text for one in bench.trained[0]]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("marks", [0, 12])
def test_too_little_to_learn_from_is_one_clear_line(run, registry, marks):
    """Without enough questions there is no round, and nothing is registered."""
    with pytest.raises(RefinementError, match="questions are too few to learn from; mark more"):
        run(lessons(*[mark(n) for n in range(marks)], made=False))
    assert registry.versions() == ()


def test_too_few_questions_measure_nothing(run, registry):
    """What cannot be measured is registered with its reason and not promoted."""
    done = run(lessons(*[mark(n) for n in range(60)], made=False))
    assert "questions could be held out; mark more answers" in done.card.note
    assert registry.current_version() == UNLEARNED


def figures(recall, questions=100, precision=0.5):
    """Make figures with one recall."""
    return RetrievalFigures(
        questions=questions,
        recall_at_5=recall,
        recall_at_10=recall,
        map_at_10=precision,
        mrr=precision,
    )


def comparison(**more):
    """Make a comparison that passes."""
    return RetrieverComparison(
        **{
            "marked_before": figures(0.8),
            "marked_after": figures(0.8, precision=0.6),
            "made_before": figures(0.9),
            "made_after": figures(0.9),
            **more,
        }
    )


def judge(measured, *, influence=()):
    """Judge a comparison without floors."""
    return check_retriever_gates(measured, floors_found=(), floors_lost=(), influence=influence)


def test_reviewers_questions_decide_where_enough_are_held_out():
    """A gain on made questions is none where reviewers' own show none."""
    assert judge(comparison()).passed
    flat = comparison(marked_after=figures(0.8), made_after=figures(0.9, precision=0.9))
    assert judge(flat).reasons == (
        "no gain on held-out reviewers' questions: average precision 0.500 before, 0.500 after",
    )
    few = replace(
        flat,
        marked_before=figures(0.8, MIN_MARKED - 1),
        marked_after=figures(0.8, MIN_MARKED - 1),
    )
    assert judge(few).passed


def test_a_gain_on_made_questions_alone_must_exceed_noise():
    """They are only like real ones: a little better on them promotes nothing."""
    nothing = figures(0.0, 0, 0.0)
    for gain, passes in ((0.03, False), (0.07, True)):
        measured = comparison(
            marked_before=nothing,
            marked_after=nothing,
            made_after=figures(0.9, precision=0.5 + gain),
        )
        assert judge(measured).passed is passes
    (reason,) = judge(comparison(marked_before=nothing, marked_after=nothing)).reasons
    assert "20 held-out questions of reviewers would decide" in reason


@pytest.mark.parametrize("whose", ["marked", "made"])
def test_recall_may_not_fall_beyond_noise(whose):
    """On neither sort of question may recall fall by more than a standard error."""
    before = figures(0.8, precision=0.4)
    within = figures(0.8 - noise(0.8, 100) + 0.001, precision=0.9)
    beyond = figures(0.8 - noise(0.8, 100) - 0.001, precision=0.9)
    assert judge(comparison(**{f"{whose}_before": before, f"{whose}_after": within})).passed
    (reason,) = judge(comparison(**{f"{whose}_before": before, f"{whose}_after": beyond})).reasons
    assert "falls from 0.800" in reason


def test_influence_within_noise_passes():
    """A fall that chance explains blames nobody."""
    one = ReviewerInfluence(
        reviewer=SubjectId("sam"), questions=50, recall_without=0.8, recall_with=0.78
    )
    assert judge(comparison(), influence=(one,)).passed
    assert not judge(comparison(), influence=(replace(one, recall_with=0.5),)).passed
    assert noise(0.5, 0) == 0.01


def test_floors_without_a_title_cannot_be_asked_for():
    """A floor is asked for by its title, once."""
    asked = floor_questions([(PROVISIONS[1], "Keys"), (PROVISIONS[1], "Keys"), (PROVISIONS[2], "")])
    assert [one.text for one in asked] == ["Keys"]
    assert found_floors((), Finder(lambda number: True)) == set()


def test_rolling_back(run, registry):
    """An older version, or the unlearned one, can be made live again."""
    first = run(lessons()).card
    registry.promote(UNLEARNED)
    assert registry.current().weights is None
    registry.promote(first.version)
    assert registry.current_version() == first.version
    assert registry.versions() == (first.version,)
    assert registry.cards() == (first,)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("retriever-1/weights.bin", b"x", "weights of retriever version `retriever-1` are damaged"),
        ("retriever-1/card.json", b"{", "the card of retriever version `retriever-1` is damaged"),
        ("current.json", b"{}", "the pointer to the live retriever is damaged"),
    ],
)
def test_damage_is_refused_and_never_falls_back(run, registry, tmp_path, name, content, says):
    """Whatever is damaged raises one clear line; a next round does not start over it."""
    run(lessons())
    (tmp_path / "retrievers" / name).write_bytes(content)
    with pytest.raises(RefinementError, match=says):
        registry.current()
    with pytest.raises(RefinementError, match=says):
        run(lessons())


def test_another_encoder_is_refused(run, tmp_path, encoder_of):
    """Weights trained over other embeddings are not used."""
    run(lessons())
    other = RetrieverRegistry(folder=tmp_path / "retrievers", encoder=encoder_of("f" * 64))
    with pytest.raises(RefinementError, match="trained over another encoder"):
        other.current()


def test_a_name_that_is_no_version_is_refused(registry):
    """A version of the drafting model is none of the retriever."""
    with pytest.raises(RefinementError, match="is not a retriever version; write `retriever-1`"):
        registry.promote(ModelVersion("reward-1"))
