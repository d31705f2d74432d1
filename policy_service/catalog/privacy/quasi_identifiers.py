"""Columns that single out people together although none of them does alone.

Searches combinations of up to four columns, smallest first: what contains a combination that
identifies already is not looked at, and one counts only where each of its columns tells
clearly more. Then once more with each column coarsened in its usual way, because a birth
number cut to year and sex still combines. Source of the idea: L. Sweeney, "Simple
demographics often identify people uniquely", 2000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import polars as pl

from policy_service.catalog.observation import ObservedTable, value_text
from policy_service.catalog.privacy.anonymity import measure
from policy_service.catalog.privacy.coarse_values import coarsen
from policy_service.catalog.privacy.reidentification import ClassSizes, estimate_risk
from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.privacy import SensitiveSpread

_FEWEST_ROWS = 20
_TELLING = 0.3
_GAIN = 0.03
_MOST_COLUMNS = 9
_MOST_TOGETHER = 4
_MOST_FOUND = 10
_MOST_SENSITIVE = 3
_ALONE = 0.98  # a column this unique identifies by itself
_KINDS: tuple[tuple[str, str], ...] = (
    ("user.demographic", "a trait of the person that others know"),
    ("user.location", "where the person is or lives, known to neighbours"),
    ("user.contact.address", "where the person lives, found in directories"),
    ("user.government_id", "an official number, held by other registers too"),
    ("user.job_title", "what the person does, known to colleagues"),
    ("user.workplace", "where the person works, known to colleagues"),
)
_GIVES_AWAY = "gives away "
_Values = Mapping[str, Sequence[str]]


def quasi_columns(table: ObservedTable, categories: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Choose the columns worth combining, in the table's order.

    `categories` gives for each column its category and what it reveals.
    """
    chosen = [
        column.name
        for column in table.columns
        if len(set(column.present())) > 1 and quasi_reason(categories.get(column.name, ()))
    ]
    return tuple(chosen[:_MOST_COLUMNS])


def quasi_reason(categories: Sequence[str]) -> str:
    """Say why a column of these categories counts: the first its own, then what it reveals.

    Empty where it does not.
    """
    own = [reason for kind, reason in _KINDS if categories and categories[0].startswith(kind)]
    revealed = sorted(
        one.rsplit(".", 1)[-1].replace("_", " ")
        for one in categories[1:]
        if any(one.startswith(kind) for kind, _ in _KINDS)
    )
    given = [_GIVES_AWAY + " and ".join(revealed)] if revealed else []
    return "; ".join(own + given)


def find_quasi_identifiers(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    row_count: int | None = None,
    categories: Mapping[str, Sequence[str]] | None = None,
    sensitive: Sequence[str] = (),
) -> tuple[QuasiIdentifier, ...]:
    """Find the combinations of two to four columns that single out rows.

    `rows` holds the values of `columns` and then of `sensitive`, in their order; `row_count` is
    the size of the table they come from, `categories` give the reasons.
    """
    texts = _texts(columns, rows)
    return _search(
        _Table(
            values=texts,
            sensitive={
                name: _series([row[len(columns) + place] for row in rows])
                for place, name in enumerate(sensitive[:_MOST_SENSITIVE])
            },
            row_count=row_count,
            categories=categories or {},
            read_as={},
        )
    )


def find_coarsened(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    categories: Mapping[str, Sequence[str]],
    row_count: int | None = None,
) -> tuple[QuasiIdentifier, ...]:
    """Find the combinations that still single out rows when columns are coarsened.

    Those without a coarsened column are left out: `find_quasi_identifiers` tells them.
    """
    values = _texts(columns, rows)
    read_as: dict[str, str] = {}
    for name in columns:
        coarse = coarsen(values[name], categories.get(name, ()))
        # As many different values as before: it was as coarse already.
        if coarse is not None and len(set(coarse.values)) < len(set(values[name])):
            values[name], read_as[name] = list(coarse.values), coarse.read_as
    if not read_as:
        return ()
    found = _search(
        _Table(
            values=values, sensitive={}, row_count=row_count, categories=categories, read_as=read_as
        )
    )
    return tuple(one for one in found if any(one.read_as))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    values: _Values
    sensitive: Mapping[str, pl.Series]
    row_count: int | None
    categories: Mapping[str, Sequence[str]]
    read_as: Mapping[str, str]


