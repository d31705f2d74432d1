"""Cross-references as American codes and control catalogues write them.

`§ 164.306(a)`, `paragraph (b)(1) of this section` (Code of Federal Regulations),
`paragraph (2) of subdivision (a) of Section 1798.130` (California codes), `AC-2(3)` (NIST).
Reads where a text points to, as steps of ids; whether such a unit exists is decided in
`references.py`. Source: Document Drafting Handbook of the Office of the Federal Register,
chapter 3, and the Legislative Counsel's practice in California.
"""

import re
from collections.abc import Iterator

from policy_service.corpus.mentions import HERE, RUN_LIMIT, Mention, Steps, split_markers

_MARK = r"\((?:[A-Za-z]{1,4}|\d{1,2})\)"
_PATH = rf"{_MARK}(?:\s?{_MARK})*"
_JOIN = (
    r"(?:,?\s+and/or\s+|,\s+and\s+|,\s+or\s+|,\s+|\s+and\s+|\s+or\s+|\s+through\s+"
    r"|\s+to\s+|\s*[-–—]\s*)"
)
_PATHS = rf"{_PATH}(?:{_JOIN}{_PATH})*"
_NUMBER = r"\d{2,4}\.\d{1,4}(?:\.\d{1,3})?"
_SECTION = rf"{_NUMBER}(?:\s?{_PATH})?"
_SECTIONS = rf"{_SECTION}(?:{_JOIN}(?:§+\s*)?(?:{_SECTION}|{_PATH}))*"

_OF = r",?\s+(?:inclusive,\s+)?(?:of|in|under)\s+"
_STEP = rf"\b(?:[Cc]lause|[Ss]ubparagraph|[Pp]aragraph|[Ss]ubdivision|[Ss]ubsection)s?\s+{_PATHS}"

_UNIT = re.compile(
    rf"""(?<![Tt]his\s)(?:
      (?P<levels>{_STEP}(?:{_OF}{_STEP})*)
      (?:{_OF}(?P<outer>this\s+section|§\s*{_SECTION}|Section\s+{_SECTION}))?
    | (?:§+|\bSections?|\bsections?|\d+\s+CFR(?:\s+parts?)?)\s*(?P<sections>{_SECTIONS})
    | \b(?P<here>this\s+section)\b
    | \b(?P<control>[A-Z]{{2}}-\d{{1,2}})(?:\s?\((?P<enhancement>\d{{1,2}})\))?(?![\w-])
    )""",
    re.VERBOSE,
)
_LEVEL = re.compile(
    rf"([Cc]lause|[Ss]ubparagraph|[Pp]aragraph|[Ss]ubdivision|[Ss]ubsection)s?\s+({_PATHS})"
)
_DEPTH = {"subdivision": 1, "subsection": 1, "paragraph": 2, "subparagraph": 3, "clause": 4}
_ROMAN = re.compile(r"[ivxl]+\Z")


def american_mentions(steps: Steps, text: str) -> Iterator[Mention]:
    """Yield what `text`, which stands at `steps`, refers to, in order of appearance."""
    for match in _UNIT.finditer(text):
        if match.group("control"):
            targets = [_control(match)]
        elif match.group("sections"):
            targets = list(_section_steps(match.group("sections")))
        elif match.group("here"):
            targets = [steps[:1]] if steps else []
        else:
            targets = list(_level_steps(steps, match))
        if targets:
            yield Mention(start=match.start(), act=HERE, targets=tuple(targets))


def _control(match: re.Match[str]) -> Steps:
    control = match.group("control").lower()
    enhancement = match.group("enhancement")
    return (control, enhancement) if enhancement else (control,)


def _section_steps(text: str) -> Iterator[Steps]:
    before: Steps = ()
    joint = ""
    place = 0
    for item in re.finditer(rf"{_SECTION}|{_PATH}", text):
        joint, place = text[place : item.start()], item.end()
        number = re.match(_NUMBER, item.group())
        if number is None:
            before = (*before[:1], *_continued(before[1:], split_markers(item.group())))
            yield before
            continue
        after = (number.group(), *split_markers(item.group()[number.end() :]))
        if before and re.search(r"through|to|[-–—]", joint):
            yield from _run(before, after)
        before = after
        yield after


def _run(first: Steps, last: Steps) -> Iterator[Steps]:
    """Yield the sections between `164.308` and `164.312`, ends excluded."""
    part, _, start = first[0].partition(".")
    other, _, end = last[0].partition(".")
    if part == other and start.isdigit() and end.isdigit():
        between = range(int(start) + 1, min(int(end), int(start) + RUN_LIMIT))
        yield from ((f"{part}.{one}",) for one in between)


def _level_steps(steps: Steps, match: re.Match[str]) -> Iterator[Steps]:
    """Yield `paragraph (2) of subdivision (a) of Section 1798.130` from its outside in."""
    outer = match.group("outer") or ""
    number = re.search(_SECTION, outer)
    bases: list[Steps] = list(_section_steps(number.group())) if number else [steps[:1]]
    levels = [(kind.lower(), paths) for kind, paths in _LEVEL.findall(match.group("levels"))]
    for kind, paths in reversed(levels):
        items = _paths(paths)
        if not items or not bases[0]:
            return
        depth = _DEPTH[kind]
        relative = not outer and len(bases[0]) == 1 and depth > 1 and _is_deep(items[0][0])
        roots = [steps[:depth]] if relative else bases
        bases = [(*root, *one) for root in roots for one in items]
    yield from bases


def _is_deep(marker: str) -> bool:
    """Tell whether a marker cannot begin a section: those start with a letter, `(a)`."""
    return marker.isdigit()


def _paths(text: str) -> list[Steps]:
    found: list[Steps] = []
    place = 0
    for item in re.finditer(_PATH, text):
        joint, place = text[place : item.start()], item.end()
        markers = split_markers(item.group())
        path = _continued(found[-1], markers) if found else markers
        if found and re.search(r"through|to|[-–—]", joint):
            found.extend(_between(found[-1], path))
        found.append(path)
    return found


def _continued(before: Steps, markers: Steps) -> Steps:
    """Read `(2)` after `(a)(1)` as `(a)(2)`: it stands where its like stood."""
    for depth in range(len(before) - 1, -1, -1):
        if _alike(before[depth], markers[0]):
            return (*before[:depth], *markers)
    return markers


def _alike(left: str, right: str) -> bool:
    if left.isdigit() or right.isdigit():
        return left.isdigit() and right.isdigit()
    roman = bool(_ROMAN.match(left)) and bool(_ROMAN.match(right))
    letters = len(left) == 1 and len(right) == 1
    return roman or (letters and left < right)


def _between(first: Steps, last: Steps) -> Iterator[Steps]:
    """Yield the paths between `(a)(1)` and `(a)(5)`, ends excluded."""
    if len(first) != len(last) or first[:-1] != last[:-1]:
        return
    low, high = first[-1], last[-1]
    if low.isdigit() and high.isdigit():
        yield from ((*first[:-1], str(one)) for one in range(int(low) + 1, int(high)))
    elif len(low) == len(high) == 1:
        yield from ((*first[:-1], chr(one)) for one in range(ord(low) + 1, ord(high)))
