"""Application policies from file to decision: submitted, approved by another, live, traced."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from policy_service.app import close_platform
from policy_service.domain.bundle import Bundle
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.edition import EditionDiff
from policy_service.domain.errors import (
    ConflictError,
    FourEyesError,
    NotFoundError,
    StaleApprovalError,
    StorageError,
    UsageError,
    VerificationError,
)
from policy_service.domain.identifiers import ProvisionId, RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import Provision
from policy_service.domain.review import DraftState
from policy_service.kit.clock import FixedClock
from policy_service.kit.hashing import sha256_text
from policy_service.storage import applications, bundles, sources
from policy_service.storage.application_tables import applications as table
from policy_service.storage.applications import ApplicationState
from policy_service.workflows import application_checks
from policy_service.workflows.application_publication import (
    publish_application,
    roll_back_application,
)
from policy_service.workflows.applications import (
    approve_application,
    check_application,
    find_application,
    list_applications,
    reject_application,
    submit_application,
)
from policy_service.workflows.corpus import affected_by
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import Platform
from policy_service.workflows.publish import roll_back
from policy_service.workflows.trace import trace
from tests.fixtures.applications import (
    NOTES,
    application_platform,
    prepared_home,
    reading_platform,
    small_home,
)

__all__ = ["application_platform", "prepared_home", "reading_platform", "small_home"]
OTHER = NOTES.replace("title: Notes", "title: Other notes")
PEOPLE = tuple(
    Person(subject=SubjectId(name), roles=(RoleId(role),))
    for name, role in (("rea", "reader"), ("wim", "writer"))
)


def submit(platform: Platform, text: str = NOTES, actor: str = "ann") -> str:
    """Submit a file; return the submission's id."""
    return submit_application(platform, text, file="notes.yaml", actor=actor).id


def go_live(platform: Platform, text: str = NOTES) -> str:
    """Submit, approve and publish a file."""
    submission = submit(platform, text)
    approve_application(platform, submission, actor="dana")
    publish_application(platform, submission, actor="ada")
    return submission


def ask(subject: str, action: str, **properties: object) -> AccessRequest:
    """Ask about a note."""
    return AccessRequest(
        subject=subject,
        resource="n-7",
        resource_type="note",
        action=action,
        purpose="",
        properties=Parameters(properties),
    )


def kinds(platform: Platform) -> list[str]:
    """List what the audit log says happened."""
    return [entry.event.kind for entry in platform.audit.find()]


def test_a_live_policy_decides_and_each_decision_leads_back(application_platform: Platform) -> None:
    """Laws 4 and 6: decision → rule → approval → file → clause."""
    platform = application_platform
    replace_people(platform, PEOPLE, actor="test")
    submission = go_live(platform)
    desk = DecisionDesk(platform)
    yes = desk.decide(ask("wim", "write", owner="wim"))
    assert yes.decision.allow
    assert not desk.decide(ask("wim", "write", owner="rea")).decision.allow
    unknown = desk.decide(ask("wim", "write")).decision
    assert unknown.reason is DenyReason.CONDITION_UNKNOWN
    assert desk.decide(ask("rea", "read")).decision.allow
    found = trace(platform, yes.id)
    (rule,) = found.rules
    assert (found.draft, rule.rule.id) == (submission, "write-own")
    (approval,) = rule.approvals
    assert (approval.reviewer, approval.rule_sha256) == ("dana", rule.sha256)
    (clause,) = rule.clauses
    assert clause.citation.quote == "a person without that attribute sees no row"
    assert clause.provision is not None
    assert kinds(platform)[1:4] == [
        "application_submission",
        "application_approval",
        "publication",
    ]


def test_nothing_decides_before_it_is_published(application_platform: Platform) -> None:
    """Law 4: no approval, no effect; and only publication brings one."""
    platform = application_platform
    replace_people(platform, PEOPLE, actor="test")
    submission = submit(platform)
    with pytest.raises(ConflictError, match="have somebody else approve it first"):
        publish_application(platform, submission, actor="ada")
    with pytest.raises(FourEyesError, match="`ann` submitted"):
        approve_application(platform, submission, actor="ann")
    approve_application(platform, submission, actor="dana")
    with pytest.raises(ConflictError, match="cannot be approved; publish it"):
        approve_application(platform, submission, actor="dana")
    answer = DecisionDesk(platform).decide(ask("rea", "read")).decision
    assert (answer.allow, answer.reason) == (False, DenyReason.NO_BUNDLE)


def test_an_approval_is_of_what_was_looked_at(application_platform: Platform) -> None:
    """Another content's hash approves nothing."""
    submission = submit(application_platform)
    with pytest.raises(StaleApprovalError, match="is not what was looked at"):
        approve_application(application_platform, submission, seen_sha256="ff", actor="dana")
    row = find_application(application_platform, submission).row
    approve_application(
        application_platform, submission, seen_sha256=row.sha256[:12].upper(), actor="dana"
    )


