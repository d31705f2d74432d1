"""The page of figures, docs/benchmarks.md: one section for each benchmark. Pure but for reading.

Not a history: a section is replaced when its benchmark runs again.
"""

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^## (\w+)$", re.MULTILINE)
_INTRODUCTION = """# Benchmarks

Written by `make bench`; figures are not edited by hand. Each benchmark runs with `--quick`, one
after another, on whatever machine that was: sizes are small so that the whole run takes minutes.
Without `--quick` a benchmark takes its full size. No test asserts any of these figures.

Read them with care. Times vary by a tenth or two from run to run and by more between machines;
ratios between an implementation and its peer on the same machine carry further than either alone.
A key that ends in `_s` or `_ms` is a time, `_per_s` a rate, `_mb` is MiB, and a name with `over`
is a ratio.
"""
_NOTES: Mapping[str, str] = {
    "decisions": (
        "One process asks for one decision after another; rates count CPU seconds, without"
        " network and audit. Peers answer the same requests over the same rows, and answers are"
        " compared:"
        " a peer that does less (a plain dict has no conditions and gives no reasons) is a bound,"
        " not a rival."
    ),
    "pdp_http": (
        "Server, load generator and disk share the machine; every decision is on disk before its"
        " answer, every answer is compared, and the log is counted afterwards."
    ),
    "sql_guard": (
        "Attack statements over planted canaries, 122 legitimate queries and sentences of a"
        " grammar, on three engines: leaks, wrong answers and false refusals. The tables are tiny,"
        " so rewriting and round trips weigh most in the overhead."
    ),
    "bundle_sync": (
        "What one changed rule costs on the wire and at twenty agents, by event, beside fetching"
        " the whole bundle."
    ),
    "import_time": (
        "What importing each middleware module costs a fresh interpreter, CPU, beside the"
        " libraries alone."
    ),
    "classification": (
        "Vendors are left out in turn; `columns_per_s` is for names met before, without the"
        " encoder; .01 between methods is noise, other vendors move F1 by .05."
    ),
    "pii_text": (
        "Own rules, spaCy and an optional small NER model find personal data in 750 synthetic"
        " sentences; F2 by overlap of the same type, beside stock Presidio in the same run."
    ),
    "catalog_scan": (
        "A scan of one PostgreSQL table of 500 columns, with 20,000 rows here and a million by"
        " default; the peer is one `SELECT count(*)` of it."
    ),
    "privacy": (
        "k, l, t and risk of 100,000 rows, CPU of all threads. pandas follows the definitions class"
        " by class and must give the same answer."
    ),
    "format_preserving": (
        "FF1 over card numbers in bulk AES calls, beside libffx (Python) and fastfpe (Rust); all"
        " three give the same texts."
    ),
    "masking_stream": (
        "A table of ten columns, six masked, streamed from Parquet files into Parquet files, broken"
        " off once half-way and continued; memory at 10 % and 100 % of the rows says whether it is"
        " flat."
    ),
    "masking_choice": (
        "Masking chosen for k: what hiding five bank clients among each other costs a model of loan"
        " default, and whether the search found the cheapest masking."
    ),
    "masking_operators": (
        "What each masking operator costs, one column of 100,000 mostly distinct values at a time,"
        " beside the scalar form."
    ),
    "masking": (
        "Six of ten columns are masked. The peer runs the nearest operators it has, which are not"
        " the same ones, on a slice of the table: the ratio says in which class each plays, no"
        " more."
    ),
    "encryption": (
        "The peer is the bare cipher of the same library with one key: the ratio is what tokens,"
        " base64 and the binding to the row cost. It grows with the value, because the bare cipher"
        " runs in hardware and base64 and its checks do not; columns hold short values."
    ),
    "audit": (
        "Durable means on disk before the caller is told, so the disk decides: compare with the"
        " plain file that syncs as often, in the same folder."
    ),
    "draft_scale": (
        "The catalogue is synthetic, corpus, index and encoder are the real ones; loading the"
        " models is not counted in `seconds`, but their memory is in `peak_rss_mb`."
    ),
    "retrieval": (
        "Public questions on financial rules (ObliQA), a sample under `--quick`: a sample of the"
        " passages makes finding easier than in the whole, so compare within the table only."
        " Skipped where the data set is not at hand."
    ),
    "obligations": (
        "What extraction reads in official text against the digests' hand-made obligations of the"
        " same sections; `--quick` leaves the PDFs out. Precision is a lower bound: digests are"
        " not complete. Elsewhere in the texts it is lower: see docs/corpus.md."
    ),
    "retrieval_scale": (
        "Synthetic passages with random vectors: what an index costs by size. Embedding is"
        " measured on a sample and not included. Compare ratios: the machine was shared."
    ),
    "drafter_questions": (
        "150 questions in people's words over the shipped corpus, written before any search was"
        " run. `--quick` asks the same; the `test` split is never looked at one by one."
    ),
    "refinement": (
        "The reviewer is synthetic and consistent, which people are not: it shows that lessons"
        " carry over to points nobody judged, not how fast a real team is learnt from."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One benchmark's figures, or why there are none."""

    module: str
    day: str  # 2026-03-02
    seconds: float
    figures: Mapping[str, object]
    error: str = ""


def machine_facts() -> str:
    """Name what figures depend on: cores, architecture, system, Python."""
    cores = os.cpu_count() or 1
    noun = "core" if cores == 1 else "cores"
    system = f"{platform.machine()}, {platform.system()}"
    return f"{cores} {noun}, {system}, Python {platform.python_version()}"


def read_sections(page: Path) -> dict[str, str]:
    """Read the sections of an earlier page by the name of their benchmark."""
    parts = _HEADING.split(page.read_text(encoding="utf-8"))
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def write_page(
    runs: Sequence[Run], *, order: Sequence[str], kept: Mapping[str, str], facts: str
) -> str:
    """Write the page; sections of benchmarks that did not run are taken from `kept`."""
    sections = dict(kept) | {one.module: section(one, facts=facts) for one in runs}
    bodies = [f"## {name}\n\n{sections[name]}\n" for name in order if name in sections]
    return "\n".join((_INTRODUCTION, *bodies))


def section(one: Run, *, facts: str) -> str:
    """Write one benchmark's notes, command and table; a failure is said in the table's place."""
    notes = _NOTES.get(one.module, "")
    ran = f"`python -m benchmarks.{one.module} --quick`, {one.day}, {one.seconds:.0f} s, {facts}."
    if one.error:
        return "\n\n".join(part for part in (notes, ran, f"**Failed:** {one.error}.") if part)
    rows = [f"| `{name}` | {value} |" for name, value in flatten(one.figures)]
    table = "\n".join(("| figure | value |", "| --- | ---: |", *rows))
    return "\n\n".join(part for part in (notes, ran, table) if part)


def flatten(figures: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """List figures by dotted name, in their own order; a list's items carry their number."""
    for name, value in figures.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{key}.")
        elif isinstance(value, list):
            yield from flatten({str(place): item for place, item in enumerate(value)}, f"{key}.")
        else:
            yield key, written(value)


def written(value: object) -> str:
    """Write a figure: thousands with commas, four significant digits for fractions."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "–" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
