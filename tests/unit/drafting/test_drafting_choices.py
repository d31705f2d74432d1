"""Candidates, floors, prior, policy: what is weighed for a point, and what can never win."""

import math

import pytest

from policy_service.domain.asset import Sensitivity
from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import Candidate
from policy_service.domain.errors import DraftingError
from policy_service.domain.identifiers import (
    DataCategory,
    ObligationId,
    ProvisionId,
    Purpose,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import ControlKind, Obligation, Strength
from policy_service.drafting.candidates import candidates_for
from policy_service.drafting.floors import floor_against, mandatory_obligations
from policy_service.drafting.needs import GroupFacts, Need, describe_group
from policy_service.drafting.policy import choose, is_doubtful, weigh_candidates
from policy_service.drafting.prior import Weighing, prior_features, prior_probabilities
from tests.unit.drafting.tools import catalog, column, corpus

SERVICE, ANALYTICS = Purpose("essential.service"), Purpose("analytics")
BIRTH = ("user.demographic.date_of_birth", "user.demographic.gender")
LAST_FOUR = Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4))

LAST_SIX = Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=6))


def facts(category: str, **given: object) -> GroupFacts:
    """Describe a group of one column."""
    scanned = catalog({"people": [column("value", category, **given)]})  # type: ignore[arg-type]
    table = scanned.tables[0]
    return describe_group(table, table.columns[0].category, table.columns, frozenset({table.id}))


def floor(kind: ControlKind, category: str, **parameters: object) -> Obligation:
    """A mandatory obligation on one category."""
    return Obligation(
        id=ObligationId("law/1#1"),
        provision=ProvisionId("law/1"),
        kind=kind,
        strength=Strength.FLOOR,
        data_categories=(DataCategory(category),),
        parameters=Parameters(parameters),
    )


@pytest.mark.parametrize(
    ("category", "given", "labels"),
    [
        ("user.financial.credit_card", {}, ["partial(first=0, last=4)"]),
        ("user.contact.email", {}, ["partial(first=1, last=0)"]),
        ("user.contact.phone_number", {"length": 12}, ["partial(first=0, last=4)"]),
        ("user.government_id.passport_number", {"length": 6}, ["partial(first=0, last=2)"]),
        ("user.government_id.passport_number", {"length": 0}, ["partial(first=0, last=3)"]),
        (
            "user.government_id.national_identification_number",
            {"length": 10, "reveals": BIRTH},
            ["generalise(to=sex_and_year)", "partial(first=0, last=3)"],
        ),
        ("user.demographic.date_of_birth", {"data_type": "date"}, ["generalise(to=year)"]),
        ("user.contact.address.postal_code", {}, ["generalise(keep=2, to=prefix)"]),
        ("user.financial", {"data_type": "decimal", "length": 6}, ["bucket(width=100000)"]),
        ("user.financial", {}, []),
        ("user.name", {}, []),
    ],
)
def test_candidates_fit_the_values(
    category: str, given: dict[str, object], labels: list[str]
) -> None:
    """A band needs numbers, a year dates, a part enough characters; deny and clear always stand."""
    found = candidates_for(facts(category, **given), action=Action.READ, purpose=ANALYTICS)
    middle = {Operator.GENERALISE, Operator.BUCKET, Operator.PARTIAL}
    assert [one.label for one in found if one.operator in middle] == labels
    assert (found[0], found[-1]) == (DENY, CLEAR)
    strictness = [one.operator.strictness for one in found]
    assert strictness == sorted(strictness, reverse=True)


def test_writing_and_business_data_are_all_or_nothing() -> None:
    """What is entered is not masked, and what is not personal needs no mask."""
    name = facts("user.name")
    assert candidates_for(name, action=Action.CREATE, purpose=SERVICE) == (DENY, CLEAR)
    business = facts("system.operations")
    assert candidates_for(business, action=Action.READ, purpose=SERVICE) == (DENY, CLEAR)


@pytest.mark.parametrize(
    ("control", "purpose", "forbidden"),
    [
        (DENY, ANALYTICS, False),
        (CLEAR, ANALYTICS, True),
        (CLEAR, SERVICE, False),
        (LAST_FOUR, ANALYTICS, False),
        (
            Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=6)),
            ANALYTICS,
            True,
        ),
        (Control(operator=Operator.PARTIAL, parameters=Parameters(first="x")), ANALYTICS, True),
        (Control(operator=Operator.REDACT), ANALYTICS, True),
        (
            Control(operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=3)),
            ANALYTICS,
            True,
        ),
        (Control(operator=Operator.GENERALISE, parameters=Parameters(to="year")), ANALYTICS, False),
    ],
)
def test_a_masking_floor_limits_what_is_shown(
    control: Control, purpose: Purpose, forbidden: bool
) -> None:
    """Operators not named, and more characters than allowed, are out; foreseen purposes are in."""
    obligation = floor(
        ControlKind.MASKING,
        "user.financial",
        operators=["deny", "partial", "generalise"],
        visible_last=4,
        unless_purposes=["essential"],
    )
    against = floor_against(
        [obligation],
        control,
        categories=[DataCategory("user.financial.credit_card")],
        action=Action.READ,
        purpose=purpose,
    )
    assert (against == "law/1#1") is forbidden


