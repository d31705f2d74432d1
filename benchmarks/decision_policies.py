"""Synthetic policies for `benchmarks.decisions`: like a drafted one, of any number of rules."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_service.domain.bundle import Bundle, Directory, PolicyRow, RuleObligation
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.decision import AccessRequest
from policy_service.domain.identifiers import (
    DraftId,
    Revision,
    RoleId,
    RuleId,
    Sha256Hex,
    SubjectId,
)
from policy_service.domain.organisation import Person

STANDARD_MODEL = """\
[request_definition]
r = sub, obj, act, purpose
[policy_definition]
p = sub, obj, act, purpose, eft, rule
[role_definition]
g = _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && g2(r.obj, p.obj) && r.act == p.act && \
(p.purpose == "*" || r.purpose == p.purpose)
"""
ACTIONS = ("read", "create", "update", "delete")
PURPOSES = ("service", "analytics", "fraud_detection", "legal", "*")
_CATEGORIES = tuple(f"user.kind_{a}.part_{b}" for a in range(8) for b in range(5))
_GROUPS_PER_TABLE = 5
_COLUMNS_PER_GROUP = 3
_CONTROLS = (CLEAR, Control(operator=Operator.REDACT), Control(operator=Operator.NULL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A policy, its people, and requests of which about half hit a rule."""

    bundle: Bundle
    directory: Directory
    requests: tuple[AccessRequest, ...]


def make_case(*, rules: int, requests: int, seed: int = 7) -> Case:
    """Make `rules` rows over tables, categories and a hierarchy of roles; same seed, same case."""
    chance = random.Random(seed)
    roles = [f"role-{n}" for n in range(max(5, min(1000, rules // 100)))]
    tables = max(2, rules // 40)
    links, groups, columns = _resources(tables)
    rows = tuple(_row(number, chance, roles, groups) for number in range(rules))
    people = tuple(
        Person(
            subject=SubjectId(f"person-{n}"),
            roles=tuple(RoleId(role) for role in chance.sample(roles, chance.choice((1, 1, 2)))),
        )
        for n in range(max(20, len(roles) * 5))
    )
    bundle = _bundle(rows, roles, links)
    holders: dict[RoleId, list[Person]] = {}
    for person in people:
        for role in person.roles:
            holders.setdefault(role, []).append(person)
    asked = tuple(
        _request(chance, rows=rows, people=people, holders=holders, groups=groups, columns=columns)
        for _ in range(requests)
    )
    return Case(
        bundle=bundle,
        directory=Directory(people=people, sha256=Sha256Hex("0" * 64)),
        requests=asked,
    )


def _bundle(
    rows: tuple[PolicyRow, ...], roles: list[str], links: tuple[tuple[str, str], ...]
) -> Bundle:
    return Bundle(
        revision=Revision(1),
        tenant="benchmark",
        source="bank",
        draft=DraftId("dra_benchmark"),
        draft_sha256=Sha256Hex("0" * 64),
        issued_at="2026-03-02T12:00:00.000000Z",
        expires_at="2099-03-02T12:00:00.000000Z",
        model_conf=STANDARD_MODEL,
        rows=rows,
        role_links=tuple((role, roles[n // 10]) for n, role in enumerate(roles) if n >= 10),
        resource_links=links,
        obligations=tuple(
            RuleObligation(rule=row.rule, control=_CONTROLS[n % len(_CONTROLS)])
            for n, row in enumerate(rows)
            if row.effect == "allow"
        ),
        encryption=(),
        retention=(),
        separation=(),
        tests=(),
    )


def _resources(
    tables: int,
) -> tuple[tuple[tuple[str, str], ...], list[str], dict[str, list[str]]]:
    links: dict[tuple[str, str], None] = {("bank.public", "bank"): None}
    columns: dict[str, list[str]] = {}
    for table_number in range(tables):
        table = f"bank.public.table_{table_number}"
        links[(table, "bank.public")] = None
        for place in range(_GROUPS_PER_TABLE):
            category = _CATEGORIES[(table_number * _GROUPS_PER_TABLE + place) % len(_CATEGORIES)]
            group, wide = f"{table}/{category}", category.rpartition(".")[0]
            links[(group, table)] = None
            links[(f"category:{category}", f"category:{wide}")] = None
            links[(f"category:{wide}", "category:user")] = None
            for number in range(_COLUMNS_PER_GROUP):
                column = f"{table}.column_{place}_{number}"
                links[(column, group)] = links[(column, f"category:{category}")] = None
                columns.setdefault(group, []).append(column)
    return tuple(links), list(columns), columns


def _row(number: int, chance: random.Random, roles: list[str], groups: list[str]) -> PolicyRow:
    resource = chance.choice(groups)
    if chance.random() < 0.005:
        resource = f"category:{chance.choice(_CATEGORIES)}"
    return PolicyRow(
        role=RoleId(chance.choice(roles)),
        resource=resource,
        action=chance.choice(ACTIONS),
        purpose=chance.choice(PURPOSES),
        effect="deny" if chance.random() < 0.05 else "allow",
        rule=RuleId(f"R-{number:06d}"),
    )


def _request(
    chance: random.Random,
    *,
    rows: tuple[PolicyRow, ...],
    people: Sequence[Person],
    holders: Mapping[RoleId, Sequence[Person]],
    groups: list[str],
    columns: dict[str, list[str]],
) -> AccessRequest:
    row = chance.choice(rows)
    person = chance.choice(holders.get(row.role) or people)
    group = row.resource
    if group not in columns or chance.random() < 0.5:
        group = chance.choice(groups)
    return AccessRequest(
        subject=person.subject,
        resource=chance.choice(columns[group]),
        action=row.action,
        purpose="service" if row.purpose == "*" else row.purpose,
    )
