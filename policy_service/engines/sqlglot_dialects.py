"""The dialects that are rewritten: how each folds names, and reading and writing its statements.

A statement that comes back from `parsed` is one statement of plain text; whether its syntax
is accepted is for `sqlglot_grammar` to say.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser

from policy_service.domain.errors import StatementRefusedError

DIALECTS = ("sqlite", "postgresql", "duckdb")
# What tells a row of a table from the others; in PostgreSQL a table may be several.
ROW_IDS: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("rowid",),
    "postgresql": ("tableoid", "ctid"),
    "duckdb": ("rowid",),
}
# Ends a subquery so that no condition of the statement around it runs on its rows' way.
FENCES: Mapping[str, str] = {
    "sqlite": "LIMIT -1 OFFSET 0",
    "postgresql": "OFFSET 0",
    "duckdb": "OFFSET 0",
}
_RAISES: Mapping[str, str] = {
    "sqlite": "CASE WHEN {} THEN 1 ELSE ps_refuse() END",
    # With an SQLSTATE (2203A) that no function which statements may name can raise. The
    # condition stands inside the argument, as a constant call would fail when it is planned.
    "postgresql": (
        "pg_catalog.jsonb_path_query_first(CASE WHEN {} THEN '{{\"ps_row\": 1}}'::jsonb "
        "ELSE '{{}}'::jsonb END, 'strict $.ps_row') IS NOT NULL"
    ),
    "duckdb": "CASE WHEN {} THEN TRUE ELSE CAST(error('ps_refuse') AS BOOLEAN) END",
}
_FOLDS_QUOTED = frozenset({"sqlite", "duckdb"})  # compare names without case, quoted or not
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST = 100_000  # characters; parsing is recursive
_MARK = "\x01"
_Part = TypeVar("_Part")
_PARAMETER = re.compile(f"{_MARK}(\\w+){_MARK}")


@cache  # the parser's dialects take a while to load
def language(dialect: str) -> type[Dialect]:
    """Return the parser's dialect, without the functions that it would write otherwise.

    `date_part` is no `extract` in PostgreSQL: they differ in the type of their answer.
    """
    if dialect == "sqlite":
        return _sqlite()
    if dialect == "postgresql":
        return _postgresql()
    from sqlglot.dialects.duckdb import DuckDB

    return DuckDB


def _sqlite() -> type[Dialect]:
    from sqlglot.dialects.sqlite import SQLite

    types = dict(SQLite.Generator.TYPE_MAPPING)
    types.pop(exp.DataType.Type.DECIMAL, None)  # as REAL, whole numbers would become fractions

    class GuardedSQLite(SQLite):
        Parser = _changed(SQLite.Parser, _without(SQLite.Parser, "MOD", "STRFTIME"))
        Generator = _changed(SQLite.Generator, {"TYPE_MAPPING": types})

    return GuardedSQLite


def _postgresql() -> type[Dialect]:
    from sqlglot.dialects.postgres import Postgres

    class GuardedPostgres(Postgres):
        Parser = _changed(Postgres.Parser, _without(Postgres.Parser, "DATE_PART", "LOG10"))

    return GuardedPostgres


def _changed(part: type[_Part], tables: dict[str, object]) -> type[_Part]:
    return cast("type[_Part]", type(part.__name__, (part,), tables))


def _without(parser: type[Parser], *names: str) -> dict[str, object]:
    """Return the parser's tables without some functions, which it then takes as they stand."""
    tables = {"FUNCTIONS": parser.FUNCTIONS, "FUNCTION_PARSERS": parser.FUNCTION_PARSERS}
    return {
        table: {name: read for name, read in entries.items() if name not in names}
        for table, entries in tables.items()
    }


_quiet: ContextVar[bool] = ContextVar("sqlglot_quiet", default=False)
# The parser writes statements into its warnings, and a statement may hold personal data.
logging.getLogger("sqlglot").addFilter(lambda _: not _quiet.get())


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what the parser would log of a statement to itself."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def parsed(statement: str, *, dialect: str) -> exp.Expr:
    """Parse exactly one statement. Raises `StatementRefusedError` without its text."""
    if dialect not in DIALECTS:
        raise StatementRefusedError(
            f"dialect `{dialect}` is not supported; use {', '.join(DIALECTS)}"
        )
    if _CONTROL_CHARACTERS.search(statement) or len(statement) > _LONGEST:
        raise StatementRefusedError(
            f"a statement must be plain text of at most {_LONGEST} characters; use parameters"
        )
    try:
        with quietly():
            found = [one for one in sqlglot.parse(statement, dialect=language(dialect)) if one]
    except Exception as error:  # the parser also fails by assertions
        raise StatementRefusedError("the statement cannot be parsed; check its syntax") from error
    if len(found) != 1:
        raise StatementRefusedError(f"exactly one statement is run at a time, not {len(found)}")
    return found[0]


def fold(name: str, *, dialect: str) -> str:
    """Fold a table or column name as the database compares it when it is stored under `name`."""
    return name.lower() if dialect in _FOLDS_QUOTED else name


def folded(name: exp.Expr | None, *, dialect: str) -> str:
    """Fold an identifier as the statement names it; empty where there is none."""
    if not isinstance(name, exp.Identifier):
        return ""
    return name.name if name.quoted and dialect not in _FOLDS_QUOTED else name.name.lower()


def keeps_spelling(dialect: str) -> bool:
    """Tell whether answers spell columns as they are stored, however they are asked for."""
    return dialect in _FOLDS_QUOTED


def holds_or_raises(condition: str, *, dialect: str) -> str:
    """Write a condition that makes the database refuse the whole statement where it fails."""
    return _RAISES[dialect].format(condition)


def quoted(name: str) -> str:
    """Quote an identifier. Source: SQL-92, delimited identifiers."""
    return '"' + name.replace('"', '""') + '"'


def parameter(name: str) -> str:
    """Write a bind parameter for use inside SQL that `written` finishes."""
    return f"{_MARK}{name}{_MARK}"


def sql_of(expression: exp.Expr, *, dialect: str) -> str:
    """Write a part of a statement, its parameters still marked."""
    for placeholder in list(expression.find_all(exp.Placeholder)):
        name = exp.Var(this=parameter(placeholder.this))
        if placeholder is expression:
            expression = name
        else:
            placeholder.replace(name)
    try:
        with quietly():
            return expression.sql(dialect=language(dialect), comments=False, identify=True)
    except (SqlglotError, RecursionError) as error:
        raise StatementRefusedError("the statement cannot be written; simplify it") from error


def written(sql: str, *, dialect: str, paramstyle: str) -> str:
    """Finish SQL: `named` writes `:x`, or what the dialect has for it, and `pyformat` `%(x)s`."""
    if paramstyle == "pyformat":
        return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
    return _PARAMETER.sub(r"$\1" if dialect == "duckdb" else r":\1", sql)
