"""The catalogue of operators: what each preserves, reveals and accepts, and who can undo it.

The same facts as `policies/controls.yaml`, in typed form for embedders that have
no files; a test compares the two. Parameters are those of `domain.control_parameters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from policy_service.domain.control import Control, Operator
from policy_service.domain.control_parameters import SPECS, ParameterSpec

Scope = Literal["cell", "row", "table"]
SqlForm = Literal["expression", "function", "none"]
DIALECTS = ("sqlite", "postgresql", "duckdb")
ANY_TYPE = ("text", "integer", "decimal", "date", "timestamp", "boolean", "binary", "other")
_WITH_TEXT = ("text", "integer", "decimal", "date", "timestamp", "boolean", "binary")
_NUMBERS = ("integer", "decimal")
_EVERYWHERE: Mapping[str, SqlForm] = dict.fromkeys(DIALECTS[:2], "expression")
_BY_BOTH: Mapping[str, SqlForm] = {"sqlite": "function", "postgresql": "expression"}
_SQLITE_ONLY: Mapping[str, SqlForm] = {"sqlite": "function"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFacts:
    """What a masked column is still good for, and how it can be turned back.

    `scope` says what a cell is made from: the cell alone, its row (a subject's column
    decides a shift), or the table (groups). `accepts` lists the data types of columns that
    have a form; other values become empty or are refused.
    """

    operator: Operator
    joins: bool  # equal values stay equal
    order: bool
    format: bool  # characters and layout
    length: bool
    aggregates: bool  # counts, sums or group sizes stay meaningful
    reveals: str
    reversible: bool  # by whom says `reversible_by`
    reversible_by: str
    accepts: tuple[str, ...]
    scope: Scope = "cell"
    deterministic: bool = True  # the same cell under the same key always looks the same
    sql: Mapping[str, SqlForm] = field(default_factory=dict)

    @property
    def preserves(self) -> tuple[str, ...]:
        """Name what is preserved."""
        names = ("joins", "order", "format", "length", "aggregates")
        return tuple(name for name in names if getattr(self, name))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Name the parameters."""
        return tuple(spec.name for spec in self.specs)

    @property
    def specs(self) -> tuple[ParameterSpec, ...]:
        """List the parameters with their types and ranges."""
        return SPECS[self.operator]

    def sql_form(self, dialect: str) -> SqlForm:
        """Say how a database of this dialect masks: plain SQL, a function of ours, or not."""
        return self.sql.get(dialect, "none")


def table_operators(controls: Mapping[str, Control]) -> tuple[str, ...]:
    """Name the columns whose control needs the whole table, sorted."""
    return tuple(sorted(name for name, one in controls.items() if one.operator.needs_whole_table))


def _facts(
    operator: Operator,
    preserves: str,
    reveals: str,
    *,
    accepts: tuple[str, ...] = _WITH_TEXT,
    reversible_by: str = "",
    irreversible: str = "nobody",
    scope: Scope = "cell",
    sql: Mapping[str, SqlForm] | None = None,
    deterministic: bool = True,
) -> OperatorFacts:
    kept = preserves.split()
    return OperatorFacts(
        operator=operator,
        joins="joins" in kept,
        order="order" in kept,
        format="format" in kept,
        length="length" in kept,
        aggregates="aggregates" in kept,
        reveals=reveals,
        reversible=bool(reversible_by),
        reversible_by=reversible_by or irreversible,
        accepts=accepts,
        scope=scope,
        deterministic=deterministic,
        sql=sql or {},
    )


CATALOGUE: dict[Operator, OperatorFacts] = {
    facts.operator: facts
    for facts in (
        _facts(Operator.DENY, "", "That the column exists.", accepts=ANY_TYPE),
        _facts(Operator.NULL, "", "Which rows there are.", accepts=ANY_TYPE, sql=_EVERYWHERE),
        _facts(
            Operator.REDACT,
            "",
            "Whether a value is there; in free text also what surrounds the detected entities.",
            accepts=ANY_TYPE,
            sql=_EVERYWHERE,
        ),
        _facts(
            Operator.REPLACE,
            "format",
            "Whether a value is there.",
            accepts=ANY_TYPE,
            sql=_EVERYWHERE,
        ),
        _facts(
            Operator.AGGREGATE,
            "aggregates",
            "The count, sum or mean of each group of at least k rows; one person who dominates "
            "a sum shows through it.",
            accepts=_NUMBERS,
            scope="table",
        ),
        _facts(
            Operator.GENERALISE,
            "order aggregates",
            "The group a person belongs to; small groups may single a person out.",
            sql=_BY_BOTH,
        ),
        _facts(
            Operator.BUCKET,
            "order aggregates",
            "The value to within the width of the band.",
            accepts=_NUMBERS,
            sql=_BY_BOTH,
        ),
        _facts(
            Operator.PARTIAL,
            "format length",
            "The characters shown, and the length.",
            irreversible="nobody; who knows the person may guess the rest",
            sql=_BY_BOTH,
        ),
        _facts(
            Operator.ENCRYPT,
            "",
            "Whether a value is there, and how long it is; not which values are equal.",
            reversible_by="holders of the key, by decryption",
            deterministic=False,
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.TOKENISE,
            "joins aggregates",
            "Which rows belong together, and how often a value occurs.",
            reversible_by="who may read the vault of tokens and holds its key",
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.SYNTHETIC,
            "joins format",
            "What kind of value it is, and mostly which rows belong together; two people may "
            "get the same made-up value.",
            irreversible="nobody exactly; holders of the key can test candidate values",
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.PSEUDONYMISE,
            "joins aggregates",
            "Which rows belong together, and how often a value occurs.",
            reversible_by="holders of the key, by hashing candidate values",
            sql=_BY_BOTH,
        ),
        _facts(
            Operator.FORMAT_PRESERVING,
            "joins format length aggregates",
            "Which rows belong together, how often a value occurs, and the format.",
            reversible_by="holders of the key, by decryption",
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.NOISE,
            "aggregates",
            "The value to within a few times the scale; a rare extreme stays extreme.",
            irreversible="nobody exactly; holders of the key can narrow it down",
            accepts=_NUMBERS,
            scope="row",
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.DATE_SHIFT,
            "format length",
            "The date to within the days given, the time of day, and with a subject the exact "
            "days between the dates of one person.",
            reversible_by="holders of the key, by shifting back",
            accepts=("date", "timestamp", "text", "integer"),
            scope="row",
            sql=_SQLITE_ONLY,
        ),
        _facts(
            Operator.TOP_BOTTOM,
            "order format",
            "Every value between the limits as it is; of the others that they lie beyond.",
            accepts=_NUMBERS,
            sql=_BY_BOTH,
        ),
        _facts(
            Operator.SUPPRESS,
            "joins order format length",
            "Every value that at least k rows share, as it is; of the others that they are rare.",
            accepts=ANY_TYPE,
            scope="table",
        ),
        _facts(
            Operator.CLEAR,
            "joins order format length aggregates",
            "Everything.",
            irreversible="nothing was changed",
            accepts=ANY_TYPE,
            sql=_EVERYWHERE,
        ),
    )
}
