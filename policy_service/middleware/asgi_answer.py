"""The body of one guarded answer: pieces of JSON in, pieces of masked JSON out.

Not the protocol (see `asgi`): no headers, no status. Holds one record at a time, never the
whole body.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from policy_service.domain.errors import MaskingError
from policy_service.middleware.json_stream import RecordStream
from policy_service.middleware.records import RecordGuard

JSON = b"application/json"
LINES = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl")


class MaskedBody(Protocol):
    """Masks a body piece by piece."""

    def feed(self, piece: bytes) -> bytes:
        """Return what may be sent of what came so far. Raises `EnforcementError`."""
        ...

    def end(self) -> bytes:
        """Return the rest. Raises `EnforcementError` where the body was not whole."""
        ...


def masked_body(
    media_type: bytes, guard: RecordGuard, *, rows_at: Sequence[str], largest_record_bytes: int
) -> MaskedBody:
    """Choose how a body is read. Raises `MaskingError` for a media type that is not masked."""
    if media_type == JSON:
        return _Json(guard, rows_at, largest_record_bytes)
    if media_type in LINES and not rows_at:
        return _Lines(guard, largest_record_bytes)
    raise MaskingError("only JSON and newline-delimited JSON can be masked")


class _Json:
    def __init__(self, guard: RecordGuard, rows_at: Sequence[str], largest: int) -> None:
        self._guard = guard
        self._stream = RecordStream(rows_at, largest_record_bytes=largest)
        self._opening = "".join(f"{{{_written(name)}:" for name in rows_at)
        self._closing = "}" * len(rows_at)
        self._open = False
        self._any = False

    def feed(self, piece: bytes) -> bytes:
        return self._shown(self._stream.feed(piece)).encode()

    def end(self) -> bytes:
        rest = self._shown(self._stream.end())
        opened = self._opened()  # an empty list has no record to open it
        closing = "]" if self._stream.is_list else ""
        return f"{opened}{rest}{closing}{self._closing}".encode()

    def _shown(self, records: Iterable[object]) -> str:
        shown = []
        for one in records:
            seen = self._guard.record(one)
            if seen is not None:
                shown.append(f"{self._opened()}{',' if self._any else ''}{_written(seen)}")
                self._any = True
            elif not self._stream.is_list:
                raise MaskingError("the record may not be seen")
        return "".join(shown)

    def _opened(self) -> str:
        if self._open:
            return ""
        self._open = True
        return f"{self._opening}{'[' if self._stream.is_list else ''}"


class _Lines:
    def __init__(self, guard: RecordGuard, largest: int) -> None:
        self._guard = guard
        self._largest = largest
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > self._largest:
            raise MaskingError("a record of the response is too large; it is withheld")
        return b"".join(map(self._line, lines))

    def end(self) -> bytes:
        return self._line(self._rest)

    def _line(self, line: bytes) -> bytes:
        if not line.strip():
            return b""
        stream = RecordStream((), largest_record_bytes=self._largest)
        seen = [self._guard.record(one) for one in (*stream.feed(line), *stream.end())]
        return b"".join(f"{_written(one)}\n".encode() for one in seen if one is not None)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
