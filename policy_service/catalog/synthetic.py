"""A made-up catalogue of any size, for measuring what comes after the scan.

No database is behind it. Its tables have the mix that scans of business databases show:
people, what belongs to them, and reference data, with keys between them.
"""

import random
from dataclasses import dataclass
from typing import Final

from policy_service.catalog.scan import seal_catalog
from policy_service.domain.asset import Catalog, Column, ColumnProfile, Evidence, ForeignKey, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import AssetId, DataCategory, asset_id

_SOURCE, _SCHEMA = "synthetic", "public"
_SCANNED_AT: Final = "2026-01-01T00:00:00.000000Z"

# name, type, category
_Field = tuple[str, str, str]
_PERSON: tuple[_Field, ...] = (
    ("first_name", "text", "user.name.first"),
    ("last_name", "text", "user.name.last"),
    ("email", "text", "user.contact.email"),
    ("phone", "text", "user.contact.phone_number"),
    ("national_id", "text", "user.government_id.national_identification_number"),
    ("date_of_birth", "date", "user.demographic.date_of_birth"),
    ("gender", "text", "user.demographic.gender"),
    ("street", "text", "user.contact.address.street"),
    ("city", "text", "user.contact.address.city"),
    ("postal_code", "text", "user.contact.address.postal_code"),
    ("marketing_consent", "boolean", "user.privacy_preferences"),
)
_MONEY: tuple[_Field, ...] = (
    ("amount", "decimal", "user.financial"),
    ("balance", "decimal", "user.financial"),
    ("iban", "text", "user.financial.bank_account"),
    ("card_number", "text", "user.financial.credit_card"),
    ("payment_status", "text", "user.financial"),
)
_WORK: tuple[_Field, ...] = (
    ("salary", "decimal", "user.financial"),
    ("job_title", "text", "user.job_title"),
    ("hired_on", "date", "user.workplace"),
    ("sick_note", "text", "user.health_and_medical"),
)
_SUPPORT: tuple[_Field, ...] = (
    ("message", "text", "user.content.private"),
    ("ip_address", "text", "user.device.ip_address"),
    ("device_id", "text", "user.device.device_id"),
    ("last_visit", "timestamp", "user.behavior.browsing_history"),
)
_PLAIN: tuple[_Field, ...] = (
    ("code", "text", "system.operations"),
    ("label", "text", "system.operations"),
    ("status", "text", "system.operations"),
    ("quantity", "integer", "system.operations"),
    ("created_at", "timestamp", "system.operations"),
    ("updated_at", "timestamp", "system.operations"),
    ("version", "integer", "system.operations"),
    ("comment_count", "integer", "system.operations"),
)


@dataclass(frozen=True, slots=True)
class _Theme:
    name: str
    subject: str
    fields: tuple[_Field, ...]
    key: str


_PEOPLE = _Theme("customer", "customer", _PERSON, "user.unique_id")
_THEMES = (
    _PEOPLE,
    _Theme("account", "customer", _MONEY, "user.unique_id.pseudonymous"),
    _Theme("payment", "customer", _MONEY, "user.unique_id.pseudonymous"),
    _Theme("employee", "employee", _PERSON + _WORK, "user.unique_id"),
    _Theme("ticket", "customer", _SUPPORT, "user.unique_id.pseudonymous"),
    _Theme("product", "", (), "system.operations"),
    _Theme("region", "", (), "system.operations"),
)


def synthetic_catalog(
    *, tables: int, columns: int, seed: int, categories: CategoryTable
) -> Catalog:
    """Make a catalogue of `tables` tables with `columns` columns each; both at least 1."""
    if tables < 1 or columns < 1:
        raise CatalogError("a synthetic catalogue needs at least one table and one column")
    source = random.Random(seed)  # noqa: S311 - a made-up catalogue, no secret depends on it
    made: list[Table] = []
    people: list[Table] = []
    for number in range(tables):
        theme = _PEOPLE if not number else source.choice(_THEMES)
        owner = source.choice(people) if people and theme.subject else None
        table = _table(
            name=f"{theme.name}_{number:04d}",
            theme=theme,
            columns=columns,
            owner=owner,
            source=source,
            categories=categories,
        )
        made.append(table)
        if theme.name in {"customer", "employee"} and columns > 1:
            people.append(table)
    return seal_catalog(source=_SOURCE, dialect="sqlite", tables=made, scanned_at=_SCANNED_AT)


def _table(
    *,
    name: str,
    theme: _Theme,
    columns: int,
    owner: Table | None,
    source: random.Random,
    categories: CategoryTable,
) -> Table:
    fields: list[_Field] = [("id", "integer", theme.key)]
    keys: tuple[ForeignKey, ...] = ()
    if owner is not None and theme.key.endswith("pseudonymous") and columns > 1:
        reference = f"{owner.name}_id"
        fields.append((reference, "integer", "user.unique_id"))
        keys = (
            ForeignKey(
                column=reference,
                references_table=owner.id,
                references_column="id",
                inferred=source.random() < 0.3,
            ),
        )
    fields += _drawn(theme, columns - len(fields), source)
    rows = source.randrange(100, 1_000_000)
    return Table(
        id=asset_id(_SOURCE, _SCHEMA, name),
        schema=_SCHEMA,
        name=name,
        row_count=rows,
        columns=tuple(_column(name, place, one, categories) for place, one in enumerate(fields)),
        foreign_keys=keys,
        data_subject=theme.subject,
    )


def _drawn(theme: _Theme, count: int, source: random.Random) -> list[_Field]:
    """Draw fields of the theme and plain ones; a field drawn again gets a number."""
    pool = [*theme.fields, *_PLAIN]
    drawn: list[_Field] = []
    for turn in range(count // len(pool) + 1):
        suffix = f"_{turn + 1}" if turn else ""
        drawn += [(f"{name}{suffix}", kind, key) for name, kind, key in pool]
    return [drawn[place] for place in sorted(source.sample(range(len(drawn)), count))]


def _column(table: str, place: int, one: _Field, categories: CategoryTable) -> Column:
    name, kind, key = one
    category = DataCategory(key)
    reveals = (
        (DataCategory("user.demographic.date_of_birth"), DataCategory("user.demographic.gender"))
        if key.endswith("national_identification_number")
        else ()
    )
    return Column(
        id=AssetId(asset_id(_SOURCE, _SCHEMA, table, name)),
        name=name,
        data_type=kind,
        nullable=place > 0,
        primary_key=place == 0,
        profile=ColumnProfile(
            sampled_rows=1_000,
            null_fraction=0.0,
            distinct_fraction=1.0 if place == 0 else 0.5,
        ),
        category=category,
        sensitivity=categories.sensitivity(category, reveals),
        confidence=0.9,
        reveals=reveals,
        legal_classes=categories.legal_classes(category, reveals),
        evidence=(Evidence(detector="synthetic", detail="made up, not scanned", weight=0.9),),
    )
