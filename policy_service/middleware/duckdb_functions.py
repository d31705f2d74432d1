"""The masks as functions of a DuckDB database: the vectorised forms, on Arrow columns.

Statements of users cannot name these functions: the rewriter's allow-list has none of them.
Keys stay in Python: a statement, a log and `duckdb_functions()` see a key's name. DuckDB
shares functions between all connections to one database, so a database has one set of keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import MaskingError, UsageError
from policy_service.domain.parameters import Parameters
from policy_service.kit.late import LateModule
from policy_service.masking.canonical_text import text_of
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.parameters import subject_column

if TYPE_CHECKING:
    from policy_service.masking import values as masks
else:
    masks = LateModule("policy_service.masking.values")

MASK, MASK_ANEW, _KEYS = "ps_mask", "ps_mask_anew", "ps_mask_keys"

_ArrowFunction = Callable[..., Any]
_made: dict[str, tuple[tuple[str, _ArrowFunction, bool], ...]] = {}


def register_duckdb_masks(
    connection: Any,  # noqa: ANN401 - a DuckDB connection; the embedder's driver
    *,
    keys: MaskingKeys,
    replace: bool = False,
) -> None:
    """Register every mask that rewritten statements use; a no-op where `keys` has them already.

    Requires numpy and pyarrow, which DuckDB's functions in Python need. `replace` puts other
    keys in the place of those that the database has, for all its connections. Raises
    `UsageError` for other keys without it, and where the libraries are missing.
    """
    token = f"{id(keys):x}"  # INVARIANT: nobody else's, as the functions hold on to the keys
    present = _present(connection)
    if present == token:
        return
    if present is not None and not replace:
        raise UsageError(
            "the database already masks with other keys; use one set of keys for a database, "
            "or say `replace`"
        )
    for name, function, fresh in _functions(keys, token):
        try:
            if present is not None:
                connection.remove_function(name)
            connection.create_function(
                name, function, None, "VARCHAR",
                type="arrow", null_handling="special", side_effects=fresh,
            )  # fmt: skip
        except Exception as error:
            raise UsageError(
                "DuckDB takes no functions; install numpy and pyarrow, and replace keys by the "
                "connection that registered them"
            ) from error


def _functions(keys: MaskingKeys, token: str) -> tuple[tuple[str, _ArrowFunction, bool], ...]:
    """Make the functions of a set of keys once, and keep them for good.

    DuckDB's catalogue points to them, but holds them only as long as the connection that
    registered them; other connections would call what is no longer there.
    """
    if token not in _made:
        _made[token] = (
            (MASK, _mask(keys), False),
            (MASK_ANEW, _mask(keys), True),  # encrypted cells differ each time
            (_KEYS, _constant(token), False),
        )
    return _made[token]


def _present(connection: Any) -> str | None:  # noqa: ANN401 - as above
    known = "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?"
    if connection.execute(known, [_KEYS]).fetchall() == [(0,)]:
        return None
    return str(connection.execute(f"SELECT {_KEYS}('')").fetchall()[0][0])


def _constant(text: str) -> _ArrowFunction:
    def constant(*columns: Any) -> Any:  # noqa: ANN401 - Arrow columns
        import pyarrow as pa

        return pa.array([text] * len(columns[0]), pa.string())

    return constant


@lru_cache(maxsize=256)
def _control(argument: str) -> Control:
    operator, parameters = json.loads(argument)
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def _mask(keys: MaskingKeys) -> _ArrowFunction:
    # DuckDB takes columns of any types only for `*arguments`.
    def mask(*columns: Any) -> Any:  # noqa: ANN401 - Arrow columns
        import pyarrow as pa

        values, argument, subject = columns
        if len(values) == 0:
            return pa.array([], pa.string())
        control = _control(argument[0].as_py())
        try:
            return _masked(values, subject, control, keys)
        except Exception as error:
            kind = type(error).__name__
        # Raised here and not in the handler: a message may hold values.
        raise MaskingError(f"`{control.operator.value}` cannot mask a column ({kind})")

    return mask


def _masked(values: Any, subject: Any, control: Control, keys: MaskingKeys) -> Any:  # noqa: ANN401
    import polars as pl
    import pyarrow as pa

    from policy_service.masking.table import mask_table

    owner = subject_column(control)
    column = _plain(values)
    if column is None:
        return pa.array(_one_by_one(values, subject, control, keys), pa.string())
    frame = pl.DataFrame({"value": column})
    if owner:
        whose = _plain(subject)
        if whose is None:
            return pa.array(_one_by_one(values, subject, control, keys), pa.string())
        renamed = Parameters(dict(control.parameters), subject="subject")
        control = Control(operator=control.operator, parameters=renamed)
        frame = frame.with_columns(subject=whose)
    shown = mask_table(frame, controls={"value": control}, keys=keys).get_column("value")
    if shown.dtype == pl.String:
        return shown.to_arrow().cast(pa.string())
    return pa.array([_text(one) for one in shown.to_list()], pa.string())


def _plain(values: Any) -> Any:  # noqa: ANN401 - an Arrow column, a polars column or none
    """Return the column in polars; none for types that polars would change on the way."""
    import polars as pl
    import pyarrow as pa

    kept = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_large_string,
        pa.types.is_boolean, pa.types.is_date32, pa.types.is_decimal128,
    )  # fmt: skip
    if not any(test(values.type) for test in kept):
        return None
    return cast("pl.Series", pl.from_arrow(values)).alias("value")


def _one_by_one(values: Any, subject: Any, control: Control, keys: MaskingKeys) -> list[str | None]:  # noqa: ANN401
    owner = subject_column(control)
    return [
        _text(masks.mask_value(value, control, keys=keys, row={owner: whose}))
        for value, whose in zip(values.to_pylist(), subject.to_pylist(), strict=True)
    ]


def _text(value: object) -> str | None:
    return None if value is None else text_of(value)
