"""Table operators: small classes are emptied, figures of small groups are not shown."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.errors import MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.masking.catalogue import table_operators
from policy_service.masking.table import mask_table


class Keys:
    def key(self, name: str) -> bytes:
        return name.encode().ljust(32, b"\x00")


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def mask(frame: pl.DataFrame, **controls: Control) -> pl.DataFrame:
    """Mask a whole table."""
    return mask_table(frame, controls=controls, keys=Keys(), whole_table=True)


ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.none() | st.integers(0, 2), st.floats()),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(2, 4))
def test_suppressed_classes_have_k_rows(
    rows: list[tuple[str | None, int | None, float]], k: int
) -> None:
    """A pair of values is shown exactly where k rows have it; the other columns stay."""
    frame = pl.DataFrame(
        rows, schema={"g": pl.String, "n": pl.Int64, "x": pl.Float64}, orient="row"
    )
    chosen = control("suppress", k=k)
    masked = mask(frame, g=chosen, n=chosen, x=CLEAR)
    sizes = Counter((g, n) for g, n, _ in rows)
    expected = [(g, n) if sizes[g, n] >= k else (None, None) for g, n, _ in rows]
    assert masked.select("g", "n").rows() == expected
    assert masked["x"].equals(frame["x"])


def test_a_class_is_made_of_what_is_shown() -> None:
    """Values that are generalised before count as the same; the columns of `by` stay."""
    frame = pl.DataFrame(
        {"born": ["1970-01-01", "1970-05-05", "1980-02-02"], "sex": ["f", "f", "f"]}
    )
    year = control("generalise", to="year")
    masked = mask(frame, born=year, sex=control("suppress", k=2, by="born"))
    assert masked.rows() == [("1970", "f"), ("1970", "f"), ("1980", None)]


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(2, 3), st.sampled_from(["count", "sum", "mean"]))
def test_figures_need_k_rows(
    rows: list[tuple[str | None, int | None, float]], k: int, figure: str
) -> None:
    """Each row shows its group's figure over the values there are, or nothing below k."""
    frame = pl.DataFrame(
        rows, schema={"g": pl.String, "n": pl.Int64, "x": pl.Float64}, orient="row"
    )
    masked = mask(frame, g=CLEAR, n=control("aggregate", of=figure, by="g", k=k, high=1))
    for (group, _, _), shown in zip(rows, masked["n"].to_list(), strict=True):
        values = [min(n, 1) for g, n, _ in rows if g == group and n is not None]
        if len(values) < k:
            assert shown is None
        else:
            figures = {
                "count": len(values),
                "sum": sum(values),
                "mean": sum(values) / len(values),
            }
            assert shown == pytest.approx(figures[figure])


def test_what_is_no_number_counts_and_nothing_else() -> None:
    """Infinite values count nowhere; text can only be counted."""
    frame = pl.DataFrame({"g": ["a"] * 3, "x": [1.0, 3.0, float("inf")], "t": ["u", "v", None]})
    masked = mask(
        frame,
        g=CLEAR,
        x=control("aggregate", of="mean", by="g", k=2),
        t=control("aggregate", of="count", by="g", k=2),
    )
    assert masked.rows() == [("a", 2.0, 2)] * 3
    with pytest.raises(MaskingError, match="`t` has no numbers to aggregate"):
        mask(frame, g=CLEAR, t=control("aggregate", of="sum", by="g"))


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ({"x": control("aggregate", of="sum", by="g")}, "column `g`, which is not shown"),
        ({"x": control("suppress", by="hidden")}, "column `hidden`, which is not shown"),
        ({"x": control("aggregate", by="g")}, "needs parameter `of`"),
        ({"x": control("aggregate", of="sum", by="g", k=1)}, "of at least 2"),
        ({"x": control("aggregate", of="sum", by="g", low=2, high=1)}, "must be below `high`"),
    ],
)
def test_groups_that_cannot_be_made_are_refused(controls: dict[str, Control], said: str) -> None:
    """A hidden column cannot be read off groups, and wrong parameters mask nothing."""
    frame = pl.DataFrame({"g": ["a"], "x": [1]})
    with pytest.raises(MaskingError, match=said):
        mask(frame, **controls)


@pytest.mark.parametrize("chosen", [control("suppress"), control("aggregate", of="sum", by="g")])
def test_a_part_of_a_table_is_refused(chosen: Control) -> None:
    """Unless the caller says that these are all rows, nothing is shown."""
    frame = pl.DataFrame({"g": ["a"], "x": [1]})
    controls = {"g": CLEAR, "x": chosen}
    assert table_operators(controls) == ("x",)
    with pytest.raises(MaskingError, match=r"column `x` .* needs all rows at once"):
        mask_table(frame, controls=controls, keys=Keys())
