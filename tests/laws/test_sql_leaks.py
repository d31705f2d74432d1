"""Nothing that a subject may not see leaves a guarded connection: not in rows, not in errors.

Attack statements over planted canaries, and analytic queries that must give
exactly what the same query gives over tables masked beforehand.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest

from policy_service.domain.errors import EnforcementError
from policy_service.middleware.session import GuardedConnection
from tests.laws.sql_probe_bank import KEYS, Audit, Views, bank, canaries, create, masked

Rows = list[tuple[object, ...]]
ATTACKS = [
    "SELECT name FROM client",
    "SELECT c.name FROM client c",
    "SELECT client.name FROM client",
    'SELECT "name" FROM client',
    'SELECT "NAME" FROM client',
    "SELECT [name] FROM client",
    "SELECT `name` FROM client",
    "SELECT 1 FROM client WHERE name LIKE 'CANARY%'",
    "SELECT count(*) FROM client GROUP BY name",
    "SELECT segment FROM client ORDER BY name",
    "SELECT segment FROM client HAVING max(name) > ''",
    "SELECT max(name) OVER () FROM client",
    "SELECT rank() OVER (ORDER BY name) FROM client",
    "SELECT * FROM client c JOIN account a ON a.client_id = c.client_id AND c.name > ''",
    "SELECT * FROM client JOIN client d USING (name)",
    "SELECT * FROM client NATURAL JOIN client d",
    "SELECT (SELECT name FROM client LIMIT 1)",
    "SELECT d.A2 FROM district d WHERE EXISTS (SELECT 1 FROM client WHERE name > 'C')",
    "WITH x AS (SELECT name AS n FROM client) SELECT n FROM x",
    "WITH client AS (SELECT * FROM client) SELECT name FROM client",
    "WITH vault AS (SELECT 1 AS pin) SELECT v.pin FROM public.vault v",
    "WITH a AS (SELECT * FROM vault), vault AS (SELECT 1 AS pin) SELECT * FROM a",
    "WITH RECURSIVE t(n) AS (SELECT pin FROM vault UNION ALL SELECT n FROM t) SELECT n FROM t",
    "WITH t(n) AS (SELECT pin FROM vault UNION ALL SELECT n FROM t) SELECT n FROM t",
    "SELECT segment FROM client UNION SELECT name FROM client",
    "SELECT segment FROM client UNION ALL SELECT pin FROM vault",
    "SELECT pin FROM vault",
    "SELECT * FROM vault",
    "SELECT count(*) FROM vault",
    "SELECT mayor FROM district",
    "SELECT d.* FROM district d",
    "SELECT c FROM client c",
    "SELECT (c).name FROM client c",
    "SELECT (c).* FROM client c",
    "SELECT row(c.*) FROM client c",
    "SELECT count(c) FROM client c",
    "SELECT c.ctid, c.xmin FROM client c",
    "SELECT rowid, oid, _rowid_ FROM client",
    "SELECT x.name FROM client AS x(name)",
    "SELECT a, b FROM client AS c(a, b, c, d, e, f, g, h)",
    "SELECT segment FROM client WHERE salary = 7310977",
    "SELECT segment FROM client WHERE salary BETWEEN 7310000 AND 7319999",
    "SELECT CAST(email AS integer) FROM client",
    "SELECT CAST(salary AS integer) FROM client",
    "SELECT CAST(birth_number AS date) FROM client",
    "SELECT email || birth_number || iban FROM client, account",
    "SELECT sum(balance), max(balance) FROM account",
    "SELECT group_concat(name) FROM client",
    "SELECT string_agg(name, ',') FROM client",
    "SELECT ps_pseudonymise(1, 'service')",
    "SELECT ps_generalise(birth_number, 'prefix', 5) FROM client",
    "SELECT ps_t.name FROM client",
    "SELECT segment FROM client; SELECT name FROM client",
    "SELECT segment FROM client; DROP TABLE client",
    "SELECT segment FROM client -- \n; SELECT pin FROM vault",
    "/*! SELECT pin FROM vault */ SELECT 1",
    "UPDATE client SET segment = name",
    "INSERT INTO district SELECT salary, name, name FROM client",
    "DELETE FROM client WHERE name > 'C'",
    "UPDATE client SET segment = 'x' RETURNING name",
    "CREATE TABLE copy AS SELECT * FROM client",
    "CREATE VIEW v AS SELECT * FROM client",
    "SELECT * INTO copy FROM client",
    "EXPLAIN SELECT name FROM client",
    "SELECT segment FROM client WHERE 'CANARY0NAME1' IN client",
    "SELECT segment FROM client LIMIT (SELECT max(salary) FROM client)",
    "VALUES ((SELECT pin FROM vault))",
    "TABLE client",
    "SELECT * FROM client, LATERAL (SELECT client.name) x",
    "SELECT (SELECT pin FROM vault v WHERE v.pin > c.segment) FROM client c",
    "SELECT 'a' FROM client c WHERE (c.name, 1) = ('x', 1)",
    "SELECT CASE WHEN name > 'C' THEN 1 END FROM client",
    "SELECT coalesce(name, 'x') FROM client",
    "SELECT frequency FROM account WHERE frequency LIKE 'CANARY%'",
    "SELECT segment FROM client WHERE segment <> 'gold' OR 1 = 1",
    "SELECT 1 / (district_id - 1) FROM client",
    "SELECT sum(1 / (account_id - 101)) FROM account",
    'SELECT "client"."name""" FROM client',
    "SELECT n\u0430me FROM client",
    "SELECT name FROM cl\u0131ent",
    "SELECT segment FROM client\x00, vault",
    "SELECT salary FROM ONLY client",
    "SELECT * FROM client TABLESAMPLE system (100)",
    "SELECT segment FROM client FOR UPDATE",
]
SQLITE_ATTACKS = [
    "SELECT sql FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM pragma_table_info('client')",
    "SELECT * FROM main.vault",
    "SELECT * FROM temp.client",
    "SELECT * FROM json_each((SELECT json_group_array(name) FROM client))",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "PRAGMA table_info(client)",
    "ATTACH 'x' AS y",
    "SELECT * FROM client INDEXED BY i",
    "SELECT printf('%s', name) FROM client",
    "SELECT name FROM client WHERE name GLOB 'C*'",
    "SELECT hex(name) FROM client",
    "SELECT quote(name), typeof(name) FROM client",
    "SELECT iif(name > 'C', 1, 0) FROM client",
    "SELECT likelihood(name > 'C', 0.5) FROM client",
]
POSTGRESQL_ATTACKS = [
    "SELECT query_to_xml('SELECT * FROM vault', true, true, '')",
    "SELECT table_to_xml('vault', true, true, '')",
    "SELECT * FROM pg_stats",
    "SELECT most_common_vals FROM pg_catalog.pg_stats WHERE tablename = 'client'",
    "SELECT * FROM information_schema.columns",
    "SELECT current_setting('data_directory')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT dblink('x', 'SELECT 1')",
    "SELECT to_json(c) FROM client c",
    "SELECT row_to_json(c) FROM client c",
    "SELECT json_agg(c) FROM client c",
    "SELECT c::text FROM client c",
    "SELECT 'vault'::regclass",
    "SELECT name::xml FROM client",
    "SELECT email::int FROM client",
    "SELECT pg_sleep(1)",
    "SELECT set_config('search_path', 'x', false)",
    "COPY client TO STDOUT",
    "DO $$ BEGIN RAISE NOTICE 'x'; END $$",
    "SELECT * FROM client WHERE segment ~ 'CANARY'",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT array(SELECT name FROM client)",
    "SELECT xpath('/x', name::xml) FROM client",
    "SELECT * FROM ROWS FROM (generate_series(1, 2)) g",
    "SELECT E'\\x41' FROM vault",
    "SELECT $1 FROM client",
    "SELECT name FROM client FETCH FIRST 1 ROW ONLY",
    "SELECT DISTINCT ON (name) segment FROM client",
    "SELECT session_user, current_user",
]
LEGITIMATE = [
    "SELECT count(*) AS n FROM client",
    "SELECT * FROM client",
    'SELECT * FROM district ORDER BY "A1"',
    "SELECT client_id, salary FROM client ORDER BY salary, client_id",
    "SELECT segment, count(*) AS n FROM client GROUP BY segment ORDER BY n DESC, segment",
    "SELECT salary, count(*) AS n FROM client GROUP BY salary HAVING count(*) >= 1",
    "SELECT birth_number, joined FROM client WHERE joined >= '1992'",
    "SELECT segment FROM client WHERE birth_number LIKE '19%, male'",
    "SELECT c.client_id, a.iban FROM client c JOIN account a ON a.client_id = c.client_id",
    "SELECT c.segment, count(a.account_id) AS n FROM client c "
    "LEFT JOIN account a ON a.client_id = c.client_id GROUP BY c.segment",
    'SELECT d."A2", count(*) AS n FROM client c JOIN district d '
    'ON d."A1" = c.district_id GROUP BY d."A2"',
    "SELECT frequency, count(*) AS n, count(balance) AS b FROM account GROUP BY frequency",
    "WITH rich AS (SELECT * FROM client WHERE salary >= '[7315') SELECT count(*) AS n FROM rich",
    "WITH a AS (SELECT client_id FROM client), b AS (SELECT * FROM a) SELECT count(*) FROM b",
    "SELECT client_id FROM client WHERE client_id IN (SELECT client_id FROM account)",
    "SELECT client_id FROM client c WHERE EXISTS "
    "(SELECT 1 FROM account a WHERE a.client_id = c.client_id)",
    "SELECT row_number() OVER (PARTITION BY segment ORDER BY client_id) AS r FROM client",
    "SELECT account_id, lag(account_id) OVER (ORDER BY account_id) AS before FROM account",
    "SELECT segment AS s FROM client UNION SELECT frequency FROM account ORDER BY s",
    "SELECT client_id FROM client EXCEPT SELECT client_id FROM account WHERE account_id > 120",
    "SELECT client_id FROM client INTERSECT SELECT client_id FROM account",
    "SELECT CASE WHEN segment = 'gold' THEN 'a' ELSE 'b' END AS k, count(*) AS n "
    "FROM client GROUP BY CASE WHEN segment = 'gold' THEN 'a' ELSE 'b' END",
    "SELECT x.n FROM (SELECT segment, count(*) AS n FROM client GROUP BY segment) x ORDER BY x.n",
    "SELECT upper(segment) AS u, length(email) AS l, substr(iban, 21, 4) AS e "
    "FROM client CROSS JOIN account WHERE account_id < 110",
    "SELECT avg(account_id) AS a, min(iban) AS i, max(frequency) AS f FROM account",
    "SELECT a.iban, b.iban AS other FROM account a JOIN account b "
    "ON a.client_id = b.client_id AND a.account_id < b.account_id",
    "SELECT count(DISTINCT client_id) AS n, count(DISTINCT joined) AS y FROM client",
    "SELECT coalesce(balance, 0) AS b, account_id % 10 AS m FROM account WHERE account_id <> 3",
    "SELECT account_id FROM account ORDER BY account_id DESC LIMIT 3 OFFSET 1",
    "SELECT segment FROM client WHERE segment = :segment",
]
# SQLite itself takes the CTE's own name inside it for a circle.
POSTGRESQL_LEGITIMATE = [
    "WITH client AS (SELECT segment FROM client) SELECT DISTINCT segment FROM client",
]


