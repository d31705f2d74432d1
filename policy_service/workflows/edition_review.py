"""What people decide on imported texts: approve or withdraw an edition, accept its proposals.

Law 4 holds for texts too: who imported an edition has no say in it, an approval is of one
content, and an extracted obligation binds nobody before a person has accepted it, one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policy_service.domain.edition import Edition, ProposedObligation
from policy_service.domain.errors import ConflictError, FourEyesError, NotFoundError
from policy_service.domain.identifiers import ObligationId, ProvisionId, SubjectId
from policy_service.domain.provision import Provision
from policy_service.storage import editions
from policy_service.storage.editions import (
    EditionState,
    ProposalChoice,
    ProposalDecision,
    StoredEdition,
)
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.accepted import Accepted, accepted_of
from policy_service.workflows.acting import acting_person
from policy_service.workflows.editions import name_of, subject_of
from policy_service.workflows.library import proposal_sha256
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReading:
    """A proposed obligation with its text, and what was decided on exactly this proposal."""

    proposal: ProposedObligation
    provision: Provision
    decision: ProposalDecision | None

    @property
    def evidence(self) -> str:
        """Return the words it was read from."""
        return self.provision.text[self.proposal.start : self.proposal.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """An edition as it stands after an approval or a withdrawal, and what falls by it.

    `fallen` counts the accepted obligations that no longer hold, of the version of `fallen_of`.
    """

    row: StoredEdition
    fallen: Accepted
    fallen_of: str


def approve_edition(
    platform: Platform,
    instrument: str,
    *,
    version_date: str = "",
    seen_sha256: str = "",
    actor: str,
) -> EditionChange:
    """Approve an unreviewed edition: from now on drafts quote its text.

    `seen_sha256` is the content the approver looked at, or its start. Raises `FourEyesError`
    where the approver imported it, `ConflictError` where it is not what was seen. What was
    accepted of an older version holds no longer than that version.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, actor, reviewer=True)
        row = find_row(work.session, instrument, version_date, (EditionState.UNREVIEWED,))
        _four_eyes(row, who)
        if not row.content_sha256.startswith(seen_sha256.lower()):
            raise ConflictError(
                f"{name_of(row)} is not what was looked at: its content is now "
                f"`{row.content_sha256[:12]}`; look again"
            )
        editions.read_edition(work.session, row.instrument, row.version_date)  # is it whole?
        older = _overtaken(work.session, row)
        fallen = Accepted() if older is None else accepted_of(work.session, older)
        after = _change_state(
            work, row, EditionState.APPROVED, "edition_approval", who, fallen=fallen
        )
        return EditionChange(
            row=after, fallen=fallen, fallen_of="" if older is None else older.version_date
        )


