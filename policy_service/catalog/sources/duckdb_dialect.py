"""SQLAlchemy's face of DuckDB for reading: plain selects, each a transaction of its own.

Not `duckdb-engine`: its reflection asks for parts of PostgreSQL's catalogue that DuckDB 2
has not, and beside torch it makes DuckDB complain on stderr when the process ends.
"""

from typing import cast

from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPIModule

DRIVER = "duckdb+readonly"


class ReadOnlyDuckDb(DefaultDialect):
    """Compiles standard SQL and sends it to the `duckdb` package."""

    name = "duckdb"
    driver = "readonly"
    default_paramstyle = "qmark"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        """Import the driver only when a DuckDB file is opened."""
        import duckdb

        return cast("DBAPIModule", duckdb)

    def do_begin(self, dbapi_connection: DBAPIConnection) -> None:
        """Do nothing: a file that is open for reading does not change."""

    def do_commit(self, dbapi_connection: DBAPIConnection) -> None:
        """Do nothing: DuckDB refuses to end what was not begun."""

    def do_rollback(self, dbapi_connection: DBAPIConnection) -> None:
        """Do nothing: DuckDB refuses to end what was not begun."""


def register() -> None:
    """Make the dialect known to SQLAlchemy under `DRIVER`."""
    registry.register("duckdb.readonly", __name__, ReadOnlyDuckDb.__name__)
