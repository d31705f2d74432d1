"""A small bank in any engine, with what a teller of branch 18 may see and write of it.

Not a test: those of the rewriter run on it, without a session.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import psycopg

from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, DENY, Control, Operator, RowFilter
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId, asset_id
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import EVERY_ROW, Predicate
from policy_service.middleware.duckdb_functions import register_duckdb_masks
from policy_service.middleware.postgresql_keys import (
    KEYS_COPY,
    KEYS_DROP,
    KEYS_TABLE,
    keys_payload,
)
from policy_service.middleware.sql import RewrittenStatement
from policy_service.middleware.sqlite_functions import register_masks

ENGINES = ("sqlite", "duckdb", "postgresql")
SCHEMAS = {"sqlite": "public", "duckdb": "main", "postgresql": "public"}
STYLES = {"sqlite": "named", "duckdb": "named", "postgresql": "pyformat"}
_MARKS = {"sqlite": "?", "duckdb": "?", "postgresql": "%s"}


class Keys:
    """Keys by name, always there."""

    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CLIENT: Mapping[str, Control] = {
    "id": CLEAR,
    "name": control("pseudonymise", key="service"),
    "email": DENY,
    "salary": control("bucket", width=1000),
    "branch": CLEAR,
    "segment": CLEAR,
    "joined": CLEAR,
}
ACCOUNT: Mapping[str, Control] = dict.fromkeys(("account", "id", "balance", "opened"), CLEAR)
_DDL = (
    "CREATE TABLE client (id integer, name varchar(30), email varchar(30), salary integer, "
    "branch integer, segment varchar(20), joined date)",
    "CREATE TABLE account (account integer, id integer, balance double precision, opened date)",
)
CLIENTS = [
    (n, f"Name{n}", f"E{n}@x.org", 1000 + n * 777, 18 if n % 2 else 1,
     "gold" if n % 3 else "basic", f"2020-0{n % 9 + 1}-11")
    for n in range(1, 13)
]  # fmt: skip
ACCOUNTS = [(100 + n, n % 12 + 1, n * 10.5, f"2021-0{n % 9 + 1}-01") for n in range(1, 25)]


def table(engine: str, name: str) -> AssetId:
    """Name a table as the catalogue does."""
    return asset_id("bank", SCHEMAS[engine], name)


def view(
    engine: str,
    name: str,
    controls: Mapping[str, Control],
    *,
    by_branch: bool = False,
    predicate: Predicate = EVERY_ROW,
) -> TableView:
    """Say what may be seen of a table, or written to it."""
    asset = table(engine, name)
    one = RowFilter(table=asset, column="branch", subject_attribute="branch")
    return TableView(
        table=asset,
        purpose=Purpose("service"),
        columns=tuple(
            ColumnView(column=AssetId(f"{asset}.{column}"), control=chosen, rules=(RuleId("R1"),))
            for column, chosen in controls.items()
        ),
        row_filters=(one,) if by_branch else (),
        attributes=(("branch", 18),),
        revision=Revision(4),
        predicate=predicate,
    )


def views(engine: str, predicate: Predicate = EVERY_ROW) -> dict[AssetId, TableView]:
    """What the teller reads: clients of the own branch, every account."""
    both = (
        view(engine, "client", CLIENT, by_branch=True, predicate=predicate),
        view(engine, "account", ACCOUNT),
    )
    return {one.table: one for one in both}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One engine with the bank in it."""

    engine: str
    connection: Any

    def plain(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the database itself."""
        return list(self.connection.execute(sql).fetchall())

    def fill(self) -> None:
        """Put the bank there, as new."""
        for name in ("client", "account"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _DDL:
            self.connection.execute(statement)
        for name, rows in (("client", CLIENTS), ("account", ACCOUNTS)):
            marks = ", ".join([_MARKS[self.engine]] * len(rows[0]))
            self.connection.cursor().executemany(f"INSERT INTO {name} VALUES ({marks})", rows)

    def run(
        self, statement: RewrittenStatement, given: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        """Run what the rewriter made; nothing of the answer where it gives no rows."""
        bound = {**(given or {}), **statement.parameters}
        if self.engine != "postgresql":
            answer = self.connection.execute(statement.sql, bound)
            return list(answer.fetchall()) if statement.returns_rows else []
        with self.connection.transaction():
            if statement.secrets:
                self.connection.execute(KEYS_TABLE)
                with self.connection.cursor() as cursor, cursor.copy(KEYS_COPY) as copy:
                    copy.write(keys_payload(statement.secrets))
            answer = self.connection.execute(statement.sql, bound)
            rows = list(answer.fetchall()) if statement.returns_rows else []
            if statement.secrets:
                self.connection.execute(KEYS_DROP)
            return rows


@contextmanager
def open_shop(engine: str, url: str = "") -> Iterator[Shop]:
    """Open an engine; `url` is that of a PostgreSQL database of one's own."""
    connection: Any
    if engine == "sqlite":
        connection = sqlite3.connect(":memory:", isolation_level=None)
        register_masks(connection, keys=KEYS)
    elif engine == "duckdb":
        connection = duckdb.connect()
        register_duckdb_masks(connection, keys=KEYS)
    else:
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        connection = psycopg.connect(plain, autocommit=True, prepare_threshold=None)
    try:
        shop = Shop(engine=engine, connection=connection)
        shop.fill()
        yield shop
    finally:
        connection.close()


def rounded(rows: Sequence[Sequence[object]]) -> list[str]:
    """Write rows so that they can be compared whatever their order."""
    return sorted(
        repr(tuple(round(one, 9) if isinstance(one, float) else one for one in row)) for row in rows
    )
