"""What the name model is compared with: twelve patterns, and the rules the catalogue had before.

The patterns are the usual ones of a first afternoon, over the last part of a path. The rules
are those of `catalog.classification` where a table has names and types but no values.
"""

import re
from collections.abc import Sequence

from benchmarks.classification_data import LabelledColumn
from benchmarks.classification_scores import Answer
from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.names.weights import NOT_PERSONAL
from policy_service.catalog.observation import ObservedColumn, ObservedTable

_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), category)
    for pattern, category in (
        (r"e[-_]?mail(?!.*(sent|status|type|verif|opt|id$))", "user.contact.email"),
        (r"phone|mobile|(^|_)fax", "user.contact.phone_number"),
        (r"(first|last|middle|full|given|family|sur|display|nick)[-_]?name", "user.name"),
        (r"^(author|customer|user|contact|member|real)?[-_]?name$", "user.name"),
        (r"street|address(_?line)?_?\d?$", "user.contact.address.street"),
        (
            r"(^|_)(city|town|state|province|region|country)(_?code|_?name)?$",
            "user.contact.address",
        ),
        (r"zip|post(al)?_?code", "user.contact.address.postal_code"),
        (r"birth|(^|_)dob($|_)", "user.demographic.date_of_birth"),
        (r"gender|(^|_)sex$", "user.demographic.gender"),
        (r"(^|_)ip(_?addr(ess)?)?$", "user.device.ip_address"),
        (r"^(lat|lng|lon|latitude|longitude)$", "user.location"),
        (r"^(user|customer|person|contact|member)_?id$", "user.unique_id"),
    )
)


def by_patterns(columns: Sequence[LabelledColumn]) -> list[Answer]:
    """Classify by the first of twelve patterns that fits the last part of the path."""
    return [_by_pattern(column.column.path.rsplit(".", 1)[-1]) for column in columns]


def by_rules(columns: Sequence[LabelledColumn]) -> list[Answer]:
    """Classify by the catalogue's rules: names and types, each vendor as one database."""
    sources: dict[str, dict[str, list[int]]] = {}
    for number, labelled in enumerate(columns):
        tables = sources.setdefault(f"{labelled.family}.{labelled.vendor}", {})
        tables.setdefault(labelled.column.collection, []).append(number)
    answers = [Answer(category=NOT_PERSONAL)] * len(columns)
    for source, members in sources.items():
        observed = [
            _table(source, name, [columns[number] for number in numbers])
            for name, numbers in members.items()
        ]
        found = Classifier(text_finder=None).classify(observed)
        for table, numbers in zip(observed, members.values(), strict=True):
            for number, one in zip(numbers, found[table.id].columns, strict=True):
                answers[number] = Answer(category=one.category)
    return answers


def _table(source: str, name: str, columns: Sequence[LabelledColumn]) -> ObservedTable:
    return ObservedTable(
        id=f"{source}.{name}",
        schema=source,
        name=name,
        row_count=0,
        columns=tuple(_observed(one) for one in columns),
    )


def _by_pattern(leaf: str) -> Answer:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", leaf)
    found = (category for pattern, category in _PATTERNS if pattern.search(plain))
    return Answer(category=next(found, NOT_PERSONAL))


def _observed(column: LabelledColumn) -> ObservedColumn:
    return ObservedColumn(name=column.column.path, data_type=column.column.data_type)
