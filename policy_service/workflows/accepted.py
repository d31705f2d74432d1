"""What people accepted in an approved edition: how much falls where the edition does."""

from dataclasses import dataclass

from policy_service.storage import editions
from policy_service.storage.editions import EditionState, ProposalChoice, StoredEdition
from policy_service.storage.sessions import ReadSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """How many obligations people accepted in an edition, and how many of them as floors."""

    number: int = 0
    floors: int = 0

    def __str__(self) -> str:
        noun = "accepted obligation" if self.number == 1 else "accepted obligations"
        floors = "1 floor" if self.floors == 1 else f"{self.floors} floors"
        return f"{self.number} {noun} ({floors})"


def accepted_of(session: ReadSession, row: StoredEdition) -> Accepted:
    """Count what was accepted of an approved edition; of others nothing holds."""
    if row.state is not EditionState.APPROVED:
        return Accepted()
    decided = editions.decisions_of(session, row.instrument, row.version_date).values()
    choices = [one.choice for one in decided if one.choice is not ProposalChoice.REJECTED]
    return Accepted(number=len(choices), floors=sum(one is ProposalChoice.FLOOR for one in choices))
