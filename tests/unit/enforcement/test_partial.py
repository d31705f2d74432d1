"""Predicates over rows: what passes, how parts join, and rows that are made to pass."""

from decimal import Decimal

import pytest

from policy_service.domain.condition import parse_condition
from policy_service.domain.condition_truth import Facts
from policy_service.domain.parameters import Scalar
from policy_service.domain.predicate import (
    EVERY_ROW,
    NO_ROW,
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)
from policy_service.enforcement.partial import Residue, all_of, any_of, example_row, row_passes

RESIDUE = Residue(
    facts=Facts(subject={"level": 2, "areas": ("a", "b")}, resource={"id": "t.a"}),
    columns=frozenset({"a", "b", "id"}),
)


def compared(value: Scalar, comparator: Comparator = Comparator.EQ) -> Comparison:
    """Compare column `a`."""
    return Comparison(column="a", comparator=comparator, value=value)


@pytest.mark.parametrize(
    ("predicate", "row", "passes"),
    [
        (EVERY_ROW, {}, True),
        (NO_ROW, {}, False),
        (compared(1), {"a": Decimal(1)}, True),
        (compared(1), {"a": Decimal("sNaN")}, False),
        (compared(1), {"a": None}, False),
        (compared(1), {"a": object()}, False),
        (Negation(part=compared(1)), {}, False),
        (Negation(part=compared(1)), {"a": 2}, True),
        (Membership(column="a", values=()), {"a": 1}, False),
        (Negation(part=Membership(column="a", values=())), {}, True),
        (Membership(column="a", values=("x", "y")), {"a": "y"}, True),
        (Presence(column="a"), {"a": None}, False),
        (Negation(part=Presence(column="a")), {}, True),
        (AnyOf(alternatives=(compared(1), Presence(column="b"))), {"b": 0}, True),
        (AllOf(parts=(compared(1), Presence(column="b"))), {"a": 1}, False),
    ],
)
def test_only_true_rows_pass(predicate: Predicate, row: dict, passes: bool) -> None:
    """A row is shown where its predicate is true, and neither where false nor where unknown."""
    assert row_passes(predicate, row) is passes


def test_parts_that_only_python_takes_for_equal_are_kept() -> None:
    """`1` and `true` are equal to Python and not to a rule: joining keeps both."""
    parts = (compared(1), compared(value=True), compared(1))
    assert all_of(parts) == AllOf(parts=parts[:2])
    assert len(any_of(parts).alternatives) == 2


def test_joined_parts_are_flat() -> None:
    """What joins of one kind hold is one list, a single part stands alone, constants decide."""
    one, two, three = compared(1), compared(2), compared(3)
    assert all_of((all_of((one, two)), three)) == AllOf(parts=(one, two, three))
    assert any_of((any_of((one, two)), three)) == AnyOf(alternatives=(one, two, three))
    assert all_of((one, EVERY_ROW)) == any_of((one, NO_ROW)) == one
    assert (all_of((one, NO_ROW)), any_of((one, EVERY_ROW))) == (NO_ROW, EVERY_ROW)


@pytest.mark.parametrize(
    ("text", "for_true", "for_false"),
    [
        ("resource.a < subject.level", compared(2, Comparator.LT), compared(2, Comparator.GE)),
        ("subject.level < resource.a", compared(2, Comparator.GT), compared(2, Comparator.LE)),
        ("resource.a", compared(value=True), compared(value=False)),
        ("not resource.a", compared(value=False), compared(value=True)),
        ("resource.a < true", NO_ROW, NO_ROW),
        ("resource.a == context.b", NO_ROW, NO_ROW),
        ("resource.a == subject.areas", NO_ROW, NO_ROW),
        ('"x" in resource.a', NO_ROW, NO_ROW),
        ("resource.a in context.b", NO_ROW, NO_ROW),
        ("subject.level in [1, 2]", EVERY_ROW, NO_ROW),
        ('resource.id == "t.a"', EVERY_ROW, NO_ROW),
        ("true", EVERY_ROW, NO_ROW),
        (
            "resource.a in subject.areas",
            Membership(column="a", values=("a", "b")),
            Negation(part=Membership(column="a", values=("a", "b"))),
        ),
        (
            "present(resource.a)",
            Presence(column="a"),
            Negation(part=Presence(column="a")),
        ),
    ],
)
def test_what_is_left_of_a_condition(text: str, for_true: Predicate, for_false: Predicate) -> None:
    """Known facts are folded, columns stay, and what has no form or answer passes no row."""
    expression = parse_condition(text).expression
    assert RESIDUE.where(expression, is_=True) == for_true
    assert RESIDUE.where(expression, is_=False) == for_false


@pytest.mark.parametrize("comparator", Comparator)
@pytest.mark.parametrize("value", [3, 2.5, "m"])
def test_an_example_row_passes(comparator: Comparator, value: Scalar) -> None:
    """For each comparison there is a row at hand that passes, alone and joined."""
    predicate = compared(value, comparator)
    assert row_passes(predicate, example_row(predicate))
    joined = AllOf(parts=(predicate, AnyOf(alternatives=(Presence(column="b"), NO_ROW))))
    assert row_passes(joined, example_row(joined))


@pytest.mark.parametrize(
    ("predicate", "row"),
    [
        (compared(value=True, comparator=Comparator.NE), {"a": False}),
        (Membership(column="a", values=("x",)), {"a": "x"}),
        (Negation(part=Membership(column="a", values=("x",))), {"a": "x~"}),
        (Membership(column="a", values=()), {}),
        (NO_ROW, {}),
    ],
)
def test_example_rows_of_other_predicates(predicate: Predicate, row: dict) -> None:
    """Memberships and truth values have examples too; what no row passes has an empty one."""
    assert example_row(predicate) == row
