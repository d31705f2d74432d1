"""Which of the configured languages a text is in, by its function words.

Decides only which spaCy model reads it: rules and the token classifier read all
languages alike. Not a language detector: it chooses among a few that were named.
"""

import re
from collections.abc import Sequence

from policy_service.engines.text.words import WORDS

_WORD = re.compile(r"[^\W\d_]+")
_READ = 2_000  # characters


def choose_language(text: str, languages: Sequence[str]) -> str:
    """Return the language whose function words are the most; the first where none is."""
    if len(languages) == 1:
        return languages[0]
    words = _WORD.findall(text[:_READ].lower())
    counts = [
        sum(map(frozenset(WORDS[one].function_words).__contains__, words)) for one in languages
    ]
    return languages[counts.index(max(counts))]
