"""SQLAlchemy engines that run nothing but statements rewritten for one subject and purpose.

An engine made here has a pool of its own that holds no connection of the database, only
`middleware.dbapi` in front of guarded ones. So whatever SQLAlchemy offers ends there: the
ORM, Core, `text`, `exec_driver_sql`, `raw_connection`, events and reflection alike. Not
a wall against code that runs in the same process: it may look into any object it reaches.
For services that have SQLAlchemy; nothing else of the middleware imports it.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    false,
    select,
    true,
)
from sqlalchemy import column as light_column
from sqlalchemy import table as light_table
from sqlalchemy.engine import URL, Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect, DefaultExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import Operator, RowFilter
from policy_service.domain.errors import StatementRefusedError, UsageError
from policy_service.domain.identifiers import asset_parts
from policy_service.domain.predicate import EVERY_ROW, columns_of
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.parameters import subject_column
from policy_service.middleware import dbapi
from policy_service.middleware.session import GuardedConnection
from policy_service.middleware.sql_masks import mask_sql
from policy_service.middleware.sql_predicates import predicate_sql

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_DIALECTS = frozenset({"sqlite", "postgresql", "duckdb"})
_LEARNED = ("server_version_info", "default_schema_name", "max_identifier_length")

_NAMELESS = frozenset({"public", "main"})  # schemas that need no name
_MARKED = re.compile("\x01([0-9]+)\x01")
_WriteColumn = Callable[[str], str]
_Bind = Callable[[object], str]
_Write = Callable[[str, _WriteColumn, _Bind], str]

Guard = Callable[[object], GuardedConnection]
"""Binds a connection of the database to a subject and a purpose."""


def guarded_engine(engine: Engine, guard: Guard) -> Engine:
    """Return an engine over `engine` whose every statement goes through `guard`'s connection.

    Make one for each subject and purpose; it is light, and takes connections from
    `engine`'s pool. Columns of masked values come as the mask wrote them, mostly text,
    whatever type the table declares. Raises `UsageError` for a dialect without a rewriter.
    """
    return _engine(engine, guard)


def guarded_async_engine(engine: "AsyncEngine", guard: Guard) -> "AsyncEngine":
    """Return an `AsyncEngine` over `engine`, as `guarded_engine` does."""
    from sqlalchemy.ext.asyncio import AsyncEngine  # brings the ORM with it

    return AsyncEngine(_engine(engine.sync_engine, guard))


def where_clause(view: TableView, table: FromClause) -> ColumnElement[bool]:
    """Return what holds for the rows of `table` that `view` shows: its filters and predicate.

    For a service that builds its own statements instead of having them rewritten: it has
    to put this on every table, and `masked_columns` in the place of columns. Raises
    `StatementRefusedError` where the table lacks a column that the view needs.
    """
    parts: list[ColumnElement[bool]] = [_filter(one, view, table) for one in view.row_filters]
    if view.predicate != EVERY_ROW:
        predicate = view.predicate

        def written(dialect: str, column: _WriteColumn, bind: _Bind) -> str:
            return predicate_sql(predicate, dialect=dialect, column=column, bind=bind)

        names = sorted(columns_of(predicate))
        parts.append(_Written(written, {name: _column(table, name) for name in names}))
    return and_(true(), *parts)


def masked_columns(
    view: TableView, table: FromClause, *, keys: MaskingKeys
) -> tuple[ColumnElement[Any], ...]:
    """Return the readable columns of `table`, masked, under their own names.

    SQLite and DuckDB need the masks registered on the connection. Raises
    `StatementRefusedError` where an operator has no SQL form in the dialect, or needs a key
    that PostgreSQL would log: those need a guarded engine.
    """
    return tuple(
        _masked(one, table, keys)
        for one in view.columns
        if one.control.operator is not Operator.DENY
    )


def _filter(row_filter: RowFilter, view: TableView, table: FromClause) -> ColumnElement[bool]:
    attributes = dict(view.attributes)
    if row_filter.table != view.table:
        raise StatementRefusedError(f"a row filter of `{view.table}` belongs to another table")
    if row_filter.subject_attribute not in attributes:
        return false()
    return _through(row_filter, table, attributes[row_filter.subject_attribute], 0)


def _through(
    row_filter: RowFilter, table: FromClause, value: object, step: int
) -> ColumnElement[bool]:
    if step == len(row_filter.path):
        return _column(table, row_filter.column) == value
    join = row_filter.path[step]
    _, schema, name = asset_parts(join.references_table)
    after = row_filter.path[step + 1].column if step + 1 < len(row_filter.path) else ""
    needed = {join.references_column, after or row_filter.column}
    place = light_table(
        name,
        *(light_column(one) for one in sorted(needed)),
        schema=None if schema in _NAMELESS else schema,
    ).alias()
    inner = select(_column(place, join.references_column)).where(
        _through(row_filter, place, value, step + 1)
    )
    return _column(table, join.column).in_(inner)


def _masked(one: ColumnView, table: FromClause, keys: MaskingKeys) -> ColumnElement[Any]:
    name = asset_parts(one.column)[-1]
    plain = _column(table, name)
    if one.control.operator is Operator.CLEAR:
        return plain.label(name)
    owner = subject_column(one.control)
    read = {name: plain, **({owner: _column(table, owner)} if owner else {})}

    def written(dialect: str, column: _WriteColumn, bind: _Bind) -> str:
        return mask_sql(
            column(name),
            one.control,
            dialect=dialect,
            keys=keys,
            bind=bind,
            sibling=column,
            secret=_unlogged,
        )

    return _Written(written, read).label(name)


def _unlogged(key: bytes) -> NoReturn:
    raise StatementRefusedError(
        "a key would reach PostgreSQL's log; read the column through a guarded engine"
    )


def _column(table: FromClause, name: str) -> ColumnElement[Any]:
    found = table.c.get(name)
    if found is None:
        raise StatementRefusedError(f"the table has no column `{name}`, which its view needs")
    return found


class _Written(FunctionElement[Any]):
    """SQL that is written when the dialect is known, over columns of a table."""

    inherit_cache = False
    name = "policy_service"

    def __init__(self, write: "_Write", columns: Mapping[str, ColumnElement[Any]]) -> None:
        super().__init__(*columns.values())
        self.write = write
        self.read = dict(columns)


@compiles(_Written)
def _compile(element: _Written, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    parts: list[str] = []

    def marked(part: str) -> str:
        parts.append(part)
        return f"\x01{len(parts) - 1}\x01"

    def column(name: str) -> str:
        return marked(compiler.process(element.read[name], **options))

    def bind(value: object) -> str:
        return marked(compiler.process(bindparam(None, value, unique=True), **options))

    sql = element.write(compiler.dialect.name, column, bind)
    if compiler.dialect.paramstyle in ("format", "pyformat"):
        sql = sql.replace("%", "%%")
    return f"({_MARKED.sub(lambda found: parts[int(found[1])], sql)})"


def _engine(engine: Engine, guard: Guard) -> Engine:
    dialect = _guarded_dialect(engine.dialect)

    def creator() -> DBAPIConnection:
        return cast("DBAPIConnection", _PooledConnection(engine, dialect, guard))

    # Made without `create_engine`: its listeners would talk to the driver on connect.
    return Engine(
        NullPool(creator, dialect=dialect),
        dialect,
        _without_password(engine.url),
        hide_parameters=True,
    )


def _without_password(url: URL) -> URL:
    return URL.create(
        url.drivername,
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
    )


class _PooledConnection(dbapi.Connection):
    """A guarded connection that gives the inner one back to its pool when closed."""

    def __init__(self, engine: Engine, dialect: Dialect, guard: Guard) -> None:
        self._pooled = engine.raw_connection()
        try:
            _learn(dialect, engine.dialect)
            super().__init__(guard(self._pooled.dbapi_connection))
        except BaseException:
            self._pooled.close()
            raise

    def close(self) -> None:
        """Take back what was not kept and give the inner connection back."""
        try:
            super().close()
        finally:
            self._pooled.close()


class _UnraisedError(Exception):
    """Refusals reach the caller as they are, and not as SQLAlchemy's errors."""


