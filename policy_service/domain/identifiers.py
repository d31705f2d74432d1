"""Names for identifiers, so that one kind is never passed where another is meant.

Asset ids are dotted paths, `source.schema.table.column`; a dot inside a part is
written `%2E`, a percent sign `%25`. An asset group is `table/data_category`.
"""

from typing import NewType

ProvisionId = NewType("ProvisionId", str)  # gdpr/art-32/1/a
ObligationId = NewType("ObligationId", str)  # gdpr/art-32/1/a#1, of an import gdpr/art-32/1/a#x1
AssetId = NewType("AssetId", str)  # bank.public.customers.email
GroupId = NewType("GroupId", str)  # bank.public.customers/user.contact.email
DataCategory = NewType("DataCategory", str)  # a fideslang key
Purpose = NewType("Purpose", str)  # a fideslang data use
RoleId = NewType("RoleId", str)  # branch-teller
SubjectId = NewType("SubjectId", str)  # teller-7
RuleId = NewType("RuleId", str)  # R-0117, E-0003, T-0001, S-0001
QuestionId = NewType("QuestionId", str)  # Q-0009
DraftId = NewType("DraftId", str)  # dra_…
DecisionId = NewType("DecisionId", str)  # dec_…
ModelVersion = NewType("ModelVersion", str)  # prior-1, reward-3
Sha256Hex = NewType("Sha256Hex", str)  # 64 lower-case hex digits
Revision = NewType("Revision", int)  # 1, 2, 3 … of the published bundle


def asset_id(*parts: str) -> AssetId:
    """Join `source, schema, table, column` (or a leading part of it) to one id."""
    return AssetId(".".join(part.replace("%", "%25").replace(".", "%2E") for part in parts))


def asset_parts(asset: AssetId) -> tuple[str, ...]:
    """Split an asset id into the names it was made of."""
    return tuple(part.replace("%2E", ".").replace("%25", "%") for part in asset.split("."))


def asset_ancestors(asset: AssetId) -> tuple[AssetId, ...]:
    """Name the asset itself and what contains it, nearest first."""
    parts = asset.split(".")
    return tuple(AssetId(".".join(parts[:end])) for end in range(len(parts), 0, -1))


def group_id(table: AssetId, category: DataCategory) -> GroupId:
    """Name the columns of `table` that carry `category`."""
    return GroupId(f"{table}/{category}")


def is_accepted_proposal(obligation: ObligationId) -> bool:
    """Tell whether an obligation of the corpus was read in an import and accepted by a person.

    The others are those of the digests. What was accepted may narrow a draft, never widen it.
    """
    return obligation.rpartition("#")[2].startswith("x")


def category_ancestors(category: DataCategory) -> tuple[DataCategory, ...]:
    """Name the category itself and the wider ones, nearest first: `a.b.c`, `a.b`, `a`."""
    parts = category.split(".")
    return tuple(DataCategory(".".join(parts[:end])) for end in range(len(parts), 0, -1))


def category_covers(wide: DataCategory, narrow: DataCategory) -> bool:
    """Tell whether `narrow` is `wide` or lies below it in the taxonomy."""
    return narrow == wide or narrow.startswith(f"{wide}.")
