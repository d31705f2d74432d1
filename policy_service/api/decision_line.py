"""The line of requests before the decision desk, as an event loop sees it.

All that arrives while one group is decided and recorded becomes the next one. Bounded: past
that, and where a group hangs on a dead disk, callers are turned away at once, so that
enforcement points deny by themselves instead of waiting.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeAlias

from policy_service.workflows.decision_batches import (
    MOST_IN_GROUP,
    MOST_WAITING,
    Answer,
    Ask,
    OverloadedError,
)

LONGEST_GROUP_S = 5.0
_Waiting: TypeAlias = "tuple[Ask, asyncio.Future[Answer]]"


class Desk(Protocol):
    """Whoever decides and records."""

    def answer(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Answer each ask; blocks until the answers are on record."""
        ...


class DecisionLine:
    """Asks `desk` in a thread of its own, one group after the other. Of one event loop."""

    def __init__(
        self,
        desk: Desk,
        *,
        most_waiting: int = MOST_WAITING,
        longest_group_s: float = LONGEST_GROUP_S,
    ) -> None:
        self._desk = desk
        self._most_waiting = most_waiting
        self._longest_group_s = longest_group_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decisions")
        self._waiting: list[_Waiting] = []
        self._size = 0
        self._busy = False
        self._began = 0.0

    async def ask(self, ask: Ask) -> Answer:
        """Wait for the answer. Raises `OverloadedError`: deny, and ask again later."""
        loop = asyncio.get_running_loop()
        self._require_room(loop, len(ask.items))
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((ask, answer))
        self._size += len(ask.items)
        if not self._busy:
            self._busy = True
            self._began = loop.time()
            loop.call_soon(self._start, loop)  # after those who arrived together with this one
        return await answer

    def close(self) -> None:
        """End the thread when its group is on record."""
        self._thread.shutdown(wait=True)

    def _require_room(self, loop: asyncio.AbstractEventLoop, size: int) -> None:
        hangs = self._busy and loop.time() - self._began > self._longest_group_s
        if hangs or (self._waiting and self._size + size > self._most_waiting):
            raise OverloadedError("too many decisions wait; ask again in a second", retry_after_s=1)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        group = self._take()
        self._began = loop.time()
        work = self._thread.submit(self._desk.answer, [ask for ask, _ in group])
        work.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._finish, loop, group, done)
        )

    def _take(self) -> list[_Waiting]:
        size = taken = 0
        for ask, _ in self._waiting:
            if taken and size + len(ask.items) > MOST_IN_GROUP:
                break
            size += len(ask.items)
            taken += 1
        group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        self._size -= size
        return group

    def _finish(
        self,
        loop: asyncio.AbstractEventLoop,
        group: list[_Waiting],
        done: "Future[Sequence[Answer]]",
    ) -> None:
        if self._waiting:
            self._start(loop)
        else:
            self._busy = False
        error = done.exception()
        answers = () if error is not None else done.result()
        for place, (_, waiting) in enumerate(group):
            if waiting.done():  # its caller went away
                continue
            if error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(answers[place])
