"""National identifiers: found where the values follow the rules, and not in random digits."""

import random
from importlib import import_module

import pytest

from policy_service.catalog.classification.national_identifiers import (
    SCHEMES,
    Scheme,
    find_scheme,
    validator,
)
from policy_service.catalog.classification.patterns import value_hits
from policy_service.kit.checksums import is_medicare_number

_BY_KEY = {scheme.key: scheme for scheme in SCHEMES}
_NATIONAL = "user.government_id.national_identification_number"


def _valid(key: str, count: int, template: str) -> list[str]:
    """Draw numbers of the template (9: a digit, A: a capital) until the scheme's rules hold."""
    dice = random.Random(key)  # noqa: S311 - test data, not a secret
    rules = import_module(f"stdnum.{_BY_KEY[key].module}")
    found: list[str] = []
    while len(found) < count:
        text = "".join(
            dice.choice("0123456789") if sign == "9"
            else dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") if sign == "A"
            else sign
            for sign in template
        )  # fmt: skip
        if _BY_KEY[key].form.fullmatch(text) and rules.is_valid(text):
            found.append(text)
    return found


def _random_digits(length: int, count: int, seed: int) -> list[str]:
    dice = random.Random(seed)  # noqa: S311 - test data, not a secret
    return ["".join(dice.choice("0123456789") for _ in range(length)) for _ in range(count)]


@pytest.mark.parametrize(
    ("key", "template"),
    [
        ("be-nn", "85.07.30-999.99"),
        ("br-cpf", "999.999.999-99"),
        ("ca-sin", "999 999 999"),
        ("ch-ahv", "756.9999.9999.99"),
        ("de-idnr", "99999999999"),
        ("dk-cpr", "010299-9999"),
        ("es-dni", "99999999A"),
        ("es-nie", "X9999999A"),
        ("fi-hetu", "131052-999A"),
        ("fr-nir", "199077511699999"),
        ("gb-nhs", "999 999 9999"),
        ("ie-pps", "9999999A"),
        ("in-aadhaar", "9999 9999 9999"),
        ("nl-bsn", "999999999"),
        ("no-fnr", "01019099999"),
        ("pl-pesel", "99010199999"),
        ("pt-nif", "299999999"),
        ("ro-cnp", "1900101409999"),
        ("se-pnr", "900101-9999"),
        ("tr-tckn", "99999999999"),
        ("za-id", "9001019999089"),
    ],
)
def test_numbers_that_follow_their_rules_are_recognised(key: str, template: str) -> None:
    """Twelve different valid numbers name their scheme, and are a national identifier."""
    numbers = _valid(key, 12, template)
    found = find_scheme(numbers)
    assert found is not None
    assert found.scheme.what == _BY_KEY[key].what
    assert found.weight >= 0.6
    hit = next(hit for hit in value_hits(numbers, "text") if hit.category == _NATIONAL)
    assert hit.weight >= 0.6
    assert hit.proves != hit.shared


@pytest.mark.parametrize(
    ("numbers", "category"),
    [
        (["QQ123456C".replace("QQ", pair) for pair in ("AB", "CE", "JK", "TZ")], _NATIONAL),
        (["T220001293", "L01X00T471"], _NATIONAL),
        (["15070649C103"] * 2, _NATIONAL),
        (
            [f"2{n}456701" for n in range(100, 400) if is_medicare_number(f"2{n}456701")],
            "user.health_and_medical.insurance_beneficiary_id",
        ),
    ],
)
def test_numbers_checked_by_our_own_rules_are_recognised(numbers: list[str], category: str) -> None:
    """Insurance, identity card and health card numbers are known; few of them weigh little."""
    hits = {hit.category: hit.weight for hit in value_hits(numbers, "text")}
    assert category in hits


@pytest.mark.parametrize("length", [8, 9, 10, 11, 12, 13, 14, 15, 16])
def test_random_digits_are_nobodys_number(length: int) -> None:
    """Of columns of five and of eighty random numbers, none becomes an identifier or a card."""
    for seed in range(40):
        for count in (5, 80):
            hits = value_hits(_random_digits(length, count, seed), "text")
            assert not [hit for hit in hits if hit.weight > 0.3], (length, seed, count)


def test_consecutive_numbers_are_nobodys_number() -> None:
    """A column that counts up passes each rule as rarely as chance does."""
    for start in (10**8, 10**9, 3 * 10**10, 756 * 10**10):
        assert value_hits([str(start + step) for step in range(300)], "integer") == ()


def test_one_number_repeated_is_one_witness() -> None:
    """A thousand copies of one valid number prove no more than one."""
    number = _valid("nl-bsn", 1, "999999999")
    once, often = find_scheme(number), find_scheme(number)
    assert once == often
    assert once is not None
    assert once.weight < 0.2
    hits = value_hits(number * 1_000, "text")
    assert all(hit.weight < 0.2 for hit in hits)


def test_leading_zeros_lost_by_a_number_type_are_restored() -> None:
    """Citizen service numbers stored as whole numbers are found nevertheless."""
    numbers = _valid("nl-bsn", 40, "099999999")
    as_numbers = [str(int(text)) for text in numbers]
    assert find_scheme(as_numbers) is None
    found = find_scheme(as_numbers, padded=True)
    assert found is not None
    assert found.scheme.key == "nl-bsn"


@pytest.mark.parametrize(
    ("key", "template"),
    [
        ("ean", "4999999999999"),
        ("isin", "US999999999" + "9"),
        ("fr-siret", "73282932099999"),
        ("lei", "5493999999999999AA99"),
        ("au-abn", "99 999 999 999"),
    ],
)
def test_numbers_of_things_are_not_of_people(key: str, template: str) -> None:
    """Articles, securities and companies are named for what they are."""
    hits = value_hits(_valid(key, 20, template), "text")
    assert hits[0].category == "system.operations"
    assert _BY_KEY[key].what in hits[0].detail


@pytest.mark.parametrize("scheme", [one for one in SCHEMES if one.digits], ids=lambda one: one.key)
def test_the_declared_chance_is_the_measured_one(scheme: Scheme) -> None:
    """Among random digits of the form, no more pass than the scheme declares."""
    dice = random.Random(scheme.key)  # noqa: S311 - test data, not a secret
    numbers: list[str] = []
    for _ in range(40_000):
        text = f"{dice.randrange(10**scheme.digits):0{scheme.digits}d}"
        if scheme.form.fullmatch(text):
            numbers.append(text)
        if len(numbers) == 600:
            break
    passed = sum(map(validator(scheme.module), numbers))
    allowed = len(numbers) * scheme.chance
    assert passed <= allowed + 4 * allowed**0.5 + 2


def test_rules_that_stumble_refuse_instead() -> None:
    """A number that upsets the rules of one country is no number of that country."""
    assert find_scheme(["123456789012345678"] * 3) is None


def test_what_a_number_gives_away_is_revealed() -> None:
    """A Polish number tells birth date and sex; an Austrian one the date; a Dutch one nothing."""
    polish = value_hits(_valid("pl-pesel", 12, "99010199999"), "text")[0]
    assert polish.reveals == ("user.demographic.date_of_birth", "user.demographic.gender")
    dutch = value_hits(_valid("nl-bsn", 12, "999999999"), "text")[0]
    assert dutch.reveals == ()
