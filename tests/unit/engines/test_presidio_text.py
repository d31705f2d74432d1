"""The text finder finds what it must, offline, with spans that never overlap."""

import socket

import pytest

from policy_service.domain.errors import MaskingError, UsageError
from policy_service.engines.presidio import CATEGORIES, PresidioText, TextSpan
from tests.fixtures.platform import shared_text_finder


@pytest.fixture(scope="module")
def finder() -> PresidioText:
    """One loaded finder."""
    return shared_text_finder()


@pytest.mark.parametrize(
    ("text", "value", "category"),
    [
        ("Write to jan.novak@banka.cz today", "jan.novak@banka.cz", "user.contact.email"),
        (
            "Card 4111 1111 1111 1111 was stolen",
            "4111 1111 1111 1111",
            "user.financial.credit_card",
        ),
        (
            "IBAN CZ6508000000192000145399",
            "CZ6508000000192000145399",
            "user.financial.bank_account",
        ),
        ("Call me at +420 608 123 456", "+420 608 123 456", "user.contact.phone_number"),
        ("She was born on 12 May 1970 in Brno", "12 May 1970", "user.demographic.date_of_birth"),
        (
            "Birth number 736028/5163 is hers",
            "736028/5163",
            "user.government_id.national_identification_number",
        ),
        ("Pay to account 19-2000145399/0800", "19-2000145399/0800", "user.financial.bank_account"),
        ("My name is John Smith.", "John Smith", "user.name"),
        ("Host 192.168.17.4 is down", "192.168.17.4", "user.device.ip_address"),
    ],
)
def test_finds_what_is_personal(finder: PresidioText, text: str, value: str, category: str) -> None:
    """Each kind of personal value is found whole, under its category."""
    (spans,) = finder.find([text])
    assert (value, category) in [(text[one.start : one.end], one.category) for one in spans]


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112 fails the checksum",
        "The meeting is on 12 May 2020",
        "Loan 96396 over 12 months",
        "",
    ],
)
def test_leaves_alone_what_is_not(finder: PresidioText, text: str) -> None:
    """Failed checksums, plain dates and amounts are not taken for personal data."""
    (spans,) = finder.find([text])
    named = {one.category for one in spans}
    assert not named & {
        "user.financial.credit_card",
        "user.demographic.date_of_birth",
        "user.government_id.national_identification_number",
    }


def test_spans_never_overlap(finder: PresidioText, shared_data: object) -> None:
    """On real sentences no two spans of a text overlap and all lie within it."""
    import json
    from pathlib import Path

    assert isinstance(shared_data, Path)
    lines = (shared_data / "pii_text" / "synth_v2_even.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["full_text"] for line in lines[:60]]
    for text, spans in zip(texts, finder.find(texts), strict=True):
        ends = [0]
        for one in spans:
            assert ends[-1] <= one.start < one.end <= len(text)
            assert CATEGORIES[one.entity] == one.category
            ends.append(one.end)


def test_order_and_repeats_are_kept(finder: PresidioText) -> None:
    """Each text gets its own spans, however often it stands in the list."""
    found = finder.find(["a@b.org", "nothing here", "a@b.org"])
    assert found[0] == found[2]
    assert [one.entity for one in found[0]] == ["EMAIL_ADDRESS"]


def test_works_without_a_network(finder: PresidioText, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding and replacing never open a connection or look up a name."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network call")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    (spans,) = finder.find(["see https://example.co.uk or mail eva@example.co.uk"])
    assert {one.entity for one in spans} >= {"URL", "EMAIL_ADDRESS"}


def test_replaces_spans_one_by_one(finder: PresidioText) -> None:
    """Each span gets its own replacement, an empty one included."""
    text = "a@b.org and c@d.org"
    (spans,) = finder.find([text])
    assert finder.replace(text, spans, ["[one]", ""]) == "[one] and "


def test_refuses_spans_that_do_not_fit(finder: PresidioText) -> None:
    """Overlapping spans or such outside the text replace nothing."""
    one = TextSpan(start=0, end=5, entity="PERSON", category="user.name", score=1.0)
    two = TextSpan(start=3, end=8, entity="PERSON", category="user.name", score=1.0)
    with pytest.raises(MaskingError):
        finder.replace("0123456789", [one, two], ["", ""])
    with pytest.raises(MaskingError):
        finder.replace("01", [one], [""])


def test_unknown_language_is_refused() -> None:
    """A language without a model is an error that names those there are."""
    with pytest.raises(UsageError, match="use en"):
        PresidioText.load(language="tlh")
