"""Predicates as SQL: three-valued, as SQL itself is, and total for any type of column.

A comparison with a value of another kind than the column holds is NULL, never an error and
never a conversion: SQLite would call the text `5` the number 5, and the others would refuse
the statement. Strings are compared by code points whatever the column's collation; numbers as
`domain.condition_truth` has it, with NaN unknown. SQLite has no truth values, so there a
comparison with one is unknown. Such a comparison uses no index: a row filter does.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import Protocol

from policy_service.domain.errors import StatementRefusedError
from policy_service.domain.parameters import Scalar
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)

Bind = Callable[[object], str]  # keeps a value as a bind parameter and names it in SQL

TRUE, FALSE = "1 = 1", "1 = 0"
_SIGNS: Mapping[Comparator, str] = {
    Comparator.EQ: "=",
    Comparator.NE: "<>",
    Comparator.LT: "<",
    Comparator.LE: "<=",
    Comparator.GT: ">",
    Comparator.GE: ">=",
}
_DEEPEST = 64


def predicate_sql(
    predicate: Predicate, *, dialect: str, column: Callable[[str], str], bind: Bind
) -> str:
    """Write a predicate over the columns that `column` writes.

    Raises `StatementRefusedError` for a dialect without a form, and for a predicate that is
    nested too deeply for a database to read.
    """
    form = _FORMS.get(dialect)
    if form is None:
        raise StatementRefusedError(
            f"dialect `{dialect}` has no form for conditions on rows; use {', '.join(_FORMS)}"
        )
    return _written(predicate, form, column, bind, _DEEPEST)


class _Form(Protocol):
    """How one dialect compares a column with values of one kind; NULL for other kinds."""

    def __call__(self, column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
        """Write `column sign values[0]`, or `column = ANY values` for the sign `IN`."""
        ...


def _written(
    predicate: Predicate, form: _Form, column: Callable[[str], str], bind: Bind, left: int
) -> str:
    if left == 0:
        raise StatementRefusedError("a condition on rows is nested too deeply; simplify its rule")

    def joined(parts: Sequence[Predicate], word: str, none: str) -> str:
        inner = [_written(one, form, column, bind, left - 1) for one in parts]
        return f"({f' {word} '.join(inner)})" if inner else f"({none})"

    match predicate:
        case Comparison():
            return _compared(predicate, form, column(predicate.column), bind)
        case Membership():
            return _member(predicate, form, column(predicate.column), bind)
        case Presence():
            return f"({column(predicate.column)} IS NOT NULL)"
        case Negation():
            return f"(NOT {_written(predicate.part, form, column, bind, left - 1)})"
        case AllOf():
            return joined(predicate.parts, "AND", TRUE)
        case AnyOf():
            return joined(predicate.alternatives, "OR", FALSE)


def _compared(one: Comparison, form: _Form, column: str, bind: Bind) -> str:
    ordered = one.comparator not in (Comparator.EQ, Comparator.NE)
    if (ordered and isinstance(one.value, bool)) or _kind(one.value) is None:
        return _UNKNOWN
    return form(column, _SIGNS[one.comparator], (one.value,), bind)


def _member(one: Membership, form: _Form, column: str, bind: Bind) -> str:
    kinds: dict[object, list[Scalar]] = {}
    for value in one.values:
        kinds.setdefault(_kind(value), []).append(value)
    # A value of another kind leaves the answer open, so each kind is asked for by itself.
    parts = [
        _UNKNOWN if kind is None else form(column, "IN", values, bind)
        for kind, values in kinds.items()
    ]
    return f"({' OR '.join(parts)})" if parts else f"({FALSE})"


def _kind(value: Scalar) -> str | None:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    return None if isnan(value) else "number"


_UNKNOWN = f"(CASE WHEN {FALSE} THEN {TRUE} END)"


def _held(left: str, sign: str, right: Sequence[str]) -> str:
    return f"{left} IN ({', '.join(right)})" if sign == "IN" else f"{left} {sign} {right[0]}"


def _guarded(*branches: tuple[str, str]) -> str:
    return f"(CASE {' '.join(f'WHEN {kind} THEN {held}' for kind, held in branches)} END)"


def _sqlite(column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
    kind = _kind(values[0])
    if kind == "truth":
        return _UNKNOWN
    given = [bind(value) for value in values]
    # `+` takes the column's affinity away, which would turn texts and numbers into each other.
    if kind == "text":
        held = _held(f"(+{column}) COLLATE BINARY", sign, given)
        return _guarded((f"typeof({column}) = 'text'", held))
    return _guarded((f"typeof({column}) IN ('integer', 'real')", _held(f"+{column}", sign, given)))


def _postgresql(column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
    # Through text, as the statement must be sound for a column of any type.
    kind, type_name, text = _kind(values[0]), f"pg_typeof({column})::text", f"{column}::text"
    if kind == "truth":
        given = [f"{bind(str(value).lower())}::text" for value in values]
        return _guarded((f"{type_name} = 'boolean'", _held(text, sign, given)))
    if kind == "text":
        given = [f"{bind(value)}::text" for value in values]
        whole = f"(to_jsonb({column}) #>> '{{}}')"  # `character` keeps its spaces
        return _guarded(
            (
                f"{type_name} IN ('text', 'character varying', 'character')",
                _held(f'{whole} COLLATE "C"', sign, given),
            )
        )
    given = [bind(repr(value)) for value in values]
    floats = [f"{one}::text::double precision" for one in given]
    exact = [f"{one}::text::numeric" for one in given]
    fractional = any(isinstance(value, float) for value in values)
    number = f"{text}::double precision" if fractional else f"{text}::numeric"
    return _guarded(
        (f"{text} = 'NaN'", "NULL"),
        (
            f"{type_name} IN ('real', 'double precision')",
            _held(f"{text}::double precision", sign, floats),
        ),
        (
            f"{type_name} IN ('smallint', 'integer', 'bigint', 'numeric')",
            _held(number, sign, floats if fractional else exact),
        ),
    )


_DUCKDB_WHOLE = ", ".join(
    f"'{sign}{size}'"
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    for sign in ("", "U")
)


def _duckdb(column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
    kind, type_name = _kind(values[0]), f"typeof({column})"
    if kind == "truth":
        given = [f"CAST({bind(value)} AS BOOLEAN)" for value in values]
        held = _held(f"TRY_CAST({column} AS BOOLEAN)", sign, given)
        return _guarded((f"{type_name} = 'BOOLEAN'", held))
    if kind == "text":
        # As bytes, so that no collation of the column or the database has a say.
        given = [f"encode(CAST({bind(value)} AS VARCHAR))" for value in values]
        held = _held(f"encode(TRY_CAST({column} AS VARCHAR))", sign, given)
        return _guarded((f"{type_name} = 'VARCHAR'", held))
    given = [bind(value) for value in values]
    wide = "DOUBLE" if any(isinstance(value, float) for value in values) else "HUGEINT"
    double = f"TRY_CAST({column} AS DOUBLE)"
    floats = [f"CAST({one} AS DOUBLE)" for one in given]
    whole = [f"TRY_CAST({one} AS {wide})" for one in given]
    return _guarded(
        (f"isnan({double})", "NULL"),
        (
            f"{type_name} IN ('FLOAT', 'DOUBLE') OR {type_name} LIKE 'DECIMAL(%'",
            _held(double, sign, floats),
        ),
        (f"{type_name} IN ({_DUCKDB_WHOLE})", _held(f"TRY_CAST({column} AS {wide})", sign, whole)),
    )


_FORMS: Mapping[str, _Form] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "duckdb": _duckdb,
}
