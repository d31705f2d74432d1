"""Scanning a real PostgreSQL server."""

import psycopg
import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.observation import ObservedTable
from policy_service.catalog.scan import scan_source
from policy_service.catalog.sources.database import open_database
from policy_service.catalog.sources.postgresql import PostgreSql
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import EmptySourceError, NotFoundError, SourceUnreachableError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock

pytestmark = pytest.mark.postgresql


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


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_rich_types_are_read(postgresql_url: str, clock: FixedClock) -> None:
    """Dates beyond Python's, arrays, JSON, addresses, UUIDs and bytes are sampled and typed."""
    _run(
        postgresql_url,
        "CREATE TABLE t (id serial PRIMARY KEY, born date, at timestamptz, tags text[], "
        "doc jsonb, ip inet, u uuid, raw bytea, ok boolean, n numeric(10, 2), "
        'd double precision, "odd %s ""name""" varchar(10))',
        "INSERT INTO t (born, at, tags, doc, ip, u, raw, ok, n, d) VALUES ('infinity', "
        "'-infinity', '{a,b}', '{}', '192.0.2.7', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', "
        "'\\x00', true, 1.50, 2.5)",
        "CREATE VIEW v AS SELECT 1",
    )
    catalog = _scan(postgresql_url, clock)
    (table,) = catalog.tables
    assert table.id == "shop.public.t"
    assert {column.name: column.data_type for column in table.columns} == {
        "id": "integer", "born": "date", "at": "timestamp", "tags": "other", "doc": "other",
        "ip": "other", "u": "text", "raw": "binary", "ok": "boolean", "n": "decimal",
        "d": "decimal", 'odd %s "name"': "text",
    }  # fmt: skip
    ip = catalog.find_column(AssetId("shop.public.t.ip"))
    assert ip is not None
    assert ip.category == "user.device.ip_address"


def test_a_schema_of_ones_own_is_scanned(postgresql_url: str, clock: FixedClock) -> None:
    """Tables of another schema get its name; keys inside it are kept and inferred."""
    _run(
        postgresql_url,
        'CREATE SCHEMA "Sales"',
        'CREATE TABLE "Sales".client (client_id int PRIMARY KEY, email text)',
        'CREATE TABLE "Sales".visit (id int, client_id int)',
        "INSERT INTO \"Sales\".client VALUES (1, 'a@example.org'), (2, 'b@example.org')",
        'INSERT INTO "Sales".visit VALUES (1, 1), (2, 2)',
    )
    catalog = _scan(postgresql_url, clock, schema="Sales")
    assert [table.id for table in catalog.tables] == ["shop.Sales.client", "shop.Sales.visit"]
    (key,) = catalog.tables[1].foreign_keys
    assert (key.references_table, key.inferred) == ("shop.Sales.client", True)


def test_empty_and_unknown_schemas_are_said(postgresql_url: str, clock: FixedClock) -> None:
    """A schema without tables and one that does not exist are told apart."""
    with pytest.raises(EmptySourceError, match="schema `public` has no tables"):
        _scan(postgresql_url, clock)
    with pytest.raises(EmptySourceError, match=r"no schema `sales`; the database has .*`public`"):
        _scan(postgresql_url, clock, schema="sales")


def test_a_database_that_is_not_there_is_said(postgresql_url: str, clock: FixedClock) -> None:
    """A server without that database is named without options or user."""
    head, _, tail = postgresql_url.rpartition("/t_")
    wrong = f"{head}/t_none?{tail.partition('?')[2]}" if "?" in tail else f"{head}/t_none"
    with pytest.raises(SourceUnreachableError) as caught:
        _scan(wrong, clock)
    assert "cannot read `postgresql://" in caught.value.message
    assert "there is no such database" in caught.value.message
    assert "tester" not in caught.value.message
    with pytest.raises(SourceUnreachableError, match="the sign-in was refused"):
        _scan(postgresql_url.replace("tester@", "not_a_role@"), clock)


def test_a_table_that_may_not_be_read_is_said(postgresql_url: str, clock: FixedClock) -> None:
    """An account without the right to read is told so, and the session only reads."""
    _run(
        postgresql_url,
        "CREATE TABLE t (a int)",
        "DROP ROLE IF EXISTS nobody_here",
        "CREATE ROLE nobody_here LOGIN",
        "GRANT USAGE ON SCHEMA public TO nobody_here",
    )
    try:
        with pytest.raises(SourceUnreachableError, match="the account may not read it"):
            _scan(postgresql_url.replace("tester@", "nobody_here@"), clock)
    finally:
        _run(postgresql_url, "DROP OWNED BY nobody_here", "DROP ROLE nobody_here")


def test_types_that_do_not_compare_make_no_key(postgresql_url: str, clock: FixedClock) -> None:
    """A text column that points at a UUID key is tried, fails, and the scan goes on."""
    _run(
        postgresql_url,
        "CREATE TABLE client (client_id uuid PRIMARY KEY)",
        "CREATE TABLE visit (id int PRIMARY KEY, client_id text, at date)",
        "CREATE TABLE nothing ()",
        "INSERT INTO client VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
        "INSERT INTO visit VALUES (1, 'not a uuid', '2026-01-02')",
    )
    catalog = _scan(postgresql_url, clock)
    assert [table.name for table in catalog.tables] == ["client", "visit"]
    assert catalog.tables[1].foreign_keys == ()
    assert catalog.tables[1].columns[1].category == "user.unique_id"


