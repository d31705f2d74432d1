"""Numbers are compared exactly, where floats would call different ones equal."""

from decimal import Decimal
from math import inf

import polars as pl
import pytest

from policy_service.domain.predicate import Comparator, Comparison
from policy_service.enforcement.partial import row_passes
from policy_service.middleware.arrow_predicates import arrow_filter
from policy_service.middleware.polars_predicates import polars_filter
from policy_service.middleware.predicate_bounds import SIGNS, float_bound, whole_bound

BIG = 2**53
VALUES = (
    0, 1, -1, 2.5, -2.5, BIG, BIG + 1, BIG - 1, float(BIG), -BIG - 1, 2**63, -(2**63), 2**64 + 1,
    10**40, -(10**40), 10**400, -(10**400), inf, -inf, 1e300, 0.1, -0.0, 5e-324,
)  # fmt: skip
WHOLE = (None, 0, 1, -1, 2, 3, -3, BIG, BIG + 1, BIG - 1, -BIG - 1, 2**63 - 1, -(2**63))
REAL = (None, 0.0, 1.0, 2.5, -2.5, 0.1, float(BIG), float(BIG + 2), -float(BIG), 1e300, inf, -inf)
MONEY = (None, Decimal("0.10"), Decimal("2.50"), Decimal("-2.50"), Decimal("1.00"))


@pytest.mark.parametrize("comparator", Comparator)
def test_tables_compare_as_numbers_do(comparator: Comparator) -> None:
    """For each value, and columns of whole numbers, doubles and decimals."""
    frame = pl.DataFrame(
        {
            "whole": pl.Series(WHOLE, dtype=pl.Int64),
            "real": pl.Series([*REAL, None], dtype=pl.Float64),
            "money": pl.Series(MONEY + (None,) * 8, dtype=pl.Decimal(12, 2)),
        }
    ).with_row_index("n")
    table, rows = frame.to_arrow(), frame.rows(named=True)
    for column in ("whole", "real", "money"):
        for value in VALUES:
            one = Comparison(column=column, comparator=comparator, value=value)
            wanted = [row["n"] for row in rows if row_passes(one, row)]
            kept = frame.filter(polars_filter(one, frame.schema))["n"].to_list()
            found = table.filter(arrow_filter(one, table.schema))["n"].to_pylist()
            assert (kept, found) == (wanted, wanted), (column, value)


@pytest.mark.parametrize("comparator", Comparator)
def test_a_bound_means_what_the_value_means(comparator: Comparator) -> None:
    """The moved comparator and number hold for the same numbers; plain Python is the witness."""
    sign = SIGNS[comparator]
    for value in VALUES:
        for bound, numbers in (
            (whole_bound(comparator, value), WHOLE),
            (float_bound(comparator, value), REAL),
        ):
            for number in numbers:
                if number is None:
                    continue
                held = bound if isinstance(bound, bool) else SIGNS[bound[0]](number, bound[1])
                assert held == sign(number, value), (value, number, bound)
