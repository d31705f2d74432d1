"""The reference engine: a bundle's Casbin model, run by pycasbin itself.

Not the fast path: each decision walks all rows. It says what a policy means,
so that the compiled index can be held to it. Standard: PERM metamodel, Casbin 2.

What pycasbin 2.8 gets wrong by itself, and how it is guarded here:

- a row of the wrong length fails only while deciding → rows are typed, the model's arity checked;
- an empty policy is evaluated against empty strings → refused;
- roles deeper than ten levels are silently denied, and who is asked about is
  remembered for ever → `_Links` holds the closure and never changes;
- requests are logged with their values → its logger is replaced by a deaf one;
- it is not safe between threads → a lock.
"""

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import casbin
from casbin.persist import Adapter
from casbin.rbac import RoleManager

from policy_service.domain.applicability import applicabilities, applies
from policy_service.domain.bundle import (
    Bundle,
    Directory,
    KnownResource,
    PolicyRow,
    RuleCondition,
)
from policy_service.domain.condition_truth import Facts
from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import RuleId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import ParameterValue

_REQUEST = ["r_sub", "r_obj", "r_act", "r_purpose"]
_CONDITIONAL = [*_REQUEST, "r_facts"]
_POLICY = ["p_sub", "p_obj", "p_act", "p_purpose", "p_eft", "p_rule"]
_SUBJECT = "\x00subject:"  # so that nobody gets a role's rights by being called like one


class CasbinEngine:
    """Decides by pycasbin over one model, one set of rows and its links. Safe between threads.

    Conditions are read by `domain.condition`, as the index reads them; everything else is
    pycasbin's own: which rows match, and what they decide together.
    """

    def __init__(
        self,
        *,
        model_conf: str,
        rows: Sequence[PolicyRow],
        role_links: Iterable[tuple[str, str]] = (),
        resource_links: Iterable[tuple[str, str]] = (),
        people: Iterable[Person] = (),
        conditions: Iterable[RuleCondition] = (),
        resources: Iterable[KnownResource] = (),
    ) -> None:
        """Load the policy for `people`.

        Raises `EnforcementError` for a model, rows or conditions that cannot be relied on.
        """
        _check_rows(rows)
        role_links, resource_links = tuple(role_links), tuple(resource_links)
        self._people = {str(person.subject): person for person in people}
        self._roles = _Links.of(role_links)
        self._named = {row.resource for row in rows}.union(*resource_links)
        self._resources = tuple(resources)
        self._conditions = applicabilities(conditions)
        held = [
            (f"{_SUBJECT}{subject}", str(role))
            for subject, person in self._people.items()
            for role in person.roles
        ]
        self._lock = threading.Lock()
        self._enforcer, self._is_conditional = _load(
            model_conf, rows, [*role_links, *held], [*resource_links]
        )
        self._enforcer.add_function("holds", self._holds)
        if self._conditions and not self._is_conditional:
            raise EnforcementError("the model asks for no conditions and a rule has one")

    @classmethod
    def from_bundle(cls, bundle: Bundle, directory: Directory) -> "CasbinEngine":
        """Load a bundle for the people of a directory."""
        return cls(
            model_conf=bundle.model_conf,
            rows=bundle.rows,
            role_links=bundle.role_links,
            resource_links=bundle.resource_links,
            people=directory.people,
            conditions=bundle.conditions,
            resources=bundle.resources,
        )

    def allows(self, request: AccessRequest, now: datetime | None = None) -> bool:
        """Tell whether a subject may; one that the directory does not know may nothing."""
        person = self._people.get(request.subject)
        if person is None:
            return False
        facts: dict[str, ParameterValue] = {
            **person.attributes,
            "id": request.subject,
            "roles": self._roles.closed(person.roles),
        }
        return self._enforce(f"{_SUBJECT}{request.subject}", request, facts, now)

    def allows_role(
        self, role: str, resource: str, action: str, purpose: str, now: datetime | None = None
    ) -> bool:
        """Tell whether somebody may who holds just `role`, and of whom nothing else is known."""
        request = AccessRequest(subject="", resource=resource, action=action, purpose=purpose)
        return self._enforce(role, request, {"roles": self._roles.closed((role,))}, now)

    def _enforce(
        self,
        who: str,
        request: AccessRequest,
        subject: Mapping[str, ParameterValue],
        now: datetime | None,
    ) -> bool:
        asked: list[object] = [who, self._object(request), request.action, request.purpose]
        if self._is_conditional:
            resource = self._resource_facts(request)
            facts = Facts(subject=subject, resource=resource, context=request.context)
            asked.append((facts, now))
        try:
            with self._lock:
                return bool(self._enforcer.enforce(*asked))
        except Exception as error:  # whatever the model's matcher ran into
            raise EnforcementError(
                f"the reference engine failed with {type(error).__name__}; nothing is allowed"
            ) from error

    def _holds(self, rule: str, effect: str, asked: tuple[Facts, datetime | None]) -> bool:
        """Answer the matcher of the conditional model."""
        condition = self._conditions.get(RuleId(rule))
        return condition is None or applies(condition.truth(*asked), allows=effect == "allow")

    def _object(self, request: AccessRequest) -> str:
        """Name what rows are about: the resource where rows or links name it, or its type."""
        known = request.resource in self._named and not request.resource.startswith("type:")
        if known or not request.resource_type:
            return request.resource
        return f"type:{request.resource_type}"

    def _resource_facts(self, request: AccessRequest) -> dict[str, ParameterValue]:
        named = self._object(request) == request.resource
        facts = dict(request.properties)
        kind = request.resource_type
        for one in self._resources:
            if one.id == request.resource and (named or one.type == kind):
                facts.update(one.properties)
                kind = one.type
        facts.update(id=request.resource, type=kind)
        if not kind:
            del facts["type"]
        return facts


