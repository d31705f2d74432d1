"""The checker: is a log, byte for byte, what was written and signed?

Reads the log, its checkpoints and the groups of lines that its entries stand for, believes
nothing else beside them, changes nothing.
Who cuts the log behind its last checkpoint, and the tree file too, is not seen: keep
copies of checkpoints elsewhere and hand them in.

    python -m policy_service.audit.fsck audit.jsonl --public-key audit.pub

ends with 0 when the log is whole, 7 when it is not, 2 when it cannot be checked.
"""

import argparse
import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from policy_service.audit.checkpoints import (
    CHECKPOINTS_SUFFIX,
    Verifier,
    read_checkpoint,
    verify_checkpoint,
)
from policy_service.audit.groups import GROUPS_SUFFIX, group_of, read_group
from policy_service.audit.lines import FIRST_PREVIOUS, read_entry, sealed_hash
from policy_service.audit.merkle import completed_nodes, leaf_hash, node_position, root_of
from policy_service.audit.tree_file import TREE_SUFFIX, remembered_entries
from policy_service.domain.audit import AuditReport, Checkpoint
from policy_service.domain.errors import AuditError, PolicyServiceError, SignatureError
from policy_service.domain.progress import Progress, silent
from policy_service.engines.cryptography import Ed25519Verifier
from policy_service.kit.canonical import canonical_json

MAX_PROBLEMS = 100
_REPORT_EVERY = 10_000


@dataclass(slots=True, kw_only=True)
class _Walk:
    """What is known after the lines read so far."""

    groups: Path
    index: int = 0
    previous: str = FIRST_PREVIOUS
    nodes: list[bytes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[node_position(level, index)]


def check_log(
    path: Path,
    *,
    verifier: Verifier,
    witnessed: Sequence[Checkpoint] = (),
    progress: Progress = silent,
) -> AuditReport:
    """Check every byte of the log at `path` and of its checkpoints.

    `witnessed` are checkpoints kept elsewhere. Problems name entries from 0 and lines
    from 1; at most `MAX_PROBLEMS` are listed. Raises `AuditError` only where there is
    no log to read.
    """
    walk = _Walk(groups=path.with_name(path.name + GROUPS_SUFFIX))
    kept = _checkpoint_lines(path.with_name(path.name + CHECKPOINTS_SUFFIX), walk.problems)
    total = max((one.size for _, one in kept), default=0)
    try:
        with path.open("rb") as file:
            for line in file:
                _check_line(line, walk)
                if walk.index % _REPORT_EVERY == 0:
                    progress("check audit log", walk.index, max(total, walk.index))
    except OSError as error:
        raise AuditError(f"cannot read the audit log `{path}`: {error.strerror}") from error
    progress("check audit log", walk.index, walk.index)
    named = [*kept, *((f"witnessed checkpoint {n}", one) for n, one in enumerate(witnessed))]
    for name, checkpoint in named:
        _check_checkpoint(name, checkpoint, walk, verifier)
    _check_order(kept, walk.problems)
    remembered = remembered_entries(path.with_name(path.name + TREE_SUFFIX))
    if remembered > walk.index:
        walk.problems.append(f"the tree file remembers {remembered} entries: entries are missing")
    return AuditReport(
        entries=walk.index,
        checkpoints=len(named),
        root=base64.b64encode(root_of(walk.index, walk.node)).decode(),
        problems=tuple(walk.problems[:MAX_PROBLEMS]),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checker from a command line; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        verifier = Ed25519Verifier.from_pem(options.public_key.read_text())
        witnessed = _witnessed(options.checkpoint)
        report = check_log(options.log, verifier=verifier, witnessed=witnessed)
    except (PolicyServiceError, OSError, ValueError) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    print(_written(report, as_json=options.json))
    return 0 if report.whole else AuditError.exit_code


def _check_line(raw: bytes, walk: _Walk) -> None:
    place = f"entry {walk.index} (line {walk.index + 1})"
    line = raw.removesuffix(b"\n")
    if line == raw:
        walk.problems.append(f"{place}: the line does not end; it was cut or changed")
    try:
        entry = read_entry(line)
        if entry.index != walk.index:
            walk.problems.append(f"{place}: it says it is entry {entry.index}")
        if entry.previous != walk.previous:
            walk.problems.append(f"{place}: it does not follow the entry before it")
        group = group_of(entry.event)
        if group is not None:
            read_group(walk.groups, group)
    except AuditError as error:
        walk.problems.append(f"{place}: {error.message}")
    except ValueError as error:
        walk.problems.append(f"{place}: {error}")
    walk.previous = _claimed_hash(line)
    walk.nodes += completed_nodes(walk.index, leaf_hash(line), walk.node)
    walk.index += 1


def _claimed_hash(line: bytes) -> str:
    try:
        return sealed_hash(line)
    except ValueError:
        return ""


def _checkpoint_lines(path: Path, problems: list[str]) -> list[tuple[str, Checkpoint]]:
    if not path.exists():
        return []
    found = []
    for number, raw in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        name = f"checkpoint line {number}"
        if not raw.endswith(b"\n"):
            problems.append(f"{name}: the line does not end; it was cut or changed")
        try:
            found.append((name, read_checkpoint(raw.removesuffix(b"\n"))))
        except ValueError:
            problems.append(f"{name}: it is not a checkpoint in canonical form")
    return found


def _check_checkpoint(name: str, checkpoint: Checkpoint, walk: _Walk, verifier: Verifier) -> None:
    try:
        root = verify_checkpoint(checkpoint, verifier=verifier)
    except SignatureError as error:
        walk.problems.append(f"{name}: {error.message}")
        return
    if not 0 <= checkpoint.size <= walk.index:
        walk.problems.append(
            f"{name}: it covers {checkpoint.size} entries, the log has {walk.index}: "
            "entries are missing"
        )
    elif root_of(checkpoint.size, walk.node) != root:
        walk.problems.append(
            f"{name}: the first {checkpoint.size} entries are not those that were signed"
        )


def _check_order(kept: list[tuple[str, Checkpoint]], problems: list[str]) -> None:
    for (_, before), (name, after) in pairwise(kept):
        if after.size <= before.size or after.origin != before.origin:
            problems.append(f"{name}: it does not follow the checkpoint before it")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m policy_service.audit.fsck",
        description="Check every byte of an audit log and of its signed checkpoints.",
    )
    parser.add_argument("log", type=Path, help="the log, a file of JSON lines")
    parser.add_argument(
        "--public-key", type=Path, required=True, help="trusted Ed25519 public keys, PEM"
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help="checkpoints that were kept elsewhere, JSON lines",
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    return parser


def _witnessed(paths: Sequence[Path]) -> tuple[Checkpoint, ...]:
    return tuple(read_checkpoint(line) for path in paths for line in path.read_bytes().splitlines())


def _written(report: AuditReport, *, as_json: bool) -> str:
    if as_json:
        return canonical_json(
            {
                "whole": report.whole,
                "entries": report.entries,
                "checkpoints": report.checkpoints,
                "root": report.root,
                "problems": list(report.problems),
            }
        ).decode()
    verdict = "whole" if report.whole else f"NOT whole, {len(report.problems)} problems"
    head = f"{report.entries} entries, {report.checkpoints} checkpoints: {verdict}"
    return "\n".join([head, *report.problems])


if __name__ == "__main__":
    raise SystemExit(main())
