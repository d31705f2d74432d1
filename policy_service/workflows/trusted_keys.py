"""The keys that enforcement points trust: made once, changed by a threshold of those before.

Private keys of other holders are files that their holders bring along for the one command.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from policy_service.domain.errors import ConflictError, NotFoundError, SignatureError, UsageError
from policy_service.domain.keyset import SERVICE_HOLDER, Keyset, TrustedKey
from policy_service.domain.signed_document import SignedDocument
from policy_service.encryption.signing_keys import rotate_signing_key
from policy_service.enforcement.trusted_keys import TrustedKeys, open_keyset
from policy_service.engines.cryptography import KEY_BYTES, Ed25519Signer, key_id_of
from policy_service.kit.clock import rfc3339
from policy_service.publication.signing import cosign_bundle, sign_keyset
from policy_service.storage import bundles, fleet
from policy_service.storage.sessions import WriteSession
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work

KEYSET_LIFETIME = timedelta(days=365)
OVERLAP = timedelta(days=30)  # how long a changed key is still trusted
_SIGNING_KEY = "signing.pem"


def trusted_keys(platform: Platform) -> SignedDocument:
    """Return the newest version of the trusted keys; the first is made when first asked for."""
    with platform.database.read() as session:
        found = fleet.list_keysets(session)
    if found:
        return found[-1]
    with unit_of_work(platform) as work:
        found = fleet.list_keysets(work.session)
        return found[-1] if found else _first(platform, work)


def keysets_after(platform: Platform, version: int) -> tuple[SignedDocument, ...]:
    """List the versions after one, oldest first: the way from there to the newest."""
    trusted_keys(platform)
    with platform.database.read() as session:
        return fleet.list_keysets(session, after=version)


def rotate_key(
    platform: Platform,
    *,
    actor: str,
    passphrase: str | None,
    others: Sequence[Ed25519Signer] = (),
    overlap: timedelta = OVERLAP,
) -> TrustedKeys:
    """Put a new signing key in the place of the service's; the old one is trusted for `overlap`.

    Live bundles get the new key's signature too. The service must be started anew to sign with
    the new key. Raises `ConflictError` where further holders must sign: pass their keys.
    """
    current = trusted_keys(platform)
    seed = secrets.token_bytes(KEY_BYTES)
    fresh = Ed25519Signer(seed=seed)
    until = rfc3339(platform.clock.now() + overlap)
    keys = [
        replace(key, not_after=key.not_after or until) if key.holder == SERVICE_HOLDER else key
        for key in open_keyset(current).keyset.keys
    ]
    signers = (fresh, platform.signer, *others)
    with unit_of_work(platform) as work:
        keyset = _next(platform, current, (*keys, _trusted(fresh, SERVICE_HOLDER)))
        made = _put(platform, work, current, keyset, signers, kind="key_rotation", actor=actor)
        _sign_live(work.session, fresh)
    # Last, and whole: a crash before leaves a key that is trusted and not used, never the reverse.
    rotate_signing_key(
        platform.folder / _SIGNING_KEY, passphrase=passphrase, random_bytes=lambda _: seed
    )
    return made


def trust_key(
    platform: Platform,
    public_key: bytes,
    *,
    holder: str,
    threshold: int | None,
    actor: str,
    others: Sequence[Ed25519Signer] = (),
) -> TrustedKeys:
    """Trust a further holder's key, and want signatures of `threshold` holders from now on."""
    if not holder or holder == SERVICE_HOLDER or not holder.isprintable():
        raise UsageError("name who holds the key: `--holder NAME`, a person and not the service")
    current = trusted_keys(platform)
    keyset = open_keyset(current).keyset
    added = TrustedKey(
        key_id=key_id_of(public_key),
        public_key=base64.b64encode(public_key).decode("ascii"),
        holder=holder,
    )
    if added.key_id in {key.key_id for key in keyset.keys}:
        raise ConflictError(f"key `{added.key_id}` is trusted already")
    with unit_of_work(platform) as work:
        following = _next(platform, current, (*keyset.keys, added), threshold=threshold)
        signers = (platform.signer, *others)
        return _put(platform, work, current, following, signers, kind="key_trust", actor=actor)


