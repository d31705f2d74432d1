"""Before and after, shown on made-up values: what masking does, without a value of anybody.

Values follow a column's type, category and commonest shape, never its data: they come from
a seed. One that happens to occur in the data is thrown away, before masking and after it, so
that who reads the sample learns no value. After masking, only whole values can: that some id is
`1954` does not make the year of a made-up birthday anybody's. Not `synthetic`: that stands in
for real values.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError
from policy_service.domain.parameters import Scalar
from policy_service.masking.canonical_text import text_of
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.operators.synthetic import synthetic
from policy_service.masking.values import mask_value

_DRAWN = 60  # candidates for each column; the later ones are longer than the shape
_RUNS = re.compile(r"(?P<word>[AX][ax]+)|(?P<upper>[AX]+)|(?P<lower>[ax]+)|(?P<digits>[90]+)")
_LETTERS = "bcdfghjklmnprstvwz"  # no vowel: no word comes out by chance
_KINDS = (
    ("user.name.first", "first_name"),
    ("user.name.last", "last_name"),
    ("user.name", "name"),
    ("user.contact.email", "email"),
    ("user.contact.phone_number", "phone"),
    ("user.contact.address.city", "city"),
    ("user.contact.address.street", "address"),
    ("user.financial.credit_card", "card"),
)
_FREE_TEXT = "user.content"
# What these show is a part or a class of a value, never a value.
_COARSE = (Operator.GENERALISE, Operator.BUCKET, Operator.PARTIAL)
_FIRST_DAY = date(1950, 1, 1)
_DAYS = 27_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of a column without its values. `birth`: it gives away a date of birth."""

    name: str
    data_type: str
    category: str
    shape: str
    birth: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeAfter:
    """Made-up cells of one column and what is shown of them; None is an empty cell."""

    column: str
    before: tuple[Scalar | None, ...]
    after: tuple[Scalar | None, ...]


def before_and_after(
    columns: Sequence[Described],
    controls: Mapping[str, Control],
    *,
    keys: MaskingKeys,
    in_data: Callable[[Sequence[str]], frozenset[str]],
    rows: int = 5,
    seed: int = 7,
) -> tuple[BeforeAfter, ...]:
    """Make up `rows` values for each column and mask them.

    `in_data` says which of some texts occur in the data; those are not used. Where too few
    are left, as for truth values, cells stay empty. Hand in keys that mask nothing real.
    """
    drawn = {
        one.name: list(_pairs(one, controls.get(one.name), keys=keys, seed=seed)) for one in columns
    }
    texts = {
        name: [_texts(pair, controls.get(name)) for pair in pairs] for name, pairs in drawn.items()
    }
    taken = in_data(sorted({text for each in texts.values() for told in each for text in told}))
    return tuple(
        _column(
            name,
            [pair for pair, told in zip(pairs, texts[name], strict=True) if not taken & told],
            rows,
        )
        for name, pairs in drawn.items()
    )


_Pair = tuple[Scalar, Scalar | None]


def _column(name: str, pairs: Sequence[_Pair], rows: int) -> BeforeAfter:
    used = (*pairs[:rows], *((None, None) for _ in range(rows - len(pairs))))
    return BeforeAfter(
        column=name, before=tuple(one for one, _ in used), after=tuple(one for _, one in used)
    )


def _texts(pair: _Pair, control: Control | None) -> frozenset[str]:
    whole = pair[:1] if control is not None and control.operator in _COARSE else pair
    shown = (text_of(one) for one in whole if one is not None)
    return frozenset(one for one in shown if one is not None)


def _pairs(
    column: Described, control: Control | None, *, keys: MaskingKeys, seed: int
) -> Iterator[_Pair]:
    chance = random.Random(f"{seed}:{column.name}")  # noqa: S311 - made-up values, no secret
    for turn in range(_DRAWN):
        made = _made(column, chance, longer=turn * 4 // _DRAWN)
        stored = _stored(made)
        if stored is not None:
            yield stored, _shown(made, control, keys)


def _shown(value: object, control: Control | None, keys: MaskingKeys) -> Scalar | None:
    if control is None or control.operator in (Operator.DENY, Operator.AGGREGATE):
        return None
    if control.operator is Operator.SUPPRESS:
        return _stored(value)  # as it is, where enough rows share it
    try:
        return _stored(mask_value(value, control, keys=keys))
    except EnforcementError:
        return None  # tokens and ciphers need stores that a sample has not


def _stored(value: object) -> Scalar | None:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return text_of(value)


def _made(column: Described, chance: random.Random, *, longer: int) -> object:
    """Make up one value, `longer` characters beyond the shape; None where any would be real."""
    if column.data_type == "boolean":
        return None
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    if column.data_type == "date":
        return day
    if column.data_type == "timestamp":
        return datetime(day.year, day.month, day.day, chance.randrange(24))  # noqa: DTZ001 - as databases keep it
    if column.category.startswith(_FREE_TEXT):
        return f"made-up text {chance.randrange(1000)}"
    kind = next((kind for start, kind in _KINDS if column.category.startswith(start)), "")
    if kind and column.data_type == "text":
        return synthetic(f"{column.name}{chance.random()}", kind=kind, key=str(longer))
    return _typed(_written(column, chance, day, longer), column.data_type)


def _written(column: Described, chance: random.Random, day: date, longer: int) -> str:
    shape = column.shape or "9999"
    if column.birth and shape.startswith("999999"):
        month = day.month + 50 * chance.randrange(2)
        begin = f"{day.year % 100:02d}{month:02d}{day.day:02d}"
        return begin + _RUNS.sub(lambda run: _drawn(run, chance), shape[6:])
    return _RUNS.sub(lambda run: _drawn(run, chance), shape + (shape[-1:] * longer))


def _drawn(run: re.Match[str], chance: random.Random) -> str:
    """Make up what a run of signs in a shape stands for; runs of letters lost their length."""
    if run["digits"]:
        return "".join(chance.choice("123456789") for _ in run["digits"])
    letters = [chance.choice(_LETTERS) for _ in range(1 if run[0] in ("A", "X") else 5)]
    word = "".join(letters)
    if run["word"]:
        return word.capitalize()
    return word.upper() if run["upper"] else word


def _typed(text: str, data_type: str) -> object:
    try:
        if data_type == "integer":
            return int(text)
        return float(text) if data_type == "decimal" else text
    except ValueError:  # a shape that is no number's
        return text
