"""What anybody knows of column names: made-up columns that the name model learns beside real ones.

Labelled connectors are rich in contact details and say nothing of bank accounts, diagnoses or
passports. These names are written from the vocabulary of the trade, not taken from any data set;
each stands in a table of people in turn, and what means a person anywhere also stands alone.
"""

from collections.abc import Iterator, Mapping

from policy_service.catalog.names.features import ColumnName
from policy_service.domain.identifiers import DataCategory

_TABLES = ("customer", "employee", "patient", "user")
_PEOPLE = ("first_name", "last_name", "email", "phone", "birth_date")
_ELSEWHERE = "record"

# By category: names that mean a person in any table.
_ANYWHERE: Mapping[str, str] = {
    "user.account.username": "username user_name login_name screen_name",
    "user.authorization.credentials": (
        "api_key access_token refresh_token secret_key client_secret session_token otp_code"
    ),
    "user.authorization.password": "password password_hash hashed_password passphrase pin_code",
    "user.biometric": "fingerprint iris_scan face_template voice_print biometric_id",
    "user.contact.address.postal_code": "home_zip billing_postal_code home_postcode",
    "user.contact.address.street": (
        "home_address street_address house_number billing_street apartment_number"
    ),
    "user.contact.email": "email email_address customer_email payer_email work_email",
    "user.contact.phone_number": "phone_number mobile_phone cell_phone home_phone whatsapp_number",
    "user.criminal_history": "criminal_record convictions",
    "user.demographic.date_of_birth": "date_of_birth birth_date birthday dob year_of_birth",
    "user.demographic.gender": "gender sex",
    "user.demographic.marital_status": "marital_status civil_status",
    "user.demographic.race_ethnicity": "ethnicity race ethnic_group",
    "user.demographic.religious_belief": "religion denomination",
    "user.demographic.sexual_orientation": "sexual_orientation",
    "user.device.device_id": "device_id imei advertising_id mac_address",
    "user.device.ip_address": "ip_address client_ip remote_addr last_ip",
    "user.financial": "salary annual_income credit_score net_worth monthly_wage",
    "user.financial.bank_account": (
        "iban bank_account account_number routing_number sort_code bank_account_number"
    ),
    "user.financial.credit_card": (
        "card_number credit_card_number ccn cvv cardholder_name card_expiry pan"
    ),
    "user.government_id": "government_id identity_document_number",
    "user.government_id.drivers_license_number": "drivers_license driving_licence_number",
    "user.government_id.national_identification_number": (
        "ssn national_id social_security_number birth_number personal_id_number tax_id"
    ),
    "user.government_id.passport_number": "passport_number passport_no",
    "user.health_and_medical": (
        "diagnosis icd_code medication allergies blood_type prescription disability symptoms"
    ),
    "user.health_and_medical.record_id": "mrn medical_record_number patient_number",
    "user.job_title": "job_title occupation",
    "user.name": "full_name customer_name display_name employee_name patient_name owner_name",
    "user.name.first": "first_name given_name forename",
    "user.name.last": "last_name surname family_name maiden_name",
    "user.unique_id": (
        "customer_id user_id employee_id patient_id member_id person_id subscriber_id"
    ),
}
# By category: names that mean a person only where a row is a person.
_OF_A_PERSON: Mapping[str, str] = {
    "user.behavior.browsing_history": "last_page_viewed visited_urls",
    "user.contact.address": "address address_line_1",
    "user.contact.address.city": "city town",
    "user.contact.address.country": "country country_code nationality",
    "user.contact.address.postal_code": "zip postal_code",
    "user.contact.address.state": "state province",
    "user.contact.address.street": "street house",
    "user.contact.url": "website linkedin_url",
    "user.content.private": "biography about_me",
    "user.content.self_image": "photo profile_picture avatar",
    "user.demographic.age_range": "age age_group",
    "user.demographic.language": "native_language",
    "user.financial": "account_balance loan_amount monthly_payment debt",
    "user.location": "latitude longitude location",
    "user.name": "name middle_name nickname",
    "user.unique_id": "id uuid external_id",
    "user.workplace": "employer department",
}


def known_columns() -> Iterator[tuple[ColumnName, DataCategory]]:
    """Yield the made-up columns with their categories, always in the same order."""
    number = 0
    for category, names in (*_ANYWHERE.items(), *_OF_A_PERSON.items()):
        for name in names.split():
            siblings = tuple(dict.fromkeys((*_PEOPLE, "id", name)))
            number += 1
            yield _column(_TABLES[number % len(_TABLES)], name, siblings), DataCategory(category)
    for category, names in _ANYWHERE.items():
        for name in names.split():
            yield _column(_ELSEWHERE, name, ("id", name)), DataCategory(category)


def _column(table: str, name: str, siblings: tuple[str, ...]) -> ColumnName:
    return ColumnName(collection=table, path=name, data_type="string", siblings=siblings)
