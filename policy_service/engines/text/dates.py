"""Dates, times and ages in texts.

A date tied to a person is an identifier (45 CFR 164.514(b)(2)(i)(C)), and a text does
not say to whom a date belongs: so each calendar date, weekday and year is reported.
With a word of birth beside it, it is a date of birth. Durations, amounts and bare
numbers are not dates; an age is the number beside a word of age.
"""

import re
from collections.abc import Iterator

from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, alternatives, cue

_BIRTH_BEFORE = 40
_TIME = (
    r"(?:[T ,]{1,2}(?:at )?\d{1,2}:\d\d(?::\d\d)?(?:\.\d{1,9})?"
    r"(?: ?[ap]\.?m\.?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_YEAR = r"(?:1[89]|20)\d\d"
_AGES = range(121)


class Dates:
    """Finds dates and ages, by the words of some languages."""

    def __init__(self, words: Words) -> None:
        month = cue(words.months) + r"\.?"
        day = r"\d{1,2}(?:st|nd|rd|th|\.|er)?"
        ordinal = r"\d{1,2}(?:st|nd|rd|th|er)"
        dated = (
            rf"(?<![\w-]){_YEAR}-\d\d-\d\d{_TIME}(?![\w-])",
            rf"(?<![\w/.-])\d{{1,2}}([/.-]) ?\d{{1,2}}\1 ?(?:{_YEAR}|\d\d){_TIME}(?![\w/-])",
            rf"(?<![\w/.-]){_YEAR}([/.])\d{{1,2}}\1\d{{1,2}}{_TIME}(?![\w/-])",
            rf"(?<!\w){day} ?(?:of |de )?{month},? ?(?:de )?(?:{_YEAR}|'\d\d)?(?!\d)",
            rf"(?<!\w){month} (?:the )?{day},? ?(?:{_YEAR})?(?!\d)",
            rf"(?<!\w){month},? {_YEAR}(?!\d)",
        )
        self._dates = tuple(re.compile(form, re.IGNORECASE) for form in dated)
        weekday = rf"{cue(words.weekdays)}(?: (?:the )?{ordinal})?"
        self._weekdays = re.compile(weekday, re.IGNORECASE)
        self._birth = re.compile(rf"(?<!\w){alternatives(words.birth)}", re.IGNORECASE)
        self._years = (
            re.compile(rf"{cue(words.date_cues)}\s(?P<year>{_YEAR})(?![\w-])", re.IGNORECASE),
            re.compile(rf"(?<=\b[a-zA-Z] )(?P<year>{_YEAR})(?= [a-zA-Z])"),  # "a 2017 film"
        )
        self._ages = _ages(words)

    def find(self, text: str) -> Iterator[Found]:
        """Yield what is found, overlaps included."""
        for form in self._dates:
            for match in form.finditer(text):
                before = text[max(0, match.start() - _BIRTH_BEFORE) : match.start()]
                entity = "DATE_OF_BIRTH" if self._birth.search(before) else "DATE_TIME"
                end = match.start() + len(match[0].rstrip(" ,"))
                yield Found(start=match.start(), end=end, entity=entity, score=0.7)
        for match in self._weekdays.finditer(text):
            yield Found(start=match.start(), end=match.end(), entity="DATE_TIME", score=0.45)
        for form in self._years:
            for match in form.finditer(text):
                start, end = match.span("year")
                yield Found(start=start, end=end, entity="DATE_TIME", score=0.4)
        for form in self._ages:
            for match in form.finditer(text):
                if int(match["age"]) in _AGES:
                    start, end = match.span("age")
                    yield Found(start=start, end=end, entity="AGE", score=0.7)


def _ages(words: Words) -> tuple[re.Pattern[str], ...]:
    number = r"(?P<age>\d{1,3})"
    not_amount = (
        r"(?![\w.,:/%-]*\d)(?!\s?(?:%|percent|hours?|minutes?|days?|weeks?|months?|km|miles?))"
    )
    after = rf"(?<![\w.,:/-]){number}[\s-]?{alternatives(words.age_after)}(?!\w)"
    closed = r"(?=\W{0,3}(?:$|[.,;!?)\n]|\s(?:and|und|et|a)\b))"
    before = rf"{cue(words.age_before)}:?\s{number}(?!\w){not_amount}{closed}"
    return (
        re.compile(after, re.IGNORECASE),
        re.compile(before, re.IGNORECASE),
        re.compile(rf"(?<!\w)(?:age|aged|alter|âgée? de|věk):?\s{number}(?!\w)", re.IGNORECASE),
        re.compile(
            rf"\b(?:when|while) \w+ (?:was|were|is|turned) {number}(?=\W*(?:$|[.,;!?)]))",
            re.IGNORECASE,
        ),
    )
