"""Approved application policies made live: checked again, signed, and taken back.

The bundle is one like those of drafts: the same signature, revisions, canaries and rollback.
"""

from dataclasses import replace

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import DraftId
from policy_service.domain.review import DraftState
from policy_service.publication.signing import sign_bundle
from policy_service.storage import applications, bundles
from policy_service.storage.applications import ApplicationState, StoredApplication
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.application_checks import application_bundle
from policy_service.workflows.applications import (
    ApplicationView,
    find_row,
    load_application,
    require_state,
    require_unchanged,
)
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work


def publish_application(platform: Platform, submission: str, *, actor: str) -> SignedBundle:
    """Check an approved submission again, sign it and make it live; a live one is renewed.

    Raises `ConflictError` for one that is not approved, `StaleApprovalError` where a clause it
    cites has changed, `VerificationError` where a check fails. Nothing changes when it raises.
    """
    with unit_of_work(platform) as work:
        view = load_application(work.session, find_row(work.session, submission).id)
        require_state(view.row, ApplicationState.APPROVED, ApplicationState.LIVE, done="published")
        signed = _publish(platform, work, view)
        _record_bundle(work, "publication", signed, actor=actor)
    return signed


def roll_back_application(platform: Platform, name: str, *, actor: str) -> SignedBundle:
    """Take the live policy of an application back: the one before it is issued again.

    Raises `NotFoundError` where nothing is live or nothing was before.
    """
    with unit_of_work(platform) as work:
        rows = applications.list_applications(work.session, name)
        live = next((row for row in rows if row.state is ApplicationState.LIVE), None)
        if live is None:
            raise NotFoundError(f"no policy of `{name}` is live; publish one first")
        before = _before(work.session, live)
        if before is None:
            raise NotFoundError(f"nothing was live before on `{name}`; submit and publish anew")
        revision = bundles.live_revision(work.session, name)
        signed = _publish(platform, work, load_application(work.session, before))
        if revision is not None:
            bundles.mark_bundle(work.session, revision, DraftState.ROLLED_BACK)
        _change(work, live, ApplicationState.ROLLED_BACK)
        _record_bundle(work, "rollback", signed, actor=actor)
    return signed


def _publish(platform: Platform, work: UnitOfWork, view: ApplicationView) -> SignedBundle:
    row = view.row
    require_unchanged(platform, work.session, view)
    for other in applications.list_applications(work.session, row.name):
        if other.state is ApplicationState.LIVE and other.id != row.id:
            _change(work, other, ApplicationState.SUPERSEDED)
    bundle = application_bundle(
        platform,
        view.policy,
        submission=row.id,
        sha256=row.sha256,
        revision=bundles.next_revision(work.session),
        lifetime=platform.bundle_lifetime,
    )
    signed = sign_bundle(bundle, signer=platform.signer)
    bundles.add_bundle(work.session, signed)
    _change(work, row, ApplicationState.LIVE)
    return signed


def _before(session: ReadSession, live: StoredApplication) -> DraftId | None:
    """Find the submission whose bundle was live before `live`'s, by revision."""
    return next(
        (
            one.signed.bundle.draft
            for one in bundles.list_bundles(session)
            if one.signed.bundle.source == live.name
            and one.state is DraftState.SUPERSEDED
            and one.signed.bundle.draft != live.id
        ),
        None,
    )


def _change(work: UnitOfWork, row: StoredApplication, state: ApplicationState) -> None:
    applications.change_application(work.session, replace(row, state=state))


def _record_bundle(work: UnitOfWork, kind: str, signed: SignedBundle, *, actor: str) -> None:
    bundle = signed.bundle
    work.record(
        kind,
        actor=actor,
        subject=f"revision {bundle.revision}",
        source=bundle.source,
        draft=bundle.draft,
        draft_sha256=bundle.draft_sha256,
        bundle_sha256=signed.sha256,
        key_id=signed.key_id,
    )
