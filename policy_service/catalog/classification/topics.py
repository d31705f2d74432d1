"""What a table is about, whose data it holds, and whether it leads to a person.

Read from the words of its name, from its columns and from its foreign keys: a loan
is about a person because it belongs to an account, and an account because the
database knows clients. Not the category of a column: that is `classify`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from policy_service.catalog.names.languages import PEOPLE
from policy_service.catalog.names.words import name_words
from policy_service.catalog.observation import ObservedTable


class Kind(StrEnum):
    """What one row of a table stands for."""

    PERSON = "person"
    FINANCE = "finance"
    HEALTH = "health"
    WORK = "work"
    MESSAGE = "message"
    PLACE = "place"
    ORGANISATION = "organisation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a table is about. `linked` when its rows lead to a person."""

    kind: Kind
    linked: bool
    subject: str  # fideslang data subject, or empty
    reason: str
    banking: bool = False  # tells of a person's money, not only of a sale


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OWN_SUBJECTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("patient", _words("patient patienten pacient pacienti")),
    ("customer", _words(
        "customer client kunde kunden klient klienti zakaznik zakaznici consumer subscriber "
        "member user buyer policyholder cardholder shopper uzivatel benutzer account")),
    ("job_applicant", _words("applicant candidate bewerber uchazec")),
    ("prospect", _words("prospect lead")),
    ("trainee", _words("student pupil trainee")),
    ("citizen_voter", _words("")),
    ("next_of_kin", _words("dependent relative kin")),
    ("visitor", _words("visitor guest")),
    ("employee", _words(
        "employee staff worker mitarbeiter zamestnanec zamestnanci employe personnel hr "
        "payroll salary teller agent")),
)  # fmt: skip
# In the order that decides where several are named.
_SUBJECTS = tuple(
    (subject, words | {word for word, named in PEOPLE.items() if named == subject})
    for subject, words in _OWN_SUBJECTS
)
_KINDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.HEALTH, _words(
        "leave absence sick medical diagnosis diagnose prescription treatment illness health "
        "vaccination lab encounter admission hospitalisation nemoc nemocenska nepritomnost "
        "krankheit krankmeldung krankmeldungen krankschreibung sejour maladie arret enfermedad "
        "choroba zwolnienie malattia ricovero ricoveri hospitalizacja przyjecie opname ingreso "
        "hospitalizace ziekte ziekmelding")),
    (Kind.FINANCE, _words(
        "account konto konten ucet ucty compte card karte karten karta karty carte loan uver "
        "kredit credit mortgage transaction trans txn payment platba zahlung order invoice "
        "transfer prevod disp disposition deposit statement balance billing paiement "
        "objednavka objednavky bestellung bestellungen commande pedido ordine zamowienie "
        "rechnung rechnungen facture factura faktura faktury fattura cuenta tarjeta prestamo "
        "rekening pozyczka conto prestito pret")),
    (Kind.MESSAGE, _words(
        "ticket message chat note comment complaint mail conversation feedback review zprava "
        "zpravy nachricht nachrichten mensaje wiadomosc bericht messaggio")),
    (Kind.WORK, _words(
        "payroll salary contract timesheet shift attendance vertrag vertrage gehalt lohn mzda "
        "mzdy contrat nomina contrato umowa contratto stipendio")),
    (Kind.PLACE, _words(
        "district region city country okres kraj mesto bezirk stadt place branch pobocka "
        "filiale filialen pobocky location county province office site agence sucursal oddzial "
        "ucebna ucebny raum salle sala aula lokaal")),
    (Kind.ORGANISATION, _words(
        "company organisation organization merchant vendor supplier department bank product "
        "category currency rate setting config firma firmy entreprise empresa azienda bedrijf "
        "dodavatel lieferant lieferanten fournisseur proveedor fornitore produkt produkte "
        "produkty produit producto prodotto artikel kostenstelle kostenstellen abteilung "
        "abteilungen oddeleni")),
)  # fmt: skip
_GENERIC_PEOPLE = _words("person people contact individual profile osoba personne")
_PEOPLE = frozenset().union(*(words for _, words in _SUBJECTS), _GENERIC_PEOPLE) - {
    "account", "hr", "payroll", "salary",
}  # fmt: skip
# What belongs to a person wherever the database knows people at all.
_BELONGINGS = _words(
    "account konto konten ucet ucty compte card karte karten karta karty loan uver "
    "kredit mortgage disp disposition"
)
_PRIORITY = tuple(subject for subject, _ in _SUBJECTS)


def singular(word: str) -> str:
    """Drop an English plural ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=65_536)
def table_words(name: str) -> tuple[str, ...]:
    """Split a table's name into singular words."""
    return tuple(singular(word) for word in name_words(name))