class Probe:
    """One engine with the bank in it: a guarded connection, and the oracle's answer."""

    def __init__(
        self,
        guarded: Callable[[], GuardedConnection],
        oracle: Callable[[str, dict[str, object]], Rows],
    ) -> None:
        self.guarded = guarded
        self.oracle = oracle


def _guard(connection: object, change: int = 0) -> GuardedConnection:
    tables = bank(change=change)
    return GuardedConnection(
        connection,
        views=Views(tables),
        audit=Audit(),
        keys=KEYS,
        subject="teller-7",
        purpose="service",
        tables=[table.id for table in tables],
    )


def _sqlite(change: int = 0, *, beforehand: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    tables = masked(bank(change=change)) if beforehand else bank(change=change)
    for statement, rows in create(tables):
        if rows:
            connection.executemany(statement, rows)
        elif not statement.startswith("INSERT"):
            connection.execute(statement)
    connection.commit()
    return connection


@pytest.fixture(scope="module")
def sqlite_probe() -> Iterator[Probe]:
    """The bank in SQLite."""
    with closing(_sqlite()) as real, closing(_sqlite(beforehand=True)) as oracle:

        def ask(sql: str, params: dict[str, object]) -> Rows:
            return list(oracle.execute(sql, params).fetchall())

        guarded = _guard(real)
        yield Probe(lambda: guarded, ask)


@pytest.fixture(scope="module")
def postgresql_probe(postgresql_server: str) -> Iterator[Probe]:
    """The bank in PostgreSQL."""
    url = postgresql_server.replace("postgresql+psycopg://", "postgresql://")
    name = f"probe_{uuid4().hex[:12]}"
    with psycopg.connect(url.format(database="postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(url.format(database=name), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA masked")
        for schema, tables in (("", bank()), ("masked.", masked(bank()))):
            for statement, rows in create(tables, schema=schema):
                if rows:
                    with connection.cursor() as cursor:
                        cursor.executemany(statement.replace("?", "%s"), rows)
                elif not statement.startswith("INSERT"):
                    connection.execute(statement)
        with psycopg.connect(url.format(database=name), autocommit=True) as oracle:
            oracle.execute("SET search_path TO masked")

            def ask(sql: str, params: dict[str, object]) -> Rows:
                text = sql.replace("%", "%%").replace(":segment", "%(segment)s")
                return list(oracle.execute(text, params).fetchall())

            guarded = _guard(connection)
            yield Probe(lambda: guarded, ask)
    with psycopg.connect(url.format(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _answer(guarded: GuardedConnection, statement: str) -> str:
    """Everything that comes back: rows, or the whole chain of errors."""
    try:
        answer = guarded.query(statement)
    except EnforcementError as error:
        seen, current = [], error
        while current is not None:
            seen.append(repr(current))
            current = current.__cause__ or current.__context__
        return "\n".join(seen)
    return repr(answer.rows)


def _leaks(answer: str, statement: str) -> set[str]:
    return {one for one in canaries(bank()) if one in answer.replace(statement, "")}


@pytest.mark.parametrize("statement", ATTACKS + SQLITE_ATTACKS)
def test_no_attack_leaks_from_sqlite(sqlite_probe: Probe, statement: str) -> None:
    """No attack statement brings a canary back from SQLite."""
    assert not _leaks(_answer(sqlite_probe.guarded(), statement), statement)


@pytest.mark.postgresql
@pytest.mark.parametrize("statement", ATTACKS + POSTGRESQL_ATTACKS)
def test_no_attack_leaks_from_postgresql(postgresql_probe: Probe, statement: str) -> None:
    """No attack statement brings a canary back from PostgreSQL."""
    assert not _leaks(_answer(postgresql_probe.guarded(), statement), statement)


def _same_as_masked(probe: Probe, statement: str) -> None:
    params: dict[str, object] = {"segment": "gold"} if ":segment" in statement else {}
    found = probe.guarded().query(statement, params)
    assert sorted(map(repr, found.rows)) == sorted(map(repr, probe.oracle(statement, params)))
    assert found.rows


@pytest.mark.parametrize("statement", LEGITIMATE)
def test_analytics_equal_masked_tables_on_sqlite(sqlite_probe: Probe, statement: str) -> None:
    """A legitimate query answers as it would over tables masked beforehand, on SQLite."""
    _same_as_masked(sqlite_probe, statement)


@pytest.mark.postgresql
@pytest.mark.parametrize("statement", LEGITIMATE + POSTGRESQL_LEGITIMATE)
def test_analytics_equal_masked_tables_on_postgresql(
    postgresql_probe: Probe, statement: str
) -> None:
    """A legitimate query answers as it would over tables masked beforehand, on PostgreSQL."""
    _same_as_masked(postgresql_probe, statement)


def test_changing_hidden_cells_changes_no_answer() -> None:
    """Non-interference: whatever the hidden cells hold, every answer stays the same."""
    with closing(_sqlite(0)) as one, closing(_sqlite(1)) as other:
        first, second = _guard(one, 0), _guard(other, 1)
        for statement in LEGITIMATE[:-1] + ATTACKS:
            assert _answer(first, statement) == _answer(second, statement), statement
