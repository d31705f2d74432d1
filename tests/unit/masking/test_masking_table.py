"""Vectorised masking equals the scalar form, and never returns half a table."""

import hashlib
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.masking.table import mask_table
from policy_service.masking.values import mask_value


class Keys:
    def key(self, name: str) -> bytes:
        if name == "absent":
            raise KeyError(name)
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = [
    control("null"),
    control("redact"),
    control("replace", **{"with": "x"}),
    control("replace", **{"with": 7}),
    control("generalise", to="year"),
    control("generalise", to="month"),
    control("generalise", to="sex_and_year"),
    control("generalise", to="prefix", keep=2),
    control("bucket", width=1),
    control("bucket", width=1000),
    control("partial", first=0, last=4),
    control("partial", first=1, last=0),
    control("partial", first=2, last=2),
    control("pseudonymise", key="marketing"),
    CLEAR,
]
TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab -./:@_+(),0\x00é\n", max_size=14),
    st.from_regex(r"[0-9]{6}(/?[0-9]{3,4})?", fullmatch=True),
    st.dates().map(str),
)
COLUMNS = {
    pl.String: TEXT,
    pl.Int64: st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.integers(0, 999999),
    pl.Int8: st.integers(min_value=-128, max_value=127),
    pl.UInt64: st.integers(min_value=0, max_value=2**64 - 1),
    pl.Float64: st.floats(),
    pl.Float32: st.floats(width=32),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("us", "UTC"): st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    ),
    pl.Decimal(20, 2): st.decimals(
        min_value=-(10**15), max_value=10**15, places=2, allow_nan=False
    ),
    pl.Binary: st.binary(max_size=6),
}