def withdraw_edition(
    platform: Platform, instrument: str, *, version_date: str = "", actor: str
) -> EditionChange:
    """Take an edition out: it is neither quoted nor found until it is imported again.

    What was accepted of it falls. Raises `FourEyesError` where something does and whoever
    withdraws it imported it: no floor goes by one person's hand.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, actor)
        held = (EditionState.APPROVED, EditionState.UNREVIEWED)
        row = find_row(work.session, instrument, version_date, held)
        fallen = accepted_of(work.session, row)
        if fallen.number and who == row.imported_by:
            raise FourEyesError(
                f"`{who}` imported {name_of(row)}, and {fallen} would fall with it; "
                "ask somebody else to withdraw it"
            )
        after = _change_state(
            work, row, EditionState.WITHDRAWN, "edition_withdrawal", who, fallen=fallen
        )
        return EditionChange(row=after, fallen=fallen, fallen_of=row.version_date)


def list_proposals(
    platform: Platform, instrument: str, *, version_date: str = ""
) -> tuple[ProposalReading, ...]:
    """List what extraction proposes for an edition, with what was decided; newest by default."""
    with platform.database.read() as session:
        row = _newest(session, instrument, version_date)
        edition = editions.read_edition(session, row.instrument, row.version_date)
        return _readings(session, row, edition)


def accept_proposals(
    platform: Platform,
    proposals: Sequence[str],
    *,
    floor: bool,
    version_date: str = "",
    actor: str,
) -> tuple[ProposalReading, ...]:
    """Make proposals of an approved edition obligations: advice, or floors where `floor`.

    All or none. Raises `NotFoundError`, `FourEyesError`, and `ConflictError` where the
    edition is not approved or a floor is asked of a text that does not command.
    """
    choice = ProposalChoice.FLOOR if floor else ProposalChoice.ADVICE
    return _choose(platform, proposals, choice, version_date=version_date, actor=actor)


def reject_proposals(
    platform: Platform, proposals: Sequence[str], *, version_date: str = "", actor: str
) -> tuple[ProposalReading, ...]:
    """Set proposals of an approved edition aside; one that was accepted binds no more."""
    choice = ProposalChoice.REJECTED
    return _choose(platform, proposals, choice, version_date=version_date, actor=actor)


def find_row(
    session: ReadSession, instrument: str, version_date: str, states: Sequence[EditionState]
) -> StoredEdition:
    """Find one edition in one of `states`; without a date it must be the only one.

    Raises `NotFoundError` naming what is held, `ConflictError` where a date is needed.
    """
    held = [row for row in editions.list_editions(session) if row.instrument == instrument]
    wanted = [
        row
        for row in held
        if row.state in states and (not version_date or row.version_date == version_date)
    ]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        dates = ", ".join(row.version_date for row in wanted)
        raise ConflictError(
            f"there are {len(wanted)} such editions of `{instrument}` ({dates}): say which with "
            "`--version-date`"
        )
    known = ", ".join(f"{row.version_date} {row.state}" for row in held) or "none"
    what = " or ".join(state.value for state in states)
    of_date = f" of {version_date}" if version_date else ""
    raise NotFoundError(
        f"no {what} edition of `{instrument}`{of_date}; held: {known}; "
        "list all with `policy-service corpus editions`"
    )


def _choose(
    platform: Platform,
    proposals: Sequence[str],
    choice: ProposalChoice,
    *,
    version_date: str,
    actor: str,
) -> tuple[ProposalReading, ...]:
    done: list[ProposalReading] = []
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, actor, reviewer=True)
        for instrument in dict.fromkeys(one.split("/")[0] for one in proposals):
            row = _newest(work.session, instrument, version_date, EditionState.APPROVED)
            _four_eyes(row, who)
            wanted = [one for one in proposals if one.split("/")[0] == instrument]
            done.extend(_choose_of(work, row, wanted, choice, who))
    return tuple(done)


def _choose_of(
    work: UnitOfWork,
    row: StoredEdition,
    proposals: Sequence[str],
    choice: ProposalChoice,
    who: SubjectId,
) -> list[ProposalReading]:
    edition = editions.read_edition(work.session, row.instrument, row.version_date)
    known = {one.proposal.id: one for one in _readings(work.session, row, edition)}
    chosen: list[ProposalReading] = []
    for name in dict.fromkeys(proposals):
        reading = known.get(ObligationId(name))
        if reading is None:
            raise NotFoundError(
                f"no proposal `{name}` in {name_of(row)}; list them: "
                f"`policy-service corpus proposals {row.instrument}`"
            )
        if choice is ProposalChoice.FLOOR and not reading.proposal.mandatory:
            raise ConflictError(
                f"`{name}` cannot be a floor: its text does not command; accept it as advice"
            )
        decision = ProposalDecision(
            proposal=reading.proposal.id,
            proposal_sha256=proposal_sha256(reading.proposal, reading.provision),
            choice=choice,
            by=who,
            at=work.at,
        )
        chosen.append(replace(reading, decision=decision))
    editions.decide(
        work.session, row, tuple(one.decision for one in chosen if one.decision), at=work.at
    )
    for one in chosen:
        _record_choice(work, row, one, who)
    return chosen


def _record_choice(
    work: UnitOfWork, row: StoredEdition, one: ProposalReading, who: SubjectId
) -> None:
    obligation = one.proposal.obligation
    work.record(
        "proposal_decision",
        actor=who,
        subject=one.proposal.id,
        edition=subject_of(row),
        choice="" if one.decision is None else one.decision.choice.value,
        control=obligation.kind.value,
        proposal_sha256="" if one.decision is None else one.decision.proposal_sha256,
        provision_sha256=one.provision.sha256,
    )


def _readings(
    session: ReadSession, row: StoredEdition, edition: Edition
) -> tuple[ProposalReading, ...]:
    texts: dict[ProvisionId, Provision] = {one.id: one for one in edition.provisions}
    decided = editions.decisions_of(session, row.instrument, row.version_date)
    readings = []
    for proposal in edition.proposals:
        provision = texts[proposal.obligation.provision]
        decision = decided.get(proposal.id)
        if decision and decision.proposal_sha256 != proposal_sha256(proposal, provision):
            decision = None  # it was made for another content
        readings.append(ProposalReading(proposal=proposal, provision=provision, decision=decision))
    return tuple(readings)


def _newest(
    session: ReadSession,
    instrument: str,
    version_date: str,
    *states: EditionState,
) -> StoredEdition:
    """Find the edition of a date, or the newest, among those in `states` (all but withdrawn)."""
    wanted = states or (EditionState.APPROVED, EditionState.UNREVIEWED)
    held = [
        row.version_date
        for row in editions.list_editions(session)
        if row.instrument == instrument and row.state in wanted
    ]
    return find_row(session, instrument, version_date or (held[-1] if held else ""), wanted)


def _overtaken(session: ReadSession, row: StoredEdition) -> StoredEdition | None:
    """Find the newest approved version before one; None where there is none, or a newer one."""
    approved = [
        one
        for one in editions.list_editions(session)
        if one.instrument == row.instrument and one.state is EditionState.APPROVED
    ]
    newest = approved[-1] if approved else None
    return newest if newest and newest.version_date < row.version_date else None


def _four_eyes(row: StoredEdition, who: SubjectId) -> None:
    if who == row.imported_by:
        raise FourEyesError(
            f"`{who}` imported {name_of(row)} and has no say in it; ask somebody else"
        )


def _change_state(
    work: UnitOfWork,
    row: StoredEdition,
    state: EditionState,
    kind: str,
    who: SubjectId,
    *,
    fallen: Accepted,
) -> StoredEdition:
    after = replace(row, state=state, decided_by=who, decided_at=work.at)
    editions.change_row(work.session, after, at=work.at)
    work.record(
        kind,
        actor=who,
        subject=subject_of(row),
        content_sha256=row.content_sha256,
        source_sha256=row.provenance.source_sha256,
        imported_by=row.imported_by,
        before=row.state.value,
        obligations_fallen=fallen.number,
        floors_fallen=fallen.floors,
    )
    return after