def retire_key(
    platform: Platform,
    key_id: str,
    *,
    threshold: int | None = None,
    actor: str,
    others: Sequence[Ed25519Signer] = (),
) -> TrustedKeys:
    """Trust a key no longer, from now on: what only it has signed is refused."""
    current = trusted_keys(platform)
    keyset = open_keyset(current).keyset
    kept = tuple(key for key in keyset.keys if key.key_id != key_id)
    if len(kept) == len(keyset.keys):
        raise NotFoundError(f"no key `{key_id}` is trusted; list them: `policy-service keys list`")
    if key_id == platform.signer.key_id:
        raise ConflictError("the service signs with this key; rotate it first")
    with unit_of_work(platform) as work:
        following = _next(platform, current, kept, threshold=threshold)
        signers = (platform.signer, *others)
        return _put(platform, work, current, following, signers, kind="key_retirement", actor=actor)


def renew_keys(
    platform: Platform, *, actor: str, others: Sequence[Ed25519Signer] = ()
) -> TrustedKeys:
    """Issue the keys again before their set ends."""
    current = trusted_keys(platform)
    with unit_of_work(platform) as work:
        following = _next(platform, current, open_keyset(current).keyset.keys)
        signers = (platform.signer, *others)
        return _put(platform, work, current, following, signers, kind="key_renewal", actor=actor)


def _first(platform: Platform, work: UnitOfWork) -> SignedDocument:
    now = platform.clock.now()
    keyset = Keyset(
        version=1,
        issued_at=rfc3339(now),
        expires_at=rfc3339(now + KEYSET_LIFETIME),
        threshold=1,
        keys=(_trusted(platform.signer, SERVICE_HOLDER),),
    )
    document = sign_keyset(keyset, signers=(platform.signer,))
    fleet.add_keyset(work.session, 1, document, at=work.at)
    work.record("key_set", actor="service", subject="key set 1", sha256=document.sha256)
    return document


def _next(
    platform: Platform,
    current: SignedDocument,
    keys: Sequence[TrustedKey],
    *,
    threshold: int | None = None,
) -> Keyset:
    now = platform.clock.now()
    before = open_keyset(current).keyset
    kept = (key for key in keys if not key.not_after or key.not_after > rfc3339(now))
    return Keyset(
        version=before.version + 1,
        issued_at=rfc3339(now),
        expires_at=rfc3339(now + KEYSET_LIFETIME),
        threshold=before.threshold if threshold is None else threshold,
        keys=tuple(sorted(kept, key=lambda key: key.key_id)),
    )


def _put(
    platform: Platform,
    work: UnitOfWork,
    current: SignedDocument,
    keyset: Keyset,
    signers: Sequence[Ed25519Signer],
    *,
    kind: str,
    actor: str,
) -> TrustedKeys:
    """Sign the next version, check that points will take it, and store it."""
    document = sign_keyset(keyset, signers=tuple(signers))
    try:
        made = open_keyset(current).advance(document, now=platform.clock.now())
    except SignatureError as error:
        raise ConflictError(
            f"{error.message.partition(':')[0]}; bring the other holders' keys along: `--with FILE`"
        ) from error
    fleet.add_keyset(work.session, keyset.version, document, at=work.at)
    work.record(
        kind,
        actor=actor,
        subject=f"key set {keyset.version}",
        sha256=document.sha256,
        keys=tuple(key.key_id for key in keyset.keys),
        threshold=keyset.threshold,
        signed_by=tuple(sorted(one.key_id for one in document.signatures)),
    )
    return made


def _sign_live(session: WriteSession, signer: Ed25519Signer) -> None:
    for source, _ in fleet.read_standing(session).revisions:
        live = bundles.live_bundle(session, source)
        if live is not None:
            fleet.replace_signatures(session, cosign_bundle(live, signer=signer))


def _trusted(signer: Ed25519Signer, holder: str) -> TrustedKey:
    return TrustedKey(
        key_id=signer.key_id,
        public_key=base64.b64encode(signer.public_key).decode("ascii"),
        holder=holder,
    )
