"""What analysts write is accepted and answers as the database itself does, in every engine."""

import logging
from collections.abc import Iterator

import pytest

from policy_service.domain.control import CLEAR
from policy_service.domain.errors import EnforcementError, StatementRefusedError
from policy_service.domain.predicate import Presence
from policy_service.middleware.sql import rewrite
from tests.unit.middleware.sql_shop import (
    ACCOUNT,
    CLIENT,
    ENGINES,
    KEYS,
    STYLES,
    Shop,
    open_shop,
    rounded,
    table,
    view,
    views,
)

EVERYWHERE = [
    "SELECT id, balance FROM client JOIN account USING (id)",
    "SELECT * FROM client c JOIN account a ON a.id = c.id AND a.balance > 20",
    "WITH v (k, n) AS (VALUES ('gold', 1), ('basic', 2)) "
    "SELECT c.id, v.n FROM client c JOIN v ON v.k = c.segment",
    "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t",
    "WITH RECURSIVE t AS (SELECT id, 0 AS d FROM client WHERE id = 1 UNION ALL "
    "SELECT c.id, t.d + 1 FROM client c JOIN t ON c.id = t.id + 2) SELECT id, d FROM t",
    "WITH x (a, b) AS (SELECT id, segment FROM client) SELECT a FROM x",
    "SELECT c.id FROM client c WHERE (c.id, c.segment) IN (SELECT a.id, 'gold' FROM account a)",
    "SELECT sum(id) OVER w, lag(id, 1, 0) OVER (PARTITION BY segment ORDER BY id) "
    "FROM client WINDOW w AS (PARTITION BY segment)",
    "SELECT segment AS s, count(*) FROM client GROUP BY 1 ORDER BY 2 DESC, 1",
    "SELECT client.id, count(account.account) AS client FROM client LEFT JOIN account "
    "ON account.id = client.id GROUP BY client.id HAVING count(account.account) > 1 "
    "ORDER BY client, 1",
    "SELECT c.id FROM (client c JOIN account a ON a.id = c.id) JOIN client d ON d.id = c.id",
    "SELECT EXISTS (SELECT * FROM account WHERE account.id = client.id) FROM client",
    "SELECT id FROM client WHERE id IN (SELECT id FROM account EXCEPT SELECT 3)",
    "SELECT a.id FROM client a WHERE a.id > (SELECT avg(b.id) FROM client b "
    "WHERE b.segment = a.segment)",
    "SELECT upper(segment) AS segment, count(*) FILTER (WHERE id > 3) FROM client GROUP BY segment",
    "SELECT CAST(id AS decimal(10, 2)), id % 2, mod(id, 2), coalesce(NULLIF(id, 3), -1) "
    "FROM client",
    "SELECT count(*) FROM client, account, client d",
]
SERVERS = [
    "SELECT segment AS s, count(*) AS n FROM client GROUP BY ROLLUP (s)",
    "SELECT g.day, count(c.id) FROM generate_series(date '2020-01-01', date '2020-09-01', "
    "interval '1 month') AS g (day) LEFT JOIN client c ON c.joined < g.day GROUP BY g.day",
    "SELECT count(*) FROM generate_series(1, 1000, 10) AS g (n)",
    "SELECT count(*) > 0 FROM generate_series(date_trunc('month', current_date) - "
    "interval '11 months', current_date, interval '1 month') AS g (d)",
    "SELECT count(*) > 9 FROM generate_series(timestamp '2024-01-01 08:00', current_timestamp, "
    "interval '1 hour') AS g (t)",
    "SELECT c.id, x.n FROM client c, LATERAL (SELECT count(*) AS n FROM account a "
    "WHERE a.id = c.id) x",
    "SELECT c.id, x.n FROM client c LEFT JOIN LATERAL (SELECT a.balance AS n FROM account a "
    "WHERE a.id = c.id ORDER BY a.balance LIMIT 1) x ON true",
    "SELECT v.k, c.id FROM client c JOIN (VALUES ('gold', 1), ('basic', 2)) AS v (k, n) "
    "ON v.k = c.segment",
    "SELECT DISTINCT ON (segment) segment, id FROM client ORDER BY segment, id",
    "SELECT segment, branch, count(*) FROM client GROUP BY GROUPING SETS ((segment), (branch), ())",
    "SELECT segment, grouping(segment) AS g, count(*) FROM client GROUP BY ROLLUP (segment)",
    "SELECT date_trunc('month', joined), extract(year FROM joined), date_part('year', joined), "
    "joined + interval '1 month', joined - date '2020-01-01' FROM client",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY balance), stddev(balance), "
    "corr(balance, id), string_agg('x', ',') FROM account",
    "SELECT id FROM client WHERE segment ILIKE 'G%' AND id = ANY (SELECT id FROM account) "
    "AND joined BETWEEN date '2020-01-01' AND date '2020-01-01' + interval '9 months'",
    "SELECT left(segment, 2), lpad(segment, 7, '0'), split_part(segment, 'o', 1), "
    "regexp_replace(segment, 'o', '0') FROM client",
]
OF_ONE = {
    "sqlite": [
        "SELECT strftime('%Y', joined), date(joined, '-30 days'), instr(segment, 'o'), "
        "iif(id > 3, 1, 0), strftime('%Y-%m', joined, '+1 month') FROM client",
        "SELECT group_concat(segment, '; '), total(id), max(id, 3) FROM client GROUP BY id",
        "SELECT id FROM client ORDER BY segment COLLATE NOCASE, id LIMIT 2, 3",
    ],
    "duckdb": [
        "SELECT segment, count(*) FROM client GROUP BY ALL ORDER BY ALL",
        "SELECT * EXCLUDE (name) FROM client WHERE id < 0",
        "FROM client SELECT id",
        "SELECT id FROM client QUALIFY row_number() OVER (PARTITION BY segment ORDER BY id) = 1",
        "SELECT strftime(joined, '%Y-%m'), date_diff('day', joined, date '2024-01-01'), "
        "year(joined), last_day(joined), TRY_CAST(segment AS integer), id // 2 FROM client",
        "SELECT median(id), quantile_cont(id, 0.5), arg_max(segment, id), list(id ORDER BY id) "
        "FROM client",
    ],
    "postgresql": [
        "SELECT n FROM generate_series(1, 3) AS n",
        "SELECT json_build_object('id', id), json_agg(id) OVER () FROM client",
        "SELECT to_char(joined, 'YYYY-MM'), age(date '2024-01-01', joined), "
        "trim(both 'g' from segment), log10(id), initcap(segment) FROM client",
        "SELECT id FROM client ORDER BY joined DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES",
        "SELECT id FROM client WHERE segment ~ '^g' AND id = ANY (ARRAY[1, 2])",
    ],
}
SERIES = "at most `1000000` rows|`GENERATESERIES` is not|cannot be parsed"
REFUSED = [
    ("SELECT * FROM client NATURAL JOIN account", "NATURAL join"),
    ("SELECT count(DISTINCT c.*) FROM client c", "a whole row"),
    ("SELECT 1 FROM client GROUP BY branch HAVING max(client) > 1", "whole row|resolved"),
    ("SELECT client FROM client", "whole row|resolved|not allowed"),
    ("SELECT id FROM client TABLESAMPLE system (10)", "`sample`"),
    ("SELECT g.n FROM client c, generate_series(1, c.id) AS g (n)", "fixed ends|not allowed"),
    ("SELECT generate_series(1, 3)", "stands in FROM|not allowed"),
    ("SELECT g.n FROM generate_series(1, 3) WITH ORDINALITY AS g (n)", "FROM|parsed|not allowed"),
    *(
        (
            f"SELECT count(*) FROM generate_series({ends}) AS g (n)",
            SERIES,
        )
        for ends in (
            "1, 1000000000",
            "0, 1, 0.0000001",
            "-(5 - 6), 9e17",
            "1, 1e999999999",
            "CAST(1 AS bigint), 2, CAST(0.4 AS integer)",
            "1, 10, 0",
            "1, :n",
            "1, length('a')",
            "date '1900-01-01', date '2024-01-01', interval '1 minute'",
            "current_date - 9999, current_timestamp, interval '1 second'",
            "timestamp '2024-01-01', timestamp 'infinity', interval '1 year'",
            "date '2024-01-01', date '2024-01-02', interval '1 microsecond'",
            "date '2024-01-01', date '2024-01-02', interval '00:00:01'",
        )
    ),
    ("SELECT id FROM read_csv('/etc/passwd')", "a function cannot stand in FROM|syntax"),
    ("SELECT id FROM 'file.csv'", "is not known"),
    ("SELECT getenv('HOME')", "`getenv` is not allowed"),
    ("SELECT current_setting('x')", "`current_setting` is not allowed"),
    ("SELECT query('SELECT 1')", "`query` is not allowed"),
    ("SELECT pg_catalog.pg_sleep(1)", "not allowed"),
    ("SELECT lpad(segment, id) FROM client", "needs a length|`PAD` is not allowed"),
    ("SELECT format('%1000000s', segment) FROM client", "widths below 1000"),
    ("SELECT printf('%*d', id, id) FROM client", "widths below 1000|not allowed"),
    ("SELECT printf(segment, id) FROM client", "widths below 1000|not allowed"),
    ("SELECT 'a'::regclass", "not allowed|cannot be parsed"),
    ("SELECT CAST(id AS integer[]) FROM client", "type is not allowed|cannot be parsed"),
    ("SELECT * FROM LATERAL client", "LATERAL|cannot be parsed|FROM|syntax"),
    ("SELECT id FROM client WHERE id IN client", "parentheses|cannot be"),
    ("EXPLAIN SELECT 1", "only SELECT"),
    ("COPY client TO '/tmp/x'", "only SELECT"),
    ("PRAGMA table_info('client')", "only SELECT"),
    ("ATTACH 'x' AS y", "only SELECT|cannot be parsed"),
    ("INSERT INTO client (id) VALUES (1)", "only SELECT"),
    ("SELECT 1; SELECT 2", "exactly one statement"),
]


