"""Editions: one version of an instrument as it was imported, with where it came from.

An edition is a proposal until a person has approved it: its obligations were extracted by
rules, and nothing in it binds a draft before somebody has accepted it.
"""

from dataclasses import dataclass

from policy_service.domain.identifiers import ObligationId, Sha256Hex
from policy_service.domain.provision import Instrument, Obligation, Provision


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where an edition came from: enough to fetch the same bytes and import them again."""

    format: str  # `formex-4`, `ecfr`, `oscal-1.1.2` …
    files: tuple[str, ...]  # names without folders, in the order they were read
    source_sha256: Sha256Hex  # of the files' bytes, in that order
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedObligation:
    """What extraction reads in a provision, with the words it read it from.

    `start` and `end` are places in the provision's text; `mandatory` says that the text
    commands (`shall`, `must`). INVARIANT: `obligation.strength` is advice; only a person
    makes it a floor.
    """

    obligation: Obligation
    confidence: float  # 0-1
    start: int
    end: int
    mandatory: bool

    @property
    def id(self) -> ObligationId:
        """Name the proposal by its obligation."""
        return self.obligation.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One imported version of one instrument, in the order of the text.

    INVARIANT: ids of provisions are unique, start with the instrument's id, and every
    provision's heading starts with `short`.
    """

    instrument: Instrument
    short: str
    family: str
    language: str  # ISO 639-1
    provenance: Provenance
    provisions: tuple[Provision, ...]
    proposals: tuple[ProposedObligation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A provision whose text differs between two versions."""

    before: Provision
    after: Provision


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDiff:
    """What one version of an instrument has that another has not, in the order of the text."""

    before: str  # version dates
    after: str
    added: tuple[Provision, ...]
    removed: tuple[Provision, ...]
    changed: tuple[TextChange, ...]
    unchanged: int
