"""Lessons, gates and the safety set of the name classifier, over answers that are given."""

from dataclasses import replace

import pytest

from policy_service.corpus.categories import load_category_table
from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import DataCategory, ModelVersion
from policy_service.domain.learning import NamingFigures
from policy_service.refinement.classifier_gates import check_classifier_gates, measure, protected
from policy_service.refinement.classifier_lessons import (
    ColumnLesson,
    NamedColumn,
    folds,
    lessons_sha256,
)
from policy_service.refinement.classifier_refine import refine_classifier
from policy_service.refinement.classifier_registry import ClassifierRegistry
from policy_service.refinement.classifier_safety import SAFETY_COLUMNS

EMAIL, OPERATIONS = DataCategory("user.contact.email"), DataCategory("system.operations")


def lesson(name, category=EMAIL, table="t"):
    """Make a lesson on one column."""
    return ColumnLesson(column=NamedColumn(table=table, name=name), category=category)


class Answers:
    """A version that knows what it was told, and that everything else is an email or not."""

    def __init__(self, told=(), *, otherwise=EMAIL):
        self.told = {one.column.name: one.category for one in told}
        self.otherwise = otherwise

    def categorise(self, columns):
        """Answer by heart."""
        return [self.told.get(one.name, self.otherwise) for one in columns]


@pytest.fixture(scope="session")
def categories(repository):
    """The shipped table."""
    return load_category_table(repository / "policies" / "data_categories.yaml")


def test_columns_of_one_name_are_judged_together():
    """Whatever the table or the capitals, one name is in one part, and parts are all of it."""
    lessons = [lesson(name, table=table) for name in ("a", "A", "b", "c") for table in "xy"]
    parts = folds(lessons, count=3, seed=7)
    assert sorted(one.column.name for part in parts for one in part) == sorted("aaAAbbcc")
    assert sum(any(one.column.name in "aA" for one in part) for part in parts) == 1
    assert folds(lessons[::-1], count=3, seed=7)[0] == parts[0][::-1]
    assert folds([], count=3, seed=7) == ((), (), ())


def test_lessons_have_one_hash_whatever_their_order():
    """Order and repetition do not matter, a category does."""
    one, two = lesson("a"), lesson("b")
    assert lessons_sha256([one, two]) == lessons_sha256([two, one, two])
    assert lessons_sha256([one, two]) != lessons_sha256([one, replace(two, category=OPERATIONS)])


def test_figures_compare_two_parts_of_the_key():
    """A name can tell no more; shares of nothing are 0."""
    lessons = [lesson("a"), lesson("b"), lesson("c", OPERATIONS)]
    found = measure(lessons, [DataCategory("user.contact"), OPERATIONS, OPERATIONS])
    assert found == NamingFigures(columns=3, right=0.666667, found=0.5)
    assert measure([], []) == NamingFigures(columns=0, right=0.0, found=0.0)


@pytest.mark.parametrize(
    ("columns", "right", "found", "says"),
    [
        (9, 0.5, 0.5, "only 9 columns could be judged"),
        (10, 0.4, 0.5, "fewer columns that it did not learn from are right: 0.500 before, 0.400"),
        (10, 0.5, 0.4, "fewer columns about people are found: 0.500 before, 0.400 after"),
    ],
)
def test_each_gate_stands_alone(columns, right, found, says):
    """A loss of either figure refuses, whatever the other gains."""
    before = NamingFigures(columns=columns, right=0.5, found=0.5)
    after = NamingFigures(columns=columns, right=right, found=found)
    report = check_classifier_gates(before=before, after=after, safe_before={}, safe_after={})
    assert len(report.reasons) == 1
    assert report.reasons[0].startswith(says)
    assert not report.passed
    same = replace(after, columns=10, right=0.5, found=0.5)
    passed = check_classifier_gates(before=before, after=same, safe_before={}, safe_after={})
    assert passed.passed


def test_a_column_that_becomes_less_sensitive_is_lost(categories):
    """Still about a person is not enough: a national id that became a city is named."""
    ids = [one for one in SAFETY_COLUMNS if one.category.startswith("user.government_id")]
    city = Answers(otherwise=DataCategory("user.contact.address.city"))
    before = protected(ids, Answers(ids), sensitivity=categories.sensitivity)
    figures = NamingFigures(columns=10, right=1.0, found=1.0)
    report = check_classifier_gates(
        before=figures,
        after=figures,
        safe_before=before,
        safe_after=protected(ids, city, sensitivity=categories.sensitivity),
    )
    assert set(report.safety_lost) == {one.column for one in ids}
    assert report.reasons[0].endswith("and others")
    too_much = protected(
        [lesson("a")], Answers(ids, otherwise=ids[0].category), sensitivity=categories.sensitivity
    )
    assert list(too_much.values()) == [categories.sensitivity(EMAIL).rank]


def test_the_safety_set_is_of_known_categories_about_people(categories):
    """Two hundred columns, each in the table of categories, none twice."""
    known = {entry.category for entry in categories.entries}
    assert len(SAFETY_COLUMNS) >= 200
    assert {one.category for one in SAFETY_COLUMNS} <= known
    assert all(one.category.startswith("user.") for one in SAFETY_COLUMNS)
    assert len({one.column for one in SAFETY_COLUMNS}) == len(SAFETY_COLUMNS)


class Bench:
    """Trains versions that know by heart; one that `forgets` sees nobody in anything else."""

    def __init__(self, *, forgets=False):
        self.forgets = forgets
        self.taught = {}

    def train(self, lessons):
        """Remember under a name."""
        name = str(len(self.taught)).encode()
        self.taught[name] = lessons
        return name

    def open(self, weights):
        """Open it."""
        if weights is None:
            return Answers()
        otherwise = OPERATIONS if self.forgets else EMAIL
        return Answers(self.taught[weights], otherwise=otherwise)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_round_registers_and_promotes_only_what_loses_nobody(
    tmp_path, clock, categories, forgets
):
    """The version that learned from all is kept either way, with what was measured of it."""
    registry = ClassifierRegistry(folder=tmp_path / "classifiers")
    bench, steps = Bench(forgets=forgets), []
    lessons = [lesson(f"mail_{number}") for number in range(10)]
    done = refine_classifier(
        lessons,
        bench=bench,
        registry=registry,
        sensitivity=categories.sensitivity,
        clock=clock,
        seed=7,
        progress=lambda *step: steps.append(step),
    )
    assert done.report.passed is done.card.promoted is not forgets
    assert [len(taught) for taught in bench.taught.values()][:6] == [10, 8, 8, 8, 8, 8]
    assert steps[-1] == ("classifier gates", 6, 6)
    live = ModelVersion("shipped-0" if forgets else "classifier-1")
    assert registry.current().version == live
    assert registry.cards() == (done.card,)
    assert (done.card.safety_lost > 0) is forgets
    assert ("look at the corrections of `mail_0`, " in done.card.note) is forgets


def test_nothing_to_learn_is_said(tmp_path, clock, categories):
    """Without a lesson nothing is registered."""
    registry = ClassifierRegistry(folder=tmp_path / "classifiers")
    with pytest.raises(RefinementError, match="policy-service catalog correct"):
        refine_classifier(
            [],
            bench=Bench(),
            registry=registry,
            sensitivity=categories.sensitivity,
            clock=clock,
            seed=7,
        )
    assert registry.versions() == ()
