"""`policy-service catalog …`: scanning again, and what changed since."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fixtures.command_line import CommandLine


def _make(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def test_drift_is_told_by_scan_and_by_its_own_command(
    command_line: CommandLine, tmp_path: Path
) -> None:
    """A new column is listed after a scan; `--check` turns what is uncovered into exit code 4."""
    path = tmp_path / "shop.db"
    url = _make(path, "CREATE TABLE client (id INTEGER PRIMARY KEY, city TEXT)")
    assert command_line("catalog", "scan", "--url", url).exit_code == 0
    quiet = command_line("catalog", "drift", "shop", "--check")
    assert quiet.exit_code == 0
    assert "nothing changed in shop since" in quiet.out
    _make(path, "ALTER TABLE client ADD COLUMN email TEXT")
    found = command_line("catalog", "drift", "shop", "--scan", "--check", "--json")
    assert found.exit_code == 4
    assert [one["asset"] for one in found.json["changes"]] == ["shop.public.client.email"]
    _make(path, "DROP TABLE client", "CREATE TABLE client (id INTEGER PRIMARY KEY)")
    told = command_line("catalog", "scan", "--url", url, "--fresh")
    assert "client.email" in told.out
    assert "column removed" in told.out
    assert command_line("catalog", "drift", "shop", "--check").exit_code == 0
    assert command_line("catalog", "drift", "none").exit_code == 3


def test_a_missing_driver_names_what_to_install(command_line: CommandLine) -> None:
    """A dialect that is not installed is one line that says which package it wants."""
    outcome = command_line("catalog", "scan", "--url", "snowflake://u:s3cret@account/db/s")
    assert outcome.exit_code == 1
    assert "install `snowflake-sqlalchemy`" in outcome.line
    assert "s3cret" not in outcome.line
