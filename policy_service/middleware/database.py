"""What a guarded connection asks of a database: run one rewritten statement, tell no value.

The contract and its limits, without a driver; each engine has a module beside this
one. Not a rewriter: it runs what it is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from policy_service.domain.errors import EnforcementError, StatementRefusedError, UsageError

_LONGEST_S = 86_400.0
_CANCELLED = "57014"  # PostgreSQL's query_canceled
_NOT_SEEN = "2203A"  # raised for a row by `engines.sqlglot_dialects.holds_or_raises`
_NOT_SEEN_TEXT = "Invalid Input Error: ps_refuse"  # what DuckDB says for it
_INTERRUPTED = frozenset({"SQLITE_INTERRUPT", "InterruptException"})  # SQLite's, DuckDB's


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How much one statement may take. Raises `UsageError` for limits that are none."""

    max_rows: int
    timeout_s: float

    def __post_init__(self) -> None:
        if self.max_rows < 1:
            raise UsageError(f"`max_rows` is `{self.max_rows}`; give 1 or more")
        if not 0 < self.timeout_s <= _LONGEST_S:
            raise UsageError(f"`timeout_s` is `{self.timeout_s}`; give more than 0, at most a day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runnable:
    """A rewritten statement with every parameter it binds."""

    sql: str
    parameters: Mapping[str, object]
    secrets: Mapping[str, bytes] = field(default_factory=dict)  # keys that no log may hold
    returns_rows: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `type_codes` are the driver's (PEP 249), `count` the rows written."""

    columns: tuple[str, ...] = ()
    type_codes: tuple[object, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    count: int = -1


class Database(Protocol):
    """Runs one rewritten statement and leaves no setting of its own in the connection."""

    dialect: str
    paramstyle: str

    def read(self, statement: Runnable) -> Answer:
        """Run it read-only. Raises `StatementRefusedError` without any value."""
        ...

    def write(self, statement: Runnable) -> Answer:
        """Run it whole or not at all; `commit` keeps it. Raises like `read`."""
        ...

    def commit(self) -> None:
        """Keep what was written."""
        ...

    def rollback(self) -> None:
        """Take back what was written."""
        ...


class AsyncDatabase(Protocol):
    """`Database` for drivers that are awaited."""

    dialect: str
    paramstyle: str

    async def read(self, statement: Runnable) -> Answer:
        """Run it read-only. Raises `StatementRefusedError` without any value."""
        ...

    async def write(self, statement: Runnable) -> Answer:
        """Run it whole or not at all; `commit` keeps it. Raises like `read`."""
        ...

    async def commit(self) -> None:
        """Keep what was written."""
        ...

    async def rollback(self) -> None:
        """Take back what was written."""
        ...


class WithoutValues:
    """Turn whatever a driver raises inside `with` into a refusal that holds no value.

    The refusal has neither cause nor context: a driver's message may quote a cell.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Exception):
            return
        refusal = error if isinstance(error, EnforcementError) else _refusal(error, self._limits)
        # The error in flight would become the context; values in it must not travel along.
        try:
            raise refusal from None
        finally:
            refusal.__context__ = None


def answer_of(
    description: Sequence[Sequence[Any]] | None,
    rows: Sequence[Sequence[object]],
    *,
    limits: ReadLimits,
    count: int = -1,
) -> Answer:
    """Make an answer of what a cursor gave. Raises where there are too many rows."""
    if len(rows) > limits.max_rows:
        raise StatementRefusedError(
            f"the statement answers more than `{limits.max_rows}` rows; add a limit"
        )
    described = description or ()
    return Answer(
        columns=tuple(str(column[0]) for column in described),
        type_codes=tuple(column[1] for column in described),
        rows=tuple(tuple(row) for row in rows),
        count=count,
    )


def _refusal(error: Exception, limits: ReadLimits) -> StatementRefusedError:
    code = str(getattr(error, "sqlstate", None) or type(error).__name__)
    if code == _CANCELLED or {code, getattr(error, "sqlite_errorname", "")} & _INTERRUPTED:
        return StatementRefusedError(
            f"the statement takes longer than `{limits.timeout_s:g}` seconds; narrow it"
        )
    if code == _NOT_SEEN or str(error).startswith(_NOT_SEEN_TEXT):
        return StatementRefusedError(
            "the row would not be one that you may see; give it values that your rules let you read"
        )
    return StatementRefusedError(f"the database refused the statement (`{code}`); check its types")
