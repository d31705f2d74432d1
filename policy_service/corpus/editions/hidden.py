"""Characters that nobody sees, taken out of imported text and counted.

A draft quotes text letter for letter, and people approve what they read: so what they cannot
read must not be in it. Source: Unicode Technical Report 36 (security), and the tag characters
(U+E0000) that carry invisible instructions.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

# Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul and Khmer fillers,
# Mongolian separators, zero widths, bidirectional controls, invisible operators, byte order
# mark, annotations, variation selectors, tags; and control characters without tab and feed.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]"
)


@dataclass(slots=True, kw_only=True)
class Cleaning:
    """Takes hidden characters out of one edition's texts and remembers which there were."""

    removed: Counter[str] = field(default_factory=Counter)

    def clean(self, text: str) -> str:
        """Return the text without hidden characters; what is left is letter for letter."""
        if not _HIDDEN.search(text):
            return text
        self.removed.update(_HIDDEN.findall(text))
        return "\n".join(" ".join(line.split()) for line in _HIDDEN.sub("", text).split("\n"))

    def notes(self) -> tuple[str, ...]:
        """Say what was removed, one line for all of it."""
        if not self.removed:
            return ()
        kinds = ", ".join(
            f"{count} x {_name(one)}" for one, count in sorted(self.removed.items())[:5]
        )
        more = f" and {len(self.removed) - 5} other kinds" if len(self.removed) > 5 else ""
        total = sum(self.removed.values())
        return (f"{total} hidden characters were removed: {kinds}{more}",)


def _name(character: str) -> str:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "control character").lower()
    return f"{code} {name}"
