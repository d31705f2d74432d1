"""The berka bank, wholly: every column's category, every foreign key, in any naming."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.names.model import NameModel
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog, LegalClass, Sensitivity
from policy_service.domain.categories import CategoryEntry, CategoryTable
from policy_service.domain.identifiers import AssetId, DataCategory
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock
from tests.berka import load_berka

_NATIONAL_ID = "user.government_id.national_identification_number"
_OPERATIONS = "system.operations"
_LINK = "user.unique_id.pseudonymous"
_MONEY = "user.financial"
_THIRD = "user.financial.bank_account"
# Each column's category, and the reason that the evidence must give for it.
_NUMBER = "an internal number"
_BRANCH = "refers to a place in `district`"
_TABLE = "in a finance table"
_STATISTIC = "nothing personal in the form"
REASONS = {
    "client.client_id": ("user.unique_id", "numbers the people"),
    "client.birth_number": (_NATIONAL_ID, "of them of women (50 added to the month)"),
    "client.district_id": ("user.location.imprecise", _BRANCH),  # where the person lives
    "disp.disp_id": (_LINK, _NUMBER),
    "disp.client_id": ("user.unique_id", "refers to a person in `client`"),
    "disp.account_id": (_LINK, "refers to `account`, which leads to a person"),
    "disp.type": (_MONEY, "column `client_id` names a person"),  # owner or not of an account
    "account.account_id": (_LINK, _NUMBER),
    "account.district_id": ("user.location.imprecise", _BRANCH),  # of the person's account
    "account.frequency": (_MONEY, _TABLE),
    "account.date": (_MONEY, _TABLE),  # dates are no birth numbers: no month above 12
    "card.card_id": (_LINK, _NUMBER),
    "card.disp_id": (_LINK, "refers to `disp`"),
    "card.type": (_MONEY, "the name `type`"),
    "card.issued": (_MONEY, "the name `issued`"),
    "loan.loan_id": (_LINK, _NUMBER),
    "loan.account_id": (_LINK, "refers to `account`"),
    "loan.date": (_MONEY, _TABLE),
    "loan.amount": (_MONEY, "the name `amount`"),
    "loan.duration": (_MONEY, "the name `duration`"),
    "loan.payments": (_MONEY, "the name `payments`"),
    "loan.status": (_MONEY, "the name `status`"),  # a fact of credit-worthiness
    "order.order_id": (_LINK, _NUMBER),
    "order.account_id": (_LINK, "refers to `account`"),
    "order.bank_to": (_THIRD, "a third person's account, beside `account_to`"),
    "order.account_to": (_THIRD, "the name `account_to`"),  # a third person's account
    "order.amount": (_MONEY, "the name `amount`"),
    "order.k_symbol": (_MONEY, "what a payment is for"),
    "district.A1": (_OPERATIONS, "not about people"),
    **{f"district.A{n}": (_OPERATIONS, _STATISTIC) for n in range(2, 17)},  # statistics of places
}
EXPECTED = {column: category for column, (category, _) in REASONS.items()}
EXPECTED_KEYS = {
    ("disp.client_id", "client.client_id"),
    ("disp.account_id", "account.account_id"),
    ("card.disp_id", "disp.disp_id"),
    ("loan.account_id", "account.account_id"),
    ("order.account_id", "account.account_id"),
    ("account.district_id", "district.A1"),
    ("client.district_id", "district.A1"),
}
CATEGORIES = CategoryTable(
    (
        CategoryEntry(
            category=DataCategory(_NATIONAL_ID),
            sensitivity=Sensitivity.RESTRICTED,
            legal_classes=(LegalClass.PERSONAL_DATA, LegalClass.NATIONAL_IDENTIFIER),
            label="national id",
        ),
        CategoryEntry(
            category=DataCategory("system"),
            sensitivity=Sensitivity.INTERNAL,
            legal_classes=(),
            label="operations",
        ),
    )
)


def _scan(url: str, clock: FixedClock, name_model: NameModel | None = None) -> Catalog:
    return scan_source(
        url=url,
        source="bank",
        schema=None,
        sample_rows=1_000,
        classifier=Classifier(text_finder=None, name_model=name_model),
        categories=CATEGORIES,
        clock=clock,
        progress=silent,
    )


def _found(catalog: Catalog) -> dict[str, str]:
    return {
        f"{table.name}.{column.name}": column.category
        for table in catalog.tables
        for column in table.columns
    }


def _keys(catalog: Catalog) -> set[tuple[str, str]]:
    return {
        (
            f"{table.name}.{key.column}",
            f"{key.references_table.rsplit('.', 1)[-1]}.{key.references_column}",
        )
        for table in catalog.tables
        for key in table.foreign_keys
    }


@pytest.fixture(scope="module")
def berka(shared_data: Path) -> Path:
    """The folder of the berka files."""
    return shared_data / "berka"


@pytest.fixture(scope="module")
def scanned(berka: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The bank's catalogue, scanned once."""
    url = f"sqlite:///{tmp_path_factory.mktemp('berka') / 'berka.db'}"
    load_berka(url, berka)
    return _scan(url, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize("primary_keys", [True, False])
def test_every_column_of_berka_is_classified_rightly(
    berka: Path, tmp_path: Path, clock: FixedClock, primary_keys: bool
) -> None:
    """Without declared foreign keys, and even without primary keys, all columns are right."""
    url = f"sqlite:///{tmp_path / 'berka.db'}"
    rows = load_berka(url, berka, primary_keys=primary_keys)
    catalog = _scan(url, clock)
    assert _found(catalog) == EXPECTED
    assert _keys(catalog) == EXPECTED_KEYS
    assert all(key.inferred for table in catalog.tables for key in table.foreign_keys)
    assert {table.name: table.row_count for table in catalog.tables} == rows
    subjects = {table.name: table.data_subject for table in catalog.tables}
    assert subjects == {name: "" if name == "district" else "customer" for name in rows}


def test_every_column_of_berka_has_its_reason(scanned: Catalog) -> None:
    """The evidence of each column says why, and by its confidence each is more likely right."""
    for table in scanned.tables:
        for column in table.columns:
            _, reason = REASONS[f"{table.name}.{column.name}"]
            told = [piece.detail for piece in column.evidence]
            assert any(reason in detail for detail in told), (column.id, told)
            assert column.confidence > 0.75, column.id


def test_the_name_model_keeps_berka_right(berka: Path, tmp_path: Path, clock: FixedClock) -> None:
    """With the shipped model as one more witness, every column stays right."""
    url = f"sqlite:///{tmp_path / 'berka.db'}"
    load_berka(url, berka)
    assert _found(_scan(url, clock, name_model=NameModel.load())) == EXPECTED


@pytest.mark.postgresql
def test_berka_is_the_same_in_postgresql(
    berka: Path, tmp_path: Path, clock: FixedClock, postgresql_url: str
) -> None:
    """Both databases give the same ids, categories and keys."""
    load_berka(f"sqlite:///{tmp_path / 'berka.db'}", berka)
    load_berka(postgresql_url, berka)
    lite, postgres = (
        _scan(f"sqlite:///{tmp_path / 'berka.db'}", clock),
        _scan(postgresql_url, clock),
    )
    assert _found(postgres) == EXPECTED
    assert _keys(postgres) == EXPECTED_KEYS
    assert [table.id for table in postgres.tables] == [table.id for table in lite.tables]
    assert postgres.dialect == "postgresql"


def test_the_birth_number_tells_birth_date_and_sex(scanned: Catalog) -> None:
    """It reveals both, is restricted by law, and singles out clients with the district."""
    column = scanned.find_column(AssetId("bank.public.client.birth_number"))
    assert column is not None
    assert column.reveals == ("user.demographic.date_of_birth", "user.demographic.gender")
    assert column.sensitivity is Sensitivity.RESTRICTED
    assert LegalClass.NATIONAL_IDENTIFIER in column.legal_classes
    assert column.confidence > 0.95
    client = scanned.table(AssetId("bank.public.client"))
    assert client is not None
    combined = {found.columns: found.unique_fraction for found in client.quasi_identifiers}
    assert combined[("birth_number", "district_id")] > 0.95


def test_the_purpose_of_a_payment_is_an_inference(scanned: Catalog) -> None:
    """The payment code says that insurance and household can be inferred from it."""
    column = scanned.find_column(AssetId("bank.public.order.k_symbol"))
    assert column is not None
    assert any("insurance" in piece.detail for piece in column.evidence)
    assert column.reveals == ("user.behavior.purchase_history",)


@pytest.mark.parametrize("kind", [sa.Text, sa.Integer])
def test_birth_numbers_are_found_under_any_name_and_type(
    berka: Path, tmp_path: Path, clock: FixedClock, kind: type
) -> None:
    """Called `c2` in a table called `t9`, as text or as numbers, they are still recognised."""
    url = f"sqlite:///{tmp_path / 'berka.db'}"
    load_berka(url, berka)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        name = kind.__name__.upper()
        connection.exec_driver_sql(f"CREATE TABLE t9 (client_id INTEGER, c2 {name}, c3 INTEGER)")
        connection.exec_driver_sql("INSERT INTO t9 SELECT * FROM client")
        connection.exec_driver_sql("DROP TABLE client")
    engine.dispose()
    catalog = _scan(url, clock)
    column = catalog.find_column(AssetId("bank.public.t9.c2"))
    assert column is not None
    assert column.category == _NATIONAL_ID
    assert column.confidence > 0.9
    assert ("disp.client_id", "t9.client_id") in _keys(catalog)
    assert _found(catalog)["disp.client_id"] == "user.unique_id"
    assert _found(catalog)["t9.c3"] == "user"
