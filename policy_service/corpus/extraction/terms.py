"""A small notation for terms of law, and its translation to regular expressions.

`limit* … access` means a word that begins with `limit`, then `access` after at most five
words; `(mask|redact)*` is a choice. Words may be joined by blanks or hyphens, `re ?use` also
by nothing, and letters may be large or small.
"""

import re

_GAP = r"(?:\W+\w+){0,5}?\W+"


def compile_terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Compile a list of terms to one pattern that finds any of them."""
    return re.compile("|".join(f"(?:{_expression(one)})" for one in terms), re.IGNORECASE)


def _expression(term: str) -> str:
    pattern = term.replace(" … ", "\0").replace("*", r"\w*").replace(" ?", r"\W*")
    pattern = pattern.replace(" ", r"\W+")
    return r"\b" + pattern.replace("\0", _GAP) + r"\b"
