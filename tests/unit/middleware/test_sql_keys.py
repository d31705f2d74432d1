"""Keys of masks stand nowhere that a statement, its parameters, a plan or a log shows them."""

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from policy_service.masking.pseudonym import hmac_blocks, pseudonym
from policy_service.middleware.postgresql_keys import keys_payload
from policy_service.middleware.sql import RewrittenStatement, rewrite
from tests.unit.middleware.sql_shop import ENGINES, KEYS, STYLES, open_shop, views

_QUERY = "SELECT id, name FROM client WHERE name <> 'x' ORDER BY id"
_LOUD = (
    "SET log_statement = 'all'", "SET log_min_duration_statement = 0", "SET log_duration = on",
    "SET log_parameter_max_length = -1", "SET log_parameter_max_length_on_error = -1",
    "SET debug_print_parse = on", "SET debug_print_rewritten = on", "SET debug_print_plan = on",
    "SET log_error_verbosity = verbose", "SET log_min_messages = debug1",
)  # fmt: skip


def _statement(engine: str) -> RewrittenStatement:
    return rewrite(
        _QUERY, dialect=engine, views=views(engine), keys=KEYS, paramstyle=STYLES[engine]
    )


def _spellings(engine: str) -> list[str]:
    key = KEYS.key("service")
    found = []
    for secret in (key, key.hex().encode(), *hmac_blocks(key)):
        escaped = "".join(chr(one) if 32 <= one < 127 else f"\\{one:03o}" for one in secret)
        found += [secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode(), escaped]
        # debug output writes bytes as signed decimals
        found.append(" ".join(str(one - 256 if one > 127 else one) for one in secret))
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_no_key_stands_in_a_statement(engine: str) -> None:
    """Neither the SQL, nor a parameter, nor the object's own text holds a key."""
    made = _statement(engine)
    shown = f"{made!r} {made.sql} {list(made.parameters.values())!r}"
    assert not [one for one in _spellings(engine) if one in shown]
    assert bool(made.secrets) is (engine == "postgresql")


@pytest.mark.postgresql
def test_no_key_stands_in_the_log(postgresql_url: str) -> None:
    """A server that logs statements, parameters, durations, plans and errors logs no key."""
    folder = Path(parse_qs(urlsplit(postgresql_url).query)["host"][0])
    with open_shop("postgresql", postgresql_url) as shop:
        for setting in _LOUD:
            shop.connection.execute(setting)
        shop.connection.execute("SELECT sha256(%s)", (b"in sight \xff",))  # what a log does show
        made = _statement("postgresql")
        name = pseudonym("Name1", key=KEYS.key("service"))
        assert shop.run(made)[0] == (1, name)
        with pytest.raises(psycopg.errors.UndefinedTable):  # the table is gone again
            shop.connection.execute(made.sql, dict(made.parameters))
        broken = made.sql.replace("ORDER BY", 'AND 1 / (length("client"."name") - 18) = 1 ORDER BY')
        with pytest.raises(psycopg.errors.DivisionByZero), shop.connection.transaction():
            shop.run(
                RewrittenStatement(
                    **{
                        field: broken if field == "sql" else getattr(made, field)
                        for field in made.__dataclass_fields__
                    }
                )
            )
    log = (folder / "server.log").read_text(encoding="utf-8", errors="replace")
    assert b"in sight \xff".hex() in log
    assert "COPY pg_temp.ps_keys" in log
    assert "ps_keys AS ps_k" in log
    assert not [one for one in _spellings("postgresql") if one in log]


def test_the_payload_is_postgresqls_binary_copy() -> None:
    """Names and keys stand in the file format of COPY, sorted, with its header and trailer."""
    made = keys_payload({"k1": b"\x00\xff", "k0": b"x"})
    assert made.startswith(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
    assert made.endswith(b"\xff\xff")
    assert made.index(b"k0") < made.index(b"k1")
    assert b"\x00\x00\x00\x02\x00\xff" in made
