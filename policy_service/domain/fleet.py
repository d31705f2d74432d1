"""The fleet of enforcement points (PEPs): what they get beside bundles, and what they report."""

from dataclasses import dataclass

from policy_service.domain.identifiers import Revision
from policy_service.domain.organisation import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryDocument:
    """The people of a tenant as enforcement points get them, signed. Times are RFC 3339.

    `sequence` only ever grows; a point refuses a lower one, so that a leaver stays away.
    """

    sequence: int
    tenant: str
    issued_at: str
    expires_at: str
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReport:
    """What one enforcement point says of itself. No value of a request or a row is in it."""

    name: str
    source: str
    revision: Revision  # 0: none is in force
    directory: int  # sequence; 0: none
    keyset: int  # version
    in_force_since: str  # RFC 3339; empty: nothing is in force
    stale: bool  # it denies everything until it has reached the service again
    error: str = ""  # the last one, in one line; empty: the last round went well
    software: str = ""  # version of this package
    every_s: int = 60  # it reports at least so often
