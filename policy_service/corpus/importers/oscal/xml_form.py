"""OSCAL XML to the tree of its JSON form.

Attributes become values, elements that repeat become lists under their JSON names, and
markup (`p`, `ul`, `table`) becomes Markdown, as in NIST's converter. Elements that no
provision needs are kept in the same manner and not looked at.
"""

import re
from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.oscal.tree import Node
from policy_service.corpus.importers.safe_xml import parse_xml

_LISTS = {
    "param": "params",
    "prop": "props",
    "link": "links",
    "part": "parts",
    "control": "controls",
    "group": "groups",
    "guideline": "guidelines",
    "value": "values",
    "choice": "choice",
    "import": "imports",
    "include-controls": "include-controls",
    "exclude-controls": "exclude-controls",
    "with-id": "with-ids",
    "matching": "matching",
    "set-parameter": "set-parameters",
    "alter": "alters",
    "add": "adds",
    "remove": "removes",
    "resource": "resources",
    "rlink": "rlinks",
}
_BLOCKS = frozenset(
    ("p", "ul", "ol", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
)
_LINE = frozenset(
    ("title", "label", "choice", "usage", "caption", "value", "with-id", "version", "published")
) | frozenset(("last-modified", "oscal-version", "as-is", "remarks", "description"))
_SPECIAL = re.compile(r"([\\`*_\[\]<>])")


def read_xml_tree(file: SourceFile) -> Node:
    """Read a file. Raises `CorpusError` where it is not well-formed XML."""
    root = parse_xml(file)
    return {_name(root): _object(root)}


def _object(element: etree._Element) -> dict[str, object]:
    made: dict[str, object] = {str(key): str(value) for key, value in element.attrib.items()}
    prose: list[str] = []
    for child in element:
        name = _name(child)
        if name in _BLOCKS:
            prose.append(_block(child))
        elif name:
            value = _value(child, name)
            if key := _LISTS.get(name):
                held = made.setdefault(key, [])
                if isinstance(held, list):
                    held.append(value)
            else:
                made[name] = value
    if prose:
        made["prose"] = "\n\n".join(prose)
    return made


def _value(element: etree._Element, name: str) -> object:
    """Return text for an element of words alone, else an object."""
    if name in _LINE and not any(_name(child) in _BLOCKS for child in element):
        return _inline(element)
    if not element.attrib and not len(element) and (element.text or "").strip():
        return _inline(element)
    return _object(element)


def _block(element: etree._Element, indent: str = "") -> str:
    name = _name(element)
    if name in ("ul", "ol"):
        mark = "- " if name == "ul" else "1. "
        return "\n".join(_item(item, indent, mark) for item in element if _name(item) == "li")
    if name == "table":
        return "\n\n".join(_rows(element))
    if name == "blockquote":
        return "\n\n".join(_block(child) for child in element)
    return _inline(element)


def _item(item: etree._Element, indent: str, mark: str) -> str:
    lists = [child for child in item if _name(child) in ("ul", "ol")]
    below = "".join(f"\n{_block(one, indent + ' ' * len(mark))}" for one in lists)
    return f"{indent}{mark}{_inline(item, without=('ul', 'ol'))}{below}"


def _rows(table: etree._Element) -> Iterator[str]:
    for row in table.iter("{*}tr"):
        yield " | ".join(_inline(cell) for cell in row if _name(cell) in ("td", "th"))


def _inline(element: etree._Element, *, without: tuple[str, ...] = ()) -> str:
    """Write an element's words as Markdown on one line."""
    pieces = [_escaped(element.text)]
    for child in element:
        name = _name(child)
        if name == "insert":
            target = child.get("id-ref") or child.get("param-id") or ""
            pieces.append(f"{{{{ insert: param, {target} }}}}")
        elif name == "q":
            pieces.append(f'"{_inline(child)}"')
        elif name and name not in without:
            pieces.append(_inline(child))
        if name == "a" and pieces[-2].endswith("( "):
            pieces[-2] = pieces[-2].rstrip(" ")
        pieces.append(_beside_link(child.tail) if name == "a" else _escaped(child.tail))
    return " ".join("".join(pieces).split())


def _beside_link(text: str | None) -> str:
    """Take out the blank that NIST's conversion puts between a link and a point."""
    return re.sub(r"^\s+(?=[;,.:)])", "", _escaped(text))


def _escaped(text: str | None) -> str:
    return _SPECIAL.sub(r"\\\1", text or "")


def _name(element: etree._Element) -> str:
    tag = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else ""