def test_an_approval_goes_stale_with_a_clause_it_cites(
    application_platform: Platform,
) -> None:
    """The file is the same, but what it stands on is not: it is submitted anew."""
    platform = application_platform
    submission = submit(platform)
    approve_application(platform, submission, actor="dana")
    digests = tuple(
        replace(digest, provisions=tuple(_amended(one) for one in digest.provisions))
        for digest in platform.corpus.digests
    )
    changed = replace(
        platform, library=platform.library.with_digests(replace(platform.corpus, digests=digests))
    )
    with pytest.raises(StaleApprovalError, match="clause under rule `read`"):
        publish_application(changed, submission, actor="ada")
    assert find_application(platform, submission).row.state is ApplicationState.APPROVED


def test_a_live_policy_is_named_where_its_clause_changes(
    application_platform: Platform,
) -> None:
    """A clause that another version lacks names the rule in force that stands on it."""
    submission = go_live(application_platform)
    gone = application_platform.corpus.get(ProvisionId("access-control/access-2"))
    diff = EditionDiff(before="1", after="2", added=(), removed=(gone,), changed=(), unchanged=0)
    named = affected_by(application_platform, gone.instrument, diff).rules
    assert ("read", submission, gone.id, "removed") in {
        (one.rule, one.draft, one.provision, one.change) for one in named
    }


def _amended(provision: Provision) -> Provision:
    if provision.id != "access-control/access-2":
        return provision
    text = f"From now on: {provision.text}"
    return replace(provision, text=text, sha256=sha256_text(text))  # type: ignore[arg-type] # hex


def test_a_text_that_was_changed_in_the_state_is_not_used(application_platform: Platform) -> None:
    """What people approved is what is published, byte for byte."""
    platform = application_platform
    submission = submit(platform)
    with platform.database.write() as session:
        session.write(update(table).values(content=OTHER))
    with pytest.raises(StorageError, match="does not fit its hash"):
        approve_application(platform, submission, actor="dana")


def test_the_same_file_is_the_same_submission(application_platform: Platform) -> None:
    """Until it is decided on; another text is another."""
    platform = application_platform
    first = submit(platform)
    assert submit(platform, actor="someone") == first
    assert submit(platform, OTHER) != first
    assert len(list_applications(platform)) == 2
    reject_application(platform, first, reason="too wide", actor="dana")
    assert submit(platform) != first


def test_a_submission_is_turned_down_with_a_reason(application_platform: Platform) -> None:
    """By a reviewer, or by its author; not once it is live."""
    platform = application_platform
    submission = submit(platform)
    with pytest.raises(UsageError, match="say why"):
        reject_application(platform, submission, reason=" ", actor="dana")
    row = reject_application(platform, submission, reason="too wide", actor="ann")
    assert (row.state, row.reason) == (ApplicationState.REJECTED, "too wide")
    with pytest.raises(ConflictError, match="correct the file"):
        approve_application(platform, submission, actor="dana")
    live = go_live(platform, OTHER)
    with pytest.raises(ConflictError, match="it is live already"):
        reject_application(platform, live, reason="late", actor="dana")


def test_a_rollback_issues_the_policy_before_under_a_new_revision(
    application_platform: Platform,
) -> None:
    """Points of enforcement go on to a higher revision, and the state says who decides."""
    platform = application_platform
    with pytest.raises(NotFoundError, match="no policy of `notes` is live"):
        roll_back_application(platform, "notes", actor="ada")
    first = go_live(platform)
    with pytest.raises(NotFoundError, match="nothing was live before"):
        roll_back_application(platform, "notes", actor="ada")
    second = go_live(platform, OTHER)
    signed = roll_back(platform, "notes", actor="ada")  # the same command as for drafts
    assert (signed.bundle.revision, signed.bundle.draft) == (3, first)
    states = {row.id: row.state for row in list_applications(platform)}
    assert states == {first: ApplicationState.LIVE, second: ApplicationState.ROLLED_BACK}
    with platform.database.read() as session:
        assert [one.state for one in bundles.list_bundles(session)] == [
            DraftState.PUBLISHED,
            DraftState.ROLLED_BACK,
            DraftState.SUPERSEDED,
        ]


def test_a_live_policy_is_renewed_by_publishing_it_again(
    application_platform: Platform, clock: FixedClock
) -> None:
    """Before its bundle expires, under the same approval and a new revision."""
    submission = go_live(application_platform)
    clock.advance(timedelta(days=1))
    signed = publish_application(application_platform, submission, actor="ada")
    assert signed.bundle.revision == 2
    assert signed.bundle.issued_at.startswith("2026-03-03")


