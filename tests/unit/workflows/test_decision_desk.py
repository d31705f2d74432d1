"""The decision desk: groups on record before they are answered, the live state, failures."""

import errno
import os
import threading
from dataclasses import replace

import pytest

from policy_service.audit import log_file
from policy_service.audit.groups import GROUPS_SUFFIX
from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import PolicyRow
from policy_service.domain.decision import AccessRequest, DecisionRecord, DenyReason
from policy_service.domain.errors import AccessDeniedError, AuditError, NotFoundError
from policy_service.domain.identifiers import AssetId, Revision, RuleId
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.enforcement.authzen import EvaluationsSemantic, Unreadable
from policy_service.enforcement.search import SearchKind, SearchQuery
from policy_service.kit.canonical import content_sha256
from policy_service.storage import tables
from policy_service.storage.bodies import dump
from policy_service.storage.database import Database
from policy_service.storage.stamps import PEOPLE, StampReader, stamp
from policy_service.workflows.audit import verify_audit
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.decision_batches import Ask
from policy_service.workflows.decision_lines import MAX_TEXT, read_place, withheld_names
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import AUDIT_FILE, Platform
from policy_service.workflows.reading import find_decision, newest_decisions
from policy_service.workflows.recorded_decisions import find_recorded
from policy_service.workflows.trace import trace
from policy_service.workflows.unit_of_work import record_event
from tests.builders import make_bundle, make_directory, make_person
from tests.fixtures.decision_point import ALLOWED, DENIED, go_live


@pytest.fixture
def desk(decision_platform: Platform) -> DecisionDesk:
    """The desk of a decision point with one live bundle."""
    return DecisionDesk(decision_platform)


