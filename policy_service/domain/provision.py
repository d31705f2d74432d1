"""Regulations as data: instruments, provisions, the obligations in them, and citations."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Sha256Hex
from policy_service.domain.parameters import NO_PARAMETERS, Parameters


class InstrumentKind(StrEnum):
    """What sort of text an instrument is; internal policies are cited like laws."""

    LAW = "law"
    STANDARD = "standard"
    INTERNAL = "internal"


class ControlKind(StrEnum):
    """What an obligation asks for; the closed list that drafting understands."""

    ACCESS = "access"
    PURPOSE_LIMITATION = "purpose_limitation"
    MASKING = "masking"
    ENCRYPTION_AT_REST = "encryption_at_rest"
    ENCRYPTION_IN_TRANSIT = "encryption_in_transit"
    KEY_MANAGEMENT = "key_management"
    RETENTION = "retention"
    ERASURE = "erasure"
    AUDIT = "audit"
    SEPARATION_OF_DUTIES = "separation_of_duties"
    AUTHENTICATION = "authentication"
    CLASSIFICATION = "classification"


class Strength(StrEnum):
    """A floor is a hard constraint on every draft; advice moves the prior."""

    FLOOR = "floor"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One regulation, standard or internal policy, in one version."""

    id: str
    title: str
    kind: InstrumentKind
    jurisdictions: tuple[str, ...]
    sectors: tuple[str, ...]  # empty: every sector
    version: str
    version_date: str  # ISO date
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What a provision requires, in typed form.

    `data_categories` are fideslang keys and cover what lies below them; none
    means every data category. `parameters` are those of `ControlKind`, as
    `docs/corpus.md` lists them (`min_key_bits`, `visible_last`, `max_days` …).
    """

    id: ObligationId
    provision: ProvisionId
    kind: ControlKind
    strength: Strength
    data_categories: tuple[DataCategory, ...] = ()
    parameters: Parameters = NO_PARAMETERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One citable unit: an article, paragraph, section or control.

    `text` is what the corpus stores, in our own words for digests; `sha256`
    is that of `text` in UTF-8. A citation quotes `text` letter for letter.
    """

    id: ProvisionId
    instrument: str
    section: str  # as the instrument writes it: `Article 32(1)(a)`
    title: str
    text: str
    sha256: Sha256Hex
    version: str
    version_date: str
    url: str
    heading: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quoted clause under a rule. INVARIANT: `quote` occurs in the provision's text."""

    provision: ProvisionId
    section: str  # for people: `GDPR, Article 32(1)(a)`
    quote: str
    provision_sha256: Sha256Hex
    strength: Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A provision that retrieval found, with the score it found it by (higher is nearer)."""

    provision: Provision
    score: float
