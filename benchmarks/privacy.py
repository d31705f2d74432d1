"""How fast a table's privacy is measured: k, l, t and risk, beside the same in plain pandas.

    python -m benchmarks.privacy [--rows 100000] [--quick]

A table of people is made from a fixed seed: year of birth, sex and district are the
quasi-identifiers, a diagnosis (equal distance) and a salary (ordered distance) are sensitive.
The peer follows the definitions class by class with pandas, on a slice under `--quick`; both
answers are compared. The search for combinations and the estimates for a larger population
are timed on a scan's 20,000 rows. The last line of stdout is one JSON object.
"""

import argparse
import random

import polars as pl

from benchmarks.report import Stopwatch, finish, peak_rss_mb, say
from policy_service.catalog.privacy.anonymity import AnonymityReport, measure
from policy_service.catalog.privacy.quasi_identifiers import find_quasi_identifiers
from policy_service.catalog.privacy.reidentification import ClassSizes, estimate_risk

_QUASI = ("born", "sex", "district")
_SENSITIVE = ("diagnosis", "salary")
_SCAN_ROWS = 20_000
_SLICE = 10_000


def make_people(rows: int) -> pl.DataFrame:
    """Make the table: 70 years of birth, two sexes, 77 districts of uneven size."""
    chance = random.Random(20261122)
    districts = [f"district {number:02d}" for number in range(77)]
    weights = [1 / (number + 3) for number in range(77)]
    diagnoses = [f"group {number:02d}" for number in range(30)]
    return pl.DataFrame(
        {
            "born": [1930 + int(chance.betavariate(3, 2) * 70) for _ in range(rows)],
            "sex": [chance.choice("FM") for _ in range(rows)],
            "district": chance.choices(districts, weights, k=rows),
            "diagnosis": chance.choices(diagnoses, range(1, 31), k=rows),
            "salary": [round(chance.lognormvariate(10, 0.5), -2) for _ in range(rows)],
            "children": [min(int(chance.expovariate(0.7)), 6) for _ in range(rows)],
            "town_size": [chance.choice((1, 5, 20, 100, 1_000)) for _ in range(rows)],
        }
    )


def measure_with_pandas(frame: pl.DataFrame) -> dict[str, float]:
    """Measure k, l and t as the definitions read, class by class."""
    import pandas as pd

    table = pd.DataFrame(frame.to_dict(as_series=False))
    groups = table.groupby(list(_QUASI))
    found = {"k": float(groups.size().min())}
    for name in _SENSITIVE:
        found[f"l_{name}"] = float(groups[name].nunique().min())
        whole = table[name].value_counts(normalize=True).sort_index()
        ordered = name == "salary"
        worst = 0.0
        for _, inside in groups[name]:
            shares = inside.value_counts(normalize=True).reindex(whole.index, fill_value=0.0)
            gap = shares - whole
            moved = gap.cumsum().abs().sum() / (len(whole) - 1) if ordered else gap.abs().sum() / 2
            worst = max(worst, float(moved))
        found[f"t_{name}"] = worst
    return found


def main() -> None:
    """Measure, compare, print the figures."""
    parser = argparse.ArgumentParser(description="privacy measures")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="few runs, the peer on a slice")
    options = parser.parse_args()
    frame = make_people(options.rows)
    say(f"made {frame.height:,} rows")
    report, cpu_s, wall_s = _measured(frame, runs=3 if options.quick else 7)
    say(f"k, l, t in {cpu_s:.3f} CPU-s; now pandas")
    part = frame.head(_SLICE) if options.quick else frame
    with Stopwatch() as watch:
        peer = measure_with_pandas(part)
    same = _agree(_measured(part, runs=1)[0], peer)
    scanned = frame.head(_SCAN_ROWS)
    columns = ("born", "sex", "district", "children", "town_size", "salary")
    rows = scanned.select(columns).rows()
    with Stopwatch() as search:
        found = find_quasi_identifiers(columns, rows, row_count=1_000_000)
    with Stopwatch() as risk:
        estimate_risk(ClassSizes.of([1] * 4_000 + [2] * 2_000), population_rows=1_000_000)
    finish(
        {
            "rows": frame.height,
            "classes": report.classes,
            "k": report.k,
            "k_l_t_cpu_s": cpu_s,
            "k_l_t_wall_s": wall_s,
            "rows_per_cpu_s": frame.height / cpu_s,
            "combinations_cpu_s": search.cpu_s,
            "combinations_rows": scanned.height,
            "combinations_found": len(found),
            "population_estimate_cpu_s": risk.cpu_s,
            "peers": {
                "pandas_by_definition": {
                    "rows": part.height,
                    "cpu_s": watch.cpu_s,
                    "rows_per_cpu_s": part.height / watch.cpu_s,
                    "same_answer": same,
                }
            },
            "speedup_over_pandas": (frame.height / cpu_s) / (part.height / watch.cpu_s),
            "note": "CPU of all threads; speedup is of rows a CPU second",
            "peak_rss_mb": peak_rss_mb(),
        }
    )


def _measured(frame: pl.DataFrame, *, runs: int) -> tuple[AnonymityReport, float, float]:
    measure(frame.head(100), quasi_identifiers=_QUASI, sensitive=_SENSITIVE)
    times = []
    for _ in range(runs):
        with Stopwatch() as watch:
            report = measure(frame, quasi_identifiers=_QUASI, sensitive=_SENSITIVE)
        times.append((watch.cpu_s, watch.wall_s))
    return report, *min(times)


def _agree(report: AnonymityReport, peer: dict[str, float]) -> bool:
    pairs = [(float(report.k), peer["k"])]
    for one in report.sensitive:
        pairs += [(one.distinct_l, peer[f"l_{one.column}"]), (one.t, peer[f"t_{one.column}"])]
    return all(abs(mine - other) < 1e-5 for mine, other in pairs)


if __name__ == "__main__":
    main()
