"""Amendments: what a reviewer may put in a rule's place, and what never."""

import re

import pytest

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.control_text import read_control
from policy_service.domain.draft import AccessRule, Amendment, Draft
from policy_service.domain.errors import DraftingError
from policy_service.domain.hashes import draft_sha256, rule_sha256
from policy_service.domain.identifiers import RuleId
from policy_service.domain.parameters import Parameters
from policy_service.drafting.amend import amend_rule
from tests.unit.drafting.tools import catalog, categories, column, corpus, draft, job, organisation

NATIONAL_ID = "user.government_id.national_identification_number"
REDACT = Control(operator=Operator.REDACT)


@pytest.fixture(scope="module")
def made() -> Draft:
    """A clerk of the own branch who enters customers, and an analyst on pseudonyms."""
    scanned = catalog(
        {
            "customers": [
                column("customer_id", "user.unique_id", data_type="integer", key=True),
                column("name", "user.name"),
                column("national_id", NATIONAL_ID, length=10),
                column("branch_id", "user.location", data_type="integer"),
            ]
        },
        subjects={"customers": "customer"},
    )
    clerk = job("clerk", "Enters customers of the clerk's own branch.")
    analyst = job("analyst", "Studies customers on pseudonyms.", "analytics")
    return draft(organisation(clerk, analyst, separate=(("clerk", "analyst"),)), scanned)


def rule(made: Draft, role: str, category: str, action: Action = Action.READ) -> AccessRule:
    """Find one access rule."""
    return next(
        one
        for one in made.access
        if (one.point.role, one.point.category, one.point.action) == (role, category, action)
    )


def amend(made: Draft, rule_id: RuleId, amendment: Amendment) -> Draft:
    """Amend against the corpus the draft was made from."""
    return amend_rule(
        made,
        rule_id,
        amendment,
        corpus=corpus(),
        floors=(),
        organisation=organisation(job("clerk", "Enters customers.")),
        categories=categories(),
    )


def test_an_amendment_keeps_ids_and_changes_hashes(made: Draft) -> None:
    """The rule has new content under its old id, and so does the draft."""
    old = rule(made, "clerk", "user.name")
    changed = amend(made, old.id, Amendment(control=REDACT))
    new = changed.rule(old.id)
    assert isinstance(new, AccessRule)
    assert new.control == REDACT
    assert new.row_filter == old.row_filter
    assert (changed.id, new.point) == (made.id, old.point)
    assert rule_sha256(new) != rule_sha256(old)
    assert changed.sha256 == draft_sha256(changed) != made.sha256
    assert "Amended by a reviewer from `clear`" in new.rationale
    others = [one for one in changed.access if one.id != old.id]
    assert others == [one for one in made.access if one.id != old.id]


def test_tests_made_from_a_rule_follow_its_amendment(made: Draft) -> None:
    """A denial in place of a grant is what the policy test then expects."""
    tested = next(one for one in made.tests if len(one.rules) == 1 and one.allow)
    changed = amend(made, tested.rules[0], Amendment(control=DENY))
    follower = next(one for one in changed.tests if one.id == tested.id)
    assert (follower.allow, follower.control) == (False, "")
    denied = changed.rule(tested.rules[0])
    assert isinstance(denied, AccessRule)
    assert denied.row_filter is None
    again = amend(changed, tested.rules[0], Amendment(control=REDACT))
    assert next(one for one in again.tests if one.id == tested.id).control == "redact"


def test_no_amendment_goes_below_a_floor(made: Draft) -> None:
    """National identifiers stay masked for analysis whoever asks; the draft is untouched."""
    masked = rule(made, "analyst", NATIONAL_ID)
    before = made.sha256
    with pytest.raises(DraftingError, match="mandatory floor `masking/mask-3#1`"):
        amend(made, masked.id, Amendment(control=CLEAR))
    wide = Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=6))
    with pytest.raises(DraftingError, match="below the mandatory floor"):
        amend(made, masked.id, Amendment(control=wide))
    assert made.sha256 == before == draft_sha256(made)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("encrypt", "encrypt(key=analytics)"),
        ("tokenise", "tokenise(key=analytics)"),
        ("synthetic(kind=name)", "synthetic(key=analytics, kind=name)"),
        ("pseudonymise(key=other)", "pseudonymise(key=other)"),
    ],
)
def test_a_stand_in_takes_the_place_of_a_pseudonym(made: Draft, text: str, label: str) -> None:
    """What shows no more than a listed operator meets its floor; the key is the purpose's."""
    masked = rule(made, "analyst", NATIONAL_ID)
    amended = amend(made, masked.id, Amendment(control=read_control(text))).rule(masked.id)
    assert isinstance(amended, AccessRule)
    assert amended.control.label == label


