"""Application policy files: YAML to `ApplicationPolicy`, with the line of whatever is wrong.

The format is that of `policies/applications/`, described in `docs/applications.md`. Every
name is checked against those the file defines; what provisions say is not looked up here.
"""

import re
from collections.abc import Iterable, Mapping

from policy_service.domain.bundle import KnownResource
from policy_service.domain.condition import parse_condition
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.control_text import read_control
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import ProvisionId, RoleId, RuleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import NO_PARAMETERS
from policy_service.kit.clock import parse_rfc3339
from policy_service.publication.application import (
    ANY_PURPOSE,
    ApplicationPolicy,
    ApplicationRole,
    ApplicationRule,
    ApplicationTest,
    Ground,
    ResourceType,
)
from policy_service.publication.yaml_nodes import Node, compose, nearest

MOST_BYTES = 1 << 20
MOST_ROWS = 50_000  # that rules become: roles × resources × actions × purposes
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")  # no dot: asset ids start with a source's name
_RULE = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_TYPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_DATA_TYPES = frozenset({"source", "schema", "table", "column", "group", "category"})
_TOP = ("application", "title", "roles", "types", "rules", "tests")
_TOP_OPTIONAL = ("resources", "separation_of_duties")
_RULE_KEYS = ("id", "says", "roles", "types", "actions", "grounds")
_RULE_OPTIONAL = ("ids", "purposes", "effect", "when", "not_before", "not_after", "control")
_TEST_OPTIONAL = ("may", "may_not", "purpose", "context", "at", "rules")
_LONGEST = 200  # characters of a name or an id


def read_application(text: str, *, file: str) -> ApplicationPolicy:
    """Read one application policy; `file` is what complaints call it.

    Raises `UsageError`: one line with the place of the first thing wrong and what to do.
    """
    if len(text.encode("utf-8", errors="replace")) > MOST_BYTES:
        raise UsageError(f"`{file}` is larger than 1 MiB; split the application")
    fields = compose(text, file=file, what="an application policy").fields(_TOP, _TOP_OPTIONAL)
    roles = _roles(fields["roles"])
    types = _types(fields["types"])
    rules = _rules(fields["rules"], roles, types)
    return ApplicationPolicy(
        name=_matching(fields["application"], _NAME, "small letters, digits, `_` and `-`"),
        title=fields["title"].text(),
        roles=tuple(roles.values()),
        types=tuple(types.values()),
        rules=tuple(rules.values()),
        resources=_resources(fields.get("resources"), types, rules.values()),
        separation=_separation(fields.get("separation_of_duties"), roles),
        tests=tuple(_test(one, roles, types, rules) for one in fields["tests"].items()),
    )


def _roles(node: Node) -> dict[str, ApplicationRole]:
    entries = node.entries()
    if not entries:
        node.wrong("must name at least one role")
    found: dict[str, ApplicationRole] = {}
    for name, inherited in entries.items():
        _check_name(inherited, name)
        wider = inherited.value()
        if not isinstance(wider, tuple):
            inherited.wrong("must list the roles it inherits; `[]` for none")
        for one in wider:
            _known(inherited, one, entries, "role")
        found[name] = ApplicationRole(id=RoleId(name), inherits=tuple(map(RoleId, wider)))
    return found


def _types(node: Node) -> dict[str, ResourceType]:
    found: dict[str, ResourceType] = {}
    for name, actions in node.entries().items():
        if not _TYPE.fullmatch(name) or name in _DATA_TYPES:
            actions.wrong(
                "cannot name a type of resource; use letters, digits, `_`, `.` and `-`, and not "
                f"{', '.join(sorted(_DATA_TYPES))}, which are the data's"
            )
        found[name] = ResourceType(name=name, actions=actions.texts())
    if not found:
        node.wrong("must name at least one type of resource with its actions")
    return found


