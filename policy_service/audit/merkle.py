"""Merkle trees over a growing list: roots, inclusion and consistency proofs. Pure.

Not a store: nodes come from a `NodeSource`, which gives the hash of any complete
subtree. The flat layout below (`node_position`) lets an append-only file be one:
behind each leaf stand the subtrees that it completes, lowest first.

Source: RFC 9162 section 2.1 (the tree of RFC 6962). Two cases its verification
algorithms let through are refused here: hashes that are not 32 bytes, and
consistency with the empty tree, which would say nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from policy_service.kit.hashing import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"")

NodeSource: TypeAlias = Callable[[int, int], bytes]
"""Gives node (level, index): the root of the leaves `index << level` up to the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That the tree of `size` leaves has `leaf` at `index`."""

    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf; the prefix keeps leaves and nodes apart."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node of two children."""
    return sha256(b"\x01" + left + right)


def root_of(size: int, node: NodeSource) -> bytes:
    """Return the root of the first `size` leaves."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeSource) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index`, lowest first. Requires 0 <= index < size."""
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return tuple(reversed(path))


def consistency_proof(first: int, second: int, node: NodeSource) -> tuple[bytes, ...]:
    """Return the proof that `second` leaves begin with the `first`.

    Requires 0 < first <= second.
    """
    start, end, known = 0, second, True
    path: list[bytes] = []
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start, known = middle, False
    if not known:
        path.append(_subtree(start, end, node))
    return tuple(reversed(path))


def verify_inclusion(proof: InclusionProof, *, root: bytes) -> bool:
    """Tell whether `proof` leads to `root`. Source: RFC 9162 section 2.1.3.2."""
    hashes = (root, proof.leaf, *proof.path)
    if not 0 <= proof.index < proof.size or not _are_hashes(hashes):
        return False
    position, last, current = proof.index, proof.size - 1, proof.leaf
    for sibling in proof.path:
        if last == 0:
            return False
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            position, last = _rise_to_right_child(position, last)
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(
    *,
    first_size: int,
    first_root: bytes,
    second_size: int,
    second_root: bytes,
    path: tuple[bytes, ...],
) -> bool:
    """Tell whether the second tree only appended to the first. Source: RFC 9162 2.1.4.2.

    Trees of one size are consistent when their roots are the same and the path is empty.
    """
    if first_size == second_size:
        return not path and first_root == second_root
    if not 0 < first_size < second_size or not _are_hashes((first_root, second_root, *path)):
        return False
    if first_size & (first_size - 1) == 0:
        path = (first_root, *path)
    elif not path:
        return False
    position, last = first_size - 1, second_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _rise_to_right_child(position, last)
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def node_count(size: int) -> int:
    """Count the complete subtrees over `size` leaves, the leaves among them."""
    return 2 * size - size.bit_count()


def node_position(level: int, index: int) -> int:
    """Return where the flat layout keeps node (level, index)."""
    return node_count(((index + 1) << level) - 1) + level


def completed_nodes(index: int, leaf: bytes, node: NodeSource) -> list[bytes]:
    """Return what leaf `index` appends to the flat layout: itself and what it completes."""
    nodes = [leaf]
    while index & 1:
        nodes.append(node_hash(node(len(nodes) - 1, index - 1), nodes[-1]))
        index >>= 1
    return nodes


def _are_hashes(values: tuple[bytes, ...]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _rise_to_right_child(position: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the node has no sibling of its own."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _split(size: int) -> int:
    """Return the largest power of two below `size`. Requires size > 1."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(start: int, end: int, node: NodeSource) -> bytes:
    """Hash leaves start to end. INVARIANT: `start` is a multiple of a power of two >= the size."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))
