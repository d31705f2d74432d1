"""An OSCAL document as a tree of plain values, and how to look into it.

The names are those of OSCAL's JSON form, whatever the syntax of the file.
"""

from collections.abc import Iterator, Mapping

Node = Mapping[str, object]


def nodes(node: Node, key: str) -> Iterator[Node]:
    """Yield the objects in a list below `key`; nothing where there is none."""
    for one in items(node, key):
        if isinstance(one, Mapping):
            yield one


def items(node: Node, key: str) -> Iterator[object]:
    """Yield what a list below `key` holds; a single value is a list of one."""
    value = node.get(key)
    if isinstance(value, list | tuple):
        yield from value
    elif value is not None:
        yield value


def text_of(value: object) -> str:
    """Return a scalar as text; empty for none and for lists and objects."""
    if value is None or isinstance(value, Mapping | list | tuple):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
