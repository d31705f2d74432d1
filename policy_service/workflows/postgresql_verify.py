"""Verify native mode by being each role: the same rows as rewriting shows, and nothing beside.

Runs as a superuser who becomes each profile, or each person who may take one, by
`SET SESSION AUTHORIZATION`: for the database that is as if they had signed in. Rewriting is
the middleware's, which this floor does not import: the caller hands it in.
"""

# ruff: noqa: S608 - names are quoted, values are parameters

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from policy_service.domain.bundle import TableView
from policy_service.domain.errors import ConflictError, PublicationError
from policy_service.domain.identifiers import AssetId, SubjectId, asset_parts
from policy_service.domain.organisation import Person
from policy_service.domain.progress import Progress
from policy_service.enforcement.index import compile_policy
from policy_service.publication.postgresql.model import MaskWriter, NativeView
from policy_service.publication.postgresql.names import base_name, owner_name, place, quoted
from policy_service.workflows.people import make_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.postgresql_database import connect
from policy_service.workflows.postgresql_native import (
    NativeRequest,
    database_url,
    live_policy,
    publish_natively,
    unconditional,
)

if TYPE_CHECKING:
    import psycopg

Rows = tuple[tuple[object, ...], ...]
_REFUSED = "42501"  # insufficient_privilege
_LOGINS_EACH = 2  # people who stand for a profile
_STATISTICS = "SELECT 1 FROM pg_catalog.pg_stats WHERE schemaname = %s AND tablename = %s"
_TAKERS = (
    "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY(%s) AND NOT rolsuper "
    "AND pg_has_role(rolname, %s, 'MEMBER')"
)


class RewrittenRows(Protocol):
    """Reads a table by a rewritten statement, as a data service with the middleware would."""

    def __call__(self, connection: object, view: TableView, statement: str) -> Rows:
        """Return the rows of `statement` over the one table of `view`. Raises what it raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeCheck:
    """One thing that was tried as somebody, and whether it came out as it must."""

    role: str
    login: str  # who took the role; the role itself where nobody holds it
    table: AssetId
    check: str
    passed: bool
    rows: int = 0


def verify_natively(
    platform: Platform,
    request: NativeRequest,
    *,
    rewritten: RewrittenRows,
    write_mask: MaskWriter,
    max_rows: int,
    actor: str,
    progress: Progress,
) -> tuple[NativeCheck, ...]:
    """Try every view as each role, and every way past it.

    At most `max_rows` rows of a view are compared, the first by all columns. Raises
    `ConflictError` where the database is not in line with the live policy.
    """
    dry = replace(request, dry_run=True)
    found = publish_natively(platform, dry, write_mask=write_mask, actor=actor)
    if found.changes:
        raise ConflictError(
            f"the database differs in {len(found.changes)} objects from revision "
            f"{found.revision}; publish to it first, with the same options"
        )
    subjects = _Subjects(platform, request, found.views)
    checks: list[NativeCheck] = []
    with connect(database_url(platform, request)) as connection:
        for number, view in enumerate(found.views):
            progress("verify", number, len(found.views))
            for login in _takers(connection, view, subjects.of(view)):
                tried = _Tried(connection, request.source, view, login, max_rows)
                checks.append(tried.compare(subjects.allowed(login, view), rewritten))
                checks += tried.probes()
        progress("verify", len(found.views), len(found.views))
    return tuple(checks)


class _Subjects:
    """Who stands for a profile: nobody in particular, and people who hold just its roles."""

    def __init__(
        self, platform: Platform, request: NativeRequest, views: Sequence[NativeView]
    ) -> None:
        bundle, self._people = live_policy(platform, request)
        nobody = tuple(
            Person(subject=SubjectId(name), roles=roles)
            for name, roles in sorted({(view.role, view.roles) for view in views})
        )
        directory = make_directory((*self._people, *nobody))
        self._policy = compile_policy(unconditional(bundle)[0], directory)

    def of(self, view: NativeView) -> list[str]:
        """Name subjects whose view is this one; the first is nobody's: the role itself."""
        holders = [
            str(person.subject)
            for person in self._people
            if tuple(sorted(set(person.roles))) == view.roles
        ]
        return [view.role, *holders]

    def allowed(self, subject: str, view: NativeView) -> TableView:
        """Return what the policy shows the subject."""
        return self._policy.view(subject, view.table, view.purpose)


