"""Fixtures of the catalogue's tests: a MariaDB server for those that ask for one."""

from tests.fixtures.mariadb import mariadb_server, mariadb_url

__all__ = ["mariadb_server", "mariadb_url"]
