"""The text of a Word paragraph as a reader sees it once all changes are accepted.

Insertions are in, deletions and moved-away text are out; so are hidden text (`vanish`),
comments, field codes, and text boxes. Source: ECMA-376 part 1, WordprocessingML.
"""

from collections.abc import Iterator, Mapping

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GONE = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "rPrChange")
) | frozenset(
    f"{W}{name}" for name in ("footnoteReference", "endnoteReference", "commentReference")
)
_BLANKS = frozenset(f"{W}{name}" for name in ("tab", "br", "cr", "ptab"))
_OFF = frozenset(("0", "false", "off", "none"))


def is_on(parent: etree._Element | None, name: str) -> bool:
    """Say whether a switch such as `vanish` is given and not turned off."""
    if parent is None:
        return False
    switch = parent.find(f"{W}{name}")
    return switch is not None and (switch.get(f"{W}val") or "true").lower() not in _OFF


def value_of(parent: etree._Element | None, name: str) -> str:
    """Return the `val` of a child; empty where there is none."""
    child = parent.find(f"{W}{name}") if parent is not None else None
    return (child.get(f"{W}val") or "") if child is not None else ""


def text_of_paragraph(paragraph: etree._Element, hidden_styles: Mapping[str, bool]) -> str:
    """Return a paragraph's letters; white space as it stands."""
    return "".join(_letters(paragraph, hidden_styles))


def mark_is_deleted(paragraph: etree._Element) -> bool:
    """Say whether the paragraph's end was deleted, so that it runs into the next one."""
    return paragraph.find(f"{W}pPr/{W}rPr/{W}del") is not None


def _letters(element: etree._Element, hidden_styles: Mapping[str, bool]) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if not isinstance(tag, str) or tag in _GONE or not tag.startswith(W):
            continue  # drawings, alternate content and formulas are in other namespaces
        if tag == f"{W}t":
            yield child.text or ""
        elif tag in _BLANKS:
            yield " "
        elif tag == f"{W}noBreakHyphen":
            yield "-"
        elif tag != f"{W}r" or not _is_hidden(child, hidden_styles):
            yield from _letters(child, hidden_styles)


def _is_hidden(run: etree._Element, hidden_styles: Mapping[str, bool]) -> bool:
    properties = run.find(f"{W}rPr")
    if properties is None:
        return False
    if properties.find(f"{W}vanish") is not None or properties.find(f"{W}webHidden") is not None:
        return is_on(properties, "vanish") or is_on(properties, "webHidden")
    return hidden_styles.get(value_of(properties, "rStyle"), False)
