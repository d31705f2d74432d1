"""The provisions of one index: what each is known by there, and what stands beside it.

Neighbours share the instrument and its version: a paragraph of the old text never stands
beside one of the new. Their order is the order in which the provisions were given.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.provision import Passage, Provision, Standing

_NONE = -1


def key_of(provision: Provision) -> str:
    """Name a provision in the index: by its id where it is the one in force and reviewed.

    An older version and an unreviewed import may bear the same id, and get a longer name.
    """
    reviewed = provision.standing is not Standing.UNREVIEWED
    if reviewed and not provision.superseded:
        return provision.id
    dated = f"{provision.id}@{provision.version_date}"
    return dated if reviewed else f"{dated}+unreviewed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listing:
    """Provisions in the order of their keys. INVARIANT: keys are unique and ascend."""

    keys: tuple[str, ...]
    provisions: tuple[Provision, ...]
    before: NDArray[np.int32]  # places of the neighbours, -1 where there is none
    after: NDArray[np.int32]

    def place(self, key: str) -> int:
        """Return the place of `key`, which must be one of the keys."""
        return bisect_left(self.keys, key)

    def passage(self, key: str, score: float) -> Passage:
        """Return the provision of `key` with its score and its neighbours."""
        place = self.place(key)
        return Passage(
            provision=self.provisions[place],
            score=score,
            before=self._beside(self.before, place),
            after=self._beside(self.after, place),
        )

    def _beside(self, places: NDArray[np.int32], place: int) -> Provision | None:
        found = int(places[place])
        return None if found == _NONE else self.provisions[found]


def list_provisions(provisions: Sequence[Provision]) -> Listing:
    """Order provisions by their keys. Raises `RetrievalError` for none, or one that is twice."""
    if not provisions:
        raise RetrievalError("there is no provision to index; check the corpus folder")
    named = [key_of(one) for one in provisions]
    order = sorted(range(len(named)), key=named.__getitem__)
    keys = tuple(named[place] for place in order)
    for one, other in pairwise(keys):
        if one == other:
            raise RetrievalError(f"provision `{one}` is there twice; ids must be unique")
    before, after = _neighbours(provisions, order)
    return Listing(
        keys=keys,
        provisions=tuple(provisions[place] for place in order),
        before=before,
        after=after,
    )


def _neighbours(
    provisions: Sequence[Provision], order: Sequence[int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    places = np.empty(len(order), dtype=np.int32)  # given place → place by key
    places[np.asarray(order, dtype=np.intp)] = np.arange(len(order), dtype=np.int32)
    before = np.full(len(order), _NONE, dtype=np.int32)
    after = np.full(len(order), _NONE, dtype=np.int32)
    last: dict[tuple[str, str, bool], int] = {}
    for one, place in zip(provisions, places.tolist(), strict=True):
        text = (one.instrument, one.version_date, one.standing is Standing.UNREVIEWED)
        previous = last.get(text, _NONE)
        if previous != _NONE:
            before[place] = previous
            after[previous] = place
        last[text] = place
    return before, after
