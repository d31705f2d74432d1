"""What native mode is made of: profiles, what stands in the database already, managed objects.

Data only. A managed object says how it is made; `objects` says how it is taken away again,
which needs no policy: what was made can be undone when the policy is long gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RoleId
from policy_service.domain.organisation import Person
from policy_service.kit.canonical import content_sha256


class MaskWriter(Protocol):
    """Writes the masked form of a column as PostgreSQL SQL."""

    def __call__(
        self,
        column: str,
        control: Control,
        *,
        bind: Callable[[object], str],
        sibling: Callable[[str], str],
    ) -> str:
        """Return an expression over `column`. Raises `EnforcementError` where there is none.

        `bind` writes a value; `sibling` writes another column of the same row.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What whoever holds exactly these roles may read for one purpose.

    Not one role: rules of several roles held together decide together, and the union of
    what each may read alone would be more.
    """

    roles: tuple[RoleId, ...]  # sorted
    purpose: Purpose
    views: tuple[TableView, ...]  # of the tables of which something may be read


@dataclass(frozen=True, slots=True, kw_only=True)
class NativePolicy:
    """The live policy as native mode needs it. `people` are empty where logins stay as they are."""

    source: str
    revision: Revision
    expires_at: str  # RFC 3339; from then on no view shows a row
    profiles: tuple[Profile, ...]
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table of the database, as it was before native mode changed anything on it."""

    columns: Mapping[str, str]  # name → type, as `pg_type.typname`
    row_security: bool = False
    public: bool = False  # whether PUBLIC may read some of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What rendering must know of the database it is for."""

    server_version: int  # 150018 for 15.18
    database: str
    tables: Mapping[AssetId, FoundTable]
    logins: Mapping[str, bool]  # of the people: whether the login inherits its roles' rights


class ObjectKind(StrEnum):
    """Kinds of managed objects. INVARIANT: in the order in which they can be made."""

    ROLE = "role"
    SCHEMA = "schema"
    TABLE = "table"
    CONTENT = "content"
    PATH = "path"
    USE = "use"
    COLUMN_GRANT = "grant"
    PUBLIC = "public"
    ROW_SECURITY = "row security"
    POLICY = "policy"
    VIEW = "view"
    MEMBERSHIP = "membership"

    @property
    def rank(self) -> int:
        """Return the place in the order of making."""
        return list(ObjectKind).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL to run. Parameters, which may be secret or personal, are shown to nobody."""

    sql: str
    parameters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeObject:
    """One managed object of the database: what it is called and how it is made.

    `amend` brings it back in order where it stands already; without, it is dropped and made.
    """

    kind: ObjectKind
    identity: tuple[str, ...]
    create: tuple[Statement, ...]
    amend: tuple[Statement, ...] = ()

    @property
    def key(self) -> tuple[int, tuple[str, ...]]:
        """Return what orders objects so that each can be made after those before it."""
        return self.kind.rank, self.identity

    @property
    def sha256(self) -> str:
        """Return the hash of how it is made."""
        return content_sha256([[one.sql, [repr(p) for p in one.parameters]] for one in self.create])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A part of the policy that the database cannot enforce: shown to nobody, and why."""

    profile: str
    asset: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeView:
    """A rendered view, to be compared with what rewriting shows."""

    role: str
    schema: str
    table: AssetId
    columns: tuple[str, ...]
    roles: tuple[RoleId, ...]
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class NativePlan:
    """Everything that shall stand in the database, in the order of making."""

    objects: tuple[NativeObject, ...]
    views: tuple[NativeView, ...]
    hidden: tuple[Hidden, ...]
    notes: tuple[str, ...]  # what a person should know: logins that are missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedObject:
    """An object that an earlier run made: by what, and what it looks like now."""

    kind: ObjectKind
    identity: tuple[str, ...]
    sha256: str
    fingerprint: str  # of its state when it was made
    before: str = ""  # what stood there before, for what is restored

    @property
    def key(self) -> tuple[int, tuple[str, ...]]:
        """Return what orders objects as they were made."""
        return self.kind.rank, self.identity
