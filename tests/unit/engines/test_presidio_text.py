"""The text finder finds what it must, offline, with spans that never overlap."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from policy_service.domain.errors import MaskingError, UsageError
from policy_service.engines.presidio import CATEGORIES, PresidioText, TextSpan
from policy_service.engines.rampart import rampart_installed
from policy_service.engines.text.windows import SIZE
from tests.fixtures.platform import shared_text_finder


@pytest.fixture(scope="module")
def finder() -> PresidioText:
    """The session's finder, with the token classifier where it is installed."""
    return shared_text_finder()


@pytest.fixture(scope="module")
def plain() -> PresidioText:
    """A finder for two languages, one of them without a spaCy model, and no classifier."""
    return PresidioText.load(languages=("en", "cs"), ner="off", cached=4)


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
        (
            "Host 2001:db8::8a2e:370:7334 is down",
            "2001:db8::8a2e:370:7334",
            "user.device.ip_address",
        ),
        ("NIC 00:1B:44:11:3A:B7 is new", "00:1B:44:11:3A:B7", "user.device.device_id"),
    ],
)
def test_finds_what_is_personal(
    finder: PresidioText, plain: PresidioText, text: str, value: str, category: str
) -> None:
    """Each kind of personal value is found whole, under its category, in both modes."""
    for one in (finder, plain):
        (spans,) = one.find([text])
        assert (value, category) in [(text[at.start : at.end], at.category) for at in spans]


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112 fails the checksum",
        "The meeting is on 12 May 2020",
        "Loan 96396 over 12 months",
        "",
        " \n\t ",
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


def test_each_language_has_its_rules(plain: PresidioText) -> None:
    """Czech is read by rules alone, beside English in one call."""
    texts = [
        "Jmenuji se Tomáš Dvořák, bydlím v Praze, Vinohradská 112, 130 00 Praha 3.",
        "My friend Catherine Holm moved to Vienna.",
    ]
    czech, english = plain.find(texts)
    assert [(texts[0][one.start : one.end], one.entity) for one in czech] == [
        ("Tomáš Dvořák", "PERSON"),
        ("Praze, Vinohradská 112, 130 00 Praha 3", "LOCATION"),
    ]
    assert [texts[1][one.start : one.end] for one in english] == ["Catherine Holm", "Vienna"]


def test_a_long_text_is_read_to_its_end(plain: PresidioText) -> None:
    """Past the window's size, spans stand where they stood in the short text."""
    sentence = "Write to anna.holm@example.org about 4111 1111 1111 1111.\n"
    text = sentence * (3 * SIZE // len(sentence))
    (spans,) = plain.find([text])
    found = {text[one.start : one.end] for one in spans}
    assert found == {"anna.holm@example.org", "4111 1111 1111 1111"}
    assert len(spans) == 2 * text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "\x00John Smith\x00 of a@b.org",
        "\ud800 John Smith, a@b.org \udfff",
        "😀👩‍👩‍👧 John Smith 🎉 a@b.org",
        "שלום John Smith כאן a@b.org",
        "Jose\u0301 met John Smith a@b.org",
        "(" * 4_000 + " John Smith, a@b.org",
    ],
)
def test_damaged_and_foreign_text_keeps_its_offsets(finder: PresidioText, text: str) -> None:
    """NULs, lone surrogates, emoji, right-to-left letters and combining marks shift nothing."""
    (spans,) = finder.find([text])
    assert {"John Smith", "a@b.org"} <= {text[one.start : one.end] for one in spans}


def test_what_was_read_is_remembered(plain: PresidioText, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text seen before is not read again, until so many others came after it."""
    first = plain.find(["ask ann@example.org"])
    monkeypatch.setattr(plain, "_read", lambda texts: [() for _ in texts])
    assert plain.find(["ask ann@example.org"]) == first
    plain.find([f"text {number}" for number in range(4)])
    assert plain.find(["ask ann@example.org"]) == [()]


def test_threads_share_a_finder(finder: PresidioText) -> None:
    """Calls at the same time get what each would get alone."""
    texts = [f"Reach Anna Holm {number} at a{number}@example.org" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: finder.find([text])[0], texts))
    assert together == finder.find(texts)


def test_a_failing_engine_withholds_the_text(
    plain: PresidioText, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an engine raises becomes an error of ours that repeats nothing of the text."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError("cannot read `Jan Novak`")

    monkeypatch.setattr(plain._analyzer, "analyze", fail)
    with pytest.raises(MaskingError, match="`ValueError`") as caught:
        plain.find(["never seen, by Jan Novak"])
    assert "Novak" not in str(caught.value)
    assert caught.value.__suppress_context__
    monkeypatch.undo()
    assert plain.find(["never seen, by Jan Novak"]) != [()]


_OFFLINE = """
import socket

def refuse(*_, **__):
    raise AssertionError("a network call")

class Refused(socket.socket):
    __init__ = refuse

socket.socket, socket.create_connection, socket.getaddrinfo = Refused, refuse, refuse
from policy_service.engines.presidio import PresidioText
text = "see https://example.co.uk or mail Eva Holm, eva@example.co.uk, 12 Main Street, Leeds"
(spans,) = PresidioText.load().find([text])
print(*sorted({one.entity for one in spans}))
import sys
assert "arcjet" not in sys.modules
"""


def test_works_without_a_network() -> None:
    """In a fresh process, loading and finding never make a socket or look up a name."""
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["EMAIL_ADDRESS", "LOCATION", "PERSON", "URL"]
    assert not done.stderr


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
    """A language without rules, and no language at all, are errors that say what to do."""
    with pytest.raises(UsageError, match="use en, de, fr, cs"):
        PresidioText.load(languages=("tlh",))
    with pytest.raises(UsageError, match="name one"):
        PresidioText.load(languages=())


def test_a_language_without_a_model_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names the language and what serves it."""
    from policy_service.engines import presidio, presidio_recognisers

    monkeypatch.setattr(presidio_recognisers, "make_analyzer", lambda *_, **__: None)
    monkeypatch.setattr(presidio, "rampart_installed", lambda: False)
    PresidioText.load(languages=("en", "fr"))
    assert caplog.messages == ["no spaCy model for `fr`: texts are read by rules alone"]


@pytest.mark.skipif(not rampart_installed(), reason="the extra `ner` is not installed")
def test_the_classifier_finds_names_that_rules_cannot(
    finder: PresidioText, plain: PresidioText
) -> None:
    """A name written small, without a word beside it, needs the model."""
    text = "follow up with siobhan mcgillicuddy tomorrow"
    assert [text[one.start : one.end] for one in finder.find([text])[0]] == ["siobhan mcgillicuddy"]
    assert plain.find([text]) == [()]
