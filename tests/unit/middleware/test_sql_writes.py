"""INSERT, UPDATE and DELETE touch what their writer may see and write, in every engine."""

from collections.abc import Iterator, Mapping

import pytest

from policy_service.domain.bundle import TableView
from policy_service.domain.control import CLEAR, DENY, Control
from policy_service.domain.errors import AccessDeniedError, EnforcementError, StatementRefusedError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.predicate import Comparator, Comparison
from policy_service.middleware.sql import (
    RewrittenStatement,
    WriteTarget,
    referenced_tables,
    rewrite_write,
    write_target,
)
from tests.unit.middleware.sql_shop import (
    CLIENT,
    KEYS,
    STYLES,
    Shop,
    control,
    open_shop,
    table,
    view,
    views,
)

_WRITABLE: Mapping[str, Control] = {**dict.fromkeys(CLIENT, CLEAR), "salary": control("null")}


@pytest.fixture(scope="module", params=["sqlite", "duckdb"])
def embedded(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The bank in the engines that run inside a process."""
    with open_shop(request.param) as shop:
        yield shop


def written(
    engine: str, statement: str, *, over: Mapping[str, Control] | None = None
) -> RewrittenStatement:
    """Rewrite a write of the teller."""
    seen = views(engine)
    target = write_target(statement, dialect=engine, tables=sorted(seen))
    assert target is not None
    allowed: dict[AssetId, TableView] = {
        table(engine, "client"): view(
            engine, "client", {**_WRITABLE, **(over or {})}, by_branch=True
        )
    }
    return rewrite_write(
        statement,
        dialect=engine,
        views=seen,
        write_views={target.action: allowed},
        keys=KEYS,
        paramstyle=STYLES[engine],
    )


def _check_writes(shop: Shop) -> None:
    shop.fill()

    def run(statement: str, **given: object) -> list[tuple[object, ...]]:
        return shop.run(written(shop.engine, statement), given)

    run(
        "INSERT INTO client (id, name, branch, joined) "
        "VALUES (50, 'New', 18, '2024-01-01'), (51, 'Other', 18, '2024-01-02')"
    )
    found = shop.plain("SELECT id, name, CAST(joined AS varchar) FROM client WHERE id >= 50")
    assert sorted(found) == [(50, "New", "2024-01-01"), (51, "Other", "2024-01-02")]
    returned = run(
        "INSERT INTO client (id, name, branch) VALUES (:a, :b, 18) RETURNING id, branch AS b",
        a=52,
        b="Z",
    )
    assert returned == [(52, 18)]
    run(
        "INSERT INTO client (id, segment, branch) SELECT a.account, upper(c.segment), c.branch "
        "FROM client c JOIN account a USING (id) WHERE a.balance > 200"
    )
    added = shop.plain("SELECT id FROM client WHERE segment = 'GOLD' ORDER BY id")
    assert added == [(122,), (124,)]
    run("UPDATE client SET segment = 'x' WHERE id = 3")
    run("UPDATE client SET segment = 'hidden' WHERE id = 4")
    assert shop.plain("SELECT id FROM client WHERE segment IN ('x', 'hidden')") == [(3,)]
    changed = run(
        "UPDATE client AS c SET segment = upper(c.segment) || (SELECT max(a.account) FROM account "
        "AS a WHERE a.id = c.id), joined = '2024-02-02' WHERE c.id IN (SELECT id FROM account "
        "WHERE balance > 100) AND c.id < 50 RETURNING id, segment"
    )
    assert (3, "X114") in changed
    assert {one for one, _ in changed} == {1, 3, 5, 7, 9, 11}
    # The division fails on a hidden row, where it must not be made.
    run("UPDATE client SET segment = 'whole' WHERE 1 / (id - 4) < 2 AND id < 50")
    assert run("DELETE FROM client WHERE id < 6 RETURNING id") is not None
    run("DELETE FROM client")
    assert shop.plain("SELECT DISTINCT branch FROM client") == [(1,)]


def test_writes_touch_what_may_be_seen(embedded: Shop) -> None:
    """Rows of other branches are neither changed nor deleted, nor do their values matter."""
    _check_writes(embedded)


@pytest.mark.postgresql
def test_writes_touch_what_may_be_seen_in_postgresql(postgresql_url: str) -> None:
    """Rows of other branches are neither changed nor deleted on PostgreSQL either."""
    with open_shop("postgresql", postgresql_url) as shop:
        _check_writes(shop)
        with pytest.raises(Exception, match="does not contain key"):
            shop.run(written("postgresql", "INSERT INTO client (id, branch) VALUES (70, 1)"))
        assert shop.plain("SELECT count(*) FROM client WHERE id = 70") == [(0,)]


def test_a_row_that_could_not_be_seen_is_not_written(embedded: Shop) -> None:
    """A row of another branch refuses the whole INSERT, with the rows beside it."""
    embedded.fill()
    statement = "INSERT INTO client (id, branch) VALUES (70, 18), (71, 1)"
    with pytest.raises(Exception, match=r"ps_refuse|user-defined function"):
        embedded.run(written(embedded.engine, statement))
    assert embedded.plain("SELECT count(*) FROM client WHERE id >= 70") == [(0,)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("INSERT INTO client (id, name) VALUES (1, 'a')", "`branch` decides who sees the row"),
        ("INSERT INTO client (id, salary, branch) VALUES (1, 7, 18)", "`salary` may not be writ"),
        ("INSERT INTO client (id, nothing, branch) VALUES (1, 7, 18)", "`nothing` may not be wri"),
        ("INSERT INTO client (id, id, branch) VALUES (1, 7, 18)", "named twice"),
        ("INSERT INTO client VALUES (1)", "names its columns"),
        ("INSERT INTO client (id, branch) VALUES (1)", "one value for each column"),
        ("INSERT INTO client (id, branch) VALUES ((SELECT max(id) FROM client), 18)", "reads a"),
        ("INSERT INTO client (id, branch) VALUES (pg_sleep(1), 18)", "`pg_sleep` is not allowed"),
        ("INSERT INTO client (id, branch) VALUES (1, 18) ON CONFLICT DO NOTHING", "`CONFLICT`"),
        ("INSERT INTO client (id, branch) VALUES (1, 18) RETURNING name", "not readable in clear"),
        ("INSERT INTO client (id, branch) SELECT id, email FROM client", "`email` of `client`"),
        ("INSERT INTO account (id) VALUES (1)", "`create` on"),
        ("INSERT INTO nowhere (id) VALUES (1)", "is not known"),
        ("UPDATE client SET segment = name", "`name` of `client` may not be read"),
        ("UPDATE client SET segment = 'x' WHERE salary > 3000", "`salary` of `client`"),
        ("UPDATE client SET segment = 'x' WHERE email LIKE 'E%'", "`email` of `client`"),
        ("UPDATE client SET segment = (SELECT max(name) FROM client)", "`name` of `client`"),
        ("UPDATE client SET branch = 1", "`branch` decides who sees the row"),
        ("UPDATE client SET salary = 1", "`salary` may not be written"),
        ("UPDATE client SET segment = 'x', segment = 'y'", "assigned twice"),
        ("UPDATE client SET client.segment = 'x'", "without its table"),
        ("UPDATE client SET (id, segment) = (1, 'x')", "assigned by itself|cannot be parsed"),
        ("UPDATE client SET segment = 'x' FROM account WHERE account.id = client.id", "`FROM`"),
        ("UPDATE client SET segment = 'x' WHERE ps_row_0 = 1", "`ps_row_0` is kept back"),
        ("UPDATE client SET segment = 'x' WHERE rowid = 1", "`rowid` cannot be resolved"),
        ("UPDATE client SET segment = 'x' WHERE ctid = '(0,1)'", "`ctid` cannot be resolved"),
        ("UPDATE client SET name = 'q' WHERE id = 1 RETURNING *", "plain columns"),
        ("UPDATE client SET name = 'q' RETURNING upper(segment)", "plain columns"),
        ("DELETE FROM client WHERE name = 'Name7'", "`name` of `client`"),
        ("DELETE FROM client USING account WHERE account.id = client.id", "`USING`"),
        ("WITH x AS (SELECT 1) DELETE FROM client", "`WITH`"),
        ("MERGE INTO client USING account ON 1 = 1 WHEN MATCHED THEN DELETE", "`MERGE` is ref"),
        ("DROP TABLE client", "`DROP` is refused"),
        ("TRUNCATE TABLE client", "is refused; only SELECT, INSERT"),
    ],
)
def test_refused_writes_say_why(statement: str, said: str) -> None:
    """What a write may not do is refused before the database is asked, in every engine."""
    for engine in ("sqlite", "duckdb", "postgresql"):
        with pytest.raises(EnforcementError, match=said):
            written(engine, statement)


def test_upserts_are_refused() -> None:
    """A row that is there already is not replaced unseen."""
    for engine in ("sqlite", "duckdb"):
        with pytest.raises(StatementRefusedError, match="`ALTERNATIVE`"):
            written(engine, "INSERT OR REPLACE INTO client (id, branch) VALUES (1, 18)")


def test_deleting_needs_every_column() -> None:
    """Who may not have a column deleted deletes no row."""
    with pytest.raises(AccessDeniedError, match="`delete` on"):
        written("sqlite", "DELETE FROM client", over={"email": DENY})
    assert written("sqlite", "DELETE FROM client").action == "delete"


def test_a_table_with_a_row_id_of_its_own_is_not_changed() -> None:
    """A column that hides the row's id would make a write touch rows that were not meant."""
    seen = view("sqlite", "t", {"RowId": CLEAR, "a": CLEAR})
    with pytest.raises(StatementRefusedError, match="column `rowid` of its own"):
        rewrite_write(
            "DELETE FROM t WHERE a = 1",
            dialect="sqlite",
            views={seen.table: seen},
            write_views={"delete": {seen.table: seen}},
            keys=KEYS,
        )


def test_a_view_of_another_table_is_refused() -> None:
    """What may be written to one table says nothing of another."""
    seen = views("sqlite")
    other = view("sqlite", "account", _WRITABLE)
    with pytest.raises(StatementRefusedError, match="the view for writing"):
        rewrite_write(
            "DELETE FROM client",
            dialect="sqlite",
            views=seen,
            write_views={"delete": {table("sqlite", "client"): other}},
            keys=KEYS,
        )


def test_a_query_is_no_write() -> None:
    """A SELECT has no target, and is not run as a write."""
    seen = views("sqlite")
    assert write_target("SELECT 1", dialect="sqlite", tables=sorted(seen)) is None
    with pytest.raises(StatementRefusedError, match="writes nothing"):
        rewrite_write("SELECT 1", dialect="sqlite", views=seen, write_views={}, keys=KEYS)


def test_targets_and_tables_are_found() -> None:
    """The table written to is told apart from those that are read for it."""
    tables = sorted(views("duckdb"))
    statement = "INSERT INTO client (id) SELECT id FROM account"
    target = write_target(statement, dialect="duckdb", tables=tables)
    assert target == WriteTarget(action="create", table=table("duckdb", "client"))
    assert referenced_tables(statement, dialect="duckdb", tables=tables) == tuple(tables)


def test_conditions_on_rows_hold_for_writes(embedded: Shop) -> None:
    """A row that the writer's condition hides is not changed."""
    embedded.fill()
    engine = embedded.engine
    gold = Comparison(column="segment", comparator=Comparator.EQ, value="gold")
    made = rewrite_write(
        "DELETE FROM client",
        dialect=engine,
        views=views(engine, gold),
        write_views={"delete": {table(engine, "client"): view(engine, "client", _WRITABLE)}},
        keys=KEYS,
    )
    assert not made.returns_rows
    embedded.run(made)
    left = embedded.plain("SELECT count(*) FROM client WHERE branch = 18 AND segment = 'gold'")
    assert left == [(0,)]
    assert embedded.plain("SELECT count(*) FROM client") == [(8,)]
