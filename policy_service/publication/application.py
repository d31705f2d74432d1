"""Application policies: who may do what in a service whose resources are not columns.

What people author (see `application_file`), as typed values, and the bundle that is made of
it. Nothing is decided or approved here. A rule without grounds cannot be written (law 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy_service.domain.bundle import (
    Bundle,
    KnownResource,
    PolicyRow,
    RuleCondition,
    RuleObligation,
)
from policy_service.domain.control import CLEAR, Control
from policy_service.domain.decision import AccessRequest
from policy_service.domain.draft import PolicyTest
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import (
    AssetId,
    DraftId,
    ProvisionId,
    Purpose,
    Revision,
    RoleId,
    RuleId,
    Sha256Hex,
)
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.kit.clock import rfc3339

TYPE_PREFIX = "type:"
ANY_PURPOSE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A provision that a rule stands on; without a quote its first sentence is quoted."""

    provision: ProvisionId
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRole:
    """A role of the application, and the roles whose rights it has as well."""

    id: RoleId
    inherits: tuple[RoleId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A type of resource, as requests name it, with the actions there are."""

    name: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRule:
    """Roles × (types, or ids of one type) × actions × purposes → allow or deny, when."""

    id: RuleId
    sentence: str
    roles: tuple[RoleId, ...]
    types: tuple[str, ...]
    ids: tuple[str, ...]  # of the one type in `types`; none: every resource of the types
    actions: tuple[str, ...]
    purposes: tuple[str, ...]
    allow: bool
    grounds: tuple[Ground, ...]
    when: str = ""
    not_before: str = ""
    not_after: str = ""
    control: Control = CLEAR

    @property
    def resources(self) -> tuple[str, ...]:
        """Name what its rows are about: the ids, or the types."""
        return self.ids or tuple(f"{TYPE_PREFIX}{name}" for name in self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationTest:
    """A decision that the policy must give, for a made-up person of its own."""

    says: str
    person: Person
    resource: KnownResource  # its properties are what the service would say of it
    action: str
    allow: bool
    purpose: str = ""
    context: Parameters = NO_PARAMETERS
    at: str = ""  # RFC 3339; empty: when it is tested
    rules: tuple[RuleId, ...] = ()  # that must have decided; empty: whichever

    @property
    def request(self) -> AccessRequest:
        """Return the question."""
        return AccessRequest(
            subject=self.person.subject,
            resource=self.resource.id,
            resource_type=self.resource.type,
            properties=self.resource.properties,
            action=self.action,
            purpose=self.purpose,
            context=self.context,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPolicy:
    """One authored policy. `name` is the source that its decisions are made for."""

    name: str
    title: str
    roles: tuple[ApplicationRole, ...]
    types: tuple[ResourceType, ...]
    rules: tuple[ApplicationRule, ...]
    resources: tuple[KnownResource, ...]
    separation: tuple[tuple[RoleId, RoleId], ...]
    tests: tuple[ApplicationTest, ...]

    def rule(self, rule_id: str) -> ApplicationRule | None:
        """Find a rule by its id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def build_application_bundle(
    policy: ApplicationPolicy,
    *,
    submission: DraftId,
    sha256: Sha256Hex,
    revision: Revision,
    tenant: str,
    issued_at: datetime,
    lifetime: timedelta,
    model_conf: str,
) -> Bundle:
    """Build the bundle of a policy; `sha256` is what was approved of `submission`.

    Raises `PublicationError` for a lifetime that is not above zero.
    """
    if lifetime <= timedelta(0):
        raise PublicationError("a bundle needs a lifetime above zero; give it in days")
    return Bundle(
        revision=revision,
        tenant=tenant,
        source=policy.name,
        draft=submission,
        draft_sha256=sha256,
        issued_at=rfc3339(issued_at),
        expires_at=rfc3339(issued_at + lifetime),
        model_conf=model_conf,
        rows=tuple(row for rule in policy.rules for row in _rows(rule)),
        role_links=tuple((role.id, wider) for role in policy.roles for wider in role.inherits),
        resource_links=_links(policy),
        obligations=tuple(
            RuleObligation(rule=rule.id, control=rule.control)
            for rule in policy.rules
            if rule.allow
        ),
        encryption=(),
        retention=(),
        separation=policy.separation,
        tests=_canaries(policy),
        conditions=conditions_of(policy),
        resources=policy.resources,
    )


def conditions_of(policy: ApplicationPolicy) -> tuple[RuleCondition, ...]:
    """List the conditions and windows of its rules; they say which Casbin model it needs."""
    return tuple(
        RuleCondition(
            rule=rule.id,
            expression=rule.when,
            not_before=rule.not_before,
            not_after=rule.not_after,
        )
        for rule in policy.rules
        if _is_conditional(rule)
    )


def _rows(rule: ApplicationRule) -> Iterator[PolicyRow]:
    for role in rule.roles:
        for resource in rule.resources:
            for action in rule.actions:
                for purpose in rule.purposes:
                    yield PolicyRow(
                        role=role,
                        resource=resource,
                        action=action,
                        purpose=purpose,
                        effect="allow" if rule.allow else "deny",
                        rule=rule.id,
                    )


def _links(policy: ApplicationPolicy) -> tuple[tuple[str, str], ...]:
    """Link each id that a rule names to its type, whose rules hold for it too.

    Other resources, known or not, are told apart by type and id, and need no link.
    """
    named = ((one, rule.types[0]) for rule in policy.rules for one in rule.ids)
    return tuple(dict.fromkeys((one, f"{TYPE_PREFIX}{kind}") for one, kind in named))


def _is_conditional(rule: ApplicationRule) -> bool:
    return bool(rule.when or rule.not_before or rule.not_after)


def _canaries(policy: ApplicationPolicy) -> tuple[PolicyTest, ...]:
    """Write the tests that a role alone answers in the form that every PEP runs.

    Those that need attributes, properties, a context or a time are run before publication.
    """
    named = {one for one, _ in _links(policy)}
    return tuple(
        PolicyTest(
            id=f"PT-{number:04d}",
            role=test.person.roles[0],
            asset=AssetId(
                test.resource.id
                if test.resource.id in named
                else f"{TYPE_PREFIX}{test.resource.type}"
            ),
            action=test.action,
            purpose=Purpose(test.purpose),
            allow=test.allow,
            control=CLEAR.label if test.allow else "",
            because=test.says,
            rules=test.rules,
        )
        for number, test in enumerate(policy.tests, start=1)
        if len(test.person.roles) == 1
        and (_is_clear(policy, test) or (not test.allow and test.resource.id in named))
    )


def _is_clear(policy: ApplicationPolicy, test: ApplicationTest) -> bool:
    """Tell whether role and action alone decide: no condition or control has a say.

    The denial of a resource that the policy names needs no such check: who is asked with
    fewer facts is never allowed more. Of another resource not even the id is asked.
    """
    return not any(
        _is_conditional(rule) or rule.control != CLEAR
        for rule in policy.rules
        if test.action in rule.actions
    )
