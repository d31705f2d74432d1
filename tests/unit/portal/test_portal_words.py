"""Words for people: controls, times, assets, and text that becomes code safely."""

import pytest

from policy_service.domain.control import Control, Operator
from policy_service.domain.parameters import Parameters
from policy_service.portal.words import (
    brief,
    code,
    control_words,
    counted,
    label,
    purpose_words,
    short_asset,
    value_words,
    when,
)


@pytest.mark.parametrize("operator", list(Operator))
def test_every_operator_has_words(operator: Operator) -> None:
    """No control is shown as an empty string, whatever its parameters."""
    assert control_words(Control(operator=operator))


@pytest.mark.parametrize(
    ("operator", "parameters", "words"),
    [
        (Operator.PARTIAL, {"first": 0, "last": 4}, "last 4 characters"),
        (Operator.PARTIAL, {"first": 2, "last": 2}, "first 2 and last 2 characters"),
        (Operator.GENERALISE, {"to": "sex_and_year"}, "sex and year only"),
        (Operator.GENERALISE, {"to": "prefix", "keep": 2}, "first 2 characters"),
        (Operator.BUCKET, {"width": 10}, "bands of 10"),
        (Operator.PSEUDONYMISE, {"key": "essential.fraud_detection"}, "(fraud detection)"),
        (Operator.TOKENISE, {"key": "marketing"}, "token (marketing)"),
        (Operator.GENERALISE, {"to": "level"}, "wider place or group only"),
        (Operator.NOISE, {"scale": 0.5}, "noise of about 0.5"),
        (Operator.DATE_SHIFT, {"days": 30}, "shifted by up to 30 days"),
        (Operator.TOP_BOTTOM, {"low": 1, "high": 9}, "limited from 1 to 9"),
        (Operator.SUPPRESS, {"k": 5}, "hidden where fewer than 5 share it"),
        (Operator.AGGREGATE, {"of": "mean"}, "mean of at least 10 rows"),
    ],
)
def test_parameters_are_said(operator: Operator, parameters: dict[str, object], words: str) -> None:
    """What a control keeps of a value is part of its words."""
    control = Control(operator=operator, parameters=Parameters(parameters))
    assert words in control_words(control)


def test_code_escapes_before_it_marks_up() -> None:
    """Text from outside is data (law 7): markup in it stays text."""
    assert code("<script> in `a<b`") == "&lt;script&gt; in <code>a&lt;b</code>"


def test_times_are_said_in_utc_and_what_is_none_stays() -> None:
    """A time reads as people write it; anything else is shown as it is."""
    assert when("2026-03-02T12:00:00.000000Z") == "2 Mar 2026, 12:00 UTC"
    assert when("soon") == "soon"


def test_short_words() -> None:
    """Assets lose source and schema, purposes their class, states their underscore."""
    assert short_asset("bank.public.clients.email") == "clients.email"
    assert short_asset("bank") == "bank"
    assert purpose_words("essential.service.operations") == "service operations"
    assert purpose_words("marketing") == "marketing"
    assert label("in_review") == "in review"
    assert (counted(1, "rule"), counted(1200, "rule")) == ("1 rule", "1,200 rules")
    assert counted(2, "person", "people") == "2 people"


def test_values_and_long_names_are_said_briefly() -> None:
    """Truth is yes or no, lists have commas; only a name that ends in a digest is cut."""
    assert value_words(("deny", True, 3)) == "deny, yes, 3"
    assert value_words("bank.public.customers.national_id") == "bank.public.customers.national_id"
    assert brief("dec_j7vapd0879x8vm3x") == "dec_j7vapd0879x8vm3x"
    assert brief(f"statement:{'f' * 64}") == f"statement:{'f' * 21}…"
