"""Partial masks: the ends stay, everything between becomes a bullet.

Characters are counted without separators, so `4111-1111-1111-1234` with `last=4`
keeps its hyphens and four digits.
"""

from policy_service.masking.canonical_text import text_of

BULLET = "•"
SEPARATORS = " -./:@_+(),"  # stay visible; everything else counts as content
MINIMUM_HIDDEN = 3  # a value that would hide fewer characters is hidden whole


def partial(value: object, *, first: int, last: int) -> str | None:
    """Hide all but the `first` and `last` characters of the value's text; `None` stays.

    Requires `first` and `last` of at least 0. Length and separators are preserved.
    """
    text = text_of(value)
    if text is None:
        return None
    content = [place for place, one in enumerate(text) if one not in SEPARATORS]
    if not content:
        return BULLET * len(text)
    hidden = content
    if len(content) - first - last >= MINIMUM_HIDDEN:
        hidden = content[first : len(content) - last]
    masked = list(text)
    for place in hidden:
        masked[place] = BULLET
    return "".join(masked)
