"""The parameters of every operator: their names, types, ranges and defaults, in one place.

Pure description and checks, used where controls are written (amendments, verification)
and where they are carried out (masking). Not the values' meaning: that is in
`policies/controls.yaml`, which a test compares with this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from policy_service.domain.control import Control, Operator
from policy_service.domain.parameters import Parameters, ParameterValue

Kind = Literal["whole", "number", "text", "choice", "texts", "any"]

GENERALISATIONS = (
    "century",
    "decade",
    "level",
    "month",
    "prefix",
    "quarter",
    "sex_and_year",
    "year",
)
SYNTHETIC_KINDS = (
    "address",
    "card",
    "city",
    "email",
    "first_name",
    "last_name",
    "name",
    "phone",
)
NOISE_SHAPES = ("gaussian", "laplace")
AGGREGATES = ("count", "mean", "sum")
MOST_SHIFT_DAYS = 3650
HIERARCHY_LEVELS = {"countries": 2, "czech_districts": 3}  # those that ship with `masking`


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One parameter: what it may be, and what it is where it is not given."""

    name: str
    kind: Kind
    required: bool = False
    default: ParameterValue | None = None
    least: int | None = None  # numbers only; above 0 where `positive`
    most: int | None = None
    positive: bool = False
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say what the parameter has to be."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        noun = _NOUNS[self.kind]
        if self.least is not None and self.most is not None:
            return f"{noun} from {self.least} to {self.most}"
        if self.least is not None:
            return f"{noun} of at least {self.least}"
        return f"{noun} above 0" if self.positive else noun


_NOUNS: Mapping[Kind, str] = {
    "whole": "a whole number",
    "number": "a number",
    "text": "a name",
    "choice": "one of a list",
    "texts": "one name or several",
    "any": "a text or a number",
}
_KEY = ParameterSpec(name="key", kind="text", required=True)
_SUBJECT = ParameterSpec(name="subject", kind="text")
_LOW, _HIGH = (ParameterSpec(name=name, kind="number") for name in ("low", "high"))
_SMALLEST_GROUP = ParameterSpec(name="k", kind="whole", default=10, least=2)

SPECS: Mapping[Operator, tuple[ParameterSpec, ...]] = {
    Operator.DENY: (),
    Operator.NULL: (),
    Operator.REDACT: (),
    Operator.REPLACE: (ParameterSpec(name="with", kind="any", required=True),),
    Operator.AGGREGATE: (
        ParameterSpec(name="of", kind="choice", required=True, choices=AGGREGATES),
        ParameterSpec(name="by", kind="texts", required=True),
        _SMALLEST_GROUP,
        _LOW,
        _HIGH,
    ),
    Operator.GENERALISE: (
        ParameterSpec(name="to", kind="choice", required=True, choices=GENERALISATIONS),
        ParameterSpec(name="keep", kind="whole", default=3, least=1),
        ParameterSpec(name="hierarchy", kind="choice", choices=tuple(HIERARCHY_LEVELS)),
        ParameterSpec(name="table", kind="texts"),
        ParameterSpec(name="level", kind="whole", default=1, least=1),
    ),
    Operator.BUCKET: (ParameterSpec(name="width", kind="whole", required=True, least=1),),
    Operator.PARTIAL: (
        ParameterSpec(name="first", kind="whole", default=0, least=0),
        ParameterSpec(name="last", kind="whole", default=0, least=0),
    ),
    Operator.ENCRYPT: (_KEY,),
    Operator.TOKENISE: (_KEY,),
    Operator.SYNTHETIC: (
        ParameterSpec(name="kind", kind="choice", required=True, choices=SYNTHETIC_KINDS),
        _KEY,
    ),
    Operator.PSEUDONYMISE: (_KEY,),
    Operator.FORMAT_PRESERVING: (_KEY,),
    Operator.NOISE: (
        ParameterSpec(name="scale", kind="number", required=True, positive=True),
        ParameterSpec(name="shape", kind="choice", default="laplace", choices=NOISE_SHAPES),
        _KEY,
        _SUBJECT,
    ),
    Operator.DATE_SHIFT: (
        ParameterSpec(name="days", kind="whole", required=True, least=1, most=MOST_SHIFT_DAYS),
        _KEY,
        _SUBJECT,
    ),
    Operator.TOP_BOTTOM: (_LOW, _HIGH),
    Operator.SUPPRESS: (_SMALLEST_GROUP, ParameterSpec(name="by", kind="texts")),
    Operator.CLEAR: (),
}


