"""Parents, groups and reading order are read from ids of several instruments."""

import numpy as np
import pytest

from policy_service.retrieval.learned.structure import NONE, structure_of

IDS = (
    "gdpr/art-32/1",
    "gdpr/art-32/1/b",
    "gdpr/art-32/1/a",
    "gdpr/art-32",
    "manual/8.10",
    "manual/8.9",
    "manual/8.9.(1)",
    "manual/8.9.(1).Guidance.2.",
)


def parent(name: str) -> str | None:
    """Name the parent of one of the ids."""
    place = int(structure_of(IDS).parents[IDS.index(name)])
    return None if place == NONE else IDS[place]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gdpr/art-32/1/a", "gdpr/art-32/1"),
        ("gdpr/art-32/1", "gdpr/art-32"),
        ("gdpr/art-32", None),
        ("manual/8.9.(1)", "manual/8.9"),
        ("manual/8.9.(1).Guidance.2.", "manual/8.9.(1)"),
        ("manual/8.10", None),
    ],
)
def test_the_parent_is_the_longest_id_that_a_step_continues(
    name: str, expected: str | None
) -> None:
    """A passage's parent is the longest id its own goes on from, whatever the sign between."""
    assert parent(name) == expected


def test_siblings_share_a_group() -> None:
    """Points of one paragraph are one group; another paragraph is another."""
    groups = structure_of(IDS).groups
    assert groups[IDS.index("gdpr/art-32/1/a")] == groups[IDS.index("gdpr/art-32/1/b")]
    assert groups[IDS.index("gdpr/art-32/1/a")] != groups[IDS.index("gdpr/art-32/1")]


def test_neighbours_are_those_of_reading_order_within_one_document() -> None:
    """`8.9` comes before `8.10`, and no neighbour stands in another instrument."""
    structure = structure_of(IDS)
    places = np.array([IDS.index("manual/8.9.(1).Guidance.2."), IDS.index("manual/8.9")])
    after = structure.beside(places, 1).tolist()
    before = structure.beside(places, -1).tolist()
    assert IDS[after[0]] == "manual/8.10"
    assert before[1] == NONE


def test_children_are_counted() -> None:
    """A paragraph with two points has two children."""
    assert structure_of(IDS).children[IDS.index("gdpr/art-32/1")] == 2


def test_a_corpus_of_one_passage_has_no_relations() -> None:
    """One passage alone has neither parent nor neighbour."""
    structure = structure_of(["only/1"])
    assert structure.parents.tolist() == [NONE]
    assert structure.beside(np.array([0]), 1).tolist() == [NONE]
