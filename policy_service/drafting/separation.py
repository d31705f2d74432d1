"""Separation rules: the pairs of job functions that no person may hold together."""

from policy_service.domain.draft import OpenQuestion, Risk, SeparationRule
from policy_service.domain.identifiers import DataCategory, QuestionId, RuleId
from policy_service.domain.organisation import Organisation
from policy_service.domain.provision import ControlKind
from policy_service.drafting.grounding import Ground, Grounder


def draft_separation(
    *, organisation: Organisation, grounder: Grounder
) -> tuple[tuple[SeparationRule, ...], tuple[OpenQuestion, ...]]:
    """Draft one rule for each pair the organisation lists; without a clause, a question."""
    titles = {job.id: job.title for job in organisation.job_functions}
    rules: list[SeparationRule] = []
    questions: list[OpenQuestion] = []
    for first, second in organisation.separation_of_duties:
        names = f"{titles[first].lower()} and {titles[second].lower()}"
        citations = grounder.cite(
            Ground(
                kinds=(ControlKind.SEPARATION_OF_DUTIES,),
                category=DataCategory("system"),
                label="roles",
                theme="separation of duties",
            )
        )
        if not citations:
            questions.append(
                OpenQuestion(
                    id=QuestionId(""),
                    about=f"{first}, {second}",
                    text=f"No clause of the corpus asks to separate {names}.",
                    until_answered="the directory still refuses a person who holds both",
                )
            )
            continue
        rules.append(
            SeparationRule(
                id=RuleId(f"S-{len(rules) + 1:04d}"),
                roles=(first, second),
                citations=citations,
                sentence=f"Nobody is both {names}.",
                risk=Risk.MEDIUM,
            )
        )
    return tuple(rules), tuple(questions)
