"""How much of a group of columns a duty needs: nothing, a shape, a band, a join, a part, all.

The need is the strongest input of the prior and the first line of every rationale.
It is derived from the duties alone; what laws and standards ask for comes after.
"""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.asset import Column, LegalClass, Table
from policy_service.domain.control import Action
from policy_service.domain.identifiers import DataCategory, Purpose, category_covers
from policy_service.drafting.duties import DutyProfile, Stance
from policy_service.drafting.graph import key_columns
from policy_service.drafting.relevance import Reach, is_personal
from policy_service.drafting.words import name_words


class Need(StrEnum):
    """How much of a value the duty needs."""

    NONE = "none"
    STRUCTURE = "structure"
    COARSE = "coarse"
    JOIN = "join"
    PART = "part"
    FULL = "full"


class ColumnKind(StrEnum):
    """What a group of columns is to a person."""

    BUSINESS = "business"  # no personal data
    CREDENTIAL = "credential"
    SPECIAL = "special"  # GDPR Art. 9 and 10, PHI about health
    OFFICIAL_ID = "official_id"  # national identifier, passport, card number
    CONTACT = "contact"  # name, address, phone, e-mail
    ACCOUNT = "account"  # numbers of bank accounts, the person's own or a payee's
    KEY = "key"  # surrogate numbers that join tables
    TEXT = "text"  # free text
    TRAIT = "trait"  # age, sex, place: singles out in combination
    FACT = "fact"  # amounts, dates, states


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """What the catalogue says of one asset group, as far as drafting cares."""

    category: DataCategory
    kind: ColumnKind
    columns: tuple[Column, ...]
    coded: bool  # only codes of a table without personal data: coarse already
    reveals: tuple[DataCategory, ...]
    words: frozenset[str]  # of the column names


_KINDS = (
    (ColumnKind.CREDENTIAL, ("user.authorization", "system.authentication")),
    (ColumnKind.OFFICIAL_ID, ("user.government_id", "user.financial.credit_card")),
    (ColumnKind.ACCOUNT, ("user.financial.bank_account",)),
    (ColumnKind.TRAIT, ("user.contact.address.city", "user.contact.address.postal_code")),
    (ColumnKind.TRAIT, ("user.contact.address.state", "user.contact.address.country")),
    (ColumnKind.CONTACT, ("user.name", "user.contact", "user.account.username", "user.device")),
    (ColumnKind.KEY, ("user.unique_id", "user.account")),
    (ColumnKind.TEXT, ("user.content",)),
    (ColumnKind.TRAIT, ("user.demographic", "user.location")),
)
_SPECIAL = frozenset({LegalClass.SPECIAL_CATEGORY, LegalClass.CRIMINAL_OFFENCE})


def describe_group(
    table: Table, category: DataCategory, columns: tuple[Column, ...], personal: frozenset[str]
) -> GroupFacts:
    """Describe one asset group. `personal` are the ids of the tables with personal data."""
    codes = {key.column for key in table.foreign_keys if str(key.references_table) not in personal}
    return GroupFacts(
        category=category,
        kind=_kind(table, category, columns),
        columns=columns,
        coded=all(column.name in codes for column in columns),
        reveals=tuple(sorted({one for column in columns for one in column.reveals})),
        words=frozenset(word for column in columns for word in name_words(column.name)),
    )


def need_of(  # noqa: PLR0911 - one line for each way a duty may need a value
    profile: DutyProfile, facts: GroupFacts, *, reach: Reach, action: Action, purpose: Purpose
) -> Need:
    """Say how much of a group the duties need for one action and purpose."""
    stance = profile.stance_for(purpose)
    if facts.kind is ColumnKind.CREDENTIAL:
        return Need.NONE
    if excluded_by_duties(profile, facts):
        return Need.NONE
    if facts.kind is ColumnKind.BUSINESS:
        return Need.FULL
    if stance is Stance.STRUCTURE:
        return Need.STRUCTURE
    if action is not Action.READ:
        return Need.FULL
    if stance is Stance.AGGREGATE:
        return _aggregate_need(profile, facts, purpose)
    if stance is Stance.PSEUDONYM:
        return _pseudonym_need(profile, facts)
    if stance is Stance.OVERSIGHT:
        return _oversight_need(facts)
    if stance is Stance.IDENTITY:
        return _identity_need(profile, facts, reach)
    return _task_need(profile, facts, reach)


