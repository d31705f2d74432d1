"""Verify: a draft → findings, test results and who gains or loses; stored for its content."""

from policy_service.domain.bundle import Bundle, Directory
from policy_service.domain.control import DENY, Control
from policy_service.domain.finding import Verification
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Strength
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.storage import bundles, drafts
from policy_service.verification.verify import verify_draft
from policy_service.workflows.draft import DraftView, applicable_corpus, find_draft, preview_bundle
from policy_service.workflows.people import make_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import unit_of_work


def verify(platform: Platform, draft_id: str, *, actor: str, progress: Progress) -> Verification:
    """Verify the present content of a draft and store the result. Raises `NotFoundError`."""
    view = find_draft(platform, draft_id)
    result = run_verification(platform, view, progress=progress)
    with unit_of_work(platform) as work:
        drafts.add_verification(work.session, view.draft, result, at=work.at)
        work.record(
            "verification",
            actor=actor,
            subject=view.draft.id,
            draft_sha256=view.draft.sha256,
            findings=len(result.findings),
            tests=len(result.tests),
            publishable=result.publishable,
        )
    return result


def run_verification(platform: Platform, view: DraftView, *, progress: Progress) -> Verification:
    """Verify a draft without storing the result."""
    with platform.database.read() as session:
        live = bundles.live_bundle(session, view.row.source)
    corpus = applicable_corpus(platform, view.organisation)
    return verify_draft(
        draft=view.draft,
        provisions={one.id: one for one in platform.corpus.provisions},
        catalog=view.catalog,
        organisation=view.organisation,
        floors=corpus.obligations(strength=Strength.FLOOR),
        decide=RoleDecider(preview_bundle(platform, view)),
        live=None if live is None else RoleDecider(live.bundle),
        progress=progress,
    )


class RoleDecider:
    """Answers what a role may do under a bundle, by the index that enforces it."""

    def __init__(self, bundle: Bundle) -> None:
        nobody = Directory(people=(), sha256=make_directory(()).sha256)
        self._policy: CompiledPolicy = compile_policy(bundle, nobody)

    def __call__(self, *, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        """Return the control the role gets; deny where it may not."""
        decision = self._policy.decide_role(role, resource, action, purpose)
        return decision.obligations.control if decision.allow else DENY
