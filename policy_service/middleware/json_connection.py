"""JSON over HTTP/1.1 by the standard library: kept connections, one deadline, bounded answers.

Not a general client: one address, POST, JSON both ways; no redirect is followed (it would
carry the token elsewhere), and no proxy of the environment is used. Source: RFC 9110 and
RFC 9112 through `http.client`.
"""

import io
import json
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from policy_service.domain.errors import UsageError

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
_MOST_IDLE = 16
_READ_BYTES = 65_536


class BadAnswerError(ValueError):
    """What came back is no answer to what was asked."""


class JsonConnection:
    """Posts JSON to one server. Threads may share it: each request has a connection to itself.

    `timeout_s` bounds a request as a whole, however slowly the answer trickles in; only the
    look-up of the server's name is the system's own.
    """

    def __init__(
        self, url: str, *, token: str = "", timeout_s: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """Raise `UsageError` for an address that cannot be used, or not safely."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or timeout_s <= 0:
            raise UsageError(f"`{parts.scheme}://{parts.hostname}` is no address; use https://host")
        if parts.scheme == "http" and (token or tls) and not _is_loopback(parts.hostname):
            raise UsageError(f"a credential for `{parts.hostname}` needs https; use https://host")
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = None
        if parts.scheme == "https":
            self._tls = ssl.create_default_context() if tls is None else tls
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._idle: deque[HTTPConnection] = deque()

    def post(self, path: str, body: Mapping[str, object], *, request_id: str) -> object:
        """Return the JSON answer to `body`.

        Raises `OSError`, `HTTPException` or `ValueError` (`BadAnswerError`) for anything
        but a 200 with JSON; the connection is closed then.
        """
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {**self._headers, "X-Request-ID": request_id}
        deadline = time.monotonic() + self._timeout_s
        while True:
            connection, kept = self._connection(deadline)
            try:
                connection.request("POST", self._path + path, content, headers)
                response = connection.getresponse()
            except (ConnectionError, HTTPException):
                connection.close()
                if kept:  # the server had closed it meanwhile; a new one will do
                    continue
                raise
            except BaseException:
                connection.close()
                raise
            return self._read(connection, response, request_id)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self, deadline: float) -> tuple[HTTPConnection, bool]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection, kept = self._open(), False
        else:
            kept = True
        remaining_s = _remaining(deadline)
        connection.timeout = remaining_s
        if connection.sock is not None:
            connection.sock.settimeout(remaining_s)
        connection.response_class = cast(
            "type[HTTPResponse]", _responses(deadline)
        )  # `http.client` only calls it
        return connection, kept

    def _open(self) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self._host, self._port)
        return HTTPSConnection(self._host, self._port, context=self._tls)

    def _read(self, connection: HTTPConnection, response: HTTPResponse, request_id: str) -> object:
        try:
            if response.status != 200:
                raise BadAnswerError(f"the answer has status {response.status}")
            media_type = response.headers.get_content_type()
            if media_type != "application/json":
                raise BadAnswerError("the answer is no JSON")
            if response.headers.get("X-Request-ID", request_id) != request_id:
                raise BadAnswerError("the answer belongs to another request")
            content = response.read(LARGEST_ANSWER_BYTES + 1)
            if len(content) > LARGEST_ANSWER_BYTES:
                raise BadAnswerError("the answer is too large")
            answer: object = json.loads(content)
        except BaseException:
            connection.close()
            raise
        if response.will_close or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
        return answer


def client_tls(
    *, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Build the TLS of a client: servers of `ca` (none: the system's), with a certificate.

    Raises `UsageError` where a file (PEM) cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise UsageError(f"`{ca}` is no CA certificate (PEM)") from error
    if (certificate is None) != (key is None):
        raise UsageError("a client certificate and its key go together; name both")
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:
            raise UsageError(f"`{certificate}` and its key cannot be used (PEM)") from error
    return context


class _Stream(io.RawIOBase):
    """Reads from a socket until a deadline, however little comes at a time."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # all that `BufferedReader` passes
        self._socket.settimeout(_remaining(self._deadline))
        return self._socket.recv_into(buffer)


class _Readable:
    """What an `HTTPResponse` needs of a socket."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._stream, _READ_BYTES)


def _responses(deadline: float) -> Callable[..., HTTPResponse]:
    def make(sock: socket.socket, *, method: str | None = None) -> HTTPResponse:
        readable = cast("socket.socket", _Readable(_Stream(sock, deadline)))
        return HTTPResponse(readable, method=method)

    return make


def _remaining(deadline: float) -> float:
    remaining_s = deadline - time.monotonic()
    if remaining_s <= 0:
        raise TimeoutError("no answer in time")
    return remaining_s


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
