"""SQLAlchemy engines that run nothing but rewritten statements: Core, ORM, sync and async."""

import asyncio
import datetime
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import (
    ForeignKey,
    Numeric,
    create_engine,
    event,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    contains_eager,
    mapped_column,
    relationship,
)
from sqlalchemy.pool import StaticPool

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.errors import EnforcementError, StatementRefusedError, UsageError
from policy_service.domain.identifiers import AssetId
from policy_service.middleware.session import GuardedConnection
from policy_service.middleware.sqlalchemy_sessions import (
    guarded_async_engine,
    guarded_engine,
    masked_columns,
    where_clause,
)
from policy_service.middleware.sqlite_functions import register_masks
from tests.laws.sql_probe_bank import KEYS, Audit, Views, WriteViews, create, leak_bank


class Base(DeclarativeBase):
    pass


class Client(Base):
    __tablename__ = "client"
    client_id: Mapped[int] = mapped_column(primary_key=True)
    salary: Mapped[int]
    district_id: Mapped[int]
    joined: Mapped[datetime.date]
    segment: Mapped[str]


class Account(Base):
    __tablename__ = "account"
    account_id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.client_id"))
    iban: Mapped[str]
    balance = mapped_column(Numeric)
    client: Mapped[Client] = relationship(lazy="raise")


class Movement(Base):
    __tablename__ = "movement"
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int]
    amount: Mapped[int]
    kind: Mapped[str]


def guard(schema: str = "public", *, writes: bool = False) -> Callable[[object], GuardedConnection]:
    """Bind connections to a teller."""
    tables = leak_bank(schema=schema)

    def bind(connection: object) -> GuardedConnection:
        return GuardedConnection(
            connection,
            views=Views(tables),
            writes=WriteViews(tables) if writes else None,
            audit=Audit(),
            keys=KEYS,
            subject="teller-7",
            purpose="service",
            tables=[table.id for table in tables],
        )

    return bind


