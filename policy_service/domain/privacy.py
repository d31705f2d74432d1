"""What can be learned of people from a table: how few share a combination, what gives what away.

Counts and shares only, never a value. Stored with the catalogue; computed by
`catalog.privacy`.
"""

from dataclasses import dataclass

from policy_service.domain.identifiers import DataCategory

# The least size of each band in which classes are counted: 1, 2, 3-4, 5-9, 10-49, 50 and more.
CLASS_BANDS = (1, 2, 3, 5, 10, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReidentificationRisk:
    """How likely a row is linked to its person; every risk is from 0 to 1.

    Where all rows were counted the journalist's and the marketer's risk are the prosecutor's.
    Where some were, they are estimates for the whole table, good for a random sample only.
    """

    counted_rows: int
    population_rows: int
    prosecutor_highest: float  # who knows that the person is among the counted rows: 1 / k
    prosecutor_average: float  # classes / rows
    journalist_highest: float  # who does not know, for the row at most risk
    marketer: float  # the share of rows that matching all of them would get right
    population_unique: float  # the share of the population's rows that are alone in it


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveSpread:
    """How far a sensitive column varies among rows that look alike.

    The worst class counts: `distinct_l` different values, `entropy_l` as many as its entropy
    is worth, `recursive_c` the commonest value's count over the others' (none where there is
    no other), `t` the distance from the whole table's distribution.
    """

    column: str
    distinct_l: int
    entropy_l: float
    recursive_c: float | None
    t: float
    ordered: bool  # `t` by ordered distance (numbers, times), else by equal distance


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRisk:
    """A column whose values give away a category that its own name does not say.

    `strength` from 0 to 1; `through` names the column it was measured against, and is
    empty where the words of the values say it.
    """

    column: str
    reveals: DataCategory
    strength: float
    reason: str
    through: str = ""
