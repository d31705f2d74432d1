"""All that a scan says of the privacy of one table, in one call.

Combinations that single people out, what still does after the usual coarsening, and columns
that give others away. The order of the parts; what each measures is said in its own module.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policy_service.catalog.observation import ObservedTable
from policy_service.catalog.privacy.inference import find_inference_risks
from policy_service.catalog.privacy.quasi_identifiers import (
    find_coarsened,
    find_quasi_identifiers,
    quasi_columns,
)
from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.privacy import InferenceRisk

ReadRows = Callable[[Sequence[str]], Sequence[Sequence[object]]]
_SENSITIVE = (
    "user.health_and_medical",
    "user.criminal_history",
    "user.biometric",
    "user.demographic.religious_belief",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.sexual_orientation",
    "user.financial",
)
_NUMBERED = ("user.financial.bank_account", "user.financial.credit_card")  # each has its own


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePrivacy:
    """What is stored with the table; the names are those of `domain.asset.Table`."""

    quasi_identifiers: tuple[QuasiIdentifier, ...] = ()
    coarsened: tuple[QuasiIdentifier, ...] = ()
    inference_risks: tuple[InferenceRisk, ...] = ()


def assess_privacy(
    table: ObservedTable, categories: Mapping[str, Sequence[str]], *, read: ReadRows
) -> TablePrivacy:
    """Assess a table about people.

    `categories` gives for each column its category and what it reveals. `read` reads rows of
    the named columns, more than were sampled where it can: in few rows all differ.
    """
    sensitive = sensitive_columns(table, categories)
    risks = find_inference_risks(
        {column.name: column.values for column in table.columns}, categories, sensitive=sensitive
    )
    columns = quasi_columns(table, categories)
    if len(columns) < 2:
        return TablePrivacy(inference_risks=risks)
    spread = tuple(name for name in sensitive if name not in columns)
    rows = read([*columns, *spread])
    return TablePrivacy(
        quasi_identifiers=find_quasi_identifiers(
            columns, rows, row_count=table.row_count, categories=categories, sensitive=spread
        ),
        coarsened=find_coarsened(columns, rows, row_count=table.row_count, categories=categories),
        inference_risks=risks,
    )


def sensitive_columns(
    table: ObservedTable, categories: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Choose the columns that nobody should be able to guess, in the table's order."""
    return tuple(
        column.name
        for column in table.columns
        if any(
            one.startswith(_SENSITIVE) and not one.startswith(_NUMBERED)
            for one in categories.get(column.name, ())[:1]
        )
    )
