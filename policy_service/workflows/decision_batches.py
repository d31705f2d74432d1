"""Decisions in groups: requests that wait together are decided and recorded together.

One reading of the state, one entry of the audit log and one sync serve all of them (group
commit; Gray and Reuter, Transaction Processing, 1993, section 9.4). Nobody waits for a
group to fill: whoever finds none at work starts one with all that waits by then.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

from policy_service.domain.decision import AccessRequest, Decision, DecisionRecord, DenyReason
from policy_service.domain.errors import PolicyServiceError
from policy_service.domain.identifiers import DecisionId, Revision
from policy_service.enforcement.authzen import EvaluationsSemantic, Unreadable, ends_early

MOST_IN_GROUP = 2_000  # decisions; what a group takes bounds how long the next one waits
MOST_WAITING = 20_000  # decisions; more are turned away at once rather than answered late


class OverloadedError(PolicyServiceError):
    """More decisions wait than can be made in time. Ask again later; until then: a deny."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Requests of one caller, worked through in order; `pep` is who asks, as authenticated.

    What could not be read as a request is answered in its place and decides nothing.
    """

    items: tuple[AccessRequest | Unreadable, ...]
    semantic: EvaluationsSemantic = EvaluationsSemantic.EXECUTE_ALL
    pep: str = ""

    def ends_after(self, decision: Decision | Unreadable) -> bool:
        """Tell whether the rest of the list is left out."""
        return self.semantic is not EvaluationsSemantic.EXECUTE_ALL and ends_early(
            self.semantic, decision
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one ask got: a decision for each item that was worked through.

    `group` is the audit subject of all of them; `entry` is -1 where nothing was recorded,
    and then every decision is a deny. Lines count decisions only, from `first_line` on.
    """

    decisions: tuple[Decision | Unreadable, ...]
    group: str
    at: str  # RFC 3339
    entry: int = -1
    first_line: int = 0

    def ids(self) -> tuple[str, ...]:
        """Name each decision; what was not recorded has a name that leads nowhere."""
        if self.entry < 0:
            return tuple(self.group for _ in self.decisions)
        prefix = f"{self.group}_{self.entry}_"
        found = []
        line = self.first_line
        for one in self.decisions:
            found.append(f"{prefix}{line}")
            line += not isinstance(one, Unreadable)  # those have no line, and no use for a name
        return tuple(found)

    def records(self, items: Sequence[AccessRequest | Unreadable]) -> tuple[DecisionRecord, ...]:
        """Join the decisions with the requests they answer."""
        return tuple(
            DecisionRecord(id=DecisionId(name), at=self.at, request=item, decision=one)
            for name, item, one in zip(self.ids(), items, self.decisions, strict=False)
            if isinstance(item, AccessRequest) and isinstance(one, Decision)
        )


@dataclass(slots=True)
class _Ticket:
    asks: Sequence[Ask]
    size: int
    answers: list[Answer] = field(default_factory=list)
    answered: bool = False


class DecisionQueue:
    """Lets threads be answered in groups by `work`, which gives an answer for each ask."""

    def __init__(
        self,
        work: Callable[[Sequence[Ask]], Sequence[Answer]],
        *,
        most_in_group: int = MOST_IN_GROUP,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._work = work
        self._most_in_group = most_in_group
        self._most_waiting = most_waiting
        self._waiting: deque[_Ticket] = deque()
        self._size = 0
        self._arrivals = Lock()
        self._turn = Lock()  # one group at a time

    def ask(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Wait for the answers. Raises `OverloadedError` where too much waits already."""
        ticket = _Ticket(asks=asks, size=sum(len(one.items) for one in asks))
        with self._arrivals:
            if self._waiting and self._size + ticket.size > self._most_waiting:
                raise OverloadedError(
                    "too many decisions wait; ask again in a second", retry_after_s=1
                )
            self._waiting.append(ticket)
            self._size += ticket.size
        while not ticket.answered:
            with self._turn:
                if not ticket.answered:  # else another's group had room for it
                    self._answer_group()
        return ticket.answers

    def _answer_group(self) -> None:
        group = self._take()
        answers = iter(self._work([ask for ticket in group for ask in ticket.asks]))
        for ticket in group:
            ticket.answers = [next(answers) for _ in ticket.asks]
            ticket.answered = True

    def _take(self) -> list[_Ticket]:
        """Take what waits, in order; at least one ticket, even one larger than a group."""
        taken: list[_Ticket] = []
        size = 0
        with self._arrivals:
            while self._waiting and (
                not taken or size + self._waiting[0].size <= self._most_in_group
            ):
                taken.append(self._waiting.popleft())
                size += taken[-1].size
            self._size -= size
        return taken


@cache
def denied(reason: DenyReason) -> Decision:
    """Deny where no policy could be asked."""
    return Decision(allow=False, revision=Revision(0), rules=(), reason=reason)
