"""Policy tests: decisions the published policy must give, from rules and from duties apart.

Tests made from rules catch a broken compiler or bundle. Tests made from the duties and
the catalogue, without looking at the rules, catch a broken draft.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from policy_service.domain.asset import Catalog, Table
from policy_service.domain.control import Action, Operator
from policy_service.domain.draft import AccessRule, PolicyTest, Risk
from policy_service.domain.identifiers import AssetId, Purpose, RoleId
from policy_service.drafting.needs import ColumnKind, describe_group
from policy_service.drafting.points import RoleView
from policy_service.drafting.relevance import holds_personal

_MOST_PER_ROLE = 24  # tests run before every swap; a canary is a sample, not the policy
_MOST_TABLES = 6


def policy_tests(
    *, rules: Sequence[AccessRule], views: Sequence[RoleView], catalog: Catalog
) -> tuple[PolicyTest, ...]:
    """Make the tests of one draft, numbered in stable order, none twice."""
    made = [*_from_rules(rules)]
    for view in views:
        made.extend(_from_duties(view, catalog))
    seen: dict[tuple[str, ...], PolicyTest] = {}
    for test in made:
        seen.setdefault((test.role, test.asset, test.action, test.purpose), test)
    return tuple(
        PolicyTest(
            id=f"PT-{number:04d}",
            role=test.role,
            asset=test.asset,
            action=test.action,
            purpose=test.purpose,
            allow=test.allow,
            control=test.control,
            because=test.because,
            rules=test.rules,
        )
        for number, test in enumerate(seen.values(), start=1)
    )


def _from_rules(rules: Sequence[AccessRule]) -> Iterator[PolicyTest]:
    """Test denials first, then what is risky, then one rule for each table and control."""
    counts: Counter[RoleId] = Counter()
    seen: set[tuple[str, ...]] = set()
    for rule in sorted(rules, key=_weight):
        point = rule.point
        same = (point.role, point.table, point.action, rule.control.operator, rule.risk)
        if same in seen or counts[point.role] >= _MOST_PER_ROLE:
            continue
        seen.add(same)
        counts[point.role] += 1
        allow = rule.control.operator is not Operator.DENY
        yield PolicyTest(
            id="",
            role=point.role,
            asset=point.columns[0],
            action=point.action.value,
            purpose=point.purpose,
            allow=allow,
            control=rule.control.label if allow else "",
            because=rule.sentence,
            rules=(rule.id,),
        )


def _weight(rule: AccessRule) -> tuple[int, str]:
    denied = rule.control.operator is Operator.DENY
    return (0 if denied else 1 if rule.risk is Risk.HIGH else 2, rule.id)


def _from_duties(view: RoleView, catalog: Catalog) -> Iterator[PolicyTest]:
    purpose = view.job.purposes[0]
    tables = [table for table in catalog.tables if table.columns]
    kept_away = [table for table in tables if table.id in view.excluded]
    for table in kept_away[:_MOST_TABLES]:
        words = view.excluded[table.id]
        yield _denied(view, table, Action.READ, purpose, f"the duties keep it away from `{words}`")
    if view.profile.read_only:
        for table in _reached(view, tables)[:_MOST_TABLES]:
            for action in (Action.CREATE, Action.UPDATE, Action.DELETE):
                yield _denied(view, table, action, purpose, "the duties change nothing")
    yield from _credentials_denied(view, tables, purpose)
    unreached = [one for one in tables if one.id not in view.reach and one not in kept_away]
    for table in unreached[:_MOST_TABLES]:
        yield _denied(view, table, Action.READ, purpose, "no duty reaches this table")
    foreign = _foreign_purpose(view.job.purposes)
    for table in [one for one in _reached(view, tables) if holds_personal(one)][:1]:
        because = f"`{foreign}` is no purpose of this job"
        yield _denied(view, table, Action.READ, foreign, because)


def _credentials_denied(
    view: RoleView, tables: Iterable[Table], purpose: Purpose
) -> Iterator[PolicyTest]:
    for table in tables:
        for columns in table.groups().values():
            facts = describe_group(table, columns[0].category, columns, frozenset())
            if facts.kind is ColumnKind.CREDENTIAL:
                because = "credentials are shown to nobody"
                yield _denied(view, table, Action.READ, purpose, because, asset=columns[0].id)


def _reached(view: RoleView, tables: Iterable[Table]) -> list[Table]:
    return [table for table in tables if table.id in view.reach]


def _foreign_purpose(purposes: Sequence[Purpose]) -> Purpose:
    """Choose a purpose that a job has not: advertising, unless that is its business."""
    options = ("marketing.advertising", "third_party_sharing", "train_ai_system")
    return next(Purpose(one) for one in options if one not in purposes)


def _denied(
    view: RoleView,
    table: Table,
    action: Action,
    purpose: Purpose,
    because: str,
    *,
    asset: AssetId | None = None,
) -> PolicyTest:
    return PolicyTest(
        id="",
        role=view.job.id,
        asset=table.columns[0].id if asset is None else asset,
        action=action.value,
        purpose=purpose,
        allow=False,
        control="",
        because=f"{view.job.title}: {because}.",
    )
