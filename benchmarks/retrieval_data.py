"""ObliQA's passages and questions as the retrieval benchmarks use them, and their measures.

Recall, MAP and nDCG at 10 divide by the number of gold passages, as trec_eval does
(`recall.10`, `map_cut.10`). Nothing is ranked here.
"""

import gzip
import hashlib
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision
from policy_service.kit.hashing import sha256_text

DEPTH = 10
QUICK_QUESTIONS = 60
QUICK_OTHERS = 150  # passages that answer none of them
QUICK_TRAINING = 45


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the ids of its gold passages."""

    text: str
    gold: frozenset[str]


def scores(questions: Sequence[Question], answers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Average Recall, MAP and nDCG at 10 of one answer a question, best first."""
    recalls, precisions, gains, multi = [], [], [], []
    for question, answer in zip(questions, answers, strict=True):
        hits = [name in question.gold for name in answer[:DEPTH]]
        recall = sum(hits) / len(question.gold)
        recalls.append(recall)
        if len(question.gold) > 1:
            multi.append(recall)
        precisions.append(_average_precision(hits, len(question.gold)))
        gains.append(_ndcg(hits, len(question.gold)))
    return {
        "recall_at_10": _mean(recalls),
        "map_at_10": _mean(precisions),
        "ndcg_at_10": _mean(gains),
        "multi_recall_at_10": _mean(multi),
    }


def read_passages(path: Path) -> dict[str, str]:
    """Read passages by `document/passage`; empty ones are left out, repeated ids joined."""
    found: dict[str, str] = {}
    for line in _read(path).splitlines():
        row = json.loads(line)
        text = str(row["Passage"]).strip()
        if text:
            name = _name(row)
            found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def read_questions(path: Path, *, odd: bool | None = None) -> list[Question]:
    """Read the questions of a file, or those whose id has an odd or an even SHA-1."""
    rows = json.loads(_read(path))
    return [_question(row) for row in rows if odd is None or _odd(str(row["QuestionID"])) is odd]


def sample(
    passages: Mapping[str, str], training: Sequence[Question], asked: Sequence[Question]
) -> tuple[dict[str, str], list[Question], list[Question]]:
    """Draw some questions, their gold passages, and others to hide them among."""
    rng = random.Random(7)
    trained = rng.sample(list(training), min(QUICK_TRAINING, len(training)))
    some = rng.sample(list(asked), min(QUICK_QUESTIONS, len(asked)))
    gold = {name for question in (*trained, *some) for name in question.gold}
    unasked = sorted(set(passages) - gold)
    others = rng.sample(unasked, min(QUICK_OTHERS, len(unasked)))
    kept = gold | set(others)
    return {name: text for name, text in passages.items() if name in kept}, trained, some


def provision(name: str, text: str) -> Provision:
    """Make the provision of one passage."""
    document, _, section = name.partition("/")
    return Provision(
        id=ProvisionId(name),
        instrument=document,
        section=section,
        title="",
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        version="",
        version_date="",
        url="",
    )


def _average_precision(hits: Sequence[bool], gold: int) -> float:
    found = 0
    total = 0.0
    for place, hit in enumerate(hits, start=1):
        if hit:
            found += 1
            total += found / place
    return total / gold


def _ndcg(hits: Sequence[bool], gold: int) -> float:
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(gold, DEPTH)))
    return gain / ideal


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _question(row: Mapping[str, Any]) -> Question:
    return Question(str(row["Question"]), frozenset(_name(one) for one in row["Passages"]))


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['DocumentID']}/{row['PassageID']}"


def _odd(name: str) -> bool:
    return hashlib.sha1(name.encode(), usedforsecurity=False).digest()[-1] % 2 == 1


def _read(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
