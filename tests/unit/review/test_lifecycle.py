"""The lifecycle of a draft, transition by transition."""

import pytest

from policy_service.domain.errors import ReviewError
from policy_service.domain.review import DraftState
from policy_service.review.lifecycle import REVIEWABLE, Event, advance

ALLOWED = {
    (DraftState.APPROVED, Event.PUBLISH): DraftState.PUBLISHED,
    (DraftState.SUPERSEDED, Event.REDRAFT): DraftState.DRAFTED,
    (DraftState.ROLLED_BACK, Event.REDRAFT): DraftState.DRAFTED,
    (DraftState.PUBLISHED, Event.RENEW): DraftState.PUBLISHED,
    (DraftState.PUBLISHED, Event.SUPERSEDE): DraftState.SUPERSEDED,
    (DraftState.PUBLISHED, Event.ROLL_BACK): DraftState.ROLLED_BACK,
    (DraftState.SUPERSEDED, Event.RESTORE): DraftState.PUBLISHED,
    **{(state, Event.VERDICT): DraftState.IN_REVIEW for state in REVIEWABLE},
}


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_an_allowed_event_leads_where_the_lifecycle_says(state: DraftState, event: Event) -> None:
    """Each allowed transition ends in its state."""
    assert advance(state, event) is ALLOWED[state, event]


@pytest.mark.parametrize(
    ("state", "event"),
    [(state, event) for state in DraftState for event in Event if (state, event) not in ALLOWED],
)
def test_every_other_event_is_refused_with_the_next_step(state: DraftState, event: Event) -> None:
    """What the lifecycle does not allow is refused, and the message names the state."""
    with pytest.raises(ReviewError, match=f"`{state.value}`"):
        advance(state, event)
