"""What people said of columns, as lessons for the classifier of names.

A lesson is a column as its names show it, with the category that a person gave it. Not the
classifier: that is the catalogue's, handed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policy_service.domain.identifiers import DataCategory, Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.kit.hashing import sha256_text


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedColumn:
    """A column by its names: its table, itself, its type, and the columns beside it."""

    table: str
    name: str
    data_type: str = ""
    siblings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLesson:
    """One column that a person spoke of."""

    column: NamedColumn
    category: DataCategory


def is_personal(category: str) -> bool:
    """Tell whether a category is about a person."""
    return category == "user" or category.startswith("user.")


def sort_lessons(lessons: Iterable[ColumnLesson]) -> tuple[ColumnLesson, ...]:
    """Put lessons in one order, whatever order they came in; each is kept once."""
    return tuple(sorted(set(lessons), key=lambda one: (_names(one), one.category)))


def lessons_sha256(lessons: Iterable[ColumnLesson]) -> Sha256Hex:
    """Hash lessons, whatever order they come in."""
    return Sha256Hex(content_sha256([to_plain(one) for one in sort_lessons(lessons)]))


def folds(
    lessons: Sequence[ColumnLesson], *, count: int, seed: int
) -> tuple[tuple[ColumnLesson, ...], ...]:
    """Cut lessons into `count` parts of about one size; some may be empty.

    Columns of one name are in one part, whatever their table: what is learned of a name is
    known of all columns that bear it, and would measure nothing.
    """
    names = sorted({_name(one) for one in lessons}, key=lambda name: sha256_text(f"{seed}|{name}"))
    part = {name: place % count for place, name in enumerate(names)}
    return tuple(
        tuple(one for one in lessons if part[_name(one)] == number) for number in range(count)
    )


def _name(lesson: ColumnLesson) -> str:
    return lesson.column.name.casefold()


def _names(lesson: ColumnLesson) -> tuple[str, str, str, tuple[str, ...]]:
    one = lesson.column
    return one.table, one.name, one.data_type, one.siblings
