"""Checks that a bundle must pass before it is compiled: what is doubtful is refused whole.

Not a verification of the policy's sense: only of its form, so that no row can
be read in two ways. A refusal leaves the policy that was in force in place.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime

from policy_service.domain.bundle import (
    Bundle,
    Directory,
    KnownResource,
    PolicyRow,
    RuleObligation,
)
from policy_service.domain.control import Operator
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import RuleId
from policy_service.domain.organisation import Person
from policy_service.kit.clock import parse_rfc3339

ALLOW, DENY = "allow", "deny"
ANY_PURPOSE = "*"
TYPE_PREFIX = "type:"


def check_rows(rows: tuple[PolicyRow, ...]) -> None:
    """Refuse an empty policy, an unknown effect and an empty field.

    Raises `PolicyRowError`; its `line` is the place of the row, from 1.
    """
    if not rows:
        raise EnforcementError("the policy has no row; an empty policy is refused")
    for line, row in enumerate(rows, start=1):
        if row.effect not in (ALLOW, DENY):
            raise PolicyRowError(
                f"row {line} has effect `{row.effect}`; write `allow` or `deny`", line=line
            )
        if not (row.role and row.resource and row.action and row.purpose and row.rule):
            raise PolicyRowError(f"row {line} has an empty field; fill all six", line=line)


def check_links(links: Iterable[tuple[str, str]], *, kind: str) -> None:
    """Refuse links with an empty end. `kind` is `g` or `g2`."""
    for line, (child, parent) in enumerate(links, start=1):
        if not (child and parent):
            raise PolicyRowError(f"`{kind}` link {line} has an empty end; name both", line=line)


def obligations_by_rule(bundle: Bundle) -> Mapping[RuleId, RuleObligation]:
    """Index the obligations; every allowing rule has exactly one, and none says deny."""
    found: dict[RuleId, RuleObligation] = {}
    deny = Operator.DENY
    for obligation in bundle.obligations:
        if obligation.rule in found:
            raise EnforcementError(f"rule `{obligation.rule}` has two obligations; keep one")
        if obligation.control.operator is deny:
            raise EnforcementError(
                f"rule `{obligation.rule}` allows with control `deny`; write a deny row instead"
            )
        found[obligation.rule] = obligation
    for line, row in enumerate(bundle.rows, start=1):
        if row.effect == ALLOW and row.rule not in found:
            raise PolicyRowError(
                f"row {line} allows by rule `{row.rule}`, which has no obligation; give it one",
                line=line,
            )
    return found


def check_conditions(conditions: Iterable[RuleId], rows: Iterable[PolicyRow]) -> None:
    """Refuse a condition of a rule without a row: it would restrict nothing, unseen."""
    named = {row.rule for row in rows}
    for rule in conditions:
        if rule not in named:
            raise EnforcementError(
                f"a condition is about rule `{rule}`, which has no row; remove it or add the row"
            )


def resources_by_type(
    bundle: Bundle, named: Container[str]
) -> Mapping[tuple[str, str], KnownResource]:
    """Index known resources by type and id. `named` are the ids of rows and links.

    Such an id means one resource, whatever type a request claims for it, so it is refused
    under two types; so are an empty field and a resource that is listed twice.
    """
    found: dict[tuple[str, str], KnownResource] = {}
    types: dict[str, str] = {}
    for one in bundle.resources:
        if not (one.type and one.id):
            raise EnforcementError("a known resource has an empty type or id; fill both")
        if (one.type, one.id) in found:
            raise EnforcementError(
                f"resource `{one.id}` of type `{one.type}` is listed twice; keep one entry"
            )
        if one.id in named and types.setdefault(one.id, one.type) != one.type:
            raise EnforcementError(
                f"resource `{one.id}` has rows or links of its own and two types; keep one type"
            )
        found[(one.type, one.id)] = one
    return found


def people_by_subject(directory: Directory) -> Mapping[str, Person]:
    """Index the people; a subject that is listed twice is refused."""
    found: dict[str, Person] = {}
    for person in directory.people:
        if person.subject in found:
            raise EnforcementError(f"subject `{person.subject}` is listed twice; keep one entry")
        found[person.subject] = person
    return found


def expiry(bundle: Bundle) -> datetime:
    """Read when the bundle ends, in UTC."""
    try:
        return parse_rfc3339(bundle.expires_at)
    except ValueError as error:
        raise EnforcementError(
            f"revision {bundle.revision} has no readable expiry; publish it anew"
        ) from error
