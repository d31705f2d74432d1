"""The policy in prose, for people: who may see what and why, clause by clause.

Text that came from outside (quotes, sentences with names of tables) is written
as text: it can neither format the page nor put HTML into it.
"""

import re
from collections.abc import Iterable, Iterator

from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Operator
from policy_service.domain.draft import AccessRule, Draft, Risk, Rule
from policy_service.domain.identifiers import DataCategory, RoleId
from policy_service.domain.organisation import JobFunction, Organisation
from policy_service.domain.provision import Citation, Strength

# What CommonMark or a common extension of it reads inside a line; `&`, `<` and `>` apart.
_ACTIVE = re.compile(r"[\\`*_\[\]{}#|~^$=!]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_OPENING = re.compile(r"\A(\d*)([-+.)])")  # what would begin a list where a line starts


def policy_prose(*, draft: Draft, organisation: Organisation, categories: CategoryTable) -> str:
    """Write the whole draft in Markdown; the same draft gives the same text."""
    parts = [
        *_title(draft, organisation),
        *_considered(draft, organisation),
        *_access(draft, organisation, categories),
        *_settings("Encryption at rest", draft.encryption, "No column is encrypted by this draft."),
        *_settings("Retention", draft.retention, "No table gets a time limit by this draft."),
        *_settings(
            "Separation of duties", draft.separation, "No two roles exclude each other by it."
        ),
        *_questions(draft),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _title(draft: Draft, organisation: Organisation) -> Iterator[str]:
    yield f"# Data security policy of {_text(organisation.name)} for `{draft.source}`"
    yield ""
    yield (
        f"Draft `{draft.id}`. It is a proposal: nothing in it has effect until people have "
        "approved it rule by rule and it is published."
    )
    yield ""


def _considered(draft: Draft, organisation: Organisation) -> Iterator[str]:
    allowing = sum(rule.control.operator is not Operator.DENY for rule in draft.access)
    clauses = {citation.provision for rule in draft.rules for citation in rule.citations}
    people = [rule for rule in draft.access if rule.needs_person]
    yield "## What was considered"
    yield ""
    yield (
        f"- {_count(draft.decision_points, 'decision point')} (job function × kind of data × "
        f"action × purpose): {allowing} allowed, {len(draft.access) - allowing} denied by a rule, "
        f"{max(draft.decision_points - len(draft.access), 0)} denied because nothing asks for them."
    )
    yield f"- {_count(len(draft.roles), 'job function')}, sector {_text(organisation.sector)}."
    yield f"- Jurisdictions: {_list(organisation.jurisdictions)}."
    cited = _count(len(clauses), "clause")
    yield f"- Regulations: {_list(organisation.regulations)}; {cited} cited."
    yield (
        f"- {_count(len(draft.tests), 'test')} must hold before the policy comes into force; "
        f"{_count(len(draft.questions), 'question')} open; "
        f"{_count(len(people), 'rule')} marked for a person's judgement."
    )
    lineage = draft.lineage
    yield (
        f"- Made by model `{lineage.model_version}` and retriever `{lineage.retriever}`, "
        f"seed {lineage.seed}, from catalogue "
        f"`{lineage.catalog_sha256[:12]}`, corpus `{lineage.corpus_sha256[:12]}`, "
        f"organisation `{lineage.organisation_sha256[:12]}`."
    )
    yield ""


def _access(draft: Draft, organisation: Organisation, categories: CategoryTable) -> Iterator[str]:
    yield "## Who may do what"
    yield ""
    yield "What is not listed here is denied."
    yield ""
    jobs = {job.id: job for job in organisation.job_functions}
    for role in sorted(draft.roles, key=lambda role: _job_title(jobs.get(role), role)):
        rules = [rule for rule in draft.access if rule.point.role == role]
        yield from _job(role, jobs.get(role))
        yield from _job_rules(rules, categories)


def _job(role: RoleId, job: JobFunction | None) -> Iterator[str]:
    yield f"### {_job_title(job, role)} (`{role}`)"
    yield ""
    if job is not None:
        yield f"{_text(job.duties)} Purposes: {_list(job.purposes, code=True)}."
        yield ""


def _job_rules(rules: list[AccessRule], categories: CategoryTable) -> Iterator[str]:
    if not rules:
        yield "Sees nothing of this source."
        yield ""
    for category in sorted({rule.point.category for rule in rules}):
        yield f"#### {_category_title(category, categories)}"
        yield ""
        for rule in rules:
            if rule.point.category == category:
                yield from _rule(rule)
        yield ""


def _category_title(category: DataCategory, categories: CategoryTable) -> str:
    label, sensitivity = categories.label(category), categories.sensitivity(category).value
    if label == category:
        return f"`{category}` ({sensitivity})"
    return f"{_capital(_text(label))} (`{category}`, {sensitivity})"


def _settings(title: str, rules: Iterable[Rule], nothing: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    empty = True
    for rule in rules:
        empty = False
        yield from _rule(rule)
    if empty:
        yield nothing
    yield ""


def _questions(draft: Draft) -> Iterator[str]:
    yield "## Open questions"
    yield ""
    if not draft.questions:
        yield "None."
    for question in draft.questions:
        yield (
            f"- **{question.id}** {_text(question.text)} (About `{question.about}`; "
            f"until it is answered: {_text(question.until_answered)}.)"
        )
    yield ""


def _rule(rule: Rule) -> Iterator[str]:
    marks = [] if rule.risk is Risk.LOW else [f"{rule.risk.value} risk"]
    if isinstance(rule, AccessRule) and rule.needs_person:
        marks.append("needs a person's judgement")
    remark = f" *({', '.join(marks)})*" if marks else ""
    yield f"- **{rule.id}** {_text(rule.sentence)}{remark}"
    for citation in rule.citations:
        yield f"  - {_citation(citation)}"


def _citation(citation: Citation) -> str:
    weight = " (binding)" if citation.strength is Strength.FLOOR else ""
    section = _OPENING.sub(r"\1\\\2", _imported(citation.section))
    return f"{section}{weight}: “{_imported(citation.quote)}”"


def _job_title(job: JobFunction | None, role: RoleId) -> str:
    return _capital(_text(role if job is None else job.title))


def _text(text: str) -> str:
    """Put text on one line and take the meaning from signs that Markdown or HTML would read."""
    line = " ".join(text.split())
    for sign in ("\\", "*", "[", "]", "#", "|"):
        line = line.replace(sign, f"\\{sign}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _imported(text: str) -> str:
    """Put text of a regulation on one line and take the meaning from every sign in it.

    Unlike in our own sentences, backticks and underscores are letters here, and an address
    does not become a link.
    """
    line = _ACTIVE.sub(r"\\\g<0>", " ".join(text.split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def _list(items: Iterable[str], *, code: bool = False) -> str:
    return ", ".join(f"`{item}`" if code else _text(item) for item in items) or "none"
