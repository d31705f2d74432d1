"""What people accept of an imported text moves a draft towards stricter controls, never back.

`Operator.strictness` says what is stricter. Any advice and floors of digests, any rewards.
"""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.asset import Sensitivity
from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import Candidate
from policy_service.domain.identifiers import (
    DataCategory,
    ObligationId,
    ProvisionId,
    Purpose,
    is_accepted_proposal,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import ControlKind, Obligation, Strength
from policy_service.drafting.floors import floor_against
from policy_service.drafting.needs import Need
from policy_service.drafting.policy import choose, weigh_candidates
from policy_service.drafting.prior import Weighing, prior_probabilities
from policy_service.verification.floors import check_floors
from policy_service.verification.subject import make_subject
from tests.unit.drafting import tools

PURPOSE = Purpose("marketing")
CATEGORY = DataCategory("user.contact.phone_number")
MASKS = [one.value for one in Operator if one is not Operator.CLEAR]
# As `candidates_for` lists them: strictest first, of the middle ones never all at once.
CANDIDATES = [
    (DENY, Control(operator=Operator.REDACT), *middle, CLEAR)
    for middle in (
        (
            Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4)),
            Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="marketing")),
        ),
        (
            Control(operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=2)),
            Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="marketing")),
        ),
        (
            Control(operator=Operator.GENERALISE, parameters=Parameters(to="sex_and_year")),
            Control(operator=Operator.PARTIAL, parameters=Parameters(first=1, last=0)),
            Control(operator=Operator.FORMAT_PRESERVING, parameters=Parameters(key="marketing")),
        ),
        (Control(operator=Operator.BUCKET, parameters=Parameters(width=10)),),
    )
]
MASKING = st.builds(
    lambda operators, limits: (ControlKind.MASKING, {"operators": tuple(operators), **limits}),
    st.lists(st.sampled_from(MASKS), min_size=1, max_size=4, unique=True),
    st.sampled_from([{}, {}, {"visible_first": 1}, {"visible_last": 2}, {"visible_last": 9}]),
)
EXCLUDING = st.just((ControlKind.PURPOSE_LIMITATION, {"excluded_purposes": ("marketing",)}))


def obligations(mark: str) -> st.SearchStrategy[list[Obligation]]:
    """Up to four obligations whose ids carry a mark: none for a digest's, `x` for accepted ones."""
    one = st.builds(
        lambda made, strength, wide: Obligation(
            id=ObligationId(""),
            provision=ProvisionId("act/art-1"),
            kind=made[0],
            strength=strength,
            data_categories=(DataCategory("user"),) if wide else (CATEGORY,),
            parameters=Parameters(made[1]),
        ),
        st.one_of(MASKING, EXCLUDING),
        st.sampled_from(Strength),
        st.booleans(),
    )
    return st.lists(one, max_size=4).map(
        lambda made: [
            replace(each, id=ObligationId(f"act/art-1#{mark}{number}"))
            for number, each in enumerate(made, start=1)
        ]
    )


def weighed(
    controls: tuple[Control, ...],
    weighing: Weighing,
    binding: Sequence[Obligation],
    rewards: Sequence[float],
) -> tuple[Candidate, ...]:
    """The candidates of one point as drafting weighs them."""
    floors = [one for one in binding if one.strength is Strength.FLOOR]
    excluded = [
        floor_against(
            floors, one, categories=[CATEGORY], action=Action.READ, purpose=weighing.purpose
        )
        for one in controls
    ]
    return weigh_candidates(
        controls,
        priors=prior_probabilities(controls, weighing, binding),
        rewards=rewards,
        excluded=excluded,
        beta=1.0,
    )


@settings(max_examples=150)
@given(
    controls=st.sampled_from(CANDIDATES),
    need=st.sampled_from(Need),
    sensitivity=st.sampled_from(Sensitivity),
    digested=obligations(""),
    accepted=obligations("x"),
    rewards=st.lists(st.integers(-8, 8), min_size=6, max_size=6),
)
def test_what_was_accepted_never_leads_to_a_more_open_control(
    controls: tuple[Control, ...],
    need: Need,
    sensitivity: Sensitivity,
    digested: list[Obligation],
    accepted: list[Obligation],
    rewards: list[int],
) -> None:
    """The control chosen is as strict or stricter, and nothing that was shut out is back."""
    weighing = Weighing(need=need, sensitivity=sensitivity, categories=(CATEGORY,), purpose=PURPOSE)
    halves = [one / 2 for one in rewards[: len(controls)]]
    before = weighed(controls, weighing, digested, halves)
    after = weighed(controls, weighing, [*digested, *accepted], halves)
    assert choose(after).control.operator.strictness >= choose(before).control.operator.strictness
    for old, new in zip(before, after, strict=True):
        assert old.excluded_by is None or new.excluded_by is not None


def accepted_floor(kind: ControlKind, category: str, **parameters: object) -> Obligation:
    """A floor that somebody accepted."""
    return Obligation(
        id=ObligationId("act/art-1#x1"),
        provision=ProvisionId("act/art-1"),
        kind=kind,
        strength=Strength.FLOOR,
        data_categories=(DataCategory(category),),
        parameters=Parameters(parameters),
    )


def test_verification_holds_a_stricter_control_above_an_accepted_floor() -> None:
    """A value that is redacted meets `pseudonymise`; one shown in clear does not."""
    floor = accepted_floor(
        ControlKind.MASKING, "user.name", operators=("pseudonymise", "format_preserving")
    )
    assert is_accepted_proposal(floor.id)
    scanned = tools.catalog({"guests": [tools.column("name", "user.name")]})
    made = tools.draft(tools.organisation(tools.job("teller", "Serves guests by name.")), scanned)
    (rule,) = [one for one in made.access if one.point.action is Action.READ][:1]
    for control, fine in ((Control(operator=Operator.REDACT), True), (CLEAR, False)):
        subject = make_subject(
            draft=replace(made, access=(replace(rule, control=control),)),
            provisions={},
            catalog=scanned,
            organisation=tools.organisation(),
            floors=(floor,),
        )
        assert (not list(check_floors(subject))) is fine
