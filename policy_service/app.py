"""The one place where objects are built from settings: the platform, the web application."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from policy_service.api.access import SESSION_COOKIE, Limits
from policy_service.api.application import create_api
from policy_service.api.gateway import GatewayApp
from policy_service.api.pdp_access import PdpAccess, PdpOptions
from policy_service.api.pdp_app import DecisionPointApp
from policy_service.api.pdp_gate import Gate
from policy_service.api.problems import status_of
from policy_service.api.signed_tokens import TokenIssuer
from policy_service.audit.log import AuditLog
from policy_service.corpus.categories import load_category_table
from policy_service.corpus.collection import Corpus, load_corpus
from policy_service.domain.errors import CorpusError
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Instrument, Provision
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.signing_keys import (
    create_signing_key,
    open_signing_key,
    open_verifier,
)
from policy_service.encryption.vault import VaultFile
from policy_service.enforcement.authzen_answers import check_public_url
from policy_service.engines.cryptography import Ed25519Signer
from policy_service.engines.encoder import Encoder
from policy_service.kit.clock import Clock, SystemClock
from policy_service.kit.ids import new_id
from policy_service.portal.application import create_portal
from policy_service.refinement.classifier_registry import ClassifierRegistry
from policy_service.refinement.registry import ModelRegistry
from policy_service.refinement.retriever_registry import RetrieverRegistry
from policy_service.retrieval.index import ProvisionIndex
from policy_service.settings import Settings, TextOptions, load_settings
from policy_service.storage.database import Database
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.indexes import Indexes
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.library import Library
from policy_service.workflows.platform import AUDIT_FILE, Platform

if TYPE_CHECKING:
    from policy_service.engines.presidio import PresidioText


def build_platform(settings: Settings, *, clock: Clock | None = None) -> Platform:
    """Build an installation: make what is missing in `home`, open what is there.

    Raises the error of whatever is missing, damaged or not to be trusted.
    """
    clock = clock or SystemClock()
    home = settings.home.resolve()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    policies = settings.policies_folder
    digests = load_corpus([settings.regulations_folder, policies / "standards"])
    database = Database(settings.database_url)
    database.migrate()
    signer = _signing_key(home / "signing.pem", settings)
    verifier = open_verifier(home / "signing.pem")
    keyring = _keyring(home / "keyring.json", settings, clock)
    encoder = cache(Encoder.load)
    retrievers = RetrieverRegistry(folder=home / "retrievers", encoder=_LateEncoder(encoder))
    return Platform(
        folder=home,
        tenant=settings.tenant,
        database=database,
        audit=AuditLog(home / AUDIT_FILE, clock=clock, signer=signer, verifier=verifier),
        library=_library(
            settings, digests, database, retrievers=retrievers, encoder=encoder, clock=clock
        ),
        categories=load_category_table(policies / "data_categories.yaml"),
        casbin_model=_read_text(policies / "casbin" / "standard.conf"),
        conditional_model=_read_text(policies / "casbin" / "conditional.conf"),
        keyring=keyring,
        masking_keys=PurposeKeys(ring=keyring, vault=_vault(home / "vault.db", keyring)),
        signer=signer,
        verifier=verifier,
        models=ModelRegistry(folder=home / "models", encoder=_LateEncoder(encoder)),
        retrievers=retrievers,
        classifiers=ClassifierRegistry(folder=home / "classifiers"),
        embeds_column_names=settings.embed_column_names,
        encoder=encoder,
        text_finder=cache(lambda: _load_text_finder(**settings.text_options)),
        clock=clock,
        make_id=new_id,
        bundle_lifetime=settings.bundle_lifetime,
        shadow_every=settings.shadow_every,
        registers_reviewers=settings.registers_reviewers,
    )


def create_web(
    platform: Platform,
    *,
    https: bool = False,
    pdp: PdpOptions | None = None,
    public_url: str | None = None,
) -> FastAPI:
    """Build the web application: the API with the portal beside it; `https`: reached by TLS."""
    desk = DecisionDesk(platform)
    jobs = JobRunner(platform)
    portal = create_portal(
        platform,
        jobs=jobs,
        desk=desk,
        session_cookie=SESSION_COOKIE,
        status_of=status_of,
        https=https,
    )
    app = create_api(
        platform, jobs=jobs, desk=desk, https=https, public_url=public_url, portal=portal
    )
    gate = Gate(PdpAccess(platform, limits=Limits(), options=pdp))
    app.add_middleware(GatewayApp, desk=desk, gate=gate, make_id=platform.make_id)
    app.add_middleware(
        DecisionPointApp,
        desk=desk,
        gate=gate,
        make_id=platform.make_id,
        https=https,
        public_url=public_url,
    )
    return app


def create_decision_point(
    platform: Platform,
    *,
    https: bool = False,
    pdp: PdpOptions | None = None,
    public_url: str | None = None,
    on_close: Callable[[], None] | None = None,
) -> GatewayApp:
    """Build a decision point and nothing else; `on_close` is called when it ends."""
    desk = DecisionDesk(platform)
    gate = Gate(PdpAccess(platform, limits=Limits(), options=pdp))
    point = DecisionPointApp(
        desk=desk,
        gate=gate,
        make_id=platform.make_id,
        https=https,
        public_url=public_url,
        on_close=on_close,
    )
    return GatewayApp(point, desk=desk, gate=gate, make_id=platform.make_id)


def open_decision_point() -> GatewayApp:
    """Build a decision point from the environment: what each server process of several runs."""
    settings = load_settings()
    platform = build_platform(settings)
    return create_decision_point(
        platform, **web_options(settings), on_close=lambda: close_platform(platform)
    )


class WebOptions(TypedDict):
    """How the service is reached, and by whom."""

    https: bool
    pdp: PdpOptions
    public_url: str | None


def web_options(settings: Settings) -> WebOptions:
    """Return what the environment says of it. Raises `UsageError` for what cannot be."""
    issuer = None
    if settings.pdp_jwks is not None:
        issuer = TokenIssuer(
            jwks=settings.pdp_jwks, issuer=settings.pdp_issuer, audience=settings.pdp_audience
        )
    return WebOptions(
        https=settings.https,
        pdp=PdpOptions(
            issuer=issuer, peers=settings.pdp_peers, proxy_header=settings.pdp_proxy_header
        ),
        public_url=check_public_url(settings.public_url) if settings.public_url else None,
    )


def close_platform(platform: Platform) -> None:
    """Let go of the log and the database."""
    platform.audit.close()
    platform.database.close()


def _load_text_finder(**options: Unpack[TextOptions]) -> "PresidioText":
    from policy_service.engines.presidio import PresidioText

    return PresidioText.load(**options)


class _LateEncoder:
    """An encoder that is loaded when it is first asked, not before."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load

    @property
    def sha256(self) -> str:
        return self._load().sha256

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._load().encode(texts)


