"""Laws of verification: a draft below a floor is found, and tests notice what changes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR, Action, Control, Operator
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Purpose
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import ControlKind, Obligation, Strength
from policy_service.drafting.floors import floor_against
from policy_service.verification.floors import check_floors
from policy_service.verification.grounded import check_grounded
from policy_service.verification.subject import make_subject
from tests import builders as make

_PURPOSES = ("essential.service", "analytics", "marketing", "marketing.advertising")
_NAMES = tuple(one.value for one in Operator if one is not Operator.CLEAR)
_CONTROLS = st.one_of(
    st.sampled_from([Control(operator=one) for one in Operator if one is not Operator.GENERALISE]),
    st.builds(
        lambda first, last: Control(
            operator=Operator.PARTIAL, parameters=Parameters(first=first, last=last)
        ),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    st.builds(
        lambda keep: Control(
            operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=keep)
        ),
        st.integers(0, 8),
    ),
    st.just(Control(operator=Operator.GENERALISE, parameters=Parameters(to="year"))),
)
_MASKING = st.fixed_dictionaries(
    {},
    optional={
        "operators": st.lists(st.sampled_from(_NAMES), min_size=1, unique=True),
        "visible_first": st.integers(0, 6),
        "visible_last": st.integers(0, 6),
        "unless_purposes": st.lists(st.sampled_from(_PURPOSES), min_size=1, unique=True),
    },
)
_LIMITATION = st.fixed_dictionaries(
    {"excluded_purposes": st.lists(st.sampled_from(_PURPOSES), min_size=1, unique=True)}
)
_FLOORS = st.one_of(
    st.tuples(st.just(ControlKind.MASKING), _MASKING),
    st.tuples(st.just(ControlKind.PURPOSE_LIMITATION), _LIMITATION),
)


@given(
    shape=_FLOORS,
    control=_CONTROLS,
    purpose=st.sampled_from(_PURPOSES),
    action=st.sampled_from(Action),
    category=st.sampled_from(["user", "user.contact", "user.financial"]),
)
def test_drafting_and_verification_agree_on_every_floor(
    shape: tuple[ControlKind, dict[str, object]],
    control: Control,
    purpose: str,
    action: Action,
    category: str,
) -> None:
    """Two implementations written apart forbid exactly the same controls."""
    kind, parameters = shape
    floor = Obligation(
        id=ObligationId("law/1#1"),
        provision=ProvisionId("law/1"),
        kind=kind,
        strength=Strength.FLOOR,
        data_categories=(DataCategory(category),),
        parameters=Parameters(parameters),
    )
    rule = make.make_rule(1, make.TELLER, make.CLIENTS, make.EMAIL, control)
    rule = replace(rule, point=replace(rule.point, purpose=Purpose(purpose), action=action))
    subject = make_subject(
        draft=replace(make.make_draft(), access=(rule,), encryption=(), retention=()),
        provisions={},
        catalog=make.make_catalog(),
        organisation=make.make_organisation(),
        floors=(floor,),
    )
    against = floor_against(
        [floor], control, categories=[make.EMAIL], action=action, purpose=Purpose(purpose)
    )
    assert bool(list(check_floors(subject))) == (against is not None)


@given(position=st.integers(0, 51), letter=st.characters(categories=["Ll"]))
def test_a_quote_changed_in_one_letter_is_found(position: int, letter: str) -> None:
    """No citation holds whose quote differs from the stored text anywhere."""
    citation = make.make_citation()
    place = position % len(citation.quote)
    changed = citation.quote[:place] + letter + citation.quote[place + 1 :]
    rule = make.make_rule(1, make.TELLER, make.CLIENTS, make.EMAIL, CLEAR)
    rule = replace(rule, citations=(replace(citation, quote=changed),))
    subject = make_subject(
        draft=replace(make.make_draft(), access=(rule,)),
        provisions=make.make_provisions(),
        catalog=make.make_catalog(),
        organisation=make.make_organisation(),
        floors=(),
    )
    assert bool(list(check_grounded(subject))) == (changed != citation.quote)
