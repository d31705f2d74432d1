"""What each part of the learned retriever adds: the same questions ranked by every part alone.

Peers stand in the same table: BM25 with its usual settings, and BM25 and the encoder fused
by min-max scaling. Popularity (how often a passage was gold in training) is measured here
and served nowhere: it helps where new questions are like the old ones, and only there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval_data import DEPTH, Question, scores
from policy_service.engines.encoder import Encoder
from policy_service.engines.lightgbm import Forest
from policy_service.engines.retriever_head import untrained
from policy_service.retrieval import fusion
from policy_service.retrieval.learned.candidates import second_scores
from policy_service.retrieval.learned.features import Candidates, features_of
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import PassageTable
from policy_service.retrieval.learned.reading import QuestionReader
from policy_service.retrieval.learned.rows import TrainingRows, grow_trees
from policy_service.retrieval.tokens import Tokeniser

Figures = dict[str, float]
Floats = NDArray[np.float64]
COLUMNS = ("recall_at_10", "map_at_10", "multi_recall_at_10")
ROWS = (
    "BM25 (k1 1.2, b .75)",
    "BM25 over stems (k1 .8, b .6)",
    "encoder as it is",
    "BM25 + encoder, min-max",
    "+ stem pairs",
    "encoder adapted to questions",
    "late interaction, untrained",
    "late interaction, trained",
    "first stage + late interaction",
    "+ trees (what runs trained)",
    "the same + popularity (not served)",
)


def components(
    questions: Sequence[Question],
    *,
    passages: PassageTable,
    weights: RetrieverWeights,
    rows: TrainingRows,
    encoder: Encoder,
) -> dict[str, Figures]:
    """Rank by each component; keys are `ROWS`."""
    answers: dict[str, list[list[str]]] = {name: [] for name in ROWS}
    plain = _plain_bm25(passages, questions)
    ranked = _rankings(questions, passages, weights, rows, encoder)
    for found, alone in zip(ranked, plain, strict=True):
        answers[ROWS[0]].append(alone)
        for name, (places, values) in found.items():
            ids = [passages.ids[place] for place in places.tolist()]
            best = fusion.best(values, ids=ids, limit=DEPTH)
            answers[name].append([ids[row] for row in best])
    return {name: scores(questions, found) for name, found in answers.items()}


def write_table(path: Path, figures: Mapping[str, Figures], *, caption: str) -> None:
    """Write the component table as Markdown."""
    lines = [caption, "", "| component | R@10 | MAP@10 | R@10, several gold |", "| --- " * 4 + "|"]
    for name, found in figures.items():
        lines.append(f"| {name} | " + " | ".join(f"{found[one]:.3f}" for one in COLUMNS) + " |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rankings(
    questions: Sequence[Question],
    passages: PassageTable,
    weights: RetrieverWeights,
    rows: TrainingRows,
    encoder: Encoder,
) -> Iterator[dict[str, tuple[NDArray[np.intp], Floats]]]:
    everything = np.arange(len(passages.ids), dtype=np.intp)
    first = untrained(weights.basis)
    before = QuestionReader(passages=passages, parameters=first, encoder=encoder)
    reader = QuestionReader(passages=passages, parameters=weights.parameters, encoder=encoder)
    trees = Forest(weights.forest)
    popular, with_popularity = _with_popularity(rows, passages)
    vectors = encoder.encode([one.text for one in questions])
    for question, vector in zip(questions, vectors, strict=True):
        found = reader.read(question.text, vector, allowed=everything)
        raw = before.read(question.text, vector, allowed=everything)
        features = features_of(found, passages.known)[1]
        more = np.column_stack((features, popular[found.places])).astype(np.float32)
        fused = second_scores(found.scores, found.rows, found.late)
        yield {
            **dict(zip(ROWS[1:6], _first_stage(found, everything), strict=True)),
            ROWS[6]: (raw.places, raw.late),
            ROWS[7]: (found.places, found.late),
            ROWS[8]: (found.places, fused),
            ROWS[9]: (found.places, trees.score(features)),
            ROWS[10]: (found.places, with_popularity.score(more)),
        }


def _first_stage(
    found: Candidates, everything: NDArray[np.intp]
) -> list[tuple[NDArray[np.intp], Floats]]:
    first = found.scores
    both = [(fusion.LEXICAL_WEIGHT, first.stems), (fusion.DENSE_WEIGHT, first.plain)]
    three = [*both, (fusion.BIGRAM_WEIGHT, first.pairs)]
    scored = (first.stems, first.plain, fusion.fuse(both), fusion.fuse(three), first.asked)
    return [(everything, one) for one in scored]


def _with_popularity(rows: TrainingRows, passages: PassageTable) -> tuple[Floats, Forest]:
    """Grow the same trees with one feature more; a question's own mark is not counted for it."""
    counts = np.bincount(np.concatenate(rows.questions.relevant), minlength=len(passages.ids))
    others = counts[rows.places] - rows.relevant
    features = np.column_stack((rows.features, np.log1p(others))).astype(np.float32)
    return np.log1p(counts), grow_trees(replace(rows, features=features), seed=7)


def _plain_bm25(passages: PassageTable, questions: Sequence[Question]) -> list[list[str]]:
    tokeniser = Tokeniser()
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", dtype="float64")
    index.index([tokeniser.stems(text) for text in passages.texts], show_progress=False)
    answers = []
    for question in questions:
        found = np.asarray(index.get_scores(tokeniser.stems(question.text)), dtype=np.float64)
        best = fusion.best(found, ids=passages.ids, limit=DEPTH)
        answers.append([passages.ids[place] for place in best])
    return answers
