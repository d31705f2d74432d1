"""PostgreSQL's own log, at its most talkative, holds neither a key nor a hidden value."""

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from policy_service.masking.pseudonym import hmac_blocks
from tests.laws.sql_engines import open_probe
from tests.laws.sql_probe_bank import KEYS, Views, canaries, leak_bank

TALKATIVE = (
    "SET log_statement = 'all'",
    "SET log_min_duration_statement = 0",
    "SET log_parameter_max_length = -1",
    "SET log_parameter_max_length_on_error = -1",
    "SET log_error_verbosity = 'verbose'",
    "SET log_min_messages = 'debug1'",
)
STATEMENTS = (
    "SELECT client_id, salary, segment FROM client",
    "SELECT c.client_id, a.iban FROM client c JOIN account a ON a.client_id = c.client_id",
    "SELECT CAST(client_id AS integer) FROM client",
    "SELECT 1 / (account_id - 102) FROM account",
    "SELECT CAST(kind AS date) FROM movement",
    "SELECT name FROM client",
    "SELECT partner FROM movement WHERE client_id = 'x'",
)


@pytest.mark.postgresql
def test_the_servers_log_holds_no_key_and_no_hidden_value(postgresql_server: str) -> None:
    """Statements, parameters, durations and errors are logged, and tell nothing."""
    folder = parse_qs(urlsplit(postgresql_server.replace("{database}", "x")).query)["host"][0]
    log = Path(folder) / "server.log"
    tables = leak_bank()
    with open_probe("postgresql", tables, Views(tables), url=postgresql_server) as probe:
        for setting in TALKATIVE:
            probe.connection.execute(setting)
        before = log.stat().st_size
        refused = [bool(probe.ask(statement).refused) for statement in STATEMENTS]
        told = log.read_bytes()[before:]
    assert refused == [False, False, True, True, True, True, True]
    assert b"ps_keys" in told
    key = KEYS.key("service")
    for secret in (key, *hmac_blocks(key)):
        for written in (
            secret,
            secret.hex().encode(),
            base64.b64encode(secret),
            "".join(f"\\{one:03o}" for one in secret[:8]).encode(),
        ):
            assert written not in told
    assert not {one for one in canaries(tables) if one.encode() in told}
