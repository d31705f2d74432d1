"""Free text: recognised, searched, counted, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy_service.catalog.classification.free_text import is_free_text, read_free_text


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    category: str
    score: float


class _CapitalFinder:
    """Takes every text with a capital in it for one that holds a name."""

    def find(self, texts: Sequence[str]) -> Sequence[Sequence[_Span]]:
        """Find."""
        return [
            (_Span(0, 1, "user.name", 0.9), _Span(0, 1, "", 0.9), _Span(0, 1, "user.location", 0.1))
            if any(sign.isupper() for sign in text)
            else ()
            for text in texts
        ]


def test_prose_is_several_words_that_hardly_repeat() -> None:
    """Sentences are free text; codes and repeated phrases are not."""
    assert is_free_text(["the card was declined twice", "please call me back today"])
    assert not is_free_text(["open", "closed"])
    assert not is_free_text(["the very same long sentence again"] * 50)
    assert not is_free_text([])


def test_fixed_forms_are_found_without_a_finder() -> None:
    """E-mail, telephone, card and IBAN are found in running text."""
    texts = [
        "write to jana@example.org or call +44 20 7946 0123 before noon",
        "card 4111 1111 1111 1111 and account DE89 3704 0044 0532 0130 00 are mine, "
        "call +44 20 7946 0124 or mail eva@example.org",
        "again 4111111111111111 and DE89370400440532013000",
    ]
    assert read_free_text(texts, None).categories == (
        "user.contact.email",
        "user.contact.phone_number",
        "user.financial.bank_account",
        "user.financial.credit_card",
    )


def test_a_finder_adds_what_it_finds_often_and_surely() -> None:
    """Unsure findings, findings without a category and rare ones do not count."""
    found = read_free_text(["Jana was here"] * 5 + ["nobody was here"] * 5, _CapitalFinder())
    assert found.categories == ("user.name",)
    assert read_free_text(["Jana"] + ["nobody"] * 9, _CapitalFinder()).categories == ()


def test_words_of_illness_are_counted() -> None:
    """Texts with words of illness or treatment are counted, in several languages."""
    texts = ["off sick with the flu", "krank gemeldet", "nemocenská", "annual holiday"]
    assert read_free_text(texts, None).health == 3
