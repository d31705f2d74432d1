"""What Word's styles say of a paragraph: heading level, list, hidden; along their ancestry."""

import re
from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.office.docx_text import W, is_on, value_of

_HEADING = re.compile(r"^heading ([1-9])$", re.IGNORECASE)
_TITLE = re.compile(r"^title$", re.IGNORECASE)
_MOST_ANCESTORS = 12


class Styles:
    """The styles of one document. Built-in names are English in every language of Word."""

    def __init__(self, part: etree._Element) -> None:
        self._by_id = {
            style.get(f"{W}styleId") or "": style for style in part.iterfind(f"{W}style")
        }
        self.default = next(
            (
                name
                for name, style in self._by_id.items()
                if style.get(f"{W}type") == "paragraph"
                and style.get(f"{W}default") in ("1", "true")
            ),
            "",
        )
        self.hidden = {name: self.is_hidden(name) for name in self._by_id}

    def heading_level(self, properties: etree._Element | None, style: str) -> int:
        """Return the level: 1 for a title, from 2 for headings, 0 for text."""
        if own := value_of(properties, "outlineLvl"):
            return _outline_level(own)
        for one in self._ancestry(style):
            name = value_of(one, "name")
            if _TITLE.match(name):
                return 1
            if match := _HEADING.match(name):
                return int(match[1]) + 1  # below a title
            if level := value_of(one.find(f"{W}pPr"), "outlineLvl"):
                return _outline_level(level)
        return 0

    def numbering(self, style: str) -> tuple[str, str]:
        """Return the list and level that a style gives its paragraphs; empty for none."""
        for one in self._ancestry(style):
            numbers = one.find(f"{W}pPr/{W}numPr")
            if numbers is not None and (list_id := value_of(numbers, "numId")):
                return list_id, value_of(numbers, "ilvl")
        return "", ""

    def is_hidden(self, style: str) -> bool:
        """Say whether a style hides its text."""
        for one in self._ancestry(style):
            properties = one.find(f"{W}rPr")
            if properties is not None and properties.find(f"{W}vanish") is not None:
                return is_on(properties, "vanish")
        return False

    def _ancestry(self, style: str) -> Iterator[etree._Element]:
        for _ in range(_MOST_ANCESTORS):
            found = self._by_id.get(style)
            if found is None:
                return
            yield found
            style = value_of(found, "basedOn")


def _outline_level(value: str) -> int:
    """Read an outline level, which counts from 0; 9 is body text."""
    return int(value) + 2 if value.isdigit() and int(value) < 9 else 0