def test_a_submission_is_found_by_id_start_or_name(application_platform: Platform) -> None:
    """A name means the newest; what is not there is said."""
    platform = application_platform
    first, second = submit(platform), submit(platform, OTHER)
    assert find_application(platform, first).text == NOTES
    assert find_application(platform, first[:12]).row.id == first
    assert find_application(platform, "notes").row.id == second
    for name, said in (("app_", "several submissions"), ("none", "no submission or application")):
        with pytest.raises(NotFoundError, match=said):
            find_application(platform, name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("access-control/access-2", "access-control/access-99", "rule `read`: no provision"),
        ("a person without that", "A person without that", "rule `write-own`: the quote is not"),
        ("    may: read\n", "    may: write\n", "1 of 3 tests fail; the first, `A reader reads`"),
        ("    may_not: write\n", "    may_not: read\n", "it is allowed (read), and the file says"),
        ("    rules: [write-own]", "    rules: [read]", "decided by write-own, not by read"),
    ],
)
def test_an_ungrounded_rule_or_a_failing_test_is_not_submitted(
    reading_platform: Platform, old: str, new: str, said: str
) -> None:
    """Law 1, and the author's own expectations; nothing is stored."""
    with pytest.raises(VerificationError) as caught:
        submit(reading_platform, NOTES.replace(old, new))
    assert said in caught.value.message
    assert list_applications(reading_platform) == ()


def test_engines_that_disagree_forbid_it(
    reading_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The differential check covers the tests and decisions spread over the policy."""

    class Contrary:
        @classmethod
        def from_bundle(cls, bundle: Bundle, directory: object) -> "Contrary":
            return cls()

        def allows(self, request: AccessRequest, now: object) -> bool:
            return request.action == "write"

    monkeypatch.setattr(application_checks, "CasbinEngine", Contrary)
    with pytest.raises(VerificationError, match="disagree on"):
        check_application(reading_platform, NOTES, file="notes.yaml")


def test_people_of_one_name_are_told_apart_in_tests(reading_platform: Platform) -> None:
    """Each test's person is its own, also where two tests use one name."""
    text = NOTES + (
        "  - says: The same name, another role\n"
        "    as: {id: wim, roles: [reader]}\n"
        "    may_not: write\n"
        "    on: {type: note, id: n-1, properties: {owner: wim}}\n"
    )
    checked = check_application(reading_platform, text, file="notes.yaml")
    assert [one.passed for one in checked.tests] == [True] * 4


def test_a_policy_speaks_for_its_own_names_only(application_platform: Platform) -> None:
    """Neither for a scanned source, nor for its data, nor for another application's types."""
    platform = application_platform
    go_live(platform)
    other = NOTES.replace("application: notes", "application: memos")
    with pytest.raises(ConflictError, match="type `note` are decided by the application `notes`"):
        submit(platform, other)
    with platform.database.write() as session:
        sources.save_source(
            session,
            sources.StoredSource(name="bank", sealed_url="x", schema=None, added_at="2026"),
        )
    with pytest.raises(ConflictError, match="`bank` is a scanned source"):
        submit(platform, NOTES.replace("application: notes", "application: bank"))
    named = NOTES + "resources: [{type: note, id: bank.public.client}]\n"
    with pytest.raises(ConflictError, match="named like data of a scanned source"):
        submit(platform, named)


def test_a_failing_log_keeps_nothing(application_platform: Platform) -> None:
    """State and audit entry stand or fall together."""
    platform = application_platform
    submission = submit(platform)
    platform.audit.close()
    with pytest.raises(Exception, match="log"):
        approve_application(platform, submission, actor="dana")
    with platform.database.read() as session:
        row = applications.find_application(session, submission)
    assert row is not None
    assert row.state is ApplicationState.WAITING
    close_platform(platform)


def test_known_resources_of_two_types_may_share_an_id(application_platform: Platform) -> None:
    """What is known of one says nothing of the other, and a claim cannot mix them."""
    platform = application_platform
    replace_people(platform, PEOPLE, actor="test")
    text = NOTES.replace("  note: [read, write]", "  note: [read, write]\n  book: [write]")
    text = text.replace(
        "    types: [note]\n    actions: [write]", "    types: [note, book]\n    actions: [write]"
    )
    go_live(platform, text + "resources:\n  - {type: note, id: n-7, properties: {owner: wim}}\n")
    desk = DecisionDesk(platform)
    assert desk.decide(ask("wim", "write", owner="rea")).decision.allow
    book = replace(ask("wim", "write"), resource_type="book")
    assert desk.decide(book).decision.reason is DenyReason.CONDITION_UNKNOWN