@pytest.fixture(scope="module", params=["sqlite", "duckdb"])
def embedded(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The bank in the engines that run inside a process."""
    with open_shop(request.param) as shop:
        yield shop


def _answers_as_itself(shop: Shop) -> None:
    # In clear, and fenced by a condition that every row fulfils.
    clear = dict.fromkeys(CLIENT, CLEAR)
    seen = [
        view(shop.engine, "client", clear, predicate=Presence(column="id")),
        view(shop.engine, "account", ACCOUNT),
    ]
    shared = EVERYWHERE if shop.engine == "sqlite" else EVERYWHERE + SERVERS
    for statement in shared + OF_ONE[shop.engine]:
        made = rewrite(
            statement,
            dialect=shop.engine,
            views={one.table: one for one in seen},
            keys=KEYS,
            paramstyle=STYLES[shop.engine],
        )
        assert rounded(shop.run(made)) == rounded(shop.plain(statement)), statement


def test_accepted_statements_answer_as_the_database(embedded: Shop) -> None:
    """Rewriting changes no answer over tables that are wholly in clear."""
    _answers_as_itself(embedded)


@pytest.mark.postgresql
def test_accepted_statements_answer_as_postgresql(postgresql_url: str) -> None:
    """Rewriting changes no answer on PostgreSQL either."""
    with open_shop("postgresql", postgresql_url) as shop:
        _answers_as_itself(shop)


FENCED = [
    "SELECT CAST(segment AS integer) AS n FROM client WHERE CAST(segment AS integer) > 0",
    "SELECT count(*) FROM client c JOIN account a "
    "ON a.id = c.id AND CAST(c.segment AS integer) > 0",
    "SELECT sum(CAST(segment AS integer)) OVER (ORDER BY CAST(segment AS integer)) FROM client",
    "SELECT id FROM client ORDER BY CAST(segment AS integer) DESC LIMIT 1",
    "SELECT id FROM account WHERE EXISTS (SELECT 1 FROM client c WHERE c.id = account.id "
    "AND CAST(c.segment AS integer) > 0)",
    "WITH x AS (SELECT CAST(segment AS integer) AS n, id FROM client) "
    "SELECT a.id FROM account a JOIN x ON x.id = a.id WHERE x.n > 0 AND 1 / x.n < 2",
    "SELECT CAST(segment AS integer) FROM client GROUP BY segment HAVING min(1 / (id - 2)) < 2",
]
LATERAL = [
    "SELECT a.id, x.n FROM account a, LATERAL (SELECT CAST(c.segment AS integer) AS n "
    "FROM client c WHERE c.id = a.id AND CAST(c.segment AS integer) > 0) x WHERE x.n > 0",
]


def _fails_on_no_hidden_row(shop: Shop) -> None:
    shop.fill()
    shop.connection.execute("UPDATE client SET segment = '7' WHERE branch = 18")
    statements = FENCED if shop.engine == "sqlite" else FENCED + LATERAL
    for statement in statements:
        made = rewrite(
            statement,
            dialect=shop.engine,
            views=views(shop.engine),
            keys=KEYS,
            paramstyle=STYLES[shop.engine],
        )
        assert shop.run(made), statement
    shop.fill()


def test_no_expression_runs_on_a_hidden_row(embedded: Shop) -> None:
    """A cast or a division that would fail on rows of other branches fails nowhere."""
    _fails_on_no_hidden_row(embedded)


@pytest.mark.postgresql
def test_no_expression_runs_on_a_hidden_row_of_postgresql(postgresql_url: str) -> None:
    """PostgreSQL's planner moves no condition of a statement below the fence."""
    with open_shop("postgresql", postgresql_url) as shop:
        _fails_on_no_hidden_row(shop)


OUTPUT_NAMES = {  # statement: the engines that take it; `email` is denied
    "SELECT segment AS email, id FROM client WHERE email = 'gold'": {"sqlite", "duckdb"},
    "SELECT segment AS s, id FROM client WHERE s = 'gold'": {"sqlite", "duckdb"},
    "SELECT segment AS s, count(*) AS n FROM client GROUP BY s": set(ENGINES),
    "SELECT segment AS s, count(*) AS n FROM client GROUP BY 1 HAVING n > 1": {"sqlite", "duckdb"},
    "SELECT id + 1 AS a, a + 1 AS b FROM client": {"duckdb"},
    "SELECT id AS k, row_number() OVER (ORDER BY k) AS n FROM client": {"duckdb"},
    "SELECT id, segment AS s FROM client ORDER BY s, id": set(ENGINES),
    "SELECT id, upper(segment) AS segment FROM client WHERE segment = 'gold'": set(ENGINES),
    "SELECT id AS i FROM client WHERE id IN (SELECT id AS k FROM account WHERE k > 1)": {
        "sqlite",
        "duckdb",
    },
}


@pytest.mark.parametrize("statement", OUTPUT_NAMES)
def test_output_names_are_seen_where_the_database_sees_them(statement: str) -> None:
    """An output's name in WHERE means the output where the engine says so, and else nothing."""
    for engine in ENGINES:
        if engine in OUTPUT_NAMES[statement]:
            assert rewrite(statement, dialect=engine, views=views(engine), keys=KEYS).sql
            continue
        with pytest.raises(EnforcementError, match=r"may not be read|resolved|not allowed"):
            rewrite(statement, dialect=engine, views=views(engine), keys=KEYS)


@pytest.mark.parametrize(("statement", "said"), REFUSED)
def test_refused_statements_say_why(statement: str, said: str) -> None:
    """What may reach beyond the tables is refused in every dialect, with what to do."""
    for engine in ("sqlite", "duckdb", "postgresql"):
        with pytest.raises(EnforcementError, match=said):
            rewrite(statement, dialect=engine, views=views(engine), keys=KEYS)


def test_no_statement_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The parser's own warnings quote statements, and are kept back."""
    with caplog.at_level(logging.DEBUG), pytest.raises(StatementRefusedError):
        rewrite("REPLACE INTO t (a) VALUES ('CANARY')", dialect="sqlite", views={}, keys=KEYS)
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize("engine", ["sqlite", "duckdb", "postgresql"])
def test_the_same_statement_is_rewritten_to_the_same_bytes(engine: str) -> None:
    """Rewriting is a function of statement, dialect and views."""
    statement = "SELECT name, count(*) AS n FROM client GROUP BY name"
    first, second = (
        rewrite(statement, dialect=engine, views=views(engine), keys=KEYS) for _ in range(2)
    )
    assert (first.sql, first.parameters, first.secrets) == (
        second.sql,
        second.parameters,
        second.secrets,
    )
    assert first.masked == (f"{table(engine, 'client')}.name",)
    assert first.tables == (table(engine, "client"),)
    assert (first.action, first.returns_rows, first.revision) == ("read", True, 4)
