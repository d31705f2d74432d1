"""The live policy as objects of a PostgreSQL database. Pure: the same in, the same out.

For each profile a role that people take, a schema of its name with one view for each table,
and an owner of these views that nobody can become. The owner may read just the columns that
its views are made of, and row-level security shows it just the rows that the profile's row
filters leave; the view masks. So neither a denied column nor a hidden row is within reach of
a view, whatever is wrong with it. Reading only: writes stay with the service.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are literals

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, PublicationError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.domain.organisation import Person
from policy_service.domain.predicate import EVERY_ROW
from policy_service.publication.postgresql import objects
from policy_service.publication.postgresql.columns import ROW, Secrets, masked_column
from policy_service.publication.postgresql.model import (
    Hidden,
    MaskWriter,
    NativeObject,
    NativePlan,
    NativePolicy,
    NativeView,
    ObjectKind,
    Profile,
    Surroundings,
)
from policy_service.publication.postgresql.names import (
    base_name,
    owner_name,
    place,
    profile_names,
    quoted,
)
from policy_service.publication.postgresql.row_rules import RowRule, row_rule

_HAS_GRANT_OPTIONS = 160_000  # `GRANT role TO login WITH INHERIT FALSE`
_LARGEST_WHOLE = 2**63 - 1


def render(
    policy: NativePolicy,
    surroundings: Surroundings,
    *,
    write_mask: MaskWriter,
    keys_in_database: bool,
) -> NativePlan:
    """Plan everything that shall stand in the database.

    What PostgreSQL cannot enforce exactly is hidden and named. Keys are put in the database
    only with `keys_in_database`; without, columns that need one are hidden.
    """
    work = _Rendering(policy, surroundings, write_mask, keys_in_database)
    for profile, name in zip(policy.profiles, work.names, strict=True):
        work.add_profile(profile, name)
    return work.plan()


@dataclass(slots=True)
class _Needs:
    """What the owners of views need of the base tables, gathered while views are written."""

    columns: dict[tuple[AssetId, str], set[str]] = field(default_factory=dict)  # table, role
    rules: dict[tuple[AssetId, str], list[RowRule]] = field(default_factory=dict)
    paths: dict[str, tuple[RowRule, set[str]]] = field(default_factory=dict)  # view → readers


class _Rendering:
    def __init__(
        self,
        policy: NativePolicy,
        surroundings: Surroundings,
        write_mask: MaskWriter,
        keys_in_database: bool,
    ) -> None:
        self.names = profile_names(
            policy.source, [(one.roles, one.purpose) for one in policy.profiles]
        )
        self._policy = policy
        self._surroundings = surroundings
        self._write = write_mask
        self._base = base_name(policy.source)
        self._mark = objects.mark(policy.source, surroundings.database)
        self._secrets = Secrets(base=self._base, allowed=keys_in_database)
        self._needs = _Needs()
        self._objects: list[NativeObject] = []
        self._views: list[NativeView] = []
        self._hidden: list[Hidden] = []
        self._notes: list[str] = []
        self._owners: list[str] = []

    def add_profile(self, profile: Profile, name: str) -> None:
        """Write the role, the schema and the views of one profile."""
        owner = owner_name(name)
        written = [one for view in profile.views if (one := self._view(profile, name, view))]
        if not written:
            return
        self._owners.append(owner)
        self._objects += [
            objects.role(owner, comment=self._mark, held_by_people=False),
            objects.role(name, comment=self._mark, held_by_people=True),
            objects.schema(name, owner=owner, comment=self._mark, users=[name]),
            *written,
        ]

    def plan(self) -> NativePlan:
        """Add what the profiles need in common, and order everything as it is made."""
        made = [*self._objects, *self._grants(), *self._row_security(), *self._memberships()]
        if made:
            made += self._base_objects()
        return NativePlan(
            objects=tuple(sorted(made, key=lambda one: one.key)),
            views=tuple(self._views),
            hidden=tuple(self._hidden),
            notes=tuple(self._notes),
        )

    def _view(self, profile: Profile, name: str, view: TableView) -> NativeObject | None:
        owner = owner_name(name)
        try:
            rules = self._row_rules(view)
        except PublicationError as error:
            self._hide(name, view.table, error.message)
            return None
        columns = list(self._columns(name, view))
        if not columns:
            return None
        shown = ", ".join(f"{written} AS {quoted(column)}" for column, written in columns)
        sql = (
            f"SELECT {shown} FROM {place(view.table)} AS {ROW} WHERE (SELECT "
            f"statement_timestamp() < p.expires_at FROM {quoted(self._base)}.policy AS p)"
        )
        self._need(view.table, owner, {column for column, _ in columns})
        for rule in rules:
            self._need(view.table, owner, {rule.column})
            self._needs.rules.setdefault((view.table, owner), []).append(rule)
            self._need_path(rule, owner)
        self._views.append(
            NativeView(
                role=name,
                schema=name,
                table=view.table,
                columns=tuple(column for column, _ in columns),
                roles=profile.roles,
                purpose=profile.purpose,
            )
        )
        return objects.view(
            ObjectKind.VIEW, name, _table_name(view.table), sql, owner=owner, readers=[name]
        )

    def _row_rules(self, view: TableView) -> tuple[RowRule, ...]:
        if view.predicate != EVERY_ROW:
            raise PublicationError("its rows depend on a condition, which only the service decides")
        if view.table not in self._surroundings.tables:
            raise PublicationError("the table is not in the database")
        if any(one.table != view.table for one in view.row_filters):
            raise PublicationError("a row filter belongs to another table")
        tables = self._surroundings.tables
        return tuple(row_rule(one, base=self._base, tables=tables) for one in view.row_filters)

    def _columns(self, name: str, view: TableView) -> Iterator[tuple[str, str]]:
        types = self._surroundings.tables[view.table].columns
        for one in view.columns:
            if one.control.operator is Operator.DENY:
                continue
            column = asset_parts(one.column)[-1]
            try:
                yield column, self._masked(column, one.control, types)
            except (PublicationError, EnforcementError) as error:
                self._hide(name, one.column, error.message)

    def _masked(self, column: str, control: Control, types: Mapping[str, str]) -> str:
        return masked_column(column, control, types=types, write=self._write, secrets=self._secrets)

    def _grants(self) -> Iterator[NativeObject]:
        needed = sorted(self._needs.columns)
        for table, owner in needed:
            columns = sorted(self._needs.columns[table, owner])
            yield objects.column_grant(table, owner, columns)
        for schema, owner in sorted({(asset_parts(table)[1], who) for table, who in needed}):
            yield objects.schema_use(schema, owner)
        for table in sorted({table for table, _ in needed}):
            if self._surroundings.tables[table].public:
                yield objects.public_revocation(table)

    def _row_security(self) -> Iterator[NativeObject]:
        filtered = {table for table, _ in self._needs.rules}
        for table in sorted({table for table, _ in self._needs.columns}):
            if self._surroundings.tables[table].row_security:  # of somebody else, who let us not in
                ours = sorted(who for one, who in self._needs.columns if one == table)
                yield objects.open_policy(table, f"{self._base}_open", roles=ours)
            elif table in filtered:
                yield objects.row_security(table)
                yield objects.open_policy(table, f"{self._base}_open")
        for (table, owner), rules in sorted(self._needs.rules.items(), key=lambda one: one[0]):
            condition = " AND ".join(sorted({rule.condition for rule in rules}))
            yield objects.row_policy(table, owner, role_name=owner, condition=condition)
        for name, (rule, readers) in sorted(self._needs.paths.items()):
            yield objects.view(
                ObjectKind.PATH,
                self._base,
                name,
                rule.view_sql,
                owner=self._base,
                readers=sorted(readers),
            )

    def _base_objects(self) -> list[NativeObject]:
        """Plan the schema of our own: what views look up, and the list of what is managed."""
        base, owners = self._base, sorted(self._owners)
        rows: Mapping[str, Sequence[tuple[object, ...]]] = {
            "attribute": sorted(_attribute_rows(self._policy.people)),
            "policy": [(self._policy.revision, self._policy.expires_at)],
            "secret": sorted(self._secrets.values.items()),
        }
        return [
            objects.role(base, comment=self._mark, held_by_people=False),
            objects.schema(base, owner=base, comment=self._mark, users=owners),
            objects.state_table(base, "managed", readers=[]),
            *(objects.state_table(base, name, readers=owners) for name in sorted(rows)),
            *(objects.content(base, name, rows[name]) for name in sorted(rows)),
        ]

    def _memberships(self) -> Iterator[NativeObject]:
        """Let each person take the profiles of just the roles that person holds."""
        options = self._surroundings.server_version >= _HAS_GRANT_OPTIONS
        made = {one.schema for one in self._views}
        missing = [
            f"`{one.subject}`"
            for one in self._policy.people
            if one.subject not in self._surroundings.logins
        ]
        if missing:
            self._notes.append(f"no login of the database: {', '.join(missing)}")
        for person in self._policy.people:
            roles = tuple(sorted(set(person.roles)))
            profiles = [
                name
                for profile, name in zip(self._policy.profiles, self.names, strict=True)
                if profile.roles == roles and name in made
            ]
            inherits = self._surroundings.logins.get(person.subject)
            if inherits is None:
                continue
            if inherits and not options and len(profiles) > 1:
                self._notes.append(
                    f"login `{person.subject}` would use {len(profiles)} purposes at once; make it "
                    "NOINHERIT so that it takes one by `SET ROLE`"
                )
                continue
            for name in profiles:
                yield objects.membership(person.subject, name, options=options)

    def _need(self, table: AssetId, role: str, columns: set[str]) -> None:
        self._needs.columns.setdefault((table, role), set()).update(columns)

    def _need_path(self, rule: RowRule, owner: str) -> None:
        if rule.view:
            self._needs.paths.setdefault(rule.view, (rule, set()))[1].add(owner)
            for table, column in rule.reads:
                self._need(table, self._base, {column})

    def _hide(self, profile: str, asset: AssetId, reason: str) -> None:
        self._hidden.append(Hidden(profile=profile, asset=asset, reason=reason))


def _table_name(table: AssetId) -> str:
    return asset_parts(table)[2]


def _attribute_rows(people: Sequence[Person]) -> Iterator[tuple[object, ...]]:
    """Write each attribute where a comparison of its type looks for it.

    A list equals no column, so it is left out: a filter on it shows no row.
    """
    for person in people:
        for name, value in person.attributes.items():
            if isinstance(value, bool):
                yield person.subject, name, None, None, None, value
            elif isinstance(value, str):
                yield person.subject, name, None, None, value, None
            elif isinstance(value, int | float):
                fraction = float(value)
                whole = _whole(value)
                yield person.subject, name, whole, fraction, None, None


def _whole(value: int | float) -> int | None:
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if abs(value) <= _LARGEST_WHOLE else None
