"""What people have already declared a column to be: tags and terms to data categories.

Keys of the fideslang taxonomy are taken as they are; the words that catalogues ship with
(`PII.Sensitive`, `pii`, `EmailAddress`) by a table of ours. Not a classifier of names, and
no verdict: a declaration is one more piece of evidence, which may be out of date.
"""

import re
from collections.abc import Iterable

from policy_service.domain.identifiers import DataCategory, category_covers

_KEY = re.compile(r"(?:user|system)(?:\.[a-z][a-z0-9_]*){0,5}")
_URN = re.compile(r"^urn:li:[a-z]+:", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LAST = re.compile(r"[./:]")
_MEANT = {
    "user": "pii spi personal personal_data personally_identifiable sensitive_pii contains_pii "
    "is_pii gdpr pii_sensitive pii_nonsensitive pii_non_sensitive personaldata_personal "
    "personal_data_personal personal_information personal_data_special_category",
    "user.contact": "contact contact_info contact_information",
    "user.contact.email": "email email_address e_mail",
    "user.contact.phone_number": "phone phone_number telephone mobile mobile_number",
    "user.contact.address": "address postal_address street_address home_address",
    "user.name": "person person_name full_name name_of_person customer_name",
    "user.name.first": "first_name given_name",
    "user.name.last": "last_name surname family_name",
    "user.government_id": "government_id",
    "user.government_id.national_identification_number": "ssn social_security_number national_id "
    "national_identifier us_ssn tax_id",
    "user.government_id.passport_number": "passport passport_number",
    "user.government_id.drivers_license_number": "driving_licence drivers_license driver_license",
    "user.demographic.date_of_birth": "dob date_of_birth birth_date birthdate",
    "user.demographic.gender": "gender sex",
    "user.demographic.race_ethnicity": "ethnicity race",
    "user.demographic.religious_belief": "religion religious_belief",
    "user.demographic.sexual_orientation": "sexual_orientation",
    "user.demographic.political_opinion": "political_opinion",
    "user.health_and_medical": "phi health medical health_data hipaa",
    "user.biometric": "biometric biometrics biometric_data",
    "user.financial": "financial npi salary income",
    "user.financial.bank_account": "bank_account iban bank_account_number",
    "user.financial.credit_card": "credit_card pan pci credit_card_number cardholder_data",
    "user.device.ip_address": "ip ip_address",
    "user.location": "location geo geolocation",
    "user.location.precise": "gps precise_location",
    "user.authorization.credentials": "credential credentials secret api_key token",
    "user.authorization.password": "password",
    "system": "pii_none non_pii not_pii no_pii non_personal not_personal",
}
_CATEGORY = {word: DataCategory(key) for key, words in _MEANT.items() for word in words.split()}


def declared_categories(labels: Iterable[str]) -> tuple[DataCategory, ...]:
    """Return the data categories that tags, terms and keys name, the narrowest only, sorted.

    `user` alone says that a column is personal, `system` that someone held it not to be.
    """
    found = {category for label in labels if (category := _category(label))}
    personal = {one for one in found if one.startswith("user")} or found
    narrow = {
        one
        for one in personal
        if not any(other != one and category_covers(one, other) for other in personal)
    }
    return tuple(sorted(narrow))


def _category(label: str) -> DataCategory | None:
    bare = _URN.sub("", label.strip())
    if _KEY.fullmatch(bare):
        return DataCategory(bare)
    whole = _words(bare)
    return _CATEGORY.get(whole) or _CATEGORY.get(_words(_LAST.split(bare)[-1]))


def _words(label: str) -> str:
    return _NOT_WORD.sub("_", _HUMP.sub("_", label).lower()).strip("_")
