"""Law 2, floors hold: no rule shows, keeps or protects less than a mandatory obligation asks.

Written apart from drafting's own exclusion of candidates on purpose, so that a mistake
in one is caught by the other.
"""

from collections.abc import Iterator

from policy_service.domain.control import Action, Control, Operator
from policy_service.domain.draft import AccessRule, EncryptionRule, RetentionRule
from policy_service.domain.finding import Finding
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    category_covers,
    is_accepted_proposal,
)
from policy_service.domain.provision import ControlKind, Obligation
from policy_service.verification.subject import Subject, error

CHECK = "floor-loosened"
_VALUELESS = (Operator.DENY, Operator.NULL, Operator.REDACT, Operator.REPLACE)
# What shows whole values, or values near them: more than any number of characters.
_NEAR = (
    Operator.CLEAR,
    Operator.SUPPRESS,
    Operator.TOP_BOTTOM,
    Operator.DATE_SHIFT,
    Operator.NOISE,
)
_LIMITS = {"first": "visible_first", "last": "visible_last"}


def check_floors(subject: Subject) -> Iterator[Finding]:
    """Find rules that fall below a floor."""
    for floor in subject.floors:
        for rule in subject.draft.access:
            if _reaches(subject, floor, rule.point.columns, rule.point.category):
                yield from _access(floor, rule)
        for encryption in subject.draft.encryption:
            if _reaches(subject, floor, encryption.columns, encryption.category):
                yield from _encryption(floor, encryption)
        for retention in subject.draft.retention:
            if _reaches_table(subject, floor, retention.table):
                yield from _retention(floor, retention)


def _reaches(
    subject: Subject, floor: Obligation, columns: tuple[AssetId, ...], category: DataCategory
) -> bool:
    """Tell whether a floor is about a category or about what the values give away."""
    if not floor.data_categories:
        return True
    known = [subject.columns[column] for column in columns if column in subject.columns]
    shown = {category, *(revealed for column in known for revealed in column.reveals)}
    return any(category_covers(wide, one) for wide in floor.data_categories for one in shown)


def _reaches_table(subject: Subject, floor: Obligation, table: AssetId) -> bool:
    found = subject.catalog.table(table)
    return found is not None and any(
        _reaches(subject, floor, (column.id,), column.category) for column in found.columns
    )


def _access(floor: Obligation, rule: AccessRule) -> Iterator[Finding]:
    if floor.kind is ControlKind.PURPOSE_LIMITATION:
        excluded = _within(floor.parameters.texts("excluded_purposes"), rule.point.purpose)
        if excluded and rule.control.operator not in _VALUELESS:
            yield _broken(floor, rule, f"forbids {rule.point.purpose}")
    if floor.kind is not ControlKind.MASKING or rule.point.action is not Action.READ:
        return
    if rule.control.operator is Operator.DENY:
        return
    if _within(floor.parameters.texts("unless_purposes"), rule.point.purpose):
        return
    operators = floor.parameters.texts("operators")
    if is_accepted_proposal(floor.id):
        operators = _with_stricter(operators)
    if operators and not _listed(rule.control.operator, operators):
        yield _broken(floor, rule, f"does not allow `{rule.control.operator}`")
    elif _shown_beyond(floor, rule.control):
        yield _broken(floor, rule, f"limits what `{rule.control.label}` may show")


def _listed(operator: Operator, operators: tuple[str, ...]) -> bool:
    """Tell whether a floor names an operator, or one in whose place it may stand."""
    return any(one in operators for one in (operator, *operator.stands_in_for))


def _with_stricter(operators: tuple[str, ...]) -> tuple[str, ...]:
    """Add what is stricter than the most open of these: a floor of an import takes none of it.

    Operators are listed strictest first.
    """
    order = [one.value for one in Operator]
    last = max((order.index(one) for one in operators), default=-1)
    return tuple(order[: last + 1])


def _shown_beyond(floor: Obligation, control: Control) -> bool:
    parameters = floor.parameters
    if not any(limit in parameters for limit in _LIMITS.values()):
        return False
    if control.operator in _NEAR:
        return True
    if control.operator is Operator.PARTIAL:
        return any(
            control.parameters.integer(part, 0) > parameters.integer(limit, 0)
            for part, limit in _LIMITS.items()
        )
    if control.operator is Operator.GENERALISE and control.parameters.text("to") == "prefix":
        return control.parameters.integer("keep", 0) > parameters.integer("visible_first", 0)
    return False


def _encryption(floor: Obligation, rule: EncryptionRule) -> Iterator[Finding]:
    parameters = floor.parameters
    if floor.kind is ControlKind.ENCRYPTION_AT_REST:
        bits = parameters.integer("min_key_bits", 0)
        if rule.key_bits < bits:
            yield _weak(floor, rule, f"asks for keys of {bits} bits")
        algorithm = parameters.text("algorithm")
        if algorithm not in rule.algorithm:
            yield _weak(floor, rule, f"asks for {algorithm}")
    days = parameters.integer("rotation_days", rule.rotation_days)
    if floor.kind is ControlKind.KEY_MANAGEMENT and rule.rotation_days > days:
        yield _weak(floor, rule, f"asks for new keys every {days} days")


def _retention(floor: Obligation, rule: RetentionRule) -> Iterator[Finding]:
    if floor.kind is not ControlKind.RETENTION:
        return
    most = floor.parameters.integer("max_days", rule.max_days)
    least = floor.parameters.integer("min_days", 0)
    if not least <= rule.max_days <= most:
        yield error(
            CHECK,
            f"`{floor.id}` asks for {least} to {most} days, the rule keeps {rule.max_days}",
            rule.id,
        )


def _within(purposes: tuple[str, ...], purpose: str) -> bool:
    return any(category_covers(DataCategory(one), DataCategory(purpose)) for one in purposes)


def _broken(floor: Obligation, rule: AccessRule, what: str) -> Finding:
    return error(CHECK, f"`{floor.id}` {what}; choose a stricter control", rule.id)


def _weak(floor: Obligation, rule: EncryptionRule, what: str) -> Finding:
    return error(CHECK, f"`{floor.id}` {what}; strengthen the rule", rule.id)
