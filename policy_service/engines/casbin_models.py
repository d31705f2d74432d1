"""Policies of other Casbin models, run by pycasbin itself behind the decision point's interface.

RBAC with domains or resource roles, paths, priorities, attributes. Slower than the compiled
index by orders of magnitude: each decision walks the rows. Source: PERM metamodel, Casbin 2.

What pycasbin 2.8 gets wrong by itself, and what is done about it here:

- a row of the wrong length fails only while deciding, one of an unknown kind is ignored → refused;
- an empty policy is evaluated against empty texts → refused;
- an effect that allows whatever no rule denies → refused: the default is denial;
- an effect other than allow and deny is passed over, a priority that is no number sorts
  anyhow → refused;
- roles deeper than ten levels are denied, who is asked about is remembered → `Links`;
- matchers and rules in rows can call methods, path patterns are regular expressions →
  `casbin_models_guards`;
- it is not safe between threads, and logs requests → a lock, a deaf logger.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import casbin
from casbin.persist import Adapter
from casbin.util import escape_assertion

from policy_service.domain.bundle import Directory, TableView
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.draft import PolicyTest
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId, SubjectId
from policy_service.engines.casbin_models_guards import (
    Facts,
    Links,
    MissingFactError,
    check_expression,
    guarded_functions,
)
from policy_service.engines.casbin_models_text import ModelRow, check_model_text, read_rows

_EFFECTS = frozenset(
    {
        "some(where (p_eft == allow))",
        "some(where (p_eft == allow)) && !some(where (p_eft == deny))",
        "priority(p_eft) || deny",
        "subjectPriority(p_eft) || deny",
    }
)
_PATTERNS = ("keyMatch", "keyMatch2", "keyMatch3", "keyMatch4", "keyMatch5", "globMatch")
_UNANSWERED = (MissingFactError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyIdentity:
    """What every answer and every change of policy is told apart by."""

    revision: Revision
    tenant: str
    source: str
    expires_at: datetime


class CasbinModelPolicy:
    """One policy of any supported Casbin model. Never changes; safe between threads."""

    def __init__(
        self,
        *,
        model_conf: str,
        policy_csv: str,
        identity: PolicyIdentity,
        directory: Directory | None = None,
        tests: tuple[PolicyTest, ...] = (),
        link_patterns: Mapping[str, str] | None = None,
    ) -> None:
        """Load a policy.

        With a `directory` only its people are answered for, with its roles and attributes;
        without one, whoever is named. `link_patterns` makes links of a kind hold for patterns:
        `{"g2": "keyMatch2"}`. Raises `EnforcementError` (`PolicyRowError` with the line) for
        what cannot be relied on.
        """
        self.revision = identity.revision
        self.tenant = identity.tenant
        self.source = identity.source
        self.expires_at = identity.expires_at
        self.tests = tests
        self._people = None if directory is None else {one.subject: one for one in directory.people}
        self._lock = threading.Lock()
        rows = read_rows(policy_csv)
        self._enforcer, self._facts_of = _load(
            model_conf, rows, directory, dict(link_patterns or {})
        )
        sections = self._enforcer.model.model
        self._fields = tuple(one.removeprefix("r_") for one in sections["r"]["r"].tokens)
        self._rules = _rule_ids(sections, rows)

    def decide(self, request: AccessRequest, now: datetime | None = None) -> Decision:
        """Answer one request; a fact that the rules need and nobody gives is a denial."""
        if self._people is not None and request.subject not in self._people:
            return self._denied(DenyReason.UNKNOWN_SUBJECT)
        return self._decide(request, request.subject)

    def decide_role(
        self, role: str, resource: str, action: str, purpose: str, now: datetime | None = None
    ) -> Decision:
        """Answer for whoever is named `role` in the policy, of whom nothing else is known."""
        request = AccessRequest(subject=role, resource=resource, action=action, purpose=purpose)
        return self._decide(request, role)

    def view(
        self,
        subject: str,
        table: str,
        purpose: str,
        action: str = "read",
        now: datetime | None = None,
    ) -> TableView:
        """Show nothing: these models know no columns."""
        return TableView(
            table=AssetId(table),
            purpose=Purpose(purpose),
            columns=(),
            row_filters=(),
            attributes=(),
            revision=self.revision,
        )

    def explain(self, request: AccessRequest, now: datetime | None = None) -> tuple[str, ...]:
        """Name the row that decided, as pycasbin tells it; the first that did, where several."""
        decision = self.decide(request, now)
        done = "allowed" if decision.allow else "denied"
        if decision.rules:
            return (f"{done} by {', '.join(decision.rules)}, a row of its Casbin policy",)
        reason = decision.reason.value if decision.reason else ""
        return (f"{done}: {reason}",)

    def _decide(self, request: AccessRequest, subject: str) -> Decision:
        try:
            values = self._values(request, subject)
            with self._lock:
                allowed, row = self._enforcer.enforce_ex(*values)
                rules = self._named(row)
        except _UNANSWERED:
            return self._denied(DenyReason.CONDITION_UNKNOWN)
        except Exception as error:  # whatever the model ran into: no value of it is repeated
            raise EnforcementError(
                f"pycasbin failed with {type(error).__name__}; nothing is allowed"
            ) from None
        if allowed:
            return Decision(allow=True, revision=self.revision, rules=rules)
        return self._denied(
            DenyReason.DENIED_BY_RULE if rules else DenyReason.NO_MATCHING_RULE, rules
        )

    def _values(self, request: AccessRequest, subject: str) -> list[object]:
        """Write a request in the model's order; what is no field of it comes of its context."""
        known: dict[str, object] = {
            **request.context,
            "sub": self._subject(subject) if "r_sub" in self._facts_of else subject,
            "obj": _resource(request) if "r_obj" in self._facts_of else request.resource,
            "act": request.action,
            "purpose": request.purpose,
        }
        missing = [name for name in self._fields if name not in known]
        if missing:
            raise MissingFactError(missing[0])
        return [known[name] for name in self._fields]

    def _subject(self, subject: str) -> Facts:
        person = None if self._people is None else self._people.get(SubjectId(subject))
        if person is None:
            return Facts({"id": subject})
        return Facts({**person.attributes, "id": subject, "roles": person.roles})

    def _named(self, row: Sequence[str]) -> tuple[RuleId, ...]:
        return (self._rules[tuple(row)],) if row else ()

    def _denied(self, reason: DenyReason, rules: tuple[RuleId, ...] = ()) -> Decision:
        return Decision(allow=False, revision=self.revision, rules=rules, reason=reason)


