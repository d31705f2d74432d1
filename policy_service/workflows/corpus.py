"""Corpus: questions asked of the regulations."""

from policy_service.domain.progress import Progress
from policy_service.domain.provision import ControlKind, Passage
from policy_service.workflows.platform import Platform


def search_corpus(
    platform: Platform,
    query: str,
    *,
    limit: int,
    instruments: frozenset[str] | None = None,
    kind: ControlKind | None = None,
    progress: Progress,
) -> tuple[Passage, ...]:
    """Find the provisions nearest to `query`, best first. Raises `RetrievalError`."""
    index = platform.index(progress)
    kinds = None if kind is None else frozenset({kind})
    return index.search(query, limit=limit, instruments=instruments, kinds=kinds)
