"""What the distribution of a column's values says: closed lists, names, ages, purposes, places.

Detectors that need the whole column and not one value: a column of two different letters may
be a sex, dates over sixty years are births and dates over two years are not. They count and
name; they quote no value. Forms and check digits of single values are in `patterns`.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from policy_service.catalog.classification.value_hit import ValueHit
from policy_service.domain.identifiers import DataCategory
from policy_service.engines.text.given_names import GIVEN_NAMES
from policy_service.kit.folding import folded


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split("|"))


# detector, category, weight, telling values, values that may stand beside them. Every different
# value must be of either list, two at least, and one must be telling: black and white are colours.
_SETS: tuple[tuple[str, str, float, frozenset[str], frozenset[str]], ...] = (
    ("gender-set", "user.demographic.gender", 0.8, _set(
        "male|female|man|woman|men|women|muz|zena|mann|frau|mannlich|weiblich|maennlich|homme|"
        "femme|masculin|feminin|hombre|mujer|masculino|femenino|kobieta|mezczyzna|uomo|donna|"
        "maschio|femmina|vrouw|non-binary|nonbinary"),
     _set("divers|diverse|other|unknown|prefer not to say|not stated")),
    ("marital-set", "user.demographic.marital_status", 0.85, _set(
        "married|divorced|widowed|separated|civil partnership|ledig|verheiratet|geschieden|"
        "verwitwet|svobodny|svobodna|zenaty|vdana|rozvedeny|rozvedena|vdovec|vdova|celibataire|"
        "marie|mariee|divorce|divorcee|veuf|veuve|soltero|soltera|casado|casada|viudo|viuda|"
        "divorciado|divorciada|kawaler|panna|zonaty|zamezna|celibe|nubile|coniugato|coniugata|"
        "vedovo|vedova|ongehuwd|gehuwd|gescheiden"),
     _set("single|partnered|other|unknown")),
    ("religion-set", "user.demographic.religious_belief", 0.85, _set(
        "catholic|roman catholic|protestant|christian|muslim|jewish|hindu|buddhist|sikh|atheist|"
        "islam|judaism|katholisch|evangelisch|romisch-katholisch|muslimisch|judisch|"
        "konfessionslos|catholique|musulman|juif|sans religion"),
     _set("orthodox|none|other|unknown")),
    ("ethnicity-set", "user.demographic.race_ethnicity", 0.8, _set(
        "asian|hispanic|latino|caucasian|african american|native american|pacific islander|"
        "white british|black african|black caribbean|arab|roma"),
     _set("white|black|mixed|other|unknown")),
    ("blood-set", "user.health_and_medical", 0.85, _set(
        "a+|a-|b+|b-|ab+|ab-|0+|0-|o+|o-|a pos|a neg|b pos|b neg|ab pos|ab neg|o pos|o neg"),
     frozenset()),
)  # fmt: skip
# Letters for two sexes in English, German, Polish, French, Spanish, Dutch, Czech, and a third.
_SEXES = tuple(map(frozenset, ("mf", "mw", "mk", "hf", "hm", "mv", "mz")))
_THIRD = frozenset("dxuon")
_PERIODS = frozenset("dwm")  # German letters of the sexes, and of day, week and month


def closed_set(distinct: Sequence[str]) -> ValueHit | None:
    """Recognise values of a short list that everyone knows."""
    told = {folded(text) for text in distinct}
    if not 2 <= len(told) <= 10:
        return None
    detail = f"{len(told)} different values, all of a known closed list"
    for detector, category, weight, telling, beside in _SETS:
        if told & telling and told <= telling | beside:
            return ValueHit(detector, DataCategory(category), weight, detail)
    if any(pair <= told <= pair | _THIRD for pair in _SEXES):
        weight = 0.5 if told == _PERIODS else 0.8
        return ValueHit("gender-set", DataCategory("user.demographic.gender"), weight, detail)
    return None


def people_names(texts: Sequence[str]) -> ValueHit | None:
    """Recognise names of people by common given names."""
    split = [folded(text).replace(",", " ").split() for text in texts]
    known = sum(
        bool(words) and not GIVEN_NAMES.isdisjoint((words[0], words[-1])) for words in split
    )
    if known < 0.4 * len(texts) or known < 2:
        return None
    several = sum(2 <= len(words) <= 4 for words in split) > 0.7 * len(texts)
    single = sum(len(words) == 1 for words in split) > 0.9 * len(texts)
    if not several and not single:
        return None
    detail = f"{known} of {len(texts)} values hold a common given name"
    category = "user.name" if several else "user.name.first"
    return ValueHit("given-names", DataCategory(category), 0.8, detail)


_PAYMENT = re.compile(
    r"^(pojist|insur|versich|assur|sipo|household|leasing|uver|loan|rent\b|najem|miete)"
)


def payment_codes(distinct: Sequence[str]) -> ValueHit | None:
    """Recognise codes that say what a payment is for: insurance, household, loan, leasing."""
    if len(distinct) > 40:
        return None
    told = {folded(text) for text in distinct}
    known = sum(bool(_PAYMENT.match(text)) for text in told)
    if len(told) > 20 or known < 2 or known < len(told) / 2:
        return None
    detail = (
        f"{known} of {len(told)} codes tell what a payment is for (insurance, household, "
        "loan): a person's circumstances can be inferred"
    )
    reveals = (DataCategory("user.behavior.purchase_history"),)
    return ValueHit("payment-purpose", DataCategory("user.financial"), 0.8, detail, reveals)


_COMPACT_DATE = re.compile(r"(\d{2})?\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])( \d\d:\d\d:\d\d)?")
_WRITTEN_DATE = re.compile(r"(\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4})")


def birth_dates(texts: Sequence[str]) -> ValueHit | None:
    """Recognise birth dates by how far back and how wide they spread; other dates say nothing."""
    if sum(map(str.isdigit, texts[0])) < 6:
        return None
    years = sorted(year for year in map(_year, texts) if year is not None)
    if len(years) < 10 or len(years) < 0.95 * len(texts):
        return None
    low, middle, high = (years[int(len(years) * share)] for share in (0.05, 0.5, 0.95))
    if high - low < 25 or not 1930 <= middle <= 2005 or low < 1900:
        return None
    detail = f"{len(years)} of {len(texts)} values are dates spread over {high - low} years"
    return ValueHit("birth-dates", DataCategory("user.demographic.date_of_birth"), 0.6, detail)


def _year(text: str) -> int | None:
    if _COMPACT_DATE.fullmatch(text):
        digits = text.partition(" ")[0]
        return int(digits[:4]) if len(digits) == 8 else 1900 + int(digits[:2])
    written = _WRITTEN_DATE.fullmatch(text)
    if written is not None:
        return int(written[4]) if int(written[1]) <= 31 and int(written[3]) <= 31 else None
    try:
        return date.fromisoformat(text[:10]).year if len(text) == 10 else _time_year(text)
    except ValueError:
        return None


def _time_year(text: str) -> int | None:
    return datetime.fromisoformat(text).year if len(text) > 10 else None


_POINT = re.compile(
    r"(?:POINT ?\()?\s*([-+]?\d{1,3}\.\d{3,})[°]?\s*[,; ]\s*([-+]?\d{1,3}\.\d{3,})[°]?\s*\)?"
)


def coordinates(texts: Sequence[str]) -> ValueHit | None:
    """Recognise pairs of degrees: a latitude and a longitude, in either order."""
    pairs = [match for match in map(_POINT.fullmatch, texts) if match]
    if len(pairs) < 3 or len(pairs) < 0.9 * len(texts):
        return None
    degrees = [sorted((abs(float(one[1])), abs(float(one[2])))) for one in pairs]
    if any(low > 90 or high > 180 for low, high in degrees):
        return None
    detail = f"{len(pairs)} of {len(texts)} values are a latitude with a longitude"
    return ValueHit("coordinates", DataCategory("user.location.precise"), 0.7, detail)