def _library(
    settings: Settings,
    digests: Corpus,
    database: Database,
    *,
    retrievers: RetrieverRegistry,
    encoder: Callable[[], Encoder],
    clock: Clock,
) -> Library:
    """Build the library; where Weaviate serves search, drafts still have an index in `home`."""

    def open_remote(
        provisions: Sequence[Provision], instruments: Sequence[Instrument], progress: Progress
    ) -> ProvisionIndex:
        return _open_weaviate(settings, encoder(), provisions, instruments, progress)

    return Library(
        database=database,
        digests=digests,
        clock=clock,
        indexes=Indexes(
            folder=settings.home.resolve(),
            shipped=settings.regulations_folder / "embeddings",
            encoder=encoder,
        ),
        retrievers=retrievers,
        open_remote=open_remote if settings.retrieval == "weaviate" else None,
    )


def _open_weaviate(
    settings: Settings,
    encoder: Encoder,
    provisions: Sequence[Provision],
    instruments: Sequence[Instrument],
    progress: Progress,
) -> ProvisionIndex:
    from policy_service.retrieval.remote import open_weaviate_index

    key = settings.weaviate_api_key
    return open_weaviate_index(
        url=settings.weaviate_url,
        api_key="" if key is None else key.get_secret_value(),
        provisions=provisions,
        instruments=instruments,
        encoder=encoder,
        tenant=settings.tenant,
        shipped=settings.regulations_folder / "embeddings",
        grpc_port=settings.weaviate_grpc_port,
        progress=progress,
    )


def _signing_key(path: Path, settings: Settings) -> Ed25519Signer:
    passphrase = _passphrase(settings)
    if path.exists():
        return open_signing_key(path, passphrase=passphrase)
    return create_signing_key(path, passphrase=passphrase)


def _keyring(path: Path, settings: Settings, clock: Clock) -> KeyRing:
    passphrase = _passphrase(settings)
    if path.exists():
        return KeyRing.open(path, clock=clock, passphrase=passphrase)
    return KeyRing.create(path, clock=clock, passphrase=passphrase)


def _vault(path: Path, keyring: KeyRing) -> VaultFile:
    make = VaultFile.open if path.exists() else VaultFile.create
    return make(path, provider=keyring)


def _passphrase(settings: Settings) -> str | None:
    secret = settings.keyring_passphrase
    return None if secret is None else secret.get_secret_value()


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CorpusError(
            f"`{path.name}` cannot be read; point POLICY_SERVICE_POLICIES at the policies folder"
        ) from error
