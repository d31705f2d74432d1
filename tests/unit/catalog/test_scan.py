"""Scanning: what is read, what is refused, and what a person is told."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.opening import open_source
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError, EmptySourceError, SourceUnreachableError
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock


def _scan(url: str, clock: FixedClock, schema: str | None = None, rows: int = 100) -> Catalog:
    return scan_source(
        url=url,
        source="shop",
        schema=schema,
        sample_rows=rows,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def _make(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def _table(catalog: Catalog, name: str) -> Table:
    table = catalog.table(AssetId(f"shop.public.{name}"))
    assert table is not None
    return table


def test_a_missing_file_is_said_and_not_created(tmp_path: Path, clock: FixedClock) -> None:
    """A path without a file is an error that names it, and leaves no file behind."""
    path = tmp_path / "bank.db"
    with pytest.raises(SourceUnreachableError, match=r"there is no database file `.*bank\.db`"):
        _scan(f"sqlite:///{path}", clock)
    assert not path.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url at all s3cret", "not a database URL"),
        ("oracle://u:s3cret@h/db", "`oracle` are not supported"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql://u:s3cret@127.0.0.1:1/db?password=s3cret", "127.0.0.1:1/db"),
        ("postgresql://u:s3cret@h:port/db", "not a database URL"),
    ],
)
def test_a_wrong_url_is_said_without_its_password(url: str, said: str, clock: FixedClock) -> None:
    """Wrong, unsupported and unreachable URLs are told apart; no message holds the password."""
    with pytest.raises(SourceUnreachableError) as caught:
        _scan(url, clock)
    assert said in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_no_database_is_said(tmp_path: Path, clock: FixedClock) -> None:
    """A text file is refused as not a whole SQLite database."""
    path = tmp_path / "note.db"
    path.write_text("this is not a database, it is a note " * 40)
    with pytest.raises(SourceUnreachableError, match="not a whole SQLite database"):
        _scan(f"sqlite:///{path}", clock)


def test_a_database_without_tables_is_empty(tmp_path: Path, clock: FixedClock) -> None:
    """A schema that only has a view is empty, and a schema SQLite cannot have is unknown."""
    url = _make(tmp_path / "e.db", "CREATE VIEW v AS SELECT 1 AS one")
    with pytest.raises(EmptySourceError, match="schema `public` has no tables"):
        _scan(url, clock)
    with pytest.raises(SourceUnreachableError, match="has no schema `sales`"):
        _scan(url, clock, schema="sales")


def test_nonsense_settings_are_refused(tmp_path: Path, clock: FixedClock) -> None:
    """No sample rows and a source without a name are errors."""
    url = _make(tmp_path / "s.db", "CREATE TABLE t (a INTEGER)")
    with pytest.raises(CatalogError, match="at least 1"):
        _scan(url, clock, rows=0)
    with pytest.raises(CatalogError, match="needs a name"):
        scan_source(
            url=url,
            source=" ",
            schema=None,
            sample_rows=1,
            classifier=Classifier(text_finder=None),
            categories=CategoryTable(()),
            clock=clock,
            progress=silent,
        )


def test_a_table_without_rows_is_catalogued_with_a_note(tmp_path: Path, clock: FixedClock) -> None:
    """It keeps its columns, classified by name and type, less surely, and says so."""
    filled = "CREATE TABLE people (email TEXT, first_name TEXT)"
    url = _make(tmp_path / "a.db", filled)
    full = _make(tmp_path / "b.db", filled, "INSERT INTO people VALUES ('a@example.org', 'Ada')")
    empty_column = _table(_scan(url, clock), "people").columns[0]
    full_column = _table(_scan(full, clock), "people").columns[0]
    assert empty_column.category == full_column.category == "user.contact.email"
    assert empty_column.confidence < full_column.confidence
    assert empty_column.evidence[-1].detail == "no rows: name and type only"


def test_different_values_are_those_of_the_whole_table(tmp_path: Path, clock: FixedClock) -> None:
    """A key of 500 rows is told to have 500 values though 50 were sampled; a flag has two."""
    rows = ", ".join(f"({number}, {number % 2})" for number in range(500))
    url = _make(
        tmp_path / "w.db",
        "CREATE TABLE parts (number INTEGER, flag INTEGER)",
        f"INSERT INTO parts VALUES {rows}",
    )
    number, flag = _table(_scan(url, clock, rows=50), "parts").columns
    assert (number.profile.estimated_distinct, flag.profile.estimated_distinct) == (500, 2)


def test_odd_names_and_foreign_bytes_are_read(tmp_path: Path, clock: FixedClock) -> None:
    """Reserved words, dots, quotes, percent signs and broken text do not stop a scan."""
    url = _make(
        tmp_path / "o.db",
        'CREATE TABLE "order" ("group" INTEGER PRIMARY KEY, "a.b" TEXT, "c%d ""e""" BLOB, f)',
        "INSERT INTO \"order\" VALUES (1, CAST(x'ff41' AS TEXT), x'00ff', 1.5), (2, NULL, NULL, 2)",
        'CREATE TABLE "100% odd:name" (x)',
    )
    catalog = _scan(url, clock)
    table = _table(catalog, "order")
    assert [column.name for column in table.columns] == ["group", "a.b", 'c%d "e"', "f"]
    assert table.columns[1].id == "shop.public.order.a%2Eb"
    assert [column.data_type for column in table.columns] == [
        "integer",
        "text",
        "binary",
        "decimal",
    ]
    assert table.columns[2].profile.null_fraction == 0.5
    assert len(catalog.tables) == 2


