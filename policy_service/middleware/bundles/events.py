"""Learning of changes: the service's event stream, or PostgreSQL's notifications.

An event only says that something changed; the next round fetches and verifies what. A listener
that fails costs time and nothing else: the agent polls besides.
Sources: WHATWG HTML, section 9.2 (server-sent events); PostgreSQL manual, LISTEN.
"""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Protocol
from urllib.parse import quote

from policy_service.middleware.bundles.transport import (
    ServiceLink,
    ServiceUnreachableError,
    Stream,
)

NOTIFICATIONS = "policy_service"  # PostgreSQL's channel
_LOOK_EVERY_S = 1.0  # how soon a listener of notifications notices that it shall stop
_SILENCE_S = 40.0  # the service sends a sign of life every 15 s


class Listener(Protocol):
    """Waits for changes in a thread of its own."""

    def listen(self, wake: Callable[[], None], stopped: Event) -> None:
        """Call `wake` at each change until `stopped`; raise when the line is lost."""
        ...

    def close(self) -> None:
        """Make a waiting `listen` return soon."""
        ...


class NotifyingConnection(Protocol):
    """What is used of a `psycopg.Connection` in autocommit mode."""

    def execute(self, query: str) -> object:
        """Run a statement."""
        ...

    def notifies(self, *, timeout: float, stop_after: int) -> Iterator[object]:
        """Yield notifications for up to `timeout` seconds."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class EventStreamListener:
    """Follows `GET /api/v1/bundles/{source}/events`, from where it was cut off."""

    def __init__(self, link: ServiceLink, source: str) -> None:
        self._link = link
        self._path = f"/api/v1/bundles/{quote(source, safe='')}/events"
        self._last_event = ""
        self._stream: Stream | None = None

    def listen(self, wake: Callable[[], None], stopped: Event) -> None:
        """Follow the stream until it ends. Raises `ServiceUnreachableError` when it breaks."""
        with self._link.stream(
            self._path, last_event=self._last_event, silence_s=_SILENCE_S
        ) as stream:
            self._stream = stream
            for line in stream.lines():
                if stopped.is_set():
                    return
                if line.startswith("id:"):
                    self._last_event = line.removeprefix("id:").strip()[:200]
                    wake()

    def close(self) -> None:
        """Cut the stream."""
        if self._stream is not None:
            self._stream.close()


class PostgresListener:
    """Listens on the service's database; `connect` gives a connection in autocommit mode.

    Only the service's own PostgreSQL sends notifications; they carry no content.
    """

    def __init__(self, connect: Callable[[], NotifyingConnection]) -> None:
        self._connect = connect

    def listen(self, wake: Callable[[], None], stopped: Event) -> None:
        """Wait for notifications until `stopped`."""
        connection = self._connect()
        try:
            connection.execute(f"LISTEN {NOTIFICATIONS}")
            wake()  # what changed before the line stood was not heard
            while not stopped.is_set():
                for _ in connection.notifies(timeout=_LOOK_EVERY_S, stop_after=1):
                    wake()
        except Exception as error:  # whatever the driver raises; the agent listens anew
            raise ServiceUnreachableError(
                f"the notifications were cut off ({type(error).__name__})"
            ) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Do nothing: the wait ends by itself within a second."""
