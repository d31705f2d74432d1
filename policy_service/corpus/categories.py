"""The table of data categories, read from `policies/data_categories.yaml`.

Reads and checks; what the table means is `domain.categories`. A narrow key overrides
a wide one, and a key that is not listed inherits from the nearest wider one.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy_service.corpus.taxonomy import data_categories, nearest
from policy_service.corpus.yaml_source import read_yaml
from policy_service.domain.asset import LegalClass, Sensitivity
from policy_service.domain.categories import CategoryEntry, CategoryTable
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import DataCategory


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sensitivity: Sensitivity
    legal_classes: tuple[LegalClass, ...] = ()
    data_subject_identifying: bool = False
    label: str = Field(min_length=1)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: dict[str, _Row] = Field(min_length=1)


def load_category_table(path: Path) -> CategoryTable:
    """Read the table, sorted by category.

    Raises `CorpusError` naming file, line and key for an unknown category, class or level.
    """
    source = read_yaml(path)
    try:
        table = _Table.model_validate(source.content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = tuple(problem["loc"])
        named = " ".join(f"`{part}`" for part in place[1:] if isinstance(part, str))
        reason = problem["msg"][:1].lower() + problem["msg"][1:]
        raise CorpusError(f"{source.where(place)}: {named}: {reason}") from error
    for key in table.categories:
        if key not in data_categories():
            raise CorpusError(
                f"{source.where(('categories', key))}: unknown data category `{key}`: "
                f"nearest {nearest(key, data_categories())}"
            )
    return CategoryTable(
        tuple(_entry(key, table.categories[key]) for key in sorted(table.categories))
    )


def _entry(key: str, row: _Row) -> CategoryEntry:
    return CategoryEntry(
        category=DataCategory(key),
        sensitivity=row.sensitivity,
        legal_classes=row.legal_classes,
        label=row.label,
        identifying=row.data_subject_identifying,
    )
