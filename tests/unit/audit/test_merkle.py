"""The Merkle tree against the shared proof vectors, and the traps they hold."""

import base64
import json
from pathlib import Path

import pytest

from policy_service.audit.merkle import (
    EMPTY_ROOT,
    InclusionProof,
    completed_nodes,
    inclusion_proof,
    leaf_hash,
    node_count,
    node_position,
    root_of,
    verify_consistency,
    verify_inclusion,
)


class Tree:
    """A list of leaves as a node source."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: list[bytes] = []
        for index, leaf in enumerate(leaves):
            self.nodes += completed_nodes(index, leaf_hash(leaf), self.node)

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[node_position(level, index)]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _path(proof: list[str] | None) -> tuple[bytes, ...]:
    return tuple(_bytes(one) for one in proof or [])


def test_inclusion_vectors_are_judged_as_they_say(shared_data: Path) -> None:
    """Every shared inclusion proof is accepted or refused as its vector demands."""
    cases = json.loads((shared_data / "merkle" / "inclusion.json").read_text())
    for case in cases:
        proof = InclusionProof(
            index=case["leafIdx"],
            size=case["treeSize"],
            leaf=_bytes(case["leafHash"]),
            path=_path(case["proof"]),
        )
        accepted = verify_inclusion(proof, root=_bytes(case["root"]))
        assert accepted != case["wantErr"], case["path"]
    assert len(cases) == 45


def test_consistency_vectors_are_judged_as_they_say(shared_data: Path) -> None:
    """Every shared consistency proof is accepted or refused as its vector demands."""
    cases = json.loads((shared_data / "merkle" / "consistency.json").read_text())
    for case in cases:
        accepted = verify_consistency(
            first_size=case["size1"],
            first_root=_bytes(case["root1"]),
            second_size=case["size2"],
            second_root=_bytes(case["root2"]),
            path=_path(case["proof"]),
        )
        assert accepted != case["wantErr"], case["path"]
    assert len(cases) == 48


def test_an_empty_leaf_under_an_empty_root_is_refused() -> None:
    """The trap of the RFC's algorithm: no hashes at all prove nothing."""
    proof = InclusionProof(index=0, size=1, leaf=b"", path=())
    assert not verify_inclusion(proof, root=b"")


@pytest.mark.parametrize("path", [(), (bytes(32),)])
def test_consistency_with_the_empty_tree_is_refused(path: tuple[bytes, ...]) -> None:
    """Every tree begins with nothing, so nothing is not accepted as a beginning."""
    assert not verify_consistency(
        first_size=0,
        first_root=EMPTY_ROOT,
        second_size=2,
        second_root=bytes(32),
        path=path,
    )


@pytest.mark.parametrize(("index", "size"), [(-1, 2), (2, 2), (0, 0)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    """Only an index of the tree can be proven."""
    proof = InclusionProof(index=index, size=size, leaf=bytes(32), path=())
    assert not verify_inclusion(proof, root=bytes(32))


def test_a_path_that_is_too_long_or_too_short_is_refused() -> None:
    """A proof with a hash more or less leads to no root, for inclusion and consistency."""
    tree = Tree([b"a", b"b", b"c"])
    root = root_of(3, tree.node)
    path = inclusion_proof(0, 3, tree.node)
    for wrong in (path[:-1], (*path, bytes(32))):
        proof = InclusionProof(index=0, size=3, leaf=tree.node(0, 0), path=wrong)
        assert not verify_inclusion(proof, root=root)
    for wrong in ((), (bytes(32),) * 9):
        assert not verify_consistency(
            first_size=3, first_root=root, second_size=5, second_root=root, path=wrong
        )


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    """The empty tree has the root RFC 9162 gives it."""
    assert root_of(0, Tree([]).node).hex().startswith("e3b0c44298fc1c14")


def test_the_flat_layout_has_no_gaps() -> None:
    """Each complete subtree has a place of its own, in the order in which they are completed."""
    size = 64
    places = sorted(
        node_position(level, index) for level in range(7) for index in range(size >> level)
    )
    assert places == list(range(node_count(size)))
