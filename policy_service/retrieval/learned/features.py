"""The features that re-ranking sees: one row a candidate of one question.

Every score comes as it is, scaled among the candidates, as its rank and as its distance to
the best; then what each question token found, how well the candidate's surroundings score,
and how near it is to the candidates that lead. Whether a passage answered earlier questions
is left out on purpose: it helps on questions like the old ones and hurts on new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_service.retrieval.learned import traits
from policy_service.retrieval.learned.candidates import FirstScores, second_scores
from policy_service.retrieval.learned.structure import NONE, Structure

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Places = NDArray[np.intp]
LEADING = 20
_NEAR = 0.95
_ALIKE = 0.9
_HARD_SHARE = 0.6  # tokens above this quantile of weight are the hard ones


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """The candidates of one question."""

    places: Places  # in the index
    rows: Places  # among the allowed passages
    scores: FirstScores
    nearest: NDArray[np.float32]  # candidates × question tokens
    weights: NDArray[np.float32]  # of the question's tokens; sum to 1

    @property
    def late(self) -> Floats:
        """Return the late-interaction score."""
        return (self.nearest @ self.weights).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passages:
    """What is known of all passages."""

    vectors: NDArray[np.float32]
    structure: Structure
    traits: Matrix


def features_of(candidates: Candidates, passages: Passages) -> tuple[tuple[str, ...], Matrix]:
    """Return the features' names, and candidates × features."""
    late = candidates.late
    fused = second_scores(candidates.scores, candidates.rows, late)
    columns: dict[str, NDArray[np.generic]] = {}
    columns.update(_scores(candidates, late, fused))
    columns.update(_tokens(candidates))
    found = passages.traits[candidates.places]
    columns.update({name: found[:, column] for column, name in enumerate(traits.NAMES)})
    columns.update(_surroundings(candidates.places, fused, passages.structure))
    columns.update(_likeness(passages.vectors[candidates.places], fused))
    size = fused.size
    columns["question_tokens"] = np.full(size, candidates.weights.size)
    columns["best_fused"] = np.full(size, fused.max())
    columns["leading_fused"] = np.full(size, np.sort(fused)[-10:].mean())
    stacked = np.stack([column.astype(np.float32) for column in columns.values()], axis=1)
    return tuple(columns), np.nan_to_num(stacked)


def _scores(candidates: Candidates, late: Floats, fused: Floats) -> Mapping[str, Floats]:
    rows, first = candidates.rows, candidates.scores
    found: dict[str, Floats] = {}
    for name, scores in (
        ("stems", first.stems[rows]),
        ("pairs", first.pairs[rows]),
        ("plain", first.plain[rows]),
        ("asked", first.asked[rows]),
        ("late", late),
        ("fused", fused),
    ):
        found[name] = scores
        found[f"{name}_scaled"] = scaled(scores)
        found[f"{name}_rank"] = _log_rank(scores)
        found[f"{name}_behind"] = scores - scores.max()
    return found


def _tokens(candidates: Candidates) -> Mapping[str, NDArray[np.generic]]:
    nearest, weights = candidates.nearest, candidates.weights
    hard = weights >= np.quantile(weights, _HARD_SHARE)
    ordered = np.sort(nearest, axis=1)
    quarter = max(1, weights.size // 4)
    best = nearest.max(axis=0)
    return {
        "token_mean": nearest.mean(axis=1),
        "token_least": ordered[:, 0],
        "token_least_hard": nearest[:, hard].min(axis=1),
        "token_share_close": ((nearest > 0.8) * weights).sum(axis=1),
        "token_share_near": ((nearest > 0.6) * weights).sum(axis=1),
        "token_spread": nearest.std(axis=1),
        "token_low": ordered[:, :quarter].mean(axis=1),
        "token_high": ordered[:, -quarter:].mean(axis=1),
        "token_behind": ((nearest - best) * weights).sum(axis=1),
        "token_share_best": ((nearest >= best - 1e-3) * weights).sum(axis=1),
    }


def _surroundings(
    places: Places, fused: Floats, structure: Structure
) -> Mapping[str, NDArray[np.generic]]:
    absent = float(fused.min()) - 0.1
    held = np.append(fused, absent)
    at = np.full(structure.parents.size + 1, NONE, dtype=np.intp)  # the last row stands for none
    at[places] = np.arange(places.size)

    def score(found: NDArray[np.int32]) -> Floats:
        scores: Floats = held[at[found]]
        return scores

    parents = structure.parents[places]
    child = np.append(np.full(places.size, absent), absent)
    np.maximum.at(child, at[parents], fused)
    child[-1] = absent
    previous, following = (score(structure.beside(places, one)) for one in (-1, 1))
    further = [score(structure.beside(places, one)) for one in (-3, -2, 2, 3)]
    found: dict[str, NDArray[np.generic]] = {
        "parent": score(parents),
        "child": child[:-1],
        "previous": previous,
        "next": following,
        "beside": np.maximum(previous, following),
        "further": np.max(further, axis=0),
    }
    for name, keys in (
        ("document", structure.documents[places]),
        ("group", structure.groups[places]),
    ):
        found.update(_together(name, keys, fused, absent))
    return found


def _together(
    name: str, keys: NDArray[np.int32], fused: Floats, absent: float
) -> Mapping[str, NDArray[np.generic]]:
    kinds, which = np.unique(keys, return_inverse=True)
    weight = np.exp(4.0 * (fused - fused.max()))
    leading = np.argsort(-fused, kind="stable")[:LEADING]
    best = np.full(kinds.size, absent)
    np.maximum.at(best, which, fused)
    holder = fused >= best[which]
    second = np.full(kinds.size, absent)
    np.maximum.at(second, which[~holder], fused[~holder])
    return {
        f"{name}_leading": np.bincount(which[leading], minlength=kinds.size)[which],
        f"{name}_support": np.bincount(which, weight, minlength=kinds.size)[which] - weight,
        f"{name}_behind": fused - best[which],
        f"{name}_other": np.where(holder, second[which], best[which]),
        f"{name}_candidates": np.bincount(which, minlength=kinds.size)[which],
    }


def _likeness(vectors: NDArray[np.float32], fused: Floats) -> Mapping[str, NDArray[np.generic]]:
    alike = vectors @ vectors.T
    order = np.argsort(-fused, kind="stable")
    better = np.where(alike > _ALIKE, fused[None, :], -np.inf).max(axis=1)
    return {
        "like_first": alike[:, order[0]],
        "like_five": alike[:, order[:5]].mean(axis=1),
        "like_ten": alike[:, order[:10]].mean(axis=1),
        "doubles": (alike > _NEAR).sum(axis=1) - 1,
        "behind_double": np.maximum(better, fused) - fused,
        "like_all": alike.mean(axis=1),
    }


def scaled(scores: Floats) -> Floats:
    """Scale scores to 0-1; all 0 where they are equal."""
    low, high = scores.min(), scores.max()
    found: Floats = (scores - low) / (high - low) if high > low else np.zeros(scores.size)
    return found


def _log_rank(scores: Floats) -> Floats:
    ranks = np.empty(scores.size)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(scores.size)
    logged: Floats = np.log1p(ranks)
    return logged
