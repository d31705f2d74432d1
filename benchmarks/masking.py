"""How fast tables are masked: six masked columns of ten, beside presidio-structured.

    python -m benchmarks.masking --rows 100000 [--quick]

The table is made here from a fixed seed. presidio-structured runs the nearest
operators it has (hash with a fixed salt, mask, replace) on a slice of the same
table, as it is too slow for all of it; its rate is rows of the slice a second.
Ours and the peer's runs take turns and the best of each counts: on a shared machine
both meet the same neighbours. The last line of stdout is one JSON object.
"""

import argparse
import hashlib
import logging
import random
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.report import Stopwatch, finish, peak_rss_mb, say
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.parameters import Parameters
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.vault import VaultFile
from policy_service.kit.clock import SystemClock
from policy_service.masking.table import mask_table
from policy_service.masking.values import mask_value

_PRESIDIO_ROWS = 5_000
_SCALAR_ROWS = 20_000
_ROUNDS = 6
_RUNS_A_ROUND = 4  # ours are short: several in each turn
_SALT = "0123456789abcdef"


class _Keys:
    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


def _control(operator: str, **parameters: object) -> Control:
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = {
    "client_id": _control("pseudonymise", key="fraud_detection"),
    "name": _control("redact"),
    "card": _control("partial", last=4),
    "birth_number": _control("generalise", to="sex_and_year"),
    "balance": _control("bucket", width=1000),
    "postal_code": _control("generalise", to="prefix", keep=2),
    **dict.fromkeys(("account_id", "opened", "status", "branch"), CLEAR),
}


