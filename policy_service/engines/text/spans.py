"""What the text finder reports, and what each kind of finding means.

One table says it all: `ENTITIES` gives the data category (a key of the fideslang
taxonomy), the rank where findings compete for the same characters, and the score a
finding of each source must reach. Not the recognisers, and not the fusion: those
are its siblings, and `fusion`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Source(StrEnum):
    """Who found something: a rule of ours or of Presidio, or one of the two models."""

    RULE = "rule"
    NER = "ner"  # the optional token classifier
    SPACY = "spacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpan:
    """What was found at `text[start:end]`: the entity and our data category."""

    start: int
    end: int
    entity: str
    category: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One recogniser's finding at `text[start:end]`, before fusion."""

    start: int
    end: int
    entity: str
    score: float
    source: Source = Source.RULE


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """How findings of one entity are treated; `rank`: the lowest wins the characters."""

    category: str
    rank: int
    least: Mapping[Source, float] = field(default_factory=dict)  # other than `LEAST`
    trust: Mapping[Source, float] = field(default_factory=dict)  # scales a source's scores


LEAST: Final = 0.35
_NEVER: Final = 1.1
_MODELS: Final = MappingProxyType({Source.NER: 0.9, Source.SPACY: 0.65})

# Ranks: 0-19 proven by a checksum or a fixed form, 20-39 shown by a word beside it,
# 40-59 shapes, 60-79 names of people and places, 80-99 what is least certain.
ENTITIES: Final[Mapping[str, Entity]] = MappingProxyType(
    {
        "EMAIL_ADDRESS": Entity(category="user.contact.email", rank=0),
        "CREDIT_CARD": Entity(category="user.financial.credit_card", rank=2),
        "IBAN_CODE": Entity(category="user.financial.bank_account", rank=1),
        "CZ_BIRTH_NUMBER": Entity(
            category="user.government_id.national_identification_number", rank=3
        ),
        "US_SSN": Entity(category="user.government_id.national_identification_number", rank=4),
        "CRYPTO": Entity(category="user.financial", rank=6),
        "MAC_ADDRESS": Entity(category="user.device.device_id", rank=7),
        "IP_ADDRESS": Entity(category="user.device.ip_address", rank=8),
        "URL": Entity(category="user.contact.url", rank=9),
        "DATE_OF_BIRTH": Entity(category="user.demographic.date_of_birth", rank=20),
        "DRIVER_LICENSE": Entity(
            category="user.government_id.drivers_license_number",
            rank=22,
            least={Source.NER: 0.75},
        ),
        "PASSPORT": Entity(
            category="user.government_id.passport_number", rank=23, least={Source.NER: 0.75}
        ),
        "NATIONAL_ID": Entity(
            category="user.government_id.national_identification_number",
            rank=24,
            least={Source.NER: 0.75},
        ),
        "ACCOUNT_NUMBER": Entity(
            category="user.financial.bank_account", rank=25, least={Source.NER: 0.75}
        ),
        "AGE": Entity(category="user.demographic.age_range", rank=26),
        "DATE_TIME": Entity(category="user", rank=40, least={Source.SPACY: _NEVER}),
        "PHONE_NUMBER": Entity(category="user.contact.phone_number", rank=42),
        "TITLE": Entity(category="user.demographic", rank=50),
        "JOB_TITLE": Entity(category="user.job_title", rank=51),
        "LOCATION": Entity(category="user.contact.address", rank=60, trust=_MODELS),
        "PERSON": Entity(category="user.name", rank=61, trust=_MODELS),
        "NRP": Entity(category="user.demographic.race_ethnicity", rank=62, trust=_MODELS),
        "ORGANIZATION": Entity(
            category="user.contact.organization", rank=63, trust={Source.SPACY: 0.5}
        ),
    }
)

CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {name: entity.category for name, entity in ENTITIES.items()}
)


def passes(found: Found) -> bool:
    """Tell whether a finding is of an entity we report and reaches its least score."""
    entity = ENTITIES.get(found.entity)
    return entity is not None and found.score >= entity.least.get(found.source, LEAST)
