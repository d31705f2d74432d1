"""Canonical JSON, hashes, ids and clocks: the same input gives the same bytes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.kit.canonical import canonical_json, content_sha256
from policy_service.kit.clock import FixedClock, SystemClock, parse_rfc3339, rfc3339
from policy_service.kit.hashing import sha256, sha256_hex, sha256_text
from policy_service.kit.ids import derived_id, new_id

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_canonical_json_sorts_names_and_writes_no_spaces() -> None:
    """Order of insertion does not show, nesting and signs are kept."""
    assert (
        canonical_json({"b": [1, None, True], "a": "ä"}) == '{"a":"ä","b":[1,null,true]}'.encode()
    )
    assert content_sha256({"a": 1, "b": 2}) == content_sha256({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800"])
def test_what_json_cannot_carry_exactly_is_refused(value: float | str) -> None:
    """NaN, infinities, large integers and half characters raise `ValueError`."""
    with pytest.raises(ValueError, match="cannot write canonical JSON"):
        canonical_json([value])


def test_hashes_are_sha_256_in_both_spellings() -> None:
    """Bytes, hex and text forms are the same digest."""
    assert sha256(b"").hex() == sha256_hex(b"") == sha256_text("") == EMPTY


def test_new_ids_are_prefixed_and_differ() -> None:
    """An id is its prefix and 16 letters of base 32; no two are alike."""
    made = {new_id("dec") for _ in range(50)}
    assert len(made) == 50
    assert all(one.startswith("dec_") and len(one) == 20 for one in made)
    assert new_id("x", random_bytes=bytes) == "x_0000000000000000"
    assert new_id("x", random_bytes=lambda size: b"\xff" * size) == "x_zzzzzzzzzzzzzzzz"


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab", max_size=3), max_size=3))
def test_derived_ids_are_the_same_for_the_same_parts_only(parts: list[str]) -> None:
    """The same parts give the same id, parts cut otherwise another."""
    assert derived_id("dra", *parts) == derived_id("dra", *parts)
    assert derived_id("dra", *parts, "c") != derived_id("dra", *parts, "d")
    assert derived_id("dra", "a", "b") != derived_id("dra", "ab")


def test_a_fixed_clock_stands_still_until_moved(clock: FixedClock) -> None:
    """It tells the time it was given, in UTC, and moves only by `advance`."""
    assert clock.now() == clock.now() == datetime(2026, 3, 2, 12, tzinfo=UTC)
    clock.advance(timedelta(hours=1))
    assert clock.now().hour == 13


def test_a_fixed_clock_needs_a_zone() -> None:
    """A time without a zone is refused."""
    with pytest.raises(ValueError, match="add a time zone"):
        FixedClock(datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake under test


def test_the_system_clock_tells_utc() -> None:
    """The machine's time is aware and in UTC."""
    assert SystemClock().now().tzinfo is UTC


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - a bound
def test_times_survive_rfc_3339(at: datetime) -> None:
    """What is written is read back, to the microsecond, whatever zone it came in."""
    assert parse_rfc3339(rfc3339(at)) == at
    east = at.replace(tzinfo=timezone(timedelta(hours=2)))
    assert parse_rfc3339(rfc3339(east)) == east


def test_a_time_without_a_zone_is_refused() -> None:
    """RFC 3339 has a zone; a text without one is named."""
    with pytest.raises(ValueError, match="`2026-03-02T12:00:00` has no zone"):
        parse_rfc3339("2026-03-02T12:00:00")
