"""Amendments: a reviewer's own control or settings in a rule's place, held to the floors.

The rule keeps its id and gets new content, so every approval given before goes stale.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action, Control, Operator
from policy_service.domain.control_parameters import control_problem, with_key
from policy_service.domain.draft import (
    AccessRule,
    Amendment,
    Draft,
    EncryptionRule,
    PolicyTest,
    RetentionRule,
    Rule,
)
from policy_service.domain.errors import DraftingError
from policy_service.domain.hashes import draft_sha256
from policy_service.domain.identifiers import DataCategory, ObligationId, RuleId
from policy_service.domain.organisation import Organisation
from policy_service.domain.provision import ControlKind, Obligation
from policy_service.drafting.floors import (
    DraftingCorpus,
    covers_category,
    floor_against,
    mandatory_obligations,
)
from policy_service.drafting.sentences import access_sentence, table_name

R = TypeVar("R", AccessRule, EncryptionRule, RetentionRule)
_PERSONAL = DataCategory("user")
_KEY_BITS = (128, 192, 256)  # what AES has


def amend_rule(
    draft: Draft,
    rule_id: RuleId,
    amendment: Amendment,
    *,
    corpus: DraftingCorpus,
    floors: tuple[ObligationId, ...],
    organisation: Organisation,
    categories: CategoryTable,
) -> Draft:
    """Put an amendment in a rule's place; ids stay, hashes change, tests follow.

    Raises `DraftingError` for an unknown rule, a setting the rule has not, and an
    amendment below a floor.
    """
    rule = draft.rule(rule_id)
    if rule is None:
        raise DraftingError(f"there is no rule `{rule_id}` in this draft; list its rules")
    binding = mandatory_obligations(corpus.provisions, floors)
    amended: AccessRule | EncryptionRule | RetentionRule
    if isinstance(rule, AccessRule):
        changed = _amend_access(rule, amendment, binding)
        amended = replace(changed, sentence=_sentence(changed, organisation, categories))
    elif isinstance(rule, EncryptionRule):
        amended = _amend_encryption(rule, amendment, binding)
    elif isinstance(rule, RetentionRule):
        amended = _amend_retention(rule, amendment, binding)
    else:
        raise DraftingError(f"`{rule_id}` separates duties; change the organisation instead")
    return _put(draft, amended)


def _amend_access(
    rule: AccessRule, amendment: Amendment, binding: tuple[Obligation, ...]
) -> AccessRule:
    if amendment.control is None or amendment.settings:
        raise DraftingError(f"`{rule.id}` is an access rule; amend it with a control")
    control = with_key(amendment.control, rule.point.purpose)
    problem = control_problem(control)
    if problem:
        raise DraftingError(problem)
    if rule.point.action is not Action.READ and control.operator not in (
        Operator.CLEAR,
        Operator.DENY,
    ):
        raise DraftingError(f"`{rule.id}` is about writing; only clear or deny fit")
    floor = _excluded(rule, control) or floor_against(
        binding,
        control,
        categories=[rule.point.category],
        action=rule.point.action,
        purpose=rule.point.purpose,
    )
    if floor is not None:
        raise DraftingError(
            f"`{control.label}` is below the mandatory floor `{floor}`; choose a stricter control"
        )
    denied = control.operator is Operator.DENY
    return replace(
        rule,
        control=control,
        row_filter=None if denied else rule.row_filter,
        rationale=f"Amended by a reviewer from `{rule.control.label}`. {rule.rationale}",
        needs_person=False,
    )


def _sentence(rule: AccessRule, organisation: Organisation, categories: CategoryTable) -> str:
    titles = {job.id: job.title for job in organisation.job_functions}
    return access_sentence(
        rule.point, rule.control, rule.row_filter, titles=titles, categories=categories
    )


def _excluded(rule: AccessRule, control: Control) -> ObligationId | None:
    """Name the floor that drafting saw against this very control, revealed categories included."""
    found = (one.excluded_by for one in rule.candidates if one.control == control)
    return next((floor for floor in found if floor is not None), None)


def _amend_encryption(
    rule: EncryptionRule, amendment: Amendment, binding: tuple[Obligation, ...]
) -> EncryptionRule:
    bits, days = _settings(
        rule, amendment, {"key_bits": rule.key_bits, "rotation_days": rule.rotation_days}
    )
    if bits not in _KEY_BITS:
        raise DraftingError(f"`{bits}` key bits do not fit AES; use 128, 192 or 256")
    for floor in binding:
        if not covers_category(floor, [rule.category]):
            continue
        at_rest = floor.kind is ControlKind.ENCRYPTION_AT_REST
        if at_rest and bits < min(floor.parameters.integer("min_key_bits", 0), max(_KEY_BITS)):
            raise _below(f"{bits} key bits", floor)
        most = floor.parameters.integer("rotation_days", days)
        if floor.kind is ControlKind.KEY_MANAGEMENT and days > most:
            raise _below(f"rotation every {days} days", floor)
    return replace(
        rule,
        key_bits=bits,
        rotation_days=days,
        algorithm=f"AES-{bits}-GCM",
        sentence=(
            f"Columns of {table_name(rule.table)} with `{rule.category}` are encrypted at rest "
            f"with AES-{bits}-GCM; keys are replaced every {days} days."
        ),
    )


def _amend_retention(
    rule: RetentionRule, amendment: Amendment, binding: tuple[Obligation, ...]
) -> RetentionRule:
    (days,) = _settings(rule, amendment, {"max_days": rule.max_days})
    cited = {one.provision for one in rule.citations}
    for floor in binding:
        # A rule is about a whole table: floors on all personal data bind, and those it cites.
        reaches = covers_category(floor, [_PERSONAL]) or floor.provision in cited
        least = floor.parameters.integer("min_days", 0)
        most = floor.parameters.integer("max_days", days)
        if floor.kind is ControlKind.RETENTION and reaches and not least <= days <= most:
            raise _below(f"{days} days", floor)
    return replace(
        rule,
        max_days=days,
        sentence=f"Rows of {table_name(rule.table)} are erased {days} days after {rule.basis}.",
    )


def _settings(
    rule: EncryptionRule | RetentionRule, amendment: Amendment, present: Mapping[str, int]
) -> tuple[int, ...]:
    """Read the new settings over the present ones; each is a whole number above 0."""
    unknown = set(amendment.settings) - set(present)
    if amendment.control is not None or unknown or not amendment.settings:
        names = ", ".join(f"`{name}`" for name in present)
        raise DraftingError(f"`{rule.id}` is amended by its settings {names} and nothing else")
    try:
        values = tuple(amendment.settings.integer(name, now) for name, now in present.items())
    except TypeError as error:
        raise DraftingError(f"`{rule.id}`: {error}") from error
    if min(values) < 1:
        raise DraftingError(f"`{rule.id}`: settings must be above 0")
    return values


def _below(what: str, floor: Obligation) -> DraftingError:
    return DraftingError(f"{what}: below the mandatory floor `{floor.id}`; choose a stricter one")


def _put(draft: Draft, rule: AccessRule | EncryptionRule | RetentionRule) -> Draft:
    amended = replace(
        draft,
        access=tuple(_replaced(draft.access, rule)),
        encryption=tuple(_replaced(draft.encryption, rule)),
        retention=tuple(_replaced(draft.retention, rule)),
        tests=tuple(_follow(test, rule) for test in draft.tests),
    )
    return replace(amended, sha256=draft_sha256(amended))


def _replaced(rules: Iterable[R], rule: AccessRule | EncryptionRule | RetentionRule) -> Iterator[R]:
    for one in rules:
        yield rule if isinstance(rule, type(one)) and rule.id == one.id else one


def _follow(test: PolicyTest, rule: Rule) -> PolicyTest:
    """Let a test that was made from the amended rule expect what the rule now says."""
    if not isinstance(rule, AccessRule) or test.rules != (rule.id,):
        return test
    allow = rule.control.operator is not Operator.DENY
    return replace(
        test,
        allow=allow,
        control=rule.control.label if allow else "",
        because=rule.sentence,
    )
