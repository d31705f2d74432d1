"""The keys of the fideslang taxonomy, as digests and tables may use them.

Source: the default taxonomy that ships with the `fideslang` package. Not a copy of
it: the package is asked, so that an update of the vocabulary shows up in the checks.
"""

import difflib
from collections.abc import Iterable
from functools import cache

from fideslang.default_taxonomy import DEFAULT_TAXONOMY


@cache
def data_categories() -> frozenset[str]:
    """Return every data category, such as `user.contact.email`."""
    return frozenset(str(one.fides_key) for one in DEFAULT_TAXONOMY.data_category)


@cache
def data_uses() -> frozenset[str]:
    """Return every data use, which the product calls a purpose, such as `marketing`."""
    return frozenset(str(one.fides_key) for one in DEFAULT_TAXONOMY.data_use)


def nearest(word: str, known: Iterable[str], count: int = 3) -> str:
    """Write the known words most like `word`, best first, for an error message."""
    ordered = sorted(known)
    found = difflib.get_close_matches(word.lower(), ordered, n=count, cutoff=0.4)
    return ", ".join(f"`{one}`" for one in found or ordered[:count])
