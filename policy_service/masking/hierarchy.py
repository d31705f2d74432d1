"""Hierarchies: a value is shown as what it belongs to, some levels up: district, region, country.

A hierarchy ships with the product by name (`hierarchies/NAME.csv`) or stands in the
control itself, row by row, so that a signed policy carries what it enforces. A value
that no row names becomes empty: it neither leaks nor blocks the table. Prefixes and
dates are their own hierarchies: `masking.generalise`.
"""

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from policy_service.domain.errors import MaskingError
from policy_service.masking.canonical_text import text_of

_PACKAGE = "policy_service.masking"
_FOLDER = "hierarchies"
_ALIAS = "|"  # between the spellings of one value
_STEP = ">"  # between the levels of a row that stands in a control


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """What each value belongs to, the nearest level first. `depth` is the number of levels."""

    rows: Mapping[str, tuple[str, ...]]
    depth: int

    def climb(self, value: object, *, level: int) -> str | None:
        """Return what a value belongs to `level` steps up. Requires 1 <= level <= depth.

        Letters' case, accents and spaces make no difference. What the hierarchy does
        not know becomes `None`.
        """
        text = text_of(value)
        above = None if text is None else self.rows.get(folded(text))
        return None if above is None else above[level - 1]


def folded(text: str) -> str:
    """Bring spellings of one value together: `HRADEC  KRÁLOVÉ` and `Hradec Kralove`."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(letters.replace("-", " ").replace(".", " ").split())


def hierarchy_names() -> tuple[str, ...]:
    """List the hierarchies that ship."""
    found = (files(_PACKAGE) / _FOLDER).iterdir()
    return tuple(sorted(one.name.removesuffix(".csv") for one in found if one.name[-4:] == ".csv"))


@lru_cache(maxsize=16)
def named_hierarchy(name: str) -> Hierarchy:
    """Load a hierarchy that ships. Raises `MaskingError` for an unknown name."""
    if name not in hierarchy_names():
        known = ", ".join(hierarchy_names())
        raise MaskingError(f"there is no hierarchy `{name}`; use one of {known}, or a `table`")
    text = (files(_PACKAGE) / _FOLDER / f"{name}.csv").read_text(encoding="utf-8")
    return read_rows(csv.reader(text.splitlines()), what=name)


@lru_cache(maxsize=64)
def written_hierarchy(table: tuple[str, ...]) -> Hierarchy:
    """Read rows that stand in a control: `Praha > Central Bohemia > Czechia`."""
    return read_rows([row.split(_STEP) for row in table], what="table")


def read_rows(rows: Iterable[Sequence[str]], *, what: str) -> Hierarchy:
    """Build a hierarchy. Each row is a value, its spellings parted by `|`, and its levels.

    Raises `MaskingError` for rows of different length, an empty level, or two rows that
    disagree about a value.
    """
    built: dict[str, tuple[str, ...]] = {}
    depth = 0
    for row in rows:
        spellings, *above = (part.strip() for part in row)
        if not above or not all(above) or (depth and len(above) != depth):
            raise MaskingError(f"hierarchy `{what}` has rows of different length or empty levels")
        depth = len(above)
        for spelling in spellings.split(_ALIAS):
            if built.setdefault(folded(spelling), tuple(above)) != tuple(above):
                raise MaskingError(f"hierarchy `{what}` says two things of one value; keep one")
    return Hierarchy(rows=built, depth=depth)
