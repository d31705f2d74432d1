"""Free text: which columns are prose, and which personal data their texts hold.

Asks a text finder (Presidio, handed in) where there is one, and always looks for what
has a fixed form: e-mail addresses, card numbers, IBANs, telephone numbers. It counts
texts; it keeps none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.identifiers import DataCategory
from policy_service.kit.checksums import is_card_number, is_iban
from policy_service.kit.folding import folded

_WORD = re.compile(r"[^\W\d_][^\s]*")
_TEXTS = 60  # asked of the finder per column: about ten milliseconds each
_MIN_SCORE = 0.5
_MIN_SHARE = 0.05


class Span(Protocol):
    """One finding in a text."""

    @property
    def start(self) -> int:
        """Return where it begins."""
        ...

    @property
    def end(self) -> int:
        """Return where it ends, exclusive."""
        ...

    @property
    def category(self) -> str:
        """Return the fideslang category; empty where it is not personal."""
        ...

    @property
    def score(self) -> float:
        """Return how sure the finder is, 0-1."""
        ...


class TextFinder(Protocol):
    """Finds personal data in texts."""

    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """Return the findings of each text, in the order of the texts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFindings:
    """What the texts of one column hold: `categories` found often enough to count, sorted."""

    texts: int
    categories: tuple[DataCategory, ...]
    health: int  # texts with words of illness or treatment


def is_free_text(texts: Sequence[str]) -> bool:
    """Tell whether values are prose: several words, and hardly ever the same."""
    if not texts:
        return False
    words = sum(map(_count_words, texts)) / len(texts)
    return words >= 4.5 and len(set(texts)) > 0.3 * len(texts)


def _count_words(text: str) -> int:
    """Count words with a letter: a telephone number in five groups is no sentence."""
    return len(_WORD.findall(text))


def read_free_text(texts: Sequence[str], finder: TextFinder | None) -> TextFindings:
    """Look for what has a fixed form in every text; ask the finder about 60 of them."""
    fixed = Counter(category for text in texts for category in _fixed_forms(text))
    held = {category for category, count in fixed.items() if count >= min(2, len(texts))}
    if finder is not None:
        step = max(1, len(texts) // _TEXTS)
        held |= _found_often(finder, list(texts[::step][:_TEXTS]))
    return TextFindings(
        texts=len(texts),
        categories=tuple(sorted(DataCategory(one) for one in held if _personal(one))),
        health=sum(bool(_HEALTH.search(folded(text))) for text in texts),
    )


def _found_often(finder: TextFinder, texts: Sequence[str]) -> set[str]:
    found: Counter[str] = Counter()
    for hits in finder.find(texts):
        found.update({hit.category for hit in hits if hit.score >= _MIN_SCORE})
    needed = max(2 if len(texts) >= 5 else 1, _MIN_SHARE * len(texts))
    return {category for category, count in found.items() if count >= needed}


def _personal(category: str) -> bool:
    return category.startswith("user.")


_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("user.contact.email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*[A-Za-z]")),
    ("user.contact.phone_number", re.compile(r"(?<!\w)\+\d[\d ()-]{7,17}\d")),
)
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b")
_HEALTH = re.compile(
    r"\b(surger|operation|migraine|flu\b|fever|pregnan|depress|therap|hospital|diagnos|diabet|"
    r"asthma|sick|injur|fractur|doctor|clinic|medic|burnout|rehabilit|cancer|allerg|covid|"
    r"nemoc|horeck|lekar|krank|arzt|maladie|medecin)"
)


def _fixed_forms(text: str) -> set[str]:
    found = {category for category, pattern in _FORMS if pattern.search(text)}
    if any(is_card_number(match[0]) for match in _CARD.finditer(text)):
        found.add("user.financial.credit_card")
    if any(is_iban(match[0]) for match in _IBAN.finditer(text)):
        found.add("user.financial.bank_account")
    return found
