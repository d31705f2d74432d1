"""The organisation a policy is drafted for: its job functions, purposes and duties."""

from dataclasses import dataclass

from policy_service.domain.identifiers import Purpose, RoleId, SubjectId
from policy_service.domain.parameters import NO_PARAMETERS, Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFunction:
    """A job with its duties in prose; the RBAC model calls it a role of the same id."""

    id: RoleId
    title: str
    duties: str
    purposes: tuple[Purpose, ...]
    headcount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQuorum:
    """How many different people must approve a rule of each risk."""

    low: int = 1
    medium: int = 1
    high: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who the policy is for. `separation_of_duties` lists pairs no person may hold together."""

    name: str
    sector: str
    jurisdictions: tuple[str, ...]
    regulations: tuple[str, ...]
    data_residency: str
    job_functions: tuple[JobFunction, ...]
    separation_of_duties: tuple[tuple[RoleId, RoleId], ...] = ()
    quorum: ReviewQuorum = ReviewQuorum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One subject of the directory. Attributes (district_id …) feed row filters."""

    subject: SubjectId
    roles: tuple[RoleId, ...]
    attributes: Parameters = NO_PARAMETERS