class _Links(RoleManager):  # type: ignore[misc] # pycasbin carries no types
    """Links with their closure: any depth, cycles harmless, deaf to names it does not know."""

    def __init__(self) -> None:
        self._parents: dict[str, set[str]] = {}
        self._closed: dict[str, frozenset[str]] = {}

    @classmethod
    def of(cls, links: Iterable[tuple[str, str]]) -> "_Links":
        made = cls()
        for child, parent in links:
            made.add_link(child, parent)
        return made

    def closed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Name what these names reach, themselves included, sorted."""
        start = {str(name) for name in names}
        return tuple(sorted(start.union(*(self._reach(name) for name in start))))

    def clear(self) -> None:
        self._parents.clear()
        self._closed.clear()

    def add_link(self, name1: str, name2: str, *domain: str) -> None:
        self._parents.setdefault(name1, set()).add(name2)
        self._closed.clear()

    def has_link(self, name1: str, name2: str, *domain: str) -> bool:
        if name1 == name2:
            return True
        if name1 not in self._parents:
            return False
        if name1 not in self._closed:
            self._closed[name1] = self._reach(name1)
        return name2 in self._closed[name1]

    def print_roles(self) -> None:
        """Say nothing: roles belong in no log."""

    def _reach(self, name: str) -> frozenset[str]:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            fresh = self._parents.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting.extend(fresh)
        return frozenset(reached)


class _Rows(Adapter):  # type: ignore[misc] # pycasbin carries no types
    """Hands typed rows to pycasbin's model without a detour through its text format."""

    def __init__(self, policies: Mapping[str, list[list[str]]]) -> None:
        self._policies = policies

    def load_policy(self, model: Any) -> None:  # noqa: ANN401 - pycasbin carries no types
        for kind, rows in self._policies.items():
            model.model[kind[0]][kind].policy.extend(rows)


def _load(
    model_conf: str,
    rows: Sequence[PolicyRow],
    role_links: list[tuple[str, str]],
    resource_links: list[tuple[str, str]],
) -> tuple[Any, bool]:
    """Load an enforcer, and tell whether its model asks for conditions."""
    try:
        model = casbin.Enforcer.new_model(text=model_conf)
        is_conditional = _check_model(model.model)
        enforcer = casbin.Enforcer(model)
    except EnforcementError:
        raise
    except Exception as error:
        raise EnforcementError("pycasbin cannot read the model; restore the one shipped") from error
    enforcer.logger = _deaf_logger()
    for kind in ("g", "g2"):
        enforcer.set_named_role_manager(kind, _Links())
    enforcer.adapter = _Rows(
        {
            "p": [_fields(row) for row in rows],
            "g": [list(link) for link in role_links],
            "g2": [list(link) for link in resource_links],
        }
    )
    enforcer.load_policy()
    return enforcer, is_conditional


def _check_model(sections: Mapping[str, Mapping[str, Any]]) -> bool:
    """Require the arity that requests and rows are given in, and both kinds of links."""
    request = sections["r"]["r"].tokens
    if request not in (_REQUEST, _CONDITIONAL) or sections["p"]["p"].tokens != _POLICY:
        raise EnforcementError(
            "the model needs `r = sub, obj, act, purpose` (and `facts`, where rules have "
            "conditions) and `p = sub, obj, act, purpose, eft, rule`"
        )
    if not {"g", "g2"} <= set(sections.get("g", {})):
        raise EnforcementError("the model needs `g = _, _` for roles and `g2 = _, _` for resources")
    return bool(request == _CONDITIONAL)


def _check_rows(rows: Sequence[PolicyRow]) -> None:
    if not rows:
        raise EnforcementError("the policy has no row; an empty policy is refused")
    for line, row in enumerate(rows, start=1):
        if not all(_fields(row)) or row.effect not in ("allow", "deny"):
            raise PolicyRowError(
                f"row {line} has an empty field or an unknown effect; correct it", line=line
            )


def _fields(row: PolicyRow) -> list[str]:
    return [str(row.role), row.resource, row.action, row.purpose, row.effect, str(row.rule)]


def _deaf_logger() -> logging.Logger:
    logger = logging.Logger("policy_service.casbin")  # not registered: no configuration reaches it
    logger.disabled = True
    return logger
