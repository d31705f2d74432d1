"""Retention rules: how long the rows of a table with personal data are kept.

Digests set the period. One that was read in an import and accepted leads only where they
set none; else it can shorten theirs, counted from the same day, and nothing more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from policy_service.domain.asset import Catalog, Sensitivity, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.draft import OpenQuestion, RetentionRule, Risk
from policy_service.domain.identifiers import (
    DataCategory,
    QuestionId,
    RuleId,
    category_covers,
    is_accepted_proposal,
)
from policy_service.domain.provision import Citation, ControlKind, Obligation, Strength
from policy_service.drafting.floors import covers_category
from policy_service.drafting.grounding import Ground, Grounder
from policy_service.drafting.relevance import holds_personal, is_personal
from policy_service.drafting.sentences import table_name

_BASIS = {
    "no_longer_needed": "the day the purpose has ended",
    "legal_minimum": "the end of the contract or of the business year",
    "authorisation_complete": "the authorisation of the payment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """How long a table's rows are kept, and the obligation that decided it."""

    category: DataCategory
    obligation: Obligation
    days: int
    basis: str


def draft_retention(
    *, catalog: Catalog, grounder: Grounder, categories: CategoryTable
) -> tuple[tuple[RetentionRule, ...], tuple[OpenQuestion, ...]]:
    """Draft one rule for each table with personal data.

    A row goes as one, by the period of the most sensitive category that has one.
    Without a period in the corpus the table becomes an open question, whose id the
    caller sets.
    """
    rules: list[RetentionRule] = []
    questions: list[OpenQuestion] = []
    binding = grounder.obligations((ControlKind.RETENTION,))
    for table in catalog.tables:
        if not holds_personal(table):
            continue
        period = _period(table, binding)
        citations = () if period is None else grounder.cite(_ground(period, categories))
        if period is None or not citations:
            questions.append(_question(table))
            continue
        rules.append(_rule(table, period, RuleId(f"T-{len(rules) + 1:04d}"), citations=citations))
    return tuple(rules), tuple(questions)


def _rule(
    table: Table,
    period: _Period,
    rule_id: RuleId,
    *,
    citations: tuple[Citation, ...],
) -> RetentionRule:
    days, basis = period.days, period.basis
    restricted = any(one.sensitivity is Sensitivity.RESTRICTED for one in table.columns)
    return RetentionRule(
        id=rule_id,
        table=table.id,
        max_days=days,
        basis=basis,
        action="erase",
        citations=citations,
        sentence=f"Rows of {table_name(table.id)} are erased {days} days after {basis}.",
        risk=Risk.MEDIUM if restricted else Risk.LOW,
    )


def _period(table: Table, binding: Sequence[Obligation]) -> _Period | None:
    """Choose the period of a table; None where nothing gives one.

    INVARIANT: it is neither longer nor counted from another day than without what was accepted.
    """
    dated = [
        one
        for one in binding
        if "max_days" in one.parameters and (_days(one) > 0 or not is_accepted_proposal(one.id))
    ]
    digested = _leading(table, [one for one in dated if not is_accepted_proposal(one.id)])
    first = digested or _leading(table, dated)
    if first is None:
        return None
    floors = [
        one for one in dated if is_accepted_proposal(one.id) and one.strength is Strength.FLOOR
    ]
    # What was accepted as advice counts where it is the most specific, a floor wherever it reaches.
    shorter = (_leading(table, dated), *(_leading(table, [floor]) for floor in floors))
    least = min((first, *(one for one in shorter if one)), key=lambda one: one.days)
    return replace(least, basis=first.basis)


def _leading(table: Table, dated: Sequence[Obligation]) -> _Period | None:
    """Return the period of the leading category of a table; None where none has one."""
    periods = _periods(table, dated)
    category = _leading_category(table, periods)
    if category is None:
        return None
    obligation = periods[category]
    return _Period(
        category=category,
        obligation=obligation,
        days=_days(obligation),
        basis=_BASIS[obligation.parameters.text("criteria", "no_longer_needed")],
    )


def _days(obligation: Obligation) -> int:
    return obligation.parameters.integer("max_days", 0)


def _periods(table: Table, dated: Iterable[Obligation]) -> dict[DataCategory, Obligation]:
    """Find for each personal category of a table the most specific period that covers it."""
    found: dict[DataCategory, Obligation] = {}
    for category in sorted({one.category for one in table.columns if is_personal(one.category)}):
        reaching = [one for one in dated if covers_category(one, [category])]
        if reaching:
            found[category] = min(
                reaching,
                key=lambda one: (
                    -_depth(one, category),
                    _days(one),
                    one.id,
                ),
            )
    return found


def _depth(obligation: Obligation, category: DataCategory) -> int:
    return max(
        (
            len(wide.split("."))
            for wide in obligation.data_categories
            if category_covers(wide, category)
        ),
        default=0,
    )


def _leading_category(table: Table, periods: dict[DataCategory, Obligation]) -> DataCategory | None:
    """Choose the category whose period rules the row: the most sensitive, then the longest."""
    if not periods:
        return None
    ranks = {column.category: column.sensitivity.rank for column in table.columns}
    return min(
        periods,
        key=lambda one: (-ranks[one], -_days(periods[one]), one),
    )


def _ground(period: _Period, categories: CategoryTable) -> Ground:
    return Ground(
        kinds=(ControlKind.RETENTION, ControlKind.ERASURE),
        category=period.category,
        label=categories.label(period.category),
        decisive=period.obligation.id,
        theme="retention period kept erased",
    )


def _question(table: Table) -> OpenQuestion:
    return OpenQuestion(
        id=QuestionId(""),
        about=str(table.id),
        text=f"No clause of the corpus gives a retention period for `{table.name}`. "
        "How long are its rows kept, and from which day?",
        until_answered="rows are kept",
    )
