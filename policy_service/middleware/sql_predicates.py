"""Predicates as SQL: three-valued, as SQL itself is, and total for any type of column.

A comparison with a value of another kind than the column holds is NULL, never an error and
never a conversion: SQLite would call the text `5` the number 5, and the others would refuse
the statement. Strings are compared by code points whatever the column's collation; numbers by
their exact values, as `domain.condition_truth` has it (the fraction 0.1 is not the decimal 0.1),
with NaN unknown. SQLite has no truth values, so there a comparison with one is unknown. Such a
comparison uses no index: a row filter does.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from math import isinf, isnan
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
from policy_service.middleware.predicate_bounds import Bound, float_bound, whole_bound

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
_COMPARATORS: Mapping[str, Comparator] = {
    "IN": Comparator.EQ,
    **{sign: comparator for comparator, sign in _SIGNS.items()},
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
    return None if isinstance(value, float) and isnan(value) else "number"


_UNKNOWN = f"(CASE WHEN {FALSE} THEN {TRUE} END)"


def _held(left: str, sign: str, right: Sequence[str]) -> str:
    return f"{left} IN ({', '.join(right)})" if sign == "IN" else f"{left} {sign} {right[0]}"


def _guarded(*branches: tuple[str, str]) -> str:
    return f"(CASE {' '.join(f'WHEN {kind} THEN {held}' for kind, held in branches)} END)"


def _numbers(
    column: str,
    sign: str,
    values: Sequence[Scalar],
    bound: Callable[[Comparator, int | float], Bound | tuple[Comparator, float] | bool],
    write: Callable[[int | float], str],
) -> str:
    """Hold a column of numbers against bounds that it can have, so that nothing is rounded."""
    parts = []
    for value in values:
        held = bound(_COMPARATORS[sign], _number(value))
        if isinstance(held, bool):
            parts.append(f"{column} {'=' if held else '<>'} {column}")  # unknown without a value
        else:
            parts.append(f"{column} {_SIGNS[held[0]]} {write(held[1])}")
    return f"({' OR '.join(parts)})"


def _number(value: Scalar) -> int | float:
    return value if isinstance(value, int | float) else float("nan")  # its kind is known


def _sqlite(column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
    kind = _kind(values[0])
    if kind == "truth":
        return _UNKNOWN
    # `+` takes the column's affinity away, which would turn texts and numbers into each other.
    if kind == "text":
        held = _held(f"(+{column}) COLLATE BINARY", sign, [bind(value) for value in values])
        return _guarded((f"typeof({column}) = 'text'", held))

    def storable(comparator: Comparator, value: int | float) -> tuple[Comparator, float] | bool:
        fits = isinstance(value, float) or -(2**63) <= value < 2**63  # SQLite compares those well
        return (comparator, value) if fits else float_bound(comparator, value)

    held = _numbers(f"+{column}", sign, values, storable, bind)
    return _guarded((f"typeof({column}) IN ('integer', 'real')", held))


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
    exact = [f"{bind(_digits(_number(value)))}::text::numeric" for value in values]
    doubles = _numbers(
        f"{text}::double precision",
        sign,
        values,
        float_bound,
        lambda value: f"{bind(repr(value))}::text::double precision",
    )
    return _guarded(
        (f"{text} = 'NaN'", "NULL"),
        (f"{type_name} IN ('real', 'double precision')", doubles),
        (
            f"{type_name} IN ('smallint', 'integer', 'bigint', 'numeric')",
            _held(f"{text}::numeric", sign, exact),
        ),
    )


def _digits(value: int | float) -> str:
    """Write the number itself, not the shortest text that stands for it."""
    if isinstance(value, int):
        return str(value)
    return ("Infinity" if value > 0 else "-Infinity") if isinf(value) else f"{Decimal(value):f}"


_HUGE = 2**127 - 1
_DIGITS, _PLACES = 38, 18
_FINE_DECIMAL = (
    "{0} LIKE 'DECIMAL(%' AND "
    "CAST(regexp_extract({0}, ',\\s*([0-9]+)', 1) AS INTEGER) > " + str(_PLACES)
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
    double = f"TRY_CAST({column} AS DOUBLE)"
    doubles = _numbers(
        double, sign, values, float_bound, lambda value: f"CAST({bind(value)} AS DOUBLE)"
    )
    wholes = _numbers(
        f"TRY_CAST({column} AS HUGEINT)",
        sign,
        values,
        whole_bound,
        lambda value: f"CAST({bind(str(max(-_HUGE, min(int(value), _HUGE))))} AS HUGEINT)",
    )
    return _guarded(
        (f"isnan({double})", "NULL"),
        (f"{type_name} IN ('FLOAT', 'DOUBLE')", doubles),
        (f"{type_name} IN ({_DUCKDB_WHOLE})", wholes),
        (_FINE_DECIMAL.format(type_name), "NULL"),
        (f"{type_name} LIKE 'DECIMAL(%'", _duckdb_decimals(column, sign, values, bind)),
    )


def _duckdb_decimals(column: str, sign: str, values: Sequence[Scalar], bind: Bind) -> str:
    """Compare as the widest decimal with 18 places; a column with more of them is unknown."""

    def bound(comparator: Comparator, value: int | float) -> Bound:
        return whole_bound(comparator, value, scale=_PLACES)

    def write(value: int | float) -> str:
        most = 10**_DIGITS - 1
        units = Decimal(max(-most, min(int(value), most)))
        text = f"{units.scaleb(-_PLACES, Context(prec=_DIGITS + 1)):f}"
        return f"CAST({bind(text)} AS DECIMAL({_DIGITS}, {_PLACES}))"

    wide = f"TRY_CAST({column} AS DECIMAL({_DIGITS}, {_PLACES}))"
    return _numbers(wide, sign, values, bound, write)


_FORMS: Mapping[str, _Form] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "duckdb": _duckdb,
}
