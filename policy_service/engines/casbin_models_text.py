"""Casbin's own text formats, read strictly: what Casbin would pass over in silence is refused.

A model's sections and keys, and a policy's rows. Not what they mean: see `casbin_models`.
Source: the PERM metamodel's model and policy files, as pycasbin 2.8 reads them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policy_service.domain.errors import EnforcementError, PolicyRowError

_SECTIONS = {
    "request_definition": re.compile(r"r"),
    "policy_definition": re.compile(r"p"),
    "role_definition": re.compile(r"g[2-9]?"),
    "policy_effect": re.compile(r"e"),
    "matchers": re.compile(r"m"),
}
_NEEDED = ("r", "p", "e", "m")
_OPENING, _CLOSING = "([", ")]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One row of a policy: its kind (`p`, `g`, `g2` …), its fields, and its line from 1."""

    kind: str
    fields: tuple[str, ...]
    line: int


def check_model_text(model_conf: str) -> None:
    """Refuse a model with sections or keys that Casbin would ignore, or with one of them twice.

    Raises `EnforcementError` naming the line.
    """
    section, found = "", set[str]()
    for line, text in _logical_lines(model_conf):
        if text.startswith("["):
            section = text.strip("[]").strip()
            if section not in _SECTIONS:
                raise EnforcementError(f"model line {line}: there is no section `{section}`")
            continue
        key, equals, value = (part.strip() for part in text.partition("="))
        form = _SECTIONS.get(section)
        if form is None or not equals or not value or not form.fullmatch(key):
            raise EnforcementError(
                f"model line {line}: `{key}` is no definition of section `{section}`; "
                "one request, policy, effect and matcher are read"
            )
        if key in found:
            raise EnforcementError(f"model line {line}: `{key}` is defined twice; keep one")
        found.add(key)
    _check_keys(found)


def read_rows(policy_csv: str) -> tuple[ModelRow, ...]:
    """Read a policy's rows. Commas within brackets are no separators, as in Casbin.

    Raises `PolicyRowError` with the line for brackets that do not match and empty fields.
    """
    rows = []
    for line, text in enumerate(policy_csv.splitlines(), start=1):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        kind, *fields = _split(stripped, line)
        if not fields or not kind or not all(fields):
            raise PolicyRowError(f"policy line {line} has an empty field; fill it", line=line)
        rows.append(ModelRow(kind=kind, fields=tuple(fields), line=line))
    return tuple(rows)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; one that ends in a backslash goes on in the next."""
    start, held = 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not held and (not line or line[0] in "#;"):
            continue
        start = start if held else number
        held += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield start, held
            held = ""
    if held:
        raise EnforcementError(f"model line {start} is not finished; remove its last backslash")


def _check_keys(found: set[str]) -> None:
    missing = [key for key in _NEEDED if key not in found]
    if missing:
        raise EnforcementError(f"the model defines no `{missing[0]}`; add its section")
    links = sorted(key for key in found if key.startswith("g"))
    wanted = ["g", *(f"g{number}" for number in range(2, len(links) + 1))][: len(links)]
    if links != wanted:
        raise EnforcementError(
            f"the model defines {', '.join(links)}; Casbin reads `g`, `g2`, `g3` … in a row"
        )


def _split(text: str, line: int) -> list[str]:
    fields, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        if sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign == "," and depth == 0:
            fields.append(text[start:place].strip())
            start = place + 1
        if depth < 0:
            break
    if depth != 0:
        raise PolicyRowError(f"policy line {line} has brackets that do not match", line=line)
    return [*fields, text[start:].strip()]
