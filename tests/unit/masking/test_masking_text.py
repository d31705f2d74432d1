"""Masking in text follows the control of each category, and withholds on any failure."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.masking.text import mask_text
from policy_service.masking.values import mask_value


class Keys:
    def key(self, name: str) -> bytes:
        if name == "absent":
            raise KeyError(name)
        return hashlib.sha256(name.encode()).digest()


@dataclass
class Span:
    start: int
    end: int
    category: str


@dataclass
class Finder:
    """Finds given words."""

    words: dict[str, str]
    fails: bool = False

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        if self.fails:
            raise RuntimeError("no model")
        return [
            [
                Span(text.index(word), text.index(word) + len(word), category)
                for word, category in self.words.items()
                if word in text
            ]
            for text in texts
        ]


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = {
    "name": control("pseudonymise", key="p"),
    "mail": control("redact"),
    "place": CLEAR,
    "secret": DENY,
    "gone": control("null"),
    "card": control("partial", last=4),
    "broken": control("pseudonymise", key="absent"),
}


def mask(texts: Sequence[str | None], words: dict[str, str]) -> list[str | None]:
    """Mask with a finder of given words."""
    return mask_text(texts, finder=Finder(words), control_for=CONTROLS.__getitem__, keys=Keys())


def test_each_category_gets_its_own_mask() -> None:
    """Every span is shown as its category's control demands; the rest stays."""
    words = {"Anna": "name", "a@b.c": "mail", "Brno": "place", "4111111111111234": "card"}
    name = mask_value("Anna", CONTROLS["name"], keys=Keys())
    texts = ["Anna of Brno, a@b.c, 4111111111111234.", None, "nothing"]
    assert mask(texts, words) == [
        f"{name} of Brno, [redacted], ••••••••••••1234.",
        None,
        "nothing",
    ]


@pytest.mark.parametrize("category", ["secret", "gone"])
def test_denied_and_nulled_spans_are_redacted(category: str) -> None:
    """A span that may not be seen leaves the mark in its place."""
    assert mask(["my xyz here"], {"xyz": category}) == ["my [redacted] here"]


def test_overlapping_spans_are_masked_together() -> None:
    """Overlapping spans are masked as one by the control they share, else redacted as one."""
    whole = mask_value("Anna Nova", CONTROLS["name"], keys=Keys())
    assert mask(["to Anna Nova"], {"Anna N": "name", "Nova": "name"}) == [f"to {whole}"]
    for other in ("mail", "secret", "gone", "card"):
        words = {"Anna N": "name", "a Nova": "name", "Nova": other}
        assert mask(["to Anna Nova"], words) == ["to [redacted]"]
        words = {"Anna N": other, "a Nova": "name", "Nova": "name"}
        assert mask(["to Anna Nova"], words) == ["to [redacted]"]


@pytest.mark.parametrize(
    ("finder", "error"),
    [
        (Finder({}, fails=True), MaskingError),
        (Finder({"xyz": "broken"}), KeyUnavailableError),
        (Finder({"xyz": "unknown"}), MaskingError),
    ],
)
def test_failures_withhold_the_text(finder: Finder, error: type[Exception]) -> None:
    """A finder that fails, a key or a control that is missing returns no text."""
    with pytest.raises(error):
        mask_text(["a xyz"], finder=finder, control_for=CONTROLS.__getitem__, keys=Keys())


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 99), (3, 3)])
def test_spans_outside_the_text_withhold_it(start: int, end: int) -> None:
    """A span that does not fit its text means that the finder cannot be trusted."""

    class Odd:
        def find(self, texts: Sequence[str]) -> list[list[Span]]:
            return [[Span(start, end, "mail")] for _ in texts]

    choose: Callable[[str], Control] = CONTROLS.__getitem__
    with pytest.raises(MaskingError, match="outside"):
        mask_text(["abcde"], finder=Odd(), control_for=choose, keys=Keys())
