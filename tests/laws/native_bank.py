"""The probe bank in a PostgreSQL database that enforces its policy itself.

Not a test: the laws of native mode run on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import psycopg

from policy_service.cli.native import mask_writer
from policy_service.domain.identifiers import Purpose, Revision, RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.publication.postgresql.difference import Change
from policy_service.publication.postgresql.model import NativePlan, NativePolicy, Profile
from policy_service.workflows.postgresql_database import open_native
from policy_service.workflows.postgresql_native import bring_in_line
from tests.laws.sql_probe_bank import KEYS, Table, bank, create

TELLER = RoleId("teller")
SERVICE = Purpose("service")
LATER, EARLIER = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"


@dataclass(frozen=True)
class NativeBank:
    """A database, and the name under which its policy is put there."""

    url: str
    source: str
    role: str
    login: str  # a teller's of district 18
    stranger: str  # a teller's without a district

    def connect(self, user: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """Sign in, as the superuser where nobody is named."""
        url = self.url.replace("tester@", f"{user}@") if user else self.url
        return psycopg.connect(url, autocommit=True)

    def policy(self, tables: tuple[Table, ...] | None = None) -> NativePolicy:
        """What the teller may see, in native mode's terms."""
        views = tuple(table.view(()) for table in tables or bank())
        return NativePolicy(
            source=self.source,
            revision=Revision(3),
            expires_at=LATER,
            profiles=(Profile(roles=(TELLER,), purpose=SERVICE, views=views),),
            people=(
                _teller(self.login, district=18),
                _teller(self.stranger, district="18"),
            ),
        )

    def apply(
        self, policy: NativePolicy, *, dry_run: bool = False, keys: bool = True
    ) -> tuple[tuple[Change, ...], NativePlan]:
        """Bring the database in line with a policy."""
        with open_native(self.url, source=self.source) as database:
            return bring_in_line(
                database,
                policy,
                tables=[table.id for table in bank()],
                write_mask=mask_writer(KEYS),
                keys_in_database=keys,
                dry_run=dry_run,
            )


@contextmanager
def native_bank(server: str) -> Iterator[NativeBank]:
    """Make a database with the bank and two logins; afterwards nothing of it is left."""
    name = f"n{uuid4().hex[:8]}"
    admin = server.format(database="postgres").replace("+psycopg", "")
    made = NativeBank(
        url=server.format(database=name).replace("+psycopg", ""),
        source=name,
        role=f"ps_{name}_teller_service",
        login=f"{name}-7",
        stranger=f"{name}-8",
    )
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        for login in (made.login, made.stranger):
            connection.execute(f'CREATE ROLE "{login}" LOGIN NOINHERIT')
    try:
        fill(made.url, bank())
        yield made
        made.apply(replace(made.policy(), profiles=()))
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            for login in (made.login, made.stranger):
                connection.execute(f'DROP ROLE "{login}"')


def fill(url: str, tables: tuple[Table, ...]) -> None:
    """Put the tables into an empty database."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for statement, rows in create(tables):
            if rows:
                cursor.executemany(statement.replace("?", "%s"), rows)
            else:
                cursor.execute(statement)


def _teller(login: str, **attributes: object) -> Person:
    return Person(subject=SubjectId(login), roles=(TELLER,), attributes=Parameters(attributes))
