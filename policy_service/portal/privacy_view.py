"""Pictures of a table's privacy: how many rows stand in classes of which size. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.privacy import CLASS_BANDS
from policy_service.portal.words import percent

_WIDTH = 24
_GAP = 6
_TALLEST = 40.0
_LOWEST = 1.5  # so that a share of one in a thousand can still be seen
_LOOKS = ("alone", "few", "few", "some", "many", "many")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBar:
    """One bar of the picture, in its units; `look` is a class of the style sheet."""

    x: int
    y: float
    height: float
    width: int
    label: str
    share: str
    look: str


def class_bars(found: QuasiIdentifier) -> tuple[ClassBar, ...]:
    """Draw the shares of the rows by class size; none for a catalogue of an older scan."""
    return tuple(
        ClassBar(
            x=place * (_WIDTH + _GAP),
            y=round(_TALLEST - _height(share), 2),
            height=round(_height(share), 2),
            width=_WIDTH,
            label=_band(place),
            share=percent(share),
            look=_LOOKS[place],
        )
        for place, share in enumerate(found.class_shares)
    )


def class_words(found: QuasiIdentifier) -> str:
    """Say the picture in words, for those who do not see it."""
    said = [
        f"{percent(share)} of the rows in classes of {_band(place)}"
        for place, share in enumerate(found.class_shares)
        if share > 0
    ]
    return "; ".join(said)


def combined_words(found: QuasiIdentifier) -> str:
    """Name the columns as code, with what they were coarsened to."""
    read_as = found.read_as or ("",) * len(found.columns)
    named = zip(found.columns, read_as, strict=True)
    return " + ".join(f"`{name}`" + (f" by {to}" if to else "") for name, to in named)


# What the template calls, each with a combination.
PICTURES: Mapping[str, Callable[[QuasiIdentifier], object]] = {
    "bars": class_bars,
    "spoken": class_words,
    "combined": combined_words,
}


def _height(share: float) -> float:
    return max(share * _TALLEST, _LOWEST) if share > 0 else 0.0


def _band(place: int) -> str:
    low = CLASS_BANDS[place]
    if place + 1 == len(CLASS_BANDS):
        return f"{low}+"
    high = CLASS_BANDS[place + 1] - 1
    return str(low) if high == low else f"{low}–{high}"
