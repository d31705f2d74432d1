"""What the embedded index costs at 10,000, 100,000 and 1,000,000 passages.

Passages are synthetic: 30 to 70 words each, drawn by rank from a Zipfian vocabulary, so pairs
of neighbouring words repeat less than in real text and the pair index comes out larger. A
sample of texts is embedded by the real model for the cost of one; the rows indexed are random
unit vectors, which cost the search what real ones do and say nothing of quality. Building and
asking each run in a process of their own: the memory named is that of asking, the texts of all
passages included. Queries are embedded beforehand; what embedding one costs is told apart.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import (
    Stopwatch,
    finish,
    peak_rss_mb,
    percentile,
    progress,
    rss_mb,
    run_apart,
    say,
)
from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.progress import silent
from policy_service.domain.provision import Provision
from policy_service.retrieval.filters import Filters
from policy_service.retrieval.index import ProvisionIndex, open_index

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (10_000,)
SEED = 20_260_302
VOCABULARY = 40_000
WORDS = (30, 71)  # of a passage
ASKED_WORDS = (6, 15)
QUESTIONS = 200
EMBEDDED = 1_000
QUICK_EMBEDDED = 100
DIMENSIONS = 384
PASSAGES_AN_INSTRUMENT = 2_000
LIMIT = 10
TIMEOUT_S = 7_200.0
_MEBIBYTE = 2**20
_CONSONANTS, _VOWELS = "bcdfglmnprst", "aeiou"
_SYLLABLES = [one + other for one in _CONSONANTS for other in _VOWELS]


class RandomEncoder:
    """Gives random unit rows, the same for every run."""

    sha256 = "0" * 64

    def __init__(self) -> None:
        self._rng = np.random.default_rng(SEED)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row a text, whatever it says."""
        rows = self._rng.standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every size and print the JSON object, or one phase of one size for the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="+", default=SIZES)
    parser.add_argument("--quick", action="store_true", help="10,000 passages only")
    parser.add_argument("--phase", choices=("build", "ask"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the indexes here")
    options = parser.parse_args(arguments)
    if options.phase:
        phase = build if options.phase == "build" else ask
        finish(phase(options.passages[0], options.folder))
        return
    sizes = QUICK_SIZES if options.quick else tuple(options.passages)
    with tempfile.TemporaryDirectory() as temporary:
        root = options.folder or Path(temporary)
        results = [measure(size, root / str(size)) for size in sizes]
    finish(
        {
            "sizes": results,
            "embedding": embedding_cost(QUICK_EMBEDDED if options.quick else EMBEDDED),
            "vectors": "random unit rows; embedding is measured on a sample",
        }
    )


def measure(size: int, folder: Path) -> dict[str, Any]:
    """Build and ask an index of `size` passages, each in its own process."""
    say(f"{size:,} passages")
    found: dict[str, Any] = {"passages": size}
    for phase in ("build", "ask"):
        arguments = ("--phase", phase, "--passages", str(size), "--folder", str(folder))
        found |= run_apart("benchmarks.retrieval_scale", *arguments, timeout_s=TIMEOUT_S)
        say(f"{phase}: {found}")
    return found


def build(size: int, folder: Path) -> dict[str, Any]:
    """Index `size` passages into `folder`; making their texts is not counted."""
    provisions = make_provisions(size)
    with Stopwatch() as watch:
        open_index(folder=folder, provisions=provisions, encoder=RandomEncoder(), progress=progress)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "index_s": watch.wall_s,
        "index_cpu_s": watch.cpu_s,
        "index_peak_mb": peak_rss_mb(),
        "disk_mb": sum(path.stat().st_size for path in files) / _MEBIBYTE,
    }


def ask(size: int, folder: Path) -> dict[str, Any]:
    """Open the index in `folder` and ask it questions, with and without filters."""
    provisions = make_provisions(size)
    texts_mb = rss_mb()
    with Stopwatch() as watch:
        index = open_index(
            folder=folder, provisions=provisions, encoder=RandomEncoder(), progress=silent
        )
    questions = make_texts(QUESTIONS, ASKED_WORDS, seed=SEED + 1)
    narrow = Filters(instruments=frozenset({"law-0"}), in_force="2026-03-02")
    with Stopwatch() as asking:
        plain = _times_ms(index, questions, Filters())
    narrowed = _times_ms(index, questions, narrow)
    return {
        "open_s": watch.wall_s,
        "passages_mb": texts_mb,
        "serving_mb": rss_mb(),
        "query_cpu_ms": asking.cpu_s * 1000 / (len(questions) + 1),
        "query_ms_p50": percentile(plain, 0.5),
        "query_ms_p99": percentile(plain, 0.99),
        "filtered_query_ms_p50": percentile(narrowed, 0.5),
        "filtered_query_ms_p99": percentile(narrowed, 0.99),
    }


def embedding_cost(count: int) -> dict[str, float]:
    """Embed `count` synthetic passages and a few questions with the real model."""
    from policy_service.engines.encoder import Encoder

    encoder = Encoder.load()
    texts = make_texts(count, WORDS, seed=SEED)
    with Stopwatch() as watch:
        encoder.encode(texts)
    times = []
    for question in make_texts(20, ASKED_WORDS, seed=SEED + 1):
        began = time.perf_counter()
        encoder.encode([question])
        times.append((time.perf_counter() - began) * 1000)
    return {
        "passages": count,
        "cpu_ms_a_passage": watch.cpu_s * 1000 / count,
        "query_ms_p50": percentile(times, 0.5),
    }


def make_provisions(size: int) -> list[Provision]:
    """Make `size` provisions, 2,000 an instrument, a tenth of them replaced by now."""
    texts = make_texts(size, WORDS, seed=SEED)
    return [_provision(number, text) for number, text in enumerate(texts)]


def make_texts(count: int, words: tuple[int, int], *, seed: int) -> list[str]:
    """Draw `count` texts of a Zipfian vocabulary; the same seed gives the same texts."""
    rng = np.random.default_rng(seed)
    weights = 1.0 / (np.arange(VOCABULARY) + 2.7)
    steps = np.cumsum(weights / weights.sum())
    lengths = rng.integers(*words, size=count)
    names = [_word(number) for number in range(VOCABULARY)]
    texts = []
    for length in lengths.tolist():
        drawn = np.searchsorted(steps, rng.random(length)).clip(max=VOCABULARY - 1)
        texts.append(" ".join([names[one] for one in drawn.tolist()]))
    return texts


def _word(number: int) -> str:
    syllables: list[str] = []
    while number or not syllables:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[rest])
    return "".join(syllables)


def _provision(number: int, text: str) -> Provision:
    instrument = f"law-{number // PASSAGES_AN_INSTRUMENT}"
    return Provision(
        id=ProvisionId(f"{instrument}/{number}"),
        instrument=instrument,
        section=str(number),
        title="",
        text=text,
        sha256=Sha256Hex(f"{number:064x}"),  # nothing here quotes it
        version="1",
        version_date="2020-01-01",
        url="",
        superseded="2025-01-01" if number % 10 == 9 else "",
    )


def _times_ms(index: ProvisionIndex, questions: Sequence[str], filters: Filters) -> list[float]:
    index.search(questions[0], limit=LIMIT, filters=filters)  # the first one reads the pages
    times = []
    for question in questions:
        began = time.perf_counter()
        index.search(question, limit=LIMIT, filters=filters)
        times.append((time.perf_counter() - began) * 1000)
    return times


if __name__ == "__main__":
    main()
