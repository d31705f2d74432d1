"""The words of law for kinds of data, and the fideslang keys they mean.

Narrow terms stand before wide ones: a clause about social security numbers is about those,
even where it also says `personal information`. Source: the definitions of GDPR Articles 4
and 9, 45 CFR 160.103 and 164.514(b)(2), 12 CFR 1016.3, Cal. Civ. Code 1798.140 and the
glossaries of NIST and PCI SSC, put in the words of the taxonomy.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from policy_service.corpus.extraction.terms import compile_terms
from policy_service.domain.identifiers import DataCategory

SPECIAL_CATEGORIES = (
    "user.health_and_medical",
    "user.biometric",
    "user.authorization.biometric",
    "user.demographic.race_ethnicity",
    "user.demographic.political_opinion",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
)

NARROW: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("special categor* … (data|personal information)",), SPECIAL_CATEGORIES),
    (("social security numbers?",), ("user.government_id.national_identification_number",)),
    (
        (
            "national identification numbers?",
            "passports?",
            "driver'?s? licen[cs]es?",
            "(certificate|licen[cs]e) … numbers?",
            "government issued",
            "tax(payer)? identification numbers?",
        ),
        ("user.government_id",),
    ),
    (("genetic (data|information)", "DNA"), ("user.health_and_medical.genetic",)),
    (("medical record numbers?",), ("user.health_and_medical.record_id",)),
    (
        ("health plan beneficiary numbers?",),
        ("user.health_and_medical.insurance_beneficiary_id",),
    ),
    (
        (
            "(data|information) (concerning|about|relating to|on) … health",
            "health (data|information|records?)",
            "(protected|identifiable) health information",
            "medical (data|information|history|records?|conditions?|treatment)",
            "psychotherapy notes",
            "patients?",
        ),
        ("user.health_and_medical",),
    ),
    (("biometric*", "finger ?prints?", "voice ?prints?", "facial image*"), ("user.biometric",)),
    (("rac(e|ial) … ethnic*", "ethnic(ity| origin)"), ("user.demographic.race_ethnicity",)),
    (
        ("political (opinions?|affiliation|beliefs?)", "first amendment"),
        ("user.demographic.political_opinion",),
    ),
    (("religio(n|us)", "philosophical beliefs?"), ("user.demographic.religious_belief",)),
    (("sexual orientation", "sex life"), ("user.demographic.sexual_orientation",)),
    (
        ("criminal (convictions?|history|offences?|records?)", "conviction*"),
        ("user.criminal_history",),
    ),
    (("child('s|ren|rens)?", "minors?", "under (13|16) years"), ("user.childrens",)),
    (
        ("cardholder data", "(credit|debit|payment) cards?", "primary account numbers?", "PAN"),
        ("user.financial.credit_card",),
    ),
    (
        ("(bank|deposit|savings|checking|transaction) accounts?", "account numbers?", "IBAN"),
        ("user.financial.bank_account", "user.financial.credit_card"),
    ),
    (
        ("financial (data|information|account|records?)", "consumer reports?", "credit history"),
        ("user.financial",),
    ),
    (("payment (data|information|history)", "payment transactions?"), ("user.payment",)),
    (("passwords?",), ("user.authorization.password",)),
    (
        ("authenticators?", "credentials?", "access codes?", "personal identification numbers?"),
        ("user.authorization",),
    ),
    (("names?(?= (of|and|or|,)|;|\\.|$)", "initials"), ("user.name",)),
    (("(e ?mail|electronic mail) addresses?",), ("user.contact.email",)),
    (("(telephone|phone) numbers?",), ("user.contact.phone_number",)),
    (("fax numbers?",), ("user.contact.fax_number",)),
    (
        ("geographic subdivisions?", "(postal|street|mailing|home) address*", "zip codes?"),
        ("user.contact.address",),
    ),
    (
        ("birth ?dates?", "dates? of birth", "elements of dates", "ages? over"),
        ("user.demographic.date_of_birth", "user.demographic.age_range"),
    ),
    (("IP addresses?", "internet protocol .{0,6}address*"), ("user.device.ip_address",)),
    (("device identifiers?", "serial numbers?"), ("user.device.device_id",)),
    (("URLs?", "universal resource locators?"), ("user.contact.url",)),
    (("vehicle identifiers?", "licen[cs]e plate*"), ("user.government_id.vehicle_registration",)),
    (("(full face )?photograph*", "comparable images"), ("user.content.self_image",)),
    (("(precise )?geolocation", "location data"), ("user.location",)),
    (("browsing history",), ("user.behavior.browsing_history",)),
    (("employees?'? personal data", "employment context"), ("user.workplace", "user.job_title")),
    (("unique identif* (number|code|characteristic)*",), ("user.unique_id",)),
    (
        ("audit (records?|logs?|information|trails?)", "event logs?"),
        ("system.operations",),
    ),
)
WIDE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "personal (data|information)",
            "personally identifiable information",
            "data subjects?",
            "identifi(able|ed) natural persons?",
            "de ?identif*",
            "identifying particulars",
            "consumer'?s? … information",
            "individually identifiable",
        ),
        ("user",),
    ),
    (
        ("nonpublic personal information", "customer (information|records?)"),
        ("user.financial",),
    ),
)
_KEEP = 12  # categories of one obligation; a longer list says `user`
_REMEMBERED = 4096  # texts above many points are read once
_PHI = "user.health_and_medical"


@lru_cache(maxsize=_REMEMBERED)
def categories_in(text: str) -> tuple[DataCategory, ...]:
    """Name the kinds of data a text is about, narrow ones alone where there are some."""
    narrow = _named(text, narrow=True)
    if narrow and len(narrow) <= _KEEP:
        return narrow
    return _named(text, narrow=False)


def main_category(texts: Iterable[str], *, share: float = 0.2) -> tuple[DataCategory, ...]:
    """Name the kind of data an instrument is about: what at least `share` of its texts name.

    Only kinds that an instrument is ever about as a whole are asked for.
    """
    counted: dict[DataCategory, int] = {}
    total = 0
    for text in texts:
        total += 1
        for category in {*_named(text, narrow=False), *_named(text, narrow=True)}:
            counted[category] = counted.get(category, 0) + 1
    about = ("user.financial", "user.financial.credit_card", _PHI, "user")
    for name in about:
        if total and counted.get(DataCategory(name), 0) >= share * total:
            return (DataCategory(name),)
    return ()


def _named(text: str, *, narrow: bool) -> tuple[DataCategory, ...]:
    found: list[DataCategory] = []
    for pattern, keys in _patterns(narrow=narrow):
        if pattern.search(text):
            found.extend(DataCategory(key) for key in keys if key not in found)
    return tuple(sorted(one for one in found if not _has_wider(one, found)))


def _has_wider(category: DataCategory, among: list[DataCategory]) -> bool:
    return any(category.startswith(f"{one}.") for one in among)


@cache
def _patterns(*, narrow: bool) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    return tuple((compile_terms(terms), keys) for terms, keys in (NARROW if narrow else WIDE))
