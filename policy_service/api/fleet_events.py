"""The event stream of enforcement points: one look at the state for all who listen.

An event names what stands live and nothing of its content; a point then fetches what is new.
Source: WHATWG HTML, section 9.2 (server-sent events, `Last-Event-ID`).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from policy_service.domain.errors import PolicyServiceError
from policy_service.storage.fleet import Standing

LOOK_EVERY_S = 0.25
ALIVE_EVERY_S = 15.0  # so that proxies keep the line open and points notice a dead one
LONGEST_S = 600.0  # then the point connects again, and its token is checked again


class ChangeFeed:
    """Tells listeners when what stands live has changed. For one event loop."""

    def __init__(self, read: Callable[[], Standing]) -> None:
        self._read = read
        self._standing: Standing | None = None
        self._changed = asyncio.Event()
        self._listeners = 0
        self._watch: asyncio.Task[None] | None = None

    async def follow(self, source: str, last_event: str) -> AsyncIterator[str]:
        """Yield an event now where `last_event` is not what stands, then at each change."""
        ends_at = time.monotonic() + LONGEST_S
        self._listeners += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        try:
            yield ": listening\n\n"
            while time.monotonic() < ends_at:
                changed, standing = self._changed, self._standing
                mark = last_event if standing is None else standing.mark(source)
                if standing is not None and mark != last_event:
                    last_event = mark
                    revision = dict(standing.revisions).get(source, 0)
                    data = json.dumps({"revision": revision})
                    yield f"id: {mark}\nevent: change\ndata: {data}\n\n"
                try:
                    await asyncio.wait_for(changed.wait(), ALIVE_EVERY_S)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._listeners -= 1

    async def _look(self) -> None:
        """Read what stands, while somebody listens."""
        while self._listeners:
            with suppress(PolicyServiceError):  # the state is away: listeners hear signs of life
                standing = await run_in_threadpool(self._read)
                if standing != self._standing:
                    self._standing = standing
                    changed, self._changed = self._changed, asyncio.Event()
                    changed.set()
            await asyncio.sleep(LOOK_EVERY_S)
        self._standing = None  # what the next listener is told is read anew
