"""Casbin's policy file, one row a line: `p, role, resource, action, purpose, effect, rule`.

The syntax only; what rows mean is `engines.casbin`'s. Casbin's own reader knows
no quoting: it splits at commas outside brackets and strips what is around. So a
character it would stumble over is written as in a URL (RFC 3986, section 2.1):
`%2C` for a comma, `%25` for a percent sign. Ids without such characters stand
as they are. Whoever loads the file with a Casbin encodes requests the same way.
"""

from collections.abc import Iterable
from urllib.parse import quote, unquote

_UNSAFE = frozenset(',()[]"%#\\')


def encode_field(text: str) -> str:
    """Write one field so that every Casbin reads it back as one field."""
    return "".join(quote(sign, safe="") if _is_unsafe(sign) else sign for sign in text)


def decode_field(text: str) -> str:
    """Read what `encode_field` wrote. Raises `ValueError` for broken escapes."""
    return unquote(text, errors="strict")


def encode_line(fields: Iterable[str]) -> str:
    """Write one row, without the end of the line."""
    return ", ".join(encode_field(field) for field in fields)


def decode_line(line: str) -> tuple[str, ...]:
    """Split one row into its fields; nothing for an empty line or a comment."""
    stripped = line.strip()
    if not stripped or stripped.startswith("#"):
        return ()
    return tuple(decode_field(field.strip()) for field in stripped.split(","))


def _is_unsafe(sign: str) -> bool:
    return sign in _UNSAFE or sign.isspace() or not sign.isprintable()
