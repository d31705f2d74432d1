"""What column names say: words and abbreviations in English, Czech, German and French.

A name is split into lower-case words without accents (`DatumNarozeni`, `birth_no`,
`KontoNr`), and the first rule that fits gives its category. Names are weak evidence:
values and context correct them. What a *table* name says is in `topics`, what names say in
more languages in `languages`.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from policy_service.catalog.names.languages import PEOPLE, foreign_hit
from policy_service.domain.identifiers import DataCategory

_BOUNDARY = re.compile(
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z]{2})(?=\d)|[^A-Za-z0-9]+"
)


class Scope(Enum):
    """Where a word means a person: `ALWAYS`, or only in a table that is about people."""

    ALWAYS = "always"
    CONTACT = "contact"  # always, but less so in a table of places or organisations
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class NameHit:
    """The category a name suggests, how strongly, and where it holds."""

    category: DataCategory
    weight: float
    scope: Scope


@lru_cache(maxsize=65_536)
def name_words(name: str) -> tuple[str, ...]:
    """Split a column or table name into lower-case words without accents."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    ascii_only = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(word.lower() for word in _BOUNDARY.split(ascii_only) if word)


@lru_cache(maxsize=65_536)
def name_hit(name: str, head: str = "") -> NameHit | None:
    """Find what a column name suggests. `head` is the main word of its table, or empty."""
    words = " ".join(name_words(name))
    if head:
        for pattern, hit in _HEADED:
            if pattern.search(f"{head} {words}"):
                return hit
    own = next((rule.hit for rule in _RULES if rule.pattern.search(words)), None)
    return own or _foreign(name_words(name))


def _foreign(words: tuple[str, ...]) -> NameHit | None:
    """Look in the other languages: a phrase, or a person with a number (`id_cliente`)."""
    if len(words) == 2 and (
        (words[0] in PEOPLE and words[1] in _KEY_WORDS)
        or (words[0] in _LEADING_KEYS and (words[1] in PEOPLE or _PERSON_WORD.fullmatch(words[1])))
    ):
        return NameHit(DataCategory("user.unique_id"), 0.85, Scope.ALWAYS)
    found = foreign_hit(words)
    if found is None:
        return None
    category, weight, letter = found
    return NameHit(DataCategory(category), weight, _SCOPES[letter])


@lru_cache(maxsize=65_536)
def is_key_name(name: str) -> bool:
    """Tell whether a name ends like an identifier: `id`, `client_id`, `kunden_nr`."""
    words = name_words(name)
    return bool(words) and words[-1] in _KEY_WORDS


@lru_cache(maxsize=65_536)
def is_opaque(name: str) -> bool:
    """Tell whether a name says nothing: `A7`, `c2`, `col_3`, `x`."""
    return all(len(word) < 3 or word.isdigit() or word in _EMPTY for word in name_words(name))


_EMPTY = frozenset({"col", "column", "field", "attr", "attribute", "var", "val", "value", "data"})
_SCOPES = {"a": Scope.ALWAYS, "c": Scope.CONTACT, "p": Scope.PERSON}
_LEADING_KEYS = frozenset({"id", "num", "numero", "numer", "nr", "no", "cislo", "codigo", "code"})
_KEY_WORDS = frozenset({"id", "ids", "key", "fk", "pk", "uuid", "guid", "nr", "no", "oid", "sk"})
# A trailing word that turns a fact into a note about the fact: `email_verified`, `address_id`.
_ABOUT = r"(?!.* (id|ids|type|types|count|verified|flag|status|template|sent|valid|format|hash)$)"
_PEOPLE = (
    "customer|client|user|person|patient|employee|member|subscriber|contact|kunden?|klient|"
    "zakaznik|staff|agent|owner|author|reporter|assignee|mitarbeiter|zamestnanec|applicant|"
    "student|visitor|card ?holder|holder|consumer|teller|manager|recipient|sender"
)
_PERSON_WORD = re.compile(_PEOPLE)
_KEYS = "id|no|nr|num|number|key|uuid|guid|code|ref|fk"

