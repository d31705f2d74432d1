"""Progress of long work: stages report, whoever runs them shows it."""

from typing import Protocol


class Progress(Protocol):
    """Receives how far a stage is. Raises `Cancelled` to stop it between two steps."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` steps of `stage` are finished; `total` 0 is unknown."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Report to nobody."""
