"""PostgreSQL: one read-only, repeatable-read transaction with a statement time-out."""

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine

from policy_service.catalog.sources.kind import (
    CONNECT_TIMEOUT_S,
    SILENT,
    STATEMENT_TIMEOUT_S,
    Kind,
)
from policy_service.catalog.sources.structure import TableStructure, sql_table

# How a refused connection reads: the driver gives no SQLSTATE before there is a session.
_REFUSALS = (
    ("password authentication failed", "the sign-in was refused"),
    ("no password supplied", "it wants a password"),
    ('role "', "the sign-in was refused"),
    ('database "', "there is no such database"),
)
_STATES = {
    "57014": "a query took too long",
    "42501": "the account may not read it",
}
_PARTITIONS = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relispartition
"""
_ROWS = """
    SELECT c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :name
"""
_SEED = 20  # any fixed number: the same table gives the same sample


_PAGE = """
    SELECT c.reltuples / greatest(c.relpages, 1)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :name
"""


class PostgreSql(Kind):
    """A PostgreSQL database; `public` where no schema is named."""

    name = "postgresql"
    package = "`policy-service[service]`"

    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """Every schema is called what it is."""
        return asked or "public", asked or "public"

    def engine(self, url: URL) -> Engine:
        """Connect through psycopg 3."""
        return self._engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )

    def restrict(self, connection: Connection) -> None:
        """Begin the one transaction of the scan."""
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_S * 1000}"))
        # Texts are classified between two statements, which may take a while.
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))

    def structure(self, connection: Connection, schema: str | None) -> dict[str, TableStructure]:
        """Leave partitions out: the partitioned table speaks for them."""
        parts = set(connection.execute(sa.text(_PARTITIONS), {"schema": schema}).scalars())
        found = super().structure(connection, schema)
        return {name: table for name, table in found.items() if name not in parts}

    def estimate(self, connection: Connection, schema: str | None, table: str) -> int | None:
        """Return what the last ANALYZE or VACUUM counted; else what the planner expects."""
        found = connection.execute(sa.text(_ROWS), {"schema": schema, "name": table}).scalar()
        if found is not None and int(found) >= 0:
            return int(found)
        select: sa.Select[str] = sa.select(sa.literal_column("1")).select_from(
            sql_table(schema, table, ())
        )
        told = select.compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {told}").scalar_one()
        return int(plan[0]["Plan"]["Plan Rows"])

    def rows_together(self, connection: Connection, schema: str | None, table: str) -> int:
        """Return the rows of one page."""
        found = connection.execute(sa.text(_PAGE), {"schema": schema, "name": table}).scalar()
        return max(1, int(found or 1))

    def sampled(self, table: sa.FromClause, *, share: float) -> sa.FromClause:
        """Take whole pages by chance, the same ones each time while the table stays as it is."""
        percent = min(100.0, max(share * 100, 0.0001))
        return sa.tablesample(table, sa.func.system(percent), seed=sa.literal(_SEED))

    def reason(self, error: Exception) -> str:
        """Tell a refused sign-in, a missing database, a missing right and a time-out apart."""
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None)
        if state is not None:
            return _STATES.get(state, f"it answered with SQLSTATE {state}")
        told = str(cause)
        if "does not exist" in told or "password" in told:
            return next((reason for word, reason in _REFUSALS if word in told), SILENT)
        return SILENT
