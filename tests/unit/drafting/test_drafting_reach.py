"""Reach, row filters and writes over catalogues nobody tuned for: a hospital, a shop, a club."""

from policy_service.domain.asset import Catalog
from policy_service.domain.control import Action, Operator
from policy_service.domain.draft import AccessRule, Draft
from policy_service.domain.organisation import JobFunction
from policy_service.drafting.points import PointMaker, point_text
from policy_service.drafting.relevance import Reach
from tests.unit.drafting.tools import (
    WordEncoder,
    catalog,
    categories,
    column,
    draft,
    job,
    organisation,
)


def hospital() -> Catalog:
    """Patients on wards, their admissions, diagnoses and bills, and the staff."""
    return catalog(
        {
            "patients": [
                column("patient_id", "user.unique_id", data_type="integer", key=True),
                column("full_name", "user.name"),
                column("birth_date", "user.demographic.date_of_birth", data_type="date"),
                column("password_hash", "user.authorization.password"),
            ],
            "admissions": [
                column("admission_id", "user.unique_id.pseudonymous", key=True),
                column("patient_id", "user.unique_id", data_type="integer"),
                column("ward_id", "user.location", data_type="integer"),
            ],
            "diagnoses": [
                column("diagnosis_id", "user.unique_id.pseudonymous", key=True),
                column("patient_id", "user.unique_id", data_type="integer"),
                column("icd_code", "user.health_and_medical"),
            ],
            "bills": [
                column("bill_id", "user.unique_id.pseudonymous", key=True),
                column("patient_id", "user.unique_id", data_type="integer"),
                column("amount", "user.financial", data_type="decimal", length=5),
            ],
            "staff": [
                column("staff_id", "user.unique_id", data_type="integer", key=True),
                column("salary", "user.workplace", data_type="integer", length=5),
            ],
            "wards": [
                column("ward_id", "system.operations", data_type="integer", key=True),
                column("title", "system.operations"),
            ],
        },
        keys={
            "admissions": [
                ("patient_id", "patients", "patient_id"),
                ("ward_id", "wards", "ward_id"),
            ],
            "diagnoses": [("patient_id", "patients", "patient_id")],
            "bills": [("patient_id", "patients", "patient_id")],
        },
        subjects={
            "patients": "patient",
            "admissions": "patient",
            "diagnoses": "patient",
            "bills": "patient",
            "staff": "employee",
        },
    )


def reach(duties: str, *purposes: str, title: str = "") -> dict[str, Reach]:
    """The hospital tables within reach of one job, by short name."""
    maker = PointMaker(catalog=hospital(), encoder=WordEncoder())
    view = maker.view(job("worker", duties, *purposes, title=title))
    return {table.rsplit(".", 1)[-1]: found.reach for table, found in view.reach.items()}


def rules(duties: str, *purposes: str, title: str = "") -> dict[tuple[str, str, str], AccessRule]:
    """The rules of one job over the hospital by table, category and action."""
    made = draft_one(job("worker", duties, *purposes, title=title))
    return {
        (one.point.table.rsplit(".", 1)[-1], str(one.point.category), one.point.action.value): one
        for one in made.access
    }


def draft_one(worker: JobFunction) -> Draft:
    """Draft for one job over the hospital."""
    return draft(organisation(worker), hospital())


def test_a_nurse_sees_patients_of_the_own_ward_over_their_admission() -> None:
    """The ward stands in the admission, so the filter of other tables leads through it."""
    found = rules("Sees patients of the nurse's own ward and reads their diagnoses, and no bills.")
    name = found["patients", "user.name", "read"].row_filter
    assert name is not None
    assert (name.column, name.subject_attribute) == ("ward_id", "ward_id")
    assert [join.references_table for join in name.path] == ["shop.public.admissions"]
    diagnosis = found["diagnoses", "user.health_and_medical", "read"]
    assert diagnosis.control.operator is Operator.CLEAR
    assert diagnosis.row_filter is not None
    assert len(diagnosis.row_filter.path) == 2
    assert found["wards", "system.operations", "read"].row_filter is None


def test_excluded_tables_are_denied_by_rule() -> None:
    """`no bills` denies every group of the bills."""
    found = rules("Sees patients and no bills.")
    denied = {key[0] for key, rule in found.items() if rule.control.operator is Operator.DENY}
    assert denied == {"bills"}


def test_health_data_needs_duties_that_speak_of_it() -> None:
    """Who registers patients reaches no diagnosis; who treats them does."""
    assert "diagnoses" not in reach("Registers patients.")
    assert ("diagnoses", "user.health_and_medical", "read") in rules(
        "Treats diagnoses of patients."
    )


