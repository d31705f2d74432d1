"""Propose the weakest masking for a role and purpose that keeps the floors and a k, l, t goal.

The quasi-identifiers move: to the weakest control that the floors leave and the goal bears out.
Every other column keeps what the draft gives it, since k says nothing for it; what identifies
by itself may not be shown and becomes a pseudonym where it was. What is denied stays denied.
A proposal has no effect: its amendments are judged like anybody's, by somebody else.
"""

from collections.abc import Sequence

from policy_service.domain.draft import Amendment
from policy_service.domain.errors import ConflictError, NotFoundError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import Progress
from policy_service.domain.review import VerdictKind
from policy_service.drafting.amend import amend_rule
from policy_service.workflows import review as reviewing
from policy_service.workflows.draft import (
    DraftView,
    applicable_corpus,
    find_draft,
    floors_of,
    list_drafts,
)
from policy_service.workflows.masking_choice.case import MaskingCase, table_of
from policy_service.workflows.masking_choice.measures import figures, samples
from policy_service.workflows.masking_choice.prediction import read_target, target_table
from policy_service.workflows.masking_choice.proposal import (
    Proposal,
    ProposalRequest,
)
from policy_service.workflows.masking_choice.tables import (
    ReadTable,
    read_tables,
)
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import record_event


def propose(
    platform: Platform, request: ProposalRequest, *, actor: str, progress: Progress
) -> Proposal:
    """Propose a masking and measure it. Reads at most 100,000 rows of a table, keeps none.

    Raises `NotFoundError` for an unknown draft, table, column or target, and where the role may
    read nothing; `MaskingError` where no masking reaches the goal; `UsageError`.
    """
    view = _draft_of(platform, request)
    case = MaskingCase(platform=platform, view=view, request=request)
    target = read_target(request.target) if request.target else None
    base = None if target is None else target_table(view.catalog, target)
    wanted = case.tables()
    read = sorted({*case.readable(), *wanted, *([] if base is None else [base.id])})
    frames = read_tables(platform, view.catalog, read, progress=progress)
    chosen = {one: case.choose(one, frames[one], progress) for one in wanted}
    case.check_guarded(chosen.values())
    tables = {
        one: ReadTable(
            table=table_of(view.catalog, one),
            clear=frames[one],
            controls=chosen[one].controls if one in chosen else case.drafted(one),
        )
        for one in read
    }
    proposal = Proposal(
        draft=view.draft.id,
        source=request.source,
        role=case.rules[0].point.role,
        purpose=case.rules[0].point.purpose,
        goal=request.goal,
        columns=tuple(column for one in wanted for column in chosen[one].columns),
        anonymity=tuple(found for one in wanted if (found := chosen[one].anonymity) is not None),
        utility=figures(
            view.catalog, tables, wanted, target=target, seed=request.seed, progress=progress
        ),
        amendments=tuple(case.amendments(chosen)),
        samples=samples([tables[one] for one in wanted], frames, seed=request.seed),
        floors=case.floors_met,
        filtered=tuple(sorted({r.point.table for r in case.rules if r.row_filter is not None})),
    )
    _try(platform, view, proposal)
    _record(platform, proposal, wanted, actor=actor)
    return proposal


def submit(platform: Platform, proposal: Proposal, *, reviewer: str) -> int:
    """Submit the amendments as verdicts of `reviewer`, who then cannot approve them; count them.

    All are checked against the floors first. Raises as `review.submit_verdict` does.
    """
    _try(platform, find_draft(platform, proposal.draft), proposal)
    for one in proposal.amendments:
        reviewing.submit_verdict(
            platform,
            proposal.draft,
            reviewing.VerdictRequest(
                rule=one.rule,
                kind=VerdictKind.AMEND,
                reason=one.reason,
                amendment=Amendment(control=one.control),
            ),
            reviewer=reviewer,
        )
    return len(proposal.amendments)


def _record(
    platform: Platform, proposal: Proposal, tables: Sequence[AssetId], *, actor: str
) -> None:
    """Record that rows were read, and for what; names and counts only."""
    record_event(
        platform,
        "masking_proposed",
        actor=actor,
        subject=proposal.draft,
        role=proposal.role,
        purpose=proposal.purpose,
        tables=tuple(str(one) for one in tables),
        amendments=len(proposal.amendments),
    )


def _draft_of(platform: Platform, request: ProposalRequest) -> DraftView:
    if request.draft:
        view = find_draft(platform, request.draft)
        if view.draft.source != request.source:
            raise ConflictError(
                f"draft `{request.draft}` is of source `{view.draft.source}`; name that source"
            )
        return view
    known = [one.id for one in list_drafts(platform) if one.source == request.source]
    if not known:
        raise NotFoundError(
            f"no draft of `{request.source}`; make one: `policy-service draft --source "
            f"{request.source} --organisation FILE`"
        )
    return find_draft(platform, known[0])


def _try(platform: Platform, view: DraftView, proposal: Proposal) -> None:
    """Put every amendment in a copy of the draft. Raises `DraftingError` below a floor."""
    corpus = applicable_corpus(platform, view.organisation)
    draft = view.draft
    for one in proposal.amendments:
        draft = amend_rule(
            draft,
            one.rule,
            Amendment(control=one.control),
            corpus=corpus,
            floors=floors_of(corpus),
            organisation=view.organisation,
            categories=platform.categories,
        )
