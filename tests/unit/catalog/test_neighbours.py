"""What the neighbours of a column add."""

import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.observation import ObservedColumn, ObservedTable


def _category(table: str, columns: str, which: str) -> tuple[str, tuple[str, ...], list[str]]:
    named = [one.partition(":") for one in columns.split()]
    observed = ObservedTable(
        id=f"s.public.{table}",
        schema="public",
        name=table,
        row_count=0,
        columns=tuple(ObservedColumn(name=n, data_type=kind or "text") for n, _, kind in named),
    )
    found = Classifier(text_finder=None).classify([observed])[observed.id]
    column = found.columns[[n for n, _, _ in named].index(which)]
    return column.category, column.reveals, [piece.detector for piece in column.evidence]


@pytest.mark.parametrize(
    ("table", "columns", "which", "category"),
    [
        ("clients", "id prenom nom", "nom", "user.name.last"),
        ("clients", "id nom", "nom", "user.name"),
        ("kunden", "nr vorname name", "name", "user.name.last"),
        ("clientes", "id nombre apellidos", "nombre", "user.name.first"),
        ("customers", "id card_number expiry", "expiry", "user.financial.credit_card"),
        ("customers", "id quantity expiry", "expiry", "system.operations"),
        ("orders", "id customer_id account_to bank_to", "bank_to", "user.financial.bank_account"),
        ("orders", "id customer_id bank", "bank", "system.operations"),
    ],
)
def test_a_neighbour_settles_what_a_name_leaves_open(
    table: str, columns: str, which: str, category: str
) -> None:
    """The same name means another thing beside another column."""
    assert _category(table, columns, which)[0] == category


@pytest.mark.parametrize("name", ["cvv", "card_cvc2", "card_security_code", "track2_data"])
def test_what_proves_a_card_is_a_sign_in_secret_too(name: str) -> None:
    """Security codes and track data are cardholder data that reveal credentials; expiry is not."""
    columns = f"id card_number {name}"
    category, reveals, _ = _category("payment_cards", columns, name)
    assert category == "user.financial.credit_card"
    assert "user.authorization.credentials" in reveals
    assert (
        "user.authorization.credentials"
        not in _category("payment_cards", columns, "card_number")[1]
    )


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("is_pregnant", "user.health_and_medical"),
        ("has_criminal_record", "user.criminal_history"),
        ("has_email", "system.operations"),
    ],
)
def test_a_yes_or_no_can_be_the_whole_fact(name: str, category: str) -> None:
    """A flag of an illness or a conviction is the fact itself; one of an address is not."""
    assert _category("customers", f"id {name}:boolean", name)[0] == category