def _texts(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, list[str]]:
    return {
        name: ["" if row[place] is None else value_text(row[place]) for row in rows]
        for place, name in enumerate(columns)
    }


def _series(values: Sequence[object]) -> pl.Series:
    """Keep numbers numbers, so that they have an order; everything else becomes text."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return pl.Series([None if value is None else float(value) for value in values])  # type: ignore[arg-type]  # numbers, as just seen
    return pl.Series([None if value is None else value_text(value) for value in values])


def _search(table: _Table) -> tuple[QuasiIdentifier, ...]:
    rows = len(next(iter(table.values.values()), ()))
    if rows < _FEWEST_ROWS or len(table.values) < 2:
        return ()
    search = _Search(table.values)
    found = search.run()
    best = sorted(found.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    return tuple(_described(table, names, search.sizes(names)) for names, _ in best[:_MOST_FOUND])


class _Search:
    """Level by level: the unique fraction of every combination that may still count."""

    def __init__(self, values: _Values) -> None:
        self._codes = {name: _codes(texts) for name, texts in values.items()}
        self._distinct = {name: int(codes.max() or 0) + 1 for name, codes in self._codes.items()}  # type: ignore[arg-type]  # codes are integers
        self._fractions: dict[tuple[str, ...], float] = {
            (name,): self._unique((name,)) for name in self._codes
        }

    def run(self) -> dict[tuple[str, ...], float]:
        """Return the combinations that count with their unique fractions."""
        candidates = [name for name in self._codes if self._fractions[name,] < _ALONE]
        found: dict[tuple[str, ...], float] = {}
        # INVARIANT: a combination is never less unique than a part of it, so what all columns
        # together do not single out, none of their combinations does.
        if len(candidates) < 2 or self._unique(tuple(candidates)) < _TELLING:
            return found
        for size in range(2, min(_MOST_TOGETHER, len(candidates)) + 1):
            for names in combinations(candidates, size):
                parts = [self._fractions.get(part) for part in combinations(names, size - 1)]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts) or max(known) >= _ALONE:
                    continue  # a part identifies already, or contains one that does
                fraction = self._fractions[names] = self._unique(names)
                if fraction >= max(_TELLING, max(known) + _GAIN):
                    found[names] = fraction
        return found

    def sizes(self, names: tuple[str, ...]) -> ClassSizes:
        """Count how many rows share the values of some columns."""
        counted = self._counts(names).value_counts(name="classes").sort(by=pl.first())
        return ClassSizes(tuple((int(size), int(count)) for size, count in counted.iter_rows()))

    def _unique(self, names: tuple[str, ...]) -> float:
        counts = self._counts(names)
        return float((counts == 1).sum()) / len(self._codes[names[0]])

    def _counts(self, names: tuple[str, ...]) -> pl.Series:
        if prod(self._distinct[name] for name in names) >= 2**63:
            together = pl.DataFrame({name: self._codes[name] for name in names})
            return together.group_by(names).len("count").get_column("count")
        code = self._codes[names[0]]
        for name in names[1:]:
            code = code * self._distinct[name] + self._codes[name]
        return code.alias("count").unique_counts()


def _codes(texts: Sequence[str]) -> pl.Series:
    known: dict[str, int] = {}
    return pl.Series([known.setdefault(text, len(known)) for text in texts], dtype=pl.UInt64)


def _described(table: _Table, names: tuple[str, ...], sizes: ClassSizes) -> QuasiIdentifier:
    read_as = tuple(table.read_as.get(name, "") for name in names)
    return QuasiIdentifier(
        columns=names,
        unique_fraction=round(sizes.share_below(2), 6),
        reasons=tuple(quasi_reason(table.categories.get(name, ())) for name in names),
        read_as=read_as if any(read_as) else (),
        smallest_class=sizes.smallest,
        class_shares=sizes.bands(),
        risk=estimate_risk(sizes, population_rows=table.row_count),
        sensitive=_spreads(table, names),
    )


def _spreads(table: _Table, names: tuple[str, ...]) -> tuple[SensitiveSpread, ...]:
    kept = [name for name in table.sensitive if name not in names]
    if not kept:
        return ()
    frame = pl.DataFrame(
        {name: table.values[name] for name in names}
        | {name: table.sensitive[name] for name in kept}
    )
    return measure(frame, quasi_identifiers=names, sensitive=kept).sensitive
