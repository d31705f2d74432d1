"""Long texts cut into windows that overlap, and damaged characters made harmless.

Offsets never change: each character stays one character. What a window finds counts
where the window owns the first character, so a span at a cut is found once, and whole
up to the overlap.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policy_service.engines.text.spans import TextSpan

SIZE: Final = 4_000  # characters
OVERLAP: Final = 400
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RUNS = re.compile(r"[^\w\s]{33,}")  # spaCy's tokens of it would take quadratic time


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`text` begins at `start` of the whole, and owns the characters `low:high` of the whole."""

    text: str
    start: int
    low: int
    high: int


def clean(text: str) -> str:
    """Replace lone surrogates, control characters and long runs of signs, one for one."""
    plain = _CONTROLS.sub(" ", _SURROGATES.sub("\ufffd", text))
    return _RUNS.sub(lambda run: " " * len(run[0]), plain)


def cut(text: str) -> Iterator[Window]:
    """Cut a clean text; one that fits is one window."""
    low = 0
    while True:
        start = max(low - OVERLAP // 2, 0)
        end = start + SIZE
        if end >= len(text):
            yield Window(text=text[start:], start=start, low=low, high=len(text))
            return
        high = _white_space(text, end - OVERLAP // 2)
        yield Window(text=text[start:end], start=start, low=low, high=high)
        low = high


def stitch(parts: Sequence[tuple[Window, Sequence[TextSpan]]]) -> tuple[TextSpan, ...]:
    """Return the spans of the whole text from those of its windows, in their order."""
    whole: list[TextSpan] = []
    for window, spans in parts:
        for span in spans:
            start, end = span.start + window.start, span.end + window.start
            if window.low <= start < window.high and (not whole or start >= whole[-1].end):
                whole.append(replace(span, start=start, end=end))
    return tuple(whole)


def _white_space(text: str, place: int) -> int:
    """Return the last place after white space before `place`, at most a quarter overlap back."""
    for at in range(place, place - OVERLAP // 4, -1):
        if text[at - 1].isspace():
            return at
    return place
