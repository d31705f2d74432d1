"""The lifecycle of a draft: which event leads from which state to which.

drafted → in review → changes requested | approved → published → superseded | rolled back.
Content that changes after approval takes a draft back into review.
"""

from enum import StrEnum

from policy_service.domain.errors import ReviewError
from policy_service.domain.review import DraftState


class Event(StrEnum):
    """What can happen to a draft."""

    VERDICT = "verdict"  # somebody judged a rule; where it leads depends on all verdicts
    PUBLISH = "publish"
    RENEW = "renew"  # the live draft is issued again, before or after its bundle expires
    SUPERSEDE = "supersede"
    ROLL_BACK = "roll_back"
    REDRAFT = "redraft"  # the same inputs gave the same draft again
    RESTORE = "restore"  # a rollback made this earlier bundle the live one again


_ALLOWED: dict[Event, dict[DraftState, DraftState]] = {
    Event.PUBLISH: {DraftState.APPROVED: DraftState.PUBLISHED},
    Event.RENEW: {DraftState.PUBLISHED: DraftState.PUBLISHED},
    Event.SUPERSEDE: {DraftState.PUBLISHED: DraftState.SUPERSEDED},
    Event.ROLL_BACK: {DraftState.PUBLISHED: DraftState.ROLLED_BACK},
    Event.REDRAFT: {
        DraftState.SUPERSEDED: DraftState.DRAFTED,
        DraftState.ROLLED_BACK: DraftState.DRAFTED,
    },
    Event.RESTORE: {DraftState.SUPERSEDED: DraftState.PUBLISHED},
}
REVIEWABLE = frozenset(
    {
        DraftState.DRAFTED,
        DraftState.IN_REVIEW,
        DraftState.CHANGES_REQUESTED,
        DraftState.APPROVED,
    }
)
_NEXT_STEP = {
    DraftState.DRAFTED: "review it first",
    DraftState.IN_REVIEW: "finish its review first",
    DraftState.CHANGES_REQUESTED: "amend the rejected rules and have them approved first",
    DraftState.APPROVED: "publish it first",
    DraftState.PUBLISHED: "it is live already",
    DraftState.SUPERSEDED: "draft a new policy",
    DraftState.ROLLED_BACK: "draft a new policy",
}


def advance(state: DraftState, event: Event) -> DraftState:
    """Return the state that `event` leads to.

    Raises `ReviewError` where the lifecycle does not allow it, saying what to do.
    """
    if event is Event.VERDICT and state in REVIEWABLE:
        return DraftState.IN_REVIEW
    allowed = _ALLOWED.get(event, {})
    if state not in allowed:
        done = event.value.replace("_", " ")
        raise ReviewError(
            f"a draft that is `{state.value}` cannot be changed by `{done}`: {_NEXT_STEP[state]}"
        )
    return allowed[state]
