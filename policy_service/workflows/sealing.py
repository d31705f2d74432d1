"""Addresses of sources, sealed in the state: they may hold a password (envelope encryption)."""

from policy_service.domain.identifiers import asset_id
from policy_service.encryption.envelope import ColumnCipher
from policy_service.encryption.keyring import KeyRing

_COLUMN = asset_id("policy-service", "state", "sources", "url")


def seal(keyring: KeyRing, text: str, *, owner: str) -> str:
    """Encrypt `text` so that it opens only under `owner`'s name."""
    keyring.ensure(_COLUMN)
    return _cipher(keyring).encrypt(text, row_id=owner)


def unseal(keyring: KeyRing, token: str, *, owner: str) -> str:
    """Decrypt what `seal` made. Raises `EncryptionError` where it was moved or changed."""
    return _cipher(keyring).decrypt(token, row_id=owner).decode()


def _cipher(keyring: KeyRing) -> ColumnCipher:
    return ColumnCipher(provider=keyring, column=_COLUMN, scope=_COLUMN)
