"""The sample bank: whole, fictitious, the same for the same seed, and rightly classified."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.sample.bank import SampleBank, make_sample_bank
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.kit.checksums import (
    is_card_number,
    is_iban,
    read_birth_number,
)
from policy_service.kit.clock import FixedClock

_NATIONAL_ID = "user.government_id.national_identification_number"
EXPECTED = {
    "customers.first_name": "user.name.first",
    "customers.last_name": "user.name.last",
    "customers.email": "user.contact.email",
    "customers.phone": "user.contact.phone_number",
    "customers.national_id": _NATIONAL_ID,
    "customers.date_of_birth": "user.demographic.date_of_birth",
    "customers.gender": "user.demographic.gender",
    "customers.street": "user.contact.address.street",
    "customers.city": "user.contact.address.city",
    "customers.postal_code": "user.contact.address.postal_code",
    "customers.district_id": "user.location.imprecise",
    "customers.marketing_consent": "user.privacy_preferences",
    "customers.created_at": "system.operations",
    "accounts.iban": "user.financial.bank_account",
    "accounts.balance": "user.financial",
    "account_holders.customer_id": "user.unique_id",
    "cards.card_number": "user.financial.credit_card",
    "cards.expiry": "user.financial.credit_card",
    "cards.holder_name": "user.name",
    "transactions.amount": "user.financial",
    "transactions.counterparty_iban": "user.financial.bank_account",
    "loans.status": "user.financial",
    "standing_orders.counterparty_account": "user.financial.bank_account",
    "standing_orders.purpose": "user.financial",
    "employees.salary": "user.financial",
    "employees.national_id": _NATIONAL_ID,
    "employees.job_title": "user.job_title",
    "employees.hired_on": "user.workplace",
    "leave_notes.note": "user.health_and_medical",
    "support_tickets.body": "user.content.private",
    "support_tickets.customer_id": "user.unique_id",
    "branches.phone": "system.operations",
    "branches.city": "system.operations",
    "districts.average_income": "system.operations",
    "districts.name": "system.operations",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleBank]:
    """One bank for this module."""
    path = tmp_path_factory.mktemp("bank") / "bank.db"
    return path, make_sample_bank(path, seed=7, progress=silent)


def _scan(path: Path, clock: FixedClock) -> Catalog:
    return scan_source(
        url=f"sqlite:///{path}",
        source="bank",
        schema=None,
        sample_rows=500,
        classifier=Classifier(text_finder=None),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )


def _column(path: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(statement)]


def test_the_bank_has_twelve_tables_and_its_keys_hold(made: tuple[Path, SampleBank]) -> None:
    """About twenty thousand rows in twelve tables, without a dangling reference."""
    path, bank = made
    assert bank.tables == 12
    assert 19_000 <= bank.rows <= 23_000
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_numbers_are_valid_and_impossible(made: tuple[Path, SampleBank]) -> None:
    """Cards pass Luhn in a test range, IBANs pass, national ids carry a serial never issued."""
    path, _ = made
    cards = _column(path, "SELECT card_number FROM cards")
    assert all(is_card_number(card) and card.startswith("40000000") for card in cards)
    assert all(map(is_iban, _column(path, "SELECT iban FROM accounts")))
    ids = _column(path, "SELECT national_id FROM customers UNION SELECT national_id FROM employees")
    assert all(read_birth_number(one) and one.endswith("/000") for one in ids)
    emails = _column(path, "SELECT email FROM customers UNION SELECT work_email FROM employees")
    assert all(re.search(r"@(bank\.)?example\.org$", one) for one in emails)


def test_the_same_seed_makes_the_same_bank(made: tuple[Path, SampleBank], tmp_path: Path) -> None:
    """Two banks of one seed have the same content; another seed another."""

    def content(path: Path) -> list[str]:
        with closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    again, other = tmp_path / "again.db", tmp_path / "other.db"
    assert make_sample_bank(again, seed=7, progress=silent) == made[1]
    make_sample_bank(other, seed=8, progress=silent)
    assert content(again) == content(made[0])
    assert content(other) != content(again)


def test_its_people_hold_known_jobs(made: tuple[Path, SampleBank]) -> None:
    """Tellers have a district; subjects are sorted and named once."""
    people = {str(person.subject): person for person in made[1].people}
    assert len(people) == len(made[1].people)
    assert list(people) == sorted(people)
    teller = people["teller-7"]
    assert teller.roles == ("branch-teller",)
    assert teller.attributes["district_id"] == 7


def test_its_people_fit_the_sample_organisation(
    made: tuple[Path, SampleBank], repository: Path
) -> None:
    """Every role is a job function of the sample bank, every job has someone, and none clash."""
    file = repository / "policies" / "organisations" / "bank.yaml"
    organisation = yaml.safe_load(file.read_text(encoding="utf-8"))
    known = {job["id"] for job in organisation["job_functions"]}
    assert {role for person in made[1].people for role in person.roles} == known
    assert all(len(person.roles) == 1 for person in made[1].people)


def test_the_sample_bank_is_classified_rightly(
    made: tuple[Path, SampleBank], clock: FixedClock
) -> None:
    """Every column that matters has its category, and undeclared keys are found."""
    catalog = _scan(made[0], clock)
    found = {
        f"{table.name}.{column.name}": column.category
        for table in catalog.tables
        for column in table.columns
    }
    assert {name: found[name] for name in EXPECTED} == EXPECTED
    inferred = {
        (table.name, key.column)
        for table in catalog.tables
        for key in table.foreign_keys
        if key.inferred
    }
    assert inferred == {("standing_orders", "account_id"), ("support_tickets", "customer_id")}
    subjects = {table.name: table.data_subject for table in catalog.tables}
    assert subjects["leave_notes"] == subjects["employees"] == "employee"
    assert subjects["support_tickets"] == subjects["cards"] == "customer"
    assert subjects["districts"] == subjects["branches"] == ""


def test_what_tickets_hold_is_revealed(made: tuple[Path, SampleBank], clock: FixedClock) -> None:
    """The free text of tickets reveals mail, telephone, account and card numbers."""
    body = _scan(made[0], clock).find_column(AssetId("bank.public.support_tickets.body"))
    assert body is not None
    assert set(body.reveals) >= {
        "user.contact.email",
        "user.contact.phone_number",
        "user.financial.bank_account",
        "user.financial.credit_card",
    }


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Where a file stands in the place of the folder, the error names the path."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(CatalogError, match="cannot write the sample bank"):
        make_sample_bank(tmp_path / "file" / "bank.db", seed=1, progress=silent)


def test_a_stopped_making_leaves_nothing(tmp_path: Path) -> None:
    """When the work is cancelled, the old file stays and no half file is left."""
    path = tmp_path / "bank.db"
    path.write_text("old")

    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sample_bank(path, seed=1, progress=stop)
    assert [file.name for file in tmp_path.iterdir()] == ["bank.db"]
    assert path.read_text() == "old"
