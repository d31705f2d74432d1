"""OSCAL prose to plain text: Markdown's marks go, parameters are written as OSCAL prints them.

A parameter that an organisation has still to set reads `[Assignment: label]` or
`[Selection (one-or-more): choice; choice]`; one that is set reads as its values.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from policy_service.corpus.importers.oscal.tree import Node, items, nodes, text_of

_INSERT = re.compile(
    r"\{\{\s*(?:insert\s*:\s*param\s*,|param\s*:)?\s*([\w.-]+)\s*\}\}( +(?=[;,.:)]))?"
)
_LINK_BLANKS = re.compile(r"(?<=\() +(?=\[[^\]]*\]\()|(?<=[^ ]\)) +(?=[;,.:)])")
_MARKS = re.compile(r"[*_`\\\[<&]|^[ \t]*(?:[-+]|\d+[.)])\s|^[ \t]*[#>|]", re.MULTILINE)
_MOST_INSERTS = 20  # of choices within choices


def plain(markdown: str) -> str:
    """Return prose without Markdown's marks; blocks and list items are lines.

    A blank between a link and the bracket or point beside it is one of NIST's conversion.
    """
    markdown = _LINK_BLANKS.sub("", markdown)
    hidden, inserts = _without_inserts(markdown)
    if not _MARKS.search(hidden):
        lines = [" ".join(block.split()) for block in re.split(r"\n\s*\n", markdown)]
        return "\n".join(line for line in lines if line)
    return re.sub(r"\ue000(\d+)\ue001", lambda mark: inserts[int(mark[1])], _rendered(hidden))


def words(node: Node, key: str) -> str:
    """Return text below `key` without Markdown's marks, with single blanks."""
    return " ".join(plain(text_of(node.get(key))).split())


def with_parameters(text: str, params: Mapping[str, Node]) -> str:
    """Replace every `{{ insert: param, … }}` by what it stands for.

    A blank between it and a point or comma after it is one of NIST's conversion, and goes.
    """
    return _filled(text, params, 0)


def _filled(text: str, params: Mapping[str, Node], depth: int) -> str:
    if depth > _MOST_INSERTS:
        return text  # a parameter that is a choice of itself
    return _INSERT.sub(lambda match: _written(match[1], params, depth), text)


def _written(name: str, params: Mapping[str, Node], depth: int) -> str:
    param = params.get(name)
    if param is None:
        return f"[Assignment: {name}]"
    if values := [plain(text_of(value)) for value in items(param, "values")]:
        return _filled(", ".join(values), params, depth + 1)
    select = param.get("select")
    if isinstance(select, Mapping):
        choices = "; ".join(plain(text_of(one)) for one in items(select, "choice"))
        how_many = text_of(select.get("how-many"))
        kind = f"Selection ({how_many})" if how_many else "Selection"
        return f"[{kind}: {_filled(choices, params, depth + 1)}]"
    label = plain(text_of(param.get("label"))) or _usage(param) or name
    return f"[Assignment: {_filled(label, params, depth + 1)}]"


def _usage(param: Node) -> str:
    stated = text_of(param.get("usage"))
    guidelines = (text_of(one.get("prose")) for one in nodes(param, "guidelines"))
    return plain(stated or next(guidelines, ""))


def _without_inserts(markdown: str) -> tuple[str, list[str]]:
    """Put marks of no meaning to Markdown in the place of inserts, whose names hold `_`."""
    inserts: list[str] = []

    def keep(match: re.Match[str]) -> str:
        inserts.append(match[0])
        return f"\ue000{len(inserts) - 1}\ue001"

    return _INSERT.sub(keep, markdown), inserts


def _rendered(markdown: str) -> str:
    from policy_service.corpus.importers.office.html import parse_html
    from policy_service.corpus.importers.office.html_blocks import blocks_of

    page = parse_html("prose", f"<html><body>{_markdown().render(markdown)}</body></html>")
    return "\n".join(block.text for block in blocks_of(page))


@cache
def _markdown() -> Any:  # noqa: ANN401 - markdown-it is imported where it is first needed
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")
