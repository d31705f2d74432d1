"""Controls of an OSCAL catalogue to parts: statement, enhancements, discussion.

A control or enhancement is one part with its whole statement, an item a line (`a. …`);
discussion is a part below it (`ac-2/guidance`). Assessment objectives and methods say how a
control is examined and are no part of what it asks for; back matter is none either.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy_service.corpus.importers.document import Part, PartKind
from policy_service.corpus.importers.office.outline import slug_of
from policy_service.corpus.importers.oscal.prose import plain, with_parameters, words
from policy_service.corpus.importers.oscal.tree import Node, nodes, text_of
from policy_service.domain.errors import CorpusError

_STATEMENT = frozenset(("statement", "item"))
_ASSESSMENT = frozenset(
    (
        *("objective", "objectives", "assessment", "assessment-objective"),
        *("assessment-method", "assessment-objects"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What a control lies in: headings, parameters that hold, and steps of its parent."""

    heading: tuple[str, ...] = ()
    params: Mapping[str, Node]
    parent: str = ""
    steps: tuple[str, ...] = ()


def parts_of_catalog(catalog: Node, name: str) -> tuple[Part, ...]:
    """Make the parts of a catalogue in its own order. Raises `CorpusError` for an id twice."""
    params = {text_of(param.get("id")): param for param in _all_params(catalog)}
    parts: list[Part] = []
    taken: set[tuple[str, ...]] = set()
    for part in _group(catalog, _Around(params=params)):
        if part.steps in taken:
            raise CorpusError(
                f"`{name}` gives `{'/'.join(part.steps)}` twice: fetch it again or correct it"
            )
        taken.add(part.steps)
        parts.append(part)
    return tuple(parts)


def label_of(node: Node) -> str:
    """Return how people write a control's or item's number: `AC-2(3)`, `a.`."""
    labels = [prop for prop in nodes(node, "props") if text_of(prop.get("name")) == "label"]
    plainest = (prop for prop in labels if not prop.get("class"))
    chosen = next(plainest, labels[0] if labels else {})
    return text_of(chosen.get("value")).strip()


def _all_params(node: Node) -> Iterator[Node]:
    """Yield every parameter: prose may insert those of another control."""
    yield from nodes(node, "params")
    for key in ("groups", "controls"):
        for below in nodes(node, key):
            yield from _all_params(below)


def _group(group: Node, around: _Around) -> Iterator[Part]:
    title = words(group, "title") if around.heading or "metadata" not in group else ""
    heading = (*around.heading, title) if title else around.heading
    inside = _Around(heading=heading, params=around.params)
    if group_id := text_of(group.get("id")):
        yield from _passages(group, (slug_of(group_id),), title or group_id, inside)
    for control in nodes(group, "controls"):
        yield from _control(control, inside)
    for below in nodes(group, "groups"):
        yield from _group(below, inside)


def _control(control: Node, around: _Around) -> Iterator[Part]:
    control_id = text_of(control.get("id"))
    steps = _steps(control, control_id, around)
    label = label_of(control) or control_id.upper()
    title = words(control, "title")
    enhancement = bool(around.steps) or "enhancement" in text_of(control.get("class"))
    withdrawn = _is_withdrawn(control)
    yield Part(
        steps=steps,
        kind=PartKind.ENHANCEMENT if enhancement else PartKind.CONTROL,
        section=label,
        text="" if withdrawn else "\n".join(_statement(control, around.params)),
        title=f"{title} (withdrawn)" if withdrawn else title,
        heading=around.heading,
    )
    heading = (*around.heading, f"{label} {title}".strip())
    if not withdrawn:
        inside = _Around(heading=heading, params=around.params)
        yield from _passages(control, steps, label, inside)
    below = _Around(heading=heading, params=around.params, parent=control_id, steps=steps)
    for child in nodes(control, "controls"):
        yield from _control(child, below)


def _steps(control: Node, control_id: str, around: _Around) -> tuple[str, ...]:
    """Name a control; an enhancement that stands without its control still names it."""
    if around.steps:
        return (*around.steps, slug_of(control_id.removeprefix(f"{around.parent}.")))
    if "enhancement" in text_of(control.get("class")) and "." in control_id:
        parent, _, number = control_id.partition(".")
        return (slug_of(parent), slug_of(number))
    return (slug_of(control_id),)


def _is_withdrawn(control: Node) -> bool:
    return any(
        text_of(prop.get("name")) == "status" and text_of(prop.get("value")).lower() == "withdrawn"
        for prop in nodes(control, "props")
    )


def _statement(control: Node, params: Mapping[str, Node]) -> Iterator[str]:
    for part in nodes(control, "parts"):
        if text_of(part.get("name")) in _STATEMENT:
            yield from _lines(part, params)


def _passages(node: Node, steps: tuple[str, ...], label: str, around: _Around) -> Iterator[Part]:
    """Make a part of each discussion, overview or other prose beside the statement."""
    count: dict[str, int] = {}
    for part in nodes(node, "parts"):
        kind = text_of(part.get("name"))
        text = "\n".join(_lines(part, around.params))
        if kind in _STATEMENT or kind in _ASSESSMENT or not text:
            continue
        name = slug_of(kind)
        count[name] = count.get(name, 0) + 1
        step = name if count[name] == 1 else f"{name}-{count[name]}"
        yield Part(
            steps=(*steps, step),
            kind=PartKind.PASSAGE,
            section=f"{label}, {kind.replace('-', ' ')}",
            text=text,
            title=words(part, "title"),
            heading=around.heading,
        )


def _lines(part: Node, params: Mapping[str, Node]) -> Iterator[str]:
    """Write a part and those below it, a block a line, each item after its label."""
    label = label_of(part)
    title = words(part, "title")
    prose = plain(text_of(part.get("prose")))
    blocks = with_parameters(prose, params).split("\n") if prose else []
    if title and text_of(part.get("name")) not in _STATEMENT:
        blocks.insert(0, title)
    first = " ".join(filter(None, (label, blocks[0] if blocks else "")))
    if first:
        yield " ".join(first.split())
    for block in blocks[1:]:
        yield " ".join(block.split())
    for below in nodes(part, "parts"):
        if text_of(below.get("name")) not in _ASSESSMENT:
            yield from _lines(below, params)
