"""Random policies of the standard shape, and requests about them, for laws and benchmarks.

Hierarchies, cycles, denials, odd names, conditions, windows, types and known resources.
"""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st

from policy_service.domain.bundle import (
    Bundle,
    Directory,
    KnownResource,
    PolicyRow,
    RuleCondition,
    RuleObligation,
)
from policy_service.domain.control import Control, Operator, RowFilter
from policy_service.domain.decision import AccessRequest
from policy_service.domain.identifiers import AssetId, RoleId, RuleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.kit.clock import rfc3339
from tests.builders import NOW, make_bundle, make_directory

_MODELS = Path(__file__).resolve().parents[2] / "policies" / "casbin"
CONDITIONAL_MODEL = (_MODELS / "conditional.conf").read_text(encoding="utf-8")
NAMES = st.sampled_from(
    ("teller", "職員", "r.sub", "a,b", '"quoted"', "(open", "category:user.contact", "p_sub", "*")
) | st.text(min_size=1, max_size=4)
TIMES = st.sampled_from((NOW, NOW + timedelta(days=1), NOW + timedelta(days=2), None))
_KNOWN = (True, False, 0, 1, 1.0, 2, -1, "", "a", "b", "職", ("a",))


def _pool(names: tuple[str, ...], values: tuple[object, ...]) -> st.SearchStrategy[Parameters]:
    """A fixed pool, for drawing whole dictionaries costs more than what is tested with them."""
    chance = random.Random(11)  # noqa: S311 - the same pool each time
    drawn = (
        {name: chance.choice(values) for name in chance.sample(names, chance.randrange(4))}
        for _ in range(60)
    )
    return st.sampled_from([Parameters(), *(Parameters(one) for one in drawn)])


FACTS = _pool(("a", "b", "c", "d"), _KNOWN)
CLAIMS = _pool(("a", "b", "id", "type"), (*_KNOWN, float("nan")))  # a request may say anything
_TYPES = ("todo", "user")
_PURPOSES = ("service", "marketing", "*")
_ACTIONS = ("read", "read", "read", "update")
_RULES = ("R-1", "R-2", "R-3", "R-4")
_BASE = make_bundle()
_CONTROLS = (
    Control(operator=Operator.CLEAR),
    Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4)),
    Control(operator=Operator.PARTIAL, parameters=Parameters(first=6, last=0)),
    Control(operator=Operator.BUCKET, parameters=Parameters(width=10)),
    Control(operator=Operator.REDACT),
    Control(operator=Operator.NULL),
)
_FILTERS = tuple(
    RowFilter(table=AssetId("t"), column=column, subject_attribute=column) for column in "ab"
)
_LITERALS = ("true", "false", "0", "1", "1.0", "-1", "1e0", '""', '"a"', "'b'", '"職"', '"teller"')
_LISTS = ("[]", "[0, 1]", '["a", "b"]', "[true]", "[1.0,]", '["teller"]')
_COMPARATORS = ("==", "!=", "<", "<=", ">", ">=")


def make_expression(chance: random.Random, roots: tuple[str, ...], depth: int = 3) -> str:
    """Write a condition as people may, of any shape the language has."""

    def fact() -> str:
        root, name = chance.choice(roots), chance.choice((*"abcd", "id", "roles", "type"))
        return f'{root}["{name}"]' if chance.random() < 0.2 else f"{root}.{name}"

    def value() -> str:
        return fact() if chance.random() < 0.6 else chance.choice(_LITERALS)

    def inner() -> str:
        return make_expression(chance, roots, depth - 1)

    shapes = [
        lambda: f"{value()} {chance.choice(_COMPARATORS)} {value()}",
        lambda: f"{value()} {chance.choice(_COMPARATORS)} {value()}",
        lambda: f"{value()} in {chance.choice((*_LISTS, fact()))}",
        lambda: f"{value()} not in {chance.choice((*_LISTS, fact()))}",
        lambda: f"present({fact()})",
        lambda: chance.choice((fact(), "true", "false")),
    ]
    if depth:
        shapes += [
            lambda: f"not ({inner()})",
            lambda: f"({inner()} and {inner()})",
            lambda: f"{inner()} or {inner()}",
        ]
    return chance.choice(shapes)()


def expressions(
    roots: tuple[str, ...] = ("subject", "resource", "context"),
) -> st.SearchStrategy[str]:
    """Conditions of any shape, drawn cheaply."""
    return st.integers(0, 2**20).map(
        lambda seed: make_expression(random.Random(seed), roots)  # noqa: S311 - the draw's seed
    )


