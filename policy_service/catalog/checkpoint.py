"""What an interrupted scan leaves behind, so that it can go on: results, never values.

Two steps are kept. When all tables are read and classified together, what was found of
each; then every table as it is finished. Samples are not kept: a table that is not
finished is read again, and the same data gives the same sample, so that a scan that was
interrupted ends in the same catalogue as one that was not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from policy_service.catalog.classification.classify import ClassifiedTable
from policy_service.catalog.observation import ObservedTable
from policy_service.domain.asset import ForeignKey, Table
from policy_service.domain.errors import StorageError
from policy_service.kit.canonical import content_sha256
from policy_service.storage.bodies import dump, load

_CLASSIFIED = "classified"
_TABLE = "table/"
_SECRET = re.compile(r"pass|pwd|secret|token|key|cred", re.IGNORECASE)
T = TypeVar("T")


class Checkpoint(Protocol):
    """Keeps the parts of one scan until it is done; texts by name."""

    def load(self, part: str) -> str | None:
        """Return a part that was saved; None where there is none."""
        ...

    def save(self, part: str, text: str) -> None:
        """Keep a part, durably."""
        ...

    def clear(self) -> None:
        """Forget all parts."""
        ...


class NoCheckpoint:
    """Keeps nothing: every scan starts at the beginning."""

    def load(self, part: str) -> str | None:
        """Return nothing."""
        return None

    def save(self, part: str, text: str) -> None:
        """Keep nothing."""

    def clear(self) -> None:
        """Forget nothing."""


def scan_sha256(*, url: str, schema: str | None, sample_rows: int, version: str) -> str:
    """Tell one scan from another; `version` is that of the product, whose rules may change.

    What may be a password is left out: a hash of it could be guessed at.
    """
    scheme, _, rest = url.partition("://")
    address, _, query = rest.partition("?")
    user, _, place = address.rpartition("@")
    options = sorted(one for one in parse_qsl(query) if not _SECRET.search(one[0]))
    return content_sha256(
        [scheme, user.partition(":")[0], place, options, schema, sample_rows, version]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is known of one table when all are classified; no value among it."""

    table: str  # its id
    name: str
    columns: tuple[tuple[str, str], ...]  # name and type, to notice a change
    unique: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    found: ClassifiedTable

    @staticmethod
    def of(table: ObservedTable, found: ClassifiedTable) -> "Step":
        """Take down what later steps need of a table that was read."""
        return Step(
            table=table.id,
            name=table.name,
            columns=tuple((column.name, column.data_type) for column in table.columns),
            unique=tuple(column.name for column in table.columns if column.unique),
            foreign_keys=table.foreign_keys,
            found=found,
        )

    def again(self, table: ObservedTable) -> ObservedTable | None:
        """Put what is known on a table that was read again; None where its columns changed."""
        if self.columns != tuple((column.name, column.data_type) for column in table.columns):
            return None
        columns = tuple(
            replace(column, unique=column.name in self.unique) for column in table.columns
        )
        return replace(table, columns=columns, foreign_keys=self.foreign_keys)


class SavedScan:
    """The typed face of a checkpoint. What another version wrote reads as nothing."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def steps(self) -> dict[str, Step]:
        """Return what was known of each table when all were classified; empty before that."""
        found = self._load(_CLASSIFIED, _Steps)
        return {} if found is None else {step.table: step for step in found.steps}

    def keep_steps(self, steps: Sequence[Step]) -> None:
        """Keep what is known of every table."""
        self._save(_CLASSIFIED, _Steps(steps=tuple(steps)))

    def table(self, table: str) -> Table | None:
        """Return a table that was finished."""
        return self._load(f"{_TABLE}{table}", Table)

    def keep_table(self, table: Table) -> None:
        """Keep a finished table."""
        self._save(f"{_TABLE}{table.id}", table)

    def clear(self) -> None:
        """Start over."""
        self._checkpoint.clear()

    def _save(self, part: str, value: object) -> None:
        self._checkpoint.save(part, dump(value))

    def _load(self, part: str, kind: type[T]) -> T | None:
        text = self._checkpoint.load(part)
        try:
            return None if text is None else load(kind, text)
        except StorageError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    steps: tuple[Step, ...]
