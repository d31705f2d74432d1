"""What every operator costs: masked values a CPU second, a column at a time.

    python -m benchmarks.masking_operators --rows 100000 [--quick]

Each operator masks one column of `rows` values from a fixed seed, mostly distinct, which
is the costly case for what is masked once for each distinct value. Tokens and encrypted
cells depend on their stores and are not here. The last line of stdout is one JSON object.
"""

import argparse
import hashlib
import random
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from benchmarks.report import Stopwatch, finish, peak_rss_mb, say
from policy_service.domain.control import Control
from policy_service.domain.control_text import read_control
from policy_service.masking.table import mask_table
from policy_service.masking.values import mask_value

_RUNS = 3
_SCALAR_VALUES = 2_000
CASES = {
    "redact": ("name", "redact"),
    "generalise year of a date": ("born", "generalise(to=year)"),
    "generalise to a level": ("district", "generalise(to=level, hierarchy=czech_districts)"),
    "bucket": ("balance", "bucket(width=1000)"),
    "partial": ("card", "partial(last=4)"),
    "synthetic name": ("name", "synthetic(kind=name, key=k)"),
    "pseudonymise": ("name", "pseudonymise(key=k)"),
    "format_preserving": ("card", "format_preserving(key=k)"),
    "noise, whole": ("client_id", "noise(scale=10, key=k)"),
    "noise by subject": ("balance", "noise(scale=100, key=k, subject=client_id)"),
    "date_shift": ("born", "date_shift(days=30, key=k)"),
    "date_shift by subject": ("born", "date_shift(days=30, key=k, subject=client_id)"),
    "date_shift of text": ("born_text", "date_shift(days=30, key=k)"),
    "top_bottom": ("balance", "top_bottom(low=10000, high=90000)"),
    "suppress": ("district", "suppress(k=10)"),
    "aggregate": ("balance", "aggregate(of=mean, by=district, k=10)"),
}


class _Keys:
    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


def make_table(rows: int) -> pl.DataFrame:
    """Make the columns that the operators are for."""
    chance = random.Random(20260402)
    born = [date(1930, 1, 1) + timedelta(days=chance.randrange(26_000)) for _ in range(rows)]
    places = ("Kladno", "Praha", "Brno-město", "Zlín", "Cheb", "Most", "Opava", "Louny")
    return pl.DataFrame(
        {
            "client_id": [chance.randrange(rows) for _ in range(rows)],
            "name": [f"Holder Number{one}" for one in range(rows)],
            "card": [f"4{chance.randrange(10**15):015d}" for _ in range(rows)],
            "balance": [round(chance.gauss(40_000, 15_000), 2) for _ in range(rows)],
            "born": born,
            "born_text": [str(one) for one in born],
            "district": [chance.choice(places) for _ in range(rows)],
        }
    )


def values_per_cpu_s(frame: pl.DataFrame, column: str, control: Control, runs: int) -> float:
    """Return the best of several runs over one column; groups are shown in clear beside it."""
    controls = {"district": read_control("clear"), column: control}
    best = float("inf")
    for _ in range(runs):
        with Stopwatch() as watch:
            mask_table(frame, controls=controls, keys=_Keys(), whole_table=True)
        best = min(best, watch.cpu_s)
    return frame.height / best


def scalar_per_cpu_s(frame: pl.DataFrame, column: str, control: Control) -> float | None:
    """Return the rate of the scalar form; none for what needs the whole table."""
    if control.operator.needs_whole_table:
        return None
    rows = frame.head(_SCALAR_VALUES)
    pairs = list(zip(rows[column].to_list(), rows["client_id"].to_list(), strict=True))
    with Stopwatch() as watch:
        for value, client in pairs:
            mask_value(value, control, keys=_Keys(), row={"client_id": client})
    return len(pairs) / watch.cpu_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description="what each masking operator costs")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="10,000 rows, one run")
    options = parser.parse_args(arguments)
    rows, runs = (min(options.rows, 10_000), 1) if options.quick else (options.rows, _RUNS)
    frame = make_table(rows)
    figures, scalar = {}, {}
    for name, (column, text) in CASES.items():
        control = read_control(text)
        figures[name] = values_per_cpu_s(frame, column, control, runs)
        scalar[name] = scalar_per_cpu_s(frame, column, control)
        say(f"{name}: {figures[name]:,.0f} values a CPU-s")
    finish(
        {
            "rows": rows,
            "values_per_cpu_s": figures,
            "slowest_values_per_cpu_s": min(figures.values()),
            "peak_rss_mb": peak_rss_mb(),
            "peers": {"scalar_form": {"values_per_cpu_s": scalar}},
        }
    )


if __name__ == "__main__":
    main()
