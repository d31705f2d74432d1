"""Before and after on made-up values: of the right shape, masked for real, and nobody's."""

from collections.abc import Sequence

import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.parameters import Parameters
from policy_service.masking.choice.made_up import BeforeAfter, Described, before_and_after
from policy_service.masking.values import mask_value


class Keys:
    def key(self, name: str) -> bytes:
        return name.encode().ljust(32, b"\x00")


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def described(
    name: str, shape: str = "", *, kind: str = "text", category: str = "user", birth: bool = False
) -> Described:
    """Describe a column."""
    return Described(name=name, data_type=kind, category=category, shape=shape, birth=birth)


def nothing(texts: Sequence[str]) -> frozenset[str]:
    """Say that no text occurs in the data."""
    return frozenset()


def one(column: Described, by: Control, in_data: object = nothing) -> BeforeAfter:
    """Make up one column."""
    found = before_and_after([column], {column.name: by}, keys=Keys(), in_data=in_data)  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize(
    ("column", "by"),
    [
        (described("n", "999", kind="integer"), control("bucket", width=10)),
        (described("n", "99.9", kind="decimal"), control("bucket", width=10)),
        (described("n", "99-99", kind="integer"), control("redact")),
        (
            described("born", "999999", kind="integer", birth=True),
            control("generalise", to="decade"),
        ),
        (described("born", "999999/999", birth=True), control("generalise", to="sex_and_year")),
        (described("day", kind="date"), control("generalise", to="year")),
        (described("at", kind="timestamp"), control("generalise", to="month")),
        (described("who", "Aaaa", category="user.name.first"), control("pseudonymise", key="a")),
        (described("mail", "a@a.a", category="user.contact.email"), control("partial", first=1)),
        (described("note", "Aaaa a", category="user.content.private"), control("redact")),
        (described("code", "AA 9 a A", kind="text"), CLEAR),
    ],
)
def test_after_is_before_masked(column: Described, by: Control) -> None:
    """Five cells of the column's kind, each shown as the control shows it, the same every time."""
    found = one(column, by)
    assert len(found.before) == len(found.after) == 5
    assert None not in found.before
    if column.data_type in ("text", "integer", "decimal"):
        assert [mask_value(cell, by, keys=Keys()) for cell in found.before] == list(found.after)
    else:
        assert None not in found.after
    assert found == one(column, by)


def test_what_occurs_in_the_data_is_not_shown() -> None:
    """Of a code with two digits all real ones are passed over; longer ones stand in."""
    real = {str(code) for code in range(100)}

    def in_data(texts: Sequence[str]) -> frozenset[str]:
        return frozenset(real & set(texts))

    found = one(described("code", "99", kind="integer"), CLEAR, in_data)
    assert None not in found.before
    assert not real & {str(cell) for cell in (*found.before, *found.after)}


def test_a_class_may_have_the_look_of_somebody_elses_value() -> None:
    """A year is shown though some number in the data is written alike; a real day is not."""
    years = frozenset(str(year) for year in range(1900, 2100))

    def in_data(texts: Sequence[str]) -> frozenset[str]:
        return (years | {text for text in texts if text.startswith("19")}) & set(texts)

    found = one(described("day", kind="date"), control("generalise", to="year"), in_data)
    assert None not in found.after
    assert {str(cell) for cell in found.after} <= years
    assert not [cell for cell in found.before if str(cell).startswith("19")]


def test_cells_stay_empty_where_all_would_be_real() -> None:
    """Truth values are two: none is shown; the same where the data holds whatever was drawn."""
    assert one(described("yes", kind="boolean"), CLEAR).before == (None,) * 5
    found = one(described("n", "9", kind="integer"), CLEAR, frozenset)
    assert found.before == found.after == (None,) * 5


def test_what_a_sample_cannot_show_is_empty() -> None:
    """Denied and aggregated cells, and tokens without a vault, have no after; common ones do."""
    column = described("n", "999", kind="integer")
    for by in (DENY, control("aggregate", of="sum", by="x"), control("tokenise", key="a")):
        assert one(column, by).after == (None,) * 5
    shown = one(column, control("suppress"))
    assert shown.after == shown.before
