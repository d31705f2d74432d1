"""Laws of the audit log: append-only, every changed byte found, nothing lost between writers."""

import base64
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.audit import merkle
from policy_service.audit.checkpoints import read_checkpoint
from policy_service.audit.fsck import check_log
from policy_service.audit.log import AuditLog
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.parameters import Parameters
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.clock import FixedClock
from tests.oracles import rfc6962

SIGNER = Ed25519Signer(seed=b"a" * 32)
VERIFIER = Ed25519Verifier([SIGNER.public_key])
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def _open(path: Path) -> AuditLog:
    return AuditLog(path, clock=FixedClock(NOON), signer=SIGNER, verifier=VERIFIER)


def _event(actor: str, number: int) -> AuditEvent:
    return AuditEvent(
        kind="note", actor=actor, subject=str(number), details=Parameters(number=number)
    )


class Tree:
    """Leaves as a node source in the flat layout."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: list[bytes] = []
        for index, leaf in enumerate(leaves):
            self.nodes += merkle.completed_nodes(index, merkle.leaf_hash(leaf), self.node)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[merkle.node_position(level, index)]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3), max_size=40))
def test_root_equals_the_recursion_of_rfc_6962(leaves: list[bytes]) -> None:
    """The root of every prefix, taken from the flat layout, is the oracle's."""
    tree = Tree(leaves)
    for size in range(len(leaves) + 1):
        assert merkle.root_of(size, tree.node) == rfc6962.root(leaves[:size])


@settings(deadline=None)
@given(st.integers(1, 70), st.data())
def test_inclusion_proofs_equal_the_oracle_and_verify(size: int, data: st.DataObject) -> None:
    """Every inclusion proof is the oracle's, verifies, and verifies for no other leaf."""
    leaves = [bytes([n]) for n in range(size)]
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(index, size, tree.node)
    assert list(path) == rfc6962.inclusion_proof(index, leaves)
    root = rfc6962.root(leaves)
    for leaf in range(size):
        proof = merkle.InclusionProof(index=index, size=size, leaf=tree.node(0, leaf), path=path)
        assert merkle.verify_inclusion(proof, root=root) == (leaf == index)


@settings(deadline=None)
@given(st.integers(1, 70), st.data())
def test_an_earlier_tree_is_consistent_with_every_later_one(
    second: int, data: st.DataObject
) -> None:
    """Every consistency proof is the oracle's and verifies; with another old root it does not."""
    leaves = [bytes([n]) for n in range(second)]
    tree = Tree(leaves)
    first = data.draw(st.integers(1, second))
    path = merkle.consistency_proof(first, second, tree.node)
    assert list(path) == rfc6962.consistency_proof(first, leaves)
    for old, expected in ((rfc6962.root(leaves[:first]), True), (bytes(32), False)):
        accepted = merkle.verify_consistency(
            first_size=first,
            first_root=old,
            second_size=second,
            second_root=rfc6962.root(leaves),
            path=path,
        )
        assert accepted is expected


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_append_only_any_checkpoint_is_consistent_with_any_later_one(batches: list[int]) -> None:
    """However entries are batched and the log reopened, each checkpoint extends those before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        made = []
        for count in batches:
            with _open(path) as log:
                log.append_many([_event("a", number) for number in range(count)])
                made.append(log.checkpoint())
        with _open(path) as log:
            for before in made:
                for after in made[made.index(before) :]:
                    assert merkle.verify_consistency(
                        first_size=before.size,
                        first_root=base64.b64decode(before.root),
                        second_size=after.size,
                        second_root=base64.b64decode(after.root),
                        path=log.consistency_proof(before.size, after.size),
                    )
        leaves = path.read_bytes().splitlines()
        assert base64.b64decode(made[-1].root) == rfc6962.root(leaves)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 12 entries with two checkpoints."""
    path = tmp_path_factory.mktemp("sound") / "audit.jsonl"
    with _open(path) as log:
        for start in (0, 6):
            log.append_many([_event("teller-7", number) for number in range(start, start + 6)])
            log.checkpoint()
    return path


@settings(deadline=None, max_examples=150)
@given(position=st.integers(0, 10**6), flip=st.integers(1, 255), where=st.booleans())
def test_flipping_any_byte_is_detected_and_named(
    sound: Path, position: int, flip: int, where: bool
) -> None:
    """A changed byte anywhere in the log or its checkpoints is a problem that names its line."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sound.parent.iterdir():
            shutil.copy(file, folder)
        log = Path(folder) / "audit.jsonl"
        changed = log if where else log.with_name("audit.jsonl.checkpoints")
        content = bytearray(changed.read_bytes())
        position %= len(content)
        line = content.count(b"\n", 0, position) + 1
        content[position] ^= flip
        changed.write_bytes(content)
        problems = check_log(log, verifier=VERIFIER).problems
        expected = f"entry {line - 1} (line {line})" if where else f"checkpoint line {line}"
        assert problems
        assert problems[0].startswith(expected)


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(1, 10**6))
def test_cutting_a_signed_log_anywhere_is_detected(sound: Path, cut: int) -> None:
    """However many bytes are missing from the end, the checker and the log itself refuse."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sound.parent.iterdir():
            shutil.copy(file, folder)
        log = Path(folder) / "audit.jsonl"
        content = log.read_bytes()
        log.write_bytes(content[: -(cut % len(content) or 1)])
        assert not check_log(log, verifier=VERIFIER).whole
        with pytest.raises(AuditError):
            _open(log)


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, 10**6))
def test_a_crash_while_writing_leaves_a_log_that_goes_on(cut: int) -> None:
    """Whatever part of an unconfirmed batch reached the disk, confirmed entries stay whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        with _open(path) as log:
            log.append_many([_event("a", number) for number in range(3)])
            log.checkpoint()
            confirmed = path.read_bytes()
            tree = path.with_name("audit.jsonl.tree").read_bytes()
            log.append_many([_event("b", number) for number in range(4)])
        written = path.read_bytes()
        kept = len(confirmed) + cut % (len(written) - len(confirmed) + 1)
        path.write_bytes(written[:kept])
        path.with_name("audit.jsonl.tree").write_bytes(tree)
        with _open(path) as log:
            log.append(_event("c", 0))
            log.checkpoint()
        assert path.read_bytes().startswith(confirmed)
        assert check_log(path, verifier=VERIFIER).whole


WRITER = """
import sys
from pathlib import Path
from policy_service.audit.log import AuditLog
from policy_service.domain.audit import AuditEvent
from policy_service.domain.parameters import NO_PARAMETERS
from policy_service.engines.cryptography import Ed25519Verifier
from policy_service.kit.clock import SystemClock

path, actor, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with AuditLog(path, clock=SystemClock(), signer=None, verifier=Ed25519Verifier([])) as log:
    for number in range(count):
        log.append(
            AuditEvent(kind="note", actor=actor, subject=str(number), details=NO_PARAMETERS)
        )
"""


def test_concurrent_writers_interleave_without_loss(tmp_path: Path, repository: Path) -> None:
    """Three processes append to one log; every entry is there once, in each writer's order."""
    path = tmp_path / "audit.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), f"writer-{n}", "25"], cwd=repository
        )
        for n in range(3)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    with _open(path) as log:
        entries = list(log.find())
        log.checkpoint()
    for n in range(3):
        mine = [one.event.subject for one in entries if one.event.actor == f"writer-{n}"]
        assert mine == [str(number) for number in range(25)]
    assert check_log(path, verifier=VERIFIER).whole
    last = read_checkpoint(path.with_name("audit.jsonl.checkpoints").read_bytes().splitlines()[-1])
    assert last.size == 75
