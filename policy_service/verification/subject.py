"""What is verified: one draft with everything it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.asset import Catalog, Column
from policy_service.domain.control import Control
from policy_service.domain.draft import Draft
from policy_service.domain.errors import PolicyServiceError
from policy_service.domain.finding import Finding, Severity
from policy_service.domain.identifiers import AssetId, ProvisionId, RoleId, RuleId
from policy_service.domain.organisation import Organisation
from policy_service.domain.provision import Obligation, Provision


class Decider(Protocol):
    """Decides for whoever holds just one role; `DENY` where nothing permits."""

    def __call__(self, *, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        """Return the control that a request would be given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The draft and its surroundings. `columns` indexes the catalogue's columns by id."""

    draft: Draft
    provisions: Mapping[ProvisionId, Provision]
    catalog: Catalog
    organisation: Organisation
    floors: tuple[Obligation, ...]
    columns: Mapping[AssetId, Column]


def make_subject(
    *,
    draft: Draft,
    provisions: Mapping[ProvisionId, Provision],
    catalog: Catalog,
    organisation: Organisation,
    floors: tuple[Obligation, ...],
) -> Subject:
    """Index what the checks look up."""
    return Subject(
        draft=draft,
        provisions=provisions,
        catalog=catalog,
        organisation=organisation,
        floors=floors,
        columns={column.id: column for table in catalog.tables for column in table.columns},
    )


def error(check: str, message: str, rule: RuleId | None = None) -> Finding:
    """Report what forbids publication."""
    return Finding(check=check, severity=Severity.ERROR, message=message, rule=rule)


def warning(check: str, message: str, rule: RuleId | None = None) -> Finding:
    """Report what needs a look."""
    return Finding(check=check, severity=Severity.WARNING, message=message, rule=rule)


def decided(
    decide: Decider, *, role: RoleId, resource: AssetId, action: str, purpose: str
) -> Control | PolicyServiceError:
    """Ask a decider; an error of the product is returned, to be reported and not to escape."""
    try:
        return decide(role=role, resource=resource, action=action, purpose=purpose)
    except PolicyServiceError as problem:
        return problem
