"""The audit log's vocabulary: entries, checkpoints, proofs. Source: RFC 9162 section 2.1."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Something that happened, before it has a place in the log. Never holds a data value."""

    kind: str  # decision, verdict, publication, sign_in …
    actor: str
    subject: str  # what it is about: a decision id, draft id, bundle revision
    details: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry in its place: `previous` is the hash of the entry before, zeros for the first."""

    index: int  # 0, 1, 2 …
    at: str  # RFC 3339
    event: AuditEvent
    previous: Sha256Hex
    sha256: Sha256Hex  # of the canonical entry without this field


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement that the log of `size` entries has Merkle root `root`."""

    origin: str
    size: int
    root: str  # base64
    at: str
    key_id: str
    signature: str  # base64, Ed25519


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What checking the log found; `problems` is empty when it is whole."""

    entries: int
    checkpoints: int
    root: str
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Tell whether the log is what was written."""
        return not self.problems


AuditDetails = Mapping[str, str | int | float | bool]
