"""The catalogue of operators: what each preserves and whether it can be undone.

The same facts as `policies/controls.yaml`, in typed form for embedders that have
no files; a test compares the two.
"""

from dataclasses import dataclass

from policy_service.domain.control import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFacts:
    """What a masked column is still good for, and how it can be turned back."""

    operator: Operator
    joins: bool  # equal values stay equal
    order: bool
    format: bool  # characters and layout
    length: bool
    aggregates: bool  # counts, sums or group sizes stay meaningful
    reversible: bool  # by holders of the key
    parameters: tuple[str, ...]

    @property
    def preserves(self) -> tuple[str, ...]:
        """Name what is preserved."""
        names = ("joins", "order", "format", "length", "aggregates")
        return tuple(name for name in names if getattr(self, name))


def _facts(
    operator: Operator, preserves: str, *parameters: str, reversible: bool = False
) -> OperatorFacts:
    kept = preserves.split()
    return OperatorFacts(
        operator=operator,
        joins="joins" in kept,
        order="order" in kept,
        format="format" in kept,
        length="length" in kept,
        aggregates="aggregates" in kept,
        reversible=reversible,
        parameters=parameters,
    )


CATALOGUE: dict[Operator, OperatorFacts] = {
    facts.operator: facts
    for facts in (
        _facts(Operator.DENY, ""),
        _facts(Operator.NULL, ""),
        _facts(Operator.REDACT, ""),
        _facts(Operator.REPLACE, "format", "with"),
        _facts(Operator.GENERALISE, "order aggregates", "to", "keep"),
        _facts(Operator.BUCKET, "order aggregates", "width"),
        _facts(Operator.PARTIAL, "format length", "first", "last"),
        _facts(Operator.PSEUDONYMISE, "joins aggregates", "key", reversible=True),
        _facts(
            Operator.FORMAT_PRESERVING,
            "joins format length aggregates",
            "key",
            reversible=True,
        ),
        _facts(Operator.CLEAR, "joins order format length aggregates"),
    )
}
