"""Column names to data categories: the learned name model beside twelve patterns and the rules.

    python -m benchmarks.classification [--columns F] [--train F] [--quick] [--seeds N]

Without `--train`, connectors are left out by vendor in five folds, dealt anew for each seed, and
learned from everything else; figures are means over seeds with their spread. With it, the model
learns from all of `--train`. Figures are of the connectors in `--columns`; other families are
left out whole in turn. Threshold and calibration come from the training rows alone.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.classification_data import (
    CONNECTORS,
    LabelledColumn,
    examples_of,
    read_columns,
    vendors_of,
)
from benchmarks.classification_peers import by_patterns, by_rules
from benchmarks.classification_scores import Answer, mean_and_spread, scores
from benchmarks.report import Stopwatch, finish, say
from policy_service.catalog.names.fit import fit_names
from policy_service.catalog.names.kernel import NameEncoder
from policy_service.catalog.names.model import NameModel
from policy_service.catalog.names.vectors import CachedEncoder
from policy_service.domain.errors import ModelIntegrityError, UsageError
from policy_service.engines.encoder import Encoder

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "column_classification"
FOLDS = 5
SEEDS = 5
PASSES = 3
TIERS = ("names", "with_encoder")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classification")
    parser.add_argument("--columns", type=Path, default=DATA / "fides_columns_shared.jsonl")
    parser.add_argument("--train", type=Path, help="learn from all of this file")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="ways to deal the folds")
    parser.add_argument("--quick", action="store_true", help="one way to deal the folds")
    options = parser.parse_args(arguments)
    missing = [path for path in (options.columns, options.train) if path and not path.is_file()]
    if missing:
        say(f"`{missing[0]}` is missing; give --columns")
        finish({"skipped": "the data is not there", "peers": {}})
        return
    columns = read_columns(options.columns)
    training = read_columns(options.train) if options.train else None
    finish(measure(columns, training, seeds=1 if options.quick else max(options.seeds, 1)))


def measure(
    columns: Sequence[LabelledColumn],
    training: Sequence[LabelledColumn] | None,
    *,
    seeds: int,
    encoder: NameEncoder | None = None,
) -> dict[str, object]:
    """Measure the model, its peers and its speed; the pinned encoder where none is given."""
    pinned = encoder or pinned_encoder()
    cached = CachedEncoder(pinned) if pinned else None
    connectors = [one for one in columns if one.family == CONNECTORS]
    if training is None:
        answers = [left_out(columns, seed=seed, encoder=cached) for seed in range(seeds)]
    else:
        answers = [learned(training, connectors, encoder=cached)]
    runs = {
        tier: [scores(connectors, one[tier]) for one in answers if tier in one] for tier in TIERS
    }
    best = runs["with_encoder"] or runs["names"]
    return {
        **mean_and_spread(best),
        "columns": len(connectors),
        "runs": len(best),
        "names_only": mean_and_spread(runs["names"]),
        **speed(columns, pinned),
        "families": {} if training else _families(columns, cached),
        "peers": _peers(connectors),
    }


def left_out(
    columns: Sequence[LabelledColumn], *, seed: int, encoder: NameEncoder | None
) -> dict[str, list[Answer]]:
    """Answer for each connector column, by tier, from models that never saw its vendor."""
    vendors = vendors_of(columns)
    if len(vendors) < FOLDS:
        raise UsageError(f"cannot leave out {FOLDS} groups of {len(vendors)} vendors; give --train")
    random.Random(seed).shuffle(vendors)
    found: dict[str, dict[int, Answer]] = {}
    for fold in range(FOLDS):
        say(f"seed {seed}: fold {fold + 1}/{FOLDS}")
        held = set(vendors[fold::FOLDS])
        places = [
            place
            for place, one in enumerate(columns)
            if one.family == CONNECTORS and one.vendor in held
        ]
        outside = set(places)
        rest = [one for place, one in enumerate(columns) if place not in outside]
        answered = learned(rest, [columns[place] for place in places], encoder=encoder)
        for tier, answers in answered.items():
            found.setdefault(tier, {}).update(zip(places, answers, strict=True))
    return {tier: [answers[place] for place in sorted(answers)] for tier, answers in found.items()}


def learned(
    training: Sequence[LabelledColumn],
    asked: Sequence[LabelledColumn],
    *,
    encoder: NameEncoder | None,
) -> dict[str, list[Answer]]:
    """Learn from some columns and answer for others, by tier."""
    weights = fit_names(examples_of(training), encoder=encoder)
    tiers = {"names": NameModel(weights)}
    if encoder:
        tiers["with_encoder"] = NameModel(weights, encoder=encoder)
    names = [one.column for one in asked]
    return {
        tier: [
            Answer(category=one.category, probability=one.personal) for one in model.predict(names)
        ]
        for tier, model in tiers.items()
    }


def speed(columns: Sequence[LabelledColumn], encoder: NameEncoder | None) -> dict[str, float]:
    """Time the shipped model: names met before, names never met, embedded ones."""
    names = [one.column for one in columns]
    model = NameModel.load()
    with Stopwatch() as first:
        model.predict(names)
    with Stopwatch() as again:
        for _ in range(PASSES):
            model.predict(names)
    found = {
        "columns_per_s": PASSES * len(names) / again.wall_s,
        "columns_per_cpu_s": PASSES * len(names) / again.cpu_s,
        "columns_per_s_first_pass": len(names) / first.wall_s,
    }
    if encoder is None:
        return found
    embedding = NameModel.load(encoder=encoder)
    with Stopwatch() as embedded:
        embedding.predict(names)
    return found | {
        "columns_per_s_with_encoder": len(names) / embedded.wall_s,
        "columns_per_cpu_s_with_encoder": len(names) / embedded.cpu_s,
    }


def _families(
    columns: Sequence[LabelledColumn], encoder: NameEncoder | None
) -> dict[str, Mapping[str, object]]:
    found: dict[str, Mapping[str, object]] = {}
    for family in sorted({one.family for one in columns} - {CONNECTORS}):
        say(f"family {family} left out")
        asked = [one for one in columns if one.family == family]
        answers = learned([one for one in columns if one.family != family], asked, encoder=encoder)
        found[family] = {tier: scores(asked, one) for tier, one in answers.items()} | _peers(asked)
    return found


def _peers(asked: Sequence[LabelledColumn]) -> dict[str, dict[str, float]]:
    return {
        "twelve_patterns": scores(asked, by_patterns(asked)),
        "catalogue_rules": scores(asked, by_rules(asked)),
    }


def pinned_encoder() -> Encoder | None:
    """Load the pinned encoder, or say why there is none."""
    try:
        return Encoder.load()
    except ModelIntegrityError as error:
        say(f"without an encoder: {error}")
        return None


if __name__ == "__main__":
    main()
