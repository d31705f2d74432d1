"""From an organisation, a catalogue and a corpus to a complete draft.

Orchestration only: what a duty needs is decided in `points`, what is chosen in
`access`, what it rests on in `grounding`. Same inputs give the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action
from policy_service.domain.draft import UNLEARNED, AccessRule, Draft, Lineage, OpenQuestion
from policy_service.domain.errors import DraftingError
from policy_service.domain.hashes import draft_sha256, organisation_sha256
from policy_service.domain.identifiers import (
    DraftId,
    ModelVersion,
    ObligationId,
    QuestionId,
    RuleId,
    Sha256Hex,
)
from policy_service.domain.organisation import Organisation
from policy_service.domain.progress import Progress
from policy_service.drafting.access import AccessDrafter, RewardModel, Ungrounded
from policy_service.drafting.encryption import draft_encryption
from policy_service.drafting.floors import DraftingCorpus, mandatory_obligations
from policy_service.drafting.grounding import Grounder, Retriever
from policy_service.drafting.points import (
    PointFacts,
    PointMaker,
    RoleView,
    asset_text,
    category_text,
    purpose_text,
    role_text,
)
from policy_service.drafting.policy_tests import policy_tests
from policy_service.drafting.relevance import TextEncoder
from policy_service.drafting.retention import draft_retention
from policy_service.drafting.sentences import table_name
from policy_service.drafting.separation import draft_separation
from policy_service.kit.ids import derived_id

_STAGE = "drafting"


@dataclass(frozen=True, slots=True, kw_only=True)
class _RoleResult:
    view: RoleView
    rules: list[AccessRule]
    silent: list[Ungrounded]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What all roles are drafted with."""

    organisation: Organisation
    catalog: Catalog
    categories: CategoryTable
    maker: PointMaker
    grounder: Grounder
    drafter: AccessDrafter
    reward: RewardModel
    retriever_version: ModelVersion


def draft_policy(
    *,
    organisation: Organisation,
    catalog: Catalog,
    corpus: DraftingCorpus,
    retriever: Retriever,
    encoder: TextEncoder,
    reward: RewardModel,
    categories: CategoryTable,
    floors: tuple[ObligationId, ...],
    corpus_sha256: Sha256Hex,
    seed: int,
    progress: Progress,
    retriever_version: ModelVersion = UNLEARNED,
    beta: float = 1.0,
) -> Draft:
    """Draft a policy for every job function over every table of one source.

    `corpus` holds what binds the organisation; `floors` names obligations that bind in
    addition to those of floor strength; `retriever_version` names what searches for them;
    `beta` bounds how far rewards move the draft.
    Raises `DraftingError` where a floor is unknown or beta is not above 0.
    """
    if not catalog.tables or not organisation.job_functions:
        raise DraftingError("a draft needs a table and a job function; scan a source first")
    maker = PointMaker(catalog=catalog, encoder=encoder)
    maker.prime(organisation.job_functions)
    grounder = Grounder(corpus=corpus, retriever=retriever)
    drafter = AccessDrafter(
        grounder=grounder,
        floors=mandatory_obligations(corpus.provisions, floors),
        categories=categories,
        titles={job.id: job.title for job in organisation.job_functions},
        beta=beta,
    )
    bench = _Bench(
        organisation=organisation,
        catalog=catalog,
        categories=categories,
        maker=maker,
        grounder=grounder,
        drafter=drafter,
        reward=reward,
        retriever_version=retriever_version,
    )
    return _seal(_assemble(bench, _draft_roles(bench, progress), corpus_sha256, seed))


def _draft_roles(bench: _Bench, progress: Progress) -> list[_RoleResult]:
    jobs = bench.organisation.job_functions
    results = []
    for done, job in enumerate(jobs):
        progress(_STAGE, done, len(jobs))
        results.append(_draft_role(bench.maker.view(job), bench))
    progress(_STAGE, len(jobs), len(jobs))
    return results


def _seal(draft: Draft) -> Draft:
    """Give a draft its hash, and the id that follows from it."""
    sha256 = draft_sha256(draft)
    return replace(draft, id=DraftId(derived_id("dra", sha256)), sha256=sha256)


