"""Scanning real DuckDB files."""

from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.scan import scan_source
from policy_service.catalog.sources.database import open_database
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import EmptySourceError, SourceUnreachableError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock

duckdb = pytest.importorskip("duckdb")


def _scan(url: str, clock: FixedClock, schema: str | None = None) -> Catalog:
    return scan_source(
        url=url,
        source="shop",
        schema=schema,
        sample_rows=50,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def _make(path: Path, *statements: str) -> str:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return f"duckdb:///{path}"


def test_rich_and_nested_types_are_read(tmp_path: Path, clock: FixedClock) -> None:
    """Structs, lists, maps, unions, intervals, enums and bytes are sampled and typed."""
    url = _make(
        tmp_path / "r.duckdb",
        "CREATE TYPE mood AS ENUM ('fine', 'sad')",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, h UHUGEINT, s STRUCT(a INT, b VARCHAR), l INT[], "
        "m MAP(VARCHAR, INT), x UNION(n INT, v VARCHAR), u UUID, e mood, i INTERVAL, bits BIT, "
        "raw BLOB, at_ TIMESTAMPTZ, born DATE, d DECIMAL(10, 2), f DOUBLE, ok BOOLEAN, "
        '"odd %s ""name"" 🐟" VARCHAR, long VARCHAR)',
        "INSERT INTO t VALUES (1, 12345678901234567890, {'a': 1, 'b': 'z'}, [1, 2], MAP {'k': 1}, "
        "3, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'sad', INTERVAL 1 DAY, '101', '\\x00\\xff', "
        "'2026-01-02', '2026-01-02', 1.5, 2.5, true, 'žluť', repeat('x', 3000))",
        "CREATE VIEW v AS SELECT 1 AS one",
    )
    (table,) = _scan(url, clock).tables
    assert table.id == "shop.main.t"
    assert {column.name: column.data_type for column in table.columns} == {
        "id": "integer", "h": "integer", "s": "other", "l": "other", "m": "other", "x": "other",
        "u": "text", "e": "text", "i": "other", "bits": "other", "raw": "binary",
        "at_": "timestamp", "born": "date", "d": "decimal", "f": "decimal", "ok": "boolean",
        'odd %s "name" 🐟': "text", "long": "text",
    }  # fmt: skip
    assert [column.name for column in table.columns if column.profile.null_fraction] == []
    assert table.columns[-1].profile.max_length == 2000


def test_keys_are_declared_or_inferred(tmp_path: Path, clock: FixedClock) -> None:
    """Constraints of DuckDB are read; an undeclared key is proven by the file."""
    url = _make(
        tmp_path / "k.duckdb",
        "CREATE TABLE client (client_id INTEGER PRIMARY KEY, email VARCHAR UNIQUE)",
        "CREATE TABLE visit (id INTEGER, client_id INTEGER)",
        "CREATE TABLE call_ (id INTEGER, who INTEGER REFERENCES client (client_id))",
        "INSERT INTO client VALUES (1, 'a@example.org'), (2, 'b@example.org')",
        "INSERT INTO visit VALUES (1, 1), (2, 2)",
        "INSERT INTO call_ VALUES (1, 1)",
    )
    catalog = _scan(url, clock)
    assert catalog.dialect == "duckdb"
    keys = {table.name: table.foreign_keys for table in catalog.tables}
    assert [(key.column, key.inferred) for key in keys["call_"]] == [("who", False)]
    assert [(key.column, key.inferred) for key in keys["visit"]] == [("client_id", True)]
    email = catalog.find_column(AssetId("shop.main.client.email"))
    assert email is not None
    assert email.category == "user.contact.email"


def test_a_schema_of_ones_own_is_scanned(tmp_path: Path, clock: FixedClock) -> None:
    """Another schema is found by name; empty and unknown ones are told apart."""
    url = _make(tmp_path / "s.duckdb", "CREATE SCHEMA sales", "CREATE TABLE sales.q (x INTEGER)")
    assert [table.id for table in _scan(url, clock, schema="sales").tables] == ["shop.sales.q"]
    with pytest.raises(EmptySourceError, match="schema `main` has no tables"):
        _scan(url, clock)
    with pytest.raises(EmptySourceError, match="no schema `none`; the database has `main`"):
        _scan(url, clock, schema="none")


def test_what_is_no_duckdb_file_is_said(tmp_path: Path, clock: FixedClock) -> None:
    """A missing file is not created; a text file and a database in memory are refused."""
    missing = tmp_path / "none.duckdb"
    with pytest.raises(SourceUnreachableError, match="there is no database file"):
        _scan(f"duckdb:///{missing}", clock)
    assert not missing.exists()
    note = tmp_path / "note.duckdb"
    note.write_text("this is a note " * 1000)
    with pytest.raises(SourceUnreachableError, match="not a whole DuckDB file"):
        _scan(f"duckdb:///{note}", clock)
    with pytest.raises(SourceUnreachableError, match="is no file"):
        _scan("duckdb:///:memory:", clock)


def test_a_scan_cannot_write_nor_leave_the_file(tmp_path: Path, clock: FixedClock) -> None:
    """The file is opened for reading, other files are out of reach, and its bytes stay."""
    path = tmp_path / "w.duckdb"
    url = _make(path, "CREATE TABLE t AS SELECT 1 AS a")
    (tmp_path / "other.csv").write_text("a\n1\n")
    before = path.read_bytes()
    for statement in ("CREATE TABLE n (a INT)", f"SELECT * FROM '{tmp_path}/other.csv'"):
        with (
            pytest.raises(SourceUnreachableError, match="it answered with"),
            open_database(url, None) as source,
        ):
            source.connection.exec_driver_sql(statement)
    _scan(url, clock)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.csv", "w.duckdb"]


def test_a_large_table_is_sampled_along_its_rows(tmp_path: Path) -> None:
    """Without any key the row number spreads the sample, the same one each time."""
    url = _make(tmp_path / "l.duckdb", "CREATE TABLE t AS SELECT range AS n FROM range(250000)")
    with open_database(url, None) as source:
        table = source.read_table("t", source="shop", sample_rows=100)
        assert table == source.read_table("t", source="shop", sample_rows=100)
        rows = source.read_rows(table, ["n"], most=1_000)
    assert table.row_count == 250_000
    assert len(table.columns[0].values) == 100
    assert max(int(str(value)) for value in table.columns[0].values) > 230_000
    assert len(rows) == 1_000
