"""Merkle trees the slow way: the recursive definitions of RFC 6962 section 2.1, word for word.

A reference for tests, over whole lists of leaf data; nothing here is shared with the product.
"""

import hashlib


def _hash(data):
    return hashlib.sha256(data).digest()


def _largest_power_below(size):
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root(leaves):
    """MTH(D[n])."""
    if not leaves:
        return _hash(b"")
    if len(leaves) == 1:
        return _hash(b"\x00" + leaves[0])
    middle = _largest_power_below(len(leaves))
    return _hash(b"\x01" + root(leaves[:middle]) + root(leaves[middle:]))


def inclusion_proof(index, leaves):
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    middle = _largest_power_below(len(leaves))
    if index < middle:
        return [*inclusion_proof(index, leaves[:middle]), root(leaves[middle:])]
    return [*inclusion_proof(index - middle, leaves[middle:]), root(leaves[:middle])]


def consistency_proof(first, leaves):
    """PROOF(m, D[n])."""
    return _subproof(first, leaves, True)


def _subproof(first, leaves, known):
    if first == len(leaves):
        return [] if known else [root(leaves)]
    middle = _largest_power_below(len(leaves))
    if first <= middle:
        return [*_subproof(first, leaves[:middle], known), root(leaves[middle:])]
    return [*_subproof(first - middle, leaves[middle:], False), root(leaves[:middle])]