def test_credentials_are_granted_to_nobody() -> None:
    """Not even the whole-record roles see a password."""
    for duties, title in (("Reads any record.", "Internal auditor"), ("Sees patients.", "Clerk")):
        found = rules(duties, title=title)
        assert not any("authorization" in category for _, category, _ in found)


def test_rows_that_cannot_be_narrowed_are_not_granted() -> None:
    """Where no reference leads to the own region, access is denied and a person is asked."""
    made = draft_one(job("agent", "Serves patients of the agent's own region."))
    assert not any(one.point.table.endswith("patients") for one in made.access)
    assert any("own region" in question.text for question in made.questions)


def test_writing_needs_a_clear_read_of_the_same_group() -> None:
    """Who enters bills reads them; an engineer who loads everything writes impersonal tables."""
    found = rules("Enters bills.")
    assert ("bills", "user.financial", "create") in found
    assert ("bills", "user.financial", "read") in found
    engineer = rules(
        "Runs pipelines that load all tables; needs structure, not values of personal data.",
        "essential.service.operations",
    )
    written = {key[0] for key in engineer if key[2] != "read"}
    assert written == {"wards"}


def test_forbidden_writes_win_over_allowed_ones() -> None:
    """`manages bills` but `does not delete bills` leaves creating and updating."""
    found = rules("Manages and deletes bills; does not delete bills.")
    actions = {key[2] for key in found if key[0] == "bills"}
    assert actions == {"read", Action.CREATE.value, Action.UPDATE.value}


def test_an_investigation_follows_references_from_what_it_names() -> None:
    """Tables that refer to the patients are reached when they are investigated."""
    found = reach("Investigates fraud of patients; each clear look is logged.")
    assert found["bills"] is Reach.NEIGHBOUR
    assert "staff" not in found


def test_words_for_people_lead_to_the_table_that_holds_them() -> None:
    """Who handles bills of payers reaches the patients behind them, and nothing of the staff."""
    found = reach("Handles bills; must reach the policyholder.")
    assert found["bills"] is Reach.NAMED
    assert found["patients"] is Reach.PERSON
    assert "staff" not in found


def test_a_likeness_of_words_reaches_a_table() -> None:
    """A phrase that means a table's name finds it where no word of it matches."""

    class Alike(WordEncoder):
        def encode(self, texts):  # type: ignore[no-untyped-def]
            return super().encode([text.replace("invoice", "bill") for text in texts])

    maker = PointMaker(catalog=hospital(), encoder=Alike())
    view = maker.view(job("worker", "Handles invoices."))
    assert [(one.table, one.reach) for one in view.reach.values()] == [
        ("shop.public.bills", Reach.ALIKE)
    ]


def test_columns_named_in_duties_reach_their_table() -> None:
    """A rare column word finds its table; payroll is about salaries."""
    assert reach("Calculates salaries of employees.")["staff"] is Reach.NAMED
    assert "staff" not in reach("Calculates the salary.")  # staff only where staff is named


def test_a_job_nothing_fits_is_asked_about() -> None:
    """No rule and one question, which says that access is denied until it is answered."""
    made = draft_one(job("gardener", "Waters flowers."))
    assert made.access == ()
    assert any("Nothing in the catalogue" in one.text for one in made.questions)
    assert {one.until_answered for one in made.questions if one.about == "gardener"} == {
        "access is denied"
    }


def test_marketing_messages_may_use_the_contact_they_need() -> None:
    """Sending approved messages reaches names no further than the floor allows."""
    found = rules("Segments patients for letters by post.", "marketing.communications")
    assert found["patients", "user.unique_id", "read"].control.operator is Operator.PSEUDONYMISE


def test_the_fields_of_a_point_are_written_for_the_reward_model() -> None:
    """Role, asset, category and purpose are told apart in words."""
    worker = job("clerk", "Enters bills.")
    made = draft_one(worker)
    point = made.access[0].point
    texts = point_text(
        point,
        organisation=organisation(worker),
        catalog=hospital(),
        categories=categories(),
    )
    assert texts[0] == "Clerk: Enters bills."
    assert texts[1].startswith("bill: ")
    assert texts[3] == "read for essential service"
    unknown = point_text(
        point,
        organisation=organisation(job("other", "Sees bills.")),
        catalog=catalog({"none": [column("x", "system.operations")]}),
        categories=categories(),
    )
    assert unknown[:2] == ("clerk", "shop.public.bills")
