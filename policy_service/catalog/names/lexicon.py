"""The words of column names: one vocabulary for English, Czech, German, French and shorthand.

A name becomes canonical English words (`KundenNr` → customer number, `fname` → first name), so
that what is learned of a word in one language or spelling holds in all. `word_kinds` tells what
a word points at: a person, an organisation, a thing, a contact detail, a note about a fact.
Not a classifier: it holds no category; `features` and the weights judge.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from policy_service.catalog.names.words import name_words


@lru_cache(maxsize=262_144)
def canonical_words(name: str) -> tuple[str, ...]:
    """Split a name into canonical English words, in order; an empty name has none."""
    return tuple(found for word in name_words(name) for found in _canonical(word))


@lru_cache(maxsize=65_536)
def word_kinds(word: str) -> tuple[str, ...]:
    """Return the kinds of a canonical word, sorted; most words have none."""
    return tuple(kind for kind, words in _KINDS.items() if word in words)


@lru_cache(maxsize=65_536)
def _canonical(word: str) -> tuple[str, ...]:
    if word.isdigit():
        return ("#",)
    stem = word.rstrip("0123456789") or word
    if stem in _SAME:
        return _SAME[stem]
    single = _singular(stem)
    if single in _SAME:
        return _SAME[single]
    if single in _KNOWN or len(single) < 6:
        return (single,)
    return _parts(single)


def _singular(word: str) -> str:
    if word in _KNOWN or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def _parts(word: str) -> tuple[str, ...]:
    """Split a word written together (`emailaddress`) where all of it is known words."""
    for cut in range(len(word) - 2, 1, -1):
        left, right = word[:cut], word[cut:]
        if (left in _KNOWN or left in _SAME) and (right in _KNOWN or right in _SAME):
            return (*_SAME.get(left, (left,)), *_SAME.get(right, (right,)))
    return (word,)


# What is written otherwise, by canonical words.
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "address": "addr adresse adresa adresy anschrift adr addrs",
        "amount": "amt castka betrag montant",
        "avatar": "userpic",
        "balance": "zustatek saldo solde kontostand",
        "bank": "banka banque",
        "bank account": "konto ucet kontonummer iban bankkonto compte",
        "birth": "narozeni geburt geb naissance born",
        "birth date": "dob birthdate birthday geburtsdatum geburtstag bday",
        "birth number": "rodnecislo",
        "card": "karta karte carte",
        "city": "mesto obec stadt ville ort wohnort town locality suburb",
        "code": "kod",
        "comment": "poznamka bemerkung kommentar commentaire remark",
        "company": "firma unternehmen spolecnost entreprise societe corp corporation business",
        "country": "zeme pays ctry",
        "count": "cnt pocet anzahl nombre",
        "currency": "mena wahrung devise ccy",
        "customer": "cust kunde kunden zakaznik client klient clients kundin",
        "date": "dt datum",
        "department": "dept abteilung oddeleni departement",
        "description": "desc descr popis beschreibung",
        "device": "gerat zarizeni appareil",
        "district": "okres bezirk",
        "employee": "emp empl mitarbeiter zamestnanec employe",
        "email": "mail courriel emailaddress emailaddr",
        "email address": "mailaddress",
        "family": "familie rodina famille",
        "first": "erster",
        "first name": "fname firstname vorname jmeno givenname forename prenom krestni given",
        "full name": "fullname",
        "gender": "sex pohlavi geschlecht sexe",
        "house number": "hausnummer",
        "id": "ident identifier oid",
        "ip": "ipaddr ipv4 ipv6",
        "ip address": "ipaddress",
        "invoice": "faktura rechnung facture",
        "language": "jazyk sprache langue lang",
        "last name": "lname lastname nachname familienname prijmeni surname nom familyname",
        "latitude": "lat",
        "longitude": "lng lon long",
        "location": "loc poloha",
        "middle name": "mname middlename middleinitial",
        "mobile": "mobil handy gsm cell msisdn cellphone",
        "number": "no nr num cislo nummer numero",
        "order": "objednavka bestellung commande ord",
        "organization": "organisation org organizace",
        "owner": "besitzer vlastnik inhaber",
        "password": "pwd passwd pass heslo passwort passphrase",
        "patient": "pacient",
        "person": "osoba personne people persons",
        "phone": "tel telephone telefon phonenumber",
        "picture": "photo foto img image portrait",
        "price": "cena preis prix",
        "product": "produkt produit prod vyrobek zbozi artikel",
        "quantity": "qty menge mnozstvi",
        "region": "oblast gebiet",
        "salary": "gehalt lohn mzda salaire wage",
        "state": "province kraj bundesland prov",
        "status": "stav zustand",
        "street": "ulice strasse str rue",
        "supplier": "dodavatel lieferant fournisseur",
        "time": "cas zeit",
        "title": "titel titul titre",
        "transaction": "txn tx trans",
        "type": "typ art",
        "updated": "modified changed mtime",
        "user": "usr uzivatel benutzer utilisateur",
        "user name": "username benutzername screenname login",
        "user agent": "useragent",
        "value": "val hodnota wert valeur",
        "zip": "zipcode postcode postalcode psc plz postleitzahl postal",
    }
)

# INVARIANT: sorted by kind; weights are learned for these kinds, so a change means training again.
_KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "about": (
            "type status count verified valid format template hash flag enabled allowed confirmed "
            "required optional version state kind mode level score rank index length size total "
            "source reason setting preference sent valid validated default"
        ),
        "contact": "email phone mobile fax tel telephone website skype",
        "date": (
            "date time timestamp at on created updated started ended seen joined since until "
            "expire expired year month day hour minute second when"
        ),
        "device": "device ip agent browser os cookie mac imei idfa platform advertising session",
        "flag": (
            "is has can should was will do does allow enable disable require accept active "
            "deleted archived hidden locked public private default enabled disabled subscribed"
        ),
        "key": "id key uuid guid ref reference number code slug token sku handle",
        "money": (
            "amount price total tax cost fee balance currency discount subtotal revenue money "
            "paid refund tip charge rate duty"
        ),
        "named": "name title label display",
        "organisation": (
            "company organization account business shop store merchant vendor supplier partner "
            "team department workspace tenant site brand employer school university institution "
            "agency bank hospital branch outlet office group"
        ),
        "person": (
            "person user customer contact employee member subscriber patient student lead profile "
            "recipient sender author assignee agent owner reporter reviewer creator candidate "
            "applicant consumer visitor guest traveler traveller passenger driver dasher shopper "
            "buyer seller holder cardholder participant attendee respondent staff manager teller "
            "admin administrator requester submitter commenter advocate friend prospect recruiter "
            "interviewer doctor teacher parent child spouse citizen resident tenant beneficiary "
            "payee payer signer signatory approver delegate individual human viewer follower "
            "player donor volunteer voter operator responder inviter invitee somebody caller"
        ),
        "personal": (
            "first last middle maiden given family full nick birth gender age marital nationality "
            "religion ethnicity race salary password ssn passport biometric health disability "
            "avatar picture occupation"
        ),
        "place": (
            "address street city state country zip postal region county district province house "
            "apartment suburb village latitude longitude geo location neighborhood place building "
            "floor room unit line"
        ),
        "role": (
            "billing shipping mailing home work delivery primary secondary alternate personal "
            "business default other emergency pickup dropoff"
        ),
        "text": (
            "body message comment note text content description subject html summary answer "
            "question reply feedback review bio about caption transcript"
        ),
        "thing": (
            "product item order invoice event project issue ticket app application page form field "
            "template campaign list tag category currency collection variant inventory payment "
            "transaction refund discount plan subscription price job opening position survey "
            "question answer message channel conversation thread file attachment document image "
            "link url webhook integration token api platform version release environment server "
            "service plugin module feature experiment gate metric report dashboard monitor alert "
            "log error stack trace build commit branch repository license policy rule role "
            "permission setting config preference theme widget button block section menu layout "
            "blog article post video audio track gift card cart checkout fulfillment tax carrier "
            "package shipment warehouse stock lot batch series sequence stage pipeline deal "
            "opportunity case solution task meeting calendar queue agreement contract workflow "
            "segment domain request response session"
        ),
    }
)
_KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {kind: frozenset(words.split()) for kind, words in sorted(_KIND_WORDS.items())}
)
_SAME: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        written: tuple(canonical.split())
        for canonical, others in _WRITTEN.items()
        for written in others.split()
    }
)
_KNOWN = frozenset(
    {word for words in _KINDS.values() for word in words}
    | {word for canonical in _WRITTEN for word in canonical.split()}
)
