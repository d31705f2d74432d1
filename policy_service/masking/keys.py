"""Where masking gets its keys from: a Protocol, so that keyrings and vaults stay outside."""

from typing import Protocol

from policy_service.domain.control import Control
from policy_service.domain.errors import EnforcementError, KeyUnavailableError

KEY_BYTES = 32


class MaskingKeys(Protocol):
    """Hands out the 32 bytes of a named key, usually one for each purpose."""

    def key(self, name: str) -> bytes:
        """Return the key `name`. Raises `KeyUnavailableError` where it may not be used."""
        ...


def control_key(control: Control, keys: MaskingKeys) -> bytes:
    """Fetch the key a control names in its parameter `key`.

    Raises `KeyUnavailableError` for a missing name, a missing key or one of the
    wrong size: nothing may be shown then.
    """
    name = control.parameters.get("key")
    if not isinstance(name, str) or not name:
        raise KeyUnavailableError(f"`{control.operator.value}` names no key; add parameter `key`")
    try:
        key = keys.key(name)
    except EnforcementError:
        raise
    except Exception as error:
        raise KeyUnavailableError(f"key `{name}` is not available; create or unlock it") from error
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise KeyUnavailableError(f"key `{name}` must have {KEY_BYTES} bytes; create it anew")
    return key
