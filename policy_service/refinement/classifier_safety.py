"""The frozen safety set: columns about people that no version may stop protecting.

Invented tables with the names that people give such columns, in the languages that the product
reads. Never trained on. A version is not promoted where it misses one that the live version
sees to be about a person, or makes one less sensitive. Not a measure of how good a version is.
"""

from policy_service.domain.identifiers import DataCategory
from policy_service.refinement.classifier_lessons import ColumnLesson, NamedColumn

_TABLES: dict[str, str] = {
    "customers": """
        customer_id=user.unique_id first_name=user.name.first last_name=user.name.last
        full_name=user.name email=user.contact.email email_address=user.contact.email
        phone=user.contact.phone_number mobile_phone=user.contact.phone_number
        street_address=user.contact.address.street postal_code=user.contact.address.postal_code
        date_of_birth=user.demographic.date_of_birth gender=user.demographic.gender
        ssn=user.government_id.national_identification_number
        passport_number=user.government_id.passport_number
        credit_card_number=user.financial.credit_card iban=user.financial.bank_account""",
    "employees": """
        employee_number=user.unique_id given_name=user.name.first surname=user.name.last
        work_email=user.contact.email home_phone=user.contact.phone_number
        home_address=user.contact.address.street birth_date=user.demographic.date_of_birth
        social_security_number=user.government_id.national_identification_number
        national_id=user.government_id.national_identification_number
        tax_id=user.government_id.national_identification_number salary=user.financial
        bank_account_number=user.financial.bank_account
        marital_status=user.demographic.marital_status
        nationality=user.demographic religion=user.demographic.religious_belief
        emergency_contact_phone=user.contact.phone_number job_title=user.job_title""",
    "patients": """
        patient_id=user.unique_id patient_name=user.name dob=user.demographic.date_of_birth
        sex=user.demographic.gender diagnosis=user.health_and_medical
        diagnosis_code=user.health_and_medical medication=user.health_and_medical
        blood_type=user.health_and_medical allergies=user.health_and_medical
        medical_record_number=user.health_and_medical.record_id
        insurance_number=user.health_and_medical.insurance_beneficiary_id
        ethnicity=user.demographic.race_ethnicity phone_number=user.contact.phone_number
        home_postcode=user.contact.address.postal_code""",
    "users": """
        user_id=user.unique_id username=user.account.username login=user.account.username
        password=user.authorization.password password_hash=user.authorization.password
        email=user.contact.email backup_email=user.contact.email
        ip_address=user.device.ip_address last_login_ip=user.device.ip_address
        device_id=user.device.device_id display_name=user.name
        birthday=user.demographic.date_of_birth
        phone=user.contact.phone_number latitude=user.location.precise
        longitude=user.location.precise access_token=user.authorization.credentials""",
    "drivers": """
        driver_id=user.unique_id driver_name=user.name
        drivers_license_number=user.government_id.drivers_license_number
        license_number=user.government_id.drivers_license_number
        license_plate=user.government_id.vehicle_registration
        birth_date=user.demographic.date_of_birth
        phone=user.contact.phone_number street=user.contact.address.street
        city=user.contact.address.city zip=user.contact.address.postal_code""",
    "payments": """
        card_number=user.financial.credit_card cardholder_name=user.name
        card_holder=user.name cvv=user.financial.credit_card
        billing_address=user.contact.address.street payer_email=user.contact.email
        account_holder=user.name iban=user.financial.bank_account
        customer_id=user.unique_id""",
    "orders": """
        customer_name=user.name customer_email=user.contact.email
        shipping_address=user.contact.address.street shipping_phone=user.contact.phone_number
        delivery_address=user.contact.address.street buyer_id=user.unique_id
        recipient_name=user.name""",
    "applicants": """
        applicant_id=user.unique_id firstName=user.name.first lastName=user.name.last
        emailAddress=user.contact.email phoneNumber=user.contact.phone_number
        dateOfBirth=user.demographic.date_of_birth
        nationalInsuranceNumber=user.government_id.national_identification_number
        passportNo=user.government_id.passport_number homeAddress=user.contact.address.street
        currentSalary=user.financial postCode=user.contact.address.postal_code""",
    "klienti": """
        jmeno=user.name.first prijmeni=user.name.last
        rodne_cislo=user.government_id.national_identification_number
        datum_narozeni=user.demographic.date_of_birth telefon=user.contact.phone_number
        email=user.contact.email ulice=user.contact.address.street
        psc=user.contact.address.postal_code
        cislo_uctu=user.financial.bank_account pohlavi=user.demographic.gender
        cislo_op=user.government_id cislo_pasu=user.government_id.passport_number""",
    "kunden": """
        vorname=user.name.first nachname=user.name.last
        geburtsdatum=user.demographic.date_of_birth geschlecht=user.demographic.gender
        telefonnummer=user.contact.phone_number strasse=user.contact.address.street
        plz=user.contact.address.postal_code
        steuernummer=user.government_id.national_identification_number
        kontonummer=user.financial.bank_account e_mail=user.contact.email
        reisepassnummer=user.government_id.passport_number gehalt=user.financial""",
    "personnes": """
        prenom=user.name.first nom_de_famille=user.name.last
        date_de_naissance=user.demographic.date_of_birth sexe=user.demographic.gender
        telephone=user.contact.phone_number adresse=user.contact.address.street
        code_postal=user.contact.address.postal_code courriel=user.contact.email
        numero_securite_sociale=user.government_id.national_identification_number
        numero_passeport=user.government_id.passport_number salaire=user.financial""",
}
_ALONE = """
    ssn=user.government_id.national_identification_number
    soc_sec_no=user.government_id.national_identification_number
    social_security_no=user.government_id.national_identification_number
    birth_number=user.government_id.national_identification_number
    personal_number=user.government_id.national_identification_number
    national_id_number=user.government_id.national_identification_number
    passport_no=user.government_id.passport_number
    driver_license=user.government_id.drivers_license_number
    cust_email=user.contact.email mail=user.contact.email tel=user.contact.phone_number
    cell_phone=user.contact.phone_number fax_number=user.contact.fax_number
    fname=user.name.first lname=user.name.last middle_name=user.name maiden_name=user.name.last
    bdate=user.demographic.date_of_birth age=user.demographic
    pwd=user.authorization.password pin_code=user.authorization.credentials
    cc_number=user.financial.credit_card bank_acct=user.financial.bank_account
    annual_income=user.financial credit_score=user.financial
    mac_address=user.device.device_id ip_addr=user.device.ip_address
    gps_lat=user.location.precise fingerprint=user.biometric.fingerprint
    sexual_orientation=user.demographic.sexual_orientation
    political_party=user.demographic.political_opinion
    criminal_record=user.criminal_history disability=user.health_and_medical"""
_UNKNOWN_TABLES = ("contacts", "tbl_person", "members")  # each of `_ALONE` in each of these


def _read(table: str, listed: str) -> tuple[ColumnLesson, ...]:
    pairs = [one.split("=") for one in listed.split()]
    siblings = tuple(name for name, _ in pairs)
    return tuple(
        ColumnLesson(
            column=NamedColumn(table=table, name=name, data_type="string", siblings=siblings),
            category=DataCategory(category),
        )
        for name, category in pairs
    )


SAFETY_COLUMNS: tuple[ColumnLesson, ...] = (
    *(lesson for table, listed in _TABLES.items() for lesson in _read(table, listed)),
    *(lesson for table in _UNKNOWN_TABLES for lesson in _read(table, _ALONE)),
)
