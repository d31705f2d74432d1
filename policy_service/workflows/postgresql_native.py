"""Native mode: the live policy of a source, enforced by a PostgreSQL database itself.

Renders, compares, and applies in one transaction; what stands already is left alone, and
`undo` takes everything away again. Masks are written by the middleware, which this floor
does not import: the caller hands the writer in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policy_service.domain.asset import Catalog
from policy_service.domain.bundle import Bundle, Directory, TableView
from policy_service.domain.control import Action, Operator
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RoleId, RuleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.enforcement.bundle_file import verify_bundle
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.publication.postgresql.difference import Change, Looks, difference, statements
from policy_service.publication.postgresql.model import (
    Hidden,
    ManagedObject,
    MaskWriter,
    NativeObject,
    NativePlan,
    NativePolicy,
    NativeView,
    Profile,
)
from policy_service.publication.postgresql.render import render
from policy_service.workflows.people import load_directory, make_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.postgresql_database import NativeDatabase, open_native
from policy_service.workflows.publish import find_bundle
from policy_service.workflows.scan import find_catalog, source_url
from policy_service.workflows.unit_of_work import record_event

_EVERY_PURPOSE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeRequest:
    """What is to be put into which database. An empty `url` is the address that was scanned."""

    source: str
    url: str = ""
    with_people: bool = False  # give the directory's people, by login of the same name, their roles
    keys_in_database: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeOutcome:
    """What was changed, or would be; what stays hidden because the database cannot enforce it."""

    revision: Revision
    applied: bool
    changes: tuple[Change, ...]
    views: tuple[NativeView, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[str, ...] = ()


def publish_natively(
    platform: Platform, request: NativeRequest, *, write_mask: MaskWriter, actor: str
) -> NativeOutcome:
    """Bring a database in line with the live policy of its source; the second time changes nothing.

    Raises `NotFoundError` where nothing is live, `StaleBundleError`, `ConflictError` where
    something of our name is somebody else's, `PublicationError` where the database refuses.
    Then nothing was changed.
    """
    policy, catalog, left_out = native_policy(platform, request)
    with open_native(database_url(platform, request), source=request.source) as database:
        changes, plan = bring_in_line(
            database,
            policy,
            tables=[table.id for table in catalog.tables],
            write_mask=write_mask,
            keys_in_database=request.keys_in_database,
            dry_run=request.dry_run,
        )
        outcome = NativeOutcome(
            revision=policy.revision,
            applied=not request.dry_run,
            changes=changes,
            views=plan.views,
            hidden=plan.hidden,
            notes=(*left_out, *plan.notes),
        )
        if changes and not request.dry_run:
            _record(platform, request.source, outcome, actor=actor)
    return outcome


def undo_natively(platform: Platform, request: NativeRequest, *, actor: str) -> NativeOutcome:
    """Take everything away that native mode made, and give back what it took.

    Needs neither a live policy nor a catalogue. Raises as `publish_natively` does.
    """
    with open_native(database_url(platform, request), source=request.source) as database:
        managed = database.managed()
        looks = database.looks(sorted(one.key for one in managed))
        changes = difference((), managed, looks)
        outcome = NativeOutcome(revision=Revision(0), applied=not request.dry_run, changes=changes)
        if changes and not request.dry_run:
            database.run(statements(changes))
            _record(platform, request.source, outcome, actor=actor)
    return outcome


def bring_in_line(
    database: NativeDatabase,
    policy: NativePolicy,
    *,
    tables: Sequence[AssetId],
    write_mask: MaskWriter,
    keys_in_database: bool,
    dry_run: bool,
) -> tuple[tuple[Change, ...], NativePlan]:
    """Compare a database with a policy and, unless it is a dry run, close the difference.

    Nothing is committed here. Raises `ConflictError`, `PublicationError`.
    """
    managed = database.managed()
    found = database.surroundings(tables, [one.subject for one in policy.people], managed)
    plan = render(policy, found, write_mask=write_mask, keys_in_database=keys_in_database)
    keys = {one.key for one in plan.objects} | {one.key for one in managed}
    looks = database.looks(sorted(keys))
    changes = difference(plan.objects, managed, looks)
    if changes and not dry_run:
        database.run(statements(changes))
        if plan.objects:
            _keep(database, plan.objects, managed, looks)
    return changes, plan


def native_policy(
    platform: Platform, request: NativeRequest
) -> tuple[NativePolicy, Catalog, tuple[str, ...]]:
    """Read the live policy as native mode sees it, its catalogue, and notes on what is left out."""
    live, people = live_policy(platform, request)
    catalog = find_catalog(platform, request.source)
    bundle, notes = unconditional(live)
    policy = NativePolicy(
        source=live.source,
        revision=live.revision,
        expires_at=live.expires_at,
        profiles=profiles_of(bundle, catalog, people),
        people=people,
    )
    return policy, catalog, notes


def live_policy(platform: Platform, request: NativeRequest) -> tuple[Bundle, tuple[Person, ...]]:
    """Read the verified live bundle and, where they are asked for, the directory's people."""
    signed = find_bundle(platform, request.source)
    live = verify_bundle(signed, verifier=platform.verifier, now=platform.clock.now())
    with platform.database.read() as session:
        return live, load_directory(session).people if request.with_people else ()


