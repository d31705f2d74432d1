"""Tags and descriptions as evidence: they find people, and take nothing away."""

from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classification, Classifier
from policy_service.catalog.classification.declared import declared_evidence
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.corpus.categories import load_category_table
from policy_service.domain.identifiers import DataCategory
from tests.fixtures.described_sources import open_described, tables_of, write_described

TABLE = load_category_table(Path("policies/data_categories.yaml"))
EMAIL = DataCategory("user.contact.email")


def decided(column: ObservedColumn, *others: ObservedColumn) -> Classification:
    """Classify one column of a table about nothing in particular."""
    table = ObservedTable(
        id="shop.public.t7", schema="public", name="t7", row_count=0, columns=(column, *others)
    )
    made = Classifier(text_finder=None, categories=TABLE).classify([table])
    return made[table.id].columns[0]


def test_a_tag_says_what_no_name_tells() -> None:
    """A column called `f_17` that is tagged as an e-mail is one, and the evidence names the tag."""
    assert decided(ObservedColumn(name="f_17", data_type="text")).category != EMAIL
    tagged = decided(ObservedColumn(name="f_17", data_type="text", declared=(EMAIL,)))
    assert tagged.category == EMAIL
    assert tagged.evidence[0].detector == "declared"
    assert 0.5 < tagged.confidence < 1


def test_personal_at_all_is_personal() -> None:
    """`PII` without more makes a column a person's, whatever its name."""
    tagged = ObservedColumn(name="f_17", data_type="text", declared=(DataCategory("user"),))
    assert decided(tagged).category.startswith("user")


def test_tags_make_a_table_one_about_people() -> None:
    """Two tagged facts of a person, in columns that say nothing, make its rows people."""

    def linked(*declared: str) -> bool:
        columns = tuple(
            ObservedColumn(name=f"f_{place}", data_type="text", declared=(DataCategory(one),))
            for place, one in enumerate(declared)
        )
        table = ObservedTable(
            id="shop.public.t7", schema="public", name="t7", row_count=0, columns=columns
        )
        return Classifier(text_finder=None).classify([table])[table.id].topic.linked

    assert linked("user.contact.email", "user.name")
    assert not linked("system", "system")


@pytest.mark.parametrize("declared", ["system", "system.operations", "user"])
def test_a_declaration_never_lowers(declared: str) -> None:
    """What a name or a check digit establishes stays, whatever people tagged it as."""
    numbers = ("736028/5163", "736028/5163", "706213/0008", "480413/0012")
    for column in (
        ObservedColumn(name="email", data_type="text"),
        ObservedColumn(name="rc", data_type="text", values=numbers),
    ):
        tagged = ObservedColumn(
            name=column.name,
            data_type="text",
            values=column.values,
            declared=(DataCategory(declared),),
        )
        before, after = decided(column).category, decided(tagged).category
        assert TABLE.sensitivity(after).rank >= TABLE.sensitivity(before).rank
        assert set(TABLE.legal_classes(before)) <= set(TABLE.legal_classes(after))


def test_a_short_description_supports_and_decides_nothing() -> None:
    """Its words count a little; those of a long one, which speaks of more, do not."""
    described = ObservedColumn(name="c1", data_type="text", description="E-mail of the customer")
    ((category, piece),) = declared_evidence(described)
    assert (category, piece.weight) == (EMAIL, 0.3)
    assert decided(described).category != EMAIL
    long = ObservedColumn(
        name="c1", data_type="text", description="the day on which an e-mail " * 3
    )
    assert declared_evidence(long) == []
    assert declared_evidence(ObservedColumn(name="c1", data_type="text")) == []


def test_the_tags_of_a_file_reach_the_catalogue(tmp_path: Path) -> None:
    """A Fides dataset's categories are what its columns are classified as."""
    written = """
dataset:
  - fides_key: shop
    collections:
      - name: t7
        fields:
          - name: f_17
            data_categories: [user.contact.email]
"""
    source = open_described(write_described(tmp_path, written, "d.yml"), "fides:///{}")
    (table,) = tables_of(source).values()
    made = Classifier(text_finder=None, categories=TABLE).classify([table])
    assert made[table.id].columns[0].category == EMAIL
