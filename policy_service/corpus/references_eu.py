"""Cross-references as European acts write them: `points (a) and (b) of Article 6(1)`.

Reads where a text points to, as steps of ids; whether such a unit exists is decided in
`references.py`. Not a parser of case law, of the Treaties or of the Official Journal.
Source: the Interinstitutional style guide, "Reference to an act", and the joint practical
guide for drafting legislation, guideline 16.
"""

import re
from collections.abc import Iterator

from policy_service.corpus.mentions import HERE, Mention, Steps, span_of_numbers, split_markers

_MARK = r"\((?:[a-z]{1,4}|\d{1,2})\)"
_MARKS = rf"(?:{_MARK})+"
_JOIN = r"(?:,\s+and\s+|,\s+or\s+|,\s+|\s+and\s+|\s+or\s+|\s+to\s+)"
_MARK_LIST = rf"{_MARKS}(?:{_JOIN}{_MARKS})*"
_PARAGRAPH = rf"\d{{1,2}}[a-z]?(?:{_MARKS})?"
_PARAGRAPH_LIST = rf"{_PARAGRAPH}(?:{_JOIN}{_PARAGRAPH}(?![\w%]))*"
_ARTICLE = rf"\d{{1,3}}[a-z]?(?:\(\d{{1,2}}[a-z]?\))?(?:{_MARKS})?"
_MORE = rf"(?:(?:Articles?\s+)?{_ARTICLE}(?![\w%])|\(\d{{1,2}}\))"
_ARTICLE_LIST = rf"{_ARTICLE}(?:{_JOIN}{_MORE})*"
_ORDER = r"(?:first|second|third|fourth|fifth|sixth|last|introductory)"
_PART = rf"(?:the\s+)?{_ORDER}(?:{_JOIN}{_ORDER})*\s+(?:subparagraphs?|sentences?|part|wording)"
_OF = r"\s*,?\s+(?:of|in|to)\s+(?:the\s+)?"

_UNIT = re.compile(
    rf"""(?:
      (?:[Pp]oints?\s+(?P<points>{_MARK_LIST}|\d{{1,2}}(?:{_MARKS})?)
         (?:{_OF}|(?=\W|$)))?
      (?:{_PART}(?:{_OF}|(?=\W|$)))?
      (?:\b[Pp]aragraphs?\s+(?P<paragraphs>{_PARAGRAPH_LIST})(?:{_OF}|(?=\W|$)))?
      (?:(?:
          \bArticles?\s+(?P<articles>{_ARTICLE_LIST})
        | \bAnnex(?:es)?\s+(?P<annexes>[IVXL]+(?:{_JOIN}(?:Annex\s+)?[IVXL]+\b)*)
        | \b[Rr]ecitals?\s+(?P<recitals>\(?\d{{1,3}}\)?(?:{_JOIN}\(?\d{{1,3}}\)?)*)
        | \b(?P<here>this\s+(?:Article|Annex|paragraph|point))\b
      )
      (?:,?\s+{_PART})?
      (?:,?\s+\(?points?\s+(?P<after>{_MARK_LIST}|\d{{1,2}}(?:\.\d+)*(?:{_MARKS})?))?)?
    )""",
    re.VERBOSE,
)
_ACT = re.compile(
    r"""[\s,)]*(?:(?:of|to|in|under)\s+)?(?:
      (?P<this>this\s+(?:Regulation|Directive|Decision))
    | (?P<that>(?:that|those|the\s+latter|the\s+said)\s+(?:Regulation|Directive|Decision)s?)
    | (?:the\s+|Council\s+|Commission\s+|Delegated\s+|Implementing\s+|Framework\s+)*
      (?P<act>(?P<type>Regulation|Directive|Decision)s?\s+
        (?:\((?P<union>EU|EC|EEC|Euratom)(?:,\s*Euratom)?\)\s+)?(?:No\s+)?
        (?P<first>\d{2,4})/(?P<second>\d{1,4})(?:/(?:EC|EU|EEC|JHA))?)
    | (?P<treaty>(?:the\s+)?(?:Charter|TFEU|TEU|Treaty|Treaties|Convention|Protocol|Agreement
        |Statute|Staff\s+Regulations|Rules\s+of\s+Procedure)\b)
    )""",
    re.VERBOSE,
)
_FOREIGN = "?"  # an act that has no name here


def european_mentions(steps: Steps, text: str) -> Iterator[Mention]:
    """Yield what `text`, which stands at `steps`, refers to, in order of appearance."""
    last_act = ""
    found = [one for one in _UNIT.finditer(text) if one.group().strip()]
    for number, match in enumerate(found):
        act, last_act = _act_after(text, found, number, last_act)
        targets = tuple(_targets(steps, match, act))
        if targets:
            yield Mention(start=match.start(), act=act, targets=targets)


