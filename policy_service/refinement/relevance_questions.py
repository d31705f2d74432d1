"""Questions made from the corpus itself, for where reviewers have marked little or nothing.

Titles; our digest's words against the official text; typed obligations as a person would ask
for them; and inverse cloze (Lee, Chang and Toutanova, ACL 2019): a sentence taken out of its
provision, with words left out so that it cannot be found by its letters alone. They teach
what belongs together here; what people really ask only marks can say.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from policy_service.domain.identifiers import DataCategory, ProvisionId
from policy_service.domain.provision import ControlKind, Provision, Standing
from policy_service.kit.hashing import sha256_text
from policy_service.refinement.relevance import RelevanceQuestion, sort_questions

MAX_ANSWERS = 8  # a question that more provisions answer asks for nothing in particular
MIN_WORDS = 8  # of a sentence that says enough by itself
KEPT_SHARE = 0.5  # of the words of such a sentence
EVERY_CATEGORY = "data"
_SENTENCE_END = re.compile(r"(?<=[.;:?!])\s+")
LabelOf = Callable[[DataCategory], str]

_ASKED: dict[ControlKind, tuple[str, ...]] = {
    ControlKind.ACCESS: ("who may see {}", "which clause limits access to {}"),
    ControlKind.PURPOSE_LIMITATION: ("what may {} be used for", "may we use {} for something else"),
    ControlKind.MASKING: ("how must {} be masked", "what of {} may be shown on a screen"),
    ControlKind.ENCRYPTION_AT_REST: ("must {} be encrypted where it is stored",),
    ControlKind.ENCRYPTION_IN_TRANSIT: ("must {} be encrypted when it is sent",),
    ControlKind.KEY_MANAGEMENT: ("how are the keys for {} kept and changed",),
    ControlKind.RETENTION: ("how long may {} be kept", "when must we get rid of {}"),
    ControlKind.ERASURE: ("how must {} be deleted", "when can a person have {} erased"),
    ControlKind.AUDIT: ("must access to {} be logged", "how long do we keep the log of {}"),
    ControlKind.SEPARATION_OF_DUTIES: ("which duties over {} must different people hold",),
    ControlKind.AUTHENTICATION: ("how must somebody sign in to reach {}",),
    ControlKind.CLASSIFICATION: ("how do we label and inventory {}",),
}


def questions_from_corpus(
    provisions: Iterable[Provision], *, label: LabelOf, limit: int
) -> tuple[RelevanceQuestion, ...]:
    """Make at most `limit` questions; the same provisions give the same ones.

    INVARIANT: no word comes from a text that nobody has reviewed, or that no longer holds.
    `label` says what people call a data category.
    """
    reviewed = sorted(
        (
            one
            for one in provisions
            if one.standing is not Standing.UNREVIEWED and not one.superseded
        ),
        key=lambda one: one.id,
    )
    made: dict[str, set[ProvisionId]] = {}
    for text, answers in (
        *_titles(reviewed),
        *_summaries(reviewed),
        *_obligations(reviewed, label),
        *_sentences(reviewed),
    ):
        made.setdefault(text, set()).update(answers)
    questions = [
        RelevanceQuestion(text=text, relevant=tuple(sorted(answers)))
        for text, answers in made.items()
        if len(answers) <= MAX_ANSWERS
    ]
    # Which are kept where there are too many must not hang on the order of the corpus.
    kept = sorted(questions, key=lambda one: sha256_text(one.text))[:limit]
    return tuple(sort_questions(kept))


Made = tuple[str, Sequence[ProvisionId]]


def _titles(provisions: Sequence[Provision]) -> list[Made]:
    """Ask by the title: every provision that bears it answers.

    Where several instruments share a title, it is also asked of each of them.
    """
    bearers: dict[str, set[str]] = {}
    for one in provisions:
        bearers.setdefault(one.title, set()).add(one.instrument)
    found: list[Made] = []
    for one in provisions:
        if one.title:
            found.append((one.title, (one.id,)))
            if len(bearers[one.title]) > 1:
                found.append((f"{one.title} ({_short(one)})", (one.id,)))
    return found


def _summaries(provisions: Sequence[Provision]) -> list[Made]:
    """Ask for the official text in our own words of it, a sentence each."""
    return [
        (sentence, (one.id,))
        for one in provisions
        if one.summary
        for sentence in _said(one.summary)
    ]


def _obligations(provisions: Sequence[Provision], label: LabelOf) -> list[Made]:
    """Ask for what is required in typed form, within one instrument."""
    found: dict[tuple[str, ControlKind, str], set[ProvisionId]] = {}
    for one in provisions:
        for obligation in one.obligations:
            names = [label(key) for key in obligation.data_categories] or [EVERY_CATEGORY]
            for name in names:
                found.setdefault((_short(one), obligation.kind, name), set()).add(one.id)
    return [
        (f"{asked.format(name)} under {short}?", tuple(sorted(answers)))
        for (short, kind, name), answers in sorted(found.items())
        for asked in _ASKED[kind]
    ]


def _sentences(provisions: Sequence[Provision]) -> list[Made]:
    """Ask by the words that are left of one sentence of a provision that has several."""
    found: list[Made] = []
    for one in provisions:
        sentences = _said(one.text)
        if len(sentences) < 2:
            continue
        taken = min(sentences, key=lambda text: sha256_text(f"{one.id}|{text}"))
        found.append((_thinned(taken, one.id), (one.id,)))
    return found


def _thinned(sentence: str, salt: str) -> str:
    """Leave out about half of the words, always the same ones."""
    words = sentence.split()
    order = sorted(
        range(len(words)), key=lambda place: sha256_text(f"{salt}|{place}|{words[place]}")
    )
    kept = sorted(order[: max(MIN_WORDS // 2, round(KEPT_SHARE * len(words)))])
    return " ".join(words[place] for place in kept)


def _said(text: str) -> list[str]:
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(text))
    return [part for part in parts if len(part.split()) >= MIN_WORDS]


def _short(provision: Provision) -> str:
    return provision.heading[0] if provision.heading else provision.instrument
