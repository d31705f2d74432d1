"""Laws of drafting: whatever a reward model says, floors hold, and grounds stand."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import Draft
from policy_service.domain.identifiers import ModelVersion, ObligationId
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.provision import Strength
from policy_service.drafting.policy import choose, weigh_candidates
from policy_service.verification.floors import check_floors
from policy_service.verification.grounded import check_grounded
from policy_service.verification.structure import check_writes
from policy_service.verification.subject import make_subject
from tests.unit.drafting.tools import catalog, column, corpus, draft, job, organisation

CONTROLS = (
    DENY,
    Control(operator=Operator.REDACT),
    Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4)),
    Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="analytics")),
    CLEAR,
)
ORGANISATION = organisation(
    job("teller", "Serves customers of the own branch and enters their cards."),
    job("scientist", "Trains models on customers and cards; joins on pseudonyms.", "analytics"),
    job("planner", "Segments customers by age band and sex.", "marketing"),
    job("auditor", "Reads any record; writes nothing.", "essential.legal_obligation"),
)
CATALOG = catalog(
    {
        "customers": [
            column("customer_id", "user.unique_id", data_type="integer", key=True),
            column("name", "user.name"),
            column("email", "user.contact.email"),
            column(
                "national_id",
                "user.government_id.national_identification_number",
                length=10,
                reveals=("user.demographic.date_of_birth", "user.demographic.gender"),
            ),
            column("branch_id", "user.location", data_type="integer"),
            column("illness", "user.health_and_medical"),
            column("secret", "user.authorization.password"),
        ],
        "cards": [
            column("card_id", "user.unique_id.pseudonymous", key=True),
            column("customer_id", "user.unique_id", data_type="integer"),
            column("number", "user.financial.credit_card", length=16),
        ],
    },
    keys={"cards": [("customer_id", "customers", "customer_id")]},
    subjects={"customers": "customer", "cards": "customer"},
)


@dataclass(frozen=True)
class AnyReward:
    """Rewards that depend on nothing but a seed, up to ±`size`: the worst a model can do."""

    seed: int
    size: float
    version: ModelVersion

    def rewards(
        self,
        points: Sequence[tuple[str, str, str, str]],
        controls: Sequence[Sequence[Control]],
    ) -> list[tuple[float, ...]]:
        """Draw a reward for each point and control from a hash."""
        return [
            tuple(self._draw("|".join(point), control.label) for control in considered)
            for point, considered in zip(points, controls, strict=True)
        ]

    def _draw(self, *parts: str) -> float:
        digest = hashlib.sha256("|".join((str(self.seed), *parts)).encode()).digest()
        return self.size * (digest[0] / 127.5 - 1)


def rewarded(seed: int, size: float = 50.0) -> Draft:
    """A draft under an arbitrary, strong reward model."""
    reward = AnyReward(seed, size, ModelVersion("reward-9"))
    return draft(ORGANISATION, CATALOG, reward=reward)


@pytest.mark.parametrize("seed", range(8))
def test_no_reward_loosens_a_floor_or_ungrounds_a_rule(seed: int) -> None:
    """Under any reward, every rule holds the floors, cites clauses, and writes what it reads."""
    grounds = corpus()
    about = make_subject(
        draft=rewarded(seed),
        provisions={one.id: one for one in grounds.provisions},
        catalog=CATALOG,
        organisation=ORGANISATION,
        floors=grounds.obligations(strength=Strength.FLOOR),
    )
    for check in (check_floors, check_grounded, check_writes):
        assert list(check(about)) == []


@pytest.mark.parametrize("seed", range(3))
def test_no_reward_lets_a_read_only_role_write(seed: int) -> None:
    """What a role does not write by its duties is no decision point a reward could win."""
    writers = {
        rule.point.role for rule in rewarded(seed).access if rule.point.action is not Action.READ
    }
    assert writers <= {"teller"}


def test_a_draft_survives_its_plain_form() -> None:
    """A draft written down and read again is the same draft."""
    made = rewarded(1)
    assert from_plain(Draft, to_plain(made)) == made


def test_the_order_of_tables_does_not_change_what_is_granted() -> None:
    """The same tables in another order give the same decisions."""

    def decisions(found: Draft) -> set[tuple[str, str]]:
        return {(rule.point.key, rule.control.label) for rule in found.access}

    turned = replace(CATALOG, tables=tuple(reversed(CATALOG.tables)))
    assert decisions(draft(ORGANISATION, turned)) == decisions(draft(ORGANISATION, CATALOG))


@given(
    priors=st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5),
    rewards=st.lists(st.floats(-20, 20), min_size=5, max_size=5),
    excluded=st.lists(st.booleans(), min_size=4, max_size=4),
    beta=st.floats(0.1, 100),
)
def test_an_excluded_candidate_never_wins(
    priors: list[float], rewards: list[float], excluded: list[bool], beta: float
) -> None:
    """Probabilities sum to 1 over what the floors leave, and are 0 elsewhere."""
    floors = [None, *(ObligationId("law/1#1") if out else None for out in excluded)]
    found = weigh_candidates(CONTROLS, priors=priors, rewards=rewards, excluded=floors, beta=beta)
    assert math.isclose(math.fsum(one.probability for one in found), 1.0, abs_tol=1e-5)
    assert all(one.probability == 0 for one in found if one.excluded_by is not None)
    assert choose(found).excluded_by is None


@given(
    priors=st.lists(st.floats(0.01, 1.0), min_size=5, max_size=5),
    rewards=st.lists(st.floats(-3, 3), min_size=5, max_size=5),
)
def test_a_large_beta_leaves_the_grounded_prior(priors: list[float], rewards: list[float]) -> None:
    """As beta grows, feedback moves the draft less and less from its grounds."""
    total = math.fsum(priors)
    none = [None] * 5
    found = weigh_candidates(CONTROLS, priors=priors, rewards=rewards, excluded=none, beta=1e6)
    for one, prior in zip(found, priors, strict=True):
        assert math.isclose(one.probability, prior / total, abs_tol=1e-4)
