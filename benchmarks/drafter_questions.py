"""150 questions a drafter really asks, over the bundled corpus: is the right clause in the top 5?

The questions and their gold provisions are in `drafter_questions.yaml`. Recall@5 is the number
of gold provisions in the first five divided by the number of gold provisions; success@5 asks
for any gold among them; the reciprocal rank is that of the first gold in the first ten, else 0.
Beside the product's index stand stemmed BM25 alone and the encoder alone, which no change of
the index moves. This trains nothing, and shows single answers of the dev questions only.
"""

import argparse
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import stdev
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.report import Stopwatch, finish, progress, say
from policy_service.corpus.collection import load_corpus
from policy_service.corpus.yaml_source import read_yaml
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import ControlKind, Provision
from policy_service.engines.encoder import Encoder
from policy_service.retrieval.late_interaction import open_late_index

REPOSITORY = Path(__file__).resolve().parent.parent
QUESTIONS = Path(__file__).with_name("drafter_questions.yaml")
CORPUS = (REPOSITORY / "regulations_corpus", REPOSITORY / "policies" / "standards")
TOP = 5
DEPTH = 10
_SHOWN = 10
Split = Literal["dev", "test"]
Ask = Callable[[Sequence[str]], list[list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrafterQuestion:
    """One question, the control that its asker drafts, and the provisions that answer it."""

    id: str
    kind: ControlKind
    who: str
    split: Split
    text: str
    gold: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with the ids that were found for it, best first."""

    question: DrafterQuestion
    found: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Return the share of the gold provisions that is in the first five."""
        return len(set(self.question.gold) & set(self.found[:TOP])) / len(self.question.gold)

    @property
    def reciprocal_rank(self) -> float:
        """Return 1 over the place of the first gold provision, 0 where none was found."""
        for place, name in enumerate(self.found[:DEPTH], start=1):
            if name in self.question.gold:
                return 1 / place
        return 0.0


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: ControlKind
    who: str
    split: Split
    ask: str
    gold: tuple[str, ...]


class _Questions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[_Entry, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask the questions and print the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drafter_questions")
    parser.add_argument("--split", choices=("dev", "test", "all"), default="all")
    parser.add_argument("--json", action="store_true", help="no table before the JSON line")
    parser.add_argument("--misses", action="store_true", help="show what failed; dev only")
    parser.add_argument("--quick", action="store_true", help="no effect: the set is small")
    options = parser.parse_args(arguments)
    if options.misses and options.split != "dev":
        parser.error("the test questions are not looked at one by one; add `--split dev`")
    questions = [one for one in read_questions() if options.split in (one.split, "all")]
    provisions = load_corpus(CORPUS).provisions
    with tempfile.TemporaryDirectory() as folder:
        answers, figures = measure(questions, provisions, Path(folder))
    if options.misses:
        say("\n".join(misses(answers)))
    if not options.json:
        print("\n".join(table(figures)))
    finish(figures)


def read_questions(path: Path = QUESTIONS) -> tuple[DrafterQuestion, ...]:
    """Read the questions in the order of the file.

    Raises `CorpusError` naming the line of the first entry that is wrong.
    """
    source = read_yaml(path)
    try:
        read = _Questions.model_validate(source.content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise CorpusError(f"{source.where(problem['loc'])}: {problem['msg']}") from error
    return tuple(
        DrafterQuestion(
            id=one.id, kind=one.kind, who=one.who, split=one.split, text=one.ask, gold=one.gold
        )
        for one in read.questions
    )


def measure(
    questions: Sequence[DrafterQuestion], provisions: Sequence[Provision], folder: Path
) -> tuple[list[Answered], dict[str, Any]]:
    """Ask the product's index and its peers; return the index's answers and all figures."""
    encoder = Encoder.load()
    index = open_late_index(
        folder=folder,
        provisions=provisions,
        encoder=encoder,
        shipped=CORPUS[0] / "embeddings",
        progress=progress,
    )

    def ask(texts: Sequence[str]) -> list[list[str]]:
        found = index.search_many(texts, limit=DEPTH)
        return [[str(one.provision.id) for one in answer] for answer in found]

    say(f"asking {len(questions):,} questions over {len(provisions):,} provisions")
    with Stopwatch() as asking:
        answers = answer(questions, ask)
    say("asking BM25 alone and the encoder alone")
    peers = {"bm25": bm25(provisions), "minilm": minilm(provisions, encoder)}
    figures = {
        **scores(answers),
        "questions": len(questions),
        "provisions": len(provisions),
        "query_cpu_ms": 1000 * asking.cpu_s / max(len(questions), 1),
        "kinds": by_kind(answers),
        "peers": {name: scores(answer(questions, peer)) for name, peer in peers.items()},
    }
    return answers, figures


def answer(questions: Sequence[DrafterQuestion], ask: Ask) -> list[Answered]:
    """Put every question to `ask`."""
    found = ask([one.text for one in questions])
    return [
        Answered(question=question, found=tuple(ids))
        for question, ids in zip(questions, found, strict=True)
    ]


def scores(answers: Sequence[Answered]) -> dict[str, float]:
    """Average over the questions; `multi_recall_at_5` over those with several gold provisions."""
    recalls = [one.recall for one in answers]
    several = [one.recall for one in answers if len(one.question.gold) > 1]
    return {
        "recall_at_5": _mean(recalls),
        "recall_at_5_standard_error": _standard_error(recalls),
        "success_at_5": _mean([float(one.recall > 0) for one in answers]),
        "mrr": _mean([one.reciprocal_rank for one in answers]),
        "multi_recall_at_5": _mean(several),
    }


def by_kind(answers: Sequence[Answered]) -> dict[str, dict[str, float]]:
    """Score the questions of each control kind apart."""
    found = {}
    for kind in ControlKind:
        some = [one for one in answers if one.question.kind is kind]
        if some:
            found[kind.value] = {"questions": len(some), **scores(some)}
    return found


def misses(answers: Sequence[Answered]) -> list[str]:
    """List the worst answers: what was asked, what was wanted, what came instead."""
    bad = [one for one in answers if one.recall < 1]
    lines = []
    for one in sorted(bad, key=lambda bad: (bad.recall, bad.reciprocal_rank))[:_SHOWN]:
        lines += [
            f"{one.question.id} ({one.question.who}): {one.question.text}",
            f"  recall {one.recall:.2f}, wanted {', '.join(one.question.gold)}",
            f"  found  {', '.join(one.found)}",
        ]
    return lines


def table(figures: Mapping[str, Any]) -> list[str]:
    """Lay the figures out for a person: the index, its peers, then each control kind."""
    rows = {"index": figures, **figures["peers"], **figures["kinds"]}
    lines = [f"{'':24}{'recall@5':>10}{'success@5':>11}{'mrr':>8}{'questions':>11}"]
    for name, row in rows.items():
        number = row.get("questions", figures["questions"])
        lines.append(
            f"{name:24}{row['recall_at_5']:10.3f}{row['success_at_5']:11.3f}{row['mrr']:8.3f}"
            f"{number:11}"
        )
    return lines


def bm25(provisions: Sequence[Provision]) -> Ask:
    """Rank by stemmed BM25 over instrument, section, title and text."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    texts = [f"{one.instrument} {one.section}\n{_text(one)}" for one in provisions]
    index = bm25s.BM25(method="lucene")
    index.index(_tokens(texts, stemmer), show_progress=False)

    def ask(questions: Sequence[str]) -> list[list[str]]:
        words = _tokens(questions, stemmer)
        return [_top(np.asarray(index.get_scores(one)), provisions) for one in words]

    return ask


def minilm(provisions: Sequence[Provision], encoder: Encoder) -> Ask:
    """Rank by the cosine of the sentence embeddings of title and text."""
    vectors = encoder.encode([_text(one) for one in provisions])

    def ask(questions: Sequence[str]) -> list[list[str]]:
        return [_top(vectors @ one, provisions) for one in encoder.encode(questions)]

    return ask


def _tokens(texts: Sequence[str], stemmer: object) -> list[list[str]]:
    import bm25s

    found: list[list[str]] = bm25s.tokenize(
        list(texts), stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False
    )
    return found


def _top(values: NDArray[np.floating[Any]], provisions: Sequence[Provision]) -> list[str]:
    ids = [str(one.id) for one in provisions]
    ordered = sorted(range(len(ids)), key=lambda place: (-float(values[place]), ids[place]))
    return [ids[place] for place in ordered[:DEPTH]]


def _text(provision: Provision) -> str:
    return f"{provision.title}\n{provision.text}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _standard_error(values: Sequence[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


if __name__ == "__main__":
    main()