def same(one: object, other: object) -> bool:
    """Compare two cells; NaN equals NaN."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("dtype", list(COLUMNS), ids=str)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_vectorised_equals_scalar(dtype: pl.DataType, data: st.DataObject) -> None:
    """Every operator gives the same cells on a column as on its values one by one."""
    values = data.draw(st.lists(st.none() | COLUMNS[dtype], max_size=6))
    series = pl.Series("c", values, dtype=dtype)
    for chosen in CONTROLS:
        masked = mask_table(series.to_frame(), controls={"c": chosen}, keys=KEYS)["c"].to_list()
        expected = [mask_value(value, chosen, keys=KEYS) for value in series.to_list()]
        assert all(map(same, masked, expected)), (chosen.label, values, masked, expected)
        assert len(masked) == len(values)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.from_regex(r"[0-9]{6,10}|[A-Z0-9]{5}-[0-9]{4}", fullmatch=True)))
def test_vectorised_format_preserving_equals_scalar(values: list[str | None]) -> None:
    """Format-preserving encryption gives the same cells in both forms."""
    chosen = control("format_preserving", key="p")
    frame = pl.DataFrame({"c": pl.Series(values, dtype=pl.String)})
    masked = mask_table(frame, controls={"c": chosen}, keys=KEYS)["c"].to_list()
    assert masked == [mask_value(value, chosen, keys=KEYS) for value in values]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.integers(min_value=10_000, max_value=999_999), max_size=8))
def test_six_digits_are_read_the_same_fast(values: list[int | None]) -> None:
    """The shortcut for columns of six digits equals the scalar form, as numbers and as text."""
    texts = [None if value is None else f"{value:06d}" for value in values]
    frame = pl.DataFrame(
        {"n": pl.Series(values, dtype=pl.Int64), "t": pl.Series(texts, dtype=pl.String)}
    )
    for to in ("year", "month", "sex_and_year"):
        chosen = control("generalise", to=to)
        masked = mask_table(frame, controls={"n": chosen, "t": chosen}, keys=KEYS)
        assert masked["n"].to_list() == [mask_value(one, chosen, keys=KEYS) for one in values]
        assert masked["t"].to_list() == [mask_value(one, chosen, keys=KEYS) for one in texts]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | st.text(alphabet="abcř9漢", max_size=9), max_size=8),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_plain_text_is_masked_the_same_fast(
    values: list[str | None], first: int, last: int
) -> None:
    """The shortcut for text without separators equals the scalar form."""
    chosen = control("partial", first=first, last=last)
    frame = pl.DataFrame({"t": pl.Series(values, dtype=pl.String)})
    masked = mask_table(frame, controls={"t": chosen}, keys=KEYS)
    assert masked["t"].to_list() == [mask_value(one, chosen, keys=KEYS) for one in values]


def test_denied_and_unlisted_columns_are_left_out() -> None:
    """A column that is denied or has no control is not in the masked table."""
    frame = pl.DataFrame({"a": [1], "b": [2], "c": [3]})
    masked = mask_table(frame, controls={"a": CLEAR, "b": DENY}, keys=KEYS)
    assert masked.columns == ["a"]


def test_one_bad_column_returns_nothing() -> None:
    """Where one column cannot be masked, the whole table is withheld and the source unchanged."""
    frame = pl.DataFrame({"a": [1, 2], "card": ["123", "4111111111111111"]})
    controls = {"a": CLEAR, "card": control("format_preserving", key="p")}
    with pytest.raises(MaskingError, match="a million values must be possible"):
        mask_table(frame, controls=controls, keys=KEYS)
    assert frame["card"].to_list() == ["123", "4111111111111111"]


@pytest.mark.parametrize(
    "chosen",
    [
        control("replace"),
        control("generalise"),
        control("generalise", to="week"),
        control("generalise", to="prefix", keep=0),
        control("bucket"),
        control("bucket", width=0),
        control("bucket", width=1.5),
        control("partial", last=-1),
    ],
    ids=lambda chosen: chosen.label,
)
def test_wrong_parameters_are_refused_in_both_forms(chosen: Control) -> None:
    """A parameter that is missing or out of range masks nothing, in either form."""
    frame = pl.DataFrame({"a": ["x"]})
    with pytest.raises(MaskingError):
        mask_table(frame, controls={"a": chosen}, keys=KEYS)
    with pytest.raises(MaskingError):
        mask_value("x", chosen, keys=KEYS)


@pytest.mark.parametrize("operator", ["pseudonymise", "format_preserving"])
@pytest.mark.parametrize("parameters", [{}, {"key": "absent"}, {"key": ""}])
def test_missing_key_denies(operator: str, parameters: dict[str, object]) -> None:
    """Without its key a keyed operator shows nothing, not even for an empty table."""
    chosen = control(operator, **parameters)
    with pytest.raises(KeyUnavailableError):
        mask_value("123456789", chosen, keys=KEYS)
    with pytest.raises(KeyUnavailableError):
        mask_table(pl.DataFrame({"a": ["123456"]}), controls={"a": chosen}, keys=KEYS)


def test_nested_columns_are_refused_where_they_have_no_text() -> None:
    """A list column can be redacted but not pseudonymised."""
    frame = pl.DataFrame({"a": [[1], [2]]})
    masked = mask_table(frame, controls={"a": control("redact")}, keys=KEYS)
    assert masked["a"].to_list() == ["[redacted]", "[redacted]"]
    with pytest.raises(MaskingError, match="no single text"):
        mask_table(frame, controls={"a": control("pseudonymise", key="p")}, keys=KEYS)


@pytest.mark.parametrize(
    ("value", "chosen", "expected"),
    [
        ("4111-1111-1111-1234", control("partial", last=4), "••••-••••-••••-1234"),
        ("ab", control("partial", first=1), "••"),
        ("...", control("partial", last=4), "•••"),
        ("jan.novak@bank.cz", control("partial", first=1), "j••.•••••@••••.••"),
        ("706213", control("generalise", to="sex_and_year"), "1970, female"),
        (450204, control("generalise", to="sex_and_year"), "1945, male"),
        ("706213/1234", control("generalise", to="month"), "1970-12"),
        ("536213/123", control("generalise", to="year"), "1953"),
        ("0551011234", control("generalise", to="sex_and_year"), "2005, female"),
        ("0521011234", control("generalise", to="sex_and_year"), "2005, male"),
        (930101, control("generalise", to="month"), "1993-01"),
        ("931107 00:00:00", control("generalise", to="year"), "1993"),
        ("1993-11-07T10:00:00Z", control("generalise", to="month"), "1993-11"),
        ("7. 11. 1993", control("generalise", to="month"), "1993-11"),
        ("7/11/1993", control("generalise", to="year"), "1993"),
        ("7/11/1993", control("generalise", to="month"), None),
        (1993, control("generalise", to="year"), "1993"),
        (19931107, control("generalise", to="year"), "1993"),
        (50101, control("generalise", to="year"), "1905"),
        ("939907", control("generalise", to="year"), None),
        ("somewhere", control("generalise", to="year"), None),
        (True, control("generalise", to="year"), None),
        (date(33, 1, 2), control("generalise", to="year"), "0033"),
        ("11000", control("generalise", to="prefix", keep=2), "11"),
        ("11", control("generalise", to="prefix", keep=2), None),
        (1999.5, control("bucket", width=1000), "[1000, 2000)"),
        (-1, control("bucket", width=1000), "[-1000, 0)"),
        (Decimal("2000.00"), control("bucket", width=1000), "[2000, 3000)"),
        (math.inf, control("bucket", width=10), None),
        (True, control("bucket", width=10), None),
        (2**70, control("bucket", width=10), None),
        ("12", control("bucket", width=10), None),
    ],
)
def test_masks_read_as_documented(value: object, chosen: Control, expected: object) -> None:
    """Each operator shows exactly what its description promises."""
    assert mask_value(value, chosen, keys=KEYS) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "p_6e8a156d1f56e226"),
        ("Anna Dvořáková", "p_21fd865be1b3b340"),
        (42, "p_6748ba75a055fe3d"),
        (None, None),
    ],
)
def test_pseudonyms_never_change(value: object, expected: str | None) -> None:
    """Pseudonyms stored today are found again by every later release."""
    chosen = control("pseudonymise", key="marketing")
    assert mask_value(value, chosen, keys=KEYS) == expected
    frame = pl.DataFrame({"a": [value]})
    assert mask_table(frame, controls={"a": chosen}, keys=KEYS)["a"].to_list() == [expected]


def test_denied_value_is_not_shown() -> None:
    """Masking a denied value is an error, never a value."""
    with pytest.raises(MaskingError, match="denied"):
        mask_value("x", DENY, keys=KEYS)


def test_format_preserving_keeps_the_form() -> None:
    """Separators, length and alphabet stay, and equal values stay equal."""
    chosen = control("format_preserving", key="p")
    masked = mask_value("4111-1111-1111-1234", chosen, keys=KEYS)
    assert isinstance(masked, str)
    assert [len(part) for part in masked.split("-")] == [4, 4, 4, 4]
    assert masked.replace("-", "").isdigit()
    assert masked != "4111-1111-1111-1234"
    assert masked == mask_value("4111-1111-1111-1234", chosen, keys=KEYS)
    with pytest.raises(MaskingError, match="ASCII"):
        mask_value("Dvořáková", chosen, keys=KEYS)
