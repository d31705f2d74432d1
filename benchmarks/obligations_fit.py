"""The scorer's weights: examples from the shipped digests, and a logistic fit.

An example is one kind of control at one provision of official text; it is right where the
digest of that section has an obligation of the kind. Digests are not complete, so a wrong
example can be a duty that its author left out: confidences err to the low side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_service.corpus.digests import Digest
from policy_service.corpus.extraction.edition_proposals import standards_of, texts_above
from policy_service.corpus.extraction.evidence import FEATURES, Evidence
from policy_service.corpus.extraction.proposals import Score, evidence_of, is_explanation
from policy_service.corpus.extraction.scorer import confidence
from policy_service.domain.edition import Edition
from policy_service.domain.provision import ControlKind, Obligation

KINDS = tuple(ControlKind)
_PULL = 1.0  # towards zero
_UNCHOSEN = 0.1  # weight of an example that no digest speaks of
_STEPS = 60
_LEADS_IN = (":", "—", "–", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A digest's entry and the provisions of official text that it stands for."""

    id: str
    family: str
    gold: tuple[Obligation, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What speaks for one kind at one provision, and whether the digest has it."""

    family: str
    evidence: Evidence
    right: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a fit learned; `score` has the form that extraction asks for."""

    features: Mapping[str, float]
    bias: Mapping[ControlKind, float]

    def score(self, evidence: Evidence) -> float:
        """Return the confidence these weights give."""
        return confidence(evidence, weights=self.features, bias=self.bias)


def sections_of(edition: Edition, digest: Digest) -> Iterator[Section]:
    """Pair each entry of a digest with its text, or with what lies right below it."""
    texts = {str(one.id): one.text for one in edition.provisions}
    entries = {str(entry.id) for entry in digest.provisions}
    for entry in digest.provisions:
        own = texts.get(str(entry.id), "")
        units = [str(entry.id)] if own else []
        if not own or own.rstrip().endswith(_LEADS_IN):
            units.extend(one for one in _right_below(str(entry.id), texts) if one not in entries)
        if units:
            yield Section(
                id=str(entry.id),
                family=digest.family or digest.instrument.id,
                gold=entry.obligations,
                units=tuple(units),
            )


def _right_below(name: str, texts: Mapping[str, str]) -> list[str]:
    below = [one for one in texts if one.startswith(f"{name}/")]
    nearest = min((one.count("/") for one in below), default=0)
    return [one for one in below if one.count("/") == nearest]


def examples_of(edition: Edition, sections: Sequence[Section]) -> Iterator[Example]:
    """Yield the examples of an edition: its sections', and all other provisions as wrong ones.

    The digests' authors read the whole text and left the rest out, mostly rightly: those
    examples weigh less, and keep confidences true for provisions nobody chose.
    """
    kinds: dict[str, set[ControlKind]] = {}
    for section in sections:
        for unit in section.units:
            kinds.setdefault(unit, set()).update(one.kind for one in section.gold)
    family = sections[0].family
    texts = {str(one.id): one.text for one in edition.provisions}
    titles = {str(one.id): one.title for one in edition.provisions}
    for provision in edition.provisions:
        if is_explanation(provision):
            continue
        evidence = evidence_of(
            provision,
            above=texts_above(provision, texts),
            standards=standards_of(provision, titles),
            kind=edition.instrument.kind,
        )
        chosen = kinds.get(str(provision.id))
        for one in evidence:
            yield Example(
                family=family,
                evidence=one,
                right=chosen is not None and one.kind in chosen,
                weight=_UNCHOSEN if chosen is None else 1.0,
            )


def fit(examples: Sequence[Example]) -> Weights:
    """Fit a logistic model by Newton's method with step halving; deterministic."""
    rows = np.array([_row(one.evidence) for one in examples])
    wanted = np.array([float(one.right) for one in examples])
    weigh = np.array([one.weight for one in examples])
    pull = np.full(rows.shape[1], _PULL)
    pull[-1] = 1e-3
    found = np.zeros(rows.shape[1])

    def loss(at: NDArray[np.float64]) -> float:
        score = rows @ at
        fitted = float((weigh * (np.logaddexp(0, score) - wanted * score)).sum())
        return fitted + float(0.5 * (pull * at * at).sum())

    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weigh * (chance - wanted)) + pull * found
        bend = rows.T @ (rows * (weigh * chance * (1 - chance))[:, None]) + np.diag(pull)
        step = np.linalg.solve(bend, slope)
        length = 1.0
        while loss(found - length * step) > loss(found):
            length /= 2
            if length < 1e-6:
                break
        found = found - length * step
        if float(np.abs(length * step).max()) < 1e-8:
            break
    return _weights(found)


def held_out(examples: Sequence[Example]) -> dict[str, Score]:
    """Fit for each family of instruments on all the others."""
    families = sorted({one.family for one in examples})
    return {
        family: fit([one for one in examples if one.family != family]).score for family in families
    }


def _row(evidence: Evidence) -> list[float]:
    kinds = [float(evidence.kind is kind) for kind in KINDS]
    return [*(evidence.features[name] for name in FEATURES), *kinds, 1.0]


def _weights(found: NDArray[np.float64]) -> Weights:
    split = len(FEATURES)
    constant = float(found[-1])
    return Weights(
        features={name: round(float(found[i]), 3) for i, name in enumerate(FEATURES)},
        bias={kind: round(float(found[split + i]) + constant, 3) for i, kind in enumerate(KINDS)},
    )
