"""Retention rules: how long the rows of a table with personal data are kept."""

from collections.abc import Iterable

from policy_service.domain.asset import Catalog, Sensitivity, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.draft import OpenQuestion, RetentionRule, Risk
from policy_service.domain.identifiers import DataCategory, QuestionId, RuleId, category_covers
from policy_service.domain.provision import Citation, ControlKind, Obligation
from policy_service.drafting.floors import covers_category
from policy_service.drafting.grounding import Ground, Grounder
from policy_service.drafting.relevance import holds_personal, is_personal
from policy_service.drafting.sentences import table_name

_BASIS = {
    "no_longer_needed": "the day the purpose has ended",
    "legal_minimum": "the end of the contract or of the business year",
    "authorisation_complete": "the authorisation of the payment",
}


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
        periods = _periods(table, binding)
        leading = _leading_category(table, periods)
        citations = (
            () if leading is None else grounder.cite(_ground(leading, categories, periods[leading]))
        )
        if leading is None or not citations:
            questions.append(_question(table))
            continue
        obligation = periods[leading]
        rules.append(
            _rule(table, obligation, RuleId(f"T-{len(rules) + 1:04d}"), citations=citations)
        )
    return tuple(rules), tuple(questions)


def _rule(
    table: Table,
    obligation: Obligation,
    rule_id: RuleId,
    *,
    citations: tuple[Citation, ...],
) -> RetentionRule:
    days = obligation.parameters.integer("max_days", 0)
    basis = _BASIS[obligation.parameters.text("criteria", "no_longer_needed")]
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


def _periods(table: Table, binding: Iterable[Obligation]) -> dict[DataCategory, Obligation]:
    """Find for each personal category of a table the most specific period that covers it."""
    found: dict[DataCategory, Obligation] = {}
    dated = [one for one in binding if "max_days" in one.parameters]
    for category in sorted({one.category for one in table.columns if is_personal(one.category)}):
        reaching = [one for one in dated if covers_category(one, [category])]
        if reaching:
            found[category] = min(
                reaching,
                key=lambda one: (
                    -_depth(one, category),
                    one.parameters.integer("max_days", 0),
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
        key=lambda one: (-ranks[one], -periods[one].parameters.integer("max_days", 0), one),
    )


def _ground(category: DataCategory, categories: CategoryTable, period: Obligation) -> Ground:
    return Ground(
        kinds=(ControlKind.RETENTION, ControlKind.ERASURE),
        category=category,
        label=categories.label(category),
        decisive=period.id,
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
