"""Records out of a JSON text that comes in pieces, in the memory of one record.

Finds where each record ends and hands its bytes to the standard library's parser; what is
not on the way to the records is skipped unparsed. Not a validator of what it skips. Source:
RFC 8259.
"""

import json
import re
from collections.abc import Generator, Iterator, Sequence

from policy_service.domain.errors import MaskingError

Records = Generator[bytes | None, None, None]  # None asks for more input
Raw = Generator[None, None, bytes]
_SPACE = frozenset(b" \t\n\r")
_MARK = re.compile(rb'["{}\[\]]')
_STRING_MARK = re.compile(rb'["\\]')
_AFTER_SCALAR = re.compile(rb"[,\]}\s]")
_QUOTE, _BACKSLASH = ord('"'), ord("\\")


class RecordStream:
    """Reads what stands at the end of `rows_at`: a list of records, or one alone.

    Raises `MaskingError` where the text has another shape, ends early, or a record is larger
    than `largest_record_bytes`; no message holds a part of it.
    """

    def __init__(self, rows_at: Sequence[str], *, largest_record_bytes: int) -> None:
        self._rows_at = tuple(rows_at)
        self._largest = largest_record_bytes
        self._data = bytearray()
        self._at = 0  # what comes next
        self._kept = -1  # where a value starts that must stay whole; -1: none
        self._ended = False
        self.is_list: bool | None = None  # known before the first record is returned
        self._steps = self._text()

    def feed(self, piece: bytes) -> Iterator[object]:
        """Take a piece; return the records that end in it."""
        self._data += piece
        return self._next()

    def end(self) -> Iterator[object]:
        """Return what is left, if the text is whole."""
        self._ended = True
        return self._next()

    def _next(self) -> Iterator[object]:
        for raw in self._steps:
            if raw is None:
                self._forget()
                return
            yield _parsed(raw)

    def _forget(self) -> None:
        done = self._at if self._kept < 0 else self._kept
        if self._at - done > self._largest or len(self._data) - done > 2 * self._largest:
            raise MaskingError("a record of the response is too large; it is withheld")
        del self._data[:done]
        self._at -= done
        self._kept = -1 if self._kept < 0 else 0

    def _text(self) -> Records:
        for name in self._rows_at:
            yield from self._into(name)
        yield from self._space()
        self.is_list = self._data[self._at] == ord("[")
        if self.is_list:
            yield from self._list()
        else:
            yield (yield from self._value())
        for _ in self._rows_at:
            yield from self._rest()
        while not self._ended or self._at < len(self._data):
            if self._at >= len(self._data):
                yield None
            elif self._data[self._at] not in _SPACE:
                raise _odd()
            else:
                self._at += 1

    def _list(self) -> Records:
        self._at += 1
        yield from self._space()
        if self._data[self._at] == ord("]"):
            self._at += 1
            return
        while True:
            yield from self._space()
            yield (yield from self._value())
            if (yield from self._mark(b",]")) == ord("]"):
                return

    def _into(self, name: str) -> Generator[None, None, None]:
        """Go into an object, up to the value under `name`."""
        yield from self._mark(b"{")
        while (yield from self._name()) != name:
            yield from self._value()
            yield from self._mark(b",")

    def _rest(self) -> Generator[None, None, None]:
        """Go out of an object, past what else is in it."""
        while (yield from self._mark(b",}")) != ord("}"):
            yield from self._name()
            yield from self._value()

    def _name(self) -> Generator[None, None, object]:
        yield from self._space()
        if self._data[self._at] != _QUOTE:
            raise _odd()
        name = _parsed((yield from self._value()))
        yield from self._mark(b":")
        yield from self._space()
        return name

    def _value(self) -> Raw:
        """Pass one value and return its bytes."""
        self._kept = self._at
        first = self._data[self._at]
        if first == _QUOTE:
            yield from self._string()
        elif first in b"{[":
            yield from self._nested()
        else:
            yield from self._scalar()
        raw = bytes(self._data[self._kept : self._at])
        self._kept = -1
        if len(raw) > self._largest:
            raise MaskingError("a record of the response is too large; it is withheld")
        return raw

    def _nested(self) -> Generator[None, None, None]:
        depth = 0
        while True:
            found = yield from self._find(_MARK)
            if found == _QUOTE:
                self._at -= 1
                yield from self._string()
                continue
            depth += 1 if found in b"{[" else -1
            if depth == 0:
                return

    def _string(self) -> Generator[None, None, None]:
        self._at += 1
        while (yield from self._find(_STRING_MARK)) == _BACKSLASH:
            yield from self._more()
            self._at += 1

    def _scalar(self) -> Generator[None, None, None]:
        while (found := _AFTER_SCALAR.search(self._data, self._at)) is None:
            self._at = len(self._data)
            if self._ended:
                return
            yield None
        self._at = found.start()

    def _find(self, marks: re.Pattern[bytes]) -> Generator[None, None, int]:
        """Go past the next mark and return it."""
        while (found := marks.search(self._data, self._at)) is None:
            self._at = len(self._data)
            yield from self._more()
        self._at = found.end()
        return self._data[self._at - 1]

    def _mark(self, allowed: bytes) -> Generator[None, None, int]:
        yield from self._space()
        mark = self._data[self._at]
        if mark not in allowed:
            raise _odd()
        self._at += 1
        return mark

    def _space(self) -> Generator[None, None, None]:
        yield from self._more()
        while self._data[self._at] in _SPACE:
            self._at += 1
            yield from self._more()

    def _more(self) -> Generator[None, None, None]:
        while self._at >= len(self._data):
            if self._ended:
                raise _odd()
            yield None


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw, parse_constant=_refused)
    except (ValueError, RecursionError):
        pass
    raise _odd()


def _refused(_constant: str) -> object:
    raise ValueError("NaN and infinity are no JSON")


def _odd() -> MaskingError:
    return MaskingError("the response does not have the declared shape; it is withheld")
