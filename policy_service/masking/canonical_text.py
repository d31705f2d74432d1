"""The one text form of a value, from which pseudonyms and other masks are made.

It must be the same for a scalar, a polars column and a database's own text form,
or the same person gets two pseudonyms. Not for display.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from policy_service.domain.errors import MaskingError


def text_of(value: object) -> str | None:  # noqa: PLR0911 - one return for each type
    """Write a value as text; `None` stays `None`.

    Whole numbers are decimal digits, fractions Python's `repr`, booleans `true`
    and `false`, dates ISO 8601, aware times are brought to UTC, bytes are hex.
    Raises `MaskingError` for nested values: they have no single text.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value + 0.0)  # -0.0 equals 0.0, so both have one text
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _text_of_time(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    raise MaskingError(
        f"a value of type `{type(value).__name__}` has no single text; mask it by null or redact"
    )


def _text_of_time(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat()
