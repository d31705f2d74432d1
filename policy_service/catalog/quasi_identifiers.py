"""Columns that single out people together although none of them does alone.

Looks at pairs and triples of demographic, location and similar columns of a table about
people, and counts the sampled rows whose combination occurs once. A combination counts
only when it tells clearly more than any part of it. Source of the idea: L. Sweeney,
"Simple demographics often identify people uniquely", 2000.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from policy_service.catalog.observation import ObservedTable, value_text
from policy_service.domain.asset import QuasiIdentifier

_FEWEST_ROWS = 20
_TELLING = 0.3
_GAIN = 0.03
_MOST_COLUMNS = 9
_MOST_FOUND = 10
_ALONE = 0.98  # a column this unique identifies by itself
_KINDS = (
    "user.demographic",
    "user.location",
    "user.contact.address",
    "user.government_id",
    "user.job_title",
    "user.workplace",
)


def quasi_columns(table: ObservedTable, categories: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Choose the columns worth combining, in the table's order.

    `categories` gives for each column its category and what it reveals.
    """
    chosen = [
        column.name
        for column in table.columns
        if len(set(column.present())) > 1
        and any(one.startswith(_KINDS) for one in categories.get(column.name, ()))
    ]
    return tuple(chosen[:_MOST_COLUMNS])


def find_quasi_identifiers(
    columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[QuasiIdentifier, ...]:
    """Find the combinations of two or three columns that single out rows.

    `rows` holds the values of `columns`, in their order.
    """
    if len(rows) < _FEWEST_ROWS or len(columns) < 2:
        return ()
    texts = {
        name: ["" if row[place] is None else value_text(row[place]) for row in rows]
        for place, name in enumerate(columns)
    }
    fractions: dict[tuple[str, ...], float] = {
        (name,): _unique_fraction([values]) for name, values in texts.items()
    }
    candidates = [name for name in texts if fractions[(name,)] < _ALONE]
    found: dict[tuple[str, ...], float] = {}
    for size in (2, 3):
        for names in combinations(candidates, size):
            known = max(fractions[part] for part in combinations(names, size - 1))
            fractions[names] = _unique_fraction([texts[name] for name in names])
            if known < _ALONE and fractions[names] >= max(_TELLING, known + _GAIN):
                found[names] = fractions[names]
    best = sorted(found.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    return tuple(
        QuasiIdentifier(columns=names, unique_fraction=round(fraction, 6))
        for names, fraction in best[:_MOST_FOUND]
    )


def _unique_fraction(columns: Sequence[Sequence[str]]) -> float:
    counts = Counter(zip(*columns, strict=True))
    return sum(1 for count in counts.values() if count == 1) / len(columns[0])
