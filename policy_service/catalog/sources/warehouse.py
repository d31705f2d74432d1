"""Snowflake and BigQuery through their own SQLAlchemy dialects, where installed.

Not run by any test of ours: there is no server of either to start. Nothing is written,
for only `SELECT` is sent; both have no read-only session to hold that against.
"""

from sqlalchemy import URL, Connection, Engine

from policy_service.catalog.sources.kind import Kind
from policy_service.domain.errors import SourceUnreachableError

_PACKAGES = {"snowflake": "`snowflake-sqlalchemy`", "bigquery": "`sqlalchemy-bigquery`"}


class Warehouse(Kind):
    """A hosted warehouse; a schema must be named where the URL names none."""

    has_savepoints = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.package = _PACKAGES[name]

    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """The last part of the path is the schema (BigQuery: the dataset)."""
        schema = asked or (url.database or "").rpartition("/")[2]
        if not schema:
            raise SourceUnreachableError(
                f"`{self.place(url)}` names no schema; name one with `--schema`"
            )
        return schema, schema

    def engine(self, url: URL) -> Engine:
        """Connect as the dialect does by itself."""
        return self._engine(url)

    def restrict(self, connection: Connection) -> None:
        """Neither has a read-only session; give the account no right to write."""

    def reason(self, error: Exception) -> str:
        """Their errors are too many to name."""
        return "it refused or did not answer"
