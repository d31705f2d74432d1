"""What values say by themselves."""

import pytest

from policy_service.catalog.classification.patterns import value_hits


def _categories(values: list[str], data_type: str = "text") -> list[str]:
    return [hit.category for hit in value_hits(values, data_type)]


@pytest.mark.parametrize(
    ("values", "category"),
    [
        (["4111111111111111", "5555 5555 5555 4444"], "user.financial.credit_card"),
        (["DE89370400440532013000"], "user.financial.bank_account"),
        (["a@example.org", "b.c@example.org"], "user.contact.email"),
        (["192.0.2.1", "2001:db8::1"], "user.device.ip_address"),
        (["00:00:5e:00:53:01"], "user.device.device_id"),
        (["900-12-3456", "901-55-1234"], "user.government_id.national_identification_number"),
        (["+44 20 7946 0123", "020 7946-0999"], "user.contact.phone_number"),
        (["602 00", "779 00"], "user.contact.address.postal_code"),
        (["$argon2id$v=19$m=65536$abc"], "user.authorization.password"),
        (["A+", "0-", "AB+"], "user.health_and_medical"),
        (["06 12 34 56 78", "07 98 76 54 32"], "user.contact.phone_number"),
        (["eyJhbGciOiJ9.eyJzdWIiOiIx.c2lnbg"], "user.authorization.credentials"),
        (["ghp_" + "a1" * 18], "user.authorization.credentials"),
        (["1M8GDM9AXKP042788", "1HGCM82633A004352"], "user.government_id.vehicle_registration"),
        (["353879234252633", "490154203237518"], "user.device.device_id"),
        (["DEUTDEFF", "GIBACZPXXXX", "BNPAFRPP"], "user.financial.bank_account"),
        (["J45.0", "E11.9", "I10.1"], "user.health_and_medical"),
        (["MRN-0012345", "MR7654321"], "user.health_and_medical.record_id"),
        (["49.1951, 16.6068", "50.0755, 14.4378", "49.8209, 18.2625"], "user.location.precise"),
        (["AB12 CDE", "XY65 KLM"], "user.government_id.vehicle_registration"),
        (["catholic", "none", "muslim"], "user.demographic.religious_belief"),
        (["white", "asian", "mixed"], "user.demographic.race_ethnicity"),
        (["M", "F", "F"], "user.demographic.gender"),
        (["svobodný", "vdaná"], "user.demographic.marital_status"),
        (["Jana", "Petr", "Xaver"], "user.name.first"),
        (["Jana Lipova", "Brezova, Eva", "Dr Who"], "user.name"),
        (["UVER", "POJISTNE", "SIPO", "LEASING"], "user.financial"),
    ],
)
def test_values_give_their_category(values: list[str], category: str) -> None:
    """Each detector recognises its own kind of value."""
    assert category in _categories(values)


def test_birth_numbers_need_both_sexes_or_a_check_digit() -> None:
    """Six digits with plain months are dates; with raised months they are birth numbers."""
    dates = ["930101", "940215", "951130", "960704"]
    assert "user.government_id.national_identification_number" not in _categories(dates)
    people = [*dates, "706213", "406009"]
    hit = value_hits(people, "integer")[0]
    assert hit.category == "user.government_id.national_identification_number"
    assert hit.reveals == ("user.demographic.date_of_birth", "user.demographic.gender")
    checked = ["0401010005", "040101001" + "6", "0401010027"]
    assert value_hits(checked, "text")[0].detector == "birth-number"


def test_dates_of_birth_are_told_by_their_spread() -> None:
    """Dates over many decades are birth dates; dates of a few recent years say nothing."""
    births = [f"{1935 + n}-03-04" for n in range(0, 60, 2)]
    assert _categories(births) == ["user.demographic.date_of_birth"]
    assert _categories([f"202{n % 5}-03-04" for n in range(30)]) == []
    assert _categories([f"{1935 + n}-03-04T10:00:00" for n in range(0, 60, 2)]) == [
        "user.demographic.date_of_birth"
    ]
    assert _categories([f"19{35 + n}0304" for n in range(0, 60, 2)]) == [
        "user.demographic.date_of_birth"
    ]


def test_plain_values_say_nothing() -> None:
    """Words, small numbers, broken times, flags and missing values give no hit."""
    assert _categories(["red", "green", "blue"]) == []
    assert _categories(["1", "2", "3"]) == []
    assert _categories(["1", "0"], "boolean") == []
    assert _categories([""]) == []
    assert _categories(["2020-13-45"] * 12) == []
    assert _categories(["1.2.3", "1:2"]) == []


@pytest.mark.parametrize(
    "values",
    [["black", "white"], ["black", "white", "other"], ["d", "w"], ["k", "h"], ["x", "u"],
     ["other", "unknown"], ["none", "other"], ["single", "other"], ["A", "B"]],
)  # fmt: skip
def test_lists_that_mean_other_things_say_nothing(values: list[str]) -> None:
    """Colours, days and weeks, answers and rooms are no one's sex, origin or belief."""
    assert _categories(values) == []


@pytest.mark.parametrize("values", [["M", "F", "X"], ["K", "M"], ["m", "w"], ["H", "F"]])
def test_letters_of_both_sexes_are_a_sex(values: list[str]) -> None:
    """Two letters of one language, and a third, are read; German ones beside days less surely."""
    assert value_hits(values, "text")[0].category == "user.demographic.gender"
    assert value_hits(["m", "w", "d"], "text")[0].weight == 0.5


def test_numbers_are_no_telephone_numbers_and_pairs_of_degrees_lie_on_the_earth() -> None:
    """Whole numbers have no form but check digits; degrees beyond the pole are no place."""
    assert _categories(["4201234567", "4207654321"], "integer") == []
    assert _categories(["149.1951, 216.6068"] * 3) == []


def test_a_thousand_copies_of_one_number_are_one_witness() -> None:
    """A single number that passes Luhn weighs the same however often it stands in the column."""
    once, often = (value_hits(["4111111111111111"] * times, "text")[0] for times in (1, 1_000))
    assert once.weight == often.weight < 0.8
    assert value_hits(["4111111111111111", "5555555555554444"], "text")[0].weight > 0.9


def test_what_stands_for_a_missing_value_is_not_a_value() -> None:
    """Question marks and dashes among e-mail addresses change nothing."""
    assert _categories(["a@example.org", "b@example.org", "?", "-", "n/a"]) == [
        "user.contact.email"
    ]


def test_no_hit_quotes_a_value() -> None:
    """The sentence of a hit counts and names, and holds no value."""
    for values in (["jana.canary@example.org"] * 5, ["4111111111111111"] * 5):
        for hit in value_hits(values, "text"):
            assert values[0] not in hit.detail
