"""Postal addresses, over several lines, and places named as such.

An address is found by its anchor (a street with a number, a box, a flat) and then read
on over what may follow it: flat, town, region, code, country. The order of the parts is
that of the S42 templates of the Universal Postal Union, both ways round. Not a gazetteer:
a town alone is left to the models unless a word beside it says that it is a place.
"""

import re
from collections.abc import Iterator

from policy_service.engines.text.places import AMBIGUOUS, COUNTRIES
from policy_service.engines.text.shapes import LARGE, NUMBER, PARTICLE, PLACE_NAME, UPPER
from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, alternatives, cue

_PARTS = 8
_CODE = (
    r"(?:\d{3} \d{2}|\d{4,6}(?:-\d{3,4})?|\d{4} ?[A-Z]{2}|[A-Z]{1,2}-\d{4,5}|"
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)"
)
_REGION = r"[A-Z]{2,3}(?![\w'])"
_COUNTRY = cue(COUNTRIES)
_MILITARY = r"(?<!\w)[AFD]PO,? A[AEP](?:,? \d{5})?(?!\w)"
_BREAK = r"[ \t]{0,8}[>|#*?]{0,3}"  # what quoting puts at the head of a line
_GAP = (
    rf"(?:,?[ \t]{{1,8}}|[ \t]{{0,8}},?[ \t]{{0,4}}(?:\n{_BREAK}[ \t]{{0,8}}){{1,3}},?[ \t]{{0,4}})"
)


class Addresses:
    """Finds addresses and places, by the words of some languages."""

    def __init__(self, words: Words) -> None:
        self._anchors = tuple(_anchors(words))
        self._next = re.compile(_continuation(words))
        self._after_cue = tuple(_after_cues(words))
        self._country = re.compile(_COUNTRY, re.IGNORECASE)

    def find(self, text: str) -> Iterator[Found]:
        """Yield what is found, overlaps included."""
        for anchor, score in self._anchors:
            for match in anchor.finditer(text):
                end = self._read_on(text, match.end())
                yield _located(match.start(), end, score)
        for after, score in self._after_cue:
            for match in after.finditer(text):
                start, end = match.span("place")
                yield _located(start, self._read_on(text, end), score)
        for match in self._country.finditer(text):
            if match[0].lower() not in AMBIGUOUS or match[0][0].isupper():
                yield _located(match.start(), match.end(), 0.7)

    def _read_on(self, text: str, end: int) -> int:
        """Return where the address ends that is known up to `end`."""
        for _ in range(_PARTS):
            match = self._next.match(text, end)
            if match is None:
                break
            end = match.end()
        ended = text[end - 1] == "." and text[end - 2].isdigit()
        return end - ended


def _anchors(words: Words) -> Iterator[tuple[re.Pattern[str], float]]:
    """Yield the shapes with which an address begins, each with its score."""
    ends = rf"(?i:{alternatives(words.street_ends)})(?!\w)\.?"
    starts = rf"(?<!\w)(?i:{alternatives(words.street_starts)})(?:(?<=[/'’.]) ?| )"
    tails = alternatives(words.street_tails)
    sign = r"(?:#|nr\.? |no\.? |č\. ?)?"
    flats = rf"(?<!\w)(?i:{alternatives(words.flats)})\.? ?{sign}\d{{1,6}}[a-zA-Z]?(?!\w)"
    many = rf"(?:{LARGE}\.? ){{1,4}}"
    of = rf"(?:{PARTICLE} ){{0,2}}"
    for pattern, score in (
        (rf"(?:{NUMBER},? ){{1,2}}(?:\d{{1,3}}\w{{2}} )?{many}{ends}(?: {NUMBER}\.?)?", 0.97),
        (rf"{many}{ends} {NUMBER}\.?", 0.95),
        (rf"{many}(?i:street|avenue|road|boulevard)(?!\w)", 0.75),
        (rf"(?:{NUMBER},? ){{0,2}}{starts}{of}{PLACE_NAME},? {NUMBER}\.?", 0.97),
        (rf"(?:{NUMBER},? ){{1,2}}{starts}{of}{PLACE_NAME}", 0.96),
        (
            rf"(?:{NUMBER} ){{0,2}}(?:{LARGE} ){{0,2}}[{UPPER}][\w-]{{1,30}}{tails}\.? {NUMBER}\.?",
            0.96,
        ),
        (rf"(?<![\w.,:/-])\d{{2,5}} {PLACE_NAME} {NUMBER}\.?", 0.93),
        (rf"(?<![\w.,:/-])\d{{2,5}} \d{{1,5}} {PLACE_NAME}", 0.9),
        (rf"(?<!\w)(?:(?:{NUMBER} )?(?i:p\.? ?o\.? ?box|box|psc|postfach) \d{{1,6}})(?!\w)", 0.9),
        (rf"(?<!\w)USS? ?(?:[NV]{{1,2}} )?{LARGE}(?=[\s,]{{1,4}}[AFD]PO)", 0.9),
        (rf"(?<!\w)(?:[A-Z]{{3,4}} )?{_MILITARY}", 0.92),
        (rf"(?:{NUMBER} )?{flats}", 0.9),
    ):
        yield re.compile(pattern), score


def _continuation(words: Words) -> str:
    """Return the shape of one more part of an address, its separator first."""
    flat = rf"(?i:{alternatives(words.flats)})\.? ?#?\d{{1,6}}[a-zA-Z]?(?!\w)"
    said = cue((*words.phone_cues, *words.birth, *words.card_cues, *words.account_cues))
    street = rf"(?!(?i:{said}))(?:{NUMBER} )?{PLACE_NAME} {NUMBER}\.?"
    closed = rf"(?=[ \t]{{0,4}}(?:[,.;?!)\n]|$|{_CODE}|{_REGION}|(?i:{_COUNTRY})))"
    town = rf"(?!(?i:{said}))(?:{_CODE} )?{PLACE_NAME}(?: \({PLACE_NAME}\))?{closed}"
    return (
        rf"{_GAP}(?:{flat}|{_MILITARY}|(?i:{_COUNTRY})(?: \({LARGE}\))?|{_CODE}|{_REGION}|"
        rf"{street}|{town})"
    )


def _after_cues(words: Words) -> Iterator[tuple[re.Pattern[str], float]]:
    """Yield what a word beside it makes a place or a code, as the group `place`."""
    said = rf"(?i:{cue(words.address_cues)})[ \t]{{0,4}}:?[ \t\n]{{1,8}}(?:the )?"
    code = cue(words.postcode_cues)
    yield re.compile(rf"{said}(?P<place>(?:{NUMBER} ){{0,2}}{PLACE_NAME} {NUMBER}\.?)"), 0.92
    yield re.compile(rf"{said}(?P<place>{PLACE_NAME})"), 0.45
    yield (
        re.compile(
            rf"(?i:{code})(?: is| code|:|\.|,| number)*[ \t]{{1,4}}"
            r"(?P<place>[A-Z]{0,2}\d[A-Z\d]{1,6}(?:[ -][A-Z\d]{2,4})?)(?!\w)"
        ),
        0.9,
    )
    yield (
        re.compile(
            r"(?<!\w)(?P<place>\d{5}-\d{3,4}|\d{4}-\d{3}|\d{3} \d{2}(?= [^\W\d_]))(?![\w-])"
        ),
        0.5,
    )


def _located(start: int, end: int, score: float) -> Found:
    return Found(start=start, end=end, entity="LOCATION", score=score)
