"""Column values to bytes and back, with their type: what comes out is what went in.

The first byte names the type, the rest is its text. Not a serialiser for anything
else: a value of another type is refused rather than turned into something near it.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from policy_service.domain.errors import EncryptionError

ColumnValue: TypeAlias = str | bytes | bool | int | float | Decimal | datetime | date | time

_WRITERS: dict[type, tuple[bytes, Callable[[object], str]]] = {
    str: (b"s", str),
    bool: (b"b", lambda value: "true" if value else "false"),
    int: (b"i", str),
    float: (b"f", repr),
    Decimal: (b"n", str),
    datetime: (b"t", str),
    date: (b"d", str),
    time: (b"h", str),
}
_READERS: dict[bytes, Callable[[str], ColumnValue]] = {
    b"s": str,
    b"b": lambda text: {"true": True, "false": False}[text],
    b"i": int,
    b"f": float,
    b"n": Decimal,
    b"t": datetime.fromisoformat,
    b"d": date.fromisoformat,
    b"h": time.fromisoformat,
}
_BYTES = b"y"


def value_to_bytes(value: object) -> bytes:
    """Write a value with its type. Raises `EncryptionError` for a type no column has."""
    if isinstance(value, bytes):
        return _BYTES + value
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise EncryptionError(f"values of type `{type(value).__name__}` cannot be encrypted")
    tag, text = writer
    return tag + text(value).encode()


def value_from_bytes(data: bytes) -> ColumnValue:
    """Read what `value_to_bytes` wrote."""
    if data[:1] == _BYTES:
        return data[1:]
    try:
        return _READERS[data[:1]](data[1:].decode())
    except (KeyError, ValueError, InvalidOperation) as error:
        raise EncryptionError("a decrypted value has no known type; check who wrote it") from error