def _rules(
    node: Node, roles: Mapping[str, object], types: Mapping[str, ResourceType]
) -> dict[str, ApplicationRule]:
    found: dict[str, ApplicationRule] = {}
    for item in node.items():
        rule = _rule(item, roles, types)
        if rule.id in found:
            item.wrong(f"has two rules `{rule.id}`; rename one")
        found[rule.id] = rule
    rows = sum(
        len(one.roles) * len(one.resources) * len(one.actions) * len(one.purposes)
        for one in found.values()
    )
    if rows > MOST_ROWS:
        node.wrong(f"come to {rows:,} rows and {MOST_ROWS:,} is the most; split the application")
    return found


def _rule(
    item: Node, roles: Mapping[str, object], types: Mapping[str, ResourceType]
) -> ApplicationRule:
    fields = item.fields(_RULE_KEYS, _RULE_OPTIONAL)
    kinds = _all_known(fields["types"], types, "type")
    ids = fields["ids"].texts() if "ids" in fields else ()
    if ids and len(kinds) != 1:
        fields["ids"].wrong("can only narrow a single type; write a rule for each type")
    for one in ids:
        _check_name(fields["ids"], one)
    actions = fields["actions"].texts()
    for kind in kinds:
        for action in actions:
            _known(fields["actions"], action, types[kind].actions, f"action of `{kind}`")
    allow = _effect(fields.get("effect"))
    return ApplicationRule(
        id=RuleId(_matching(fields["id"], _RULE, "small letters, digits, `.`, `_` and `-`")),
        sentence=fields["says"].text(),
        roles=tuple(RoleId(one) for one in _all_known(fields["roles"], roles, "role")),
        types=kinds,
        ids=ids,
        actions=actions,
        purposes=fields["purposes"].texts() if "purposes" in fields else (ANY_PURPOSE,),
        allow=allow,
        grounds=tuple(_ground(one) for one in fields["grounds"].items()),
        when=_when(fields.get("when")),
        control=_control(fields.get("control"), allow=allow),
        **_window(fields),
    )


def _effect(node: Node | None) -> bool:
    effect = "allow" if node is None else node.text()
    if node is not None and effect not in ("allow", "deny"):
        node.wrong("must be `allow` or `deny`")
    return effect == "allow"


def _when(node: Node | None) -> str:
    if node is None:
        return ""
    text = node.text()
    try:
        parse_condition(text)
    except UsageError as error:
        node.wrong(f"is no condition: {error.message}")
    return text


def _window(fields: Mapping[str, Node]) -> dict[str, str]:
    given = {name: _time(fields[name]) for name in ("not_before", "not_after") if name in fields}
    if len(given) == 2 and parse_rfc3339(given["not_before"]) >= parse_rfc3339(given["not_after"]):
        fields["not_after"].wrong("must be later than `not_before`")
    return given


def _time(node: Node) -> str:
    text = node.text()
    try:
        parse_rfc3339(text)
    except ValueError:
        node.wrong("must be a time with its zone, such as `2026-09-01T08:00:00Z`")
    return text


def _control(node: Node | None, *, allow: bool) -> Control:
    if node is None:
        return CLEAR
    try:
        control = read_control(node.text())
    except ValueError as error:
        node.wrong(str(error))
    if not allow or control.operator is Operator.DENY:
        node.wrong("belongs to a rule that allows; to deny, write `effect: deny` and no control")
    return control


def _ground(node: Node) -> Ground:
    if not node.is_object:
        return Ground(provision=ProvisionId(node.text()))
    fields = node.fields(("provision", "quote"))
    return Ground(provision=ProvisionId(fields["provision"].text()), quote=fields["quote"].text())


