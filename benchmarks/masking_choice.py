"""What masking chosen for k costs: loans of the berka bank, predicted from clear and masked data.

    python -m benchmarks.masking_choice [--berka FOLDER] [--rows 100000] [--quick]

For k of 5 and 20 the weakest masking of a client's birth number and district is chosen, under a
floor that keeps the number itself hidden, also with the birth number's loss counted ten times.
Then the error of group means, the joins kept and the AUC of a model of default (loan status B or
D) are measured, masked against clear. The peer is every combination measured, which tells
whether the choice is the cheapest and what pruning saves. A made-up table of `--rows` rows and
five columns gives the time of a search at size.
The last line of stdout is one JSON object; without the berka files their part is left out.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import polars as pl

from benchmarks.report import Stopwatch, finish, peak_rss_mb, progress, say
from policy_service.catalog.privacy.anonymity import measure
from policy_service.domain.asset import (
    Catalog,
    Column,
    ColumnProfile,
    ForeignKey,
    Sensitivity,
    Table,
)
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.identifiers import AssetId, DataCategory, Sha256Hex, asset_id
from policy_service.domain.parameters import Parameters
from policy_service.masking.choice.ladders import Ladder, cost_of, widen
from policy_service.masking.choice.search import Choice, Goal, Hidden, choose
from policy_service.masking.table import mask_table
from policy_service.workflows.masking_choice.measures import figures
from policy_service.workflows.masking_choice.prediction import Target
from policy_service.workflows.masking_choice.proposal import Utility
from policy_service.workflows.masking_choice.tables import MeasuringKeys, ReadTable

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "berka"
_KEPT = 10.0  # how much more the loss of a kept column counts
_SETTINGS = ((5, 1.0), (5, _KEPT), (20, _KEPT))  # k, and the weight of the birth number
TARGET = Target(table="loan", column="status", values=("B", "D"))
_REFERENCES = {
    "account": {"district_id": ("district", "A1")},
    "client": {"district_id": ("district", "A1")},
    "disp": {"client_id": ("client", "client_id"), "account_id": ("account", "account_id")},
    "loan": {"account_id": ("account", "account_id")},
    "order": {"account_id": ("account", "account_id")},
}
_KEYS = {name: f"{name}_id" for name in _REFERENCES} | {"district": "A1"}
_IDENTIFIERS = {
    "birth_number": "user.government_id.national_identification_number",
    "account_to": "user.financial.bank_account",
}
_TABLES = (*_REFERENCES, "district")
_BIRTH = (DataCategory("user.demographic.date_of_birth"),)


def control(operator: str, **parameters: object) -> Control:
    """Write a control."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


PSEUDONYM = control("pseudonymise", key="analytics")
LADDERS = (
    Ladder(
        name="birth_number",
        columns=("birth_number",),
        controls=widen([control("generalise", to="sex_and_year"), PSEUDONYM, control("redact")]),
    ),
    Ladder(
        name="district_id",
        columns=("district_id",),
        controls=widen([CLEAR, PSEUDONYM, control("redact")]),
        is_key=True,
    ),
)


def measured(
    frame: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str], k: int
) -> Hidden:
    """Measure k; no column is guarded by l or t here."""
    found = measure(frame, quasi_identifiers=quasi)
    return Hidden(k=found.k, below_k=found.share_below(k))


def read_berka(folder: Path) -> dict[str, pl.DataFrame]:
    """Read the tables that tell of a loan."""
    return {
        name: pl.read_csv(
            folder / f"{name}.asc", separator=";", null_values="?", infer_schema_length=None
        )
        for name in _TABLES
    }


def berka_catalog(frames: Mapping[str, pl.DataFrame]) -> Catalog:
    """Describe the tables as a scan finds them, as far as measuring cares."""
    return Catalog(
        source="berka",
        dialect="csv",
        tables=tuple(_table(name, frames[name]) for name in sorted(frames)),
        scanned_at="2026-01-01T00:00:00.000000Z",
        sha256=Sha256Hex(""),
    )


def _table(name: str, frame: pl.DataFrame) -> Table:
    return Table(
        id=asset_id("berka", "public", name),
        schema="public",
        name=name,
        row_count=frame.height,
        columns=tuple(_column(name, one, frame.schema[one]) for one in frame.columns),
        foreign_keys=tuple(
            ForeignKey(
                column=column,
                references_table=asset_id("berka", "public", table),
                references_column=key,
                inferred=True,
            )
            for column, (table, key) in sorted(_REFERENCES.get(name, {}).items())
        ),
    )


def _column(table: str, name: str, kind: pl.DataType) -> Column:
    number = "integer" if kind.is_integer() else "decimal"
    return Column(
        id=AssetId(asset_id("berka", "public", table, name)),
        name=name,
        data_type=number if kind.is_numeric() else "text",
        nullable=False,
        primary_key=name == _KEYS[table],
        profile=ColumnProfile(sampled_rows=0, null_fraction=0, distinct_fraction=0, shape="999999"),
        category=DataCategory(_IDENTIFIERS.get(name, "user")),
        sensitivity=Sensitivity.CONFIDENTIAL,
        confidence=1.0,
        reveals=_BIRTH if name == "birth_number" else (),
    )


