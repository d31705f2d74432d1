"""Scanning a real MariaDB server."""

from collections.abc import Iterator

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
from tests.fixtures.mariadb import run_on_mariadb


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


def _schema(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def test_rich_types_are_read(mariadb_url: str, clock: FixedClock) -> None:
    """Zero dates, enums, sets, JSON, places, bits, years, UUIDs and bytes are sampled and typed."""
    run_on_mariadb(
        mariadb_url,
        "SET sql_mode = ''",
        "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, born date, at datetime, "
        "size enum('S', 'L'), tags set('a', 'b'), doc json, place point, flags bit(3), "
        "made year, u uuid, ip inet6, raw blob, n decimal(10, 2), d double, took time, "
        "old varchar(20) CHARACTER SET latin1, `odd %s ``name`` č` text)",
        "INSERT INTO t VALUES (1, '0000-00-00', '2026-01-02 03:04:05', 'S', 'a,b', '{\"a\": 1}', "
        "POINT(1, 2), b'101', 2026, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2001:db8::7', "
        "x'00ff', 1.5, 2.5, '10:00:00', 'caf\u00e9', repeat('x', 3000))",
        "CREATE VIEW v AS SELECT 1",
    )
    (table,) = _scan(mariadb_url, clock).tables
    assert {column.name: column.data_type for column in table.columns} == {
        "id": "integer", "born": "date", "at": "timestamp", "size": "text", "tags": "text",
        "doc": "text", "place": "other", "flags": "other", "made": "integer", "u": "text",
        "ip": "other", "raw": "binary", "n": "decimal", "d": "decimal", "took": "other",
        "old": "text", "odd %s `name` č": "text",
    }  # fmt: skip
    assert table.id == f"shop.{_schema(mariadb_url)}.t"
    assert [column.name for column in table.columns if column.profile.null_fraction] == []
    assert {column.name: column.profile.max_length for column in table.columns}["old"] == 4
    assert table.columns[-1].profile.max_length == 2000


def test_keys_are_declared_or_inferred(mariadb_url: str, clock: FixedClock) -> None:
    """A declared key is kept, an undeclared one is proven by the server."""
    run_on_mariadb(
        mariadb_url,
        "CREATE TABLE client (client_id int PRIMARY KEY, email varchar(50) UNIQUE)",
        "CREATE TABLE visit (id int PRIMARY KEY, client_id int)",
        "CREATE TABLE call_ (id int PRIMARY KEY, who int, FOREIGN KEY (who) REFERENCES client "
        "(client_id))",
        "INSERT INTO client VALUES (1, 'a@example.org'), (2, 'b@example.org')",
        "INSERT INTO visit VALUES (1, 1), (2, 2)",
        "INSERT INTO call_ VALUES (1, 1)",
    )
    catalog = _scan(mariadb_url, clock)
    assert catalog.dialect == "mariadb"
    keys = {table.name: table.foreign_keys for table in catalog.tables}
    assert [(key.column, key.inferred) for key in keys["call_"]] == [("who", False)]
    assert [(key.column, key.inferred) for key in keys["visit"]] == [("client_id", True)]
    email = catalog.find_column(AssetId(f"shop.{_schema(mariadb_url)}.client.email"))
    assert email is not None
    assert email.category == "user.contact.email"


@pytest.fixture
def reader(mariadb_url: str) -> Iterator[str]:
    """The URL of an account that may read one of two tables."""
    name = _schema(mariadb_url)
    run_on_mariadb(
        mariadb_url,
        "CREATE TABLE open_ (a int)",
        "CREATE TABLE closed (a int)",
        "CREATE USER reader IDENTIFIED BY 's3cret'",
        f"GRANT SELECT ON {name}.open_ TO reader",
    )
    yield mariadb_url.replace("root@", "reader:s3cret@localhost")
    run_on_mariadb(mariadb_url, "DROP USER reader")


def test_an_account_sees_what_it_may_read(reader: str, clock: FixedClock) -> None:
    """Tables without a right do not exist for the account; a wrong password is said, not shown."""
    assert [table.name for table in _scan(reader, clock).tables] == ["open_"]
    with pytest.raises(SourceUnreachableError, match="the sign-in was refused") as caught:
        _scan(reader.replace("s3cret", "wr0ng"), clock)
    assert "wr0ng" not in caught.value.message
    with pytest.raises(EmptySourceError, match="no schema `mysql`"):
        _scan(reader, clock, schema="mysql")


def test_what_is_not_there_is_said(mariadb_url: str, clock: FixedClock) -> None:
    """No database named, an unknown one, an empty one and a silent server are told apart."""
    named, _, socket = mariadb_url.partition("?")
    bare = f"{named.rpartition('/')[0]}/?{socket}"
    with pytest.raises(SourceUnreachableError, match="names no database"):
        _scan(bare, clock)
    with pytest.raises(SourceUnreachableError, match="there is no such database"):
        _scan(f"{named}x?{socket}", clock)
    with pytest.raises(EmptySourceError, match="has no tables"):
        _scan(mariadb_url, clock)
    with pytest.raises(EmptySourceError, match="there is no schema `sales`; the database has `t_"):
        _scan(mariadb_url, clock, schema="sales")
    with pytest.raises(SourceUnreachableError, match=r"127.0.0.1:1/x`.*does not answer"):
        _scan("mysql://u:s3cret@127.0.0.1:1/x", clock)


def test_a_scan_cannot_write(mariadb_url: str) -> None:
    """The session of a scan only reads."""
    run_on_mariadb(mariadb_url, "CREATE TABLE t (a int)")
    with (
        pytest.raises(SourceUnreachableError, match="the session only reads"),
        open_database(mariadb_url, None) as source,
    ):
        source.connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_large_table_is_sampled_along_its_key(mariadb_url: str, clock: FixedClock) -> None:
    """Of 150,000 rows the sample spans the whole key, and is the same the next time."""
    run_on_mariadb(
        mariadb_url,
        "CREATE TABLE t (id int PRIMARY KEY, n int)",
        "INSERT INTO t SELECT seq, seq DIV 1000 FROM seq_1_to_150000",
    )
    with open_database(mariadb_url, None) as source:
        table = source.read_table("t", source="shop", sample_rows=100)
        again = source.read_table("t", source="shop", sample_rows=100)
    assert table == again
    values = [int(str(value)) for value in table.columns[0].values]
    assert len(values) == 100
    assert min(values) == 1
    assert max(values) > 140_000