_ALWAYS, _CONTACT, _PERSON = Scope.ALWAYS, Scope.CONTACT, Scope.PERSON
# category, weight, scope, expression over the words joined by spaces; the first that fits wins
_TABLE: tuple[tuple[str, float, Scope, str], ...] = (
    ("user.authorization.password", 0.9, _ALWAYS,
     r"pass ?w(or)?d|passwort|heslo|mot de passe|\bpwd\b|passphrase|\bpin( code)?$"),
    ("user.authorization.credentials", 0.85, _ALWAYS,
     r"api ?key|\bsecret\b|(access|auth|refresh|session|bearer|reset) ?token|private key|\botp\b"),
    ("user.privacy_preferences", 0.8, _ALWAYS,
     r"\bconsent|\bopt(ed)? ?(in|out)\b|do not (contact|call)|unsubscrib|souhlas|einwillig"),
    ("user.financial.credit_card", 0.9, _ALWAYS,
     r"\bpan\b|\bcard ?(number|no|num|nr)\b|\bcc ?(num|number|no|n)\b|credit ?card( number)?$|"
     r"cislo karty|karten ?(nummer|nr)|numero (de )?carte|\bcv[vc]\d?\b|"
     r"\bcard (expir\w*|exp|valid \w+|security code|verification)|name on card|"
     r"^track ?[12]( data)?$|pin ?block"),
    ("user.financial.bank_account", 0.88, _ALWAYS,
     r"\biban\b|\bbic\b|swift|bank ?account|\bacc(oun|t)?t? ?(number|no|nr|num)\b|"
     r"konto ?(nummer|nr)|cislo uctu|numero (de )?compte|routing( number)?|sort code|\bblz\b|"
     r"bank ?code|kod banky|\b(account|bank|acct) (to|from)\b|\b(to|from) (account|bank)\b|"
     r"(counterparty|payee|beneficiary|recipient|partner|creditor|debtor) (account|iban|bank)|"
     r"protiucet"),
    ("user.government_id.passport_number", 0.88, _ALWAYS,
     r"\bpassport|reisepass|cestovni pas|passeport"),
    ("user.government_id.drivers_license_number", 0.85, _ALWAYS,
     r"driv\w+ ?licen|ridicsky prukaz|fuhrerschein|permis (de )?conduire"),
    ("user.government_id.vehicle_registration", 0.8, _ALWAYS,
     r"licen[cs]e plate|number plate|\bspz\b|kfz ?kennzeichen|vehicle registration"),
    ("user.government_id.immigration", 0.8, _ALWAYS,
     r"visa (number|no)\b|residence permit|alien number"),
    ("user.health_and_medical.record_id", 0.85, _ALWAYS,
     r"\bmrn\b|medical record|patient (number|no)\b"),
    ("user.health_and_medical.insurance_beneficiary_id", 0.75, _ALWAYS,
     r"health insurance (id|number|no)|beneficiary id|cislo pojistence|versicherten ?(nummer|nr)"),
    ("user.health_and_medical.insurance_beneficiary_id", 0.65, _PERSON,
     r"^insurance (id|number|no|policy)$"),
    ("user.government_id.national_identification_number", 0.9, _ALWAYS,
     r"\bssn\b|social ?sec\w*|national (id\w*|insurance)|\bnat id\b|"
     r"\bnino\b|birth (number|no|nr)\b|"
     r"rodne ?cislo|^rc$|personal (id|number|code)|pesel|\bcpr\b|personnummer|"
     r"tax ?(payer )?(id|number|no)\b|\btin\b|^dic$|steuer ?(id|nummer)|sozialversicherung|"
     r"securite sociale|\binsee\b|^nir$|id ?card( number| no)?$|obcansk\w+|personalausweis|"
     r"identity (number|document)|government id"),
    ("user.demographic.date_of_birth", 0.9, _ALWAYS,
     r"\bdob\b|date of birth|birth ?(date|day|year|month)|\bborn( on| at)?$|narozen|"
     r"geburts ?(datum|tag|jahr)|geb ?datum|naissance"),
    ("user.demographic.gender", 0.85, _ALWAYS, r"\bgender\b|\bsex\b|pohlavi|geschlecht|\bsexe\b"),
    ("user.demographic.marital_status", 0.85, _ALWAYS,
     r"marital|civil status|rodinny stav|familienstand|etat civil"),
    ("user.demographic.race_ethnicity", 0.85, _ALWAYS, r"\brace\b|ethnic|etnick"),
    ("user.demographic.religious_belief", 0.85, _ALWAYS,
     r"religi|\bfaith\b|konfession|nabozenstv|vyznani"),
    ("user.demographic.political_opinion", 0.85, _ALWAYS, r"politic|party affiliation"),
    ("user.demographic.sexual_orientation", 0.9, _ALWAYS, r"sexual (orientation|preference)"),
    ("user.criminal_history", 0.85, _ALWAYS,
     r"criminal|convict|\boffen[cs]e|felony|trestni|vorstraf|casier judiciaire"),
    ("user.health_and_medical.genetic", 0.85, _ALWAYS, r"\bdna\b|genetic|genom"),
    ("user.biometric", 0.85, _ALWAYS,
     r"biometric|finger ?print|\biris\b|retina|voice ?print|face (id|template)"),
    ("user.health_and_medical", 0.85, _ALWAYS,
     r"diagnos|\bicd\b|disease|illness|symptom|allerg|medication|prescription|treatment|"
     r"blood (type|group|pressure)|disabilit|handicap|\bsick|krank|nemoc|maladie|pregnan|vaccin|"
     r"\bhealth|\bmedical|therap|\bbmi\b"),
    ("user.unique_id", 0.85, _ALWAYS, rf"\b({_PEOPLE}) ({_KEYS})$"),
    ("user.contact.email", 0.9, _CONTACT, rf"{_ABOUT}^.*(e ?mail|courriel|\bmail$)"),
    ("user.contact.fax_number", 0.8, _CONTACT, r"\bfax"),
    ("user.contact.phone_number", 0.88, _CONTACT,
     rf"{_ABOUT}^.*(phone|\bmobil|\bcell\b|\btel\b|telefon|\bhandy\b|msisdn|\bgsm\b)"),
    ("user.account.username", 0.8, _ALWAYS,
     r"\buser ?name\b|^login( name)?$|screen name|benutzer ?name|uzivatelske jmeno|identifiant"),
    ("user.name.first", 0.9, _ALWAYS,
     r"first ?name|given ?name|\bfname\b|forename|vorname|\bjmeno\b|krestni|prenom"),
    ("user.name.last", 0.9, _ALWAYS,
     r"last ?name|family ?name|surname|\blname\b|nachname|familienname|prijmeni|nom de famille|"
     r"maiden ?name"),
    ("user.name", 0.85, _ALWAYS,
     rf"full ?name|middle ?name|\b({_PEOPLE}|display|legal|real) ?name\b|\bcard ?holder$|"
     r"\bholder$|nick ?name|cele jmeno"),
    ("user.name", 0.8, _PERSON, r"^name$|^names$|\bnom$|^title$"),
    ("user.device.ip_address", 0.88, _ALWAYS, r"\bip ?(v[46]|addr\w*)?$|\bip address|remote addr"),
    ("user.device.device_id", 0.8, _ALWAYS,
     r"device ?(id|uuid)|\bimei\b|\bidfa\b|\bmac( address)?$|android id"),
    ("user.device.cookie_id", 0.75, _ALWAYS, r"cookie"),
    ("user.device", 0.65, _PERSON, r"user ?agent|\bbrowser\b|device (type|model)|os version"),
    ("user.location.precise", 0.8, _PERSON,
     r"\blat(itude)?$|\blon(gitude)?$|\blng$|\bgps\b|\bgeo ?(point|location|hash)|coordinates"),
    ("user.contact.address.postal_code", 0.85, _PERSON,
     r"\bzip( ?code)?$|post(al)? ?code|postcode|^psc$|\bplz\b|postleitzahl|code postal"),
    ("user.contact.address.street", 0.85, _PERSON,
     rf"{_ABOUT}^.*(\bstreet|\baddr(ess)?(es)?( line)?( ?\d)?$|\bulice\b|strasse|\brue\b|"
     r"house (number|no)|hausnummer|cislo popisne|\badress[ea]$)"),
    ("user.contact.address.city", 0.8, _PERSON,
     rf"{_ABOUT}^.*(\bcity|\btown\b|\bmesto\b|\bobec\b|\bstadt\b|wohnort|^ort$|\bville\b|locality|suburb)"),
    ("user.contact.address.country", 0.7, _PERSON,
     r"\bcountry|citizenship|\bzeme\b|\bpays$|nationality|obcanstvi"),
    ("user.contact.address.state", 0.65, _PERSON,
     r"^(address |home |billing |shipping |mailing )?(state|province|"
     r"county)( code)?$|\bkraj\b|bundesland"),
    ("user.location.imprecise", 0.65, _PERSON,
     r"\bdistrict|\bokres\b|\bregion|\bbezirk\b|time ?zone|\btz\b"),
    ("user.demographic.age_range", 0.75, _PERSON,
     r"^age( (band|group|range|years))?$|^vek$|^alter$"),
    ("user.demographic.language", 0.6, _PERSON, r"language|\blocale\b|\bjazyk|sprache|\blangue"),
    ("user.job_title", 0.75, _PERSON,
     r"job ?title|^position$|occupation|profession|\bberuf|povolani|pozice|^job$"),
    ("user.financial", 0.85, _ALWAYS,
     r"salar|\bwages?\b|\bincome|gehalt|\blohn|\bmzda|salaire|credit (score|limit|rating)|"
     r"net worth|pay ?grade|payroll|\bbonus\b"),
    ("user.financial", 0.75, _PERSON,
     r"amount|balance|\bloan|\bdebt|mortgage|interest|\bpayments?$|overdraft|\buver|splatk|"
     r"zustatek|castka|betrag|montant|saldo|kontostand|\bfees?$|k symbol|"
     r"variable symbol|payment (purpose|reference)"),
    ("user.workplace", 0.7, _PERSON,
     r"employer|arbeitgeber|zamestnavatel|department|cost cent|\bhired?\b|contract type|"
     r"work ?place|^manager$|performance rating"),
    ("user.content.self_image", 0.7, _PERSON, r"photo|avatar|selfie|\bfoto\b|portrait"),
    ("user.contact.url", 0.65, _PERSON,
     r"web ?site|home ?page|profile url|linkedin|twitter|facebook"),
    ("user.behavior.browsing_history", 0.65, _PERSON,
     r"page ?(view|path)|browsing|last (visit|seen)|click"),
    ("user.behavior.search_history", 0.65, _PERSON, r"search (query|term|history)"),
    ("user.content.private", 0.6, _PERSON,
     r"\bmessage|\bbody$|comment|\bnotes?$|remark|^subject$|description$|transcript|complaint|"
     r"feedback|poznamk|bemerkung"),
    ("user.unique_id", 0.6, _PERSON, r"\b(created|updated|modified|approved|entered) by\b"),
    ("system.operations", 0.75, _ALWAYS,
     r"^(created|updated|modified|inserted|deleted|loaded)( (at|on|date|time|ts))?$|"
     r"^(row )?version$|^etag$|checksum|^batch( id)?$|^is (deleted|active)$|sort order"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    hit: NameHit


_RULES = tuple(
    _Rule(re.compile(pattern), NameHit(DataCategory(category), weight, scope))
    for category, weight, scope, pattern in _TABLE
)
# What a short name means beside the main word of its table: `expiry` in a table of cards.
_HEADED = (
    (
        re.compile(r"^(card|karte|karta|carte) (number|no|nr|exp\w*|valid \w+|month|year)$"),
        NameHit(DataCategory("user.financial.credit_card"), 0.85, Scope.ALWAYS),
    ),
    (
        re.compile(r"^(account|konto|ucet|compte) (number|no|nr)$"),
        NameHit(DataCategory("user.financial.bank_account"), 0.8, Scope.ALWAYS),
    ),
    (
        re.compile(
            r"^(loan|uver|kredit|credit|mortgage) (status|rating|duration|term|default\w*)$"
        ),
        NameHit(DataCategory("user.financial"), 0.75, Scope.PERSON),  # says who is creditworthy
    ),
    (
        re.compile(r"^(card|karte|karta|carte) (type|issued|status|brand)$"),
        NameHit(DataCategory("user.financial"), 0.6, Scope.PERSON),
    ),
)
