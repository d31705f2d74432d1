"""Trains a retriever from marked questions over one index.

The trees must not learn from scores that have seen their own labels: questions are cut into
folds, each fold is scored by a question side trained on the others, and only then are the
trees grown (cross-fitting). The question side that serves is trained on all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress, silent
from policy_service.engines.encoder import Encoder
from policy_service.engines.lightgbm import ForestSettings
from policy_service.engines.retriever_head import Parameters
from policy_service.engines.retriever_training import (
    Lesson,
    PassageArrays,
    TrainingSettings,
    train_question_side,
)
from policy_service.kit.hashing import sha256_text
from policy_service.retrieval.learned.candidates import candidates_of, first_scores
from policy_service.retrieval.learned.features import features_of
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import PassageTable
from policy_service.retrieval.learned.reading import QuestionReader
from policy_service.retrieval.learned.rows import TrainingQuestions, TrainingRows, grow_trees

EXAMPLES_AT_LEAST = 40
FOLDS = 3
STAGE = "features"
Train = Callable[[Sequence[Lesson]], Parameters]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question with the ids of the provisions that answer it."""

    question: str
    relevant: frozenset[str]


def fit(
    *,
    examples: Sequence[Example],
    index: PassageTable,
    encoder: Encoder,
    seed: int = 7,
    settings: TrainingSettings | None = None,
    forest: ForestSettings | None = None,
    progress: Progress = silent,
) -> RetrieverWeights:
    """Train on `examples`; equal input and seed give equal weights on one machine.

    Examples whose provisions the index lacks are left out. Raises `RetrievalError` where
    fewer than `EXAMPLES_AT_LEAST` remain.
    """
    return fit_with_rows(
        examples=examples,
        index=index,
        encoder=encoder,
        seed=seed,
        settings=settings,
        forest=forest,
        progress=progress,
    )[0]


def fit_with_rows(
    *,
    examples: Sequence[Example],
    index: PassageTable,
    encoder: Encoder,
    seed: int = 7,
    settings: TrainingSettings | None = None,
    forest: ForestSettings | None = None,
    progress: Progress = silent,
) -> tuple[RetrieverWeights, TrainingRows]:
    """Train as `fit` does, and also return what the trees were grown on."""
    questions = _questions(examples, index, encoder)
    lessons = [_lesson(place, questions, index) for place in range(len(questions.texts))]
    train: Train = partial(
        train_question_side,
        passages=_arrays(index),
        encoder=encoder,
        seed=seed,
        settings=settings,
        progress=progress,
    )
    rows = _cross_fit(
        questions, lessons, index=index, encoder=encoder, train=train, progress=progress
    )
    trees = grow_trees(rows, seed=seed, settings=forest, progress=progress)
    weights = RetrieverWeights(
        encoder=encoder.sha256,
        examples=len(lessons),
        seed=seed,
        features=rows.names,
        forest=trees.text,
        parameters=train(lessons),
        basis=index.tokens.basis,
        scale=index.tokens.scale,
    )
    return weights, rows


def _questions(
    examples: Sequence[Example], index: PassageTable, encoder: Encoder
) -> TrainingQuestions:
    places = {name: place for place, name in enumerate(index.ids)}
    marked: dict[str, set[int]] = {}
    for one in examples:
        known = {places[name] for name in one.relevant if name in places}
        if one.question.strip() and known:
            marked.setdefault(one.question, set()).update(known)
    if len(marked) < EXAMPLES_AT_LEAST:
        raise RetrievalError(
            f"`{len(marked)}` marked questions are too few to train a retriever; "
            f"mark {EXAMPLES_AT_LEAST} or more"
        )
    texts = tuple(sorted(marked))
    folds = [int(sha256_text(text)[:8], 16) % FOLDS for text in texts]
    return TrainingQuestions(
        texts=texts,
        vectors=encoder.encode(texts),
        relevant=tuple(np.array(sorted(marked[text]), dtype=np.intp) for text in texts),
        folds=np.array(folds, dtype=np.int64),
    )


def _lesson(place: int, questions: TrainingQuestions, index: PassageTable) -> Lesson:
    text, relevant = questions.texts[place], questions.relevant[place]
    stems, pairs = index.lexical.scores(text)
    plain = (index.vectors @ questions.vectors[place]).astype(np.float64)
    scores = first_scores(stems=stems, pairs=pairs, plain=plain, asked=plain)
    others = np.setdiff1d(candidates_of(scores), relevant)
    words = np.stack((scores.scaled_stems, scores.scaled_pairs), axis=1).astype(np.float32)
    return Lesson(
        text=text,
        relevant=relevant,
        candidates=others,
        relevant_lexical=words[relevant],
        candidate_lexical=words[others],
    )


def _arrays(index: PassageTable) -> PassageArrays:
    tokens = index.tokens
    return PassageArrays(
        vectors=np.asarray(index.vectors),
        states=tokens.states,
        ends=tokens.ends,
        scale=tokens.scale,
        basis=tokens.basis,
        rarity=tokens.rarity(),
    )


def _cross_fit(
    questions: TrainingQuestions,
    lessons: Sequence[Lesson],
    *,
    index: PassageTable,
    encoder: Encoder,
    train: Train,
    progress: Progress,
) -> TrainingRows:
    everything = np.arange(len(index.ids), dtype=np.intp)
    names: tuple[str, ...] = ()
    features, places, relevant, asked = [], [], [], []
    for fold in range(FOLDS):
        learned_from = [lessons[at] for at in np.flatnonzero(questions.folds != fold).tolist()]
        reader = QuestionReader(passages=index, parameters=train(learned_from), encoder=encoder)
        for at in np.flatnonzero(questions.folds == fold).tolist():
            found = reader.read(questions.texts[at], questions.vectors[at], allowed=everything)
            names, rows = features_of(found, index.known)
            features.append(rows)
            asked.append(at)
            places.append(found.places)
            relevant.append(np.isin(found.places, questions.relevant[at]))
            progress(STAGE, len(features), len(lessons))
    return TrainingRows(
        names=names,
        features=np.concatenate(features),
        relevant=np.concatenate(relevant),
        groups=tuple(len(one) for one in features),
        asked=np.array(asked, dtype=np.intp),
        places=np.concatenate(places),
        questions=questions,
    )
