"""Ladders: the levels of each operator, what they cost in use, and what hides who somebody is."""

from itertools import pairwise

import polars as pl
import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.control_parameters import control_problem
from policy_service.domain.parameters import Parameters
from policy_service.masking.choice.ladders import Ladder, cost_of, hides_identity, left_by, widen
from policy_service.masking.table import mask_table


class Keys:
    def key(self, name: str) -> bytes:
        return name.encode().ljust(32, b"\x00")


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (control("bucket", width=100), {f"bucket(width={10 * n})" for n in (1, 2, 20, 100, 200)}),
        (control("generalise", to="year"), {"generalise(to=month)", "generalise(to=century)"}),
        (control("generalise", to="sex_and_year"), {"generalise(to=decade)"}),
        (control("generalise", to="prefix", keep=2), {"generalise(keep=1, to=prefix)"}),
        (control("partial", first=0, last=3), {"partial(first=0, last=1)"}),
        (control("redact"), set()),
    ],
)
def test_levels_lie_around_what_was_weighed(given: Control, found: set[str]) -> None:
    """Each operator that has levels brings them; all are valid, deny is always among them."""
    levels = widen([given, CLEAR])
    assert {given.label, "clear", "deny"} | found <= {one.label for one in levels}
    assert not [problem for one in levels if (problem := control_problem(one))]
    assert len(set(levels)) == len(levels)


def test_bands_nest() -> None:
    """Each width is a multiple of the one before, so that wider bands are unions of narrower."""
    levels = [one for one in widen([control("bucket", width=100)]) if one != DENY]
    widths = sorted(one.parameters.integer("width", 0) for one in levels)
    assert all(wide % narrow == 0 for narrow, wide in pairwise(widths))


def test_only_what_is_allowed_is_left_and_deny_always() -> None:
    """A floor takes controls away, never the last one."""
    assert left_by([CLEAR, DENY], allowed=lambda _: False) == (DENY,)


def test_identifiers_are_hidden_by_stand_ins_and_what_is_stricter() -> None:
    """A pseudonym names nobody without its key; noise and clear show a value or nearly."""
    assert hides_identity(control("pseudonymise", key="a"))
    assert hides_identity(DENY)
    assert not hides_identity(CLEAR)
    assert not hides_identity(control("noise", scale=1, key="a"))


def test_costs_follow_what_is_left_of_a_column() -> None:
    """Clear costs nothing, hiding all; a pseudonym keeps all use of a key, half that of a value."""
    clear = pl.DataFrame({"n": list(range(100))})
    costs = {}
    for name, one in (
        ("clear", CLEAR),
        ("fine", control("bucket", width=2)),
        ("coarse", control("bucket", width=50)),
        ("pseudonym", control("pseudonymise", key="a")),
        ("redact", control("redact")),
        ("deny", DENY),
    ):
        masked = mask_table(clear, controls={"n": one}, keys=Keys())
        costs[name] = cost_of(Ladder(name="n", columns=("n",), controls=()), one, clear, masked)
    assert costs["clear"] == 0
    assert costs["fine"] < costs["pseudonym"] == 0.5 < costs["coarse"] < costs["redact"] == 1
    assert costs["deny"] > costs["redact"]
    pseudonym = control("pseudonymise", key="a")
    key = Ladder(name="n", columns=("n",), controls=(), is_key=True)
    masked = mask_table(clear, controls={"n": pseudonym}, keys=Keys())
    assert cost_of(key, pseudonym, clear, masked) == 0


def test_a_constant_column_has_nothing_to_lose() -> None:
    """Where all values are the same no bit is lost, only uses."""
    clear = pl.DataFrame({"n": [1, 1]})
    masked = mask_table(clear, controls={"n": control("bucket", width=2)}, keys=Keys())
    ladder = Ladder(name="n", columns=("n",), controls=())
    assert cost_of(ladder, control("bucket", width=2), clear, masked) == 0
