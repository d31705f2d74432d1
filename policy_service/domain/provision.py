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


class Standing(StrEnum):
    """What a provision's text is, and so what it may be used for.

    `digest`: our own words, shipped with reviewed obligations. `approved`: the text of an
    imported source that somebody else than its importer has approved; drafts quote it.
    `unreviewed`: an imported source nobody has approved; it is found, and never drafted from.
    """

    DIGEST = "digest"
    APPROVED = "approved"
    UNREVIEWED = "unreviewed"


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

    `text` is what the corpus stores, in our own words for digests, letter for letter for
    imported texts; `sha256` is that of `text` in UTF-8. A citation quotes `text` letter for
    letter. A unit's text is its own: points below a paragraph are provisions of their own,
    whose ids continue that of the paragraph (`gdpr/art-32/1`, `gdpr/art-32/1/a`).
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
    heading: tuple[str, ...] = ()  # short name of the instrument, then chapter, section, article
    obligations: tuple[Obligation, ...] = ()
    summary: str = ""  # our digest of the clause, where `text` is the official one
    language: str = "en"  # ISO 639-1
    standing: Standing = Standing.DIGEST
    superseded: str = ""  # ISO date from which a newer version holds; empty: the newest
    references: tuple[ProvisionId, ...] = ()  # provisions the text refers to, as far as resolved


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
    """A provision that retrieval found, with the score it found it by (higher is nearer).

    `before` and `after` are its neighbours in the same instrument, in the order of the text.
    """

    provision: Provision
    score: float
    before: Provision | None = None
    after: Provision | None = None
