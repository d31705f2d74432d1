"""Controls: the closed set of answers a decision point can have."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.identifiers import AssetId
from policy_service.domain.parameters import NO_PARAMETERS, Parameters, ParameterValue


class Action(StrEnum):
    """What a role may do with rows; enforcement itself accepts any action name."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Operator(StrEnum):
    """How a value is shown, from nothing to clear; `policies/controls.yaml` describes each.

    INVARIANT: strictest first, by what a reader without keys can learn. Four groups follow
    each other: nothing of the value (deny to replace); something coarser that cannot be
    turned back (aggregate to partial); a stand-in for the whole value (encrypt to
    format_preserving; encrypt hides even which values are equal, tokens cannot be computed
    by who holds the key alone, synthetic values collide, format-preserving ones keep the
    form); the value itself, or one near it, for some or all rows (noise to suppress).
    A new operator is put between others, so that those keep their order.
    """

    DENY = "deny"
    NULL = "null"
    REDACT = "redact"
    REPLACE = "replace"
    AGGREGATE = "aggregate"
    GENERALISE = "generalise"
    BUCKET = "bucket"
    PARTIAL = "partial"
    ENCRYPT = "encrypt"
    TOKENISE = "tokenise"
    SYNTHETIC = "synthetic"
    PSEUDONYMISE = "pseudonymise"
    FORMAT_PRESERVING = "format_preserving"
    NOISE = "noise"
    DATE_SHIFT = "date_shift"
    TOP_BOTTOM = "top_bottom"
    SUPPRESS = "suppress"
    CLEAR = "clear"

    @property
    def strictness(self) -> int:
        """Return the most for deny down to 0 for clear; the stricter of two obligations wins."""
        return _STRICTNESS[self]

    @property
    def needs_whole_table(self) -> bool:
        """Tell whether a cell depends on other rows: no form for single values or streams."""
        return self in (Operator.AGGREGATE, Operator.SUPPRESS)

    @property
    def shows_true_values(self) -> bool:
        """Tell whether some cells are shown as they are stored, whatever the parameters."""
        return self in (Operator.TOP_BOTTOM, Operator.SUPPRESS, Operator.CLEAR)

    @property
    def stands_in_for(self) -> frozenset["Operator"]:
        """Name the operators in whose place this one may stand under a floor that lists them.

        It shows no more than any of them: equality at most where they show equality, and
        nothing of the value. An operator that is not named here has to be listed itself.
        """
        return _STANDS_IN_FOR.get(self, frozenset())


_STRICTNESS = {one: rank for rank, one in enumerate(reversed(Operator))}
_STANDS_IN_FOR = {
    Operator.ENCRYPT: frozenset({Operator.PSEUDONYMISE, Operator.FORMAT_PRESERVING}),
    Operator.TOKENISE: frozenset({Operator.PSEUDONYMISE, Operator.FORMAT_PRESERVING}),
    Operator.SYNTHETIC: frozenset({Operator.PSEUDONYMISE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One choice for one decision point: an operator with its parameters.

    `domain.control_parameters` says which parameters each operator takes.
    """

    operator: Operator
    parameters: Parameters = NO_PARAMETERS

    @property
    def label(self) -> str:
        """Write the control as people and policy files do: `partial(first=0, last=4)`."""
        if not self.parameters:
            return self.operator.value
        inner = ", ".join(f"{name}={_written(value)}" for name, value in self.parameters.items())
        return f"{self.operator.value}({inner})"


def _written(value: ParameterValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


DENY = Control(operator=Operator.DENY)
CLEAR = Control(operator=Operator.CLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """One step of a row filter's path: `column` of this table equals `references_column` there."""

    column: str
    references_table: AssetId
    references_column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """Rows are visible where `column`, at the end of `path`, equals the subject's attribute.

    With an empty path the column is one of the table itself. A subject without
    the attribute sees no row.
    """

    table: AssetId
    column: str
    subject_attribute: str
    path: tuple[Join, ...] = ()
