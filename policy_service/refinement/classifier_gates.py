"""The gates of a new name classifier: a version that fails one is registered, and never used.

On columns that it had not learned from it must be right as often as what was shipped, and see
as many of those that are about people. Of the frozen safety set it may lose nobody whom the live
version protects: corrections that agree with one another, and are wrong, pass every average.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.asset import Sensitivity
from policy_service.domain.identifiers import DataCategory
from policy_service.domain.learning import NamingFigures
from policy_service.refinement.classifier_lessons import ColumnLesson, NamedColumn, is_personal

MIN_LESSONS = 10  # fewer measure nothing
_NAMED = 5  # lost columns that a reason names
_PARTS = 2  # of a category's key, as far as a name can tell


class Named(Protocol):
    """One version of the classifier."""

    def categorise(self, columns: Sequence[NamedColumn]) -> Sequence[DataCategory]:
        """Return the category of each column by its names, in their order."""
        ...


class SensitivityOf(Protocol):
    """Says how sensitive a category is."""

    def __call__(self, category: DataCategory, /) -> Sensitivity:
        """Return the sensitivity."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierGateReport:
    """What the gates measured. INVARIANT: promoted exactly when there is no reason against."""

    before: NamingFigures
    after: NamingFigures
    safety_columns: int  # that the live version protects
    safety_lost: tuple[NamedColumn, ...]
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the version may be promoted."""
        return not self.reasons


def measure(lessons: Sequence[ColumnLesson], answers: Sequence[DataCategory]) -> NamingFigures:
    """Compare answers with what people said; shares of nothing are 0."""
    judged = list(zip(lessons, answers, strict=True))
    right = sum(_head(one.category) == _head(answer) for one, answer in judged)
    personal = [answer for one, answer in judged if is_personal(one.category)]
    found = sum(map(is_personal, personal))
    return NamingFigures(
        columns=len(judged),
        right=round(right / len(judged), 6) if judged else 0.0,
        found=round(found / len(personal), 6) if personal else 0.0,
    )


def protected(
    lessons: Sequence[ColumnLesson], version: Named, *, sensitivity: SensitivityOf
) -> dict[NamedColumn, int]:
    """Return the columns that a version sees to be about people, and how sensitive it finds them.

    A column counts as no more sensitive than it is: seeing too much in it is nothing to keep.
    """
    answers = version.categorise([one.column for one in lessons])
    return {
        one.column: min(sensitivity(answer).rank, sensitivity(one.category).rank)
        for one, answer in zip(lessons, answers, strict=True)
        if is_personal(answer)
    }


def lost_columns(
    before: Mapping[NamedColumn, int], after: Mapping[NamedColumn, int]
) -> tuple[NamedColumn, ...]:
    """Return what one version protects and another does not, or less."""
    return tuple(one for one, rank in before.items() if after.get(one, -1) < rank)


def check_classifier_gates(
    *,
    before: NamingFigures,
    after: NamingFigures,
    safe_before: Mapping[NamedColumn, int],
    safe_after: Mapping[NamedColumn, int],
    suspects: Sequence[str] = (),
) -> ClassifierGateReport:
    """Judge what was measured of a candidate beside the live version.

    `suspects` are the names whose lessons alone already lose columns of the safety set.
    """
    lost = lost_columns(safe_before, safe_after)
    reasons = []
    if after.columns < MIN_LESSONS:
        reasons.append(f"only {after.columns} columns could be judged; correct or confirm more")
    if after.right < before.right:
        reasons.append(
            f"fewer columns that it did not learn from are right: {before.right:.3f} before, "
            f"{after.right:.3f} after"
        )
    if after.found < before.found:
        reasons.append(
            f"fewer columns about people are found: {before.found:.3f} before, "
            f"{after.found:.3f} after"
        )
    if lost:
        some = "`, `".join(f"{one.table}.{one.name}" for one in lost[:_NAMED])
        more = " and others" if len(lost) > _NAMED else ""
        reasons.append(
            f"{len(lost)} columns of the safety set would lose protection: `{some}`{more}"
            + (f"; look at the corrections of `{'`, `'.join(suspects)}`" if suspects else "")
        )
    return ClassifierGateReport(
        before=before,
        after=after,
        safety_columns=len(safe_before),
        safety_lost=lost,
        reasons=tuple(reasons),
    )


def _head(category: DataCategory) -> tuple[str, ...]:
    return tuple(category.split(".")[:_PARTS])
