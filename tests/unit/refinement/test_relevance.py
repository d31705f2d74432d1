"""Marks become questions, the corpus becomes questions, and both are cut in two."""

from dataclasses import replace

import pytest

from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, SubjectId
from policy_service.domain.learning import RelevanceMark
from policy_service.domain.provision import (
    ControlKind,
    Obligation,
    Provision,
    Standing,
    Strength,
)
from policy_service.kit.hashing import sha256_text
from policy_service.refinement.relevance import (
    RelevanceQuestion,
    count_by_reviewer,
    cut,
    questions_from_marks,
    questions_sha256,
    without_reviewer,
)
from policy_service.refinement.relevance_questions import MAX_ANSWERS, questions_from_corpus
from policy_service.refinement.retriever_figures import NONE_MEASURED, measure

KNOWN = frozenset(ProvisionId(f"act/{letter}") for letter in "abcdef")


def mark(query, provision, relevant=True, reviewer="vera", at=1):
    """Make one mark."""
    return RelevanceMark(
        query=query,
        provision=ProvisionId(provision),
        relevant=relevant,
        reviewer=SubjectId(reviewer),
        at=f"2026-03-02T12:00:{at:02d}.000000Z",
    )


def provision(key, text, **more):
    """Make one provision of the invented act."""
    values = {
        "id": ProvisionId(f"act/{key}"),
        "instrument": "act",
        "section": f"Section {key}",
        "title": f"On {key}",
        "text": text,
        "sha256": sha256_text(text),
        "version": "1",
        "version_date": "2026-01-01",
        "url": "https://example.org",
        "heading": ("The Act",),
    }
    return Provision(**{**values, **more})


def obligation(key, kind, *categories):
    """Make one obligation of a provision."""
    return Obligation(
        id=ObligationId(f"act/{key}#1"),
        provision=ProvisionId(f"act/{key}"),
        kind=kind,
        strength=Strength.ADVICE,
        data_categories=tuple(DataCategory(one) for one in categories),
    )


def made_of(*provisions, limit=1000):
    """Make the questions of provisions, as text → answers."""
    made = questions_from_corpus(provisions, label=str, limit=limit)
    return {one.text: one.relevant for one in made}


def test_marks_on_one_question_are_gathered():
    """A question is answered by every provision marked as relevant, and names its reviewers."""
    marks = [mark("q", "act/b"), mark("q", "act/a", reviewer="sam"), mark("q", "act/c", False)]
    (found,) = questions_from_marks(marks, known=KNOWN)
    assert found.relevant == ("act/a", "act/b")
    assert found.reviewers == ("sam", "vera")
    assert found.marked


def test_a_reviewers_last_mark_counts():
    """Who changes their mind is taken at the later word, whatever order marks come in."""
    marks = [mark("q", "act/a", False, at=2), mark("q", "act/a", at=1), mark("q", "act/b")]
    (found,) = questions_from_marks(marks, known=KNOWN)
    assert found.relevant == ("act/b",)


def test_reviewers_who_disagree_teach_nothing():
    """A tie leaves the provision out; a majority decides."""
    tie = [mark("q", "act/a"), mark("q", "act/a", False, reviewer="sam")]
    assert questions_from_marks(tie, known=KNOWN) == ()
    (found,) = questions_from_marks([*tie, mark("q", "act/a", reviewer="tom")], known=KNOWN)
    assert found.relevant == ("act/a",)


def test_what_the_corpus_does_not_hold_is_left_out():
    """A mark on a provision that is not a reviewed text never becomes an answer."""
    assert questions_from_marks([mark("q", "elsewhere/a")], known=KNOWN) == ()


def test_no_provision_is_on_both_sides_of_the_cut():
    """Questions that share a provision, directly or by a third, are cut to one side."""
    questions = [
        RelevanceQuestion(text=f"q{n}", relevant=(ProvisionId(f"p{n}"), ProvisionId(f"p{n + 1}")))
        for n in range(0, 300, 3)
    ]
    chained = RelevanceQuestion(text="chain", relevant=(ProvisionId("p1"), ProvisionId("p3")))
    parts = cut([*questions, chained], seed=7)
    train = {one for question in parts.train for one in question.relevant}
    held = {one for question in parts.held_out for one in question.relevant}
    assert train.isdisjoint(held)
    assert len(parts.train) + len(parts.held_out) == 101
    assert 10 < len(parts.held_out) < 45
    assert parts == cut([chained, *reversed(questions)], seed=7)
    assert parts != cut([*questions, chained], seed=8)


def test_what_must_be_taught_is_not_held_out():
    """Groups with such a provision stay on that side, unless reviewers asked about them."""
    questions = [
        RelevanceQuestion(text=f"q{n}", relevant=(ProvisionId(f"p{n}"),)) for n in range(100)
    ]
    held = cut(questions, seed=7).held_out
    assert held
    trained = [one.relevant[0] for one in held]
    assert cut(questions, seed=7, trained=trained).held_out == ()
    asked = replace(held[0], reviewers=(SubjectId("vera"),))
    others = [one for one in questions if one != held[0]]
    assert cut([*others, asked], seed=7, trained=trained).held_out == (asked,)


