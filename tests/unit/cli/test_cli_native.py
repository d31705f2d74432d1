"""`publish --to postgresql` and `verify-native` on a real server."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from policy_service.app import build_platform, close_platform
from policy_service.publication.signing import sign_bundle
from policy_service.settings import Settings
from policy_service.storage import bundles, sources
from policy_service.workflows.people import replace_people
from policy_service.workflows.sealing import seal
from tests.builders import make_bundle, make_catalog, make_directory
from tests.fixtures.command_line import CommandLine, in_process

pytestmark = pytest.mark.postgresql
TO = ("publish", "--to", "postgresql", "--url")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a live policy, its catalogue and people, made without scanning or drafting."""
    home = tmp_path_factory.mktemp("native") / "home"
    platform = build_platform(Settings(home=home))
    bundle = make_bundle(issued_at=datetime.now(UTC))
    address = seal(platform.keyring, "sqlite:///bank.db", owner="bank")
    source = sources.StoredSource(
        name="bank", sealed_url=address, schema=None, added_at="2026-03-02T11:00:00Z"
    )
    with platform.database.write() as session:
        sources.save_source(session, source)
        sources.save_catalog(session, make_catalog())
        bundles.add_bundle(session, sign_bundle(bundle, signer=platform.signer))
    replace_people(platform, make_directory().people, actor="author")
    close_platform(platform)
    return home


@pytest.fixture
def run(
    published: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """Run commands on a copy of the home."""
    shutil.copytree(published, tmp_path / "home")
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return in_process(monkeypatch, capsys)


@pytest.fixture
def url(postgresql_server: str) -> Iterator[str]:
    """A database with the tables of the catalogue, and one login; roles are taken away after."""
    name = f"c_{uuid4().hex[:8]}"
    admin = postgresql_server.format(database="postgres").replace("+psycopg", "")
    made = postgresql_server.format(database=name).replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute('CREATE ROLE "teller-1" LOGIN NOINHERIT')
    with psycopg.connect(made, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE clients (client_id int, birth_number text, email text, district_id int)"
        )
        connection.execute(
            "INSERT INTO clients SELECT n, '700101/000' || n, 'c' || n || '@example.test', "
            "1 + n % 2 FROM generate_series(1, 8) AS n"
        )
        connection.execute("CREATE TABLE accounts (account_id int, balance numeric)")
        connection.execute("INSERT INTO accounts VALUES (1, 12.5)")
    yield made
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute('DROP ROLE "teller-1"')


def test_a_database_enforces_the_live_policy_by_itself(run: CommandLine, url: str) -> None:
    """Shown dry, applied, verified as each role, idempotent, undone; all of it is recorded."""
    dry = run(*TO, url, "--people", "--keys-in-database", "--dry-run", "--json").json
    assert dry["applied"] is False
    assert {one["step"] for one in dry["changes"]} == {"make"}
    early = run("verify-native", "--url", url, "--people", "--keys-in-database")
    assert early.exit_code == 4
    assert "publish to it first" in early.line
    applied = run(*TO, url, "--people", "--keys-in-database")
    assert applied.exit_code == 0, applied.err
    assert f"changed {len(dry['changes'])} objects" in applied.out
    assert "no login of the database" in applied.err
    assert "nothing to change" in run(*TO, url, "--people", "--keys-in-database").out
    with psycopg.connect(url.replace("tester@", "teller-1@"), autocommit=True) as teller:
        teller.execute("SET ROLE ps_bank_teller_essential_service")
        rows = teller.execute(
            "SELECT district_id FROM ps_bank_teller_essential_service.clients"
        ).fetchall()
    assert rows == [(1,)] * 4
    verified = run("verify-native", "--url", url, "--people", "--keys-in-database", "--json")
    assert verified.exit_code == 0, verified.err
    assert verified.json["failed"] == []
    assert "0 failed" in run("verify-native", "--url", url, "--people", "--keys-in-database").out
    undone = run(*TO, url, "--undo", "--json").json
    assert {one["step"] for one in undone["changes"]} == {"remove"}
    assert "nothing to change" in run(*TO, url, "--revoke").out
    assert run("audit", "verify").exit_code == 0


def test_a_view_that_shows_more_fails_the_check(run: CommandLine, url: str) -> None:
    """Rows that differ from rewriting are told by role, login and table; exit 4."""
    run(*TO, url, "--people", "--keys-in-database")
    try:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("GRANT SELECT ON clients TO ps_bank_teller_essential_service")
        found = run("verify-native", "--url", url, "--people", "--keys-in-database")
        assert found.exit_code == 4
        assert "closed: base table" in found.out
    finally:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("REVOKE ALL ON clients FROM ps_bank_teller_essential_service")
        assert run(*TO, url, "--undo").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("publish",), 2, "say which draft"),
        (("publish", "latest", "--to", "postgresql"), 2, "publish --to postgresql"),
        (("publish", "--to", "oracle"), 2, "publish --to postgresql"),
        (("publish", "--to", "postgresql", "--source", "shop"), 3, "no policy of `shop` is live"),
        (("publish", "--to", "postgresql"), 2, "no PostgreSQL database"),
        (("publish", "--to", "postgresql", "--url", "mysql://x:secret@h/d"), 1, "needs PostgreSQL"),
        (
            ("publish", "--to", "postgresql", "--url", "postgresql://x:secret@127.0.0.1:9/d"),
            1,
            "does not let us in",
        ),
    ],
)
def test_wrong_usage_is_told_in_one_line(
    run: CommandLine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """What is wrong and what to do, without the address's password."""
    ended = run(*arguments)
    assert ended.exit_code == code
    assert said in ended.line
    assert "secret" not in ended.err
