"""Laws of masking: joins hold under one key and fail under two, and no mask shows the value."""

import hashlib
import hmac
from collections.abc import Sequence

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.control import Control, Operator
from policy_service.domain.parameters import Parameters
from policy_service.masking.table import mask_table
from policy_service.masking.text import mask_text
from policy_service.masking.values import REDACTED, mask_value


class Keys:
    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


class Whole:
    """A finder that takes every text for one name."""

    class _Span:
        start = 0
        category = "user.name"

        def __init__(self, end: int) -> None:
            self.end = end

    def find(self, texts: Sequence[str]) -> list[list["Whole._Span"]]:
        return [[Whole._Span(len(text))] for text in texts]


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


SERVICE = control("pseudonymise", key="service")
MARKETING = control("pseudonymise", key="marketing")
NAMES = st.text(min_size=1, max_size=20)


@given(st.lists(NAMES, min_size=1, max_size=8))
def test_same_key_gives_same_pseudonym_in_tables_and_text(values: list[str]) -> None:
    """Under one key a value has one pseudonym: in any table, in text, and as a scalar."""
    scalar = [mask_value(value, SERVICE, keys=Keys()) for value in values]
    frame = pl.DataFrame({"a": values, "b": values[::-1]})
    table = mask_table(frame, controls={"a": SERVICE, "b": SERVICE}, keys=Keys())
    text = mask_text(values, finder=Whole(), control_for=lambda _: SERVICE, keys=Keys())
    assert table["a"].to_list() == scalar == text
    assert table["b"].to_list() == scalar[::-1]


@given(st.text(max_size=20) | st.sampled_from(["", "\x00", "a\x00b", "Dvořáková", "日本", "👩‍🚀"]))
def test_pseudonym_is_the_hmac_that_was_decided(value: str) -> None:
    """A pseudonym is HMAC-SHA256 keyed with the key's hexadecimal text, in every form."""
    key = Keys().key("service").hex().encode("ascii")
    expected = "p_" + hmac.new(key, value.encode(), "sha256").hexdigest()[:16]
    assert mask_value(value, SERVICE, keys=Keys()) == expected
    frame = pl.DataFrame({"a": [None, value]}, schema={"a": pl.String})
    assert mask_table(frame, controls={"a": SERVICE}, keys=Keys())["a"].to_list() == [
        None,
        expected,
    ]


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_two_purposes_cannot_be_joined(values: list[str]) -> None:
    """Pseudonyms of one purpose never occur under another."""
    one = {mask_value(value, SERVICE, keys=Keys()) for value in values}
    other = {mask_value(value, MARKETING, keys=Keys()) for value in values}
    assert not one & other
    assert len(one) == len(values)


@given(st.text(max_size=30) | st.integers())
def test_constant_masks_show_nothing(value: object) -> None:
    """Null, redact and replace give the same for every value."""
    assert mask_value(value, control("null"), keys=Keys()) is None
    assert mask_value(value, control("redact"), keys=Keys()) == REDACTED
    assert mask_value(value, control("replace", **{"with": "-"}), keys=Keys()) == "-"


@given(st.text(min_size=1, max_size=30))
def test_partial_never_shows_more_than_its_ends(value: str) -> None:
    """A partial mask has the value's length and shows at most the ends asked for."""
    masked = mask_value(value, control("partial", first=1, last=4), keys=Keys())
    assert isinstance(masked, str)
    assert len(masked) == len(value)
    shown = [one for one in masked if one not in " -./:@_+(),•"]
    assert len(shown) <= 5
    assert masked != value or set(value) == {"•"}


@given(st.text(min_size=1, max_size=30), st.integers(min_value=1, max_value=30))
def test_prefix_never_shows_the_whole(value: str, keep: int) -> None:
    """A prefix is shorter than the value, or nothing."""
    masked = mask_value(value, control("generalise", to="prefix", keep=keep), keys=Keys())
    assert masked is None or (value.startswith(str(masked)) and len(str(masked)) < len(value))


@given(st.text(min_size=1, max_size=30))
def test_pseudonym_is_never_the_value(value: str) -> None:
    """A pseudonym says nothing of its value but that it is the same one."""
    masked = mask_value(value, SERVICE, keys=Keys())
    assert isinstance(masked, str)
    assert masked != value
    assert len(masked) == 18
    assert masked.startswith("p_")


@given(st.lists(st.from_regex(r"[0-9]{6,12}", fullmatch=True), unique=True, max_size=6))
def test_format_preserving_keeps_form_and_difference(values: list[str]) -> None:
    """Encrypted digits stay as many digits, and different values stay different."""
    chosen = control("format_preserving", key="service")
    masked = [str(mask_value(value, chosen, keys=Keys())) for value in values]
    assert [len(one) for one in masked] == [len(one) for one in values]
    assert all(one.isdigit() for one in masked)
    assert len(set(masked)) == len(values)