@pytest.mark.parametrize(
    "text",
    [
        "noise(scale=1)",
        "date_shift(days=30)",
        "top_bottom(low=1)",
        "suppress(k=10)",
        "aggregate(of=count, by=branch_id)",
    ],
)
def test_what_a_floor_does_not_list_does_not_meet_it(made: Draft, text: str) -> None:
    """No operator passes a floor because it is new."""
    masked = rule(made, "analyst", NATIONAL_ID)
    with pytest.raises(DraftingError, match="mandatory floor `masking/mask-3#1`"):
        amend(made, masked.id, Amendment(control=read_control(text)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date_shift(days=0)", "parameter `days` must be a whole number from 1 to 3650"),
        ("partial(last=many)", "parameter `last` must be a whole number of at least 0"),
        ("partial(tail=4)", "`partial` has no parameter `tail`; it takes `first`, `last`"),
        ("redact(key=x)", "it takes none"),
        ("noise(shape=flat)", "`noise` needs parameter `scale`: a number above 0"),
        ("generalise(to=level, hierarchy=mars)", "one of countries, czech_districts"),
        ("generalise(to=level, hierarchy=countries, level=9)", "has 2 levels"),
        ("top_bottom(low=9, high=3)", "`low` must be below `high`"),
    ],
)
def test_wrong_parameters_are_said_at_once(made: Draft, text: str, said: str) -> None:
    """A control that enforcement would refuse is not taken into the draft."""
    branch = rule(made, "clerk", "user.name")
    with pytest.raises(DraftingError, match=re.escape(said)):
        amend(made, branch.id, Amendment(control=read_control(text)))


def test_writing_is_amended_to_clear_or_deny_only(made: Draft) -> None:
    """A mask makes no sense for what is entered."""
    write = rule(made, "clerk", "user.name", Action.CREATE)
    with pytest.raises(DraftingError, match="only clear or deny"):
        amend(made, write.id, Amendment(control=REDACT))
    stopped = amend(made, write.id, Amendment(control=DENY)).rule(write.id)
    assert isinstance(stopped, AccessRule)
    assert "may not enter" in stopped.sentence
    kept = amend(made, write.id, Amendment(control=CLEAR)).rule(write.id)
    assert isinstance(kept, AccessRule)
    assert "may enter" in kept.sentence


def test_encryption_is_amended_by_its_settings(made: Draft) -> None:
    """Shorter rotation is taken over; fewer bits and longer rotation are below the floors."""
    (encryption,) = made.encryption
    changed = amend(made, encryption.id, Amendment(settings=Parameters(rotation_days=90)))
    assert changed.encryption[0].rotation_days == 90
    for settings in ({"key_bits": 128}, {"rotation_days": 4000}, {"key_bits": 100}):
        with pytest.raises(DraftingError, match=r"floor|do not fit"):
            amend(made, encryption.id, Amendment(settings=Parameters(settings)))


def test_retention_is_amended_by_its_days(made: Draft) -> None:
    """The days are taken over into rule and sentence."""
    (retention,) = made.retention
    changed = amend(made, retention.id, Amendment(settings=Parameters(max_days=700)))
    assert changed.retention[0].max_days == 700
    assert "700 days" in changed.retention[0].sentence


@pytest.mark.parametrize(
    ("rule_id", "amendment", "said"),
    [
        ("R-9999", Amendment(control=DENY), "no rule `R-9999`"),
        ("S-0001", Amendment(control=DENY), "change the organisation"),
        ("R-0001", Amendment(settings=Parameters(max_days=1)), "amend it with a control"),
        ("R-0001", Amendment(), "amend it with a control"),
        ("E-0001", Amendment(control=DENY), "by its settings"),
        ("E-0001", Amendment(), "by its settings"),
        ("T-0001", Amendment(settings=Parameters(days=3)), "`max_days`"),
        ("T-0001", Amendment(settings=Parameters(max_days=0)), "above 0"),
        ("T-0001", Amendment(settings=Parameters(max_days="many")), "whole number"),
    ],
)
def test_amendments_that_do_not_fit_are_refused(
    made: Draft, rule_id: str, amendment: Amendment, said: str
) -> None:
    """Unknown rules, separations and settings a rule has not are refused by name."""
    with pytest.raises(DraftingError, match=said):
        amend(made, RuleId(rule_id), amendment)
