"""Where masking gets keys, vaults and ciphers from: Protocols, so that their stores stay outside.

Every operator is handed the one object `keys`. Pseudonyms and FF1 need only `key`;
tokens also `vault`, encrypted cells also `cipher`. What an object does not offer is
denied, like a key that is missing. `encryption.purpose_keys` offers all three.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from policy_service.domain.control import Control
from policy_service.domain.errors import EnforcementError, KeyUnavailableError

KEY_BYTES = 32

_Opened = TypeVar("_Opened")


class MaskingKeys(Protocol):
    """Hands out the 32 bytes of a named key, usually one for each purpose."""

    def key(self, name: str) -> bytes:
        """Return the key `name`. Raises `KeyUnavailableError` where it may not be used."""
        ...


class TokenVault(Protocol):
    """Random tokens of texts, in the namespace of one name. Threads may share it."""

    def tokens(self, texts: Sequence[str]) -> list[str]:
        """Return the token of each text; one that has none is given one, once and for all."""
        ...

    def texts(self, tokens: Sequence[str]) -> list[str]:
        """Return the text of each token. Raises `MaskingError` where one is not of here."""
        ...


class CellCipher(Protocol):
    """Encrypts single cells under a named key, each differently. Threads may share it."""

    def encrypt(self, values: Sequence[object]) -> list[str]:
        """Encrypt values with their types. Raises `EncryptionError` for one no column has."""
        ...

    def decrypt(self, tokens: Sequence[str]) -> list[object]:
        """Return the values; one that does not open fails them all."""
        ...


@runtime_checkable
class HoldsVaults(Protocol):
    """Keys that come with token vaults."""

    def vault(self, name: str) -> TokenVault:
        """Open the vault `name`. Raises `KeyUnavailableError` where it may not be used."""
        ...


@runtime_checkable
class HoldsCiphers(Protocol):
    """Keys that encrypt without being handed out."""

    def cipher(self, name: str) -> CellCipher:
        """Open the cipher `name`. Raises `KeyUnavailableError` where it may not be used."""
        ...


def control_key(control: Control, keys: MaskingKeys) -> bytes:
    """Fetch the key a control names in its parameter `key`.

    Raises `KeyUnavailableError` for a missing name, a missing key or one of the
    wrong size: nothing may be shown then.
    """
    key = _opened("key", control, keys.key)
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        name = control.parameters.get("key")
        raise KeyUnavailableError(f"key `{name}` must have {KEY_BYTES} bytes; create it anew")
    return key


def control_vault(control: Control, keys: MaskingKeys) -> TokenVault:
    """Open the vault a control names in its parameter `key`. Raises `KeyUnavailableError`."""
    if not isinstance(keys, HoldsVaults):
        raise KeyUnavailableError("tokens need a token vault; hand in keys that have one")
    return _opened("vault", control, keys.vault)


def control_cipher(control: Control, keys: MaskingKeys) -> CellCipher:
    """Open the cipher a control names in its parameter `key`. Raises `KeyUnavailableError`."""
    if not isinstance(keys, HoldsCiphers):
        raise KeyUnavailableError("encrypted cells need a keyring; hand in keys that have one")
    return _opened("cipher", control, keys.cipher)


def _opened(what: str, control: Control, open_named: Callable[[str], _Opened]) -> _Opened:
    name = control.parameters.get("key")
    if not isinstance(name, str) or not name:
        raise KeyUnavailableError(f"`{control.operator.value}` names no key; add parameter `key`")
    try:
        return open_named(name)
    except EnforcementError:
        raise
    except Exception as error:
        raise KeyUnavailableError(
            f"{what} `{name}` is not available; create or unlock it"
        ) from error
