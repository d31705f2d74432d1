"""Questions with the provisions that answer them, gathered from reviewers' marks, and cut in two.

A mark is about one provision as an answer to one question. Where reviewers disagree the
majority counts, and a tie teaches nothing. Questions made from the corpus itself are
`relevance_questions.py`'s; what either is worth is measured by `retriever_figures.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from policy_service.domain.identifiers import ProvisionId, Sha256Hex, SubjectId
from policy_service.domain.learning import RelevanceMark
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.kit.hashing import sha256_text

HELD_OUT_SHARE = 0.25  # of the groups of provisions
_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceQuestion:
    """A question with every provision that answers it, sorted; one or more.

    `reviewers` are those whose marks stand behind it; none where it was made from the corpus.
    """

    text: str
    relevant: tuple[ProvisionId, ...]
    reviewers: tuple[SubjectId, ...] = ()

    @property
    def marked(self) -> bool:
        """Tell whether reviewers answered it."""
        return bool(self.reviewers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Questions to train on and questions held out. INVARIANT: no provision is on both sides."""

    train: tuple[RelevanceQuestion, ...]
    held_out: tuple[RelevanceQuestion, ...]


def last_marks(marks: Iterable[RelevanceMark]) -> tuple[RelevanceMark, ...]:
    """Keep the last mark of each reviewer on each pair, sorted by question and provision."""
    last: dict[tuple[str, str, str], RelevanceMark] = {}
    for mark in sorted(marks, key=lambda one: (one.at, one.relevant)):
        last[(mark.query, mark.provision, mark.reviewer)] = mark
    return tuple(last[key] for key in sorted(last))


def questions_from_marks(
    marks: Iterable[RelevanceMark], *, known: Collection[ProvisionId]
) -> tuple[RelevanceQuestion, ...]:
    """Gather marks to questions; provisions that are not `known` are left out.

    A question without any relevant provision teaches nothing that can be measured, and is
    left out too.
    """
    by_question: dict[str, list[RelevanceMark]] = {}
    for mark in last_marks(marks):
        if mark.provision in known:
            by_question.setdefault(mark.query, []).append(mark)
    return tuple(
        RelevanceQuestion(
            text=text,
            relevant=relevant,
            reviewers=tuple(sorted({one.reviewer for one in found})),
        )
        for text, found in sorted(by_question.items())
        if (relevant := _relevant(found))
    )


def questions_sha256(questions: Iterable[RelevanceQuestion]) -> Sha256Hex:
    """Hash questions with their answers and reviewers, whatever order they come in."""
    return Sha256Hex(content_sha256([to_plain(one) for one in sort_questions(questions)]))


def sort_questions(questions: Iterable[RelevanceQuestion]) -> list[RelevanceQuestion]:
    """Put questions in one order whatever order they came in."""
    return sorted(questions, key=lambda one: (one.text, one.relevant, one.reviewers))


def cut(
    questions: Sequence[RelevanceQuestion],
    *,
    seed: int,
    trained: Collection[ProvisionId] = (),
) -> Cut:
    """Cut so that questions about the same provision are on one side.

    Which side a group falls on hangs on its provisions and the seed alone, so that a later
    round, with more questions, mostly holds out the same ones. Groups with one of the
    `trained` provisions are not held out, unless reviewers asked about them: their questions
    measure more than any other.
    """
    groups = _Groups()
    for question in questions:
        groups.join(question.relevant)
    marked = {groups.name(one.relevant[0]) for one in questions if one.marked}
    kept = {groups.name(one) for one in trained} - marked
    held: list[RelevanceQuestion] = []
    train: list[RelevanceQuestion] = []
    for question in sort_questions(questions):
        group = groups.name(question.relevant[0])
        side = held if group not in kept and _is_held_out(group, seed) else train
        side.append(question)
    return Cut(train=tuple(train), held_out=tuple(held))


def without_reviewer(
    marks: Iterable[RelevanceMark], reviewer: SubjectId
) -> tuple[RelevanceMark, ...]:
    """Leave out what one reviewer marked."""
    return tuple(mark for mark in marks if mark.reviewer != reviewer)


def _relevant(marks: Iterable[RelevanceMark]) -> tuple[ProvisionId, ...]:
    votes: dict[ProvisionId, int] = {}
    for mark in marks:
        votes[mark.provision] = votes.get(mark.provision, 0) + (1 if mark.relevant else -1)
    return tuple(sorted(provision for provision, sum_ in votes.items() if sum_ > 0))


def _is_held_out(group: str, seed: int) -> bool:
    place = int(sha256_text(f"{seed}|{group}")[: _BITS // 4], 16)
    return place < HELD_OUT_SHARE * (1 << _BITS)


@dataclass(slots=True)
class _Groups:
    """Provisions that share a question, directly or by others. Union by the smaller name."""

    parents: dict[ProvisionId, ProvisionId] = field(default_factory=dict)

    def join(self, provisions: Sequence[ProvisionId]) -> None:
        """Put provisions into one group."""
        names = sorted({self.name(one) for one in provisions})
        for other in names[1:]:
            self.parents[other] = names[0]

    def name(self, provision: ProvisionId) -> ProvisionId:
        """Return the smallest id of the group that `provision` is in."""
        self.parents.setdefault(provision, provision)
        while self.parents[provision] != provision:
            self.parents[provision] = self.parents[self.parents[provision]]
            provision = self.parents[provision]
        return provision


def count_by_reviewer(marks: Iterable[RelevanceMark]) -> Mapping[SubjectId, int]:
    """Count the marks of each reviewer, sorted by name."""
    found: dict[SubjectId, int] = {}
    for mark in marks:
        found[mark.reviewer] = found.get(mark.reviewer, 0) + 1
    return dict(sorted(found.items()))