def _fill(connection: Any, mark: str = "?") -> None:
    with closing(connection.cursor()) as cursor:
        for statement, rows in create(leak_bank()):
            if rows:
                cursor.executemany(statement.replace("?", mark), rows)
            elif not statement.startswith("INSERT"):
                cursor.execute(statement)
    connection.commit()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def inner(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The probe bank behind an engine of SQLAlchemy."""
    if request.param == "sqlite":
        engine = create_engine("sqlite://", poolclass=StaticPool)
    else:
        engine = create_engine(request.getfixturevalue("postgresql_url"))
    with closing(engine.raw_connection()) as connection:
        _fill(connection, "?" if request.param == "sqlite" else "%s")
    yield engine
    engine.dispose()


def test_the_orm_loads_masked_entities(inner: Engine) -> None:
    """Masked text comes through columns that the model declares as numbers and dates."""
    with Session(guarded_engine(inner, guard())) as session:
        clients = session.scalars(select(Client).order_by(Client.joined).limit(2)).all()
        assert [one.joined for one in clients] == ["1990", "1991"]
        assert str(clients[0].client_id).startswith("p_")
        assert str(clients[0].salary).startswith("[73")
        joined = select(Account).join(Account.client).options(contains_eager(Account.client))
        accounts = session.scalars(joined).all()
        assert len(accounts) == 12
        assert {one.client.client_id for one in accounts} == {one.client_id for one in accounts}
        assert {one.balance for one in accounts} == {None}


def test_core_statements_see_masked_values(inner: Engine) -> None:
    """Conditions, groups, lists and parameters run over what the teller may see."""
    with guarded_engine(inner, guard()).connect() as connection:
        counted = select(Client.segment, func.count()).group_by(Client.segment)
        assert sorted(connection.execute(counted).all()) == [("basic", 2), ("gold", 4)]
        listed = select(Account.account_id).where(Account.account_id.in_([102, 104, 999]))
        assert sorted(connection.execute(listed).scalars()) == [102, 104]
        assert connection.execute(select(Account).where(Account.account_id.in_([]))).all() == []
        asked = text("SELECT count(*) FROM client WHERE segment = :s").bindparams(s="gold")
        assert connection.execute(asked).scalar() == 4
        assert connection.execute(select(literal(1))).scalar() == 1
        assert connection.exec_driver_sql("SELECT kind FROM movement").fetchall()


def test_no_way_leads_round_the_guard(inner: Engine) -> None:
    """Driver SQL, raw cursors, events, reflection, savepoints and writes end at the guard."""
    guarded = guarded_engine(inner, guard())

    @event.listens_for(guarded, "before_cursor_execute", retval=True)
    def change(conn, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        return statement.replace("harmless", "name"), parameters

    ways: list[Callable[[Any], object]] = [
        lambda one: one.exec_driver_sql("SELECT name FROM client"),
        lambda one: one.execute(text("SELECT harmless FROM client")),
        lambda one: one.connection.dbapi_connection.cursor().execute("SELECT pin FROM vault"),
        lambda one: one.connection.cursor().execute("SELECT mayor FROM district"),
        lambda one: one.connection.driver_connection.cursor().execute("SELECT note FROM movement"),
        lambda one: inspect(one).get_table_names(),
        lambda one: one.begin_nested(),
        lambda one: one.execute(text("DELETE FROM movement")),
        lambda one: one.execute(text("SELECT name FROM client"), {}).all(),
        lambda one: one.execution_options(stream_results=True).execute(select(text("pin"))),
    ]
    with guarded.connect() as connection:
        for way in ways:
            with pytest.raises(EnforcementError) as caught:
                way(connection)
            assert "CANARY" not in repr(caught.value)
            connection.rollback()
        for setting in (
            lambda: connection.execution_options(isolation_level="AUTOCOMMIT"),
            connection.get_isolation_level,
        ):
            with pytest.raises(UsageError, match="inner engine"):
                setting()
    with closing(guarded.raw_connection()) as raw, pytest.raises(StatementRefusedError):
        raw.cursor().execute("SELECT name FROM client")


def test_the_orm_writes_where_the_session_may(inner: Engine) -> None:
    """A flush is refused in a reading session, and kept or taken back in a writing one."""
    with Session(guarded_engine(inner, guard())) as session:
        session.add(Movement(movement_id=91, account_id=101, amount=5, kind="card"))
        with pytest.raises(StatementRefusedError, match="`INSERT` is refused"):
            session.flush()
    writing = guarded_engine(inner, guard(writes=True))
    with Session(writing) as session:
        session.add(Movement(movement_id=92, account_id=101, amount=5, kind="card"))
        session.flush()
        session.rollback()
        session.add(Movement(movement_id=93, account_id=101, amount=5, kind="card"))
        session.commit()
        session.add(Movement(movement_id=94, account_id=101, amount=5000, kind="card"))
        with pytest.raises(StatementRefusedError):
            session.commit()
    found = text("SELECT movement_id FROM movement WHERE movement_id > 90")
    with inner.connect() as connection:
        assert connection.execute(found).scalars().all() == [93]


def test_connections_go_back_to_the_inner_pool(inner: Engine) -> None:
    """Closing a guarded connection gives the inner one back, also when binding it fails."""

    def broken(connection: object) -> GuardedConnection:
        raise UsageError("no binding")

    with guarded_engine(inner, guard()).connect() as connection:
        connection.execute(select(literal(1)))
    with pytest.raises(UsageError, match="no binding"):
        guarded_engine(inner, broken).connect()
    status = getattr(inner.pool, "checkedout", lambda: 0)
    assert status() == 0


def test_async_sessions_read_masked_values_too() -> None:
    """An async engine over aiosqlite is guarded like a plain one."""

    async def run() -> None:
        engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
        async with engine.connect() as connection:
            await connection.run_sync(lambda one: _fill(one.connection))
        await _reads(guarded_async_engine(engine, guard()))
        await engine.dispose()

    asyncio.run(run())


@pytest.mark.postgresql
def test_async_sessions_read_postgresql(postgresql_url: str) -> None:
    """An async engine over psycopg is guarded like a plain one."""

    async def run() -> None:
        engine = create_async_engine(postgresql_url)
        async with engine.connect() as connection:
            await connection.run_sync(lambda one: _fill(one.connection, "%s"))
        await _reads(guarded_async_engine(engine, guard()))
        await engine.dispose()

    asyncio.run(run())


async def _reads(guarded: Any) -> None:
    async with AsyncSession(guarded) as session:
        clients = (await session.scalars(select(Client).order_by(Client.joined))).all()
        assert [one.joined for one in clients][:2] == ["1990", "1991"]
        with pytest.raises(StatementRefusedError, match="`mayor` of `district`"):
            await session.execute(text("SELECT mayor FROM district"))


def test_other_databases_have_no_guarded_engine() -> None:
    """A dialect without a rewriter is refused at once."""
    engine = create_engine("mysql+pymysql://nobody@127.0.0.1/none")
    with pytest.raises(UsageError, match="`mysql` engine cannot be guarded"):
        guarded_engine(engine, guard())


def test_the_guarded_engine_holds_no_password() -> None:
    """The URL of a guarded engine has lost its password."""
    engine = create_engine("postgresql+psycopg://somebody:secret@127.0.0.1/none")
    assert guarded_engine(engine, guard()).url.password is None


def test_a_views_filter_and_masks_are_expressions(inner: Engine) -> None:
    """Filters, predicates and masks of a view select what a guarded engine answers."""
    views = {table.name: Views(leak_bank()).view("t", table.id, "p") for table in leak_bank()}
    guarded = guarded_engine(inner, guard())
    with inner.connect() as plain, guarded.connect() as answers:
        _register(plain)
        for model in (Account, Client, Movement):
            table = model.__table__
            view = views[table.name]
            shown = [one for one in _columns(view, inner.dialect.name) if one in table.c]
            columns = masked_columns(_only(view, shown), table, keys=KEYS)
            found = plain.execute(select(*columns).where(where_clause(view, table))).all()
            expected = answers.execute(select(*(table.c[one] for one in shown))).all()
            assert sorted(map(repr, found)) == sorted(map(repr, expected))
            assert found


def test_a_subject_without_the_attribute_matches_no_row() -> None:
    """Without the attribute, or with a filter of another table, nothing is selected."""
    account = next(table for table in leak_bank() if table.name == "account")
    view = account.view(())
    assert "false" in str(where_clause(view, Account.__table__)).lower()
    with pytest.raises(StatementRefusedError, match="belongs to another table"):
        where_clause(replace(view, table=AssetId("bank.public.client")), Account.__table__)
    movement = next(table for table in leak_bank() if table.name == "movement")
    with pytest.raises(StatementRefusedError, match="has no column `amount`"):
        where_clause(movement.view(()), Account.__table__)


def test_keys_are_never_bound_in_postgresql() -> None:
    """A mask with a key is refused outside a guarded engine, where the server would log it."""
    client = next(table for table in leak_bank() if table.name == "client")
    columns = masked_columns(_only(client.view(()), ["client_id"]), Client.__table__, keys=KEYS)
    with pytest.raises(StatementRefusedError, match="would reach PostgreSQL's log"):
        select(*columns).compile(dialect=postgresql.dialect())


def _only(view: TableView, names: list[str]) -> TableView:
    kept = tuple(one for one in view.columns if one.column.rpartition(".")[2] in names)
    return replace(view, columns=kept)


def _columns(view: TableView, dialect: str) -> list[str]:
    keyed = () if dialect == "sqlite" else (Operator.PSEUDONYMISE,)
    return [
        one.column.rpartition(".")[2]
        for one in view.columns
        if one.control.operator not in (Operator.DENY, *keyed)
    ]


def _register(connection: Any) -> None:
    driver = connection.connection.dbapi_connection
    if isinstance(driver, sqlite3.Connection):
        register_masks(driver, keys=KEYS)
