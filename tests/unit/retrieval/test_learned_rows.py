"""The rows that trees are grown on: whose they are, and which of them count double."""

import dataclasses

import numpy as np

from policy_service.engines.lightgbm import Forest, ForestSettings
from policy_service.retrieval.learned.rows import TrainingRows, forest_settings, grow_trees
from tests.unit.retrieval.learned_corpus import trained

FEW = ForestSettings(trees=3, leaf_rows=5, features=1.0, rows=1.0)


def answered(rows: TrainingRows, *, group: int, by: list[int]) -> TrainingRows:
    """Say that a group's question is answered by these passages."""
    relevant = list(rows.questions.relevant)
    relevant[int(rows.asked[group])] = np.array(by, dtype=np.intp)
    questions = dataclasses.replace(rows.questions, relevant=tuple(relevant))
    return dataclasses.replace(rows, questions=questions)


def rows_grown_on(forest: Forest) -> int:
    """Add up the rows in the leaves of the first tree."""
    line = next(one for one in forest.text.splitlines() if one.startswith("leaf_count="))
    return sum(int(count) for count in line.partition("=")[2].split())


def test_every_row_counts_once_where_each_question_has_one_answer() -> None:
    """With single answers the trees are grown on the rows as they are."""
    _, _, _, rows = trained()
    assert rows_grown_on(grow_trees(rows, seed=1, settings=FEW)) == len(rows.features)


def test_a_question_with_two_answers_counts_double() -> None:
    """Its rows are gone over twice, those of the others once."""
    _, _, _, rows = trained()
    more = answered(rows, group=2, by=[0, 1])
    grown = rows_grown_on(grow_trees(more, seed=1, settings=FEW))
    assert grown == len(rows.features) + rows.groups[2]


def test_each_group_is_the_rows_of_the_question_it_names() -> None:
    """A row is relevant exactly where its passage answers the question of its group."""
    _, _, _, rows = trained()
    asked = np.repeat(rows.asked, rows.groups)
    expected = [
        place in rows.questions.relevant[question]
        for question, place in zip(asked.tolist(), rows.places.tolist(), strict=True)
    ]
    assert rows.relevant.tolist() == expected


def test_few_rows_are_cut_into_few_leaves() -> None:
    """Small training sets get leaves of fewer rows than large ones, and never below twenty."""
    assert forest_settings(1_000).leaf_rows == 20
    assert forest_settings(10_000_000).leaf_rows == 100