def _resource(request: AccessRequest) -> Facts:
    known = {"id": request.resource, "type": request.resource_type}
    return Facts({**request.properties, **known})


class _Rows(Adapter):  # type: ignore[misc] # pycasbin carries no types
    """Hands typed rows to pycasbin's model without a detour through its text format."""

    def __init__(self, rows: Sequence[ModelRow]) -> None:
        self._rows = rows

    def load_policy(self, model: Any) -> None:  # noqa: ANN401 - pycasbin carries no types
        for row in self._rows:
            model.model[row.kind[0]][row.kind].policy.append(list(row.fields))


def _load(
    model_conf: str,
    rows: Sequence[ModelRow],
    directory: Directory | None,
    link_patterns: dict[str, str],
) -> tuple[Any, frozenset[str]]:
    """Load model and rows; return the enforcer, and the request fields whose facts are read."""
    check_model_text(model_conf)
    try:
        model = casbin.Enforcer.new_model(text=model_conf)
        sections = model.model
        _check_effect(sections)
        _check_rows(sections, rows)
        enforcer = casbin.Enforcer(model)
        functions = guarded_functions(enforcer.fm.get_functions())
        facts_of = _check_expressions(sections, rows, functions)
        enforcer.logger = _deaf_logger()
        enforcer.fm.fm = functions
        for kind in sections.get("g", {}):
            enforcer.set_named_role_manager(kind, _links(kind, link_patterns, functions))
        if link_patterns:
            raise EnforcementError(
                f"the model has no links `{min(link_patterns)}` for a pattern to hold"
            )
        enforcer.adapter = _Rows([*rows, *_held_roles(sections, rows, directory)])
        enforcer.load_policy()
    except EnforcementError:
        raise
    except Exception as error:  # pycasbin raises whatever it runs into
        raise EnforcementError(
            f"pycasbin cannot load the model or its rows ({type(error).__name__}); correct them"
        ) from None
    return enforcer, facts_of


def _check_effect(sections: Mapping[str, Mapping[str, Any]]) -> None:
    if sections["e"]["e"].value not in _EFFECTS:
        raise EnforcementError(
            "the model's effect is unknown, or allows what no rule denies; default is denial, so "
            "use `some(where (p.eft == allow))`, with `&& !some(where (p.eft == deny))`, or "
            "`priority(p.eft) || deny`"
        )


