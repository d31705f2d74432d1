"""Keys for masks in PostgreSQL, out of the sight of statements, parameters, plans and the log.

PostgreSQL logs the values of bind parameters (`log_statement`, `log_min_duration_statement`,
a failing statement), and `auto_explain` logs plans with constants in them. The rows of a
`COPY … FROM STDIN` are neither logged nor shown by `pg_stat_activity`, and a temporary table
is readable by its session alone and not written to the WAL. So the session copies the keys of
one statement into such a table, and the masks read them by a subquery, which is a parameter
of the plan and no constant. The table is dropped with the transaction. It needs the right to
make temporary tables, and a server that is no read-only standby. What stays: a superuser who
reads the server's memory, or the temporary file that the table is kept in.
Source: PostgreSQL 15, "COPY", File Formats, Binary Format.
"""

import struct
from collections.abc import Callable, Mapping

Secret = Callable[[bytes], str]  # keeps a key out of the statement and writes how SQL reads it

KEYS_TABLE = (
    "CREATE TEMPORARY TABLE ps_keys (name text PRIMARY KEY, value bytea NOT NULL) ON COMMIT DROP"
)
KEYS_COPY = "COPY pg_temp.ps_keys (name, value) FROM STDIN (FORMAT binary)"
KEYS_DROP = "DROP TABLE pg_temp.ps_keys"
_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)


def keys_payload(secrets: Mapping[str, bytes]) -> bytes:
    """Write what `KEYS_COPY` is sent, after `KEYS_TABLE` and in the statement's transaction."""
    rows = [
        struct.pack("!h", 2) + b"".join(map(_field, (name.encode(), secrets[name])))
        for name in sorted(secrets)
    ]
    return b"".join([_HEADER, *rows, _TRAILER])


def key_sql(name: str) -> str:
    """Write how SQL reads the key kept under `name`, which is no user's text."""
    return f"(SELECT ps_k.value FROM pg_temp.ps_keys AS ps_k WHERE ps_k.name = '{name}')"  # noqa: S608


def _field(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value
