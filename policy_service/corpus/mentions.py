"""A mention: the place in a text that refers to other units, and the steps of their ids.

What the readers of European, American and control-catalogue references share.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

Steps: TypeAlias = tuple[str, ...]

HERE = ""  # the act the text itself belongs to
RUN_LIMIT = 60  # units of one range, `Articles 12 to 22`; more is a slip of the pen


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What one phrase refers to. `act` is an identifier such as `celex:32016R0679`, or `HERE`."""

    start: int
    act: str
    targets: tuple[Steps, ...]


def split_markers(text: str) -> Steps:
    """Split `(1)(a)(ii)` into steps of an id: `1`, `a`, `ii`."""
    return tuple(one.lower() for one in re.findall(r"\(([^()\s]+)\)", text))


def span_of_numbers(text: str) -> tuple[str, ...]:
    """Write out `15 to 18 and 21` as `15`, `16`, `17`, `18`, `21`."""
    found: list[str] = []
    for item in re.finditer(r"(\d+)([a-z]?)(?:\s+to\s+(\d+))?", text):
        first, last = int(item.group(1)), int(item.group(3) or item.group(1))
        if first < last < first + RUN_LIMIT:
            found.extend(str(one) for one in range(first, last + 1))
        else:
            found.append(f"{first}{item.group(2)}")
            found.extend([str(last)] if last != first else [])
    return tuple(found)
