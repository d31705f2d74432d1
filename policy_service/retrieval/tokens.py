"""Words as lexical search counts them: lower case, few stop words, Snowball stems.

Source: the Snowball English stemmer (Porter 2). Question words such as what, how and
should stay in: they separate questions that ask for different sorts of duty.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import Stemmer

_STOP_TEXT = (
    "a an and are as at be been by can do does for from had has have if in into is it its "
    "of on or that the their then there these they this those to was were which will with"
)
STOP_WORDS = frozenset(_STOP_TEXT.split())
_WORD = re.compile(r"[^\W_]+(?:\.\d+)*")


class Tokeniser:
    """Splits text into stems. Make one a thread: the stemmer beneath keeps a cache."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english")

    def stems(self, text: str) -> list[str]:
        """Return the stems of `text` in order, stop words left out."""
        words = [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]
        return list(self._stemmer.stemWords(words))


def bigrams(stems: Sequence[str]) -> list[str]:
    """Pair each stem with the next one."""
    return [f"{one} {other}" for one, other in pairwise(stems)]
