"""Make `policy_service/catalog/names/column_names.npz`: the name model, learned from all rows.

    python -m tests.tools.name_model [--columns F] [--out F]

The rows are those of data/column_classification; docs/classification.md is the model's card.
The same rows and the same machine give the same bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.classification_data import examples_of, read_columns
from benchmarks.report import progress
from policy_service.catalog.names.fit import fit_names
from policy_service.catalog.names.weights import write_weights
from policy_service.engines.encoder import Encoder

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ROOT.parent / "shared/data/column_classification/fides_columns_shared.jsonl"
TARGET = ROOT / "policy_service" / "catalog" / "names" / "column_names.npz"


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn both tiers and replace the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--columns", type=Path, default=COLUMNS)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    columns = read_columns(options.columns)
    weights = fit_names(examples_of(columns), encoder=Encoder.load(), progress=progress)
    data = write_weights(weights)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(data)
    print(f"{len(columns)} columns learned, {len(data):,} bytes in {options.out.name}")


if __name__ == "__main__":
    main()
