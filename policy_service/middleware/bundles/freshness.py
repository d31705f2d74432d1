"""How long ago the service was reached, by two clocks: whichever says longer counts.

The machine's clock may be set back, and the other one stands still while a machine is off; so
neither alone can stretch the time in which an old policy is enforced.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy_service.kit.clock import Clock


def running_s() -> float:
    """Return seconds that only go forward, those of a sleeping machine included where it tells."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True, slots=True)
class _Contact:
    at: datetime
    running_s: float


class Freshness:
    """Knows when the service was last reached. Threads may share it."""

    def __init__(
        self, *, limit: timedelta, clock: Clock, running: Callable[[], float] = running_s
    ) -> None:
        self._limit_s = limit.total_seconds()
        self._clock = clock
        self._running = running
        self._contact: _Contact | None = None  # INVARIANT: only ever replaced whole

    @property
    def last_contact(self) -> datetime | None:
        """Return when the service was last reached; none: never."""
        contact = self._contact
        return None if contact is None else contact.at

    def touch(self) -> None:
        """Note that the service was reached and all it sent was good."""
        self._contact = _Contact(self._clock.now(), self._running())

    def restore(self, at: datetime) -> None:
        """Take up a contact from before a restart; one that is still to come is none."""
        age_s = (self._clock.now() - at).total_seconds()
        if age_s >= 0:
            self._contact = _Contact(at, self._running() - age_s)

    def is_stale(self) -> bool:
        """Tell whether the service was last reached too long ago, or never."""
        contact = self._contact
        if contact is None:
            return True
        by_wall_s = (self._clock.now() - contact.at).total_seconds()
        return max(by_wall_s, self._running() - contact.running_s) > self._limit_s
