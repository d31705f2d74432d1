"""Operators that came later equal their scalar form too, on whatever columns hold."""

import hashlib
import math
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.control import Control, Operator
from policy_service.domain.control_parameters import HIERARCHY_LEVELS, SYNTHETIC_KINDS
from policy_service.domain.errors import KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.masking.hierarchy import hierarchy_names, named_hierarchy
from policy_service.masking.table import mask_table
from policy_service.masking.values import mask_value


class Keys:
    def key(self, name: str) -> bytes:
        if name == "absent":
            raise KeyError(name)
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()
PRAGUE = ZoneInfo("Europe/Prague")


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = [
    control("generalise", to="quarter"),
    control("generalise", to="decade"),
    control("generalise", to="century"),
    control("generalise", to="level", hierarchy="countries", level=2),
    control("generalise", to="level", table=["a > b > c", "1|true > d > e"]),
    control("synthetic", kind="name", key="p"),
    control("synthetic", kind="card", key="p"),
    control("noise", scale=3, key="p"),
    control("noise", scale=0.05, shape="gaussian", key="p"),
    control("noise", scale=40000, key="p", subject="who"),
    control("date_shift", days=30, key="p"),
    control("date_shift", days=3650, key="p", subject="who"),
    control("top_bottom", low=-2, high=100),
    control("top_bottom", high=99.5),
]
DATE_TEXTS = st.one_of(
    st.dates().map(str),
    st.dates().map(lambda one: f"{one.day}. {one.month}. {one.year:04d}"),
    st.datetimes().map(str),
    st.from_regex(r"[0-9]{6}|[0-9]{8}", fullmatch=True),
)
COLUMNS = {
    pl.String: st.text(max_size=8) | DATE_TEXTS | st.sampled_from(["CZ", "côte d’ivoire", "a"]),
    pl.Int64: st.integers(-(2**63), 2**63 - 1) | st.integers(10_000, 99_999_999),
    pl.Int8: st.integers(-128, 127),
    pl.UInt64: st.integers(0, 2**64 - 1) | st.integers(0, 300),
    pl.Float64: st.floats() | st.floats(-200, 200),
    pl.Float32: st.floats(width=32),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("ms", "Europe/Prague"): st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    ).map(lambda one: one.replace(microsecond=0)),
    pl.Datetime("ns"): st.datetimes(
        min_value=datetime(1700, 1, 1),  # noqa: DTZ001 - naive on purpose
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - naive on purpose
    ),
    pl.Decimal(20, 2): st.decimals(-(10**15), 10**15, places=2, allow_nan=False),
    pl.Binary: st.binary(max_size=6),
    pl.Categorical: st.sampled_from(["a", "1993-11-07", "CZ"]),
    pl.Object: st.one_of(st.integers(), st.text(max_size=4), st.dates(), st.floats(-9, 9)),
}
SUBJECTS = st.none() | st.sampled_from(["jan", "eva", "", "1:a"])


