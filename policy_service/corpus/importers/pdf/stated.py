"""What printed American texts state about themselves: their title and the date they hold from."""

import re
from collections.abc import Sequence

from policy_service.corpus.importers.office.front_matter import iso_date
from policy_service.corpus.importers.pdf.paragraphs import Paragraph

_DATED = re.compile(
    r"(?i)\b(?:as amended through|effective(?: date)?|current as of|as of|version of)\s*:?\s*"
)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|[A-Za-z]{3,9}\.? \d{1,2}, \d{4}|\d{1,2} [A-Za-z]{3,9} \d{4}")
_FIRST_PAGES = 2
_LONGEST_TITLE = 200


def stated_version(paragraphs: Sequence[Paragraph]) -> tuple[str, str]:
    """Return the words that date a text and the ISO date, empty where nothing does.

    American texts write the month first: 01/02/2025 is the second of January.
    """
    for paragraph in paragraphs:
        if paragraph.page > _FIRST_PAGES:
            break
        text = paragraph.text.text
        for found in _DATED.finditer(text):
            date = _AMERICAN.match(text, found.end()) or _DATE.match(text, found.end())
            day = _iso(date[0]) if date else ""
            if date and day:
                return text[found.start() : date.end()], day
    return "", ""


def _iso(text: str) -> str:
    american = _AMERICAN.fullmatch(text)
    if american:
        return iso_date(f"{american[3]}-{int(american[1]):02}-{int(american[2]):02}")
    return iso_date(text.replace(".", ""))


def stated_title(paragraphs: Sequence[Paragraph]) -> str:
    """Return what the first page is headed with: its largest letters, else its first words."""
    first = [one for one in paragraphs if one.page == paragraphs[0].page]
    largest = max(one.size for one in first)
    usual = min(one.size for one in first)
    if largest > usual + 1.0:
        shown = [one for one in first if one.size > largest - 1.0]
    else:
        shown = [one for one in first if one.is_bold][:1] or first[:1]
    title = " ".join(one.text.text for one in shown[:3])
    return title if len(title) <= _LONGEST_TITLE else ""
