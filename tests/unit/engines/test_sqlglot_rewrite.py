"""The query rewriter puts relations in the place of tables, wherever tables can be named."""

import pytest

from policy_service.domain.errors import AccessDeniedError, StatementRefusedError
from policy_service.engines.sqlglot import Rewritten, rewrite_query, table_names
from policy_service.engines.sqlglot_dialects import parameter
from policy_service.engines.sqlglot_resolution import Relation


def relation(name: str = "client", *columns: str, denied: str = "secret") -> Relation:
    """Make a relation whose SELECT shows which columns it was asked for."""
    return Relation(
        schema="main",
        name=name,
        columns=columns,
        denied=frozenset({denied}),
        select=lambda asked: f"GUARDED {','.join(asked)} {parameter('ps_0')}",
    )


def rewrite(statement: str, dialect: str = "sqlite", style: str = "named") -> Rewritten:
    """Rewrite over two relations."""
    return rewrite_query(
        statement,
        dialect=dialect,
        default_schema="main",
        relations=(relation("client", "id", "Name"), relation("empty")),
        paramstyle=style,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM client",
        "SELECT x.id FROM (SELECT id FROM client) x",
        "WITH x AS (SELECT id FROM client) SELECT id FROM x",
        "SELECT 1 WHERE EXISTS (SELECT id FROM client)",
        "SELECT 1 AS a UNION SELECT id FROM client",
        "SELECT (SELECT max(id) FROM client)",
        "SELECT 1 ORDER BY (SELECT max(id) FROM client)",
        "SELECT 1 LIMIT (SELECT max(id) FROM client)",
        "SELECT count(*) OVER (ORDER BY (SELECT max(id) FROM client))",
        "SELECT 1 GROUP BY 1 HAVING 1 IN (SELECT id FROM client)",
        "SELECT CASE WHEN 1 = (SELECT max(id) FROM client) THEN 1 END",
    ],
)
def test_tables_are_replaced_everywhere(statement: str) -> None:
    """Whatever clause names a table, only the relation's SELECT is left of it."""
    result = rewrite(statement)
    assert "GUARDED id :ps_0" in result.sql
    assert '"main"' not in result.sql
    assert [(one.name, columns) for one, columns in result.used] == [("client", ("id",))]


def test_only_the_columns_needed_are_asked_for() -> None:
    """A relation is asked for the columns that the query names, in the table's order."""
    assert rewrite("SELECT name, id FROM client").used[0][1] == ("id", "Name")
    assert rewrite("SELECT count(*) AS n FROM client").used[0][1] == ()


def test_cte_names_cannot_be_tables() -> None:
    """Every CTE gets a name of its own, so none is mistaken for a table."""
    result = rewrite("WITH client AS (SELECT id FROM client) SELECT id FROM client")
    assert result.sql.count("GUARDED") == 1
    assert 'FROM "ps_cte_0" AS "client"' in result.sql


def test_parameters_take_the_style_of_the_driver() -> None:
    """Percent signs are doubled exactly where the driver would read them."""
    statement = "SELECT id FROM client WHERE name LIKE 'a%' AND id = :wanted"
    named = rewrite(statement)
    assert named.parameters == {"wanted"}
    assert "LIKE 'a%'" in named.sql
    assert ":wanted" in named.sql
    pyformat = rewrite(statement, style="pyformat")
    assert "LIKE 'a%%'" in pyformat.sql
    assert "%(wanted)s" in pyformat.sql
    assert "%(ps_0)s" in pyformat.sql


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("", "exactly one statement"),
        (";", "exactly one statement"),
        ("SELECT 1; SELECT 2", "exactly one statement"),
        ("SELEC id", "only SELECT|cannot be parsed"),
        ("SELECT (", "cannot be parsed"),
        ("DELETE FROM client", "`DELETE` is refused"),
        ("SELECT id FROM nowhere", "`nowhere` is not known"),
        ("SELECT id FROM other.client", "is not known"),
        ("SELECT id FROM a.main.client", "`catalog`"),
        ("SELECT secret FROM client", "column `secret` of `client` may not be read"),
        ("SELECT odd FROM client", "column `odd` cannot be resolved"),
        ("SELECT x.id FROM client", "cannot be resolved"),
        ("SELECT id FROM client a, client b", "`id` cannot be resolved; write before it which"),
        ("SELECT a.id FROM client a, client a", "two tables have one name"),
        ("SELECT z.* FROM client", "cannot be resolved; qualify"),
        ("SELECT lpad(id, 10000, '0') FROM client", "not allowed"),
        ("SELECT id FROM client WHERE id IN (" + "1, " * 20_000 + "1)", "more than `20000` parts"),
        ("SELECT sleep(1)", "function `sleep` is not allowed"),
        ("SELECT pg_sleep(1)", "function `pg_sleep` is not allowed"),
        ("SELECT * FROM client NATURAL JOIN client b", "NATURAL"),
        ("SELECT * FROM generate_series(1, 2)", "syntax|function|FROM"),
        ("SELECT CAST(id AS blob) FROM client", "type"),
        ("SELECT id FROM client c(a)", "renames its columns"),
        ("SELECT ?", "named"),
        ("SELECT 1 IN client", "parentheses"),
        ("SELECT '\x00'", "plain text"),
    ],
)
def test_refusals_say_why(statement: str, said: str) -> None:
    """What is not accepted is refused with the place and the reason."""
    with pytest.raises(StatementRefusedError, match=said):
        rewrite(statement)


def test_table_without_readable_columns_is_denied() -> None:
    """A table of which nothing may be read is denied by its name."""
    with pytest.raises(AccessDeniedError, match="`empty` may not be read"):
        rewrite("SELECT 1 FROM empty")


def test_unknown_dialect_is_refused() -> None:
    """Only dialects with known rules are rewritten."""
    with pytest.raises(StatementRefusedError, match="dialect `oracle`"):
        rewrite("SELECT 1", dialect="oracle")


def test_names_are_folded_as_the_database_does() -> None:
    """SQLite folds every name, PostgreSQL those without quotes."""
    statement = 'SELECT 1 FROM Client, "Client", public.X'
    assert table_names(statement, dialect="sqlite") == (("", "client"), ("public", "x"))
    assert table_names(statement, dialect="postgresql") == (
        ("", "Client"),
        ("", "client"),
        ("public", "x"),
    )