def database_url(platform: Platform, request: NativeRequest) -> str:
    """Return where to: the address given, or that of a source that is PostgreSQL itself."""
    if request.url:
        return request.url
    url = source_url(platform, request.source)
    if not url.startswith(("postgresql", "postgres")):
        raise UsageError(
            f"source `{request.source}` is no PostgreSQL database; say where: `--url postgresql://…`"
        )
    return url


def unconditional(bundle: Bundle) -> tuple[Bundle, tuple[str, ...]]:
    """Leave out what only the service decides, towards less: conditions and times.

    An allowing rule with a condition is left out; a denying one always denies.
    """
    conditional = {
        one.rule for one in bundle.conditions if one.expression or one.not_before or one.not_after
    }
    rows = tuple(row for row in bundle.rows if row.rule not in conditional or row.effect != "allow")
    notes = tuple(
        f"rule `{rule}` holds under a condition, which only the service decides; {what}"
        for rule in sorted(conditional)
        if (what := _treated(bundle, rule))
    )
    return replace(bundle, rows=rows, conditions=(), tests=()), notes


def profiles_of(bundle: Bundle, catalog: Catalog, people: Sequence[Person]) -> tuple[Profile, ...]:
    """List what each role, and each set of roles that somebody holds, may read for each purpose."""
    held = {tuple(sorted(set(person.roles))) for person in people}
    single = {(role,) for role in _roles(bundle)}
    wanted = [
        (roles, purpose)
        for roles in sorted(held | single)
        for purpose in sorted(_purposes(bundle, roles))
    ]
    if not bundle.rows or not wanted:
        return ()
    policy = compile_policy(bundle, _one_subject_each(wanted))
    made = (
        Profile(roles=roles, purpose=purpose, views=_views(policy, number, purpose, catalog))
        for number, (roles, purpose) in enumerate(wanted)
    )
    return tuple(profile for profile in made if profile.views)


def _views(
    policy: CompiledPolicy, number: int, purpose: Purpose, catalog: Catalog
) -> tuple[TableView, ...]:
    views = (policy.view(_subject(number), table.id, purpose) for table in catalog.tables)
    return tuple(
        view
        for view in views
        if any(one.control.operator is not Operator.DENY for one in view.columns)
    )


def _one_subject_each(wanted: Sequence[tuple[tuple[RoleId, ...], Purpose]]) -> Directory:
    return make_directory(
        tuple(
            Person(subject=_subject(number), roles=roles)
            for number, (roles, _) in enumerate(wanted)
        )
    )


def _subject(number: int) -> SubjectId:
    return SubjectId(f"profile-{number}")


def _roles(bundle: Bundle) -> set[RoleId]:
    linked = {RoleId(end) for link in bundle.role_links for end in link}
    return linked | {row.role for row in bundle.rows}


def _purposes(bundle: Bundle, roles: Sequence[RoleId]) -> set[Purpose]:
    """Name the purposes for which some row lets these roles read; `*` stands for all named."""
    reached = _with_inherited(bundle, roles)
    reading = [row for row in bundle.rows if row.action == Action.READ.value]
    found = {row.purpose for row in reading if row.role in reached and row.effect == "allow"}
    if _EVERY_PURPOSE in found:
        found |= {row.purpose for row in bundle.rows}
    return {Purpose(one) for one in found - {_EVERY_PURPOSE}}


def _with_inherited(bundle: Bundle, roles: Sequence[RoleId]) -> set[str]:
    reached: set[str] = set(roles)
    while more := {up for down, up in bundle.role_links if down in reached} - reached:
        reached |= more
    return reached


def _treated(bundle: Bundle, rule: RuleId) -> str:
    effects = {row.effect for row in bundle.rows if row.rule == rule}
    if not effects:
        return ""
    return "it is left out" if effects == {"allow"} else "it always denies"


def _keep(
    database: NativeDatabase,
    wanted: Sequence[NativeObject],
    managed: Sequence[ManagedObject],
    earlier: Looks,
) -> None:
    """Remember what stands now and what it looks like, so that the next run can compare."""
    known = {one.key: one for one in managed}
    looks = database.looks([one.key for one in wanted])
    database.keep(
        [
            ManagedObject(
                kind=one.kind,
                identity=one.identity,
                sha256=one.sha256,
                fingerprint=looks[one.key] or "",
                before=known[one.key].before if one.key in known else earlier[one.key] or "",
            )
            for one in wanted
        ]
    )


def _record(platform: Platform, source: str, outcome: NativeOutcome, *, actor: str) -> None:
    """Say in the audit log what is about to be committed."""
    steps = [one.step.value for one in outcome.changes]
    record_event(
        platform,
        "native_publication",
        actor=actor,
        subject=source,
        revision=outcome.revision,
        hidden=len(outcome.hidden),
        **{step: steps.count(step) for step in sorted(set(steps))},
    )
