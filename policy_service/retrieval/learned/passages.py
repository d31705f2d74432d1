"""An index as the learned ranker sees it: one row a passage, in the index's order.

Put together from what an index holds anyway and the token states beside it. Nothing here
is learned, so training and serving share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.retrieval.learned.features import Passages
from policy_service.retrieval.learned.structure import structure_of
from policy_service.retrieval.learned.traits import traits_of
from policy_service.retrieval.lexical import LexicalIndex
from policy_service.retrieval.neighbours import Listing
from policy_service.retrieval.store import Stored
from policy_service.retrieval.texts import indexed_text
from policy_service.retrieval.token_states import TokenTable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PassageTable:
    """All that ranking asks of the passages; safe to share between threads."""

    ids: Sequence[str]
    texts: Sequence[str]
    lexical: LexicalIndex
    tokens: TokenTable
    known: Passages

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Return the encoder's vectors, one row a passage."""
        return self.known.vectors


def table_of(listing: Listing, stored: Stored) -> PassageTable:
    """Read an opened index that was built with the named arrays."""
    return passage_table(
        ids=listing.keys,
        texts=[indexed_text(one).dense for one in listing.provisions],
        vectors=stored.vectors,
        lexical=stored.lexical,
        extras=stored.extras,
    )


def passage_table(
    *,
    ids: Sequence[str],
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    lexical: LexicalIndex,
    extras: Mapping[str, NDArray[Any]],
) -> PassageTable:
    """Read structure and traits of the passages.

    Raises `RetrievalError` where the named arrays are missing or were made of others.
    """
    tokens = TokenTable.of(extras)
    if not len(ids) == len(texts) == len(vectors) == len(tokens.ends):
        raise RetrievalError("the index's token states are of other passages; build it again")
    structure = structure_of(ids)
    known = Passages(
        vectors=np.asarray(vectors),
        structure=structure,
        traits=traits_of(ids, texts, structure),
    )
    return PassageTable(ids=ids, texts=texts, lexical=lexical, tokens=tokens, known=known)
