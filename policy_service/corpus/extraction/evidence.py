"""What a provision says for each kind of control, as counts that the scorer weighs.

Own clauses count apart from the heading, from the texts above and from what the clause
does (command, permission …). Not a decision: that is `scorer.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from policy_service.corpus.extraction import lexicon
from policy_service.corpus.extraction import lexicon_hints as hints
from policy_service.corpus.extraction.clauses import Clause
from policy_service.corpus.extraction.modality import Modality
from policy_service.corpus.extraction.terms import compile_terms
from policy_service.domain.provision import ControlKind

FEATURES = (
    "strong",
    "strong_more",
    "medium",
    "weak",
    "against",
    "title_strong",
    "title_medium",
    "around_strong",
    "around_medium",
    "above_strong",
    "above_medium",
    "item_above",
    "item_around",
    "rival",
    "command",
    "imperative",
    "advice",
    "definition",
    "recital",
    "names_data",
    "share",
    "long",
)
_COUNT_LIMIT = 3
_ITEM_WORDS = 25
_REMEMBERED = 4096  # texts above many points are read once


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A clause with what it does."""

    clause: Clause
    modality: Modality
    imperative: bool
    authority: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What stands around the clauses of a provision."""

    title: str  # its own heading, run-in headings included
    around: str  # the headings it lies under
    above: str  # texts of the units around it, outermost first
    recital: bool
    names_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for one kind. `readings` are the clauses it was read in, best first."""

    kind: ControlKind
    readings: tuple[Reading, ...]
    features: Mapping[str, float] = field(default_factory=dict)


def evidence_in(readings: Sequence[Reading], setting: Setting) -> tuple[Evidence, ...]:
    """Collect what speaks for each kind; kinds that nothing speaks for are left out."""
    titles = _hits(setting.title)
    arounds = _hits(setting.around)
    aboves = _hits(setting.above)
    own = {kind: _own(kind, readings) for kind in ControlKind}
    strength = {
        kind: _strength(own[kind]) + bool(titles[kind][0]) + 0.5 * bool(aboves[kind][0])
        for kind in ControlKind
    }
    found: list[Evidence] = []
    item = _is_item(readings) and not any(one["strong"] for one in own.values())
    for kind in ControlKind:
        said = own[kind]["strong"] or own[kind]["medium"]
        if not said and not (item and (aboves[kind][0] or titles[kind][0])):
            continue
        best = _best_first(kind, readings)
        rival = max(value for other, value in strength.items() if other is not kind)
        total = sum(strength.values()) or 1.0
        found.append(
            Evidence(
                kind=kind,
                readings=best,
                features={
                    **own[kind],
                    "title_strong": float(bool(titles[kind][0])),
                    "title_medium": float(bool(titles[kind][1])),
                    "around_strong": float(bool(arounds[kind][0])),
                    "around_medium": float(bool(arounds[kind][1])),
                    "above_strong": float(bool(aboves[kind][0])),
                    "above_medium": float(bool(aboves[kind][1])),
                    "item_above": float(item and bool(aboves[kind][0])),
                    "item_around": float(item and bool(arounds[kind][0])),
                    "rival": min(rival, _COUNT_LIMIT),
                    "share": strength[kind] / total,
                    "recital": float(setting.recital),
                    "names_data": float(setting.names_data),
                    **_manner(best[:1] or tuple(readings[:1])),
                    "long": min(sum(len(one.clause.text) for one in readings) / 1000, 2.0),
                },
            )
        )
    return tuple(found)


def _is_item(readings: Sequence[Reading]) -> bool:
    """Tell whether a unit is one item of a list, which means what the text above it says."""
    return sum(len(one.clause.text.split()) for one in readings) <= _ITEM_WORDS


def _own(kind: ControlKind, readings: Sequence[Reading]) -> dict[str, float]:
    strong = medium = weak = against = 0
    for one in readings:
        hits = _hits(one.clause.text)[kind]
        strong, medium, weak = strong + hits[0], medium + hits[1], weak + hits[2]
        against += hits[3]
    return {
        "strong": float(bool(strong)),
        "strong_more": float(min(max(strong - 1, 0), _COUNT_LIMIT)),
        "medium": float(min(medium, _COUNT_LIMIT)),
        "weak": float(min(weak, _COUNT_LIMIT)),
        "against": float(bool(against)),
    }


def _strength(own: Mapping[str, float]) -> float:
    return own["strong"] + 0.3 * own["strong_more"] + 0.2 * own["medium"]


def _best_first(kind: ControlKind, readings: Sequence[Reading]) -> tuple[Reading, ...]:
    def weight(one: Reading) -> float:
        strong, medium, weak, _ = _hits(one.clause.text)[kind]
        return 4 * min(strong, 2) + medium + 0.2 * weak

    telling = [one for one in readings if weight(one) > 0]
    return tuple(sorted(telling, key=weight, reverse=True))


def _manner(readings: Sequence[Reading]) -> dict[str, float]:
    found = readings[0] if readings else None
    return {
        "command": float(found is not None and found.modality is Modality.COMMAND),
        "imperative": float(found is not None and found.imperative),
        "advice": float(found is not None and found.modality is Modality.ADVICE),
        "definition": float(found is not None and found.modality is Modality.DEFINITION),
    }


@cache
def _patterns() -> Mapping[ControlKind, tuple[re.Pattern[str], ...]]:
    tiers = (lexicon.STRONG, hints.MEDIUM, hints.WEAK, hints.AGAINST)
    return {kind: tuple(compile_terms(tier[kind]) for tier in tiers) for kind in ControlKind}


def _hits(text: str) -> Mapping[ControlKind, tuple[int, int, int, int]]:
    return dict(_counted(text))


@lru_cache(maxsize=_REMEMBERED)
def _counted(text: str) -> tuple[tuple[ControlKind, tuple[int, int, int, int]], ...]:
    return tuple(_count_all(text))


def _count_all(text: str) -> Iterator[tuple[ControlKind, tuple[int, int, int, int]]]:
    for kind, patterns in _patterns().items():
        strong, medium, weak, against = (
            len({one.group().lower() for one in pattern.finditer(text)}) for pattern in patterns
        )
        if against:  # the words of this kind are here for the sake of another
            strong, medium = 0, medium + strong
        yield kind, (strong, medium, weak, against)
