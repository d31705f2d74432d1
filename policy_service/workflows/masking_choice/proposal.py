"""What a masking proposal says: controls with their reasons, what they reach, and what they cost.

Types only, ready to be printed. INVARIANT: figures, names and made-up values; never a value
of the data.
"""

from dataclasses import dataclass

from policy_service.domain.control import Control
from policy_service.domain.identifiers import (
    AssetId,
    DraftId,
    ObligationId,
    Purpose,
    RoleId,
    RuleId,
)
from policy_service.masking.choice.made_up import BeforeAfter
from policy_service.masking.choice.search import Goal, Hidden
from policy_service.masking.choice.utility import GroupMeans
from policy_service.workflows.masking_choice.prediction import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRequest:
    """For whom and what for. `tables` are names; none means all that the role may read.

    `quasi` adds columns, as `table.column`, that single people out; `keep` names columns whose
    loss counts ten times; `sensitive` those to guard by l and t (none: what the scan found).
    """

    source: str
    role: str
    purpose: str
    goal: Goal
    tables: tuple[str, ...] = ()
    quasi: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    target: str = ""
    draft: str = ""  # id; the newest of the source where it is empty
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedColumn:
    """One column: what it would be masked by, and why; `was` is the draft's control."""

    table: str
    column: str
    rule: RuleId
    control: str
    was: str
    why: str
    preserves: tuple[str, ...]
    reveals: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAnonymity:
    """How well the rows of one table hide each other, in clear and as proposed.

    `cost` is from 0, all in clear, to 1, nothing left. `suppressed` is the share of the rows
    in which cells are emptied. `proven`: nothing of less cost meets the goal.
    """

    table: str
    rows: int
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    before: Hidden
    after: Hidden
    cost: float
    suppressed: float
    measured: int
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinKept:
    """The share of references that still find their row; `reference` is `table.column → table`."""

    reference: str
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """What was measured on masked against clear; what could not be is None."""

    group_means: GroupMeans | None
    joins: tuple[JoinKept, ...]
    prediction: Prediction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAmendment:
    """What `policy-service review` takes: a rule, the control in its place, and the reason."""

    rule: RuleId
    control: Control
    was: Control
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSample:
    """Made-up rows of one table, before and after masking."""

    table: str
    columns: tuple[BeforeAfter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A masking for one role and purpose: no more than a proposal until others approve it."""

    draft: DraftId
    source: str
    role: RoleId
    purpose: Purpose
    goal: Goal
    columns: tuple[ProposedColumn, ...]
    anonymity: tuple[TableAnonymity, ...]
    utility: Utility
    amendments: tuple[ProposedAmendment, ...]
    samples: tuple[TableSample, ...]
    floors: tuple[ObligationId, ...]  # that took weaker controls away
    filtered: tuple[AssetId, ...] = ()  # tables of which the role sees some rows only
