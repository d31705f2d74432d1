"""The privacy of the berka bank: what singles its clients out, what its payments give away."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.privacy.assess import TablePrivacy, assess_privacy


def _assess(file: Path, categories: Mapping[str, Sequence[str]]) -> TablePrivacy:
    with file.open(encoding="utf-8", newline="") as opened:
        header, *rows = csv.reader(opened, delimiter=";")
    table = ObservedTable(
        id=f"bank.public.{file.stem}",
        schema="public",
        name=file.stem,
        row_count=len(rows),
        columns=tuple(
            ObservedColumn(
                name=name, data_type="text", values=tuple(row[place] for row in rows[:1_000])
            )
            for place, name in enumerate(header)
        ),
    )
    places = {name: place for place, name in enumerate(header)}
    return assess_privacy(
        table,
        categories,
        read=lambda columns: [tuple(row[places[name]] for name in columns) for row in rows],
    )


def test_half_of_the_clients_are_alone_by_year_sex_and_district(shared_data: Path) -> None:
    """With the whole birth number nearly all are, and cutting it to year and sex halves that."""
    found = _assess(
        shared_data / "berka" / "client.asc",
        {
            "client_id": ("user.unique_id",),
            "birth_number": (
                "user.government_id.national_identification_number",
                "user.demographic.date_of_birth",
                "user.demographic.gender",
            ),
            "district_id": ("user.location.imprecise",),
        },
    )
    (whole,), (cut,) = found.quasi_identifiers, found.coarsened
    assert whole.columns == cut.columns == ("birth_number", "district_id")
    assert whole.unique_fraction == pytest.approx(0.990, abs=0.001)
    assert cut.read_as == ("year of birth and sex", "")
    assert cut.unique_fraction == pytest.approx(0.524, abs=0.001)
    assert cut.risk is not None
    assert cut.risk.marketer == pytest.approx(0.705, abs=0.001)


def test_a_payment_symbol_gives_insurance_loans_and_household_away(shared_data: Path) -> None:
    """The symbols are called a fact of finance, and say what a household pays for."""
    found = _assess(shared_data / "berka" / "order.asc", {"k_symbol": ("user.financial",)})
    (risk,) = found.inference_risks
    assert (risk.column, risk.reveals) == ("k_symbol", "user.behavior.purchase_history")
    assert risk.strength == 1.0
    assert all(word in risk.reason for word in ("insurance", "the household", "a loan or leasing"))
