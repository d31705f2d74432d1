"""Telephone numbers and addresses of the net as texts write them.

Written for recall beside Presidio's own recognisers: telephone numbers go by shape and
by the words beside them, since a number without its country cannot be checked by its
numbering plan; domains go by the packaged list of public suffixes, never downloaded.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, cue

if TYPE_CHECKING:
    from tldextract import TLDExtract

_BESIDE = 30
_EXTENSION = r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?"
_NUMBER = re.compile(
    r"(?<![\w/.:#-])(?:\+|00)?(?:\(\+?\d{1,4}\)|\d)"
    r"(?:[ \u00a0./-]{0,2}(?:\(\d{1,4}\)|\d)){5,14}"
    rf"{_EXTENSION}(?![\w/:-]*\d)(?!\w)"
)
_DATE = re.compile(r"(?:1[89]|20)\d\d[-/.]\d\d[-/.]\d\d|\d{1,2}([/.-])\d{1,2}\1(?:1[89]|20)\d\d")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_GROUPED = re.compile(r"[ \u00a0./()-]")
_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:(?P<scheme>[a-z]{2,10}://)(?:[^\s/@<>\"']{1,60}@)?)?"
    r"(?P<host>(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24})(?::\d{2,5})?(?:[/?#][^\s<>\"')]{0,2000})?"
    r"(?![\w@])",
    re.IGNORECASE,
)
_FILES = frozenset({"cc", "md", "mov", "ps", "py", "rs", "sh", "so", "zip"})  # suffixes too


class Contacts:
    """Finds telephone numbers and domains, by the words of some languages."""

    def __init__(self, words: Words) -> None:
        self._cue = re.compile(cue(words.phone_cues), re.IGNORECASE)
        self._not_cue = re.compile(
            cue((*words.card_cues, *words.account_cues, *words.licence_cues, *words.postcode_cues)),
            re.IGNORECASE,
        )

    def find(self, text: str) -> Iterator[Found]:
        """Yield what is found, overlaps included."""
        for match in _NUMBER.finditer(text):
            score = self._phone_score(text, match)
            if score:
                yield _found(match, "PHONE_NUMBER", score)
        for match in _DOMAIN.finditer(text):
            end = match.start() + len(match[0].rstrip(".,;:!?"))
            if _is_address(match):
                yield Found(start=match.start(), end=end, entity="URL", score=0.6)

    def _phone_score(self, text: str, match: re.Match[str]) -> float:
        """Return how sure it is that the match is a telephone number; 0: it is none."""
        value = match[0]
        digits = sum(character.isdigit() for character in re.split(r"[xe]", value)[0])
        if not 6 <= digits <= 15 or _DATE.fullmatch(value) or _IP.fullmatch(value):
            return 0.0
        before = text[max(0, match.start() - _BESIDE) : match.start()]
        after = text[match.end() : match.end() + _BESIDE // 2]
        if self._cue.search(before) or self._cue.match(after.lstrip(" -,:(")):
            return 0.8
        if self._not_cue.search(before):
            return 0.0
        if value[0] in "+(" or value.startswith("00"):
            return 0.7
        grouped = len(_GROUPED.findall(value))
        if digits >= 7 and (grouped >= 2 or (grouped and value[0] == "0")):
            return 0.5
        return 0.0


def _found(match: re.Match[str], entity: str, score: float) -> Found:
    return Found(start=match.start(), end=match.end(), entity=entity, score=score)


def _is_address(match: re.Match[str]) -> bool:
    """Tell whether a name with dots is an address of the net and not a file or two sentences."""
    if match["scheme"]:
        return True
    host = match["host"]
    last = host.rpartition(".")[2]
    if (last[0].isupper() and not host.isupper()) or last.lower() in _FILES:
        return False
    return bool(suffixes()(host).top_domain_under_public_suffix)


@cache
def suffixes() -> "TLDExtract":
    """Return the packaged list of public suffixes; it is never downloaded nor cached on disk."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None)
