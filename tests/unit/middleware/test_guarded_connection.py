"""A guarded connection audits first, reads only, and refuses what it cannot enforce."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.control import DENY
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    AccessDeniedError,
    EnforcementError,
    StatementRefusedError,
)
from policy_service.domain.identifiers import AssetId
from policy_service.middleware.session import GuardedConnection
from tests.laws.sql_probe_bank import KEYS, Audit, Table, Views, bank, create


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """The probe bank in SQLite."""
    with closing(sqlite3.connect(":memory:")) as made:
        for statement, rows in create(bank()):
            if rows:
                made.executemany(statement, rows)
            else:
                made.execute(statement)
        made.commit()
        yield made


def guard(connection: object, audit: object = None, views: object = None) -> GuardedConnection:
    """Bind a connection to a teller."""
    return GuardedConnection(
        connection,
        views=views or Views(bank()),
        audit=audit or Audit(),
        keys=KEYS,
        subject="teller-7",
        purpose="service",
        tables=[table.id for table in bank()],
    )


def test_every_read_is_audited_without_values(connection: sqlite3.Connection) -> None:
    """The entry names subject, purpose, tables, columns and revision, and holds no value."""
    audit = Audit()
    guard(connection, audit).query("SELECT segment, salary FROM client WHERE segment = 'gold'")
    (event,) = audit.events
    assert (event.kind, event.actor) == ("query", "teller-7")
    assert event.details["purpose"] == "service"
    assert event.details["tables"] == ("bank.public.client",)
    assert event.details["columns"] == ("bank.public.client.salary", "bank.public.client.segment")
    assert event.details["masked"] == ("bank.public.client.salary",)
    assert event.details["revision"] == 3
    assert "gold" not in repr(event)


def test_refusals_are_audited_too(connection: sqlite3.Connection) -> None:
    """A refused statement leaves an entry with the reason."""
    audit = Audit()
    with pytest.raises(StatementRefusedError):
        guard(connection, audit).query("SELECT name FROM client")
    assert [(one.kind, one.details["reason"]) for one in audit.events] == [
        ("statement_refused", "no_matching_rule")
    ]


class _Full:
    def record(self, event: AuditEvent) -> None:
        raise OSError("disk full")


@pytest.mark.parametrize("statement", ["SELECT segment FROM client", "SELECT name FROM client"])
def test_no_audit_no_rows(connection: sqlite3.Connection, statement: str) -> None:
    """Where the audit log does not take the entry, nothing is run."""
    ran: list[str] = []
    guarded = guard(connection, _Full())
    connection.set_trace_callback(ran.append)
    with pytest.raises(AccessDeniedError) as caught:
        guarded.query(statement)
    assert caught.value.reason is DenyReason.AUDIT_FAILURE
    assert ran == []


def test_connection_is_writable_again_afterwards(connection: sqlite3.Connection) -> None:
    """The read-only state ends with the read, also after an error of the database."""
    guarded = guard(connection)
    guarded.query("SELECT 1 AS one FROM client")
    with pytest.raises(StatementRefusedError):
        guarded.query("SELECT substr() FROM client")
    connection.execute("INSERT INTO vault VALUES ('x')")
    connection.rollback()


def test_database_errors_carry_no_values(connection: sqlite3.Connection) -> None:
    """A database's error reaches the caller as a code, without cause or context."""
    connection.execute("DROP TABLE client")
    with pytest.raises(StatementRefusedError, match="OperationalError") as caught:
        guard(connection).query("SELECT segment FROM client")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("statement", "params"),
    [
        ("SELECT segment FROM client WHERE segment = :s", None),
        ("SELECT segment FROM client", {"s": 1}),
        ("SELECT segment FROM client WHERE segment = ?", None),
        ("SELECT segment FROM client WHERE segment = :ps_0", {"ps_0": 1}),
    ],
)
def test_parameters_are_named_and_complete(
    connection: sqlite3.Connection, statement: str, params: dict[str, object] | None
) -> None:
    """Missing, surplus, positional and reserved parameters are refused."""
    with pytest.raises(StatementRefusedError, match="parameters"):
        guard(connection).query(statement, params)


def test_missing_attribute_shows_no_row(connection: sqlite3.Connection) -> None:
    """A subject without the attribute of a row filter sees no row."""
    guarded = guard(connection, views=Views(bank(), attributes=()))
    assert guarded.query("SELECT segment FROM client").rows == ()
    assert guarded.query("SELECT count(*) AS n FROM account").rows == ((0,),)


