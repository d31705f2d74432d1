"""The compiled index: one immutable policy that answers in microseconds, from any thread.

Not the policy's meaning (that is the Casbin model in the bundle; `engines.casbin`
runs it, and laws hold both to the same answers), and not a service: see `point`.

Layout: (action, purpose) → resource → `Posting`, the rows there with the roles
they speak for as one bit set. A subject is the bit set of its roles with all
that they inherit; a resource is itself with those of its ancestors that have rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from policy_service.domain.bundle import (
    Bundle,
    ColumnView,
    Directory,
    PolicyRow,
    RuleObligation,
    TableView,
)
from policy_service.domain.control import DENY as DENY_CONTROL
from policy_service.domain.control import RowFilter
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.draft import PolicyTest
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId
from policy_service.domain.organisation import Person
from policy_service.enforcement.explain import explain_decision
from policy_service.enforcement.graph import ancestors
from policy_service.enforcement.model import check_standard_model
from policy_service.enforcement.obligations import combine, sort_filters
from policy_service.enforcement.rows import (
    ALLOW,
    ANY_PURPOSE,
    check_links,
    check_rows,
    expiry,
    obligations_by_rule,
    people_by_subject,
)

_MOST_GIVEN = 100_000  # decisions that are kept, so that asking cannot fill the memory


@dataclass(frozen=True, slots=True)
class Posting:
    """The rows of one resource, action and purpose: each a role's bit, whether it allows, a rule.

    `roles` is the union of the bits, so that most requests are turned away by one `&`.
    """

    roles: int
    entries: tuple[tuple[int, bool, RuleId], ...]


Postings = Mapping[tuple[str, str], Mapping[str, Posting]]


class CompiledPolicy:
    """One policy, compiled. Made by `compile_policy`; never changes."""

    __slots__ = (
        "_columns",
        "_denied",
        "_given",
        "_inherited",
        "_obligations",
        "_people",
        "_postings",
        "_resources",
        "_subjects",
        "expires_at",
        "revision",
        "tests",
    )

    def __init__(
        self,
        *,
        bundle: Bundle,
        expires_at: datetime,
        obligations: Mapping[RuleId, RuleObligation],
        people: Mapping[str, Person],
        inherited: Mapping[str, int],
        postings: Postings,
        resources: Mapping[str, tuple[str, ...]],
        columns: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.revision: Revision = bundle.revision
        self.expires_at = expires_at
        self.tests: tuple[PolicyTest, ...] = bundle.tests
        self._obligations = obligations
        self._people = people
        self._inherited = inherited
        self._subjects = {name: self._bits(person.roles) for name, person in people.items()}
        self._postings = postings
        self._resources = resources
        self._columns = columns
        self._denied = {
            reason: Decision(allow=False, revision=bundle.revision, rules=(), reason=reason)
            for reason in DenyReason
        }
        self._given: dict[tuple[bool, tuple[RuleId, ...]], Decision] = {}  # a memo, nothing else

    def decide(self, request: AccessRequest) -> Decision:
        """Answer one request; what is not allowed is denied, and says why."""
        roles = self._subjects.get(request.subject)
        if roles is None:
            return self._denied[DenyReason.UNKNOWN_SUBJECT]
        return self._decide(roles, request.resource, request.action, request.purpose)

    def decide_role(self, role: str, resource: str, action: str, purpose: str) -> Decision:
        """Answer for whoever holds just `role`; a role that no row names matches nothing."""
        return self._decide(self._inherited.get(role, 0), resource, action, purpose)

    def view(self, subject: str, table: str, purpose: str, action: str = "read") -> TableView:
        """Show how `subject` may see each column of `table`; a table that is not known has none."""
        columns: list[ColumnView] = []
        filters: set[RowFilter] = set()
        for column in self._columns.get(table, ()):
            request = AccessRequest(
                subject=subject, resource=column, action=action, purpose=purpose
            )
            decision = self.decide(request)
            control = decision.obligations.control if decision.allow else DENY_CONTROL
            columns.append(
                ColumnView(column=AssetId(column), control=control, rules=decision.rules)
            )
            filters.update(decision.obligations.row_filters)
        named = {row_filter.subject_attribute for row_filter in filters}
        return TableView(
            table=AssetId(table),
            purpose=Purpose(purpose),
            columns=tuple(columns),
            row_filters=sort_filters(filters),
            attributes=self._attributes(subject, named),
            revision=self.revision,
        )

    def explain(self, request: AccessRequest) -> tuple[str, ...]:
        """Tell in a few lines why `request` is answered as it is; no data value is in them."""
        return explain_decision(
            request=request,
            decision=self.decide(request),
            person=self._people.get(request.subject),
            obligations=self._obligations,
            considered=self._resources.get(request.resource, ()),
        )

    def _decide(self, roles: int, resource: str, action: str, purpose: str) -> Decision:
        containers = self._resources.get(resource)
        if containers is None:
            return self._denied[DenyReason.UNKNOWN_RESOURCE]
        allowing: list[RuleId] = []
        denying: list[RuleId] = []
        for key in ((action, purpose), (action, ANY_PURPOSE)):
            by_resource = self._postings.get(key)
            if by_resource is None:
                continue
            for container in containers:
                posting = by_resource.get(container)
                if posting is not None and posting.roles & roles:
                    for bit, allows, rule in posting.entries:
                        if bit & roles:
                            (allowing if allows else denying).append(rule)
        if denying:
            return self._decided(False, tuple(denying))
        if allowing:
            return self._decided(True, tuple(allowing))
        return self._denied[DenyReason.NO_MATCHING_RULE]

    def _decided(self, allow: bool, rules: tuple[RuleId, ...]) -> Decision:
        """Return the one decision that these rules give; kept, for the same ones come again."""
        decision = self._given.get((allow, rules))
        if decision is None:
            decision = self._permit(rules) if allow else self._deny(rules)
            if len(self._given) < _MOST_GIVEN:
                self._given[(allow, rules)] = decision
        return decision

    def _permit(self, rules: Iterable[RuleId]) -> Decision:
        deciding = tuple(sorted(set(rules)))
        return Decision(
            allow=True,
            revision=self.revision,
            rules=deciding,
            obligations=combine(self._obligations[rule] for rule in deciding),
        )

    def _deny(self, rules: Iterable[RuleId]) -> Decision:
        return Decision(
            allow=False,
            revision=self.revision,
            rules=tuple(sorted(set(rules))),
            reason=DenyReason.DENIED_BY_RULE,
        )

    def _bits(self, roles: Iterable[str]) -> int:
        bits = 0
        for role in roles:
            bits |= self._inherited.get(role, 0)
        return bits

    def _attributes(
        self, subject: str, named: Iterable[str]
    ) -> tuple[tuple[str, str | int | float | bool], ...]:
        person = self._people.get(subject)
        known = {} if person is None else person.attributes
        pairs = ((name, known[name]) for name in sorted(named) if name in known)
        # A list is left out: no column equals it, so the filter shows no row.
        return tuple((name, value) for name, value in pairs if not isinstance(value, tuple))


def compile_policy(bundle: Bundle, directory: Directory) -> CompiledPolicy:
    """Compile a bundle for the people of a directory.

    Raises `EnforcementError` (`PolicyRowError` for a row) for what can be read in
    two ways or fails open; keep the policy that is in force.
    """
    check_standard_model(bundle.model_conf)
    check_rows(bundle.rows)
    check_links(bundle.role_links, kind="g")
    check_links(bundle.resource_links, kind="g2")
    role_closure = ancestors(bundle.role_links)
    bits = _role_bits(bundle)
    resource_closure = ancestors(bundle.resource_links)
    return CompiledPolicy(
        bundle=bundle,
        expires_at=expiry(bundle),
        obligations=obligations_by_rule(bundle),
        people=people_by_subject(directory),
        inherited=_inherited_bits(bits, role_closure),
        postings=_postings(bundle.rows, bits),
        resources=_effective_resources(bundle, resource_closure),
        columns=_columns_by_table(bundle, resource_closure),
    )


def _role_bits(bundle: Bundle) -> dict[str, int]:
    named = sorted({str(row.role) for row in bundle.rows})
    return {role: 1 << place for place, role in enumerate(named)}


def _inherited_bits(
    bits: Mapping[str, int], closure: Mapping[str, frozenset[str]]
) -> dict[str, int]:
    inherited = dict(bits)
    for role, reached in closure.items():
        union = 0
        for one in reached:
            union |= bits.get(one, 0)
        inherited[role] = union
    return inherited


def _postings(rows: Iterable[PolicyRow], bits: Mapping[str, int]) -> Postings:
    entries: dict[tuple[str, str], dict[str, dict[tuple[int, bool, RuleId], None]]] = {}
    for row in rows:
        by_resource = entries.setdefault((row.action, row.purpose), {})
        entry = (bits[row.role], row.effect == ALLOW, row.rule)
        by_resource.setdefault(row.resource, {}).setdefault(entry)
    return {
        key: {resource: _posting(found) for resource, found in by_resource.items()}
        for key, by_resource in entries.items()
    }


def _posting(entries: Iterable[tuple[int, bool, RuleId]]) -> Posting:
    found = tuple(entries)
    roles = 0
    for bit, _, _ in found:
        roles |= bit
    return Posting(roles=roles, entries=found)


def _effective_resources(
    bundle: Bundle, closure: Mapping[str, frozenset[str]]
) -> dict[str, tuple[str, ...]]:
    with_rows = {row.resource for row in bundle.rows}
    shared: dict[frozenset[str], tuple[str, ...]] = {}  # columns of a group have the same
    found: dict[str, tuple[str, ...]] = {}
    for resource, reached in closure.items():
        effective = reached & with_rows
        found[resource] = shared.setdefault(effective, tuple(sorted(effective)))
    for resource in with_rows - closure.keys():
        found[resource] = (resource,)
    return found


def _columns_by_table(
    bundle: Bundle, closure: Mapping[str, frozenset[str]]
) -> dict[str, tuple[str, ...]]:
    """List each table's columns in the order of the catalogue: nodes without a child, by id."""
    parents = {parent for child, parent in bundle.resource_links if parent != child}
    found: dict[str, dict[str, None]] = {}
    for child, _ in bundle.resource_links:
        table = child.rpartition(".")[0]
        if child not in parents and table in closure[child]:
            found.setdefault(table, {}).setdefault(child)
    return {table: tuple(columns) for table, columns in found.items()}
