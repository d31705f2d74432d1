"""Why a name was classified: its words, its object and its neighbours, in a few words each.

What is said are the features that the model compares, not a measure of how much each weighed.
"""

from functools import lru_cache

from policy_service.catalog.names.features import NameFeatures
from policy_service.catalog.names.tokens import TokenIndex, Tokens

_KINDS = {
    "device": "a device",
    "organisation": "an organisation",
    "person": "a person",
    "place": "a place",
    "role": "a role",
    "thing": "a thing",
}
_MOST_NEIGHBOURS = 3
_KEPT = 16_384


class Reasons:
    """Writes reasons, each once while it is remembered. Safe to share between threads."""

    def __init__(self, leaves: TokenIndex) -> None:
        """Take the index of leaves, which tells what words training saw."""
        self._leaves = leaves
        self._names: dict[tuple[Tokens, str], str] = {}

    def of(self, features: NameFeatures) -> tuple[str, ...]:
        """Return one to three reasons."""
        key = (features.leaf, features.text)
        name = self._names.get(key)
        if name is None:
            if len(self._names) >= _KEPT:
                self._names = {}
            name = self._names[key] = _name(features, self._leaves)
        found = (name, _owner(features.owner), _neighbours(features.neighbours))
        return tuple(reason for reason in found if reason)


def _name(features: NameFeatures, leaves: TokenIndex) -> str:
    for kind, said in (("rule", "reads as"), ("joined", "with its parent reads as")):
        for concept in _values(features.leaf, kind):
            if concept != "-":
                return f"name `{features.text}` {said} {concept}"
    seen = leaves.known(tuple(token for token in features.leaf if token.startswith("word:")))
    if seen:
        return f"name `{features.text}`, of which `{seen[0].partition(':')[2]}` is known"
    return f"name `{features.text}` is not known"


@lru_cache(maxsize=_KEPT)
def _owner(owner: Tokens) -> str:
    head = "".join(_values(owner, "head"))
    kinds = [_KINDS[kind] for kind in _values(owner, "kind") if kind in _KINDS]
    return f"in `{head}`, {kinds[0]}" if kinds else ""


@lru_cache(maxsize=_KEPT)
def _neighbours(neighbours: Tokens) -> str:
    named = [mark for mark in _values(neighbours, "has") if not mark.startswith(("only", "ends"))]
    return f"beside {', '.join(named[:_MOST_NEIGHBOURS])}" if named else ""


def _values(tokens: Tokens, kind: str) -> list[str]:
    return [token.partition(":")[2] for token in tokens if token.startswith(f"{kind}:")]
