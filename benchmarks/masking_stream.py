"""How fast, and in how little memory, a table larger than memory is masked.

    python -m benchmarks.masking_stream --rows 50000000 [--quick] [--folder DIR]

The table is that of `benchmarks.masking`: six masked columns of ten. Chunks made from fixed
seeds are repeated, each time with other ids, into a folder of Parquet files; that is streamed
into one folder of masked files. Memory is this process's, so what the making of the table
takes comes before: `peak_rss_mb_at_10_percent` beside `peak_rss_mb` says whether it is flat.
Sampled rows of the result are compared with `mask_value`, the scalar form. `stopped_after`
rows, the run is broken off once and goes on. The last line of stdout is one JSON object.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from benchmarks.masking import CONTROLS, _Keys, make_table
from benchmarks.report import Stopwatch, finish, peak_rss_mb, progress, rss_mb, say
from policy_service.masking.bulk.batches import open_files
from policy_service.masking.bulk.streaming import StreamedTable, StreamJob, mask_files
from policy_service.masking.values import mask_value

_CHUNK_ROWS = 200_000
_CHUNKS_A_FILE = 20
_SAMPLES = 40  # places in the result
_SAMPLE_ROWS = 25  # of each place
_JOB = StreamJob(controls=CONTROLS, keys=_Keys())


class _StoppedError(Exception):
    """The run is broken off here."""


class _Meter:
    """Progress that notes memory, and breaks the run off once where it is told to."""

    def __init__(self, *, stop_at: int) -> None:
        self.rss: list[tuple[int, float]] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.rss.append((done, rss_mb()))
        if self._stop_at and done >= self._stop_at:
            self._stop_at = 0
            raise _StoppedError
        progress(stage, done // 1_000_000, total // 1_000_000)

    def highest(self, *, up_to: int) -> float:
        """Return the most memory held by the time so many rows were done, in MiB."""
        return max(held for done, held in self.rss if done <= max(up_to, self.rss[0][0]))


def make_files(folder: Path, rows: int) -> None:
    """Write the table: one chunk from a seed, again and again with other ids and balances."""
    folder.mkdir()
    chunk = make_table(min(rows, _CHUNK_ROWS))
    for first in range(0, rows, _CHUNK_ROWS * _CHUNKS_A_FILE):
        starts = range(first, min(first + _CHUNK_ROWS * _CHUNKS_A_FILE, rows), _CHUNK_ROWS)
        pl.concat(
            chunk.head(rows - start).with_columns(
                pl.col("account_id", "client_id") + start, pl.col("balance") + start % 977
            )
            for start in starts
        ).write_parquet(folder / f"{first // (_CHUNK_ROWS * _CHUNKS_A_FILE):05d}.parquet")
        say(f"made {min(starts[-1] + _CHUNK_ROWS, rows):,} of {rows:,} rows")


def stream(source: Path, target: Path, meter: _Meter) -> StreamedTable:
    """Mask all files, going on once where the run was broken off."""
    with suppress(_StoppedError):
        return mask_files(open_files(source), target, job=_JOB, progress=meter)
    return mask_files(open_files(source), target, job=_JOB, progress=meter)


def wrong_cells(source: Path, target: Path, rows: int) -> tuple[int, int]:
    """Compare sampled cells with the scalar form; return how many differ, and of how many."""
    clear, masked = (pl.scan_parquet(sorted(place.iterdir())) for place in (source, target))
    wrong = seen = 0
    step = max(rows // _SAMPLES, 1)
    for start in range(0, rows, step):
        before, after = (one.slice(start, _SAMPLE_ROWS).collect() for one in (clear, masked))
        for name, control in CONTROLS.items():
            want = [mask_value(value, control, keys=_JOB.keys) for value in before[name]]
            found = after[name].to_list()
            wrong += sum(one != other for one, other in zip(want, found, strict=True))
            seen += len(want)
    return wrong, seen


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--quick", action="store_true", help="two million rows")
    parser.add_argument("--folder", type=Path, help="where to write; the system's, if not given")
    options = parser.parse_args(arguments)
    rows = min(options.rows, 2_000_000) if options.quick else options.rows
    folder = Path(tempfile.mkdtemp(prefix="masking-stream-", dir=options.folder))
    try:
        make_files(folder / "in", rows)
        made_rss = rss_mb()
        meter = _Meter(stop_at=rows // 2)
        with Stopwatch() as watch:
            done = stream(folder / "in", folder / "out", meter)
        began = time.perf_counter()
        wrong, seen = wrong_cells(folder / "in", folder / "out", rows)
        say(f"compared {seen:,} cells in {time.perf_counter() - began:.1f} s: {wrong} differ")
        finish(
            {
                "rows": done.rows_read,
                "masked_columns": 6,
                "columns": len(done.columns),
                "batches": done.batches,
                "batches_resumed": done.batches_resumed,
                "rows_per_s": rows / watch.wall_s,
                "rows_per_cpu_s": rows / watch.cpu_s,
                "rss_mb_before": made_rss,
                "peak_rss_mb_at_10_percent": meter.highest(up_to=rows // 10),
                "peak_rss_mb_at_100_percent": meter.highest(up_to=rows),
                "peak_rss_mb": peak_rss_mb(),
                "cells_compared": seen,
                "cells_wrong": wrong,
            }
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
