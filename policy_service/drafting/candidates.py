"""Candidates: the controls that make sense for one group of columns, strictest first.

Only what fits the values is proposed: a band needs numbers, a year needs dates. What
the floors take out of this list is recorded, never forgotten.
"""

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.identifiers import DataCategory, Purpose, category_covers
from policy_service.domain.parameters import Parameters
from policy_service.drafting.needs import ColumnKind, GroupFacts, is_card

_NUMBERS = frozenset({"integer", "decimal"})
_DATES = frozenset({"date", "timestamp"})
_BIRTH = DataCategory("user.demographic.date_of_birth")
_SEX = DataCategory("user.demographic.gender")
_EMAIL = DataCategory("user.contact.email")
_POSTAL = DataCategory("user.contact.address.postal_code")
_PHONE = DataCategory("user.contact.phone_number")
_BANK_ACCOUNT = DataCategory("user.financial.bank_account")
_UNKNOWN_LENGTH = 9  # of an identifier whose values were not profiled


def candidates_for(facts: GroupFacts, *, action: Action, purpose: Purpose) -> tuple[Control, ...]:
    """List the controls to weigh for one group, action and purpose, strictest first."""
    if action is not Action.READ or facts.kind is ColumnKind.BUSINESS:
        return (DENY, CLEAR)
    found = [DENY, Control(operator=Operator.REDACT)]
    found.extend(_coarser(facts))
    if (part := _part(facts)) is not None:
        found.append(part)
    if facts.kind not in (ColumnKind.CREDENTIAL, ColumnKind.TEXT, ColumnKind.FACT):
        found.append(
            Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key=str(purpose)))
        )
    return (*found, CLEAR)


def _coarser(facts: GroupFacts) -> tuple[Control, ...]:
    types = {column.data_type for column in facts.columns}
    if facts.kind is ColumnKind.OFFICIAL_ID and {_BIRTH, _SEX} <= set(facts.reveals):
        return (_generalise("sex_and_year"),)
    if facts.kind is ColumnKind.OFFICIAL_ID or facts.kind is ColumnKind.KEY:
        return ()
    if types <= _DATES:
        return (_generalise("year"),)
    if category_covers(_POSTAL, facts.category):
        return (Control(operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=2)),)
    if types <= _NUMBERS and facts.kind in (ColumnKind.FACT, ColumnKind.TRAIT) and not facts.coded:
        return (Control(operator=Operator.BUCKET, parameters=Parameters(width=_width(facts))),)
    return ()


def _generalise(to: str) -> Control:
    return Control(operator=Operator.GENERALISE, parameters=Parameters(to=to))


def _width(facts: GroupFacts) -> int:
    """Choose a band of one decimal place below the longest value: 10 for ages, 1000 for 4-digit."""
    digits = max((column.profile.max_length for column in facts.columns), default=0)
    return int(10 ** min(max(digits - 1, 1), 6))


def _part(facts: GroupFacts) -> Control | None:
    if category_covers(_EMAIL, facts.category):
        return _partial(1, 0)
    if is_card(facts):
        return _partial(0, 4)
    numbered = facts.kind is ColumnKind.OFFICIAL_ID or any(
        category_covers(one, facts.category) for one in (_PHONE, _BANK_ACCOUNT)
    )
    if not numbered:
        return None
    lengths = [column.profile.max_length for column in facts.columns]
    shortest = min((one for one in lengths if one), default=_UNKNOWN_LENGTH)
    return _partial(0, max(1, min(4, shortest // 3)))


def _partial(first: int, last: int) -> Control:
    return Control(operator=Operator.PARTIAL, parameters=Parameters(first=first, last=last))
