"""Masked columns of views: only forms that a reader's own settings cannot change.

A view runs under the settings of who reads it: `TimeZone`, `extra_float_digits` and
`bytea_output` are theirs to set, and would move a value over the edge of a year or a range.
So types that these settings write differently are fixed first, or hidden. Keys never stand
in a view, whose definition everybody may read: they are looked up in a table that only the
view's owner reads.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are literals

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import PublicationError
from policy_service.kit.hashing import sha256_hex
from policy_service.publication.postgresql.model import MaskWriter
from policy_service.publication.postgresql.names import literal, quoted

ROW = "t"  # the base table's alias in every view
_ANY_TYPE = (Operator.CLEAR, Operator.NULL, Operator.REDACT, Operator.REPLACE)
_CUT = ("varchar", "bpchar")
_PLAIN = frozenset(
    ("int2", "int4", "int8", "numeric", "bool", "date", "timestamp", "uuid", "text", *_CUT)
)
_FLOATS = ("float4", "float8")


@dataclass(slots=True)
class Secrets:
    """The key material that views look up, by the name it has in the database.

    Where keys shall not enter the database, a rule that needs one raises `PublicationError`.
    """

    base: str
    allowed: bool
    values: dict[str, bytes] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """Write a value: secrets as a look-up, all else as a literal."""
        if not isinstance(value, bytes):
            return literal(value)
        if not self.allowed:
            raise PublicationError("it needs a key in the database, which you did not allow")
        # The block of a random key of 32 bytes: its hash tells nothing of it.
        name = sha256_hex(value)[:16]
        self.values[name] = value
        return f"(SELECT s.secret FROM {quoted(self.base)}.secret AS s WHERE s.name = '{name}')"


def masked_column(
    name: str, control: Control, *, types: Mapping[str, str], write: MaskWriter, secrets: Secrets
) -> str:
    """Write one column of a view, without its name.

    Raises `PublicationError` or what `write` raises where the column must stay hidden.
    """
    kind = types.get(name)
    if kind is None:
        raise PublicationError("the column is not in the database; scan it again")

    def sibling(other: str) -> str:
        if other not in types:
            raise PublicationError(f"its mask needs column `{other}`, which is not there")
        return f"{ROW}.{quoted(other)}"

    column = f"{ROW}.{quoted(name)}"
    return write(_fixed(column, kind, control), control, bind=secrets.bind, sibling=sibling)


def _fixed(column: str, kind: str, control: Control) -> str:
    operator = control.operator
    if operator in _ANY_TYPE or kind in _PLAIN:
        return column
    if kind in _FLOATS and operator is Operator.TOP_BOTTOM:
        return column
    if kind in _FLOATS and operator is Operator.BUCKET:
        return f"({column})::numeric"
    if kind == "timestamptz" and operator is Operator.GENERALISE:
        return f"({column} AT TIME ZONE 'UTC')"
    raise PublicationError(
        f"`{operator.value}` of a column of type `{kind}` would depend on the reader's settings"
    )
