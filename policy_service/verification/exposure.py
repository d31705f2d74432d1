"""Whether more is shown than the duties and the data's harm allow for."""

import re
from collections.abc import Iterator

from policy_service.domain.asset import Sensitivity
from policy_service.domain.control import Action, Operator
from policy_service.domain.draft import AccessRule
from policy_service.domain.finding import Finding
from policy_service.domain.identifiers import AssetId, DataCategory, category_covers
from policy_service.domain.provision import ControlKind
from policy_service.verification.subject import Subject, error, warning

_SECONDARY = (
    "analytics",
    "marketing",
    "functional.service.improve",
    "essential.service.operations.improve",
    "train_ai_system",
    "personalize",
    "sales",
    "third_party_sharing",
)
_SINGLED_OUT = 0.2  # share of unique rows from which a combination counts
_WORD = re.compile(r"[a-z]{3,}")
_STEM = 5
_IDENTITY = frozenset({"ident", "justi", "clear", "reque", "perso", "inves"})


def check_over_grants(subject: Subject) -> Iterator[Finding]:
    """Find restricted data in clear for a secondary purpose, or for duties that never name it."""
    duties = {
        job.id: _stems(f"{job.title} {job.duties}") for job in subject.organisation.job_functions
    }
    for rule in _open_reads(subject):
        if not any(_restricted(subject, column) for column in rule.point.columns):
            continue
        if is_secondary(rule.point.purpose):
            yield error(
                "over-grant",
                f"restricted data in clear for `{rule.point.purpose}`; mask it",
                rule.id,
            )
        elif not duties.get(rule.point.role, frozenset()) & (_asset_stems(rule) | _IDENTITY):
            yield warning(
                "over-grant",
                f"restricted data in clear, though the duties of `{rule.point.role}` never name it",
                rule.id,
            )


def check_quasi_identifiers(subject: Subject) -> Iterator[Finding]:
    """Find combinations that single people out, wholly in clear for a secondary purpose."""
    clear: dict[tuple[str, str], set[AssetId]] = {}
    for rule in _clear_reads(subject):
        if is_secondary(rule.point.purpose):
            key = (rule.point.role, rule.point.purpose)
            clear.setdefault(key, set()).update(rule.point.columns)
    for (role, purpose), columns in sorted(clear.items()):
        for table in subject.catalog.tables:
            for combination in table.quasi_identifiers:
                ids = {one.id for one in table.columns if one.name in combination.columns}
                if combination.unique_fraction >= _SINGLED_OUT and ids <= columns:
                    names = ", ".join(f"`{name}`" for name in combination.columns)
                    yield warning(
                        "quasi-identifier",
                        f"`{role}` sees {names} of `{table.id}` in clear for `{purpose}`; "
                        f"together they single out {combination.unique_fraction:.0%} of the rows",
                    )


def check_reveals(subject: Subject) -> Iterator[Finding]:
    """Find values in clear that give away what the same role sees masked elsewhere."""
    masked = {
        (rule.point.role, rule.point.purpose, rule.point.category)
        for rule in subject.draft.access
        if rule.point.action is Action.READ and rule.control.operator is not Operator.CLEAR
    }
    for rule in _clear_reads(subject):
        columns = [subject.columns[one] for one in rule.point.columns if one in subject.columns]
        for revealed in sorted({one for column in columns for one in column.reveals}):
            if (rule.point.role, rule.point.purpose, revealed) in masked:
                yield warning(
                    "unmasked-reveal",
                    f"`{rule.point.group}` in clear gives away `{revealed}`, "
                    "which is masked elsewhere",
                    rule.id,
                )


def check_encryption(subject: Subject) -> Iterator[Finding]:
    """Find restricted columns that no rule encrypts; an error where a floor asks for it."""
    encrypted = {column for rule in subject.draft.encryption for column in rule.columns}
    floors = [one for one in subject.floors if one.kind is ControlKind.ENCRYPTION_AT_REST]
    for column in subject.columns.values():
        if column.sensitivity is not Sensitivity.RESTRICTED or column.id in encrypted:
            continue
        asked = any(
            category_covers(wide, column.category)
            for floor in floors
            for wide in floor.data_categories
        )
        report = error if asked else warning
        yield report("missing-encryption", f"`{column.id}` is restricted and not encrypted")


def is_secondary(purpose: str) -> bool:
    """Tell whether a purpose goes beyond serving the person the data is about."""
    return any(category_covers(DataCategory(one), DataCategory(purpose)) for one in _SECONDARY)


def _clear_reads(subject: Subject) -> Iterator[AccessRule]:
    for rule in subject.draft.access:
        if rule.point.action is Action.READ and rule.control.operator is Operator.CLEAR:
            yield rule


def _open_reads(subject: Subject) -> Iterator[AccessRule]:
    """List what shows true values, all of them or some."""
    for rule in subject.draft.access:
        if rule.point.action is Action.READ and rule.control.operator.shows_true_values:
            yield rule


def _restricted(subject: Subject, column: AssetId) -> bool:
    known = subject.columns.get(column)
    return known is None or known.sensitivity is Sensitivity.RESTRICTED


def _asset_stems(rule: AccessRule) -> frozenset[str]:
    names = " ".join(column.rsplit(".", 1)[-1] for column in rule.point.columns)
    return _stems(f"{names} {rule.point.category}".replace("_", " ").replace(".", " "))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(text.lower()))
