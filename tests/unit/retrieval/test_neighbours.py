"""Neighbours and keys: what stands beside a hit, and what it is known by."""

import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.domain.provision import Standing
from policy_service.retrieval.filters import Filters
from policy_service.retrieval.index import open_index
from policy_service.retrieval.neighbours import key_of, list_provisions


def test_keys_tell_versions_and_standings_apart(provision_of):
    """The text in force keeps its id; older and unreviewed ones get the date and standing."""
    dated = {"version_date": "2024-07-01"}
    assert key_of(provision_of("a/1", "x")) == "a/1"
    assert key_of(provision_of("a/1", "x", standing=Standing.APPROVED)) == "a/1"
    assert key_of(provision_of("a/1", "x", superseded="2025-01-01", **dated)) == "a/1@2024-07-01"
    unreviewed = provision_of("a/1", "x", standing=Standing.UNREVIEWED, **dated)
    assert key_of(unreviewed) == "a/1@2024-07-01+unreviewed"


def test_neighbours_follow_the_order_given_not_the_order_of_ids(
    tmp_path, provision_of, word_encoder
):
    """Article 10 stands after article 9, and the ends of a text have one neighbour."""
    provisions = [provision_of(f"a/{n}", f"words of {n}") for n in (8, 9, 10)]
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    beside = {
        one.provision.id: (one.before and one.before.id, one.after and one.after.id)
        for one in index.search("words", limit=9)
    }
    assert beside == {"a/8": (None, "a/9"), "a/9": ("a/8", "a/10"), "a/10": ("a/9", None)}


def test_neighbours_are_of_the_same_text(tmp_path, provision_of, word_encoder):
    """Another instrument, another version and an unreviewed import are never neighbours."""
    old = {"version_date": "2020-01-01", "superseded": "2026-01-01"}
    provisions = [
        provision_of("a/1", "one"),
        provision_of("b/1", "two"),
        provision_of("a/1", "three", **old),
        provision_of("a/2", "four", standing=Standing.UNREVIEWED),
        provision_of("a/2", "five", **old),
    ]
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert all(one.before is one.after is None for one in index.search("one", limit=9))
    (last,) = index.search("five", limit=1, filters=Filters(in_force="2021-01-01"))
    assert last.before is not None
    assert last.before.text == "three"


def test_the_same_version_twice_is_refused(provision_of):
    """Two provisions of one key raise and name the key."""
    twice = [provision_of("a/1", "x", standing=Standing.UNREVIEWED) for _ in range(2)]
    with pytest.raises(RetrievalError, match=r"`a/1@2026-01-01\+unreviewed` is there twice"):
        list_provisions(twice)
