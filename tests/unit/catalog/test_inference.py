"""Columns that give something away by their words, or by going together with another."""

import random

import pytest

from policy_service.catalog.privacy.inference import find_inference_risks

_PAID = "user.behavior.purchase_history"
_HEALTH = "user.health_and_medical"
_FAITH = "user.demographic.religious_belief"
_PLAIN = {"label": ("system.operations",)}


@pytest.mark.parametrize(
    ("values", "reveals", "about"),
    [
        (["SIPO", "UVER", "POJISTNE", "LEASING"], _PAID, "insurance"),
        (["Lékárna U Anděla", "Zubař Novák", "Potraviny"], _HEALTH, "medicine"),
        (["Apotheke am Markt", "Bäckerei", "Kino"], _HEALTH, "medicine"),
        (["St Mary parish", "gym", "cinema"], _FAITH, "a faith"),
        (["DUCHOD", "SIPO"], "user.demographic.age_range", "old age"),
        (["Kindergeld", "Gehalt"], "user.childrens", "children"),
        (["court fine", "parking"], "user.criminal_history", "courts"),
    ],
)
def test_words_of_labels_give_categories_away(values: list[str], reveals: str, about: str) -> None:
    """In three languages, whatever the case and the accents; the reason names topic and share."""
    found = find_inference_risks({"label": values * 10}, _PLAIN)
    risk = next(one for one in found if one.reveals == reveals)
    assert about in risk.reason
    assert "% of the rows" in risk.reason
    assert risk.through == ""
    assert 0 < risk.strength <= 1


def test_no_reason_quotes_a_value() -> None:
    """Counts, shares and our own words only."""
    values = ["Pojistne-QX17", "Lekarna-QX17", "Kostel-QX17"] * 20
    assert "QX17" not in repr(find_inference_risks({"label": values}, _PLAIN))


def test_what_is_known_of_a_column_is_no_news() -> None:
    """A column classified as health tells no more by words of health; a rare word tells nothing."""
    words = ["pharmacy", "clinic"] * 20
    known = {"label": (_HEALTH,)}
    assert find_inference_risks({"label": words}, known) == ()
    rare = ["pharmacy", "clinic", *["bakery"] * 500]
    assert find_inference_risks({"label": rare}, _PLAIN) == ()


def test_running_text_and_ordinary_words_are_left_alone() -> None:
    """The finder of free text reads texts; words that only begin alike do not count."""
    prose = ["the parcel was left at the pharmacy beside the old town gate"] * 30
    assert find_inference_risks({"label": prose}, _PLAIN) == ()
    assert find_inference_risks({"label": ["cardboard", "Prague", "42", ""] * 30}, _PLAIN) == ()
    assert find_inference_risks({"label": [None] * 30}, _PLAIN) == ()


@pytest.mark.parametrize(
    ("category", "values"),
    [
        ("user.job_title", ["Doctor", "Clinic manager", "Teller"]),
        ("user.contact.address.street", ["Church Street", "Hospital Road", "Main Street"]),
        ("user.name.last", ["Church", "Zubar", "Novak"]),
    ],
)
def test_names_of_people_places_and_work_say_nothing_of_the_person(
    category: str, values: list[str]
) -> None:
    """A doctor is not ill, and Church Street is no faith."""
    assert find_inference_risks({"label": values * 20}, {"label": (category,)}) == ()


def test_one_purpose_is_no_list_of_purposes() -> None:
    """A single subject about loans says nothing; a list that is mostly purposes does."""
    subjects = ["about a loan", "card lost", "new address", "opening hours"] * 20
    assert find_inference_risks({"label": subjects}, _PLAIN) == ()
    purposes = ["rent", "insurance", "other"] * 20
    (found,) = find_inference_risks({"label": purposes}, _PLAIN)
    assert "rent (33% of the rows)" in found.reason


def test_values_that_hardly_come_again_are_no_labels() -> None:
    """Names and texts that differ from row to row are not read as codes."""
    values = [f"clinic {number}" for number in range(100)]
    assert find_inference_risks({"label": values}, _PLAIN) == ()


def test_merchant_codes_count_where_the_column_is_called_so() -> None:
    """8062 is a hospital in a column of merchant codes, and a number elsewhere."""
    codes = [8062, 5411, 8661, 5411] * 10
    told = find_inference_risks({"mcc": codes}, {"mcc": ("user.financial",)})
    assert {one.reveals for one in told} == {_HEALTH, _FAITH}
    assert find_inference_risks({"branch": codes}, {"branch": ("user.financial",)}) == ()


def _linked(rows: int, faith: float) -> dict[str, list[object]]:
    """Make a ward that says the diagnosis for a share `faith` of the rows."""
    chance = random.Random(11)  # noqa: S311 - a fixed sample
    wards = [chance.choice("ABC") for _ in range(rows)]
    other = {"A": "x1", "B": "x2", "C": "x3"}
    return {
        "ward": list(wards),
        "visit": list(range(rows)),
        "dose": [chance.gauss(ord(ward), 0.1) for ward in wards],
        "room": [chance.choice("KLMN") for _ in range(rows)],
        "diagnosis": [
            other[ward] if chance.random() < faith else chance.choice(("x1", "x2", "x3"))
            for ward in wards
        ],
    }


_TABLE = {
    "ward": ("user.workplace",),
    "visit": ("user.unique_id.pseudonymous",),
    "dose": ("system.operations",),
    "room": ("system.operations",),
    "diagnosis": (_HEALTH,),
}


def test_a_column_that_goes_with_a_sensitive_one_gives_it_away() -> None:
    """Labels and numbers that follow the diagnosis are named with how much they tell."""
    found = find_inference_risks(_linked(600, 0.9), _TABLE, sensitive=["diagnosis"])
    assert {one.column for one in found} == {"ward", "dose"}
    ward = next(one for one in found if one.column == "ward")
    assert (ward.reveals, ward.through) == (_HEALTH, "diagnosis")
    assert 0.5 < ward.strength < 1
    assert "uncertainty about `diagnosis` (600 rows)" in ward.reason


def test_a_copy_tells_everything() -> None:
    """With the same information the strength is one, but for what chance would give."""
    found = find_inference_risks(_linked(600, 1.0), _TABLE, sensitive=["diagnosis"])
    assert found[0].strength > 0.95


@pytest.mark.parametrize(("rows", "faith"), [(600, 0.0), (600, 0.15), (60, 1.0)])
def test_chance_weak_links_and_few_rows_tell_nothing(rows: int, faith: float) -> None:
    """Independent columns, a faint association and a sample of sixty are not reported."""
    assert find_inference_risks(_linked(rows, faith), _TABLE, sensitive=["diagnosis"]) == ()


def test_columns_of_the_same_kind_and_constants_are_not_compared() -> None:
    """A second health column is no inference, and nothing tells of a column with one value."""
    table = _linked(600, 1.0)
    same = {**_TABLE, "ward": (_HEALTH,), "dose": (_HEALTH,)}
    assert find_inference_risks(table, same, sensitive=["diagnosis", "missing"]) == ()
    table["diagnosis"] = ["x1"] * 600
    assert find_inference_risks(table, _TABLE, sensitive=["diagnosis"]) == ()