def test_a_limit_on_characters_alone_forbids_the_whole_value() -> None:
    """A display limit without a list of operators still excludes clear."""
    obligation = floor(ControlKind.MASKING, "user", visible_last=4)
    arguments = {
        "categories": [DataCategory("user.name")],
        "action": Action.READ,
        "purpose": SERVICE,
    }
    assert floor_against([obligation], CLEAR, **arguments) == "law/1#1"  # type: ignore[arg-type]
    assert floor_against([obligation], LAST_FOUR, **arguments) is None  # type: ignore[arg-type]


def test_an_excluded_purpose_leaves_only_what_shows_nothing() -> None:
    """Pseudonyms are still data about a person; for an excluded purpose they are out."""
    obligation = floor(ControlKind.PURPOSE_LIMITATION, "user", excluded_purposes=["marketing"])
    pseudonym = Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="marketing"))
    for control, forbidden in (
        (pseudonym, True),
        (CLEAR, True),
        (Control(operator=Operator.REDACT), False),
    ):
        against = floor_against(
            [obligation],
            control,
            categories=[DataCategory("user.name")],
            action=Action.READ,
            purpose=Purpose("marketing.advertising"),
        )
        assert (against is not None) is forbidden


def test_a_floor_nobody_can_check_is_refused() -> None:
    """Naming an obligation that the corpus does not hold ends drafting."""
    with pytest.raises(DraftingError, match="`law/9#1` is not in the corpus"):
        mandatory_obligations(corpus().provisions, [ObligationId("law/9#1")])


def test_named_advice_becomes_a_floor() -> None:
    """An obligation named as a floor binds like one, beside those that are."""
    provisions = corpus().provisions
    advice = next(
        one
        for provision in provisions
        for one in provision.obligations
        if one.strength is Strength.ADVICE
    )
    plain = mandatory_obligations(provisions, [])
    assert advice not in plain
    assert set(mandatory_obligations(provisions, [advice.id])) == {*plain, advice}


@pytest.mark.parametrize(
    ("need", "operator"),
    [
        (Need.NONE, Operator.DENY),
        (Need.STRUCTURE, Operator.REDACT),
        (Need.COARSE, Operator.GENERALISE),
        (Need.JOIN, Operator.PSEUDONYMISE),
        (Need.PART, Operator.PARTIAL),
        (Need.FULL, Operator.CLEAR),
    ],
)
def test_without_grounds_the_need_decides(need: Need, operator: Operator) -> None:
    """Each need has the control that serves it best."""
    group = facts("user.government_id.national_identification_number", length=10, reveals=BIRTH)
    controls = candidates_for(group, action=Action.READ, purpose=SERVICE)
    weighing = Weighing(
        need=need,
        sensitivity=Sensitivity.RESTRICTED,
        categories=(group.category,),
        purpose=SERVICE,
    )
    priors = prior_probabilities(controls, weighing, [])
    assert math.isclose(math.fsum(priors), 1.0)
    assert controls[priors.index(max(priors))].operator is operator


def test_every_part_of_a_score_has_a_name() -> None:
    """The features of a control sum to its score and say what they stand for."""
    weighing = Weighing(
        need=Need.JOIN,
        sensitivity=Sensitivity.RESTRICTED,
        categories=(DataCategory("user.unique_id"),),
        purpose=Purpose("marketing"),
    )
    pseudonym = Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="marketing"))
    obligations = [
        floor(ControlKind.MASKING, "user.unique_id", operators=["pseudonymise"]),
        floor(ControlKind.PURPOSE_LIMITATION, "user", excluded_purposes=["marketing"]),
        floor(ControlKind.MASKING, "user.name", operators=["pseudonymise"]),
    ]
    names = [one.name for one in prior_features(pseudonym, weighing, obligations)]
    assert names == ["need", "sensitivity", "excluded purpose", "asked for"]


def candidate(control: Control, probability: float, floor_id: str | None = None) -> Candidate:
    """One weighed candidate."""
    return Candidate(
        control=control,
        prior=probability,
        reward=0.0,
        probability=probability,
        excluded_by=None if floor_id is None else ObligationId(floor_id),
    )


def test_of_equals_the_stricter_is_chosen() -> None:
    """A tie never loosens, and a tie needs a person."""
    tied = [candidate(CLEAR, 0.5), candidate(LAST_FOUR, 0.5)]
    assert choose(tied).control == LAST_FOUR
    assert is_doubtful(tied)
    assert not is_doubtful([candidate(CLEAR, 0.9), candidate(DENY, 0.1)])
    assert not is_doubtful([candidate(DENY, 1.0)])


@pytest.mark.parametrize(
    ("beta", "reward", "excluded"),
    [(0.0, 0.0, None), (1.0, math.nan, None), (1.0, 0.0, ObligationId("law/1#1"))],
)
def test_a_policy_that_cannot_be_weighed_is_refused(
    beta: float, reward: float, excluded: ObligationId | None
) -> None:
    """Beta of 0, rewards that are no numbers and no candidate left each end drafting."""
    with pytest.raises(DraftingError):
        weigh_candidates([DENY], priors=[1.0], rewards=[reward], excluded=[excluded], beta=beta)
