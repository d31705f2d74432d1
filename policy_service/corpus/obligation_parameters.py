"""The parameters that an obligation of each kind may carry: a closed set.

What is not listed here is refused, so that a misspelt limit can never be a limit
that nobody holds. `docs/corpus.md` describes each for people.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from policy_service.corpus.taxonomy import data_uses, nearest
from policy_service.domain.control import Action, Operator
from policy_service.domain.provision import ControlKind

Check: TypeAlias = Callable[[object], str]  # what is wrong with the value; empty: nothing


def _flag(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _count(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return "" if whole else "must be a whole number, 0 or more"


def _text(value: object) -> str:
    return "" if isinstance(value, str) and value else 'must be text: put it in quotes ("1.2")'


def _texts(value: object) -> str:
    fine = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
    return "" if fine else "must be a list of words"


def _one_of(*words: str) -> Check:
    return lambda value: "" if value in words else f"must be one of {', '.join(words)}"


def _some_of(*words: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, list):
            return "must be a list of words"
        unknown = [one for one in value if one not in words]
        return f"has unknown `{unknown[0]}`: use {', '.join(words)}" if unknown else _texts(value)

    return check


def _purposes(value: object) -> str:
    if not isinstance(value, list):
        return "must be a list of fideslang data uses"
    unknown = [one for one in value if one not in data_uses()]
    if unknown:
        return f"has unknown `{unknown[0]}`: nearest {nearest(str(unknown[0]), data_uses())}"
    return _texts(value)


_MASKS = tuple(one.value for one in Operator if one is not Operator.CLEAR)

CHECKS: Mapping[ControlKind, Mapping[str, Check]] = {
    ControlKind.ACCESS: {
        "basis": _one_of("need_to_know", "least_privilege", "role_based", "default_deny"),
        "actions": _some_of(*(one.value for one in Action)),
        "mfa": _flag,
        "review_days": _count,
        "unique_ids": _flag,
        "revoke": _flag,
    },
    ControlKind.PURPOSE_LIMITATION: {"excluded_purposes": _purposes, "compatible_only": _flag},
    ControlKind.MASKING: {
        "visible_first": _count,
        "visible_last": _count,
        "operators": _some_of(*_MASKS),
        "unless_purposes": _purposes,
        "join_ok": _flag,
        "separate_keys": _flag,
        "k": _count,
    },
    ControlKind.ENCRYPTION_AT_REST: {
        "algorithm": _text,
        "min_key_bits": _count,
        "modes": _texts,
        "granularity": _one_of("disk", "file", "column"),
        "aead": _flag,
    },
    ControlKind.ENCRYPTION_IN_TRANSIT: {
        "min_tls": _one_of("1.2", "1.3"),
        "algorithm": _text,
        "min_key_bits": _count,
    },
    ControlKind.KEY_MANAGEMENT: {
        "rotation_days": _count,
        "min_key_bits": _count,
        "separate_custody": _flag,
        "split_knowledge": _flag,
        "destroy": _flag,
    },
    ControlKind.RETENTION: {
        "max_days": _count,
        "min_days": _count,
        "criteria": _one_of("no_longer_needed", "legal_minimum", "authorisation_complete"),
    },
    ControlKind.ERASURE: {
        "deadline_days": _count,
        "on_request": _flag,
        "method": _one_of("erase", "anonymise", "sanitise"),
    },
    ControlKind.AUDIT: {
        "min_days": _count,
        "review_days": _count,
        "record": _some_of("who", "what", "when", "where", "outcome"),
        "tamper_evident": _flag,
    },
    ControlKind.SEPARATION_OF_DUTIES: {"between": _texts},
    ControlKind.AUTHENTICATION: {
        "mfa": _flag,
        "idle_minutes": _count,
        "max_attempts": _count,
        "min_length": _count,
    },
    ControlKind.CLASSIFICATION: {"inventory": _flag, "labels": _flag, "risk_based": _flag},
}


def parameter_problem(kind: ControlKind, parameters: Mapping[str, object]) -> str:
    """Say what is wrong with the parameters of an obligation of `kind`; empty: nothing."""
    known = CHECKS[kind]
    for name, value in parameters.items():
        if name not in known:
            return f"`{kind}` has no parameter `{name}`: nearest {nearest(name, known)}"
        if wrong := known[name](value):
            return f"parameter `{name}` {wrong}"
    return ""
