"""The classifier on observed tables: other languages, other trades, conflicting evidence."""

from collections.abc import Mapping, Sequence

import pytest

from policy_service.catalog.classification.classify import (
    Classification,
    ClassifiedTable,
    Classifier,
)
from policy_service.catalog.classification.topics import Kind, table_kind
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.asset import ForeignKey
from policy_service.domain.identifiers import AssetId

_Values = Mapping[str, Sequence[object]]


def _table(
    name: str, columns: str, keys: Mapping[str, str] | None = None, values: _Values | None = None
) -> ObservedTable:
    """Make a table of `name:type` columns, the first its primary key."""
    values = values or {}
    described = [column.partition(":") for column in columns.split()]
    targets = {column: target.partition(".") for column, target in (keys or {}).items()}
    return ObservedTable(
        id=f"s.public.{name}",
        schema="public",
        name=name,
        row_count=max((len(cells) for cells in values.values()), default=0),
        columns=tuple(
            ObservedColumn(
                name=column,
                data_type=kind or "text",
                primary_key=place == 0,
                values=tuple(values.get(column, ())),
            )
            for place, (column, _, kind) in enumerate(described)
        ),
        foreign_keys=tuple(
            ForeignKey(
                column=column,
                references_table=AssetId(f"s.public.{table}"),
                references_column=key,
                inferred=False,
            )
            for column, (table, _, key) in targets.items()
        ),
    )


def _classify(*tables: ObservedTable) -> dict[str, ClassifiedTable]:
    found = Classifier(text_finder=None).classify(tables)
    return {table.name: found[table.id] for table in tables}


def _column(table: ObservedTable, found: ClassifiedTable, name: str) -> Classification:
    return found.columns[[column.name for column in table.columns].index(name)]


def _categories(table: ObservedTable, found: ClassifiedTable) -> dict[str, str]:
    return {
        column.name: one.category for column, one in zip(table.columns, found.columns, strict=True)
    }


def test_a_german_bank_is_read_by_its_words() -> None:
    """Names alone, in German, give the categories of clients and what belongs to them."""
    clients = _table(
        "kunden", "kunden_nr:integer vorname nachname geburtsdatum:date strasse plz ort telefon"
    )
    accounts = _table(
        "konten", "konto_nr:integer kunden_nr:integer kontostand:decimal",
        {"kunden_nr": "kunden.kunden_nr"},
    )  # fmt: skip
    found = _classify(clients, accounts)
    assert _categories(clients, found["kunden"]) == {
        "kunden_nr": "user.unique_id",
        "vorname": "user.name.first",
        "nachname": "user.name.last",
        "geburtsdatum": "user.demographic.date_of_birth",
        "strasse": "user.contact.address.street",
        "plz": "user.contact.address.postal_code",
        "ort": "user.contact.address.city",
        "telefon": "user.contact.phone_number",
    }
    assert _categories(accounts, found["konten"]) == {
        "konto_nr": "user.unique_id.pseudonymous",
        "kunden_nr": "user.unique_id",
        "kontostand": "user.financial",
    }


def test_a_hospital_is_about_health() -> None:
    """Facts of a patient without a meaning of their own count as health data."""
    patients = _table("patients", "id:integer mrn dob:date blood_type insurance_number")
    visits = _table(
        "appointments", "id:integer patient_id:integer reason", {"patient_id": "patients.id"}
    )
    findings = _table(
        "diagnoses", "id:integer patient_id:integer icd_code description",
        {"patient_id": "patients.id"},
    )  # fmt: skip
    wards = _table("wards", "id:integer name beds:integer")
    found = _classify(patients, visits, findings, wards)
    assert found["appointments"].topic.subject == "patient"
    assert _categories(patients, found["patients"])["mrn"] == "user.health_and_medical.record_id"
    assert _categories(visits, found["appointments"])["reason"] == "user.health_and_medical"
    assert _categories(findings, found["diagnoses"])["description"] == "user.health_and_medical"
    assert set(_categories(wards, found["wards"]).values()) == {"system.operations"}


def test_values_speak_where_names_do_not() -> None:
    """Columns called c1 to c4 are recognised by what they hold."""
    emails = [f"person{n}@example.org" for n in range(30)]
    births = [f"{1940 + n}-05-06" for n in range(30)]
    table = _table(
        "t1", "k c1 c2:date c3 c4",
        values={"c1": emails, "c2": births, "c3": ["F", "M"] * 15, "c4": ["Jana", "Petr"] * 15},
    )  # fmt: skip
    found = _classify(table)["t1"]
    assert found.topic.kind is Kind.PERSON
    categories = _categories(table, found)
    assert categories["c1"] == "user.contact.email"
    assert categories["c2"] == "user.demographic.date_of_birth"
    assert categories["c3"] == "user.demographic.gender"
    assert categories["c4"] == "user.name.first"


def test_values_that_contradict_a_name_lower_the_confidence() -> None:
    """A column called e-mail whose values look otherwise is less sure, and says why."""
    good = _table("client", "id email", values={"email": [f"a{n}@example.org" for n in range(30)]})
    bad = _table("client", "id email", values={"email": [f"value {n}" for n in range(30)]})
    sure = _column(good, _classify(good)["client"], "email")
    unsure = _column(bad, _classify(bad)["client"], "email")
    assert sure.confidence > 0.9 > unsure.confidence
    assert any("do not look like it" in piece.detail for piece in unsure.evidence)


