"""Encryption rules: which columns are encrypted at rest, how strongly, with which rotation."""

from collections.abc import Iterable, Sequence

from policy_service.domain.asset import Catalog, Column, Sensitivity, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.draft import EncryptionRule, OpenQuestion, Risk
from policy_service.domain.identifiers import (
    DataCategory,
    QuestionId,
    RuleId,
    group_id,
    is_accepted_proposal,
)
from policy_service.domain.provision import ControlKind, Obligation
from policy_service.drafting.floors import covers_category
from policy_service.drafting.graph import key_columns
from policy_service.drafting.grounding import Ground, Grounder
from policy_service.drafting.sentences import table_name

_ALGORITHM = "AES-256-GCM"
_KEY_BITS = 256  # the most AES has; larger minima speak of other algorithms
_ROTATION_DAYS = 365
_THEME = "encryption at rest of stored columns"


def draft_encryption(
    *, catalog: Catalog, grounder: Grounder, categories: CategoryTable
) -> tuple[tuple[EncryptionRule, ...], tuple[OpenQuestion, ...]]:
    """Draft one rule for each group that must be encrypted by column.

    Restricted data always is; confidential data where an obligation names its
    category and asks for columns. Groups without a clause become open questions,
    whose ids the caller sets.
    """
    rules: list[EncryptionRule] = []
    questions: list[OpenQuestion] = []
    binding = grounder.obligations((ControlKind.ENCRYPTION_AT_REST, ControlKind.KEY_MANAGEMENT))
    for table, columns in _wanted(catalog, binding):
        category = columns[0].category
        reached = _reached(binding, columns)
        ground = Ground(
            kinds=(ControlKind.ENCRYPTION_AT_REST, ControlKind.KEY_MANAGEMENT),
            category=category,
            categories=_categories(columns),
            label=categories.label(category),
            theme=_THEME,
        )
        citations = grounder.cite(ground)
        if not citations:
            questions.append(_question(table, category))
            continue
        restricted = _sensitivity(columns) is Sensitivity.RESTRICTED
        days = _rotation_days(reached)
        rules.append(
            EncryptionRule(
                id=RuleId(f"E-{len(rules) + 1:04d}"),
                table=table.id,
                category=category,
                columns=tuple(column.id for column in columns),
                algorithm=_ALGORITHM,
                key_bits=_key_bits(reached),
                rotation_days=days,
                key_scope="column" if restricted else "table",
                citations=citations,
                sentence=(
                    f"{categories.label(category).capitalize()} in {table_name(table.id)} is "
                    f"encrypted at rest with {_ALGORITHM}; its keys are replaced every {days} days."
                ),
                risk=Risk.MEDIUM if restricted else Risk.LOW,
            )
        )
    return tuple(rules), tuple(questions)


def _wanted(
    catalog: Catalog, binding: Sequence[Obligation]
) -> Iterable[tuple[Table, tuple[Column, ...]]]:
    for table in catalog.tables:
        keys = key_columns(table)
        for _, columns in sorted(table.groups().items()):
            sensitivity = _sensitivity(columns)
            named = sensitivity is Sensitivity.CONFIDENTIAL and any(
                one.parameters.get("granularity") == "column"
                and one.kind is ControlKind.ENCRYPTION_AT_REST
                and any("." in str(wide) for wide in one.data_categories)
                for one in _reached(binding, columns)
            )
            joins = all(column.name in keys for column in columns)
            if sensitivity is Sensitivity.RESTRICTED or (named and not joins):
                yield table, columns


def _reached(binding: Iterable[Obligation], columns: Sequence[Column]) -> tuple[Obligation, ...]:
    return tuple(one for one in binding if covers_category(one, _categories(columns)))


def _categories(columns: Sequence[Column]) -> tuple[DataCategory, ...]:
    found = {one for column in columns for one in (column.category, *column.reveals)}
    return tuple(sorted(found))


def _sensitivity(columns: Sequence[Column]) -> Sensitivity:
    return max((column.sensitivity for column in columns), key=lambda one: one.rank)


def _key_bits(obligations: Iterable[Obligation]) -> int:
    asked = (
        one.parameters.integer("min_key_bits", 0)
        for one in obligations
        if one.kind is ControlKind.ENCRYPTION_AT_REST
    )
    # The algorithm's own 256 bits meet every lower minimum.
    return max((_KEY_BITS, *(bits for bits in asked if bits <= _KEY_BITS)))


def _rotation_days(obligations: Iterable[Obligation]) -> int:
    """Take the digests' shortest period, else the default; what was accepted only shortens it."""
    asked = [(one.id, one.parameters.integer("rotation_days", 0)) for one in obligations]
    digested = (days for name, days in asked if days > 0 and not is_accepted_proposal(name))
    accepted = (days for name, days in asked if days > 0 and is_accepted_proposal(name))
    return min((min(digested, default=_ROTATION_DAYS), *accepted))


def _question(table: Table, category: DataCategory) -> OpenQuestion:
    return OpenQuestion(
        id=QuestionId(""),
        about=str(group_id(table.id, category)),
        text=f"No clause of the corpus says how `{category}` in `{table.name}` is encrypted.",
        until_answered="the group is not encrypted by column, and verification reports it",
    )
