"""Grounding: the clauses a rule rests on, quoted letter for letter.

A clause is cited where one of its typed obligations reaches the category and asks for
what the rule does; retrieval ranks clauses that fit equally well. What no clause fits
is not drafted. Queries are few: one for each category, kind of control and purpose.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.control import Action, Control, Operator
from policy_service.domain.identifiers import (
    DataCategory,
    ObligationId,
    ProvisionId,
    Purpose,
    category_covers,
)
from policy_service.domain.provision import (
    Citation,
    ControlKind,
    InstrumentKind,
    Obligation,
    Passage,
    Provision,
    Strength,
)
from policy_service.drafting.floors import DraftingCorpus, covers_category, purpose_within

_ENDS = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")
_WORD = re.compile(r"[a-z0-9]+")
_STEM = 5
_MOST_CITED = 3
_PASSAGES = 8
_RETRIEVAL_WEIGHT = 1.0
_WORDS_WEIGHT = 1.5
_ACTOR_MATCH = 0.6
_ACTOR_MISMATCH = 1.2  # a clause about other people supports little
_DECISIVE = 10.0
_RECITAL = -0.5  # explains, does not bind
# What an access clause rests on: who needs the data says more than who is shut out anyway.
_BASIS_SCORES = {
    "need_to_know": 0.8,
    "least_privilege": 0.7,
    "role_based": 0.5,
    "default_deny": 0.3,
}

# People and things that some clauses are about; a rule of somebody else rests on others.
ACTORS: Mapping[str, re.Pattern[str]] = {
    "officer": re.compile(r"protection officer|privacy officer"),
    "subject": re.compile(
        r"request|ask whether|objec|individuals? reach|restriction of processing"
    ),
    "auditor": re.compile(r"\bauditors?\b"),
    "engineer": re.compile(r"\bengineer|developer|\badministrators?\b"),
    "fraud": re.compile(r"\bfraud"),
    "marketing": re.compile(r"marketing"),
    "frontline": re.compile(r"front-line|\bown district"),
    "lines": re.compile(r"business lines|no business with"),
    "log": re.compile(
        r"\blogs?\b|audit (?:information|records|tools)|backup|data environment|source code"
    ),
    "processor": re.compile(r"\bprocessors?\b|third countr|provider"),
    "cards": re.compile(r"\bcards?\b|cardholder"),
    "child": re.compile(r"\bchild"),
}


class Retriever(Protocol):
    """Finds provisions by meaning and words."""

    def search_many(self, queries: Sequence[str], *, limit: int = 8) -> Sequence[Sequence[Passage]]:
        """Find the best passages for each query, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a citation must support. `theme` adds words the clause should speak of."""

    kinds: tuple[ControlKind, ...]
    category: DataCategory
    label: str
    action: Action | None = None
    control: Control | None = None
    purpose: Purpose | None = None
    theme: str = ""
    categories: tuple[DataCategory, ...] = ()  # the group's own and those its values reveal
    actors: frozenset[str] = frozenset()  # whom a clause may be about, of `ACTORS`
    decisive: ObligationId | None = None  # the obligation that decided, cited first

    @property
    def query(self) -> str:
        """Write the ground as a question to the index; few differ, so that few are asked."""
        control = "" if self.control is None else _CONTROL_WORDS[self.control.operator]
        action = "" if self.action is None else _ACTION_WORDS[self.action]
        theme = "" if self.control is not None else self.theme
        return " ".join(part for part in (theme, control, action, self.label) if part)

    @property
    def words(self) -> str:
        """Write down everything a fitting clause may speak of."""
        purpose = "" if self.purpose is None else self.purpose.replace(".", " ").replace("_", " ")
        return f"{self.theme} {self.query} {purpose}"


_CONTROL_WORDS = {
    Operator.DENY: "no access business need not permitted",
    Operator.NULL: "values removed",
    Operator.REDACT: "values redacted structure without personal values",
    Operator.REPLACE: "values replaced",
    Operator.AGGREGATE: "aggregates statistics groups threshold",
    Operator.GENERALISE: "generalised bands groups year",
    Operator.BUCKET: "bands aggregates groups",
    Operator.PARTIAL: "display masked last digits partial",
    Operator.ENCRYPT: "encryption key",
    Operator.TOKENISE: "tokens vault join",
    Operator.SYNTHETIC: "synthetic values replaced",
    Operator.PSEUDONYMISE: "pseudonym keyed join",
    Operator.FORMAT_PRESERVING: "format preserving",
    Operator.NOISE: "noise perturbation statistics",
    Operator.DATE_SHIFT: "dates shifted",
    Operator.TOP_BOTTOM: "extremes limits statistics",
    Operator.SUPPRESS: "small groups suppressed threshold",
    Operator.CLEAR: "need to know access duty",
}
_ACTION_WORDS = {
    Action.READ: "read",
    Action.CREATE: "write create enter record accuracy",
    Action.UPDATE: "write change update record accuracy",
    Action.DELETE: "delete erase record",
}


class Grounder:
    """Finds citations for grounds. Asks the index once for each different query."""

    def __init__(self, *, corpus: DraftingCorpus, retriever: Retriever) -> None:
        self._provisions = {one.id: one for one in corpus.provisions}
        self._kinds = {one.id: one.kind for one in corpus.instruments}
        self._retriever = retriever
        self._obligations = tuple(
            (one, obligation) for one in corpus.provisions for obligation in one.obligations
        )
        self._stems = {one.id: _stems(f"{one.title} {_words(one)}") for one in corpus.provisions}
        titles = {one.id: one.title for one in corpus.instruments}
        self._actors = {
            one.id: _actors(one, titles.get(one.instrument, "")) for one in corpus.provisions
        }
        self._scores: dict[str, dict[ProvisionId, float]] = {}
        self._cited: dict[Ground, tuple[Citation, ...]] = {}

    def prepare(self, grounds: Iterable[Ground]) -> None:
        """Ask the index for all grounds in one batch."""
        queries = sorted({ground.query for ground in grounds} - set(self._scores))
        if not queries:
            return
        found = self._retriever.search_many(queries, limit=_PASSAGES)
        for query, passages in zip(queries, found, strict=True):
            # The rank, not the score, so that any retriever's scale will do.
            self._scores[query] = {
                passage.provision.id: 1.0 - place / _PASSAGES
                for place, passage in enumerate(passages)
            }

    def cite(self, ground: Ground) -> tuple[Citation, ...]:
        """Cite up to three clauses: first the best, then one of each kind of instrument."""
        if ground not in self._cited:
            self.prepare([ground])
            self._cited[ground] = self._find(ground)
        return self._cited[ground]

    def obligations(self, kinds: Iterable[ControlKind]) -> tuple[Obligation, ...]:
        """List all obligations of some kinds, in the order of the corpus."""
        wanted = frozenset(kinds)
        return tuple(one for _, one in self._obligations if one.kind in wanted)

    def _find(self, ground: Ground) -> tuple[Citation, ...]:
        scores = self._scores[ground.query]
        wanted = _stems(ground.words)
        ranked: dict[ProvisionId, tuple[float, Obligation]] = {}
        for provision, obligation in self._obligations:
            fit = _fit(obligation, ground)
            if fit is None:
                continue
            words = len(wanted & self._stems[provision.id]) / max(len(wanted), 1)
            score = (
                fit
                + _RETRIEVAL_WEIGHT * scores.get(provision.id, 0.0)
                + _WORDS_WEIGHT * words
                + _actor_score(self._actors[provision.id], ground.actors)
                + (_RECITAL if "/recital" in provision.id else 0.0)
                + (_DECISIVE if obligation.id == ground.decisive else 0.0)
            )
            if provision.id not in ranked or score > ranked[provision.id][0]:
                ranked[provision.id] = (score, obligation)
        order = sorted(ranked, key=lambda key: (-round(ranked[key][0], 6), key))
        return tuple(
            quote_provision(self._provisions[key], ranked[key][1].strength, wanted)
            for key in self._mixed(order)
        )

    def _mixed(self, order: Sequence[ProvisionId]) -> list[ProvisionId]:
        """Take the best of each kind of instrument: a law, an internal standard, a standard."""
        found: dict[InstrumentKind, ProvisionId] = {}
        for key in order:
            kind = self._kinds.get(self._provisions[key].instrument, InstrumentKind.STANDARD)
            found.setdefault(kind, key)
        chosen = set(found.values())
        return [key for key in order if key in chosen][:_MOST_CITED]


def quote_provision(provision: Provision, strength: Strength, terms: frozenset[str]) -> Citation:
    """Cite a provision by the sentence that shares most stems with `terms`.

    INVARIANT: sentences are slices of the stored text, so the quote is in it.
    """
    sentences = _ENDS.split(provision.text)
    quote = max(sentences, key=lambda sentence: len(terms & _stems(sentence)))
    short = provision.heading[0] if provision.heading else provision.instrument
    return Citation(
        provision=provision.id,
        section=f"{short}, {provision.section}",
        quote=quote,
        provision_sha256=provision.sha256,
        strength=strength,
    )


def _words(provision: Provision) -> str:
    """Return our digest's words where there are any.

    An approved official text so changes quotes, never which clause a rule rests on.
    """
    return provision.summary or provision.text


def _actors(provision: Provision, instrument: str) -> frozenset[str]:
    text = f"{instrument} {provision.title} {_words(provision)}".lower()
    return frozenset(name for name, pattern in ACTORS.items() if pattern.search(text))


def _actor_score(spoken_of: frozenset[str], meant: frozenset[str]) -> float:
    return _ACTOR_MATCH * len(spoken_of & meant) - _ACTOR_MISMATCH * len(spoken_of - meant)


def _fit(obligation: Obligation, ground: Ground) -> float | None:
    """Score how well an obligation supports a ground; None where it does not at all."""
    categories = ground.categories or (ground.category,)
    if obligation.id == ground.decisive:
        return 0.0
    if obligation.kind not in ground.kinds or not covers_category(obligation, categories):
        return None
    supported = _supports(obligation, ground)
    if supported is None:
        return None
    depth = max(
        (
            len(wide.split("."))
            for wide in obligation.data_categories
            for narrow in categories
            if category_covers(wide, narrow)
        ),
        default=0,
    )
    floor = 0.5 if obligation.strength is Strength.FLOOR else 0.0
    first = 0.3 * (len(ground.kinds) - ground.kinds.index(obligation.kind))
    return 0.6 * depth + floor + first + supported


def _supports(obligation: Obligation, ground: Ground) -> float | None:
    parameters = obligation.parameters
    if obligation.kind is ControlKind.MASKING and ground.control is not None:
        return _masking_supports(obligation, ground)
    if obligation.kind is ControlKind.PURPOSE_LIMITATION and ground.purpose is not None:
        excluded = parameters.texts("excluded_purposes")
        if excluded and not purpose_within(excluded, ground.purpose):
            return None
        return 1.0 if excluded else 0.0
    if obligation.kind is ControlKind.ACCESS:
        actions = parameters.texts("actions")
        if actions and ground.action is not None and ground.action not in actions:
            return None
        return _BASIS_SCORES.get(str(parameters.get("basis", "")))
    return 0.0


def _masking_supports(obligation: Obligation, ground: Ground) -> float | None:
    """A masking clause supports a mask it names, and a clear value whose purpose it foresees."""
    assert ground.control is not None  # noqa: S101 - the caller has checked it
    operators = obligation.parameters.texts("operators")
    foreseen = ground.purpose is not None and purpose_within(
        obligation.parameters.texts("unless_purposes"), ground.purpose
    )
    if ground.control.operator is Operator.CLEAR:
        return 0.5 if foreseen else None
    if operators and ground.control.operator not in operators:
        return None
    # A clause with few ways to comply says more about each of them.
    return 0.2 if not operators else 1.5 / len(operators)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(text.lower()) if len(word) > 2)