def make_table(rows: int) -> pl.DataFrame:
    """Make the table: a bank's accounts with their holders, a third of them with two accounts."""
    chance = random.Random(20260302)
    people = max(rows * 3 // 4, 1)
    born = [date(1930, 1, 1) + timedelta(days=chance.randrange(26_000)) for _ in range(people)]
    holders = [chance.randrange(people) for _ in range(rows)]
    return pl.DataFrame(
        {
            "account_id": range(rows),
            "client_id": holders,
            "name": [f"Holder Number{one}" for one in holders],
            "card": [f"4{chance.randrange(10**11):011d}{one % 10_000:04d}" for one in holders],
            "birth_number": [
                f"{born[one]:%y}{born[one].month + 50 * (one % 2):02d}{born[one]:%d}"
                for one in holders
            ],
            "balance": [round(chance.gauss(40_000, 15_000), 2) for _ in range(rows)],
            "postal_code": [f"{chance.randrange(10_000, 80_000)}" for _ in range(rows)],
            "opened": [born[one] + timedelta(days=7_000) for one in holders],
            "status": [chance.choice("ABCD") for _ in range(rows)],
            "branch": [one % 77 for one in holders],
        }
    )


def presidio_structured(frame: pl.DataFrame) -> Callable[[], float]:
    """Return what measures rows per CPU second of presidio-structured at its best.

    Pandas with object columns, a fixed salt; only its own call is timed.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    from presidio_anonymizer.entities import OperatorConfig
    from presidio_structured import PandasDataProcessor, StructuredAnalysis, StructuredEngine

    masked = {name: name.upper() for name, one in CONTROLS.items() if one is not CLEAR}
    mask = {"masking_char": "*", "chars_to_mask": 12, "from_end": False}
    hashed = OperatorConfig("hash", {"hash_type": "sha256", "salt": _SALT})
    operators = {
        "CLIENT_ID": hashed,
        "NAME": OperatorConfig("replace", {"new_value": "[redacted]"}),
        "CARD": OperatorConfig("mask", mask),
        "BIRTH_NUMBER": hashed,
        "BALANCE": OperatorConfig("replace", {"new_value": "[0, 1000)"}),
        "POSTAL_CODE": OperatorConfig("mask", {**mask, "chars_to_mask": 3, "from_end": True}),
    }
    clear = frame.with_columns(pl.col(list(masked)).cast(pl.String)).to_pandas().astype(object)
    engine = StructuredEngine(data_processor=PandasDataProcessor())

    def rate() -> float:
        table = clear.copy()
        with Stopwatch() as watch:
            engine.anonymize(table, StructuredAnalysis(entity_mapping=masked), operators=operators)
        return frame.height / watch.cpu_s

    return rate


def scalar_rate(frame: pl.DataFrame) -> float:
    """Return rows per CPU second of our own scalar form, value by value."""
    keys = _Keys()
    with Stopwatch() as watch:
        for name, control in CONTROLS.items():
            for value in frame[name].to_list():
                mask_value(value, control, keys=keys)
    return frame.height / watch.cpu_s


def masked_in(
    frame: pl.DataFrame, controls: Mapping[str, Control], runs: int
) -> tuple[float, float]:
    """Return the least wall seconds and the least CPU seconds of several runs."""
    watches = []
    for _ in range(runs):
        with Stopwatch() as watch:
            mask_table(frame, controls=controls, keys=_Keys())
        watches.append(watch)
    return min(one.wall_s for one in watches), min(one.cpu_s for one in watches)


def cpu_ms_by_column(frame: pl.DataFrame) -> dict[str, float]:
    """Return what each masked column costs by itself."""
    alone = {name: {name: one} for name, one in CONTROLS.items() if one is not CLEAR}
    return {
        name: 1000 * masked_in(frame, controls, _RUNS_A_ROUND)[1]
        for name, controls in alone.items()
    }


def keyed_values_per_cpu_s(count: int) -> dict[str, float]:
    """Return how many distinct texts a CPU second the operators with a keyring mask."""
    column = pl.DataFrame({"c": [f"{place:016d}" for place in range(count)]})
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        ring = KeyRing.create(Path(folder) / "keyring.json", clock=SystemClock())
        vault = VaultFile.create(Path(folder) / "vault.db", provider=ring)
        keys = PurposeKeys(ring=ring, vault=vault)
        for name in ("format_preserving", "encrypt", "tokenise", "tokenise_again"):
            control = _control(name.removesuffix("_again"), key="fraud_detection")
            with Stopwatch() as watch:
                mask_table(column, controls={"c": control}, keys=keys)
            rates[name] = count / watch.cpu_s
        vault.close()
    return rates


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description="masking speed")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="two rounds, small slices")
    options = parser.parse_args(arguments)
    frame = make_table(options.rows)
    say(f"made {frame.height:,} rows of {frame.width} columns")
    mask_table(frame.head(1_000), controls=CONTROLS, keys=_Keys())
    slice_rows = min(options.rows, 1_000 if options.quick else _PRESIDIO_ROWS)
    peer = presidio_structured(frame.head(slice_rows))
    wall_s, cpu_s, presidio = float("inf"), float("inf"), 0.0
    for number in range(2 if options.quick else _ROUNDS):
        wall, cpu = masked_in(frame, CONTROLS, _RUNS_A_ROUND)
        wall_s, cpu_s, presidio = min(wall, wall_s), min(cpu, cpu_s), max(peer(), presidio)
        say(f"round {number + 1}: {wall_s:.3f} s, {cpu_s:.3f} CPU-s; peer {presidio:,.0f} rows/s")
    scalar = scalar_rate(frame.head(min(options.rows, _SCALAR_ROWS)))
    finish(
        {
            "rows": frame.height,
            "masked_columns": sum(one is not CLEAR for one in CONTROLS.values()),
            "columns": frame.width,
            "rows_per_s": frame.height / wall_s,
            "rows_per_cpu_s": frame.height / cpu_s,
            "speedup_over_presidio_structured": frame.height / cpu_s / presidio,
            "cpu_ms_by_column": cpu_ms_by_column(frame),
            "keyed_values_per_cpu_s": keyed_values_per_cpu_s(min(options.rows, _SCALAR_ROWS)),
            "peers": {
                "presidio_structured": {"rows": slice_rows, "rows_per_cpu_s": presidio},
                "scalar_form": {
                    "rows": min(options.rows, _SCALAR_ROWS),
                    "rows_per_cpu_s": scalar,
                },
            },
            "note": "presidio_structured on a slice, in turns, best of each; speedup of CPU rates",
            "peak_rss_mb": peak_rss_mb(),
        }
    )


if __name__ == "__main__":
    main()
