"""Words for people: what the portal calls states, controls, assets and times. Pure."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from policy_service.domain.control import Control, Operator
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.kit.clock import parse_rfc3339

_BRIEF = 32  # signs of a name in a table
_CODE = re.compile(r"`([^`]+)`")
_OPERATORS = {
    Operator.DENY: "no access",
    Operator.NULL: "empty value",
    Operator.REDACT: "redacted",
    Operator.REPLACE: "a constant",
    Operator.ENCRYPT: "encrypted",
    Operator.SYNTHETIC: "made-up value",
    Operator.FORMAT_PRESERVING: "same-format token",
    Operator.CLEAR: "in clear",
}
_COARSE = {"level": "wider place or group"}
_LIMITS = (("low", "from"), ("high", "to"))
_LABELS: Mapping[str, str] = {
    "in_review": "in review",
    "changes_requested": "changes requested",
    "rolled_back": "rolled back",
    "data_engineering": "data engineering",
    "approve": "approved",
    "amend": "amended",
    "reject": "rejected",
    "comment": "commented",
    "no_matching_rule": "no rule allows it",
    "denied_by_rule": "a rule denies it",
}


def label(value: object) -> str:
    """Write an enum's value as people would: `in_review` → `in review`."""
    text = str(value)
    return _LABELS.get(text, text.replace("_", " "))


def control_words(control: Control) -> str:
    """Say how a value is shown, in a few words."""
    parameters = control.parameters
    match control.operator:
        case Operator.PARTIAL:
            ends = [
                f"{name} {parameters[name]}" for name in ("first", "last") if parameters.get(name)
            ]
            return f"{' and '.join(ends)} characters" if ends else "every character covered"
        case Operator.GENERALISE:
            to = str(parameters.get("to", ""))
            if to == "prefix":
                return f"first {parameters.get('keep', 0)} characters"
            return f"{_COARSE.get(to, to.replace('_', ' '))} only" if to else "generalised"
        case Operator.PSEUDONYMISE | Operator.TOKENISE:
            stands = "token" if control.operator is Operator.TOKENISE else "keyed pseudonym"
            return f"{stands} ({purpose_words(str(parameters.get('key', '')))})"
        case _:
            return _OPERATORS.get(control.operator) or _by_settings(control)


def _by_settings(control: Control) -> str:  # noqa: PLR0911 - one return for each operator
    """Say how far a value is moved, limited or merged with others."""
    given = control.parameters
    k = given.get("k", 10)
    match control.operator:
        case Operator.BUCKET:
            return f"bands of {given.get('width', '?')}"
        case Operator.NOISE:
            return f"noise of about {given.get('scale', '?')}"
        case Operator.DATE_SHIFT:
            return f"shifted by up to {given.get('days', '?')} days"
        case Operator.TOP_BOTTOM:
            ends = [f"{words} {given[name]}" for name, words in _LIMITS if name in given]
            return f"limited {' '.join(ends)}"
        case Operator.SUPPRESS:
            return f"hidden where fewer than {k} share it"
        case Operator.AGGREGATE:
            return f"{given.get('of', 'figure')} of at least {k} rows"
        case _:
            return label(control.operator)


def purpose_words(purpose: str) -> str:
    """Write a data use shortly: `essential.service.operations` → `service operations`."""
    parts = purpose.split(".")
    kept = parts[1:] if len(parts) > 1 and parts[0] == "essential" else parts
    return " ".join(kept).replace("_", " ")


def short_asset(asset: str) -> str:
    """Write an asset without source and schema: `bank.public.client.email` → `client.email`."""
    parts = asset_parts(AssetId(asset))
    return ".".join(parts[2:]) if len(parts) > 2 else asset


def column_name(asset: str) -> str:
    """Return the last name of an asset id."""
    return asset_parts(AssetId(asset))[-1]


def when(at: str) -> str:
    """Write a stored time as `2 Mar 2026, 12:00 UTC`; what is no time stays as it is."""
    try:
        time = parse_rfc3339(at)
    except ValueError:
        return at
    return f"{time.day} {time:%b %Y, %H:%M} UTC"


def percent(share: float) -> str:
    """Write a share from 0 to 1: `81 %`."""
    return f"{share * 100:.0f} %"


def value_words(value: object) -> str:
    """Write a parameter's value: `True` → `yes`, a list with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(value_words(one) for one in value)
    return str(value)


def brief(name: str) -> str:
    """Cut a name that ends in a long digest; the page gives it in full as a title."""
    return name if len(name) <= _BRIEF else f"{name[: _BRIEF - 1]}…"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: `1 rule`, `2 rules`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def code(text: object) -> Markup:
    """Escape text and set what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


FILTERS = {
    "brief": brief,
    "value": value_words,
    "label": label,
    "control": control_words,
    "purpose": purpose_words,
    "short": short_asset,
    "column": column_name,
    "when": when,
    "percent": percent,
    "code": code,
}
