"""Interrupted scans: what is kept, that no value is, and that they end as if never stopped."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from policy_service.catalog.checkpoint import Checkpoint, NoCheckpoint, scan_sha256
from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import Cancelled, CatalogError
from policy_service.domain.progress import Progress, silent
from policy_service.kit.clock import FixedClock


class _Kept:
    """A checkpoint in memory that remembers what was saved in which order."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.saved: list[str] = []

    def load(self, part: str) -> str | None:
        """Return a part."""
        return self.parts.get(part)

    def save(self, part: str, text: str) -> None:
        """Keep a part."""
        self.parts[part] = text
        self.saved.append(part)

    def clear(self) -> None:
        """Forget all."""
        self.parts.clear()


def _stop_at(stage: str, step: int) -> Progress:
    def progress(now: str, done: int, total: int) -> None:
        if (now, done) == (stage, step):
            raise Cancelled("stopped")

    return progress


def _scan(
    path: Path,
    clock: FixedClock,
    checkpoint: Checkpoint,
    progress: Progress = silent,
) -> Catalog:
    return scan_source(
        url=f"sqlite:///{path}",
        source="bank",
        schema=None,
        sample_rows=100,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=progress,
        checkpoint=checkpoint,
    )


def _make(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of forty clients, only read."""
    path = tmp_path_factory.mktemp("bank") / "bank.db"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
    _make(
        path,
        "CREATE TABLE client (client_id INTEGER PRIMARY KEY, name TEXT, email TEXT, born TEXT)",
        "CREATE TABLE account (account_id INTEGER PRIMARY KEY, client_id INTEGER, iban TEXT)",
        "CREATE TABLE branch (branch_id INTEGER PRIMARY KEY, city TEXT)",
        "CREATE TABLE visit (n INTEGER, client_id INTEGER, branch_id INTEGER)",
        f"INSERT INTO client {numbers} SELECT i, 'Jana Nova ' || i, 'jana' || i || '@bank.cz', "
        "date('1950-01-01', i || ' months') FROM n",
        f"INSERT INTO account {numbers} SELECT i, 41 - i, 'CZ65080000001920001453' || i FROM n",
        f"INSERT INTO branch {numbers} SELECT i, 'Brno ' || i FROM n",
        f"INSERT INTO visit {numbers} SELECT i, i, i FROM n",
    )
    return path


def test_a_stopped_scan_goes_on_and_ends_the_same(bank: Path, clock: FixedClock) -> None:
    """Finished tables are not done again, and the catalogue is that of one scan, byte for byte."""
    kept = _Kept()
    with pytest.raises(Cancelled):
        _scan(bank, clock, kept, _stop_at("classify", 3))
    first = list(kept.saved)
    assert first[0] == "classified"
    assert len(first) == 4
    catalog = _scan(bank, clock, kept)
    again = kept.saved[len(first) :]
    assert not set(first) & set(again)
    assert catalog == _scan(bank, clock, NoCheckpoint())


def test_a_scan_stopped_while_reading_starts_over(bank: Path, clock: FixedClock) -> None:
    """Before all tables are classified together nothing is kept: samples never are."""
    kept = _Kept()
    with pytest.raises(Cancelled):
        _scan(bank, clock, kept, _stop_at("scan", 2))
    assert kept.parts == {}


def test_a_checkpoint_holds_no_value(bank: Path, clock: FixedClock) -> None:
    """No name, address or number of a person of the bank is in what an interrupted scan keeps."""
    kept = _Kept()
    _scan(bank, clock, kept)
    text = "\n".join(kept.parts.values())
    with closing(sqlite3.connect(bank)) as connection:
        rows = connection.execute("SELECT name, email, born FROM client").fetchall()
        rows += connection.execute("SELECT iban FROM account").fetchall()
    values = {value for row in rows for value in row}
    assert len(values) > 100
    assert not [value for value in values if value in text]


@pytest.mark.parametrize("text", ["{", '{"steps": 1}', '{"other": []}'])
def test_what_cannot_be_read_is_done_again(bank: Path, clock: FixedClock, text: str) -> None:
    """A checkpoint of another version, or a broken one, is left aside."""
    kept = _Kept()
    kept.parts["classified"] = text
    assert _scan(bank, clock, kept) == _scan(bank, clock, NoCheckpoint())


def test_a_table_that_changed_meanwhile_is_said(tmp_path: Path, clock: FixedClock) -> None:
    """Where a table's columns changed since the interruption, the next scan starts over."""
    path, kept = tmp_path / "a.db", _Kept()
    _make(path, "CREATE TABLE a (x TEXT)", "CREATE TABLE b (x TEXT)")
    with pytest.raises(Cancelled):
        _scan(path, clock, kept, _stop_at("classify", 1))
    _make(path, "ALTER TABLE b ADD COLUMN y TEXT")
    with pytest.raises(CatalogError, match="table `b` changed since the scan was interrupted"):
        _scan(path, clock, kept)
    assert len(_scan(path, clock, kept).tables[1].columns) == 2


def test_a_table_that_is_gone_or_new_is_noticed(tmp_path: Path, clock: FixedClock) -> None:
    """Other tables than at the interruption: everything is classified anew."""
    path, kept = tmp_path / "a.db", _Kept()
    _make(path, "CREATE TABLE a (x TEXT)", "CREATE TABLE b (x TEXT)")
    with pytest.raises(Cancelled):
        _scan(path, clock, kept, _stop_at("classify", 1))
    _make(path, "DROP TABLE b", "CREATE TABLE c (x TEXT)")
    assert [table.name for table in _scan(path, clock, kept).tables] == ["a", "c"]


def test_a_table_dropped_during_the_scan_is_left_out(tmp_path: Path, clock: FixedClock) -> None:
    """A table that vanishes between listing and reading does not stop the scan."""
    path = tmp_path / "a.db"
    _make(path, "CREATE TABLE a (x TEXT)", "CREATE TABLE b (x TEXT)", "CREATE TABLE c (x TEXT)")

    def drop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("scan", 1):
            _make(path, "DROP TABLE b")

    catalog = _scan(path, clock, NoCheckpoint(), drop)
    assert [table.name for table in catalog.tables] == ["a", "c"]


def test_scans_are_told_apart_without_their_password() -> None:
    """Another place, schema, sample or version is another scan; another password is not."""

    def told(url: str, schema: str | None = None, rows: int = 10, version: str = "1") -> str:
        return scan_sha256(url=url, schema=schema, sample_rows=rows, version=version)

    url = "postgresql://me:s3cret@host/db?host=/run&password=x"
    assert told(url) == told("postgresql://me:other@host/db?password=y&host=/run")
    different = {
        told(url),
        told(url.replace("/db", "/db2")),
        told(url.replace("/run", "/run2")),
        told(url, schema="s"),
        told(url, rows=11),
        told(url, version="2"),
    }
    assert len(different) == 6
