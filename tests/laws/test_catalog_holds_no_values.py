"""Law 8 for catalogues: no sampled value in the catalogue, in errors or in logs."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.sample.bank import make_sample_bank
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.progress import silent
from policy_service.kit.canonical import canonical_json
from policy_service.kit.clock import FixedClock


def _scan(path: Path, clock: FixedClock) -> Catalog:
    return scan_source(
        url=f"sqlite:///{path}",
        source="bank",
        schema=None,
        sample_rows=300,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def _values(path: Path) -> set[str]:
    """Every text and number of the bank, and every word of its texts."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        found = {
            str(cell)
            for table in tables
            if not table.startswith("sqlite_")
            for row in connection.execute(f"SELECT * FROM {table}")
            for cell in row
        }
    return found | {word.strip(".,") for value in found for word in value.split()}


def test_catalogue_holds_no_value_of_the_sample_bank(
    tmp_path: Path, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """No mail, telephone, card, account or national number, name of a person or text occurs."""
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "bank.db"
    make_sample_bank(path, seed=11, progress=silent)
    catalog = canonical_json(to_plain(_scan(path, clock))).decode()
    telling = {
        value
        for value in _values(path)
        if len(value) >= 6 and any(sign.isdigit() or sign.isupper() for sign in value)
    }
    assert len(telling) > 10_000
    assert {value for value in telling if value in catalog} == set()
    assert {value for value in telling if value in caplog.text} == set()


_CANARY = st.text("abcdefghjkmnpqrstuvwxyz0123456789@.-+ ", min_size=2, max_size=30)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(_CANARY, min_size=1, max_size=12))
def test_catalogue_holds_no_canary(values: list[str], tmp_path: Path, clock: FixedClock) -> None:
    """Whatever is planted in a column, under any name, it is not found in the catalogue."""
    canaries = [f"QZ{value}ZQ77" for value in values]
    path = tmp_path / "canary.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customer (email TEXT, note TEXT, code, iban TEXT)")
        connection.executemany(
            "INSERT INTO customer VALUES (?, ?, ?, ?)", [(one, one, one, one) for one in canaries]
        )
    catalog = canonical_json(to_plain(_scan(path, clock))).decode()
    assert not [one for one in canaries if one in catalog]


def test_the_same_database_gives_the_same_bytes(tmp_path: Path, clock: FixedClock) -> None:
    """Two scans of one database are equal byte for byte, and a catalogue can be stored whole."""
    path = tmp_path / "bank.db"
    make_sample_bank(path, seed=3, progress=silent)
    first, second = _scan(path, clock), _scan(path, clock)
    assert canonical_json(to_plain(first)) == canonical_json(to_plain(second))
    assert from_plain(Catalog, to_plain(first)).sha256 == first.sha256


def test_a_scan_changes_nothing(tmp_path: Path, clock: FixedClock) -> None:
    """The file's bytes are the same after a scan, and no file is left beside it."""
    path = tmp_path / "bank.db"
    make_sample_bank(path, seed=5, progress=silent)
    before = path.read_bytes()
    _scan(path, clock)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["bank.db"]
