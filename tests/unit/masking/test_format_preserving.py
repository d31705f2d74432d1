"""Format-preserving masks: form, kind and difference are kept, and holders turn them back."""

import string

import ffx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.errors import MaskingError
from policy_service.masking import format_preserving as module
from policy_service.masking.format_preserving import (
    format_preserving,
    format_preserving_many,
    rekey_format_preserving,
    reveal_format_preserving,
)
from policy_service.masking.partial import SEPARATORS

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
MIXED = string.digits + string.ascii_letters
VALUES = st.one_of(
    st.from_regex(r"[0-9]{6,20}", fullmatch=True),
    st.from_regex(r"[A-Z]{2}[0-9]{2}( [0-9]{4}){3,5}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{4}[a-z][a-z0-9-]{0,8}", fullmatch=True),
    st.text(alphabet=MIXED + SEPARATORS, min_size=4, max_size=9).filter(
        lambda text: sum(one in MIXED for one in text) >= 6
    ),
)


def kind(text: str) -> tuple[bool, bool]:
    """Tell whether a text has lower-case and upper-case letters."""
    return (any(map(str.islower, text)), any(map(str.isupper, text)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | VALUES, max_size=6))
def test_masks_keep_the_form_and_come_back(values: list[str | None]) -> None:
    """Length, separators and kind stay, different stays different, and the key undoes it."""
    masked = format_preserving_many(values, key=KEY)
    for value, shown in zip(values, masked, strict=True):
        assert (value is None) is (shown is None)
        if value is not None and shown is not None:
            assert kind(shown) == kind(value)
            assert [one if one in SEPARATORS else "x" for one in shown] == [
                one if one in SEPARATORS else "x" for one in value
            ]
    assert len(set(masked)) == len(set(values))
    assert reveal_format_preserving(masked, key=KEY) == values
    assert masked == [format_preserving(value, key=KEY) for value in values]


@pytest.mark.parametrize("value", ["4111111111111234", "123456", 4111111111111234, 1234567.5])
def test_digits_are_what_the_library_made(value: object) -> None:
    """Masks of digits are those of earlier releases: FF1 of libffx under the derived key."""
    plain = str(value).replace(".", "")
    peer = ffx.FF1(module.hmac.digest(KEY, b"policy-service ff1", "sha256"), alphabet="0123456789")
    assert str(format_preserving(value, key=KEY)).replace(".", "") == peer.encrypt(plain)


def test_small_letters_only_of_a_mixed_alphabet_walk_on() -> None:
    """A mask that would lose its kind is encrypted again, so that two values never meet."""
    values = [f"aB{number:04d}" for number in range(300)]
    once = module._cipher(KEY, MIXED).encrypt(values)
    assert any(kind(one) != (True, True) for one in once)
    masked = format_preserving_many(values, key=KEY)
    assert all(kind(str(one)) == (True, True) for one in masked)
    assert reveal_format_preserving(masked, key=KEY) == values
    kept = [one for one, mask in zip(once, masked, strict=True) if one == mask]
    assert len(kept) == sum(kind(one) == (True, True) for one in once)


def test_rotation_carries_masks_over() -> None:
    """From the old key to the new one without the clear values."""
    values = ["4111-1111-1111-1234", None, "CZ65 0800 0000 1920"]
    old = format_preserving_many(values, key=KEY)
    assert rekey_format_preserving(old, old=KEY, new=OTHER) == format_preserving_many(
        values, key=OTHER
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12345", "5 characters is too short"),
        ("1-2-3", "3 characters is too short"),
        ("", "too short"),
        ("...", "too short"),
        ("7" * 100_000, "100000 characters is too long"),
        ("Dvořáková", "ASCII"),
        ("１２３４５６７", "ASCII"),
        ("👩‍🚀 123456", "ASCII"),
        ("123456\x00", "ASCII"),
        (["123456"], "no single text"),
    ],
)
def test_what_has_no_form_is_refused_with_the_reason(value: object, said: str) -> None:
    """A domain too small and other characters mask nothing, and the value is not told."""
    with pytest.raises(MaskingError, match=said) as told:
        format_preserving_many(["4111111111111234", value], key=KEY)
    assert not value or str(value) not in str(told.value)