def _links(names: list[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    ends = st.sampled_from(names)
    return st.lists(st.tuples(ends, ends), max_size=8).map(tuple)


@st.composite
def conditions(draw: st.DrawFn, rules: list[RuleId]) -> tuple[RuleCondition, ...]:
    """Conditions and windows for some of the rules."""
    chosen = draw(st.lists(st.sampled_from(rules), max_size=3, unique=True))
    windows = st.sampled_from(
        (("", ""), ("", ""), (rfc3339(NOW), ""), ("", rfc3339(NOW + timedelta(days=1))))
    )
    found = []
    for rule in chosen:
        since, until = draw(windows)
        expression = draw(expressions()) if draw(st.integers(0, 3)) else ""
        found.append(
            RuleCondition(rule=rule, expression=expression, not_before=since, not_after=until)
        )
    return tuple(found)


@st.composite
def policies(draw: st.DrawFn) -> tuple[Bundle, Directory]:
    """A random bundle with people who hold some of its roles, and some that it does not know."""
    roles = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    resources = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    places = [*resources, *(f"type:{kind}" for kind in _TYPES)]
    row = st.builds(
        PolicyRow,
        role=st.sampled_from(roles).map(RoleId),
        resource=st.sampled_from([*resources, *places]),
        action=st.sampled_from(_ACTIONS),
        purpose=st.sampled_from(_PURPOSES),
        effect=st.sampled_from(("allow", "allow", "allow", "deny")),
        rule=st.sampled_from(_RULES).map(RuleId),
    )
    rows = tuple(draw(st.lists(row, min_size=2, max_size=8)))
    rules = sorted({row.rule for row in rows})
    obligations = tuple(
        RuleObligation(
            rule=rule,
            control=draw(st.sampled_from(_CONTROLS)),
            row_filter=draw(st.sampled_from((None, *_FILTERS, *_FILTERS))),
        )
        for rule in rules
    )
    known = {
        name: KnownResource(type=draw(st.sampled_from(_TYPES)), id=name, properties=draw(FACTS))
        for name in draw(st.lists(st.sampled_from([*resources, "k1", "k2"]), max_size=2))
    }
    bundle = replace(
        _BASE,
        model_conf=CONDITIONAL_MODEL,
        rows=rows,
        obligations=obligations,
        role_links=draw(_links(roles)),
        resource_links=draw(_links(places)),
        conditions=draw(conditions(rules)),
        resources=tuple(known.values()),
        tests=(),
    )
    subjects = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    held = st.lists(st.sampled_from([*roles, *roles, "nobody's"]), min_size=1).map(tuple)
    people = [
        Person(subject=SubjectId(name), roles=draw(held), attributes=draw(FACTS))
        for name in subjects
    ]
    holder = Person(subject=SubjectId("holder of all"), roles=tuple(RoleId(role) for role in roles))
    return bundle, make_directory(*people, holder)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Bundle, Directory, AccessRequest]:
    """A random policy and a request that may or may not be about it."""
    bundle, directory = draw(policies())
    known = {row.resource for row in bundle.rows}.union(*bundle.resource_links)
    people = [person.subject for person in directory.people]
    roles = [str(row.role) for row in bundle.rows]
    aim = draw(st.sampled_from((None, *bundle.rows, *bundle.rows)))  # mostly at a row that exists
    request = AccessRequest(
        subject=draw(st.sampled_from([*people, people[-1], people[-1], roles[0], "stranger"])),
        resource=draw(st.sampled_from([*sorted(known), "elsewhere", "k1"])),
        action=draw(st.sampled_from((*_ACTIONS, "drop"))) if aim is None else aim.action,
        purpose=draw(st.sampled_from((*_PURPOSES, "other", ""))) if aim is None else aim.purpose,
        resource_type=draw(st.sampled_from(("", *_TYPES, "other"))),
        properties=draw(CLAIMS),
        context=draw(CLAIMS),
    )
    if aim is not None:
        children = [child for child, parent in bundle.resource_links if parent == aim.resource]
        request = replace(request, resource=draw(st.sampled_from([aim.resource, *children])))
        if aim.resource.startswith("type:"):
            claimed = aim.resource.removeprefix("type:")
            asked = draw(st.sampled_from((aim.resource, "elsewhere", "k1")))
            request = replace(request, resource=asked, resource_type=claimed)
    return bundle, directory, request
