"""Single cells under a purpose's key: what masking's operator `encrypt` calls, and its reverse.

The tokens are those of `envelope`, bound to the purpose instead of a column and a row.
Who may decrypt is decided before anyone calls this.
"""

from collections.abc import Sequence
from typing import Protocol

from policy_service.domain.identifiers import AssetId, asset_id
from policy_service.encryption.envelope import ColumnCipher, KeyProvider
from policy_service.encryption.values import value_from_bytes, value_to_bytes

_NO_ROW = ""


class KeyMaker(KeyProvider, Protocol):
    """A provider that also makes a key where there is none yet."""

    def ensure(self, scope: str) -> int:
        """Make the key of `scope` unless there is one; return its newest version."""
        ...


def cell_scope(name: str) -> AssetId:
    """Name the key-encryption key of the cells of a purpose."""
    return asset_id("policy-service", "masked", name)


class PurposeCipher:
    """Encrypts cells for one purpose, with their types. Threads may share it."""

    def __init__(self, *, provider: KeyMaker, name: str) -> None:
        scope = cell_scope(name)
        provider.ensure(scope)
        self._cipher = ColumnCipher(provider=provider, column=scope, scope=scope)

    def encrypt(self, values: Sequence[object]) -> list[str]:
        """Encrypt each value, equal ones differently. Raises `EncryptionError`."""
        return self._cipher.encrypt_many((value_to_bytes(value), _NO_ROW) for value in values)

    def decrypt(self, tokens: Sequence[str]) -> list[object]:
        """Return the values with their types; one that does not open fails them all."""
        opened = self._cipher.decrypt_many((token, _NO_ROW) for token in tokens)
        return [value_from_bytes(value) for value in opened]
