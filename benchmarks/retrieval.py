"""Regulatory retrieval on ObliQA: the product's index, beside BM25 and the encoder alone.

`--passages` is a file of passages ({DocumentID, PassageID, Passage}, one JSON object a line),
`--train` and `--questions` are lists of questions with their gold passages; both may be gzipped.
Without `--questions` the questions of `--train` are cut in two by the parity of their id's
SHA-1, and the second half is asked. Nothing is trained yet, so `train_cpu_s` is 0.
"""

import argparse
import gzip
import hashlib
import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Stopwatch, finish, percentile, progress, say
from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision
from policy_service.engines.encoder import Encoder
from policy_service.kit.hashing import sha256_text
from policy_service.retrieval import fusion, store
from policy_service.retrieval.index import ProvisionIndex, indexed_text, open_index

OBLIQA = Path(__file__).resolve().parents[2] / "shared" / "data" / "obliqa"
DEPTH = 10
QUICK_QUESTIONS = 150
QUICK_PASSAGES = 1500
TIMED = 200
Rank = Callable[[Sequence[str]], list[list[str]]]


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the ids of its gold passages."""

    text: str
    gold: frozenset[str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--passages", type=Path, default=OBLIQA / "passages.jsonl.gz")
    parser.add_argument("--train", type=Path, default=OBLIQA / "dev.json.gz")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--index", type=Path, help="folder that keeps the index between runs")
    parser.add_argument("--quick", action="store_true", help="a sample of passages and questions")
    options = parser.parse_args(arguments)
    if not options.passages.is_file() or not options.train.is_file():
        say(f"`{options.passages}` or `{options.train}` is missing; give --passages and --train")
        finish({"skipped": "the data is not there", "peers": {}})
        return
    passages = read_passages(options.passages)
    questions = (
        read_questions(options.questions) if options.questions else second_half(options.train)
    )
    if options.quick:
        passages, questions = sample(passages, questions)
    with tempfile.TemporaryDirectory() as folder:
        finish(measure(passages, questions, options.index or Path(folder)))


def measure(
    passages: Mapping[str, str], questions: Sequence[Question], folder: Path
) -> dict[str, Any]:
    """Index `passages`, ask `questions`, and compare with each part alone."""
    encoder = Encoder.load()
    provisions = [_provision(name, text) for name, text in passages.items()]
    with Stopwatch() as indexing:
        index = open_index(folder=folder, provisions=provisions, encoder=encoder, progress=progress)
    say(f"asking {len(questions):,} questions over {len(passages):,} passages")

    def ask(texts: Sequence[str]) -> list[list[str]]:
        found = index.search_many(texts, limit=DEPTH)
        return [[str(one.provision.id) for one in answer] for answer in found]

    times = _times_ms(index, questions)
    return {
        **scores(questions, ask),
        "index_cpu_s": indexing.cpu_s,
        "train_cpu_s": 0.0,
        "query_ms_p50": percentile(times, 0.5),
        "query_ms_p99": percentile(times, 0.99),
        "passages": len(passages),
        "questions": len(questions),
        "peers": _peers(questions, provisions, encoder, folder),
    }


def scores(questions: Sequence[Question], ask: Rank) -> dict[str, float]:
    """Average Recall, MAP and nDCG at 10; each divides by the number of gold passages."""
    answers = ask([question.text for question in questions])
    recalls, precisions, gains, multi = [], [], [], []
    for question, answer in zip(questions, answers, strict=True):
        hits = [name in question.gold for name in answer]
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


def read_questions(path: Path) -> list[Question]:
    """Read every question of a file."""
    return [_question(row) for row in json.loads(_read(path))]


def second_half(path: Path) -> list[Question]:
    """Read the questions whose id has an odd SHA-1."""
    rows = json.loads(_read(path))
    return [_question(row) for row in rows if _odd(str(row["QuestionID"]))]


def sample(
    passages: Mapping[str, str], questions: Sequence[Question]
) -> tuple[dict[str, str], list[Question]]:
    """Draw some questions, their gold passages, and others to hide them among."""
    rng = random.Random(7)
    some = rng.sample(list(questions), min(QUICK_QUESTIONS, len(questions)))
    gold = {name for question in some for name in question.gold}
    others = rng.sample(sorted(set(passages) - gold), min(QUICK_PASSAGES, len(passages)) // 2)
    kept = gold | set(others)
    return {name: text for name, text in passages.items() if name in kept}, some


def _peers(
    questions: Sequence[Question],
    provisions: Sequence[Provision],
    encoder: Encoder,
    folder: Path,
) -> dict[str, Any]:
    ordered = sorted(provisions, key=lambda one: one.id)
    keys = [indexed_text(one).sha256 for one in ordered]
    stored = store.read(folder, encoder=encoder.sha256, documents=keys)
    if stored is None:
        return {}
    found, ids = stored, [str(one.id) for one in ordered]

    def top(values: NDArray[np.float64]) -> list[str]:
        return [ids[place] for place in fusion.best(values, ids=ids, limit=DEPTH)]

    def lexical(texts: Sequence[str]) -> list[list[str]]:
        return [top(found.lexical.scores(text)[0]) for text in texts]

    def dense(texts: Sequence[str]) -> list[list[str]]:
        return [top((found.vectors @ row).astype(np.float64)) for row in encoder.encode(texts)]

    return {"bm25": scores(questions, lexical), "minilm": scores(questions, dense)}


def _times_ms(index: ProvisionIndex, questions: Sequence[Question]) -> list[float]:
    times = []
    for question in questions[:TIMED]:
        began = time.perf_counter()
        index.search(question.text, limit=DEPTH)
        times.append((time.perf_counter() - began) * 1000)
    return times


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


def _provision(name: str, text: str) -> Provision:
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


def _question(row: Mapping[str, Any]) -> Question:
    return Question(str(row["Question"]), frozenset(_name(one) for one in row["Passages"]))


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['DocumentID']}/{row['PassageID']}"


def _odd(name: str) -> bool:
    return hashlib.sha1(name.encode(), usedforsecurity=False).digest()[-1] % 2 == 1


def _read(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


if __name__ == "__main__":
    main()