class _Context(DefaultExecutionContext):
    """Reads masked columns too: what does not fit a column's type comes as it is."""

    def get_result_processor(
        self,
        type_: TypeEngine[Any],
        colname: str,
        coltype: Any,  # noqa: ANN401 - SQLAlchemy's signature
    ) -> Callable[[Any], Any] | None:
        try:
            processor = super().get_result_processor(type_, colname, coltype)
        except InvalidRequestError:  # the driver's type does not fit that of the model
            return None
        if processor is None:
            return None
        process = processor

        def tolerant(value: object) -> object:
            try:
                return process(value)
            except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
                return value

        return tolerant


class _GuardedDialect(DefaultDialect):
    """What of a dialect would reach round the guarded connection, closed; mixed into each."""

    supports_server_side_cursors = False
    supports_native_json_deserialization = True
    has_terminate = False

    def do_begin(self, dbapi_connection: object) -> None:
        """Begin with the first statement."""

    def do_commit(self, dbapi_connection: Any) -> None:  # noqa: ANN401 - PEP 249's
        """Keep what was written."""
        dbapi_connection.commit()

    def do_rollback(self, dbapi_connection: Any) -> None:  # noqa: ANN401 - PEP 249's
        """Take back what was not kept."""
        dbapi_connection.rollback()

    def do_close(self, dbapi_connection: Any) -> None:  # noqa: ANN401 - PEP 249's
        """Give the inner connection back."""
        dbapi_connection.close()

    def do_terminate(self, dbapi_connection: Any) -> None:  # noqa: ANN401 - PEP 249's
        """Give the inner connection back."""
        dbapi_connection.close()

    def is_disconnect(self, e: object, connection: object, cursor: object) -> bool:
        """Leave broken connections to the inner pool."""
        return False

    def get_isolation_level(self, dbapi_connection: object) -> NoReturn:
        """Refuse: settings are the inner engine's."""
        raise UsageError("a guarded engine has no isolation level; set it on the inner engine")

    def set_isolation_level(self, dbapi_connection: object, level: object) -> NoReturn:
        """Refuse: settings are the inner engine's."""
        raise UsageError("a guarded engine has no isolation level; set it on the inner engine")


@lru_cache(maxsize=32)
def _classes(inner: type[Dialect]) -> type[DefaultDialect]:
    if not issubclass(inner, DefaultDialect) or inner.name not in _DIALECTS:
        raise UsageError(
            f"a `{inner.name}` engine cannot be guarded; give one of {', '.join(sorted(_DIALECTS))}"
        )
    context = type(f"Guarded{inner.__name__}Context", (_Context, inner.execution_ctx_cls), {})
    return type(
        f"Guarded{inner.__name__}",
        (_GuardedDialect, inner),
        {"execution_ctx_cls": context, "supports_statement_cache": True},
    )


def _guarded_dialect(inner: Dialect) -> DefaultDialect:
    dialect = _classes(cast("Any", type(inner)))(paramstyle="named")
    dialect.dbapi = cast("Any", SimpleNamespace(Error=_UnraisedError, paramstyle="named"))
    _learn(dialect, inner)
    return dialect


def _learn(dialect: Dialect, inner: Dialect) -> None:
    """Take over what the inner dialect has asked its database on its first connection."""
    for name in _LEARNED:
        if hasattr(inner, name):
            setattr(dialect, name, getattr(inner, name))
