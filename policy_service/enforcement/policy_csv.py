"""Read an exported `policy.csv` with its `model.conf` into typed rows.

Stricter than Casbin's own reader, which skips rows of unknown kinds, loads an
empty file as a policy, and finds a row of the wrong length only while deciding.
"""

from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.bundle import PolicyRow
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import RoleId, RuleId
from policy_service.enforcement.model import check_standard_model
from policy_service.enforcement.rows import check_links, check_rows
from policy_service.engines.casbin_csv import decode_line

_LENGTHS = {"p": 6, "g": 2, "g2": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFiles:
    """What the two files say: the model's text, the rows and both kinds of links."""

    model_conf: str
    rows: tuple[PolicyRow, ...]
    role_links: tuple[tuple[str, str], ...]
    resource_links: tuple[tuple[str, str], ...]


def read_policy_files(*, policy: Path, model: Path) -> PolicyFiles:
    """Read both files. Raises `PolicyRowError` with the line for a row that is not as defined."""
    return parse_policy(policy_csv=_text(policy), model_conf=_text(model))


def parse_policy(*, policy_csv: str, model_conf: str) -> PolicyFiles:
    """Parse the texts of both files; an empty policy is refused."""
    check_standard_model(model_conf)
    found: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in _LENGTHS}
    for number, line in enumerate(policy_csv.split("\n"), start=1):
        kind, fields = _row(line, number)
        if kind:
            found[kind].append(fields)
    rows = tuple(_policy_row(fields) for fields in found["p"])
    check_rows(rows)
    links = {kind: tuple((child, parent) for child, parent in found[kind]) for kind in ("g", "g2")}
    for kind, pairs in links.items():
        check_links(pairs, kind=kind)
    return PolicyFiles(
        model_conf=model_conf,
        rows=rows,
        role_links=links["g"],
        resource_links=links["g2"],
    )


def _row(line: str, number: int) -> tuple[str, tuple[str, ...]]:
    try:
        tokens = decode_line(line)
    except ValueError as error:
        raise PolicyRowError(
            f"line {number} has a broken `%` escape; export the policy again", line=number
        ) from error
    if not tokens:
        return "", ()
    kind, *fields = tokens
    if kind not in _LENGTHS:
        raise PolicyRowError(
            f"line {number} begins with `{kind}`; rows begin with p, g or g2", line=number
        )
    if len(fields) != _LENGTHS[kind]:
        raise PolicyRowError(
            f"line {number} has {len(fields)} fields after `{kind}`; "
            f"the model defines {_LENGTHS[kind]}",
            line=number,
        )
    return kind, tuple(fields)


def _policy_row(fields: tuple[str, ...]) -> PolicyRow:
    role, resource, action, purpose, effect, rule = fields
    return PolicyRow(
        role=RoleId(role),
        resource=resource,
        action=action,
        purpose=purpose,
        effect=effect,
        rule=RuleId(rule),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EnforcementError(f"cannot read `{path.name}`; export the policy again") from error