def control_problem(control: Control) -> str:
    """Say in one line what is wrong with a control's parameters; empty where nothing is."""
    return next(_problems(control, strict=True), "")


def parameter_values(control: Control) -> Mapping[str, ParameterValue]:
    """Return the parameters with their defaults filled in; ones nobody knows are left out.

    Raises `ValueError` with the line of `control_problem`. A `key` that is missing or no
    name is no error here: who asks for the key tells it.
    """
    problem = next(_problems(control, strict=False), "")
    if problem:
        raise ValueError(problem)
    known = SPECS[control.operator]
    given = {one.name: control.parameters.get(one.name, one.default) for one in known}
    return {name: value for name, value in given.items() if value is not None}


def with_key(control: Control, key: str) -> Control:
    """Name `key` in a control that needs a key and names none."""
    if _KEY not in SPECS[control.operator] or control.parameters.get("key"):
        return control
    parameters = Parameters({**control.parameters, "key": key})
    return Control(operator=control.operator, parameters=parameters)


def column_names(value: ParameterValue | None) -> tuple[str, ...]:
    """Read the names of columns: a list, or one text such as `district_id+gender`."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split("+") if part.strip())
    return value if isinstance(value, tuple) else ()


def _problems(control: Control, *, strict: bool) -> Iterator[str]:
    operator, specs = control.operator.value, SPECS[control.operator]
    names = [one.name for one in specs]
    for name in control.parameters if strict else ():
        if name not in names:
            takes = ", ".join(f"`{one}`" for one in names) or "none"
            yield f"`{operator}` has no parameter `{name}`; it takes {takes}"
    for spec in specs if strict else [one for one in specs if one is not _KEY]:
        value = control.parameters.get(spec.name)
        if value is None and spec.required:
            yield f"`{operator}` needs parameter `{spec.name}`: {spec.words}"
        elif value is not None and not _fits(spec, value):
            yield f"`{operator}`: parameter `{spec.name}` must be {spec.words}"
    yield from _together(control)


def _fits(spec: ParameterSpec, value: ParameterValue) -> bool:
    match spec.kind:
        case "any":
            return not isinstance(value, tuple)
        case "text":
            return isinstance(value, str) and bool(value)
        case "choice":
            return value in spec.choices
        case "texts":
            return bool(value) and isinstance(value, str | tuple)
        case _:  # whole, number
            return _number_fits(spec, value)


def _number_fits(spec: ParameterSpec, value: ParameterValue) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and (spec.kind == "whole" or not abs(value) < float("inf")):
        return False
    if spec.positive and value <= 0:
        return False
    above = spec.least is None or value >= spec.least
    return above and (spec.most is None or value <= spec.most)


def _together(control: Control) -> Iterator[str]:
    """Check what parameters have to be to each other."""
    operator, given = control.operator.value, control.parameters
    low, high = given.get("low"), given.get("high")
    if control.operator is Operator.TOP_BOTTOM and low is None and high is None:
        yield f"`{operator}` needs parameter `low` or `high`: the limit beyond which values merge"
    if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
        yield f"`{operator}`: parameter `low` must be below `high`"
    if given.get("to") == "level" and control.operator is Operator.GENERALISE:
        if ("hierarchy" in given) == ("table" in given):
            yield (
                f"`{operator}` to a level needs either `hierarchy`, the name of one, or `table`, "
                "its rows"
            )
        depth = HIERARCHY_LEVELS.get(str(given.get("hierarchy")), 0)
        level = given.get("level", 1)
        if depth and isinstance(level, int) and level > depth:
            yield f"`{operator}`: this hierarchy has {depth} levels; lower `level`"
