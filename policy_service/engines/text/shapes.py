"""Shapes of words that several rules share: large first letters, names, numbers of houses.

Pieces of regular expressions, all bounded, so that no text makes a match slow.
"""

import sys
from itertools import groupby
from typing import Final


def _letters_above() -> str:
    """Return the capital letters of all alphabets as the inside of a character class."""
    capitals = [code for code in range(sys.maxunicode) if chr(code).isupper()]
    runs = []
    for _, run in groupby(enumerate(capitals), lambda pair: pair[1] - pair[0]):
        codes = [code for _, code in run]
        runs.append((codes[0], codes[-1]))
    return "".join(
        chr(low) if low == high else f"{chr(low)}-{chr(high)}" for low, high in runs if low < 0x2C00
    )


UPPER: Final = _letters_above()
LARGE: Final = rf"(?<!\w)[{UPPER}][\w'’-]{{0,40}}(?!\w)"  # one word written large
INITIAL: Final = rf"[{UPPER}]\.?(?!\w)"
PARTICLE: Final = (
    "(?:de|del|della|delle|di|da|do|dos|das|du|des|la|le|les|van|von|der|den|het|ter|op|of|the|y|"
    "al|el|los|las|på|na|nad|pod|u|am|an|im|bei|och|og|sur|sous|bin|ibn|zu|zum|auf)"
)
PLACE_NAME: Final = rf"{LARGE}\.?(?:[ -](?:{PARTICLE} ){{0,2}}{LARGE}\.?){{0,3}}"
NUMBER: Final = r"(?<![\w.,])\d{1,6}[a-zA-Z]?(?:[-/]\d{1,4}[a-zA-Z]?)?(?!\w)"
