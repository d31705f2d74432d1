"""Publish: an approved, verified draft → a signed bundle that is live; also its rollback."""

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import ConflictError, NotFoundError, VerificationError
from policy_service.domain.finding import Severity, Verification
from policy_service.domain.identifiers import DraftId, Revision
from policy_service.domain.progress import Progress
from policy_service.domain.review import DraftState
from policy_service.encryption.rules import rule_scope
from policy_service.enforcement.bundle_file import signed_document, verify_bundle
from policy_service.enforcement.trusted_keys import open_keyset
from policy_service.engines.cryptography import Ed25519Signer
from policy_service.publication.bundle import build_bundle
from policy_service.publication.signing import cosign_bundle, sign_bundle
from policy_service.review.lifecycle import Event, advance
from policy_service.storage import bundles, drafts, fleet
from policy_service.storage.applications import find_application
from policy_service.workflows.application_publication import roll_back_application
from policy_service.workflows.differential import disagreements
from policy_service.workflows.draft import DraftView, load_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.review import load_case
from policy_service.workflows.trusted_keys import trusted_keys
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work
from policy_service.workflows.verify import run_verification


def publish(platform: Platform, draft_id: str, *, actor: str, progress: Progress) -> SignedBundle:
    """Verify, build, check against pycasbin, sign and store a draft as the live bundle.

    The live draft may be published again: that renews it under a new revision.
    Raises `ReviewError` for a draft that is not approved, `StaleApprovalError`
    where content changed after approval, `VerificationError` where a finding or a
    policy test forbids it. Nothing changes when it raises.
    """
    view = _approved(platform, draft_id)
    event = _event(view)
    _require_publishable(run_verification(platform, view, progress=progress))
    with unit_of_work(platform) as work:
        if load_draft(work.session, draft_id).row != view.row:
            raise ConflictError(f"draft `{draft_id}` changed while it was verified; publish again")
        signed = _signed(platform, view, bundles.next_revision(work.session))
        if event is Event.PUBLISH:
            _supersede(work, view.row.source)
        bundles.add_bundle(work.session, signed)
        state = advance(view.row.state, event)
        drafts.change_state(work.session, view.draft.id, state, at=work.at)
        _record(work, "publication", signed, actor=actor)
        _ensure_keys(platform, signed)
    return signed


def roll_back(platform: Platform, source: str, *, actor: str) -> SignedBundle:
    """Take the live bundle of `source` back: the one before it is issued again, newly signed.

    The bundle gets a new revision, because a PEP refuses an older one. An application's policy
    goes back to the submission before. Raises `NotFoundError` where nothing is live or nothing
    was live before.
    """
    if _is_application(platform, source):
        return roll_back_application(platform, source, actor=actor)
    with unit_of_work(platform) as work:
        live = bundles.live_bundle(work.session, source)
        if live is None:
            raise NotFoundError(f"no policy of `{source}` is live; publish one first")
        before = next(
            (
                one.signed
                for one in bundles.list_bundles(work.session)
                if one.signed.bundle.source == source
                and one.state is DraftState.SUPERSEDED
                and one.signed.bundle.draft != live.bundle.draft
            ),
            None,
        )
        if before is None:
            raise NotFoundError(f"nothing was live before on `{source}`; draft and publish anew")
        view = load_draft(work.session, before.bundle.draft)
        signed = _signed(platform, view, bundles.next_revision(work.session))
        bundles.add_bundle(work.session, signed)
        bundles.mark_bundle(work.session, live.bundle.revision, DraftState.ROLLED_BACK)
        for draft, event in ((live.bundle.draft, Event.ROLL_BACK), (view.draft.id, Event.RESTORE)):
            _advance(work, draft, event)
        _record(work, "rollback", signed, actor=actor)
    return signed


