"""The platform: every collaborator that workflows need, built once by `app.py`.

Heavy engines come as callables, so that a command that needs none pays for none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from policy_service.audit.log import AuditLog
from policy_service.corpus.collection import Corpus
from policy_service.domain.categories import CategoryTable
from policy_service.domain.progress import Progress
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.engines.encoder import Encoder
from policy_service.kit.clock import Clock
from policy_service.refinement.classifier_registry import ClassifierRegistry
from policy_service.refinement.registry import ModelRegistry
from policy_service.refinement.retriever_registry import RetrieverRegistry
from policy_service.retrieval.index import ProvisionIndex
from policy_service.storage.database import Database
from policy_service.workflows.library import Library

if TYPE_CHECKING:  # it imports spacy and torch, which most commands do not need
    from policy_service.engines.presidio import PresidioText

AUDIT_FILE = "audit.log"  # in the platform's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What an installation of the service is made of."""

    folder: Path  # where state that is not in the database lives
    tenant: str
    database: Database
    audit: AuditLog
    library: Library
    categories: CategoryTable
    casbin_model: str
    conditional_model: str  # the same, for policies whose rules have conditions
    keyring: KeyRing
    masking_keys: PurposeKeys  # the keyring as masking sees it, with the token vault
    signer: Ed25519Signer
    verifier: Ed25519Verifier
    models: ModelRegistry
    retrievers: RetrieverRegistry
    classifiers: ClassifierRegistry
    embeds_column_names: bool  # scans read names with the encoder too
    encoder: Callable[[], Encoder]
    text_finder: "Callable[[], PresidioText]"
    clock: Clock
    make_id: Callable[[str], str]
    bundle_lifetime: timedelta
    shadow_every: int  # one decision in so many is checked against pycasbin
    registers_reviewers: bool  # the local command line may name new reviewers

    @property
    def corpus(self) -> Corpus:
        """Return what drafts stand on, as the library has it now."""
        return self.library.corpus

    def index(self, progress: Progress) -> ProvisionIndex:
        """Open the index of everything that search finds, as the library has it now."""
        return self.library.index(progress)
