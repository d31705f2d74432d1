"""Regulatory retrieval on ObliQA: the index as it runs, trained, beside its parts and peers.

`--passages` is a file of passages ({DocumentID, PassageID, Passage}, one JSON object a line),
`--train` and `--questions` are lists of questions with their gold passages; all may be gzipped.
Without `--questions` the questions of `--train` are cut in two by the parity of their id's
SHA-1: the even half trains, the odd half is asked. With it, all of `--train` trains and all of
`--questions` is asked. `--markdown FILE` writes what each component adds.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Stopwatch, finish, percentile, progress, say
from benchmarks.retrieval_components import ROWS, components, write_table
from benchmarks.retrieval_data import (
    DEPTH,
    Question,
    provision,
    read_passages,
    read_questions,
    sample,
    scores,
)
from policy_service.domain.errors import RetrievalError
from policy_service.engines.encoder import Encoder
from policy_service.engines.retriever_training import TrainingSettings
from policy_service.retrieval.index import IndexParts, ProvisionIndex, open_index
from policy_service.retrieval.learned.fit import Example, fit_with_rows
from policy_service.retrieval.learned.passages import PassageTable, table_of
from policy_service.retrieval.learned.ranker import LearnedRanker
from policy_service.retrieval.texts import indexed_text
from policy_service.retrieval.token_gatherer import TokenGatherer

OBLIQA = Path(__file__).resolve().parents[2] / "shared" / "data" / "obliqa"
QUICK = TrainingSettings(epochs=1, steps_at_least=0, batch=16, negatives=12)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--passages", type=Path, default=OBLIQA / "passages.jsonl.gz")
    parser.add_argument("--train", type=Path, default=OBLIQA / "dev.json.gz")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--index", type=Path, help="folder that keeps the index between runs")
    parser.add_argument("--markdown", type=Path, help="file for the table of components")
    parser.add_argument("--quick", action="store_true", help="a sample of passages and questions")
    options = parser.parse_args(arguments)
    if not options.passages.is_file() or not options.train.is_file():
        say(f"`{options.passages}` or `{options.train}` is missing; give --passages and --train")
        finish({"skipped": "the data is not there", "peers": {}})
        return
    passages = read_passages(options.passages)
    training = read_questions(options.train, odd=None if options.questions else False)
    asked = (
        read_questions(options.questions)
        if options.questions
        else read_questions(options.train, odd=True)
    )
    if options.quick:
        passages, training, asked = sample(passages, training, asked)
    with tempfile.TemporaryDirectory() as folder, _one_thread():
        figures = measure(
            passages,
            training,
            asked,
            folder=options.index or Path(folder),
            settings=QUICK if options.quick else TrainingSettings(),
        )
    if options.markdown:
        caption = (
            f"{len(asked):,} questions over {len(passages):,} passages; "
            f"{len(training):,} others to learn from."
        )
        write_table(options.markdown, figures["components"], caption=caption)
    finish(figures)


def measure(
    passages: Mapping[str, str],
    training: Sequence[Question],
    asked: Sequence[Question],
    *,
    folder: Path,
    settings: TrainingSettings,
) -> dict[str, Any]:
    """Index `passages`, train on one list of questions, and ask the other."""
    encoder = Encoder.load()
    provisions = [provision(name, text) for name, text in passages.items()]
    with Stopwatch() as indexing:
        texts = [indexed_text(one).dense for one in provisions]
        gatherer = TokenGatherer.over(texts, encoder=encoder)
        opened = partial(
            open_index,
            folder=folder,
            provisions=provisions,
            encoder=encoder,
            extras=gatherer,
            progress=progress,
        )
        table = _table(opened().parts)
    say(f"training on {len(training):,} questions over {len(passages):,} passages")
    examples = [Example(question=one.text, relevant=one.gold) for one in training]
    with Stopwatch() as learning:
        weights, rows = fit_with_rows(
            examples=examples, index=table, encoder=encoder, settings=settings, progress=progress
        )
    say(f"asking {len(asked):,} questions")
    ranker = LearnedRanker(passages=table, weights=weights, encoder=encoder)
    found = components(asked, passages=table, weights=weights, rows=rows, encoder=encoder)
    return {
        **_asked(opened(ranker=lambda _: ranker), asked),
        "index_cpu_s": indexing.cpu_s,
        "train_cpu_s": learning.cpu_s,
        "weights_bytes": len(weights.to_bytes()),
        "passages": len(passages),
        "training_questions": len(training),
        "questions": len(asked),
        "components": found,
        "popularity": found[ROWS[-1]],
        "peers": {"bm25": found[ROWS[0]], "min_max": found[ROWS[3]], "minilm": found[ROWS[2]]},
    }


def _asked(index: ProvisionIndex, questions: Sequence[Question]) -> dict[str, float]:
    """Ask one question after another, each embedded and re-ranked on one thread."""
    answers, times, cpu_times = [], [], []
    for question in questions:
        with Stopwatch() as watch:
            found = index.search(question.text, limit=DEPTH)
        times.append(watch.wall_s * 1000)
        cpu_times.append(watch.cpu_s * 1000)
        answers.append([str(one.provision.id) for one in found])
    return {
        **scores(questions, answers),
        "query_ms_p50": percentile(times, 0.5),
        "query_ms_p99": percentile(times, 0.99),
        "query_cpu_ms_p50": percentile(cpu_times, 0.5),
    }


def _table(parts: IndexParts | None) -> PassageTable:
    if parts is None:
        raise RetrievalError("the embedded index shows its parts, and this one does not")
    return table_of(parts.listing, parts.stored)


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


if __name__ == "__main__":
    main()