def test_tables_without_columns_are_nothing_to_scan(postgresql_url: str, clock: FixedClock) -> None:
    """A database whose only table has no column is empty."""
    _run(postgresql_url, "CREATE TABLE nothing ()")
    with pytest.raises(EmptySourceError, match="has no tables"):
        _scan(postgresql_url, clock)


def test_a_very_large_table_keeps_the_servers_estimate(
    postgresql_url: str, clock: FixedClock
) -> None:
    """Where the statistics tell of millions of rows, they are not counted one by one."""
    _run(
        postgresql_url,
        "CREATE TABLE t (a int)",
        "UPDATE pg_class SET reltuples = 9000000 WHERE relname = 't'",
    )
    assert _scan(postgresql_url, clock).tables[0].row_count == 9_000_000


def test_a_scan_cannot_write(postgresql_url: str, clock: FixedClock) -> None:
    """The transaction of a scan is read-only: a statement that writes fails in it."""
    with (
        pytest.raises(SourceUnreachableError, match="SQLSTATE 25006"),
        open_database(postgresql_url, None) as source,
    ):
        source.connection.exec_driver_sql("CREATE TABLE t (a int)")


def _read(url: str, name: str, rows: int) -> ObservedTable:
    with open_database(url, None) as source:
        first = source.read_table(name, source="shop", sample_rows=rows)
        assert first == source.read_table(name, source="shop", sample_rows=rows)
        return first


def test_large_tables_give_a_spread_sample(postgresql_url: str) -> None:
    """Along a whole-number key, or over pages without one: from all of it, the same each time."""
    _run(
        postgresql_url,
        "CREATE TABLE keyed AS SELECT i AS id FROM generate_series(1, 150000) i",
        "ALTER TABLE keyed ADD PRIMARY KEY (id)",
        "CREATE TABLE loose AS SELECT i AS n FROM generate_series(1, 150000) i",
        "CREATE TABLE lonely (id bigint PRIMARY KEY)",
        "INSERT INTO lonely SELECT generate_series(1, 150000)",
        "UPDATE lonely SET id = 9000000000000000000 WHERE id = 150000",
        "ANALYZE",
    )
    for name in ("keyed", "loose"):
        values = [int(str(value)) for value in _read(postgresql_url, name, 100).columns[0].values]
        assert len(values) == 100
        assert min(values) < 10_000
        assert max(values) > 130_000
    skewed = _read(postgresql_url, "lonely", 100).columns[0].values
    assert len(skewed) == 100


def test_rows_are_estimated_where_they_cannot_be_counted(postgresql_url: str) -> None:
    """A table that was never analysed is estimated by the planner."""
    _run(postgresql_url, "CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
    with open_database(postgresql_url, None) as source:
        estimate = PostgreSql().estimate(source.connection, "public", "t")
    assert estimate is not None
    assert estimate > 0


def test_partitions_are_one_table(postgresql_url: str, clock: FixedClock) -> None:
    """A partitioned table stands for its parts."""
    _run(
        postgresql_url,
        "CREATE TABLE t (id int, at date) PARTITION BY RANGE (id)",
        "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (10) TO (20)",
        "INSERT INTO t VALUES (1, '2026-01-01'), (11, NULL)",
    )
    (table,) = _scan(postgresql_url, clock).tables
    assert (table.name, table.row_count) == ("t", 2)


def test_a_table_dropped_meanwhile_is_told_from_a_failure(postgresql_url: str) -> None:
    """A table that is gone is not found; the session goes on reading the others."""
    _run(postgresql_url, "CREATE TABLE a (x int)", "CREATE TABLE b (x int)")
    with open_database(postgresql_url, None) as source:
        assert source.table_names() == ("a", "b")
        seen = source.read_table("b", source="shop", sample_rows=5)
        source.connection.commit()  # lets the lock go, so that the table can be dropped
        _run(postgresql_url, "DROP TABLE b")
        with pytest.raises(NotFoundError, match="table `b` is gone"):
            source.read_table("b", source="shop", sample_rows=5)
        with pytest.raises(NotFoundError, match="table `b` is gone"):
            source.read_rows(seen, ["x"], most=5)
        with pytest.raises(NotFoundError, match="there is no table `c`"):
            source.read_table("c", source="shop", sample_rows=5)
        assert source.read_table("a", source="shop", sample_rows=5).row_count == 0


def test_a_domain_and_a_type_of_ones_own_are_read(postgresql_url: str, clock: FixedClock) -> None:
    """A domain is read as what it stands for, a composite type as text; huge cells are cut."""
    _run(
        postgresql_url,
        "CREATE DOMAIN mail AS text CHECK (value LIKE '%@%')",
        "CREATE TYPE pair AS (a int, b text)",
        "CREATE TABLE t (m mail, p pair, h text, span int4range)",
        "INSERT INTO t VALUES ('a@example.org', (1, 'x'), repeat('x', 3000000), '[1,5)')",
    )
    (table,) = _scan(postgresql_url, clock).tables
    assert [column.data_type for column in table.columns] == ["text", "other", "text", "other"]
    assert [column.profile.max_length for column in table.columns][2] == 2000