def cosign(
    platform: Platform, revision: Revision, *, signer: Ed25519Signer, actor: str
) -> SignedBundle:
    """Add a further holder's signature to a bundle; points that want it take the bundle then.

    Raises `SignatureError` for a key that is not trusted, `NotFoundError` for no such bundle.
    """
    keys = open_keyset(trusted_keys(platform))
    with unit_of_work(platform) as work:
        stored = fleet.find_bundle(work.session, revision)
        if stored is None:
            raise NotFoundError(f"no bundle has revision {revision}")
        verify_bundle(stored, verifier=platform.verifier, now=platform.clock.now())
        signed = cosign_bundle(stored, signer=signer)
        if signed == stored:
            raise ConflictError(f"key `{signer.key_id}` has signed revision {revision} already")
        holder = keys.holder_of(
            signed_document(signed), signed.cosignatures[-1], now=platform.clock.now()
        )
        fleet.replace_signatures(work.session, signed)
        work.record(
            "cosignature",
            actor=actor,
            subject=f"revision {revision}",
            bundle_sha256=signed.sha256,
            key_id=signer.key_id,
            holder=holder,
        )
    return signed


def list_bundles(platform: Platform) -> tuple[bundles.StoredBundle, ...]:
    """List every bundle, newest first."""
    with platform.database.read() as session:
        return bundles.list_bundles(session)


def find_bundle(platform: Platform, source: str) -> SignedBundle:
    """Return the live bundle of `source`. Raises `NotFoundError`."""
    with platform.database.read() as session:
        live = bundles.live_bundle(session, source)
    if live is None:
        raise NotFoundError(f"no policy of `{source}` is live; publish one first")
    return live


def _is_application(platform: Platform, source: str) -> bool:
    with platform.database.read() as session:
        live = bundles.live_bundle(session, source)
        return live is not None and find_application(session, live.bundle.draft) is not None


def _approved(platform: Platform, draft_id: str) -> DraftView:
    """Return a draft whose every rule is approved for the content it has now."""
    with platform.database.read() as session:
        view = load_draft(session, draft_id)
        case = load_case(session, draft_id)
    advance(view.row.state, _event(view))
    if case.outcome() is not DraftState.APPROVED:
        open_rules = [one.rule for one in case.statuses() if one.state.value != "approved"]
        raise VerificationError(
            f"draft `{draft_id}`: {len(open_rules)} rules are not approved as they stand now, "
            f"`{open_rules[0]}` first; review them again"
        )
    return view


def _event(view: DraftView) -> Event:
    return Event.RENEW if view.row.state is DraftState.PUBLISHED else Event.PUBLISH


def _require_publishable(result: Verification) -> None:
    errors = [one for one in result.findings if one.severity is Severity.ERROR]
    if errors:
        raise VerificationError(
            f"{len(errors)} findings forbid publication; the first: {errors[0].message}"
        )
    failed = [one for one in result.tests if not one.passed]
    if failed:
        raise VerificationError(
            f"{len(failed)} policy tests fail; the first, `{failed[0].test}`: {failed[0].detail}"
        )


def _signed(platform: Platform, view: DraftView, revision: Revision) -> SignedBundle:
    bundle = build_bundle(
        draft=view.draft,
        catalog=view.catalog,
        revision=revision,
        tenant=platform.tenant,
        issued_at=platform.clock.now(),
        lifetime=platform.bundle_lifetime,
        model_conf=platform.casbin_model,
    )
    differing = disagreements(bundle)
    if differing:
        raise VerificationError(
            f"the index and pycasbin disagree on {len(differing)} decisions, `{differing[0]}` "
            "first; this is a defect: report it, and do not publish"
        )
    return sign_bundle(bundle, signer=platform.signer)


def _ensure_keys(platform: Platform, signed: SignedBundle) -> None:
    """Make the key-encryption keys that the encryption rules want; existing ones stay."""
    for rule in signed.bundle.encryption:
        for scope in sorted({rule_scope(rule, column) for column in rule.columns}):
            platform.keyring.ensure(scope)


def _supersede(work: UnitOfWork, source: str) -> None:
    live = bundles.live_bundle(work.session, source)
    if live is not None:
        _advance(work, live.bundle.draft, Event.SUPERSEDE)


def _advance(work: UnitOfWork, draft: DraftId, event: Event) -> None:
    row = drafts.find_draft(work.session, draft)
    if row is not None:
        drafts.change_state(work.session, draft, advance(row.state, event), at=work.at)


def _record(work: UnitOfWork, kind: str, signed: SignedBundle, *, actor: str) -> None:
    work.record(
        kind,
        actor=actor,
        subject=f"revision {signed.bundle.revision}",
        source=signed.bundle.source,
        draft=signed.bundle.draft,
        draft_sha256=signed.bundle.draft_sha256,
        bundle_sha256=signed.sha256,
        key_id=signed.key_id,
    )