def _resources(
    node: Node | None, types: Mapping[str, ResourceType], rules: Iterable[ApplicationRule]
) -> tuple[KnownResource, ...]:
    found: dict[tuple[str, str], KnownResource] = {}
    for item in node.items() if node is not None else ():
        one = _resource(item, types)
        if (one.type, one.id) in found:
            item.wrong(f"has two resources `{one.id}` of type `{one.type}`; keep one")
        found[(one.type, one.id)] = one
    for rule in rules:
        for name in rule.ids:
            kind = rule.types[0]
            others = {known for known, known_id in found if known_id == name} - {kind}
            if others:
                raise UsageError(
                    f"rule `{rule.id}` names `{name}` as a `{kind}`, and elsewhere it is a "
                    f"`{min(others)}`; an id that a rule names is one resource, so rename one"
                )
            found.setdefault((kind, name), KnownResource(type=kind, id=name))
    return tuple(found.values())


def _resource(node: Node, types: Mapping[str, ResourceType]) -> KnownResource:
    fields = node.fields(("type", "id"), ("properties",))
    kind = fields["type"].text()
    _known(fields["type"], kind, types, "type")
    name = fields["id"].text()
    _check_name(fields["id"], name)
    properties = fields["properties"].parameters() if "properties" in fields else NO_PARAMETERS
    return KnownResource(type=kind, id=name, properties=properties)


def _separation(
    node: Node | None, roles: Mapping[str, object]
) -> tuple[tuple[RoleId, RoleId], ...]:
    pairs: list[tuple[RoleId, RoleId]] = []
    for item in node.items() if node is not None else ():
        names = _all_known(item, roles, "role")
        if len(names) != 2:
            item.wrong("must pair two different roles, such as `[maker, checker]`")
        pairs.append((RoleId(names[0]), RoleId(names[1])))
    return tuple(dict.fromkeys(pairs))


def _test(
    node: Node,
    roles: Mapping[str, object],
    types: Mapping[str, ResourceType],
    rules: Mapping[str, object],
) -> ApplicationTest:
    fields = node.fields(("says", "as", "on"), _TEST_OPTIONAL)
    if ("may" in fields) == ("may_not" in fields):
        node.wrong("must have a test say either `may: ACTION` or `may_not: ACTION`")
    answer = "may" if "may" in fields else "may_not"
    resource = _resource(fields["on"], types)
    action = fields[answer].text()
    _known(fields[answer], action, types[resource.type].actions, f"action of `{resource.type}`")
    decided = _all_known(fields["rules"], rules, "rule") if "rules" in fields else ()
    return ApplicationTest(
        says=fields["says"].text(),
        person=_person(fields["as"], roles),
        resource=resource,
        action=action,
        allow=answer == "may",
        purpose=fields["purpose"].text() if "purpose" in fields else "",
        context=fields["context"].parameters() if "context" in fields else NO_PARAMETERS,
        at=_time(fields["at"]) if "at" in fields else "",
        rules=tuple(map(RuleId, decided)),
    )


def _person(node: Node, roles: Mapping[str, object]) -> Person:
    fields = node.fields(("roles",), ("id", "attributes"))
    held = _all_known(fields["roles"], roles, "role")
    attributes = fields["attributes"].parameters() if "attributes" in fields else NO_PARAMETERS
    return Person(
        subject=SubjectId(fields["id"].text() if "id" in fields else "somebody"),
        roles=tuple(RoleId(one) for one in held),
        attributes=attributes,
    )


def _all_known(node: Node, known: Iterable[str], what: str) -> tuple[str, ...]:
    names = node.texts()
    for name in names:
        _known(node, name, known, what)
    return names


def _known(node: Node, name: str, known: Iterable[str], what: str) -> None:
    options = tuple(known)
    if name not in options:
        node.wrong(f"names the unknown {what} `{name}`; {nearest(name, options)}")


def _matching(node: Node, form: re.Pattern[str], of: str) -> str:
    text = node.text()
    if not form.fullmatch(text):
        node.wrong(f"must be made of {of}")
    return text


def _check_name(node: Node, name: str) -> None:
    if len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        node.wrong(f"has a name that is longer than {_LONGEST} characters or cannot be printed")
