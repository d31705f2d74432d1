"""HTTP to the service, over the standard library: bounded in size and, whatever it does, in time.

Follows no redirect (it would carry the token elsewhere) and no proxy. Not retried here.
Sources: RFC 9110 for conditional requests; WHATWG HTML, section 9.2, for event streams.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from policy_service.domain.errors import PolicyServiceError, UsageError
from policy_service.kit.late import LateModule

if TYPE_CHECKING:
    import ssl
    from http import client
else:
    client = LateModule("http.client")
    ssl = LateModule("ssl")

_CHUNK_BYTES = 1 << 16
_BODY_TEXT = 200  # characters of a problem that are repeated


class ServiceUnreachableError(PolicyServiceError):
    """The service does not answer, or not with what was asked for. Ask again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: 200 with a body, or 304 without."""

    status: int
    etag: str
    media_type: str
    body: bytes


class ServiceLink:
    """Talks to one service at `url` with a bearer token, a client certificate, or both.

    `timeout_s` bounds each request as a whole. Threads may share it.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 30.0,
        largest_bytes: int = 1 << 28,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or timeout_s <= 0:
            raise UsageError(f"`{parts.scheme}://{parts.hostname}` is no address; use https://host")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s
        self._largest_bytes = largest_bytes

    def get(self, path: str, *, etag: str = "", accept: str = "application/json") -> Answer:
        """Fetch `path`. Raises `ServiceUnreachableError` for all but 200 and 304."""
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = f'"{etag}"'
        return self._exchange("GET", path, headers=headers, accepted=(200, 304))

    def post(self, path: str, body: Mapping[str, object]) -> None:
        """Send `body` as JSON. Raises `ServiceUnreachableError` where it is not taken."""
        data = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        self._exchange("POST", path, headers=headers, accepted=(200, 204), body=data)

    @contextmanager
    def stream(self, path: str, *, last_event: str, silence_s: float) -> Iterator[Stream]:
        """Open an event stream; `silence_s` without a line ends it with an error."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if last_event:
            headers["Last-Event-ID"] = last_event
        connection = self._connect(silence_s)
        try:
            with _bounded(connection, self._timeout_s):
                response = self._send(connection, "GET", path, headers)
            if response.status != 200:
                raise ServiceUnreachableError(f"the event stream was answered {response.status}")
            yield Stream(connection, response)
        except (OSError, client.HTTPException, ValueError) as error:
            raise _unreachable(error) from error
        finally:
            connection.close()

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        accepted: tuple[int, ...],
        body: bytes | None = None,
    ) -> Answer:
        connection = self._connect(self._timeout_s)
        try:
            with _bounded(connection, self._timeout_s):
                response = self._send(connection, method, path, headers, body)
                content = self._read(response)
        except (OSError, client.HTTPException, ValueError) as error:
            raise _unreachable(error) from error
        finally:
            connection.close()
        if response.status not in accepted:
            raise ServiceUnreachableError(_refusal(response.status, content))
        return Answer(
            status=response.status,
            etag=response.headers.get("ETag", "").removeprefix("W/").strip('"'),
            media_type=response.headers.get_content_type(),
            body=content,
        )

    def _connect(self, timeout_s: float) -> client.HTTPConnection:
        if self._tls is None:
            return client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        return client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._tls)

    def _send(
        self,
        connection: client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> client.HTTPResponse:
        connection.request(method, self._base + path, body, {**self._headers, **headers})
        return connection.getresponse()

    def _read(self, response: client.HTTPResponse) -> bytes:
        parts: list[bytes] = []
        size_bytes = 0
        while part := response.read(_CHUNK_BYTES):
            size_bytes += len(part)
            if size_bytes > self._largest_bytes:
                raise ValueError("too large")
            parts.append(part)
        if response.length:  # the line was cut before the announced end
            raise ValueError("cut short")
        return b"".join(parts)


class Stream:
    """The lines of an open event stream."""

    def __init__(self, connection: client.HTTPConnection, response: client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def lines(self) -> Iterator[str]:
        """Yield each line as it comes; end when the service closes the stream."""
        while line := self._response.readline(_CHUNK_BYTES):
            yield line.decode().rstrip("\r\n")

    def close(self) -> None:
        """Wake whoever waits for a line: the stream is over."""
        _cut(self._connection)


@contextmanager
def _bounded(connection: client.HTTPConnection, timeout_s: float) -> Iterator[None]:
    """Cut the line after `timeout_s`: a peer that drips byte after byte never times out itself."""
    timer = Timer(timeout_s, _cut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: client.HTTPConnection) -> None:
    socket = connection.sock
    if socket is not None:
        try:
            socket.shutdown(2)  # both ways; `close` alone would not wake a reader
        except OSError:
            return


def _unreachable(error: Exception) -> ServiceUnreachableError:
    return ServiceUnreachableError(f"the service does not answer ({type(error).__name__})")


def _refusal(status: int, content: bytes) -> str:
    """Say what the service says, where it sends a problem document."""
    try:
        problem = json.loads(content)
        detail = str(problem["detail"])[:_BODY_TEXT]
    except (ValueError, TypeError, LookupError, RecursionError):
        detail = ""
    told = "".join(sign if sign.isprintable() else " " for sign in detail)
    return f"the service answers {status}{': ' if told else ''}{told}"
