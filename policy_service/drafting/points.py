"""Decision points: role × asset group × action × purpose, only where a duty reaches.

What no duty reaches is denied by default: it is counted, never made. Cost is linear
in what is reached.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy_service.domain.asset import Catalog, Sensitivity, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action, RowFilter
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, Purpose
from policy_service.domain.organisation import JobFunction, Organisation
from policy_service.drafting.duties import Coverage, DutyProfile, Stance, is_secondary, read_duties
from policy_service.drafting.floors import purpose_within
from policy_service.drafting.graph import TableGraph, own_columns
from policy_service.drafting.needs import (
    GroupFacts,
    Need,
    describe_group,
    excluded_by_duties,
    need_of,
)
from policy_service.drafting.relevance import (
    Reach,
    Relevance,
    RelevanceFinder,
    TextEncoder,
    holds_personal,
)
from policy_service.drafting.row_filters import RowScoper, ScopedTable
from policy_service.drafting.words import human, same_thing

_WATCHING = ("essential.fraud_detection", "essential.legal_obligation")
_ENGINEERING = ("essential.service.operations",)
_WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """One decision point with everything that its answer depends on."""

    point: DecisionPoint
    facts: GroupFacts
    sensitivity: Sensitivity
    need: Need
    stance: Stance
    relevance: Relevance
    row_filter: RowFilter | None
    kept_away: str = ""  # the words of the duties that keep the role away


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """One role over the whole catalogue: its profile, reach, scope and exclusions."""

    job: JobFunction
    profile: DutyProfile
    reach: dict[AssetId, Relevance]
    excluded: dict[AssetId, str]
    unmatched: tuple[str, ...]
    scoper: RowScoper | None
    writes: dict[AssetId, tuple[Action, ...]]


class PointMaker:
    """Makes the decision points of one catalogue, role by role."""

    def __init__(self, *, catalog: Catalog, encoder: TextEncoder) -> None:
        self._catalog = catalog
        self._graph = TableGraph(catalog)
        self._finder = RelevanceFinder(catalog=catalog, graph=self._graph, encoder=encoder)
        personal = frozenset(str(one.id) for one in catalog.tables if holds_personal(one))
        self._groups = {
            table.id: tuple(
                describe_group(table, columns[0].category, columns, personal)
                for _, columns in sorted(table.groups().items())
            )
            for table in catalog.tables
        }
        self.group_count = sum(len(groups) for groups in self._groups.values())

    def prime(self, jobs: Iterable[JobFunction]) -> None:
        """Embed what all duties speak of in one batch."""
        profiles = [read_duties(job) for job in jobs]
        self._finder.prime(
            phrase
            for profile in profiles
            for clause in profile.clauses
            for phrase in (*clause.phrases, *clause.nouns)
        )

    def view(self, job: JobFunction) -> RoleView:
        """Read one job function against the catalogue."""
        profile = read_duties(job)
        scoper = None
        if profile.scope is not None:
            scoper = RowScoper(
                catalog=self._catalog,
                graph=self._graph,
                finder=self._finder,
                scope=profile.scope,
            )
        reach = self._finder.find(profile)
        return RoleView(
            job=job,
            profile=profile,
            reach=reach,
            excluded=self._finder.excluded(profile),
            unmatched=self._finder.unmatched(profile),
            scoper=scoper,
            writes=self._writes(profile, reach),
        )

    def points(self, view: RoleView) -> Iterator[PointFacts]:
        """Make the points of one role in stable order: table, category, action, purpose."""
        for table in self._catalog.tables:
            if table.id in view.reach:
                scope = self.scope(view, table)
                if scope.granted:
                    yield from self._table_points(view, table, scope)
            elif table.id in view.excluded:
                yield from self._excluded_points(view, table)

    def scope(self, view: RoleView, table: Table) -> ScopedTable:
        """Say which rows of a table the role may see."""
        if view.scoper is None:
            return ScopedTable(row_filter=None, granted=True, because="all rows")
        return view.scoper.scope_table(table)

    def unscoped(self, view: RoleView) -> tuple[Table, ...]:
        """List the tables within reach whose rows cannot be narrowed to the role's own."""
        return tuple(
            table
            for table in self._catalog.tables
            if table.id in view.reach and not self.scope(view, table).granted
        )

    def _table_points(
        self, view: RoleView, table: Table, scope: ScopedTable
    ) -> Iterator[PointFacts]:
        relevance = view.reach[table.id]
        writes = view.writes.get(table.id, ())
        for facts in self._groups[table.id]:
            kept_away = excluded_by_duties(view.profile, facts)
            for action in (Action.READ, *writes):
                for purpose in _purposes(view.job, action):
                    need = need_of(
                        view.profile, facts, reach=relevance.reach, action=action, purpose=purpose
                    )
                    yield PointFacts(
                        point=_point(view, table, facts, action, purpose),
                        facts=facts,
                        sensitivity=_sensitivity(facts),
                        need=need,
                        stance=view.profile.stance_for(purpose),
                        relevance=relevance,
                        row_filter=scope.row_filter,
                        kept_away=kept_away,
                    )

    def _excluded_points(self, view: RoleView, table: Table) -> Iterator[PointFacts]:
        words = view.excluded[table.id]
        for facts in self._groups[table.id]:
            for purpose in view.job.purposes:
                yield PointFacts(
                    point=_point(view, table, facts, Action.READ, purpose),
                    facts=facts,
                    sensitivity=_sensitivity(facts),
                    need=Need.NONE,
                    stance=view.profile.stance_for(purpose),
                    relevance=Relevance(table=table.id, reach=Reach.NAMED, because=words),
                    row_filter=None,
                    kept_away=words,
                )

    def _writes(
        self, profile: DutyProfile, reach: dict[AssetId, Relevance]
    ) -> dict[AssetId, tuple[Action, ...]]:
        """Find the tables whose rows the duties create, update or delete."""
        if profile.read_only:
            return {}
        forbidden = self._clause_tables(profile, negative=True)
        found: dict[AssetId, set[Action]] = {}
        for table, actions in self._clause_tables(profile, negative=False).items():
            left = actions - forbidden.get(table, set())
            if left and table in reach:
                found[table] = left
        return {
            table: tuple(action for action in _WRITES if action in actions)
            for table, actions in found.items()
        }

    def _clause_tables(self, profile: DutyProfile, *, negative: bool) -> dict[AssetId, set[Action]]:
        found: dict[AssetId, set[Action]] = {}
        for clause in profile.clauses:
            if not clause.actions or clause.negative is not negative:
                continue
            everything = clause.everything and profile.coverage is Coverage.ALL
            tables = (
                [table.id for table in self._catalog.tables]
                if everything
                else self._written(clause.phrases)
            )
            for table in tables:
                found.setdefault(table, set()).update(clause.actions)
        return found

    def _written(self, phrases: tuple[str, ...]) -> list[AssetId]:
        """Find the tables that phrases such as `new standing orders` mean, by their last words."""
        found: dict[AssetId, None] = {}
        for phrase in phrases:
            for word in reversed(phrase.split()):
                tables = sorted(self._finder.tables_named([word]))
                own = [one for one in tables if not _mere_link(self._graph.table(one), word)]
                found.update(dict.fromkeys(own))
                if own:
                    break
        return list(found)


