"""What an application policy must pass before it is submitted, approved and published.

Grounds, names, tests, and the two engines' agreement. Nothing is stored here, and no person
is asked: what is checked are made-up people of the file's own tests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from policy_service.corpus.citing import cite
from policy_service.domain.bundle import Bundle
from policy_service.domain.decision import AccessRequest, Decision
from policy_service.domain.errors import ConflictError, CorpusError, VerificationError
from policy_service.domain.identifiers import (
    AssetId,
    DraftId,
    Revision,
    Sha256Hex,
    SubjectId,
    asset_parts,
)
from policy_service.domain.organisation import Person
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import Citation, Strength
from policy_service.enforcement.canaries import check_canaries
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.enforcement.model import CONDITIONAL, model_for
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.canonical import content_sha256
from policy_service.kit.clock import parse_rfc3339
from policy_service.publication.application import (
    ApplicationPolicy,
    ApplicationRule,
    ApplicationTest,
    Ground,
    build_application_bundle,
    conditions_of,
)
from policy_service.storage import applications, sources
from policy_service.storage.applications import CitedRule
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.people import make_directory
from policy_service.workflows.platform import Platform

_PREVIEW = Revision(0)
_LONG = timedelta(days=36_500)  # so that a test of another time finds its bundle valid
_WORK = 200_000  # rows × decisions: pycasbin walks every row for every decision
_FEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTest:
    """What one test of the file gave. `detail` is empty where it passed."""

    says: str
    detail: str

    @property
    def passed(self) -> bool:
        """Tell whether the policy answered as the file says."""
        return not self.detail


def cite_grounds(platform: Platform, policy: ApplicationPolicy) -> tuple[CitedRule, ...]:
    """Cite what every rule stands on, as the corpus has it now.

    Raises `VerificationError` for a provision that is not held, or a quote that is not in it.
    """
    return tuple(
        CitedRule(
            rule=rule.id,
            citations=tuple(_citation(platform, rule, one) for one in rule.grounds),
        )
        for rule in policy.rules
    )


def content_hash(text_sha256: str, cited: tuple[CitedRule, ...]) -> Sha256Hex:
    """Hash what an approval is bound to: the text of the file and every clause it cites."""
    content = {"text_sha256": text_sha256, "cited": to_plain(cited)}
    return Sha256Hex(content_sha256(content))


def check_names(session: ReadSession, policy: ApplicationPolicy) -> None:
    """Refuse a policy that would speak for a data source, or for another application.

    Raises `ConflictError` saying whose name it is.
    """
    held = {row.name for row in sources.list_sources(session)}
    if policy.name in held:
        raise ConflictError(
            f"`{policy.name}` is a scanned source; give the application another name"
        )
    for resource in policy.resources:
        if asset_parts(AssetId(resource.id))[0] in held:
            raise ConflictError(
                f"resource `{resource.id}` is named like data of a scanned source, which only "
                "its own policy decides on; rename it"
            )
    holders = applications.live_types(session)
    for kind in policy.types:
        holder = holders.get(kind.name, policy.name)
        if holder != policy.name:
            raise ConflictError(
                f"resources of type `{kind.name}` are decided by the application `{holder}`; "
                "rename the type"
            )


def run_tests(
    policy: ApplicationPolicy, bundle: Bundle, *, now: datetime
) -> tuple[AnsweredTest, ...]:
    """Ask the compiled bundle every question of the file, for the people it makes up.

    Raises `EnforcementError` where the bundle cannot be compiled.
    """
    results: dict[int, AnsweredTest] = {}
    for tests in _by_directory(policy.tests):
        people = {test.person.subject: test.person for _, test in tests}
        compiled = compile_policy(bundle, make_directory(tuple(people.values())))
        for place, test in tests:
            results[place] = _run(compiled, test, now)
    return tuple(results[place] for place in range(len(policy.tests)))


def verify_application(
    platform: Platform, policy: ApplicationPolicy, sha256: Sha256Hex
) -> tuple[AnsweredTest, ...]:
    """Run the tests and the differential check on a preview of the bundle.

    Raises `VerificationError` for a test that fails and for engines that disagree.
    """
    now = platform.clock.now()
    preview = application_bundle(
        platform,
        policy,
        submission=DraftId("preview"),
        sha256=sha256,
        revision=_PREVIEW,
        lifetime=_LONG,
    )
    results = run_tests(policy, preview, now=now)
    _require_passed(results)
    check_canaries(compile_policy(preview, make_directory(())))
    differing = application_disagreements(policy, preview, now=now)
    if differing:
        raise VerificationError(
            f"the index and pycasbin disagree on {len(differing)} decisions, `{differing[0]}` "
            "first; this is a defect: report it, and do not publish"
        )
    return results


def application_bundle(
    platform: Platform,
    policy: ApplicationPolicy,
    *,
    submission: DraftId,
    sha256: Sha256Hex,
    revision: Revision,
    lifetime: timedelta,
) -> Bundle:
    """Build the bundle of a policy as this installation issues it now."""
    conditional = model_for(conditions_of(policy)) == CONDITIONAL
    return build_application_bundle(
        policy,
        submission=submission,
        sha256=sha256,
        revision=revision,
        tenant=platform.tenant,
        issued_at=platform.clock.now(),
        lifetime=lifetime,
        model_conf=platform.conditional_model if conditional else platform.casbin_model,
    )


def application_disagreements(
    policy: ApplicationPolicy, bundle: Bundle, *, now: datetime
) -> tuple[str, ...]:
    """List questions that the compiled index and pycasbin answer differently.

    The tests, and decisions spread evenly over roles, resources, actions and purposes.
    """
    found: list[str] = []
    for tests in _by_directory(policy.tests):
        people = tuple({test.person.subject: test.person for _, test in tests}.values())
        asked = [(test.request, _time(test, now)) for _, test in tests]
        found.extend(_differing(bundle, people, asked))
    holders = tuple(
        Person(subject=SubjectId(f"holder {place}"), roles=(role.id,))
        for place, role in enumerate(policy.roles)
    )
    found.extend(_differing(bundle, holders, _spread(policy, bundle, holders, now)))
    return tuple(dict.fromkeys(found))


def _require_passed(results: Sequence[AnsweredTest]) -> None:
    """Raise `VerificationError` naming the first test that failed."""
    failed = [one for one in results if not one.passed]
    if failed:
        raise VerificationError(
            f"{len(failed)} of {len(results)} tests fail; the first, `{failed[0].says}`: "
            f"{failed[0].detail}"
        )


def _citation(platform: Platform, rule: ApplicationRule, ground: Ground) -> Citation:
    try:
        provision = platform.corpus.get(ground.provision)
        floor = any(one.strength is Strength.FLOOR for one in provision.obligations)
        return cite(
            provision,
            strength=Strength.FLOOR if floor else Strength.ADVICE,
            query_terms=rule.sentence.split(),
            quote=ground.quote or None,
        )
    except CorpusError as error:
        raise VerificationError(f"rule `{rule.id}`: {error.message}") from error


def _by_directory(
    tests: Sequence[ApplicationTest],
) -> tuple[list[tuple[int, ApplicationTest]], ...]:
    """Part the tests so that in each part a subject is one person; most files need few parts."""
    parts: list[tuple[dict[str, Person], list[tuple[int, ApplicationTest]]]] = []
    for place, test in enumerate(tests):
        for people, members in parts:
            if people.setdefault(test.person.subject, test.person) == test.person:
                members.append((place, test))
                break
        else:
            parts.append(({test.person.subject: test.person}, [(place, test)]))
    return tuple(members for _, members in parts)


def _run(compiled: CompiledPolicy, test: ApplicationTest, now: datetime) -> AnsweredTest:
    decision = compiled.decide(test.request, _time(test, now))
    return AnsweredTest(says=test.says, detail=_complaint(test, decision))


def _complaint(test: ApplicationTest, decision: Decision) -> str:
    because = ", ".join(decision.rules) or (decision.reason.value if decision.reason else "")
    if decision.allow is not test.allow:
        given = "allowed" if decision.allow else "denied"
        return f"it is {given} ({because}), and the file says otherwise"
    if test.rules and decision.rules != tuple(sorted(test.rules)):
        return f"it is decided by {because or 'no rule'}, not by {', '.join(test.rules)}"
    return ""


def _differing(
    bundle: Bundle, people: tuple[Person, ...], asked: Sequence[tuple[AccessRequest, datetime]]
) -> Iterator[str]:
    directory = make_directory(people)
    index = compile_policy(bundle, directory)
    reference = CasbinEngine.from_bundle(bundle, directory)
    for request, at in asked:
        if index.decide(request, at).allow is not reference.allows(request, at):
            # Names of the policy only: what the tests say of people stays out of the message.
            yield f"{request.action} {request.resource_type} {request.resource}"


def _spread(
    policy: ApplicationPolicy, bundle: Bundle, holders: tuple[Person, ...], now: datetime
) -> list[tuple[AccessRequest, datetime]]:
    resources = [(one.type, one.id) for one in policy.resources]
    resources += [(kind.name, "somewhere") for kind in policy.types]
    actions = sorted({action for kind in policy.types for action in kind.actions})
    purposes = sorted({row.purpose for row in bundle.rows})
    total = len(holders) * len(resources) * len(actions) * len(purposes)
    step = max(1, total // max(_FEWEST, _WORK // max(1, len(bundle.rows))))
    return [
        (
            AccessRequest(
                subject=person.subject,
                resource=resource,
                resource_type=kind,
                action=action,
                purpose=purpose,
            ),
            now,
        )
        for place, (person, (kind, resource), action, purpose) in enumerate(
            product(holders, resources, actions, purposes)
        )
        if place % step == 0
    ]


def _time(test: ApplicationTest, now: datetime) -> datetime:
    return parse_rfc3339(test.at) if test.at else now
