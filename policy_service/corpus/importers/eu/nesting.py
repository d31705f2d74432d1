"""Refuses texts that nest deeper than a law does, in one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from policy_service.domain.errors import CorpusError


@contextmanager
def nesting_limited(name: str) -> Iterator[None]:
    """Read the file `name` within; raises `CorpusError` where its units nest without end."""
    try:
        yield
    except RecursionError as error:
        raise CorpusError(
            f"`{name}` nests its units deeper than a law does: fetch it again"
        ) from error