@dataclass(slots=True)
class _Tried:
    """One view, tried as one login."""

    connection: "psycopg.Connection[Any]"
    source: str
    view: NativeView
    login: str
    max_rows: int

    def compare(self, allowed: TableView, rewritten: RewrittenRows) -> NativeCheck:
        """Hold the view's rows against those of the rewritten statement."""
        _, schema, name = asset_parts(self.view.table)
        columns = ", ".join(quoted(one) for one in self.view.columns)
        order = ", ".join(str(number) for number in range(1, len(self.view.columns) + 1))
        rest = f"ORDER BY {order} LIMIT {self.max_rows}"
        with self._as_login():
            own = f"{quoted(self.view.schema)}.{quoted(name)}"
            found = self._rows(f"SELECT {columns} FROM {own} {rest}")
        statement = f"SELECT {columns} FROM {quoted(schema)}.{quoted(name)} {rest}"
        expected = rewritten(self.connection, allowed, statement)
        self.connection.rollback()
        return self._check("same rows as rewriting", found == expected, rows=len(expected))

    def probes(self) -> list[NativeCheck]:
        """Try the ways past the view."""
        base = quoted(base_name(self.source))
        _, schema, name = asset_parts(self.view.table)
        closed = [
            ("base table", f"SELECT 1 FROM {place(self.view.table)} LIMIT 1"),
            ("keys", f"SELECT 1 FROM {base}.secret"),
            ("attributes", f"SELECT 1 FROM {base}.attribute"),
            ("managed objects", f"SELECT 1 FROM {base}.managed"),
            ("owner of the views", f"SET ROLE {quoted(owner_name(self.view.role))}"),
        ]
        done = [self._check(f"closed: {what}", self._refused(sql)) for what, sql in closed]
        with self._as_login():
            known = self._rows(_STATISTICS, (schema, name))
        return [*done, self._check("closed: statistics", not known)]

    def _check(self, check: str, passed: bool, *, rows: int = 0) -> NativeCheck:
        return NativeCheck(
            role=self.view.role,
            login=self.login,
            table=self.view.table,
            check=check,
            passed=passed,
            rows=rows,
        )

    @contextmanager
    def _as_login(self) -> Iterator[None]:
        """Be somebody who signed in and took the role; afterwards nothing is left of it."""
        import psycopg

        self.connection.rollback()
        try:
            self.connection.execute(f"SET LOCAL SESSION AUTHORIZATION {quoted(self.login)}")
            self.connection.execute(f"SET LOCAL ROLE {quoted(self.view.role)}")
            self.connection.execute("SET LOCAL TimeZone TO 'UTC'")
        except psycopg.Error as error:
            raise PublicationError(
                f"cannot become `{self.login}` (`{error.sqlstate}`); verify as a superuser"
            ) from None
        try:
            yield
        finally:
            self.connection.rollback()

    def _refused(self, sql: str) -> bool:
        import psycopg

        with self._as_login():
            try:
                self.connection.execute(sql)
            except psycopg.Error as error:
                return error.sqlstate == _REFUSED
        return False

    def _rows(self, sql: str, parameters: tuple[object, ...] | None = None) -> Rows:
        import psycopg

        try:
            return tuple(self.connection.execute(sql, parameters).fetchall())
        except psycopg.Error as error:
            code = error.sqlstate
        raise PublicationError(f"`{self.view.role}` cannot read its own view (`{code}`)")


def _takers(
    connection: "psycopg.Connection[Any]", view: NativeView, subjects: Sequence[str]
) -> list[str]:
    """Keep the subjects who can sign in and take the role, a few of them, and the role itself."""
    can = connection.execute(_TAKERS, (list(subjects), view.role)).fetchall()
    logins = sorted(name for (name,) in can if name != view.role)
    return [view.role, *logins[:_LOGINS_EACH]]
