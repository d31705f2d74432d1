"""Editions: what extraction proposes keeps the name of its obligation."""

from policy_service.domain.edition import ProposedObligation
from policy_service.domain.identifiers import ObligationId, ProvisionId
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.provision import ControlKind, Obligation, Strength


def test_a_proposal_is_named_by_its_obligation_and_survives_storage() -> None:
    """What is accepted by its id is the obligation that was shown, also after a round trip."""
    proposal = ProposedObligation(
        obligation=Obligation(
            id=ObligationId("house-rules/2/1#x1"),
            provision=ProvisionId("house-rules/2/1"),
            kind=ControlKind.MASKING,
            strength=Strength.ADVICE,
        ),
        confidence=0.8,
        start=0,
        end=12,
        mandatory=True,
    )

    read = from_plain(ProposedObligation, to_plain(proposal))

    assert read == proposal
    assert read.id == "house-rules/2/1#x1"