def test_decision_point_that_fails_or_mixes_up_denies(connection: sqlite3.Connection) -> None:
    """An error of the decision point, or an answer for another table, runs nothing."""

    class Broken(Views):
        def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
            raise RuntimeError("down")

    class Mixed(Views):
        def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
            return replace(super().view(subject, table, purpose), table=AssetId("x.y.z"))

    for views in (Broken(bank()), Mixed(bank())):
        with pytest.raises(AccessDeniedError) as caught:
            guard(connection, views=views).query("SELECT segment FROM client")
        assert caught.value.reason is DenyReason.INTERNAL_ERROR


def test_table_without_readable_column_is_denied(connection: sqlite3.Connection) -> None:
    """Not even rows are counted in a table of which no column may be read."""
    with pytest.raises(AccessDeniedError, match="`vault` may not be read"):
        guard(connection).query("SELECT count(*) FROM vault")


def test_a_denied_column_is_named_in_the_refusal(connection: sqlite3.Connection) -> None:
    """The refusal tells which column of which table may not be read."""
    with pytest.raises(StatementRefusedError, match="column `name` of `client` may not be read"):
        guard(connection).query("SELECT name FROM client")


def test_names_keep_the_spelling_of_the_database(connection: sqlite3.Connection) -> None:
    """Plain columns come back under the names the table gives them."""
    answer = guard(connection).query("SELECT a1, A2 FROM district ORDER BY a1")
    assert answer.columns == ("A1", "A2")
    assert answer.frame().to_dicts() == [{"A1": 1, "A2": "Praha"}, {"A1": 18, "A2": "Brno"}]


def test_guards_a_connection_of_sqlalchemy() -> None:
    """A SQLAlchemy connection is guarded like the one it wraps."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE district (A1 integer, A2 text, mayor text)"))
        connection.execute(text("INSERT INTO district VALUES (1, 'Praha', 'CANARY')"))
        assert guard(connection).query("SELECT * FROM district").rows == ((1, "Praha"),)
    engine.dispose()


def test_unknown_connections_and_mixed_sources_are_refused() -> None:
    """What is no supported connection, or holds two sources, is refused at once."""
    with pytest.raises(StatementRefusedError, match="cannot be guarded"):
        guard(object())
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(StatementRefusedError, match="one source"),
    ):
        GuardedConnection(
            connection,
            views=Views(bank()),
            audit=Audit(),
            keys=KEYS,
            subject="s",
            purpose="p",
            tables=[AssetId("a.public.t"), AssetId("b.public.t")],
        )


def test_filter_of_another_table_is_refused(connection: sqlite3.Connection) -> None:
    """A view whose row filter belongs to another table is not enforced in part."""
    tables = [
        replace(one, row_filters=bank()[0].row_filters) if one.name == "district" else one
        for one in bank()
    ]
    with pytest.raises(StatementRefusedError, match="belongs to another table"):
        guard(connection, views=Views(tables)).query('SELECT "A2" FROM district')


def test_quoted_names_cannot_break_out() -> None:
    """Table and column names with quotes in them are quoted, never run."""
    odd = 'a"b'
    table = Table(odd, {'c"d': ("text", bank()[0].columns["email"][1])}, (("x",),), frozenset({0}))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE "a""b" ("c""d" text)')
        connection.execute('INSERT INTO "a""b" VALUES (?)', ("CANARY",))
        guarded = GuardedConnection(
            connection,
            views=Views([table]),
            audit=Audit(),
            keys=KEYS,
            subject="s",
            purpose="service",
            tables=[table.id],
        )
        assert guarded.query('SELECT "c""d" FROM "a""b"').rows == (("[redacted]",),)
        assert DENY not in [chosen for _, chosen in table.columns.values()]


def test_text_that_is_no_utf8_stays_in_the_database(connection: sqlite3.Connection) -> None:
    """The driver's error names the broken text; the caller's error does not."""
    connection.execute("UPDATE district SET A2 = CAST(x'43414e415259ff' AS text)")
    with pytest.raises(StatementRefusedError) as caught:
        guard(connection).query('SELECT "A2" FROM district')
    assert "CANARY" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "NOT " * 15_000 + "1",
        "SELECT 1" + " + 1" * 20_000,
        "SELECT '" + "x" * 200_000 + "'",
    ],
    ids=["parentheses", "nots", "sum", "long"],
)
def test_deep_statements_are_refused_or_run(connection: sqlite3.Connection, statement: str) -> None:
    """A statement nested beyond reason ends in a refusal, not in a crash."""
    with contextlib.suppress(EnforcementError):
        guard(connection).query(statement)