def choose_berka(clients: pl.DataFrame, k: int, *, weight: float = 1.0) -> Choice:
    """Choose the masking of the clients; the birth number's loss counts `weight` times."""
    ladders = (replace(LADDERS[0], weight=weight), LADDERS[1])
    return choose(clients, ladders, goal=Goal(k=k), measure=measured, keys=MeasuringKeys())


def utility(
    catalog: Catalog, frames: Mapping[str, pl.DataFrame], found: Choice, *, seed: int = 7
) -> Utility:
    """Measure the utility of a choice: other columns clear, keys pseudonymised."""
    tables = {}
    for table in catalog.tables:
        controls = dict.fromkeys(frames[table.name].columns, CLEAR)
        for name in ("client_id", "account_id", "disp_id", "loan_id", "order_id"):
            if name in controls:
                controls[name] = PSEUDONYM
        if table.name == "client":
            controls.update(found.controls)
        tables[table.id] = ReadTable(table=table, clear=frames[table.name], controls=controls)
    client = asset_id("berka", "public", "client")
    return figures(catalog, tables, [client], target=TARGET, seed=seed, progress=progress)


def cheapest(clients: pl.DataFrame, k: int, *, weight: float = 1.0) -> tuple[float, int]:
    """Measure every combination; return the least weighted cost for `k`, and how many there are."""
    best, count = float("inf"), 0
    for controls in product(*(one.controls for one in LADDERS)):
        named = dict(zip(("birth_number", "district_id"), controls, strict=True))
        masked = mask_table(clients, controls=named, keys=MeasuringKeys())
        shown = [name for name in named if name in masked.columns]
        count += 1
        if not shown or measured(masked, quasi=shown, sensitive=(), k=k).k >= k:
            born, lives = (
                cost_of(ladder, one, clients, masked)
                for ladder, one in zip(LADDERS, controls, strict=True)
            )
            best = min(best, (weight * born + lives) / len(LADDERS))
    return best, count


def berka_figures(folder: Path, settings: Sequence[tuple[int, float]]) -> dict[str, object]:
    """Choose and measure for each setting."""
    frames = read_berka(folder)
    catalog = berka_catalog(frames)
    found: dict[str, object] = {}
    for k, weight in settings:
        name = f"k={k}" if weight == 1 else f"k={k}, birth number kept"
        say(f"berka: {name}")
        with Stopwatch() as watch:
            made = choose_berka(frames["client"], k, weight=weight)
        kept = utility(catalog, frames, made)
        best, combinations = cheapest(frames["client"], k, weight=weight)
        model, means = kept.prediction, kept.group_means
        found[name] = {
            "controls": {column: one.label for column, one in made.controls.items()},
            "k_before": made.before.k,
            "k_after": made.after.k,
            "cost": made.cost,
            "cheapest_weighted_cost": best,
            "measured": made.measured,
            "combinations": combinations,
            "search_cpu_s": watch.cpu_s,
            "auc_clear": model.auc_clear if model else None,
            "auc_masked": model.auc_masked if model else None,
            "auc_deviation": model.deviation if model else None,
            "group_mean_error": means.mean_error if means else 0.0,
            "join_rates": {one.reference: one.rate for one in kept.joins},
        }
    return found


def search_at_size(rows: int) -> dict[str, object]:
    """Time a search over five columns of a made-up table."""
    chance = random.Random(20260302)
    frame = pl.DataFrame(
        {
            "age": [min(max(int(chance.gauss(45, 18)), 18), 95) for _ in range(rows)],
            "pay": [chance.randrange(15_000, 90_000) for _ in range(rows)],
            "town": [f"{int(chance.expovariate(0.02)):05d}" for _ in range(rows)],
            "sex": [chance.choice("fm") for _ in range(rows)],
            "job": [f"job {int(chance.expovariate(0.2))}" for _ in range(rows)],
        }
    )
    levels = {
        "age": [CLEAR, control("bucket", width=10), control("redact")],
        "pay": [CLEAR, control("bucket", width=1000), control("redact")],
        "town": [CLEAR, control("generalise", to="prefix", keep=3), control("redact")],
        "sex": [CLEAR, control("redact")],
        "job": [CLEAR, control("redact")],
    }
    ladders = [
        Ladder(name=name, columns=(name,), controls=widen(found)) for name, found in levels.items()
    ]
    with Stopwatch() as watch:
        made = choose(frame, ladders, goal=Goal(k=5), measure=measured, keys=MeasuringKeys())
    return {
        "rows": rows,
        "cpu_s": watch.cpu_s,
        "wall_s": watch.wall_s,
        "measured": made.measured,
        "proven": made.proven,
        "k_before": made.before.k,
        "k_after": made.after.k,
        "controls": {name: one.label for name, one in made.controls.items()},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description="masking chosen by utility")
    parser.add_argument("--berka", type=Path, default=_FOLDER)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="one setting, a tenth of the rows")
    options = parser.parse_args(arguments)
    found: dict[str, object] = {}
    if options.berka.is_dir():
        found["berka"] = berka_figures(options.berka, _SETTINGS[:1] if options.quick else _SETTINGS)
    else:
        say(f"no berka files in {options.berka}: their part is left out")
    say("a search at size")
    found["search"] = search_at_size(options.rows // 10 if options.quick else options.rows)
    finish({**found, "peak_rss_mb": peak_rss_mb()})


if __name__ == "__main__":
    main()
