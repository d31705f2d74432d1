"""What a detector reads off the values of one column. It counts and names; it quotes nothing."""

from dataclasses import dataclass

from policy_service.domain.identifiers import DataCategory


@dataclass(frozen=True, slots=True)
class ValueHit:
    """What the values look like, with a sentence of counts.

    `proves` when every row must then be a person; `shared` when values of other kinds
    follow the same rules, so that it takes a table about people to believe it.
    """

    detector: str
    category: DataCategory
    weight: float
    detail: str
    reveals: tuple[DataCategory, ...] = ()
    proves: bool = False
    shared: bool = False