def celex_number(kind: str, first: str, second: str, *, numbered_first: bool) -> str:
    """Build the identifier of an act from its number: `celex:32016R0679`.

    Acts from 2015 on, and directives always, write the year first; older regulations
    write `No 182/2011`.
    """
    year, number = (second, first) if numbered_first else (first, second)
    full_year = year if len(year) == 4 else f"19{year}"
    letter = {"Regulation": "R", "Directive": "L", "Decision": "D"}[kind]
    return f"celex:3{full_year}{letter}{int(number):04d}"


def _act_after(
    text: str, found: list[re.Match[str]], number: int, last_act: str
) -> tuple[str, str]:
    """Name the act a unit belongs to by what follows it, or follows the list it stands in."""
    end = found[number].end()
    after = _ACT.match(text, end) or _ACT.match(text, len(text[:end].rstrip()))
    ahead = number
    while after is None and ahead + 1 < len(found) and found[ahead].group("articles"):
        between = text[found[ahead].end() : found[ahead + 1].start()]
        if not re.fullmatch(_JOIN, between) and between.strip() not in {"and", "or", ","}:
            break
        ahead += 1
        after = _ACT.match(text, found[ahead].end())
    if after is None or after.group("this"):
        return HERE, last_act
    if after.group("that"):
        return last_act or _FOREIGN, last_act
    if after.group("treaty"):
        return _FOREIGN, _FOREIGN
    name = _name_of(after)
    return name, name


def _name_of(act: re.Match[str]) -> str:
    first, second = act.group("first"), act.group("second")
    numbered_first = " No " in f" {act.group('act')} " or (
        len(second) == 4 and second[:2] in {"19", "20"} and int(first) < 1950
    )
    return celex_number(act.group("type"), first, second, numbered_first=numbered_first)


def _targets(steps: Steps, match: re.Match[str], act: str) -> Iterator[Steps]:
    here = act == HERE
    points = match.group("points") or match.group("after") or ""
    if recitals := match.group("recitals"):
        numbers = span_of_numbers(recitals.replace("(", "").replace(")", ""))
        yield from ((f"recital-{one}",) for one in numbers)
    elif annexes := match.group("annexes"):
        for one in re.findall(r"[IVXL]+", annexes.replace("Annex", "")):
            yield from _with_points((f"annex-{one.lower()}",), points)
    else:
        for base in _bases(steps, match, here=here):
            yield from _with_points(base, points)


def _bases(steps: Steps, match: re.Match[str], *, here: bool) -> Iterator[Steps]:
    """Yield the article or paragraph that the points of a reference lie in."""
    paragraphs = _paragraph_steps(match.group("paragraphs") or "")
    if articles := match.group("articles"):
        for article in _article_steps(articles):
            yield from ((*article, *one) for one in paragraphs or [()])
        return
    if not here or not steps or not steps[0].startswith(("art-", "annex-")):
        return
    if paragraphs:
        yield from ((steps[0], *one) for one in paragraphs)
    elif match.group("points"):
        numbered = len(steps) > 1 and steps[1][0].isdigit()
        yield steps[:2] if numbered and steps[0].startswith("art-") else steps[:1]


def _article_steps(text: str) -> list[Steps]:
    if re.search(r"\d\s+to\s+\d", text):
        return [(f"art-{one}",) for one in span_of_numbers(text)]
    found: list[Steps] = []
    for item in re.finditer(rf"{_ARTICLE}|\(\d{{1,2}}\)", text):
        number, *marks = _numbered(item.group())
        found.append((f"art-{number}" if number else found[-1][0], *marks))
    return found


def _paragraph_steps(text: str) -> list[Steps]:
    if re.search(r"\d\s+to\s+\d", text):
        return [(one,) for one in span_of_numbers(text)]
    return [_numbered(item.group()) for item in re.finditer(_PARAGRAPH, text)]


def _numbered(text: str) -> Steps:
    """Split `9(2)(a)` into `9`, `2`, `a`; the first is empty for `(4)`."""
    number, opened, rest = text.partition("(")
    return (number.strip(), *split_markers(opened + rest))


def _with_points(base: Steps, points: str) -> Iterator[Steps]:
    if not points:
        yield base
    elif points[0].isdigit():
        numbers, _, marks = points.partition("(")
        yield (*base, *numbers.split("."), *split_markers(f"({marks}" if marks else ""))
    elif run := re.fullmatch(r"\(([a-z])\)\s+to\s+\(([a-z])\)", points):
        letters = range(ord(run.group(1)), ord(run.group(2)) + 1)
        yield from ((*base, chr(one)) for one in letters)
    else:
        for item in re.finditer(_MARKS, points):
            yield (*base, *split_markers(item.group()))
