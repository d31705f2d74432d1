"""What the ranker knows of a passage before any question: length, tone, place."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy_service.retrieval.learned.structure import Structure

Floats = NDArray[np.float32]
NAMES = ("words", "duties", "choices", "guidance", "items", "depth", "children", "group_size")
_WORD = re.compile(r"\w+")
_DUTY = re.compile(r"\b(?:must|shall)\b", re.IGNORECASE)
_CHOICE = re.compile(r"\b(?:may|should)\b", re.IGNORECASE)
_ITEM = re.compile(r"^\s*\(", re.MULTILINE)


def traits_of(ids: Sequence[str], texts: Sequence[str], structure: Structure) -> Floats:
    """Return passages × `NAMES`."""
    counted = [
        (
            np.log1p(len(_WORD.findall(text))),
            len(_DUTY.findall(text)),
            len(_CHOICE.findall(text)),
            "guidance" in name.lower(),
            len(_ITEM.findall(text)),
        )
        for name, text in zip(ids, texts, strict=True)
    ]
    placed = (structure.depths, structure.children, structure.group_sizes[structure.groups])
    columns = [*np.array(counted, dtype=np.float32).reshape(len(ids), -1).T, *placed]
    return np.stack(columns, axis=1).astype(np.float32)
