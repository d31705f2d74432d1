"""Time as a collaborator: everything that needs `now` is given a `Clock`."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until told to move; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time; add a time zone")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time this clock stands at."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock forward by `by`."""
        self._at += by


def rfc3339(at: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with microseconds and a `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> datetime:
    """Read what `rfc3339` wrote. Raises `ValueError` for a time without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"time `{text}` has no zone; write it in RFC 3339 with `Z`")
    return at.astimezone(UTC)
