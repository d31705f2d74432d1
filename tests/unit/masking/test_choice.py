"""The weakest masking that meets k, l and t: found, proven against all combinations, or refused."""

from collections.abc import Sequence
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.catalog.privacy.anonymity import measure, row_classes
from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import MaskingError, UsageError
from policy_service.domain.parameters import Parameters
from policy_service.masking.choice import search
from policy_service.masking.choice.ladders import Ladder, cost_of
from policy_service.masking.choice.search import Choice, Goal, Hidden, choose
from policy_service.masking.table import mask_table


class Keys:
    def key(self, name: str) -> bytes:
        return name.encode().ljust(32, b"\x00")


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def measured(
    frame: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str], k: int
) -> Hidden:
    """Measure as the workflow does."""
    found = measure(frame, quasi_identifiers=quasi, sensitive=sensitive)
    return Hidden(
        k=found.k,
        below_k=found.share_below(k),
        l=min((one.distinct_l for one in found.sensitive), default=None),
        t=max((one.t for one in found.sensitive), default=None),
    )


AGES = Ladder(
    name="age",
    columns=("age",),
    controls=(CLEAR, *(control("bucket", width=width) for width in (2, 20)), DENY),
)
TOWNS = Ladder(
    name="town",
    columns=("town",),
    controls=(control("generalise", to="prefix", keep=1), control("redact"), CLEAR),
)
ROWS = st.lists(
    st.tuples(st.integers(20, 45), st.sampled_from(["aa", "ab", "ba", None]), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


def frame_of(rows: Sequence[tuple[int, str | None, int]]) -> pl.DataFrame:
    """Make a table of ages, towns and states of health."""
    schema = {"age": pl.Int64, "town": pl.String, "health": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def run(frame: pl.DataFrame, goal: Goal, **more: object) -> Choice:
    """Choose for ages and towns."""
    return choose(frame, [AGES, TOWNS], goal=goal, measure=measured, keys=Keys(), **more)  # type: ignore[arg-type]


def cheapest(frame: pl.DataFrame, goal: Goal) -> float | None:
    """Try every combination: the oracle."""
    costs = []
    for age, town in product(AGES.controls, TOWNS.controls):
        masked = mask_table(frame, controls={"age": age, "town": town}, keys=Keys())
        shown = frame.select(
            masked.get_column(name) if name in masked.columns else pl.lit(0).alias(name)
            for name in ("age", "town")
        ).with_columns(frame.get_column("health"))
        found = measured(shown, quasi=["age", "town"], sensitive=["health"], k=goal.k)
        if found.k >= goal.k and (found.l or 0) >= goal.l and (found.t or 0) <= (goal.t or 1):
            costs.append(
                sum(
                    cost_of(ladder, one, frame, masked)
                    for ladder, one in ((AGES, age), (TOWNS, town))
                )
            )
    return min(costs, default=None)


@settings(max_examples=8, deadline=None)
@given(ROWS, st.integers(2, 3), st.integers(1, 2), st.sampled_from([None, 0.3]))
def test_the_choice_is_the_cheapest_of_all(
    rows: list[tuple[int, str | None, int]], k: int, least: int, t: float | None
) -> None:
    """No combination of less cost meets the goal, and an unreachable goal is said."""
    frame, goal = frame_of(rows), Goal(k=k, l=least, t=t)
    best = cheapest(frame, goal)
    if best is None:
        with pytest.raises(MaskingError, match="the strictest reaches k="):
            run(frame, goal, sensitive=["health"])
        return
    found = run(frame, goal, sensitive=["health"])
    assert found.proven
    assert found.cost == pytest.approx(best / 2, abs=1e-5)
    assert found.after.k >= k
    assert (found.after.l or 0) >= least


def test_a_table_that_hides_well_stays_clear() -> None:
    """Where the goal is met in clear nothing is masked, and nothing is lost."""
    found = run(frame_of([(30, "aa", 0)] * 5), Goal(k=5))
    assert set(found.controls.values()) == {CLEAR}
    assert (found.cost, found.before, found.suppressed) == (0, found.after, 0)


def test_small_classes_are_emptied_where_that_costs_less() -> None:
    """Few odd rows lose their clear cells instead of all rows their detail, within the share."""
    rows = [(30, "aa", 0)] * 60 + [(30, "ab", 0)] * 37 + [(30, f"c{n}", 0) for n in range(3)]
    frame = frame_of(rows)
    named = Ladder(name="town", columns=("town",), controls=(CLEAR, control("redact")))
    goal = Goal(k=3, suppressed=0.05)
    found = choose(
        frame,
        [AGES, named],
        goal=goal,
        measure=measured,
        keys=Keys(),
        suppressible=frozenset({"town"}),
    )
    assert found.controls["town"].label == "suppress(by=age+town, k=3)"
    assert found.suppressed == 0.03
    masked = mask_table(frame, controls=found.controls, keys=Keys(), whole_table=True)
    assert row_classes(masked, ["age", "town"]).min() == found.after.k == 3
    assert masked.get_column("town").null_count() == 3
    without = choose(frame, [AGES, named], goal=Goal(k=3), measure=measured, keys=Keys())
    assert without.controls["town"].operator is Operator.REDACT
    unallowed = choose(frame, [AGES, named], goal=goal, measure=measured, keys=Keys())
    assert unallowed.controls["town"].operator is Operator.REDACT


def test_a_search_that_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound the strictest is loosened step by step: the goal is met, proof not claimed."""
    monkeypatch.setattr(search, "_MOST_MEASURED", 1)
    frame = frame_of([(20 + n, "aa", 0) for n in range(20)])
    found = run(frame, Goal(k=2))
    assert not found.proven
    assert found.after.k >= 2
    assert found.controls == {"age": control("bucket", width=2), "town": CLEAR}


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal(k=1), "`k` must be at least 2"),
        (Goal(l=0), "`l` at least 1"),
        (Goal(t=1.5), "from 0 to 1"),
        (Goal(suppressed=1.0), "below 1"),
    ],
)
def test_a_goal_out_of_range_is_refused(goal: Goal, words: str) -> None:
    """The message names the setting; nothing is searched."""
    with pytest.raises(UsageError, match=words):
        run(frame_of([(30, "aa", 0)]), goal)


def test_too_many_groups_are_refused() -> None:
    """The lattice is bounded: nine groups are one too many, and so is none too few."""
    with pytest.raises(UsageError, match="1 to 8 groups"):
        choose(pl.DataFrame(), [AGES] * 9, goal=Goal(), measure=measured, keys=Keys())
    with pytest.raises(UsageError, match="1 to 8 groups"):
        choose(pl.DataFrame(), [], goal=Goal(), measure=measured, keys=Keys())


def test_a_ladder_without_a_form_for_the_type_is_refused() -> None:
    """A table operator on one column alone has no form: the column is named, no value is."""
    only = Ladder(name="age", columns=("age",), controls=(control("suppress"),))
    with pytest.raises(MaskingError, match="no control left for `age`"):
        choose(frame_of([(30, "a", 0)]), [only], goal=Goal(), measure=measured, keys=Keys())


def test_an_unreachable_goal_names_what_was_reached() -> None:
    """One value in every class cannot be two: the message gives k, l and t, and what to do."""
    with pytest.raises(MaskingError, match=r"k=2, l=2, t=0.1: .* k=4, l=1, t=0.0; ask for less"):
        run(frame_of([(30, "aa", 1)] * 4), Goal(k=2, l=2, t=0.1), sensitive=["health"])
