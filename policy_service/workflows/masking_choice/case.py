"""One masking proposal against one draft: what each table's columns may be masked by, and are.

Which rules move, what ladder the floors leave each, what is kept as drafted, and why. Reads
no data itself; `masking_choice` hands in the rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from policy_service.catalog.privacy.anonymity import measure
from policy_service.catalog.privacy.quasi_identifiers import quasi_reason
from policy_service.domain.asset import Catalog, Column, Table
from policy_service.domain.control import CLEAR, Action, Control, Operator
from policy_service.domain.draft import AccessRule
from policy_service.domain.errors import NotFoundError, UsageError
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    ObligationId,
    asset_parts,
    category_covers,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import Progress
from policy_service.drafting.floors import floor_against, mandatory_obligations
from policy_service.masking.catalogue import CATALOGUE
from policy_service.masking.choice.ladders import Ladder, hides_identity, left_by, widen
from policy_service.masking.choice.search import Choice, Goal, Hidden, choose
from policy_service.workflows.draft import (
    DraftView,
    applicable_corpus,
    floors_of,
)
from policy_service.workflows.masking_choice.proposal import (
    ProposalRequest,
    ProposedAmendment,
    ProposedColumn,
    TableAnonymity,
)
from policy_service.workflows.masking_choice.tables import (
    MeasuringKeys,
    ReadTable,
    key_columns,
    measurable,
)
from policy_service.workflows.platform import Platform

_KEPT_WEIGHT = 10.0
_IDENTIFIERS = (
    "user.unique_id",
    "user.name",
    "user.contact.email",
    "user.contact.phone_number",
    "user.contact.address.street",
    "user.government_id",
    "user.account",
    "user.device",
    "user.financial.bank_account",
    "user.financial.credit_card",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTable:
    """What one table comes to."""

    controls: Mapping[str, Control]  # by column name
    by_rule: Mapping[str, Control]
    columns: tuple[ProposedColumn, ...]
    anonymity: TableAnonymity | None


class MaskingCase:
    """One request against one draft."""

    def __init__(self, *, platform: Platform, view: DraftView, request: ProposalRequest) -> None:
        self._view = view
        self._request = request
        corpus = applicable_corpus(platform, view.organisation)
        self._binding = mandatory_obligations(corpus.provisions, floors_of(corpus))
        self.rules = tuple(
            rule
            for rule in view.draft.access
            if (rule.point.role, rule.point.purpose) == (request.role, request.purpose)
            and rule.point.action is Action.READ
        )
        if not self.rules:
            raise NotFoundError(
                f"draft `{view.draft.id}` gives `{request.role}` nothing to read for "
                f"`{request.purpose}`; name a role and a purpose of the organisation"
            )
        self._floors: set[ObligationId] = set()

    @property
    def floors_met(self) -> tuple[ObligationId, ...]:
        """Name the floors that took a weaker control away."""
        return tuple(sorted(self._floors))

    def readable(self) -> tuple[AssetId, ...]:
        """List the tables the role reads something of."""
        shown = {r.point.table for r in self.rules if r.control.operator is not Operator.DENY}
        return tuple(sorted(shown))

    def tables(self) -> tuple[AssetId, ...]:
        """List the tables to propose for. Raises `NotFoundError` for one the role may not read."""
        readable = self.readable()
        if not self._request.tables:
            return readable
        by_name = {asset_parts(one)[-1]: one for one in readable}
        unknown = [name for name in self._request.tables if name not in by_name]
        if unknown:
            known = ", ".join(f"`{one}`" for one in by_name) or "none"
            raise NotFoundError(
                f"`{self._request.role}` reads nothing of `{unknown[0]}` for this purpose; "
                f"it reads {known}"
            )
        return tuple(dict.fromkeys(by_name[name] for name in self._request.tables))

    def drafted(self, table: AssetId) -> dict[str, Control]:
        """Return the draft's own controls of a table, by column."""
        return {
            asset_parts(column)[-1]: rule.control
            for rule in self.rules
            if rule.point.table == table
            for column in rule.point.columns
        }

    def choose(self, table_id: AssetId, frame: pl.DataFrame, progress: Progress) -> ChosenTable:
        """Choose the controls of one table."""
        table = table_of(self._view.catalog, table_id)
        rules = [rule for rule in self.rules if rule.point.table == table_id]
        quasi = [one for one in rules if self._is_quasi(table, one)]
        fixed = {str(one.id): self._fixed(one) for one in rules if one not in quasi}
        sensitive = self._sensitive(table, rules, fixed)
        if not quasi:
            return self._result(table, rules, fixed, None, sensitive=sensitive, rows=frame.height)
        if frame.height < self._request.goal.k:
            raise UsageError(f"table `{table.name}` has fewer rows than k; ask for a smaller k")
        made = choose(
            self._with_sensitive(frame, rules, fixed, sensitive),
            [self._ladder(table, one) for one in quasi],
            goal=self._request.goal,
            measure=_measure,
            keys=MeasuringKeys(),
            sensitive=sensitive,
            suppressible=frozenset(str(one.id) for one in quasi if self._may_suppress(one)),
            progress=progress,
        )
        return self._result(
            table, rules, {**fixed, **made.controls}, made, sensitive=sensitive, rows=frame.height
        )

    def check_guarded(self, chosen: Iterable[ChosenTable]) -> None:
        """Refuse an l or t that guards no column: it would promise what nothing keeps."""
        goal = self._request.goal
        found = [one.anonymity for one in chosen if one.anonymity is not None]
        if (goal.l > 1 or goal.t is not None) and not any(one.sensitive for one in found):
            raise UsageError(
                "no column that the role sees beside those that single people out is known as "
                "sensitive, so that l and t guard nothing; name one: `--sensitive table.column`"
            )

    def amendments(self, chosen: Mapping[AssetId, ChosenTable]) -> Iterator[ProposedAmendment]:
        """List the rules whose control would change, in the draft's order."""
        for rule in self.rules:
            found = chosen.get(rule.point.table)
            control = rule.control if found is None else found.by_rule[str(rule.id)]
            if found is not None and control != rule.control:
                column = next(one for one in found.columns if one.rule == rule.id)
                yield ProposedAmendment(
                    rule=rule.id, control=control, was=rule.control, reason=column.why
                )

    def _is_quasi(self, table: Table, rule: AccessRule) -> bool:
        named = {f"{table.name}.{one.name}" for one in self._columns(table, rule)}
        if named & set(self._request.quasi):
            return True
        return rule.control.operator is not Operator.DENY and any(
            quasi_reason([str(one.category), *map(str, one.reveals)])
            for one in self._columns(table, rule)
        )

    def _columns(self, table: Table, rule: AccessRule) -> tuple[Column, ...]:
        return tuple(one for one in table.columns if one.id in rule.point.columns)

    def _fixed(self, rule: AccessRule) -> Control:
        """Keep the draft's control; hide who somebody is where it is shown."""
        if hides_identity(rule.control) or not _identifies(rule.point.category):
            return rule.control
        hidden = Control(
            operator=Operator.PSEUDONYMISE, parameters=Parameters(key=str(rule.point.purpose))
        )
        return hidden if self._allowed(rule)(hidden) else Control(operator=Operator.REDACT)

    def _allowed(self, rule: AccessRule) -> Callable[[Control], bool]:
        table = table_of(self._view.catalog, rule.point.table)
        revealed = {one for column in self._columns(table, rule) for one in column.reveals}
        known = {one.control: one.excluded_by for one in rule.candidates}

        def allowed(control: Control) -> bool:
            floor = known.get(control) or floor_against(
                self._binding,
                control,
                categories=[rule.point.category, *sorted(revealed)],
                action=rule.point.action,
                purpose=rule.point.purpose,
            )
            if floor is not None:
                self._floors.add(floor)
            return floor is None

        return allowed

    def _may_suppress(self, rule: AccessRule) -> bool:
        goal = self._request.goal
        rare = Control(operator=Operator.SUPPRESS, parameters=Parameters(k=goal.k))
        return goal.suppressed > 0 and self._allowed(rule)(rare)

    def _ladder(self, table: Table, rule: AccessRule) -> Ladder:
        names = tuple(one.name for one in self._columns(table, rule))
        kept = {f"{table.name}.{name}" for name in names} & set(self._request.keep)
        offered = [one.control for one in rule.candidates] or [CLEAR]
        return Ladder(
            name=str(rule.id),
            columns=names,
            controls=tuple(
                _measurable_only(
                    left_by(widen([*offered, rule.control]), allowed=self._allowed(rule))
                )
            ),
            is_key=all(name in key_columns(self._view.catalog, table) for name in names),
            weight=_KEPT_WEIGHT if kept else 1.0,
        )

    def _sensitive(
        self, table: Table, rules: Sequence[AccessRule], fixed: Mapping[str, Control]
    ) -> tuple[str, ...]:
        """Name the columns to guard by l and t, as far as they are shown."""
        goal = self._request.goal
        if goal.l <= 1 and goal.t is None:
            return ()
        asked = [one.rpartition(".") for one in self._request.sensitive]
        named = [name for where, _, name in asked if where in ("", table.name)]
        found = named or [
            spread.column for one in table.quasi_identifiers for spread in one.sensitive
        ]
        shown = {
            column.name
            for rule in rules
            if fixed.get(str(rule.id), Control(operator=Operator.DENY)).operator
            not in (Operator.DENY, Operator.NULL, Operator.REDACT, Operator.REPLACE)
            for column in self._columns(table, rule)
        }
        missing = [name for name in named if table.column(name) is None]
        if missing:
            raise NotFoundError(f"table `{table.name}` has no column `{missing[0]}` to guard")
        return tuple(name for name in dict.fromkeys(found) if name in shown)

    def _with_sensitive(
        self,
        frame: pl.DataFrame,
        rules: Sequence[AccessRule],
        fixed: Mapping[str, Control],
        sensitive: Sequence[str],
    ) -> pl.DataFrame:
        """Show the sensitive columns as the role would see them; the others stay clear."""
        if not sensitive:
            return frame
        table = table_of(self._view.catalog, rules[0].point.table)
        controls = {
            column.name: fixed[str(rule.id)]
            for rule in rules
            for column in self._columns(table, rule)
            if column.name in sensitive
        }
        seen = ReadTable(table=table, clear=frame, controls=controls).masked()
        return frame.with_columns(seen.get_columns())

    def _result(
        self,
        table: Table,
        rules: Sequence[AccessRule],
        by_rule: Mapping[str, Control],
        made: Choice | None,
        *,
        sensitive: tuple[str, ...],
        rows: int,
    ) -> ChosenTable:
        quasi = () if made is None else tuple(made.controls)
        columns = tuple(
            ProposedColumn(
                table=table.name,
                column=column.name,
                rule=rule.id,
                control=by_rule[str(rule.id)].label,
                was=rule.control.label,
                why=self._why(rule, by_rule[str(rule.id)], is_quasi=str(rule.id) in quasi),
                preserves=CATALOGUE[by_rule[str(rule.id)].operator].preserves,
                reveals=CATALOGUE[by_rule[str(rule.id)].operator].reveals,
            )
            for rule in rules
            for column in self._columns(table, rule)
        )
        found = None
        if made is not None:
            found = TableAnonymity(
                table=table.name,
                rows=rows,
                quasi=tuple(one.column for one in columns if str(one.rule) in quasi),
                sensitive=sensitive,
                before=made.before,
                after=made.after,
                cost=made.cost,
                suppressed=made.suppressed,
                measured=made.measured,
                proven=made.proven,
            )
        return ChosenTable(
            controls={one.column: by_rule[str(one.rule)] for one in columns},
            by_rule=by_rule,
            columns=columns,
            anonymity=found,
        )

    def _why(self, rule: AccessRule, control: Control, *, is_quasi: bool) -> str:
        floors = sorted({one.excluded_by for one in rule.candidates if one.excluded_by is not None})
        by_floor = f"; floor {', '.join(floors)} takes weaker ones away" if floors else ""
        if not is_quasi:
            if control != rule.control:
                return "identifies by itself, and k says nothing for what does" + by_floor
            return "as drafted: not among what singles people out together" + by_floor
        goal = _goal_words(self._request.goal)
        if control == CLEAR:
            return f"{goal} is met with it in clear"
        return f"weakest with which {goal} is met{by_floor}"


def _measurable_only(controls: Sequence[Control]) -> Iterator[Control]:
    """Keep the controls whose effect can be measured without a store of tokens or keys."""
    return (one for one in controls if measurable(one) == one)


def _measure(
    frame: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str], k: int
) -> Hidden:
    found = measure(frame, quasi_identifiers=quasi, sensitive=sensitive)
    return Hidden(
        k=found.k,
        below_k=round(found.share_below(k), 6),
        l=min((one.distinct_l for one in found.sensitive), default=None),
        t=max((one.t for one in found.sensitive), default=None),
    )


def table_of(catalog: Catalog, table: AssetId) -> Table:
    """Find a table of the draft's catalogue. Raises `NotFoundError`."""
    found = catalog.table(table)
    if found is None:
        raise NotFoundError(f"there is no table `{table}` in the draft's catalogue; draft anew")
    return found


def _identifies(category: DataCategory) -> bool:
    return any(category_covers(DataCategory(one), category) for one in _IDENTIFIERS)


def _goal_words(goal: Goal) -> str:
    words = [f"k={goal.k}"]
    words += [f"l={goal.l}"] if goal.l > 1 else []
    words += [f"t={goal.t:g}"] if goal.t is not None else []
    return ", ".join(words)