def same(one: object, other: object) -> bool:
    """Compare two cells; NaN equals NaN."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("dtype", list(COLUMNS), ids=str)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_vectorised_equals_scalar(dtype: pl.DataType, data: st.DataObject) -> None:
    """Every later operator gives the same cells on a column as on its values one by one."""
    rows = data.draw(st.lists(st.tuples(st.none() | COLUMNS[dtype], SUBJECTS), max_size=5))
    series = pl.Series("c", [value for value, _ in rows], dtype=dtype)
    who = pl.Series("who", [subject for _, subject in rows], dtype=pl.String)
    frame = pl.DataFrame([series, who])
    for chosen in CONTROLS:
        expected = [
            mask_value(value, chosen, keys=KEYS, row={"who": subject})
            for value, subject in zip(series.to_list(), who.to_list(), strict=True)
        ]
        masked = mask_table(frame, controls={"c": chosen}, keys=KEYS)["c"].to_list()
        assert all(map(same, masked, expected)), (chosen.label, rows, masked, expected)
        assert len(masked) == len(rows)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.none() | st.integers(-500, 500), min_size=24, max_size=40),
    st.sampled_from([1, 7, 49, 100]),
)
def test_few_bands_are_written_the_same(values: list[int | None], width: int) -> None:
    """Numbers at the edges of bands fall in the same band in both forms, whole or not."""
    chosen = control("bucket", width=width)
    multiples = [None if one is None else float(one * width) for one in values]
    whole = pl.Series("n", values, dtype=pl.Int64)
    frame = pl.DataFrame([whole, pl.Series("x", multiples, dtype=pl.Float64)])
    masked = mask_table(frame, controls={"n": chosen, "x": chosen}, keys=KEYS)
    assert masked["n"].to_list() == [mask_value(one, chosen, keys=KEYS) for one in values]
    assert masked["x"].to_list() == [mask_value(one, chosen, keys=KEYS) for one in multiples]


@pytest.mark.parametrize("last", [0, 4])
@pytest.mark.parametrize(
    "values",
    [["4111111111111234", None], ["+111", "4111"], ["-0", "12"], ["１２３４", "9999"], [None]],
)
def test_columns_of_digits_are_hidden_the_same(values: list[str | None], last: int) -> None:
    """Digits of one length take a shortcut; signs and other digits do not fall for it."""
    chosen = control("partial", last=last)
    frame = pl.DataFrame({"t": pl.Series(values, dtype=pl.String)})
    masked = mask_table(frame, controls={"t": chosen}, keys=KEYS)["t"].to_list()
    assert masked == [mask_value(one, chosen, keys=KEYS) for one in values]


@pytest.mark.parametrize(
    ("value", "chosen", "expected"),
    [
        ("1993-11-07", control("generalise", to="quarter"), "1993-Q4"),
        (date(1993, 1, 2), control("generalise", to="decade"), "1990s"),
        (930101, control("generalise", to="century"), "1900s"),
        ("1993", control("generalise", to="quarter"), None),
        ("HRADEC KRALOVE", control("generalise", to="level", hierarchy="czech_districts"),
         "Hradec Králové Region"),
        ("cz", control("generalise", to="level", hierarchy="countries", level=2), "Europe"),
        ("Atlantis", control("generalise", to="level", hierarchy="countries"), None),
        ("J45", control("generalise", to="level", table="J44|J45 > airways"), "airways"),
        (120, control("top_bottom", low=18, high=89), 89),
        (-3.5, control("top_bottom", low=0), 0.0),
        (Decimal("99.99"), control("top_bottom", high=50.5), Decimal("50.50")),
        (float("inf"), control("top_bottom", high=10), 10.0),
        (float("nan"), control("top_bottom", high=10), None),
        ("12", control("top_bottom", high=10), None),
        (float("nan"), control("noise", scale=1, key="p"), None),
        ("12", control("noise", scale=1, key="p"), None),
        (True, control("noise", scale=1, key="p"), None),
        ("soon", control("date_shift", days=5, key="p"), None),
        ("1993-02-30", control("date_shift", days=5, key="p"), None),
        (b"1993-02-03", control("date_shift", days=5, key="p"), None),
        (date.max, control("date_shift", days=1, key="edge"), date.max - timedelta(days=1)),
    ],
)  # fmt: skip
def test_masks_read_as_documented(value: object, chosen: Control, expected: object) -> None:
    """Each operator shows exactly what its description promises."""
    assert mask_value(value, chosen, keys=KEYS) in (expected, None)
    if chosen.operator is not Operator.DATE_SHIFT:
        assert mask_value(value, chosen, keys=KEYS) == expected


SHIFT = control("date_shift", days=30, key="p", subject="who")


@settings(max_examples=30, deadline=None)
@given(
    st.dates(date(1900, 3, 1), date(1999, 10, 1)),
    st.dates(date(1900, 3, 1), date(1999, 10, 1)),
    st.text(max_size=4),
)
def test_intervals_of_one_subject_stay(first: date, second: date, who: str) -> None:
    """All dates of a subject move by the same 1 to 30 days, in whatever form they are written."""
    row = {"who": who}
    moved = [mask_value(one, SHIFT, keys=KEYS, row=row) for one in (first, second)]
    assert all(isinstance(one, date) for one in moved)
    shift = moved[0] - first  # type: ignore[operator]  # just checked
    assert moved[1] - second == shift  # type: ignore[operator]  # just checked
    assert 1 <= abs(shift.days) <= 30
    again = first + shift
    forms = {
        first.isoformat(): again.isoformat(),
        f"{first} 10:00:00": f"{again} 10:00:00",
        f"{first:%d.%m.%Y}": f"{again:%d.%m.%Y}",
        int(f"{first:%Y%m%d}"): int(f"{again:%Y%m%d}"),
        f"{first:%y%m%d}": f"{again:%y%m%d}",
    }
    assert {one: mask_value(one, SHIFT, keys=KEYS, row=row) for one in forms} == forms


def test_shifts_differ_between_subjects_and_keys() -> None:
    """Who is not the same person is not shifted by the same days, nor under another key."""
    day = date(2020, 1, 1)
    other = control("date_shift", days=3650, key="q", subject="who")
    chosen = control("date_shift", days=3650, key="p", subject="who")
    found = {mask_value(day, chosen, keys=KEYS, row={"who": one}) for one in range(50)}
    assert len(found) > 45
    assert mask_value(day, chosen, keys=KEYS, row={"who": 1}) != mask_value(
        day, other, keys=KEYS, row={"who": 1}
    )


@pytest.mark.parametrize("zone", [None, UTC])
def test_times_at_the_end_of_the_calendar_become_empty(zone: tzinfo | None) -> None:
    """A time that a shift would carry out of the calendar is not shown, in either form."""
    last = datetime(9999, 12, 31, 23, tzinfo=zone)
    shown = [mask_value(last, SHIFT, keys=KEYS, row={"who": one}) for one in range(20)]
    assert None in shown
    who = pl.Series("who", range(20))
    frame = pl.DataFrame([pl.Series("c", [last] * 20), who])
    assert mask_table(frame, controls={"c": SHIFT}, keys=KEYS)["c"].to_list() == shown


def test_birth_numbers_of_women_stay_so() -> None:
    """Six digits with 50 added to the month keep it when the date moves."""
    moved = mask_value("706213", control("date_shift", days=9, key="p"), keys=KEYS)
    assert isinstance(moved, str)
    assert moved[2] in "56"
    assert moved != "706213"


def test_aware_times_move_by_whole_days_of_utc() -> None:
    """A time keeps its zone, and its time of day in UTC."""
    at = datetime(2024, 3, 30, 12, 30, tzinfo=PRAGUE)
    moved = mask_value(at, SHIFT, keys=KEYS, row={"who": "jan"})
    assert isinstance(moved, datetime)
    assert moved.tzinfo is PRAGUE
    assert (moved.astimezone(UTC) - at.astimezone(UTC)) % timedelta(days=1) == timedelta(0)


@pytest.mark.parametrize("operator", ["date_shift", "noise"])
def test_a_subject_must_be_there(operator: str) -> None:
    """Without the column that names the person nothing is shown, in either form."""
    settings = {"days": 3} if operator == "date_shift" else {"scale": 3}
    chosen = control(operator, key="p", subject="who", **settings)
    with pytest.raises(MaskingError, match="needs column `who` of the same row"):
        mask_value(1, chosen, keys=KEYS)
    with pytest.raises(MaskingError, match="needs column `who` of the same table"):
        mask_table(pl.DataFrame({"c": [1]}), controls={"c": chosen}, keys=KEYS)


def test_noise_does_not_average_away() -> None:
    """The same cell shows the same noise however often it is read; subjects differ."""
    chosen = control("noise", scale=100, key="p", subject="who")
    read = {mask_value(5000, chosen, keys=KEYS, row={"who": "jan"}) for _ in range(5)}
    assert len(read) == 1
    assert len({mask_value(5000, chosen, keys=KEYS, row={"who": one}) for one in range(40)}) > 20


@pytest.mark.parametrize("shape", ["laplace", "gaussian"])
def test_noise_keeps_means(shape: str) -> None:
    """Noise is centred and as wide as its scale says."""
    chosen = control("noise", scale=10, shape=shape, key="p")
    frame = pl.DataFrame({"n": pl.Series(range(0, 40_000, 2), dtype=pl.Float64)})
    noise = mask_table(frame, controls={"n": chosen}, keys=KEYS)["n"] - frame["n"]
    mean, spread = noise.mean(), noise.abs().mean()
    assert isinstance(mean, float)
    assert isinstance(spread, float)
    assert abs(mean) < 0.5
    assert spread == pytest.approx(10 if shape == "laplace" else 7.98, rel=0.05)


def test_noise_is_rounded_so_that_it_does_not_give_the_value_away() -> None:
    """Whole numbers stay whole, and what is shown lies on the grid of the scale."""
    chosen = control("noise", scale=5000, key="p")
    shown = [mask_value(one, chosen, keys=KEYS) for one in range(1000, 1100)]
    assert all(isinstance(one, int) and one % 10 == 0 for one in shown)
    cents = mask_value(Decimal("10.00"), control("noise", scale=1, key="p"), keys=KEYS)
    assert isinstance(cents, Decimal)
    assert cents.as_tuple().exponent == -2


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20), st.sampled_from(SYNTHETIC_KINDS))
def test_made_up_values_are_never_the_original(value: str, kind: str) -> None:
    """A made-up value is stable, of its kind, and not what it stands for."""
    chosen = control("synthetic", kind=kind, key="p")
    made = mask_value(value, chosen, keys=KEYS)
    assert made == mask_value(value, chosen, keys=KEYS)
    assert isinstance(made, str)
    assert made.casefold() != value.strip().casefold()
    assert mask_value(made, chosen, keys=KEYS) != made
    if kind == "email":
        assert made.rsplit("@", 1)[1] in ("example.com", "example.net", "example.org")


@settings(max_examples=30, deadline=None)
@given(st.from_regex(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}|[0-9]{12,19}|x", fullmatch=True))
def test_made_up_cards_pass_luhn_and_belong_to_nobody(value: str) -> None:
    """The layout stays, the check digit is right, and no issuer has the prefix."""
    made = str(mask_value(value, control("synthetic", kind="card", key="p"), keys=KEYS))
    digits = [int(one) for one in made if one.isdigit()]
    doubled = [2 * one - 9 * (one > 4) for one in digits[-2::-2]]
    assert (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
    assert made.startswith("9999")
    assert value == "x" or [one == "-" for one in made] == [one == "-" for one in value]


def test_an_unknown_hierarchy_is_named_with_those_there_are() -> None:
    """Who asks for a hierarchy that does not ship is told what does."""
    with pytest.raises(MaskingError, match="use one of countries, czech_districts, or a `table`"):
        named_hierarchy("mars")


def test_shipped_hierarchies_are_those_the_domain_names() -> None:
    """Names and depths that amendments are checked against are those that can be climbed."""
    found = {name: named_hierarchy(name).depth for name in hierarchy_names()}
    assert found == HIERARCHY_LEVELS


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a > b", "c > d > e"], "different length"),
        (["a"], "different length"),
        (["a > b", "A > c"], "two things of one value"),
    ],
)
def test_a_hierarchy_that_is_no_hierarchy_masks_nothing(rows: list[str], said: str) -> None:
    """Rows that disagree are refused before any value is read."""
    with pytest.raises(MaskingError, match=said):
        mask_value("a", control("generalise", to="level", table=rows), keys=KEYS)


@pytest.mark.parametrize(
    "chosen",
    [
        control("generalise", to="level"),
        control("generalise", to="level", hierarchy="countries", level=3),
        control("generalise", to="level", table="a > b", level=2),
        control("generalise", to="level", hierarchy="elsewhere"),
        control("synthetic", kind="dog", key="p"),
        control("noise", scale=0, key="p"),
        control("noise", scale=float("inf"), key="p"),
        control("noise", scale=True, key="p"),
        control("noise", scale=1, shape="flat", key="p"),
        control("date_shift", days=0, key="p"),
        control("date_shift", days=4000, key="p"),
        control("date_shift", days=3, key="p", subject=1),
        control("top_bottom"),
        control("top_bottom", low=3, high=3),
        control("top_bottom", low=0.2, high=0.8),
    ],
    ids=lambda chosen: chosen.label,
)
def test_wrong_parameters_are_refused_in_both_forms(chosen: Control) -> None:
    """A parameter that is missing or out of range masks nothing, in either form."""
    with pytest.raises(MaskingError):
        mask_table(pl.DataFrame({"a": [1]}), controls={"a": chosen}, keys=KEYS)
    with pytest.raises(MaskingError):
        mask_value(1, chosen, keys=KEYS)


@pytest.mark.parametrize(
    "chosen",
    [
        control("synthetic", kind="name"),
        control("noise", scale=1, key="absent"),
        control("date_shift", days=1, key=""),
        control("tokenise", key="p"),
        control("encrypt", key="p"),
    ],
    ids=lambda chosen: chosen.label,
)
def test_a_missing_key_or_vault_denies(chosen: Control) -> None:
    """Without its key, vault or cipher an operator shows nothing, not even of an empty table."""
    with pytest.raises(KeyUnavailableError):
        mask_value(1, chosen, keys=KEYS)
    for values in ([1], []):
        frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.Int64)})
        with pytest.raises(KeyUnavailableError):
            mask_table(frame, controls={"a": chosen}, keys=KEYS)


AWKWARD = [
    pl.Series("c", ["\x00", "a\x00b", "👩‍🚀", "שלום", "x" * 200_000, "\u202egnp.exe"]),
    pl.Series("c", [b"\xff\xfe", b""]),
    pl.Series("c", [{"a": 1}, {"a": None}]),
    pl.Series("c", [[1, 2], []]),
    pl.Series("c", ['{"name": "Jana"}', "[1, 2]"]),
    pl.Series("c", [1, "two", 3.0, None, date(2020, 1, 1), [1]], dtype=pl.Object),
    pl.Series("c", [timedelta(days=1)]),
    pl.Series("c", [None, None]),
]


@pytest.mark.parametrize("column", AWKWARD, ids=lambda one: str(one.dtype))
def test_awkward_columns_are_masked_as_cells_or_refused(column: pl.Series) -> None:
    """Whatever a column holds, both forms agree: the same cells, or an error and no table."""
    for chosen in CONTROLS:
        subject = {"who": "jan"}
        frame = pl.DataFrame([column, pl.Series("who", ["jan"] * len(column))])
        try:
            expected = [mask_value(one, chosen, keys=KEYS, row=subject) for one in column.to_list()]
        except MaskingError:
            with pytest.raises(MaskingError):
                mask_table(frame, controls={"c": chosen}, keys=KEYS)
            continue
        masked = mask_table(frame, controls={"c": chosen}, keys=KEYS)["c"].to_list()
        assert all(map(same, masked, expected)), chosen.label


@pytest.mark.parametrize("operator", ["suppress", "aggregate"])
def test_single_values_have_no_groups(operator: str) -> None:
    """What needs the whole table is refused for one value, with what to do instead."""
    with pytest.raises(MaskingError, match="mask the whole table"):
        mask_value(1, control(operator), keys=KEYS)