def _refuse_sync(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_group_is_one_entry_and_every_line_is_found(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """Three decisions, one entry; each is read back as it was given, and is proven."""
    before = decision_platform.audit.size()
    records = desk.decide_many((ALLOWED, DENIED, ALLOWED), pep="account:pep")
    assert [one.decision.allow for one in records] == [True, False, True]
    assert decision_platform.audit.size() == before + 1
    for record in records:
        assert find_decision(decision_platform, record.id) == record
        assert find_recorded(decision_platform, record.id).pep == "account:pep"
        assert trace(decision_platform, record.id).proof.index == before
    assert newest_decisions(decision_platform, 2) == (records[2], records[1])
    entry = decision_platform.audit.entry(before)
    assert entry.event.details.integer("allowed", 0) == 2
    assert verify_audit(decision_platform).whole


def test_nothing_asked_is_nothing_recorded(desk: DecisionDesk, decision_platform: Platform) -> None:
    """Neither no request nor what could not be read leaves an entry."""
    before = decision_platform.audit.size()
    assert desk.decide_many(()) == ()
    (answer,) = desk.answer([Ask(items=(Unreadable("no subject"),))])
    assert isinstance(answer.decisions[0], Unreadable)
    assert desk.record_reads("teller-1", "x", (), columns=()) == ()
    assert decision_platform.audit.size() == before


def test_a_list_ends_where_its_semantic_says(desk: DecisionDesk) -> None:
    """What is left out is neither decided nor recorded; what is unreadable keeps its place."""
    items = (ALLOWED, Unreadable("no action"), ALLOWED)
    first_deny = EvaluationsSemantic.DENY_ON_FIRST_DENY
    one, other = desk.answer([Ask(items=items, semantic=first_deny), Ask(items=items)])
    assert len(one.decisions) == 2
    assert len(one.ids()) == 2
    assert [isinstance(item, Unreadable) for item in other.decisions] == [False, True, False]
    places = [read_place(one.ids()[0]), read_place(other.ids()[0]), read_place(other.ids()[2])]
    assert [place.line for place in places if place is not None] == [0, 1, 2]


def test_values_of_a_request_are_not_kept(desk: DecisionDesk, decision_platform: Platform) -> None:
    """Law 8: of context and properties the names stay, and a keyed digest of the values."""
    asked = replace(
        ALLOWED,
        context=Parameters({"purpose": ALLOWED.purpose, "ip": "203.0.113.7"}),
        properties=Parameters(owner="Milada Nováková"),
    )
    first, again = desk.decide_many((asked, asked))
    plain = desk.decide(replace(ALLOWED, context=Parameters(purpose=ALLOWED.purpose)))
    folder = decision_platform.folder
    kept = b"".join(one.read_bytes() for one in folder.glob(f"{AUDIT_FILE}*"))
    assert b"203.0.113.7" not in kept
    assert b"Milada" not in kept
    request = find_decision(decision_platform, first.id).request
    assert withheld_names(request.context) == ("ip", "purpose")
    assert withheld_names(request.properties) == ("owner",)
    assert request == find_decision(decision_platform, again.id).request
    assert find_decision(decision_platform, plain.id).request.context == Parameters()
    assert withheld_names(Parameters()) == ()


def test_a_text_too_long_to_be_a_name_is_kept_as_its_hash(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """One caller's long text neither fills the log nor spoils the group."""
    long = replace(ALLOWED, subject="x" * (MAX_TEXT + 1), context=Parameters({"y" * 3000: 1}))
    records = desk.decide_many((long, ALLOWED))
    assert [one.decision.allow for one in records] == [False, True]
    found = find_decision(decision_platform, records[0].id).request
    assert found.subject.startswith("sha256:")
    assert withheld_names(found.context)[0].startswith("sha256:")


def test_a_joiner_and_a_leaver_count_from_the_next_decision(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """The directory is read anew where it changed, before the next answer."""
    joiner = replace(ALLOWED, subject="teller-9")
    assert desk.decide(joiner).decision.reason is DenyReason.UNKNOWN_SUBJECT
    teller = make_directory().people[2].roles[0]
    replace_people(decision_platform, (make_person("teller-9", teller),), actor="test")
    assert desk.decide(joiner).decision.allow
    assert desk.decide(ALLOWED).decision.reason is DenyReason.UNKNOWN_SUBJECT


def test_a_new_bundle_decides_from_the_next_decision(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """Each decision carries the revision that was live when it was asked."""
    assert desk.decide(ALLOWED).decision.revision == 1
    go_live(decision_platform, replace(make_bundle(revision=2), tenant="default"))
    record = desk.decide(ALLOWED)
    assert record.decision.revision == desk.revision("bank") == 2
    assert desk.revision("elsewhere") == 0


def test_two_desks_see_each_others_changes(decision_platform: Platform) -> None:
    """Processes that share a home share its state: nothing is remembered past a change."""
    desks = (DecisionDesk(decision_platform), DecisionDesk(decision_platform))
    for revision in (2, 3):
        go_live(decision_platform, replace(make_bundle(revision=revision), tenant="default"))
        assert [desk.decide(ALLOWED).decision.revision for desk in desks] == [revision] * 2


def test_no_policy_no_permit(desk: DecisionDesk) -> None:
    """A source without a bundle, an unknown type and a bare name are denied as such."""
    others = ("elsewhere.public.t.c", "todo-1", "")
    requests = [replace(ALLOWED, resource=one, resource_type="todo") for one in others]
    reasons = {one.decision.reason for one in desk.decide_many(requests)}
    assert reasons == {DenyReason.NO_BUNDLE}
    assert desk.explain(requests[0]) == ("no policy of `elsewhere` is live; publish one first",)
    with pytest.raises(AccessDeniedError, match="no policy"):
        desk.view("teller-1", "elsewhere.public.t", "x")


def test_a_type_leads_to_the_policy_that_speaks_of_it(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """Resources of applications have no source in their name; their type tells."""
    bundle = replace(make_bundle(revision=2), tenant="default", source="todo", tests=())
    rows = (
        PolicyRow(
            role=make_directory().people[2].roles[0],
            resource="type:todo",
            action="read",
            purpose="*",
            effect="allow",
            rule=RuleId("R-0003"),
        ),
    )
    go_live(decision_platform, replace(bundle, rows=rows))
    asked = replace(ALLOWED, resource="todo-1", resource_type="todo")
    assert desk.decide(asked).decision.revision == 2
    claimed = replace(ALLOWED, resource_type="todo")
    assert desk.decide(claimed).decision.revision == 1  # an asset stays its source's
    go_live(
        decision_platform, replace(bundle, rows=rows, revision=Revision(3), source="other-todo")
    )
    assert desk.decide(asked).decision.reason is DenyReason.UNKNOWN_RESOURCE


def test_a_full_disk_denies(
    desk: DecisionDesk, decision_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 3: what cannot be recorded is denied, and allowed again once it can."""
    with monkeypatch.context() as patched:
        patched.setattr(log_file.os, "fsync", _refuse_sync)
        record = desk.decide(ALLOWED)
    assert record.decision.reason is DenyReason.AUDIT_FAILURE
    with pytest.raises(NotFoundError):
        find_decision(decision_platform, record.id)
    assert desk.decide(ALLOWED).decision.allow


def test_reads_that_cannot_be_recorded_are_not_shown(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """A query's columns are on record together, or the query is denied."""
    column = AssetId(ALLOWED.resource)
    view = desk.view("teller-1", "bank.public.clients", ALLOWED.purpose)
    records = desk.record_reads("teller-1", ALLOWED.purpose, (view,), columns=(column,))
    assert [find_decision(decision_platform, one.id) for one in records] == list(records)
    counted = desk.record_reads("teller-1", ALLOWED.purpose, (view,), columns=())
    assert [one.request.resource for one in counted] == ["bank.public.clients"]
    decision_platform.audit.close()
    with pytest.raises(AccessDeniedError, match="could not be recorded"):
        desk.record_reads("teller-1", ALLOWED.purpose, (view,), columns=(column,))


def test_a_state_that_is_gone_denies(desk: DecisionDesk, decision_platform: Platform) -> None:
    """A standing connection to a file that was removed is not believed."""
    assert desk.decide(ALLOWED).decision.allow
    state = decision_platform.folder / "state.db"
    state.rename(state.with_name("moved.db"))
    assert desk.decide(ALLOWED).decision.reason is DenyReason.INTERNAL_ERROR
    assert "is gone" in desk.explain(ALLOWED)[0]
    state.with_name("moved.db").rename(state)
    assert desk.decide(ALLOWED).decision.allow
    desk.close()
    assert desk.decide(ALLOWED).decision.allow


def test_a_defect_denies_and_alarms(
    desk: DecisionDesk, decision_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong, nobody is let in by it and somebody is told."""
    monkeypatch.setattr(desk._lines, "write", lambda *_: 1 / 0)
    assert desk.decide(ALLOWED).decision.reason is DenyReason.INTERNAL_ERROR
    assert [one.event.kind for one in decision_platform.audit.find(kind="alarm")] == ["alarm"]
    decision_platform.audit.close()
    assert desk.decide(ALLOWED).decision.reason is DenyReason.INTERNAL_ERROR


def test_a_broken_policy_denies_for_its_source_alone(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """A bundle whose signature does not fit is not enforced; others in the group are answered."""
    other = replace(make_bundle(revision=2), tenant="default", source="shop")
    go_live(decision_platform, other)
    with decision_platform.database.write() as session:
        change = tables.bundles.update().where(tables.bundles.c.source == "shop")
        row = session.first(tables.bundles.select().where(tables.bundles.c.source == "shop"))
        assert row is not None
        session.write(change.values(body=row.body.replace("R-0003", "R-0004")))
    asked = (replace(ALLOWED, resource="shop.public.clients.birth_number"), ALLOWED)
    broken, fine = desk.decide_many(asked)
    assert (broken.decision.allow, fine.decision.allow) == (False, True)


def test_sixteen_threads_are_answered_as_one(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """Requests that wait together share groups, and every answer is its own request's."""
    before = decision_platform.audit.size()
    found: list[tuple[AccessRequest, DecisionRecord]] = []

    def ask(number: int) -> None:
        for turn in range(10):
            request = ALLOWED if (number + turn) % 2 else DENIED
            found.append((request, desk.decide(request)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({record.id for _, record in found}) == 160
    assert all(record.decision.allow is (request is ALLOWED) for request, record in found)
    lines = sum(
        len(decision_platform.audit.group(decision_platform.audit.entry(index)))
        for index in range(before, decision_platform.audit.size())
    )
    assert lines == 160


def test_a_changed_record_does_not_trace(desk: DecisionDesk, decision_platform: Platform) -> None:
    """The audit log wins: a line that differs from its entry is refused, and fsck names it."""
    record = desk.decide(ALLOWED)
    groups = decision_platform.folder / f"{AUDIT_FILE}{GROUPS_SUFFIX}"
    groups.write_bytes(groups.read_bytes().replace(b"teller-1", b"teller-2"))
    with pytest.raises(AuditError, match="not those that were written"):
        trace(decision_platform, record.id)
    assert not verify_audit(decision_platform).whole


@pytest.mark.parametrize(
    "name", ["dec_none", "dec_a_0_0", "dec_a_999_0", "{group}_{entry}_1", "{group}_0{entry}_0", ""]
)
def test_ids_that_lead_nowhere(desk: DecisionDesk, decision_platform: Platform, name: str) -> None:
    """An id of another group, entry, line or spelling names no decision."""
    place = read_place(desk.decide(ALLOWED).id)
    assert place is not None
    with pytest.raises(NotFoundError, match="no decision"):
        find_decision(decision_platform, name.format(group=place.group, entry=place.entry))


def test_decisions_of_older_versions_are_found(
    desk: DecisionDesk, decision_platform: Platform
) -> None:
    """Rows of before stay traceable against the entries of before, and are listed last."""
    new = desk.decide(ALLOWED)
    old = replace(new, id="dec_0123456789abcdef")  # type: ignore[arg-type]  # a plain name is one
    plain = to_plain(old)
    assert isinstance(plain, dict)
    request = plain["request"]
    assert isinstance(request, dict)
    del request["resource_type"], request["properties"]  # versions of before had none
    entry = record_event(
        decision_platform,
        "decision",
        actor="teller-1",
        subject=old.id,
        record_sha256=content_sha256(plain),
    )
    row = {"id": old.id, "at": old.at, "audit_index": entry.index, "body": dump(old)}
    with decision_platform.database.write() as session:
        session.write(tables.decisions.insert().values(row))
    assert find_decision(decision_platform, old.id) == old
    assert trace(decision_platform, old.id).proof.index == entry.index
    assert newest_decisions(decision_platform, 5) == (new, old)
    with decision_platform.database.write() as session:
        session.write(tables.decisions.update().values(body=dump(replace(old, at="then"))))
    with pytest.raises(AuditError, match="not what entry"):
        find_decision(decision_platform, old.id)


def test_a_line_of_another_version_is_said_so(
    decision_platform: Platform,
) -> None:
    """A group whose lines are no decisions is whole, and none of them is made up."""
    event = AuditEvent(kind="decisions", actor="pdp", subject="dec_x", details=Parameters())
    entry = decision_platform.audit.append_group(event, (b"[]",))
    with pytest.raises(AuditError, match="another version"):
        find_decision(decision_platform, f"dec_x_{entry.index}_0")


@pytest.mark.parametrize(
    ("kind", "asked", "found"),
    [
        (SearchKind.SUBJECT, replace(ALLOWED, subject=""), ("teller-1", "teller-2")),
        (SearchKind.RESOURCE, replace(ALLOWED, resource=""), ()),
        (SearchKind.ACTION, replace(ALLOWED, action=""), ("read",)),
    ],
)
def test_a_search_finds_what_evaluation_permits_and_is_recorded(
    desk: DecisionDesk,
    decision_platform: Platform,
    kind: SearchKind,
    asked: AccessRequest,
    found: tuple[str, ...],
) -> None:
    """What it returns is permitted one by one; who searched what stands in the log."""
    type_of = {SearchKind.SUBJECT: "user", SearchKind.RESOURCE: "column", SearchKind.ACTION: ""}
    query = SearchQuery(kind=kind, type=type_of[kind], request=asked)
    page = desk.search(query, pep="account:pep")
    if kind is SearchKind.RESOURCE:
        assert ALLOWED.resource in page.found
    else:
        assert page.found == found
    (entry,) = decision_platform.audit.find(kind="search")
    assert (entry.event.actor, entry.event.subject) == ("account:pep", kind.value)
    assert desk.search(query).found == page.found


@pytest.mark.postgresql
def test_the_stamps_are_read_from_postgresql(postgresql_url: str) -> None:
    """One statement on either database: a revision that went live and a directory that changed."""
    database = Database(postgresql_url)
    database.migrate()
    reader = StampReader(database)
    before = reader.read()
    with database.write() as session:
        stamp(session, PEOPLE, "somebody")
        stamp(session, PEOPLE, "somebody else")
    changed = reader.read()
    assert before.people != changed.people
    assert reader.read() == changed
    reader.close()
    assert reader.read() == changed
    reader.close()
    database.close()