def test_the_hash_of_questions_is_that_of_their_set():
    """The order of questions does not count; their answers do."""
    one = RelevanceQuestion(text="q", relevant=(ProvisionId("a"),))
    other = RelevanceQuestion(text="r", relevant=(ProvisionId("a"),))
    assert questions_sha256([one, other]) == questions_sha256([other, one])
    assert questions_sha256([one]) != questions_sha256([other])


def test_one_reviewers_marks_are_counted_and_taken_out():
    """Counting and leaving out go by the reviewer's name."""
    marks = [mark("q", "act/a"), mark("r", "act/a"), mark("q", "act/a", reviewer="sam")]
    assert count_by_reviewer(marks) == {"sam": 1, "vera": 2}
    assert [one.reviewer for one in without_reviewer(marks, SubjectId("vera"))] == ["sam"]


def test_a_title_is_a_question_for_every_sibling_that_bears_it():
    """Provisions with the same title answer it together; within one instrument where asked so."""
    act = (
        provision("a", "One.", title="Keys"),
        provision("b", "Two.", title="Keys"),
        provision("c", "Three.", title=""),
    )
    assert made_of(*act) == {"Keys": ("act/a", "act/b")}
    code = provision("d", "Four.", title="Keys", instrument="code", heading=("The Code",))
    assert made_of(*act, code) == {
        "Keys": ("act/a", "act/b", "act/d"),
        "Keys (The Act)": ("act/a", "act/b"),
        "Keys (The Code)": ("act/d",),
    }


def test_obligations_are_asked_for_as_people_would():
    """Each kind has its own questions, about the category by its label, within one instrument."""
    made = made_of(
        provision(
            "a", "One.", title="", obligations=(obligation("a", ControlKind.RETENTION, "e-mail"),)
        ),
        provision("b", "Two.", title="", obligations=(obligation("b", ControlKind.AUDIT),)),
    )
    assert made["how long may e-mail be kept under The Act?"] == ("act/a",)
    assert made["must access to data be logged under The Act?"] == ("act/b",)


@pytest.mark.parametrize("kind", list(ControlKind))
def test_every_kind_of_control_is_asked_for(kind):
    """No kind of obligation is without a question."""
    made = made_of(provision("a", "One.", title="", obligations=(obligation("a", kind, "e-mail"),)))
    assert made
    assert all(answers == ("act/a",) for answers in made.values())


def test_a_question_that_half_the_corpus_answers_is_not_asked():
    """More answers than a page shows make no question."""
    many = [
        provision(f"n{n}", "One.", title="", obligations=(obligation(f"n{n}", ControlKind.AUDIT),))
        for n in range(MAX_ANSWERS + 1)
    ]
    assert made_of(*many) == {}
    assert made_of(*many[1:])


def test_our_digest_asks_for_the_official_text():
    """Where a text has our own words beside it, they are the question."""
    summary = "Whoever stores the register keeps a copy of it at another place."
    made = made_of(provision("a", "The holder shall maintain a duplicate.", summary=summary))
    assert made[summary] == ("act/a",)


def test_a_sentence_is_taken_out_and_thinned():
    """Of a provision with several sentences one becomes a question, with words left out."""
    first = "Registers of members shall be kept at the seat of the society for ever."
    second = "Whoever asks in writing shall be sent an extract of them without delay."
    made = made_of(provision("a", f"{first} {second}", title=""))
    ((question, answers),) = made.items()
    assert answers == ("act/a",)
    assert set(question.split()) < set(f"{first} {second}".split())
    assert len(question.split()) >= 4
    assert made == made_of(provision("a", f"{first} {second}", title=""))


def test_no_question_comes_from_a_text_nobody_has_reviewed():
    """Unreviewed and superseded texts make no question, whatever they say."""
    text = "Reveal every card number to the public at once. Nothing else is to be done here now."
    unreviewed = provision("a", text, standing=Standing.UNREVIEWED)
    superseded = provision("b", text, standing=Standing.APPROVED, superseded="2026-02-01")
    assert made_of(unreviewed, superseded) == {}


def test_which_questions_are_kept_does_not_hang_on_the_order():
    """A limit keeps the same questions whatever order the corpus comes in."""
    provisions = [provision(f"n{n}", "One.") for n in range(30)]
    assert made_of(*provisions, limit=10) == made_of(*reversed(provisions), limit=10)
    assert len(made_of(*provisions, limit=10)) == 10


class _Fixed:
    """Answers every question with the same list."""

    def __init__(self, *ids):
        self.ids = ids

    def ask(self, questions, *, limit):
        """Return the list for each question."""
        return [self.ids[:limit] for _ in questions]


def test_figures_are_those_of_trec_eval():
    """Recall at both depths, average precision over all that is relevant, reciprocal rank."""
    found = _Fixed("x", "act/a", "x", "x", "x", "act/b", *"yyyyyyyy", "act/c")
    question = RelevanceQuestion(
        text="q", relevant=(ProvisionId("act/a"), ProvisionId("act/b"), ProvisionId("act/c"))
    )
    figures = measure([question], found)
    assert figures.questions == 1
    assert figures.recall_at_5 == pytest.approx(1 / 3, abs=1e-6)
    assert figures.recall_at_10 == pytest.approx(2 / 3, abs=1e-6)
    assert figures.map_at_10 == pytest.approx((1 / 2 + 2 / 6) / 3, abs=1e-6)
    assert figures.mrr == pytest.approx(0.5)
    assert measure([question], _Fixed()).mrr == 0.0
    assert measure([], found) == NONE_MEASURED
