"""Whole scans of file sources: the same answers as from a database, and no value kept."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog, ForeignKey
from policy_service.domain.categories import CategoryTable
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import silent
from policy_service.kit.canonical import canonical_json
from policy_service.kit.clock import FixedClock
from tests.berka import TABLES, load_berka


def _scan(url: str, clock: FixedClock) -> Catalog:
    return scan_source(
        url=url,
        source="bank",
        schema=None,
        sample_rows=1_000,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def _found(catalog: Catalog) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    return {
        column.id: (column.category, column.data_type, column.reveals)
        for table in catalog.tables
        for column in table.columns
    }


def _keys(catalog: Catalog) -> set[tuple[str, ForeignKey]]:
    return {(table.id, key) for table in catalog.tables for key in table.foreign_keys}


def _to_parquet(database: Path, folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        for name in TABLES:
            rows = connection.execute(f'SELECT * FROM "{name}"')
            names = [one[0] for one in rows.description]
            frame = pl.DataFrame(rows.fetchall(), names, orient="row", infer_schema_length=None)
            frame.write_parquet(folder / f"{name}.parquet")


def test_berka_is_the_same_in_files_and_in_a_database(
    shared_data: Path, tmp_path: Path, clock: FixedClock
) -> None:
    """The bank's own CSV files, and Parquet, give the categories and keys that SQLite gives."""
    folder, database = shared_data / "berka", tmp_path / "berka.db"
    load_berka(f"sqlite:///{database}", folder, primary_keys=False)
    _to_parquet(database, tmp_path / "lake")
    stored = _scan(f"sqlite:///{database}", clock)
    for url, dialect in ((f"csv:///{folder}", "csv"), (str(tmp_path / "lake"), "parquet")):
        filed = _scan(url, clock)
        assert filed.dialect == dialect
        assert _found(filed) == _found(stored)
        assert _keys(filed) == _keys(stored)
        assert [one.row_count for one in filed.tables] == [one.row_count for one in stored.tables]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_catalogues_of_files_hold_no_value(tmp_path: Path, clock: FixedClock, ending: str) -> None:
    """Nothing planted in a file of any form is found in its catalogue."""
    rows = {
        "client_id": list(range(50)),
        "email": [f"canary{n}@qz77.example" for n in range(50)],
        "note": [f"QZ77 canary {n} said so" for n in range(50)],
    }
    frame, path = pl.DataFrame(rows), tmp_path / f"clients.{ending}"
    if ending == "csv":
        frame.write_csv(path)
    elif ending == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_parquet(path)
    catalog = _scan(str(path), clock)
    assert _found(catalog)["bank.public.clients.email"][0] == "user.contact.email"
    held = canonical_json(to_plain(catalog)).decode().lower()
    assert "canary" not in held
    assert "qz77" not in held


def test_a_description_is_classified_by_its_names(tmp_path: Path, clock: FixedClock) -> None:
    """Without a single value, names and types still tell; the evidence says that there was none."""
    columns = [
        {"name": "customer_id", "dataType": "BIGINT", "constraint": "PRIMARY_KEY"},
        {"name": "email", "dataType": "VARCHAR"},
        {"name": "date_of_birth", "dataType": "DATE"},
    ]
    path = tmp_path / "tables.json"
    path.write_text(json.dumps([{"name": "customers", "columns": columns}]))
    catalog = _scan(str(path), clock)
    assert catalog.dialect == "openmetadata"
    assert _found(catalog)["bank.public.customers.email"][0] == "user.contact.email"
    (table,) = catalog.tables
    assert table.row_count == 0
    assert all(
        any(piece.detector == "sample" for piece in column.evidence) for column in table.columns
    )
