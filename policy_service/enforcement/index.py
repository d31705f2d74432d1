"""The compiled index: one immutable policy that answers in microseconds, from any thread.

Not the policy's meaning (that is the Casbin model in the bundle; `engines.casbin`
runs it, and laws hold both to the same answers), and not a service: see `point`.
How it lies in memory is said in `layout`; what is shown of a table, in `views`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from policy_service.domain.applicability import applicabilities, applies
from policy_service.domain.bundle import Bundle, Directory, KnownResource, TableView
from policy_service.domain.condition_truth import Facts, Truth
from policy_service.domain.control import RowFilter
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.draft import PolicyTest
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId
from policy_service.enforcement.effects import Answers
from policy_service.enforcement.explain import Explanation
from policy_service.enforcement.graph import Parents, ancestors, parents_of
from policy_service.enforcement.grounds import Search
from policy_service.enforcement.known import Known
from policy_service.enforcement.layout import Entry, Layout, Place, entries, lay_out
from policy_service.enforcement.loading import collector_waits
from policy_service.enforcement.model import check_model
from policy_service.enforcement.obligations import combine, sort_filters
from policy_service.enforcement.partial import Residue, all_of
from policy_service.enforcement.roles import read_roles
from policy_service.enforcement.rows import (
    ANY_PURPOSE,
    TYPE_PREFIX,
    check_conditions,
    check_links,
    check_rows,
    expiry,
    obligations_by_rule,
    people_by_subject,
    resources_by_type,
)
from policy_service.enforcement.views import column_name, columns_by_table, show_column

_MOST_JOINED = 100_000  # joined decisions that are kept, so that asking cannot fill the memory
_NOBODY = 0


class CompiledPolicy:
    """One policy, compiled. Made by `compile_policy`; its answers never change."""

    __slots__ = (
        "_columns",
        "_joined",
        "_keys",
        "_known",
        "_layout",
        "_no_rule",
        "_parents",
        "_places",
        "_subjects",
        "_unknown_resource",
        "_unknown_subject",
        "expires_at",
        "revision",
        "source",
        "tenant",
        "tests",
    )

    def __init__(
        self,
        *,
        bundle: Bundle,
        expires_at: datetime,
        layout: Layout,
        known: Known,
        parents: Parents,
        columns: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.revision: Revision = bundle.revision
        self.tenant = bundle.tenant
        self.source = bundle.source
        self.expires_at = expires_at
        self.tests: tuple[PolicyTest, ...] = bundle.tests
        self._layout = layout
        self._keys, self._places = layout.keys, layout.places  # nearer at hand
        self._known = known
        self._parents = parents
        self._columns = columns
        self._subjects = {
            name: known.roles.mask(person.roles) for name, person in known.people.items()
        }
        self._no_rule, self._unknown_subject, self._unknown_resource = (
            Decision(allow=False, revision=bundle.revision, rules=(), reason=reason)
            for reason in (
                DenyReason.NO_MATCHING_RULE,
                DenyReason.UNKNOWN_SUBJECT,
                DenyReason.UNKNOWN_RESOURCE,
            )
        )
        self._joined: dict[tuple[bool, tuple[RuleId, ...]], Decision] = {}  # a memo, nothing else

    def decide(self, request: AccessRequest, now: datetime | None = None) -> Decision:
        """Answer one request; what is not allowed is denied, and says why.

        Without `now` a rule's window is unknown: it allows nothing, and denies all the same.
        """
        roles = self._subjects.get(request.subject)
        if roles is None:
            return self._unknown_subject
        return self._decide(roles, request, now)

    def decide_role(
        self, role: str, resource: str, action: str, purpose: str, now: datetime | None = None
    ) -> Decision:
        """Answer for whoever holds just `role`; a role that no row names matches nothing."""
        request = AccessRequest(subject="", resource=resource, action=action, purpose=purpose)
        return self._decide(self._known.roles.mask((role,)), request, now, role=role)

    def view(
        self,
        subject: str,
        table: str,
        purpose: str,
        action: str = "read",
        now: datetime | None = None,
    ) -> TableView:
        """Show how `subject` may see each column of `table`; a table that is not known has none."""
        columns = self._columns.get(table, ())
        names = frozenset(column_name(column) for column in columns)
        mask = self._subjects.get(subject, _NOBODY)
        asker = self._known.subject(subject)
        shown = [
            show_column(
                column,
                [
                    self._layout.effect(entry)
                    for entry in self._matching(mask, self._places[column], action, purpose)
                ],
                residue=Residue(
                    facts=Facts(subject=asker, resource=self._known.resource(column)),
                    columns=names,
                ),
                now=now,
            )
            for column in columns
        ]
        filters = {one for column in shown for one in column.row_filters}
        return TableView(
            table=AssetId(table),
            purpose=Purpose(purpose),
            columns=tuple(column.view for column in shown),
            row_filters=sort_filters(filters),
            attributes=self._attributes(subject, filters),
            revision=self.revision,
            predicate=all_of(column.predicate for column in shown),
        )

    def explain(self, request: AccessRequest, now: datetime | None = None) -> tuple[str, ...]:
        """Tell in a few lines why `request` is answered as it is; no data value is in them."""
        return self.reasons(request, now).lines()

    def reasons(self, request: AccessRequest, now: datetime | None = None) -> Explanation:
        """Give the full reason of an answer; slower than the answer by far."""
        person = self._known.people.get(request.subject)
        name = self._row_name(request)
        above = tuple(sorted({name, *_above(name, self._parents)}))
        search = Search(
            layout=self._layout,
            roles=self._known.roles,
            held=() if person is None else person.roles,
            resource=name,
            above=above,
            parents=self._parents,
            facts=self._known.facts(request),
            now=now,
        )
        return Explanation(
            request=request,
            decision=self.decide(request, now),
            roles=None if person is None else tuple(sorted(person.roles)),
            considered=tuple(one for one in above if one in self._layout.nodes),
            grounds=search.grounds(request.action, request.purpose),
            elsewhere=search.elsewhere(request.action, request.purpose),
        )

    def _decide(
        self, roles: int, request: AccessRequest, now: datetime | None, role: str | None = None
    ) -> Decision:
        place = self._places.get(request.resource)
        if place is None:
            place = self._place_of_type(request)
            if place is None:
                return self._unknown_resource
        purposes = self._keys.get(request.action)
        if purposes is None:
            return self._no_rule
        key = purposes.get(request.purpose)
        if key is None:
            key = purposes[ANY_PURPOSE]
        found: Decision | None = None
        for node in place:
            bits, answer, more = node[key]
            if bits & roles:
                if more is not None or found is not None:
                    return self._weigh(_speaking(roles, place, key), request, now, role)
                found = answer
        return self._no_rule if found is None else found

    def _matching(self, roles: int, place: Place, action: str, purpose: str) -> list[Entry]:
        """List what speaks for these roles at a place, whether its condition holds or not."""
        purposes = self._keys.get(action)
        if purposes is None:
            return []
        return _speaking(roles, place, purposes.get(purpose, purposes[ANY_PURPOSE]))

    def _weigh(
        self,
        matching: Sequence[Entry],
        request: AccessRequest,
        now: datetime | None,
        role: str | None,
    ) -> Decision:
        """Weigh several rules, or rules with conditions: one denial outweighs every permit."""
        allowing: list[Decision] = []
        denying: list[Decision] = []
        unknown: list[Decision] = []
        facts: Facts | None = None
        for _, answer, when in matching:
            truth: Truth = True
            if when is not None:
                facts = facts or self._known.facts(request, role=role)
                truth = when.truth(facts, now)
            if applies(truth, allows=answer.allow):
                (allowing if answer.allow else denying).append(answer)
            elif truth is None:
                unknown.append(answer)
        if denying or allowing:
            return self._join(denying or allowing)
        if unknown:
            return self._denial(DenyReason.CONDITION_UNKNOWN, unknown)
        return self._no_rule

    def _join(self, answers: Sequence[Decision]) -> Decision:
        """Return the one decision that these rules give; kept, for the same ones come again."""
        if len(answers) == 1:
            return answers[0]
        allow = answers[0].allow
        key = (allow, tuple(answer.rules[0] for answer in answers))
        decision = self._joined.get(key)
        if decision is None:
            decision = (
                self._permit(answers) if allow else self._denial(DenyReason.DENIED_BY_RULE, answers)
            )
            if len(self._joined) < _MOST_JOINED:
                self._joined[key] = decision
        return decision

    def _permit(self, answers: Iterable[Decision]) -> Decision:
        rules = _rules(answers)
        return Decision(
            allow=True,
            revision=self.revision,
            rules=rules,
            obligations=combine(self._layout.obligations[rule] for rule in rules),
        )

    def _denial(self, reason: DenyReason, answers: Iterable[Decision]) -> Decision:
        return Decision(allow=False, revision=self.revision, rules=_rules(answers), reason=reason)

    def _place_of_type(self, request: AccessRequest) -> Place | None:
        """Find the rows about a resource's type, for one without rows or links of its own name.

        INVARIANT: a claimed type is only read where the policy does not know the resource's
        id, and a type's own name is only taken as such where no type is claimed.
        """
        place = self._layout.types.get(self._row_name(request))
        if place is None and (request.resource_type, request.resource) in self._known.by_type:
            return ()
        return place

    def _row_name(self, request: AccessRequest) -> str:
        if request.resource in self._places or not request.resource_type:
            return request.resource
        return f"{TYPE_PREFIX}{request.resource_type}"

    def _attributes(
        self, subject: str, filters: set[RowFilter]
    ) -> tuple[tuple[str, str | int | float | bool], ...]:
        person = self._known.people.get(subject)
        known = {} if person is None else person.attributes
        named = sorted({row_filter.subject_attribute for row_filter in filters})
        pairs = ((name, known[name]) for name in named if name in known)
        # A list is left out: no column equals it, so the filter shows no row.
        return tuple((name, value) for name, value in pairs if not isinstance(value, tuple))


def compile_policy(bundle: Bundle, directory: Directory) -> CompiledPolicy:
    """Compile a bundle for the people of a directory.

    Raises `EnforcementError` (`PolicyRowError` for a row) for what can be read in
    two ways or fails open; keep the policy that is in force.
    """
    with collector_waits():
        return _compile(bundle, directory)


def _compile(bundle: Bundle, directory: Directory) -> CompiledPolicy:
    check_model(bundle.model_conf, bundle.conditions)
    check_rows(bundle.rows)
    check_links(bundle.role_links, kind="g")
    check_links(bundle.resource_links, kind="g2")
    conditions = applicabilities(bundle.conditions)
    if conditions:
        check_conditions(conditions, bundle.rows)
    roles = read_roles(bundle.rows, bundle.role_links)
    parents = parents_of(bundle.resource_links)
    above = ancestors(parents)
    obligations = obligations_by_rule(bundle)
    layout = lay_out(
        bundle.rows,
        bits=roles.bits,
        above=above,
        answers=Answers(revision=bundle.revision, obligations=obligations).make,
        conditions=conditions,
        obligations=obligations,
    )
    resources = resources_by_type(bundle, layout.places)
    by_id: Mapping[str, KnownResource] = {
        one.id: one for one in resources.values() if one.id in layout.places
    }
    return CompiledPolicy(
        bundle=bundle,
        expires_at=expiry(bundle),
        layout=layout,
        known=Known(
            people=people_by_subject(directory), roles=roles, by_id=by_id, by_type=resources
        ),
        parents=parents,
        columns=columns_by_table(parents, above),
    )


def _speaking(roles: int, place: Place, key: int) -> list[Entry]:
    return [
        entry
        for node in place
        if node[key][0] & roles
        for entry in entries(node[key])
        if entry[0] & roles
    ]


def _rules(answers: Iterable[Decision]) -> tuple[RuleId, ...]:
    return tuple(sorted({answer.rules[0] for answer in answers}))


def _above(name: str, parents: Parents) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        fresh = set(parents.get(waiting.pop(), ())) - found
        found |= fresh
        waiting.extend(fresh)
    return found
