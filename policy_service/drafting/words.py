"""Words of prose and of identifiers in one comparable form.

Not a linguistic stemmer: plural endings only, so that `loans`, `loan` and the
table `LOAN_2` meet, and `loan` never meets `loaned`.
"""

import re
from functools import cache

_WORD = re.compile(r"[a-z0-9]+(?:'s?)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z]+")
_MIN_PREFIX = 4  # `cust` is customer, `car` may be anything
_IRREGULAR = {"people": "person", "persons": "person", "analyses": "analysis", "series": "series"}


@cache
def stem(word: str) -> str:
    """Bring one word to lower case and to the singular."""
    word = word.lower().removesuffix("'s").removesuffix("'")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def words(text: str) -> tuple[str, ...]:
    """List the words of a text as they stand, in lower case and in order."""
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


@cache
def name_words(name: str) -> tuple[str, ...]:
    """Split an identifier (`loanApplications_2`) into stems: `loan`, `application`."""
    parts = (piece for part in _SPLIT.split(name) for piece in _CAMEL.split(part))
    return tuple(stem(part) for part in parts if part)


@cache
def same_thing(word: str, name_word: str) -> bool:
    """Tell whether a stem of prose names the same thing as a stem of an identifier.

    Abbreviated identifiers count: `disp` for disposition, `cust` for customer.
    """
    if word == name_word:
        return True
    short, long = sorted((word, name_word), key=len)
    return len(short) >= _MIN_PREFIX and long.startswith(short)


def human(name: str) -> str:
    """Write an identifier as people would say it."""
    return " ".join(name_words(name)) or name