def test_views_are_left_out_and_declared_keys_kept(tmp_path: Path, clock: FixedClock) -> None:
    """A view is no table; a declared key is kept even where it names no column."""
    url = _make(
        tmp_path / "v.db",
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT)",
        "CREATE TABLE visit (n INTEGER PRIMARY KEY, who INTEGER REFERENCES customer)",
        "CREATE VIEW names AS SELECT email FROM customer",
        "INSERT INTO customer VALUES (1, 'a@example.org')",
        "INSERT INTO visit VALUES (1, 1)",
    )
    catalog = _scan(url, clock)
    assert [table.name for table in catalog.tables] == ["customer", "visit"]
    (key,) = _table(catalog, "visit").foreign_keys
    assert (key.column, key.references_column, key.inferred) == ("who", "id", False)
    assert _table(catalog, "visit").columns[1].category == "user.unique_id"


def test_names_alone_do_not_make_a_foreign_key(tmp_path: Path, clock: FixedClock) -> None:
    """A column that points at a table by name is no key when its values are not there."""
    url = _make(
        tmp_path / "k.db",
        "CREATE TABLE customer (id INTEGER PRIMARY KEY)",
        "CREATE TABLE parcel (code TEXT, customer_id INTEGER, other_customer INTEGER)",
        "INSERT INTO customer VALUES (1), (2)",
        "INSERT INTO parcel VALUES ('x', 7, 1), ('y', 8, 2)",
    )
    keys = _table(_scan(url, clock), "parcel").foreign_keys
    assert [key.column for key in keys] == ["other_customer"]


def test_keys_are_inferred_from_many_spellings(tmp_path: Path, clock: FixedClock) -> None:
    """`customerid`, `home_customer_id` and `CustomerNo` all point at `Customers`."""
    url = _make(
        tmp_path / "m.db",
        "CREATE TABLE Customers (id INTEGER PRIMARY KEY, parent_customer INTEGER)",
        "CREATE TABLE a (n INTEGER PRIMARY KEY, customerid INTEGER)",
        "CREATE TABLE b (n INTEGER PRIMARY KEY, home_customer_id INTEGER)",
        "CREATE TABLE c (n INTEGER PRIMARY KEY, CustomerNo INTEGER, price INTEGER)",
        "INSERT INTO Customers VALUES (1, NULL), (2, 1)",
        "INSERT INTO a VALUES (1, 1)",
        "INSERT INTO b VALUES (1, 2)",
        "INSERT INTO c VALUES (1, 2, 1)",
    )
    catalog = _scan(url, clock)
    found = {table.name: [key.column for key in table.foreign_keys] for table in catalog.tables}
    assert found == {
        "Customers": ["parent_customer"],
        "a": ["customerid"],
        "b": ["home_customer_id"],
        "c": ["CustomerNo"],
    }


def test_a_scan_is_told_step_by_step(tmp_path: Path, clock: FixedClock) -> None:
    """Progress ends with all tables done, for scanning and for classifying."""
    url = _make(tmp_path / "p.db", "CREATE TABLE a (x)", "CREATE TABLE b (x)")
    steps: list[tuple[str, int, int]] = []

    def record(stage: str, done: int, total: int) -> None:
        steps.append((stage, done, total))

    scan_source(
        url=url,
        source="shop",
        schema="public",
        sample_rows=1,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=record,
    )
    assert ("scan", 2, 2) in steps
    assert steps[-1] == ("classify", 2, 2)


def test_a_catalogue_carries_its_hash_and_time(tmp_path: Path, clock: FixedClock) -> None:
    """The hash is that of the content, and the time is the clock's."""
    catalog = _scan(_make(tmp_path / "h.db", "CREATE TABLE a (x)"), clock)
    assert catalog.sha256 == catalog_sha256(catalog)
    assert catalog.scanned_at == "2026-03-02T12:00:00.000000Z"


class _Finder:
    def find(self, texts: Sequence[str]) -> Sequence[Sequence[object]]:
        """Fail: no text may be asked about."""
        raise AssertionError("asked about a column that is no free text")


def test_only_free_text_is_given_to_the_finder(tmp_path: Path, clock: FixedClock) -> None:
    """Short codes never reach the text finder."""
    url = _make(
        tmp_path / "f.db",
        "CREATE TABLE t (status TEXT)",
        "INSERT INTO t VALUES ('open'), ('closed')",
    )
    scan_source(
        url=url,
        source="shop",
        schema=None,
        sample_rows=10,
        classifier=Classifier(text_finder=_Finder()),  # type: ignore[arg-type]  # it never answers
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def test_large_tables_give_a_spread_sample(tmp_path: Path) -> None:
    """By row number where there is no key; without either, or with a hidden one, the first rows."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100100) "
    url = _make(
        tmp_path / "l.db",
        "CREATE TABLE loose (x INTEGER)",
        "CREATE TABLE keyed (x TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE odd (x INTEGER, RowId TEXT)",
        f"INSERT INTO loose {numbers} SELECT i FROM n",
        f"INSERT INTO keyed {numbers} SELECT printf('%06d', i) FROM n",
        f"INSERT INTO odd {numbers} SELECT i, 'x' FROM n",
    )
    with open_source(url, None) as source:
        last = {
            name: max(
                int(str(value))
                for value in source.read_table(name, source="shop", sample_rows=100)
                .columns[0]
                .values
            )
            for name in source.table_names()
        }
    assert last["loose"] > 90_000
    assert last["keyed"] == last["odd"] == 100
