"""Names of people and organisations, titles, jobs and origins, by the words beside them.

What grammar shows without a model: a title makes the next large word a name, `Ltd.`
makes the words before it a company. Models find the rest; where one disagrees, fusion
decides by score.
"""

import re
from collections.abc import Iterator

from policy_service.engines.text.given_names import COMMON_WORDS, GIVEN_NAMES
from policy_service.engines.text.places import AMBIGUOUS, PEOPLES
from policy_service.engines.text.shapes import INITIAL, LARGE, PARTICLE, UPPER
from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, alternatives, cue
from policy_service.kit.folding import folded

_NAME_WORD = rf"(?<!\w)[{UPPER}](?:[^\W\d_]|[’'-](?=[^\W\d_])){{1,30}}"
_REST = rf"(?: (?:{INITIAL} |{PARTICLE} ){{0,2}}{_NAME_WORD}){{0,3}}"
NAME = rf"{_NAME_WORD}{_REST}"
# Cues after which even a word written small is a name.
_SURE = ("my name is", "name is", "is named", "named", "is called", "call me", "maiden name is")
_SMALL = """
the a an i it he she we you they this that there here what who how why when where is are was not my
your his her our their in on at to of and or for please thanks yes no ok hello mr mrs ms dr sir all
some any one im ich sie er je il elle nous vous pan paní ten ta
"""
_NOT_NAMES = frozenset(_SMALL.split())


class People:
    """Finds who is named and what is said of them, by the words of some languages."""

    def __init__(self, words: Words) -> None:
        self._not_names = _NOT_NAMES | {
            word.lower() for word in (*words.months, *words.weekdays, *words.function_words)
        }
        one = rf"(?i:{alternatives(words.titles)})(?!\w)\.?"
        title = rf"(?<!\w)(?P<title>{one}(?:[ \t]{{1,3}}{one}){{0,2}})"
        self._titled = re.compile(rf"{title}[ \t]{{1,3}}(?P<name>{NAME})")
        said = rf"(?i:{cue(words.name_cues)})[ \t]{{0,4}}:?[ \t]{{1,8}}"
        self._cued = re.compile(rf"{said}(?P<name>{NAME})")
        self._sure = re.compile(
            rf"{cue(_SURE)}:? (?P<name>[^\W\d_]{{2,30}}(?: [^\W\d_]{{2,30}})?)(?=\W*$|[.,;!?\n])",
            re.IGNORECASE,
        )
        self._greeted = re.compile(
            rf"(?:^|[\n.!?] {{0,3}})(?i:{alternatives(words.greetings)}),?\s{{1,3}}(?P<name>{NAME})"
        )
        self._named = re.compile(NAME)
        self._company = _companies(words)
        self._employer = re.compile(
            rf"(?i:{cue(words.employer_cues)})[ \t]{{1,4}}(?P<name>{LARGE}(?: {LARGE}){{0,3}})"
        )
        self._job = _jobs(words)
        self._origin = re.compile(rf"{cue(PEOPLES)[:-6]}s?(?!\w)", re.IGNORECASE)

    def find(self, text: str) -> Iterator[Found]:
        """Yield what is found, overlaps included."""
        for match in self._titled.finditer(text):
            yield _span(match, "title", "TITLE", 0.45)
            yield _span(match, "name", "PERSON", 0.95)
        for pattern, score in ((self._cued, 0.55), (self._sure, 0.6), (self._greeted, 0.6)):
            for match in pattern.finditer(text):
                if match["name"].split()[0].lower() not in self._not_names:
                    yield _span(match, "name", "PERSON", score)
        yield from self._by_given_name(text)
        for match in self._company.finditer(text):
            yield Found(start=match.start(), end=match.end(), entity="ORGANIZATION", score=0.93)
        for match in self._employer.finditer(text):
            yield _span(match, "name", "ORGANIZATION", 0.6)
        for pattern in self._job:
            for match in pattern.finditer(text):
                yield _span(match, "job", "JOB_TITLE", 0.5)
        yield from self._origins(text)

    def _by_given_name(self, text: str) -> Iterator[Found]:
        for match in self._named.finditer(text):
            first, _, rest = match[0].partition(" ")
            name = folded(first)
            if name not in GIVEN_NAMES or (name in COMMON_WORDS and not rest):
                continue
            yield Found(
                start=match.start(), end=match.end(), entity="PERSON", score=0.6 if rest else 0.5
            )

    def _origins(self, text: str) -> Iterator[Found]:
        for match in self._origin.finditer(text):
            plain = match[0].lower()
            if match[0][0].isupper() or not {plain, plain.removesuffix("s")} & AMBIGUOUS:
                yield Found(start=match.start(), end=match.end(), entity="NRP", score=0.92)


def _companies(words: Words) -> re.Pattern[str]:
    """Return words written large (or joined by commas) that end as a company's name does."""
    legal = alternatives(one for one in words.company_ends if "." in one)
    plain = [one for one in words.company_ends if "." not in one]
    large = alternatives(form for one in plain for form in _as_written(one))
    joined = r"(?:,? (?:and|&|und|et) |, | )"
    within = rf"(?:{joined}{LARGE}| (?:{PARTICLE} ){{1,2}}{LARGE}){{0,4}}"
    small = r"(?: [^\W\d_]{2,20}){0,2}"  # "Zelený dům s.r.o."
    return re.compile(rf"{LARGE}{within}(?:{small},? (?i:{legal})|,? {large})(?!\w)")


def _as_written(end: str) -> tuple[str, ...]:
    """Return how the end of a company's name is written: large, or as a sign."""
    return (end, end.upper()) if end[0].isupper() else (end.title(), end.upper())


def _jobs(words: Words) -> tuple[re.Pattern[str], ...]:
    ends = rf"{alternatives(words.job_ends)}s?(?!\w)"
    modifiers = r"(?:[^\W\d_][\w'’-]{1,20},? (?:and )?){0,5}"
    told = rf"(?i:{cue(words.job_cues)}):?[ \t]{{1,4}}(?:(?:an?|the|une?|eine?)[ \t])?"
    worked = rf"(?i:{cue(words.employer_cues)}) [^\n.;]{{1,40}}? as (?:an?[ \t])?"
    return (
        re.compile(rf"{told}(?P<job>(?i:{modifiers}{ends}))"),
        re.compile(rf"{worked}(?P<job>[^\W\d_][^\n.;:]{{2,40}}?)(?=, (?:but|and)|[.;\n]|$)"),
        re.compile(rf"(?:^|\n)[ \t]{{0,4}}(?P<job>(?i:{modifiers}{ends}))[ \t]{{0,4}}(?=\n|$)"),
    )


def _span(match: re.Match[str], group: str, entity: str, score: float) -> Found:
    start, end = match.span(group)
    return Found(start=start, end=end, entity=entity, score=score)
