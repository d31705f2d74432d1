"""What a scan reads of one database: the only types that hold sampled values.

They live for the length of one scan. Nothing here reaches the catalogue, a log or an
error: `values` is kept out of `repr`, and `profile`, `classify` and
`quasi_identifiers` turn it into counts, shapes and categories.
"""

from dataclasses import dataclass, field

from policy_service.domain.asset import ForeignKey
from policy_service.domain.identifiers import DataCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedColumn:
    """One column as inspected. `values` are the sampled ones, nulls included, in row order."""

    name: str
    data_type: str
    nullable: bool = True
    primary_key: bool = False
    unique: bool = (
        False  # a constraint says so, or every sampled value differs and the table agrees
    )
    values: tuple[object, ...] = field(default=(), repr=False)
    declared: tuple[DataCategory, ...] = ()  # what people tagged it as; `user`: personal at all
    description: str = ""  # in people's words

    def present(self) -> tuple[object, ...]:
        """Return the sampled values that are not null."""
        return tuple(value for value in self.values if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTable:
    """One table as inspected; `foreign_keys` name tables by asset id."""

    id: str
    schema: str
    name: str
    row_count: int
    columns: tuple[ObservedColumn, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()

    def column(self, name: str) -> ObservedColumn | None:
        """Find a column by its exact name."""
        return next((column for column in self.columns if column.name == name), None)


def value_text(value: object) -> str:
    """Write a sampled value as text: what detectors and shapes look at."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