def excluded_by_duties(profile: DutyProfile, facts: GroupFacts) -> str:
    """Name what in the duties keeps the role away from this group; empty where nothing does."""
    if facts.words & set(profile.nouns):
        return ""
    for clause in profile.exclusions:
        for phrase in clause.phrases:
            head = phrase.split()[-1]
            if head in facts.words:
                return phrase
    if profile.excludes(facts.category):
        return facts.category
    return ""


def speaks_of(profile: DutyProfile, facts: GroupFacts) -> bool:
    """Tell whether the duties speak of the category, of a column, or of what it reveals."""
    said = any(profile.mentions(one) for one in (facts.category, *facts.reveals))
    return said or bool(facts.words & set(profile.nouns))


def _aggregate_need(profile: DutyProfile, facts: GroupFacts, purpose: Purpose) -> Need:
    communicates = category_covers(DataCategory("marketing.communications"), DataCategory(purpose))
    if facts.kind is ColumnKind.CONTACT:
        return Need.FULL if communicates and speaks_of(profile, facts) else Need.NONE
    if facts.kind is ColumnKind.KEY:
        return Need.JOIN
    if facts.coded:
        return Need.FULL
    if facts.kind in (ColumnKind.OFFICIAL_ID, ColumnKind.TRAIT):
        return Need.COARSE if speaks_of(profile, facts) else Need.NONE
    return Need.COARSE if facts.kind is ColumnKind.FACT else Need.NONE


def _pseudonym_need(profile: DutyProfile, facts: GroupFacts) -> Need:
    if facts.kind in (ColumnKind.KEY, ColumnKind.OFFICIAL_ID, ColumnKind.ACCOUNT):
        return Need.JOIN
    if facts.kind is ColumnKind.FACT or facts.coded:
        return Need.FULL
    if facts.kind is ColumnKind.TRAIT:
        return Need.COARSE
    if facts.kind is ColumnKind.SPECIAL and speaks_of(profile, facts):
        return Need.COARSE
    return Need.NONE


def _oversight_need(facts: GroupFacts) -> Need:
    if facts.kind in (ColumnKind.OFFICIAL_ID, ColumnKind.ACCOUNT):
        return Need.PART
    if facts.kind is ColumnKind.SPECIAL:
        return Need.STRUCTURE
    return Need.FULL


def _identity_need(profile: DutyProfile, facts: GroupFacts, reach: Reach) -> Need:
    if facts.kind is ColumnKind.SPECIAL and reach is not Reach.COVERED:
        return Need.FULL if speaks_of(profile, facts) else Need.NONE
    if reach is Reach.NEIGHBOUR and facts.kind is ColumnKind.TEXT:
        return Need.NONE
    if is_card(facts) and not profile.investigates:
        return Need.PART
    return Need.FULL


def _task_need(profile: DutyProfile, facts: GroupFacts, reach: Reach) -> Need:
    if facts.kind is ColumnKind.SPECIAL:
        return Need.FULL if speaks_of(profile, facts) else Need.NONE
    if facts.kind is ColumnKind.OFFICIAL_ID:
        return Need.PART
    if facts.kind is ColumnKind.TRAIT and not facts.coded:
        return Need.FULL if speaks_of(profile, facts) else Need.COARSE
    if reach is not Reach.NAMED and facts.kind is ColumnKind.TEXT:
        return Need.NONE
    if reach is not Reach.NAMED and facts.kind is ColumnKind.ACCOUNT:
        return Need.PART
    return Need.FULL


def is_card(facts: GroupFacts) -> bool:
    """Tell whether a group holds payment card numbers."""
    return category_covers(DataCategory("user.financial.credit_card"), facts.category)


def _kind(table: Table, category: DataCategory, columns: tuple[Column, ...]) -> ColumnKind:
    if any(category_covers(DataCategory(one), category) for one in _KINDS[0][1]):
        return ColumnKind.CREDENTIAL
    if not is_personal(category):
        return ColumnKind.BUSINESS
    if any(_SPECIAL & set(column.legal_classes) for column in columns):
        return ColumnKind.SPECIAL
    for kind, categories in _KINDS:
        if any(category_covers(DataCategory(one), category) for one in categories):
            return kind
    keys = key_columns(table)
    return ColumnKind.KEY if all(column.name in keys for column in columns) else ColumnKind.FACT
