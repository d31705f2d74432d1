"""Addresses of sources: what is a database, what is a file, and what is neither."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from policy_service.catalog.opening import open_source
from policy_service.domain.errors import CatalogError, SourceUnreachableError


def _dialect(url: str, schema: str | None = None) -> str:
    with open_source(url, schema) as source:
        return source.dialect


def test_a_path_is_recognised_by_what_lies_there(tmp_path: Path) -> None:
    """A database file needs no URL; its first bytes say what it is."""
    path = tmp_path / "data"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE a (x TEXT)")
    assert _dialect(str(path)) == "sqlite"


def test_a_duckdb_file_is_recognised(tmp_path: Path) -> None:
    """DuckDB's files have their sign behind a check sum."""
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "data"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE a (x INT)")
    assert _dialect(str(path)) == "duckdb"


def test_a_folder_is_opened_as_files(tmp_path: Path) -> None:
    """A folder of CSV files is a source with and without its scheme; a schema it has not."""
    (tmp_path / "people.csv").write_text("id,email\n1,a@example.org\n2,b@example.org\n")
    for url in (str(tmp_path), f"csv:///{tmp_path}"):
        with open_source(url, None) as source:
            assert source.table_names() == ("people",)
    with pytest.raises(CatalogError, match="no option `schema`"):
        _dialect(str(tmp_path), "sales")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no such path", "not a database URL"),
        ("a\0b", "not a database URL"),
        ("x" * 5_000, "not a database URL"),
        ("oracle://u:s3cret@h/db", "`oracle` are not supported; use one of `sqlite`"),
        ("mysql://u:s3cret@h", "names no database"),
        ("snowflake://u:s3cret@account", "names no schema"),
        ("bigquery://project/set", "install `sqlalchemy-bigquery`"),
        ("snowflake://u:s3cret@account/db/schema", "install `snowflake-sqlalchemy`"),
    ],
)
def test_what_cannot_be_opened_is_said(url: str, said: str) -> None:
    """One line names the kind of mistake and what to do, never the address' secrets."""
    with pytest.raises(SourceUnreachableError) as caught:
        _dialect(url)
    assert said in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_driver_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyMySQL the line names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(SourceUnreachableError, match=r"install `policy-service\[mysql\]`"):
        _dialect("mysql://u:s3cret@h/db")
