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
from typing import Any

import casbin
from casbin.persist import Adapter
from casbin.rbac import RoleManager

from policy_service.domain.bundle import Bundle, Directory, PolicyRow
from policy_service.domain.errors import EnforcementError, PolicyRowError

_REQUEST = ["r_sub", "r_obj", "r_act", "r_purpose"]
_POLICY = ["p_sub", "p_obj", "p_act", "p_purpose", "p_eft", "p_rule"]
_SUBJECT = "\x00subject:"  # so that nobody gets a role's rights by being called like one


class CasbinEngine:
    """Decides by pycasbin over one model, one set of rows and its links. Safe between threads."""

    def __init__(
        self,
        *,
        model_conf: str,
        rows: Sequence[PolicyRow],
        role_links: Iterable[tuple[str, str]] = (),
        resource_links: Iterable[tuple[str, str]] = (),
        subjects: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Load the policy; `subjects` maps each subject to the roles it holds.

        Raises `EnforcementError` for a model or rows that cannot be relied on.
        """
        _check_rows(rows)
        self._subjects = frozenset(subjects or ())
        held = [
            (f"{_SUBJECT}{subject}", role)
            for subject, roles in (subjects or {}).items()
            for role in roles
        ]
        self._lock = threading.Lock()
        self._enforcer = _load(model_conf, rows, [*role_links, *held], [*resource_links])

    @classmethod
    def from_bundle(cls, bundle: Bundle, directory: Directory) -> "CasbinEngine":
        """Load a bundle for the people of a directory."""
        return cls(
            model_conf=bundle.model_conf,
            rows=bundle.rows,
            role_links=bundle.role_links,
            resource_links=bundle.resource_links,
            subjects={person.subject: person.roles for person in directory.people},
        )

    def enforce(self, subject_or_role: str, resource: str, action: str, purpose: str) -> bool:
        """Tell whether a subject may; a name that is no subject is taken as a role."""
        if subject_or_role in self._subjects:
            return self.enforce_subject(subject_or_role, resource, action, purpose)
        return self._enforce(subject_or_role, resource, action, purpose)

    def enforce_subject(self, subject: str, resource: str, action: str, purpose: str) -> bool:
        """Tell whether a known subject may; one that is not known may nothing."""
        if subject not in self._subjects:
            return False
        return self._enforce(f"{_SUBJECT}{subject}", resource, action, purpose)

    def _enforce(self, *request: str) -> bool:
        try:
            with self._lock:
                return bool(self._enforcer.enforce(*request))
        except Exception as error:  # whatever the model's matcher ran into
            raise EnforcementError(
                f"the reference engine failed with {type(error).__name__}; nothing is allowed"
            ) from error


class _Links(RoleManager):  # type: ignore[misc] # pycasbin carries no types
    """Links with their closure: any depth, cycles harmless, deaf to names it does not know."""

    def __init__(self) -> None:
        self._parents: dict[str, set[str]] = {}
        self._closed: dict[str, frozenset[str]] = {}

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
) -> Any:  # noqa: ANN401 - pycasbin carries no types
    try:
        model = casbin.Enforcer.new_model(text=model_conf)
        _check_model(model.model)
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
    return enforcer


def _check_model(sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Require the arity that requests and rows are given in, and both kinds of links."""
    if sections["r"]["r"].tokens != _REQUEST or sections["p"]["p"].tokens != _POLICY:
        raise EnforcementError(
            "the model needs `r = sub, obj, act, purpose` and "
            "`p = sub, obj, act, purpose, eft, rule`"
        )
    if not {"g", "g2"} <= set(sections.get("g", {})):
        raise EnforcementError("the model needs `g = _, _` for roles and `g2 = _, _` for resources")


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
