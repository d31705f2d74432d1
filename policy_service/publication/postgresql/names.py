"""Names in the database: quoted, within 63 bytes, and each for one thing only.

Source: PostgreSQL 15 documentation, section 4.1.1 (identifiers and key words).
"""

import re
from collections import Counter
from collections.abc import Sequence

from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import AssetId, Purpose, RoleId, asset_parts
from policy_service.kit.hashing import sha256_text

_LONGEST = 63 - len("_owner")  # bytes; a longer name would be cut without a word
_OWNER = "_owner"
_DIGITS = 8


def quoted(name: str) -> str:
    """Quote an identifier. Source: SQL-92, delimited identifiers."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Write a value that is no secret. Raises `PublicationError` for one that SQL cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str) or "\x00" in value:
        raise PublicationError("a parameter of a rule has no form in PostgreSQL; amend the rule")
    return "'" + value.replace("'", "''") + "'"


def place(table: AssetId) -> str:
    """Write the quoted place of a table."""
    _, schema, name = asset_parts(table)
    return f"{quoted(schema)}.{quoted(name)}"


def base_name(source: str) -> str:
    """Name the role and the schema in which native mode keeps what it needs itself."""
    return _short(f"ps_{_plain(source)}", source)


def profile_names(
    source: str, profiles: Sequence[tuple[tuple[RoleId, ...], Purpose]]
) -> tuple[str, ...]:
    """Name the role and schema of each profile: `ps_<source>_<role>_<purpose>`.

    Only small letters, digits and underscores, so that nobody has to quote them; names that
    would be equal or too long end in a hash.
    """
    plain = [_plain(f"ps_{source}_{'_and_'.join(roles)}_{use}") for roles, use in profiles]
    times = Counter([*plain, base_name(source)])
    exact = ["\n".join((source, *roles, use)) for roles, use in profiles]
    return tuple(
        _short(name, whole, ambiguous=times[name] > 1)
        for name, whole in zip(plain, exact, strict=True)
    )


def owner_name(profile: str) -> str:
    """Name the role that owns a profile's views; nobody can become it."""
    return profile + _OWNER


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9_]", "_", text.lower())


def _short(name: str, exact: str, *, ambiguous: bool = False) -> str:
    if len(name) <= _LONGEST and not ambiguous and not name.endswith(_OWNER):
        return name
    return f"{name[: _LONGEST - _DIGITS - 1]}_{sha256_text(exact)[:_DIGITS]}"
