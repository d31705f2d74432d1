"""The units of an act as a tree, and the parts of a document they become.

Every importer of a European format builds `Unit`s; ids, section labels and their uniqueness
are decided here, once. Not here: how a format marks its units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from policy_service.corpus.importers.document import Part, PartKind
from policy_service.corpus.importers.eu.numbers import (
    Label,
    annex_label,
    article_label,
    bare_number,
    recital_label,
    section_label,
    steps_of_number,
)

_POINT_LIKE = (PartKind.PARAGRAPH, PartKind.POINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A numbered unit: its blocks are its own text and the units below it, in their order."""

    kind: PartKind
    number: str  # as it is written: `Article 12a`, `1.`, `(a)`, `ANNEX III`, `Section A`
    blocks: tuple["Block", ...] = ()
    title: str = ""
    heading: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Its own text, one block a line."""
        return "\n".join(block for block in self.blocks if isinstance(block, str) and block)

    @property
    def below(self) -> tuple["Unit", ...]:
        """The units directly below it."""
        return tuple(block for block in self.blocks if isinstance(block, Unit))


_STOPS = (".", ";", ",", ":")
Block = str | Unit  # a line of a unit's own text, or a unit below it


def parts_of(units: Iterable[Unit]) -> tuple[Part, ...]:
    """Number the units of an act: recitals, articles and annexes in the order given.

    A number that occurs twice at one place (two lists in one paragraph) gets `-2` in its
    step and `[2]` in its section, so that nothing is lost and steps stay unique.
    """
    writer = _Writer()
    for position, unit in enumerate(units, start=1):
        writer.add_root(unit, position)
    return tuple(writer.parts)


def close_line(pieces: list[str], blocks: list[Block]) -> None:
    """End the line that `pieces` gathered: add it to `blocks`, and leave `pieces` empty."""
    line = " ".join("".join(pieces).split())
    pieces.clear()
    last = blocks[-1] if blocks else None
    if line in _STOPS and isinstance(last, str):
        blocks[-1] = f"{last}{line}"  # the stop after a quoted provision
    elif line:
        blocks.append(line)


def lines_of(blocks: Sequence[Block]) -> list[str]:
    """Flatten blocks to lines, numbers before the text they number; for quoted provisions."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines.append(block)
            continue
        inner = lines_of(block.blocks)
        if article_label(block.number) and block.title:
            lines += [block.number, block.title, *inner]
            continue
        head = f"{block.number} {block.title}".strip()
        if block.kind in _POINT_LIKE and inner and not block.title:
            head, inner = f"{head} {inner[0]}", inner[1:]
        lines += [head, *inner]
    return lines


@dataclass(slots=True)
class _Writer:
    parts: list[Part] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def add_root(self, unit: Unit, position: int) -> None:
        label = _root_label(unit, position)
        self._add(unit, above=(), steps=(label.step,), section=label.words, heading=unit.heading)

    def _add(
        self,
        unit: Unit,
        *,
        above: tuple[str, ...],
        steps: tuple[str, ...],
        section: str,
        heading: tuple[str, ...],
    ) -> None:
        steps, section = self._unique(above, steps, section)
        self.parts.append(
            Part(
                steps=steps,
                kind=unit.kind,
                section=section,
                text=unit.text,
                title=unit.title,
                heading=heading,
            )
        )
        name = f"{section} — {unit.title}" if unit.title else section
        headed = unit.kind not in (*_POINT_LIKE, PartKind.RECITAL)
        inner = (*heading, name) if headed else heading
        for child in unit.below:
            child_steps, child_section = _below(unit, steps, section, child)
            self._add(child, above=steps, steps=child_steps, section=child_section, heading=inner)

    def _unique(
        self, above: tuple[str, ...], steps: tuple[str, ...], section: str
    ) -> tuple[tuple[str, ...], str]:
        count, free = 1, steps
        while free in self.seen or free == above:
            count += 1
            free = (*steps[:-1], f"{steps[-1]}-{count}")
        self.seen.add(free)
        return free, section if count == 1 else f"{section} [{count}]"


def _root_label(unit: Unit, position: int) -> Label:
    if unit.kind is PartKind.RECITAL:
        return recital_label(unit.number)
    if unit.kind is PartKind.ANNEX:
        fallback = Label(step=f"annex-{position}", words=unit.number or f"Annex {position}")
        return annex_label(unit.number) or fallback
    steps = steps_of_number(unit.number)
    fallback = Label(step="-".join(steps) or f"text-{position}", words=unit.number or "Text")
    return article_label(unit.number) or fallback


def _below(
    parent: Unit, above: tuple[str, ...], section: str, child: Unit
) -> tuple[tuple[str, ...], str]:
    if child.kind is PartKind.PASSAGE:
        named = section_label(child.number)
        label = named[0] if named else article_label(child.number)
        label = label or Label(step="-".join(steps_of_number(child.number)), words=child.number)
        return (*above, label.step or "text"), f"{section}, {label.words}"
    steps = steps_of_number(child.number) or ("text",)
    bare = bare_number(child.number)
    if len(steps) > 1 and _ends_with(above, steps[:-1]):
        # INVARIANT: `3.1` below `3` and `3.1` alone have the same steps.
        return (*above, steps[-1]), f"{section}.{bare.rpartition('.')[2]}"
    if parent.kind in (PartKind.ANNEX, PartKind.PASSAGE):
        numeric = bare[:1].isdigit()
        return (*above, *steps), f"{section}, point {bare if numeric else f'({bare})'}"
    return (*above, *steps), f"{section}({bare})"


def _ends_with(steps: tuple[str, ...], tail: tuple[str, ...]) -> bool:
    return steps[-len(tail) :] == tail