@pytest.mark.parametrize(
    ("column", "category"),
    [
        ("email:boolean", "system.operations"),
        ("email:timestamp", "system.operations"),
        ("x7", "user"),
        ("status", "system.operations"),
    ],
)
def test_type_and_silence_decide_where_nothing_else_does(column: str, category: str) -> None:
    """A yes-or-no is no address; a column nobody can read is taken for personal."""
    table = _table("client", f"id {column} first_name last_name")
    found = _classify(table)["client"]
    assert found.columns[1].category == category


def test_a_place_keeps_its_own_contact_details() -> None:
    """Telephone and mean income of a branch are no one's; a person named there is someone's."""
    table = _table("branch", "id phone city average_income:integer manager_name")
    found = _categories(table, _classify(table)["branch"])
    assert found == {
        "id": "system.operations",
        "phone": "system.operations",
        "city": "system.operations",
        "average_income": "system.operations",
        "manager_name": "user.name",
    }


def test_free_text_in_a_plain_table_is_private_only_when_it_holds_someone() -> None:
    """Prose without a trace of a person stays operational; with e-mail addresses it is private."""
    plain = [f"the pump number {n} was oiled and tested today" for n in range(20)]
    named = [f"{text}, ask worker{n}@example.org" for n, text in enumerate(plain)]
    pumps = _table("pump_log", "n entry", values={"entry": plain})
    people = _table("pump_talk", "n entry", values={"entry": named})
    found = _classify(pumps, people)
    assert found["pump_log"].columns[1].category == "system.operations"
    private = found["pump_talk"].columns[1]
    assert private.category == "user.content.private"
    assert private.reveals == ("user.contact.email",)


def test_people_reached_over_several_tables_are_still_people() -> None:
    """The link to a person and the data subject follow foreign keys over two tables."""
    people = _table("pupil", "id first_name last_name")
    first = _table("enrolment", "id pupil:integer", {"pupil": "pupil.id"})
    second = _table("mark", "id enrolment:integer value", {"enrolment": "enrolment.id"})
    found = _classify(people, first, second)
    assert found["mark"].topic.linked
    assert found["mark"].topic.subject == "trainee"
    assert _categories(second, found["mark"])["enrolment"] == "user.unique_id.pseudonymous"


def test_table_names_give_a_kind_by_their_last_word() -> None:
    """The head of a compound decides, health before all; odd names give none."""
    assert table_kind("customer_accounts") is Kind.FINANCE
    assert table_kind("LeaveNotes") is Kind.HEALTH
    assert table_kind("branches") is Kind.PLACE
    assert table_kind("companies") is Kind.ORGANISATION
    assert table_kind("addresses") is Kind.UNKNOWN
    assert table_kind("%%") is Kind.UNKNOWN


@pytest.mark.parametrize(
    "value",
    [
        "²" * 15, "٤١١١١١١١١١١١١١١١", "a\x00b", "\ud800", "🙂" * 40, "\u202e4111", "9" * 5_000,
        b"\xff\xfe", [1, [2]], {"a": {"b": None}}, float("nan"), float("inf"), 10**400, True,
        "@." * 2_000, "x@" + "a." * 2_000, "1" * 17, "00000000000", "-----BEGIN PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_odd_values_are_classified_like_any_other(value: object) -> None:
    """No sampled value, however odd, stops a scan or makes a column of it personal by accident."""
    for kind in ("text", "integer", "other"):
        table = _table("parts", f"id remark_x:{kind}", values={"remark_x": [value] * 25})
        found = _classify(table)["parts"].columns[1]
        assert 0 < found.confidence <= 1


def test_codes_of_things_are_not_taken_for_people() -> None:
    """Versions, seats, book numbers and founding dates of things stay operational."""
    weights = range(10, 1, -1)
    heads = [f"{n * 7_919_317 % 10**9:09d}" for n in range(1, 60)]
    sums = [sum(int(d) * w for d, w in zip(h, weights, strict=False)) for h in heads]
    books = [h + "0123456789X"[-s % 11] for h, s in zip(heads, sums, strict=True)]
    table = _table(
        "parts", "k build seat book founded:date",
        values={
            "build": [f"{n % 7 + 1}.{n % 20}.{n % 9}.{n}" for n in range(60)],
            "seat": [f"{'ABCDEF'[n % 6]}{n + 10}" for n in range(60)],
            "book": books,
            "founded": [f"{1900 + n}-02-03" for n in range(0, 100, 2)],
        },
    )  # fmt: skip
    found = _categories(table, _classify(table)["parts"])
    assert set(found.values()) == {"system.operations"}, found


def test_confidence_is_a_probability_and_evidence_is_ordered() -> None:
    """Every confidence lies between nought and one; evidence is listed strongest first."""
    table = _table("customer", "id email pan iban note", values={"id": list(range(30))})
    for found in _classify(table)["customer"].columns:
        assert 0 < found.confidence < 1
        weights = [piece.weight for piece in found.evidence]
        assert weights == sorted(weights, reverse=True)
        assert found.evidence