def _draft_role(view: RoleView, bench: _Bench) -> _RoleResult:
    points = list(bench.maker.points(view))
    controls = [bench.drafter.controls(one) for one in points]
    texts = _texts(view, points, bench.catalog, bench.categories)
    rewards = bench.reward.rewards(texts, controls)
    answers = [bench.drafter.answer(one, given) for one, given in zip(points, rewards, strict=True)]
    rules, silent = bench.drafter.rules(view, answers)
    return _RoleResult(view=view, rules=rules, silent=silent)


def _texts(
    view: RoleView, points: Sequence[PointFacts], catalog: Catalog, categories: CategoryTable
) -> list[tuple[str, str, str, str]]:
    tables = {table.id: table for table in catalog.tables}
    role = role_text(view.job)
    return [
        (
            role,
            asset_text(tables[one.point.table], one.point),
            category_text(one.point, categories),
            purpose_text(one.point),
        )
        for one in points
    ]


def _assemble(
    bench: _Bench, results: Sequence[_RoleResult], corpus_sha256: Sha256Hex, seed: int
) -> Draft:
    organisation, catalog, maker = bench.organisation, bench.catalog, bench.maker
    grounder, categories = bench.grounder, bench.categories
    lineage = Lineage(
        catalog_sha256=catalog.sha256,
        corpus_sha256=corpus_sha256,
        organisation_sha256=organisation_sha256(organisation),
        model_version=bench.reward.version,
        seed=seed,
        retriever=bench.retriever_version,
    )
    access = _numbered(rule for result in results for rule in result.rules)
    encryption, asked_encryption = draft_encryption(
        catalog=catalog, grounder=grounder, categories=categories
    )
    retention, asked_retention = draft_retention(
        catalog=catalog, grounder=grounder, categories=categories
    )
    separation, asked_separation = draft_separation(organisation=organisation, grounder=grounder)
    questions = [question for result in results for question in _role_questions(result, maker)]
    questions.extend((*asked_encryption, *asked_retention, *asked_separation))
    purposes = sum(len(job.purposes) for job in organisation.job_functions)
    return Draft(
        id=DraftId(""),
        organisation=organisation.name,
        source=catalog.source,
        lineage=lineage,
        roles=tuple(job.id for job in organisation.job_functions),
        access=access,
        encryption=encryption,
        retention=retention,
        separation=separation,
        tests=policy_tests(
            rules=access, views=[result.view for result in results], catalog=catalog
        ),
        questions=tuple(
            replace(question, id=QuestionId(f"Q-{number:04d}"))
            for number, question in enumerate(questions, start=1)
        ),
        decision_points=maker.group_count * len(Action) * purposes,
        sha256=Sha256Hex(""),
    )


def _numbered(rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
    return tuple(
        replace(rule, id=RuleId(f"R-{number:04d}")) for number, rule in enumerate(rules, start=1)
    )


def _role_questions(result: _RoleResult, maker: PointMaker) -> list[OpenQuestion]:
    """Ask about what one role's duties leave open; ids are given later."""
    view, role = result.view, result.view.job.id
    found = []
    if view.unmatched:
        things = ", ".join(f"`{phrase}`" for phrase in view.unmatched)
        found.append(
            _question(role, f"The duties of {role} speak of {things}: which tables hold them?")
        )
    for table in maker.unscoped(view):
        scope = view.profile.scope
        own = "" if scope is None else scope.attribute
        found.append(
            _question(
                f"{role}, {table.id}",
                f"Which rows of {table_name(table.id)} belong to the {role}'s own {own}? "
                "No reference leads from the table to it.",
            )
        )
    groups = sorted({(one.facts.point.group, one.control.label) for one in result.silent})
    found.extend(
        _question(
            f"{role}, {group}",
            f"No clause of the corpus supports `{label}` for {role}; which one does?",
        )
        for group, label in groups
    )
    if not result.rules:
        found.append(_question(role, f"Nothing in the catalogue fits the duties of {role}."))
    return found


def _question(about: str, text: str) -> OpenQuestion:
    return OpenQuestion(
        id=QuestionId(""), about=about, text=text, until_answered="access is denied"
    )