def _check_rows(sections: Mapping[str, Mapping[str, Any]], rows: Sequence[ModelRow]) -> None:
    if not any(row.kind == "p" for row in rows):
        raise EnforcementError("the policy has no `p` row; an empty policy is refused")
    tokens = [token.removeprefix("p_") for token in sections["p"]["p"].tokens]
    wanted = {"p": len(tokens)}
    wanted.update((kind, _ends(kind, one.value)) for kind, one in sections.get("g", {}).items())
    for row in rows:
        if row.kind not in wanted:
            raise PolicyRowError(
                f"policy line {row.line}: the model knows no rows `{row.kind}`", line=row.line
            )
        if len(row.fields) != wanted[row.kind]:
            raise PolicyRowError(
                f"policy line {row.line}: a `{row.kind}` row has {wanted[row.kind]} fields, "
                f"and this one {len(row.fields)}",
                line=row.line,
            )
        if row.kind == "p":
            _check_fields(dict(zip(tokens, row.fields, strict=True)), row.line)


def _ends(kind: str, definition: str) -> int:
    """Count what a link joins: two names, or two names in a domain."""
    ends = [part.strip() for part in definition.split(",")]
    if ends not in (["_", "_"], ["_", "_", "_"]):
        raise EnforcementError(f"links `{kind}` are `_, _`, or `_, _, _` in domains")
    return len(ends)


def _check_fields(fields: Mapping[str, str], line: int) -> None:
    if fields.get("eft", "allow") not in ("allow", "deny"):
        raise PolicyRowError(
            f"policy line {line} has an unknown effect; write `allow` or `deny`", line=line
        )
    priority = fields.get("priority", "0")
    if not (priority.isascii() and priority.isdigit()):
        raise PolicyRowError(
            f"policy line {line} has a priority that is no whole number from 0 on", line=line
        )


def _check_expressions(
    sections: Mapping[str, Mapping[str, Any]],
    rows: Sequence[ModelRow],
    functions: Mapping[str, object],
) -> frozenset[str]:
    columns = sections["p"]["p"].tokens
    names = frozenset((*sections["r"]["r"].tokens, *columns))
    offered = (*functions, *sections.get("g", {}))
    matcher = check_expression(
        sections["m"]["m"].value, where="the matcher", names=names, functions=(*offered, "eval")
    )
    found = [matcher]
    for row in rows if matcher.rules else ():
        if row.kind == "p":
            found += [
                check_expression(
                    escape_assertion(row.fields[columns.index(rule)]),
                    where=f"policy line {row.line}: its rule",
                    names=names,
                    functions=offered,
                )
                for rule in sorted(matcher.rules)
            ]
    plain = frozenset[str]().union(*(one.plain for one in found))
    facts_of = frozenset[str]().union(*(one.facts_of for one in found))
    if plain & facts_of or facts_of - {"r_sub", "r_obj"}:
        raise EnforcementError(
            "facts are known of `r.sub` and `r.obj`, which are then read as facts everywhere: "
            "write `r.sub.id`, `r.obj.id` for the texts"
        )
    return facts_of


def _links(kind: str, patterns: dict[str, str], functions: Mapping[str, Any]) -> Links:
    name = patterns.pop(kind, "")
    if name and name not in _PATTERNS:
        raise EnforcementError(f"links hold for one of {', '.join(_PATTERNS)}; not `{name}`")
    return Links(functions[name] if name else None)


def _held_roles(
    sections: Mapping[str, Mapping[str, Any]],
    rows: Sequence[ModelRow],
    directory: Directory | None,
) -> list[ModelRow]:
    """Write the roles of the directory as links; nobody gets rights by being called like a role."""
    links = sections.get("g", {}).get("g")
    if directory is None or links is None:
        return []
    held = [(person.subject, role) for person in directory.people for role in person.roles]
    roles = {row.fields[1] for row in rows if row.kind == "g"} | {role for _, role in held}
    namesakes = roles & {person.subject for person in directory.people}
    if namesakes:
        raise EnforcementError(
            f"{len(namesakes)} people are called like a role; rename the role in the policy"
        )
    if _ends("g", links.value) != 2:
        return []  # in a domain only the policy itself says who holds what
    return [ModelRow(kind="g", fields=(subject, role), line=0) for subject, role in held]


def _rule_ids(
    sections: Mapping[str, Mapping[str, Any]], rows: Sequence[ModelRow]
) -> Mapping[tuple[str, ...], RuleId]:
    tokens = [token.removeprefix("p_") for token in sections["p"]["p"].tokens]
    place = tokens.index("rule") if "rule" in tokens else -1
    found: dict[tuple[str, ...], RuleId] = {}
    for row in rows:
        if row.kind == "p":
            name = row.fields[place] if place >= 0 else f"line-{row.line}"
            found.setdefault(row.fields, RuleId(name))
    return found


def _deaf_logger() -> logging.Logger:
    logger = logging.Logger("policy_service.casbin_models")  # no configuration reaches it
    logger.disabled = True
    return logger
