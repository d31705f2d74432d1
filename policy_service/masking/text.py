"""Masking inside free text: what a finder recognises is replaced as its category demands.

Not a recogniser: the finder is handed in. What it does not find stays in the
text, so text of a category that must not leak is denied or redacted whole. What is
found is masked exactly as it stands, as a table's cell is: case, white space and other
spellings of the same thing are not folded, here or there, so that one definition of
a pseudonym holds in every engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.values import REDACTED, mask_value

_REDACT = Control(operator=Operator.REDACT)


class Span(Protocol):
    """Where something was found: `text[start:end]` is of `category`, a fideslang key."""

    @property
    def start(self) -> int:
        """Where it begins, in characters."""
        ...

    @property
    def end(self) -> int:
        """Where it ends, one past the last character."""
        ...

    @property
    def category(self) -> str:
        """What it is: a fideslang key."""
        ...


class TextFinder(Protocol):
    """Finds what is personal in texts."""

    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """Return the spans found in each text, in the order of the texts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    start: int
    end: int
    control: Control


def mask_text(
    texts: Sequence[str | None],
    *,
    finder: TextFinder,
    control_for: Callable[[str], Control],
    keys: MaskingKeys,
) -> list[str | None]:
    """Mask every span of every text by the control of its category; `None` stays `None`.

    Denied and nulled spans are redacted. Overlapping ones are masked together by
    their control, or redacted where their controls differ. Pseudonyms equal those
    of tables under the same key. Raises `MaskingError` and returns nothing where any
    text cannot be masked.
    """
    distinct = sorted({text for text in texts if text is not None})
    try:
        found = finder.find(distinct)
        masked = {
            text: _masked(text, spans, control_for, keys)
            for text, spans in zip(distinct, found, strict=True)
        }
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError("text cannot be searched for personal data; it is withheld") from error
    return [None if text is None else masked[text] for text in texts]


def masked_span(value: str, control: Control, *, keys: MaskingKeys) -> str:
    """Show what was found in a text as its control demands; what has no text is redacted."""
    if control.operator in (Operator.DENY, Operator.NULL):
        return REDACTED
    masked = mask_value(value, control, keys=keys)
    return REDACTED if masked is None else str(masked)


def _masked(
    text: str, spans: Sequence[Span], control_for: Callable[[str], Control], keys: MaskingKeys
) -> str:
    parts, at = [], 0
    for cut in _cuts(text, spans, control_for):
        shown = masked_span(text[cut.start : cut.end], cut.control, keys=keys)
        parts += [text[at : cut.start], shown]
        at = cut.end
    return "".join([*parts, text[at:]])


def _cuts(text: str, spans: Sequence[Span], control_for: Callable[[str], Control]) -> list[_Cut]:
    cuts: list[_Cut] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end, one.category)):
        if not 0 <= span.start < span.end <= len(text):
            raise MaskingError("a span lies outside its text; the text is withheld")
        control = control_for(span.category)
        if control.operator is Operator.CLEAR:
            continue
        if cuts and span.start < cuts[-1].end:
            last = cuts.pop()
            end = max(last.end, span.end)
            shared = control if control == last.control else _REDACT
            cuts.append(_Cut(start=last.start, end=end, control=shared))
        else:
            cuts.append(_Cut(start=span.start, end=span.end, control=control))
    return cuts