def _purposes(job: JobFunction, action: Action) -> tuple[Purpose, ...]:
    """List the purposes to decide an action for: records are not written to watch or to analyse."""
    if action is Action.READ:
        return job.purposes
    writing = tuple(
        one for one in job.purposes if not is_secondary(one) and not purpose_within(_WATCHING, one)
    )
    engineering = tuple(one for one in job.purposes if purpose_within(_ENGINEERING, one))
    return writing or engineering


def _mere_link(table: Table, word: str) -> bool:
    """Tell whether a table only links others and is not itself what the word means."""
    return not own_columns(table) and not any(
        same_thing(word, part) for part in human(table.name).split()
    )


def point_text(
    point: DecisionPoint,
    *,
    organisation: Organisation,
    catalog: Catalog,
    categories: CategoryTable,
) -> tuple[str, str, str, str]:
    """Write the fields of a point that are embedded apart: role, asset, category, purpose."""
    job = next((one for one in organisation.job_functions if one.id == point.role), None)
    table = catalog.table(point.table)
    return (
        point.role if job is None else role_text(job),
        point.table if table is None else asset_text(table, point),
        category_text(point, categories),
        purpose_text(point),
    )


def role_text(job: JobFunction) -> str:
    """Write a role as the reward model reads it."""
    return f"{job.title}: {job.duties}"


def asset_text(table: Table, point: DecisionPoint) -> str:
    """Write a group of columns as the reward model reads it."""
    names = ", ".join(
        human(column.name) for column in table.columns if column.id in set(point.columns)
    )
    return f"{human(table.name)}: {names}"


def category_text(point: DecisionPoint, categories: CategoryTable) -> str:
    """Write a data category as the reward model reads it."""
    return f"{categories.label(point.category)} ({point.category.replace('.', ' ')})"


def purpose_text(point: DecisionPoint) -> str:
    """Write action and purpose as the reward model reads them."""
    return f"{point.action.value} for {human(point.purpose.replace('.', ' '))}"


def _point(
    view: RoleView, table: Table, facts: GroupFacts, action: Action, purpose: Purpose
) -> DecisionPoint:
    return DecisionPoint(
        role=view.job.id,
        table=table.id,
        category=facts.category,
        columns=tuple(column.id for column in facts.columns),
        action=action,
        purpose=purpose,
    )


def _sensitivity(facts: GroupFacts) -> Sensitivity:
    return max((column.sensitivity for column in facts.columns), key=lambda one: one.rank)
