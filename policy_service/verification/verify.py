"""Verification of a whole draft: every check by its name, the policy tests, and the impact.

It judges and never repairs: a draft with an error goes back to drafting or review.
"""

from collections.abc import Callable, Iterator, Mapping

from policy_service.domain.asset import Catalog
from policy_service.domain.draft import Draft
from policy_service.domain.finding import Finding, Verification
from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.organisation import Organisation
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Obligation, Provision
from policy_service.verification.controls import check_controls
from policy_service.verification.exposure import (
    check_encryption,
    check_over_grants,
    check_quasi_identifiers,
    check_reveals,
)
from policy_service.verification.floors import check_floors
from policy_service.verification.grounded import check_grounded
from policy_service.verification.impact import measure_impact
from policy_service.verification.policy_tests import run_policy_tests
from policy_service.verification.structure import (
    check_names,
    check_roles,
    check_row_filters,
    check_separation,
    check_writes,
)
from policy_service.verification.subject import Decider, Subject, make_subject

Check = Callable[[Subject], Iterator[Finding]]
_STAGE = "verification"
CHECKS: tuple[Check, ...] = (
    check_grounded,
    check_floors,
    check_names,
    check_controls,
    check_writes,
    check_row_filters,
    check_separation,
    check_roles,
    check_over_grants,
    check_quasi_identifiers,
    check_reveals,
    check_encryption,
)


def verify_draft(
    *,
    draft: Draft,
    provisions: Mapping[ProvisionId, Provision],
    catalog: Catalog,
    organisation: Organisation,
    floors: tuple[Obligation, ...],
    decide: Decider,
    live: Decider | None,
    progress: Progress,
) -> Verification:
    """Hold a draft against corpus, catalogue, organisation and floors.

    `decide` answers by the draft's compiled policy, `live` by the published one; None
    where nothing is published yet.
    """
    subject = make_subject(
        draft=draft,
        provisions=provisions,
        catalog=catalog,
        organisation=organisation,
        floors=floors,
    )
    findings: list[Finding] = []
    for done, check in enumerate(CHECKS):
        progress(_STAGE, done, len(CHECKS))
        findings.extend(check(subject))
    progress(_STAGE, len(CHECKS), len(CHECKS))
    return Verification(
        findings=tuple(findings),
        tests=run_policy_tests(draft.tests, decide),
        changes=measure_impact(subject, decide=decide, live=live, progress=progress),
    )
