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
    """How a value is shown, from nothing to clear; `policies/controls.yaml` describes each."""

    DENY = "deny"
    NULL = "null"
    REDACT = "redact"
    REPLACE = "replace"
    GENERALISE = "generalise"
    BUCKET = "bucket"
    PARTIAL = "partial"
    PSEUDONYMISE = "pseudonymise"
    FORMAT_PRESERVING = "format_preserving"
    CLEAR = "clear"

    @property
    def strictness(self) -> int:
        """Return 9 for deny down to 0 for clear; the stricter of two obligations wins."""
        return len(Operator) - 1 - list(Operator).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One choice for one decision point: an operator with its parameters.

    Parameters by operator: replace `with`; generalise `to` (year, month, sex_and_year,
    prefix) and `keep`; bucket `width`; partial `first`, `last`; pseudonymise and
    format_preserving `key` (a key name, usually the purpose).
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