def table_kind(name: str) -> Kind:
    """Read a table's kind off its name; the last word counts before the others."""
    words = table_words(name)
    if not words:
        return Kind.UNKNOWN
    if any(word in _KINDS[0][1] for word in words):
        return Kind.HEALTH
    for word in reversed(words):
        if word in _PEOPLE:
            return Kind.PERSON
        for kind, known in _KINDS:
            if word in known:
                return kind
    return Kind.UNKNOWN


def named_subject(name: str) -> str:
    """Read a fideslang data subject off a table's or column's name; empty where none is named."""
    words = set(table_words(name))
    return next((subject for subject, known in _SUBJECTS if words & known), "")


def read_topics(
    tables: Sequence[ObservedTable], *, people: Mapping[str, str], references: Mapping[str, str]
) -> dict[str, Topic]:
    """Decide for every table what it is about.

    `people` names the tables whose columns show that a row is a person, with the reason;
    `references` the tables that have a column naming a person (`customer_id`), with the column.
    """
    kinds = {table.id: _kind(table, people) for table in tables}
    reasons = _links(tables, kinds, people, references)
    subjects = _subjects(tables, kinds, reasons, references)
    return {
        table.id: Topic(
            kind=kinds[table.id],
            linked=table.id in reasons,
            subject=subjects.get(table.id, ""),
            reason=reasons.get(table.id, "nothing leads to a person"),
            banking=kinds[table.id] is Kind.FINANCE and _is_banking(table),
        )
        for table in tables
    }


def _is_banking(table: ObservedTable) -> bool:
    """Tell a bank's table from a shop's: it is, has or refers to an account, a card or a loan."""
    named = [table.name, *(column.name for column in table.columns)]
    named += [key.references_table.rsplit(".", 1)[-1] for key in table.foreign_keys]
    return any(_BELONGINGS & set(table_words(name)) for name in named)


def _kind(table: ObservedTable, people: Mapping[str, str]) -> Kind:
    named = table_kind(table.name)
    return Kind.PERSON if table.id in people and named is Kind.UNKNOWN else named


def _links(
    tables: Sequence[ObservedTable],
    kinds: Mapping[str, Kind],
    people: Mapping[str, str],
    references: Mapping[str, str],
) -> dict[str, str]:
    reasons: dict[str, str] = {}
    has_people = any(kind is Kind.PERSON for kind in kinds.values())
    for table in tables:
        kind = kinds[table.id]
        if kind is Kind.PERSON:
            reasons[table.id] = people.get(table.id, "its name says that a row is a person")
        elif kind in (Kind.PLACE, Kind.ORGANISATION):
            continue
        elif kind in (Kind.HEALTH, Kind.WORK) or table.id in people:
            reasons[table.id] = people.get(table.id, "its name says that it is about people")
        elif table.id in references:
            reasons[table.id] = f"column `{references[table.id]}` names a person"
        elif has_people and _BELONGINGS & set(table_words(table.name)):
            reasons[table.id] = "it belongs to the people this database knows"
    _follow(tables, kinds, reasons)
    return reasons


def _follow(
    tables: Sequence[ObservedTable], kinds: Mapping[str, Kind], reasons: dict[str, str]
) -> None:
    """Spread the link to a person along foreign keys, from the table referred to."""
    grown = True
    while grown:
        grown = False
        for table in tables:
            if table.id in reasons or kinds[table.id] in (Kind.PLACE, Kind.ORGANISATION):
                continue
            key = next((one for one in table.foreign_keys if one.references_table in reasons), None)
            if key is not None:
                reasons[table.id] = f"column `{key.column}` leads to a person"
                grown = True


def _subjects(
    tables: Sequence[ObservedTable],
    kinds: Mapping[str, Kind],
    reasons: Mapping[str, str],
    references: Mapping[str, str],
) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in tables:
        if table.id in reasons:
            own = named_subject(table.name) or named_subject(references.get(table.id, ""))
            if own:
                found[table.id] = own
    for _ in tables:  # a path is no longer than the number of tables
        for table in tables:
            if table.id not in reasons or table.id in found:
                continue
            reached = {found.get(key.references_table, "") for key in table.foreign_keys}
            best = next((subject for subject in _PRIORITY if subject in reached), "")
            if best:
                found[table.id] = best
    for table in tables:
        if table.id in reasons and kinds[table.id] in (Kind.FINANCE, Kind.HEALTH, Kind.WORK):
            default = "customer" if kinds[table.id] is Kind.FINANCE else "employee"
            found.setdefault(table.id, default)
    return found
