"""Everything masking needs of keys in one object: purpose keys, cell ciphers, token vaults.

Hand it to masking and the middleware as `keys`. Without a vault file, tokens are denied.
"""

import threading

from policy_service.domain.errors import KeyUnavailableError
from policy_service.encryption.cells import PurposeCipher
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.vault import PurposeVault, VaultFile


class PurposeKeys:
    """A keyring, and a vault where there is one. Threads may share it."""

    def __init__(self, *, ring: KeyRing, vault: VaultFile | None = None) -> None:
        self._ring = ring
        self._vault = vault
        self._threads = threading.Lock()
        self._ciphers: dict[str, PurposeCipher] = {}

    def key(self, name: str) -> bytes:
        """Return the newest purpose key `name`. Raises `KeyUnavailableError`."""
        return self._ring.key(name)

    def key_label(self, name: str) -> str:
        """Say which version of the key is in use, for manifests and logs."""
        return self._ring.key_label(name)

    def past(self, label: str) -> "PastKeys":
        """Return the purpose keys as they were under an older version, to turn masks back."""
        return PastKeys(ring=self._ring, label=label)

    def cipher(self, name: str) -> PurposeCipher:
        """Return the cipher for the cells of a purpose."""
        with self._threads:
            if name not in self._ciphers:
                self._ciphers[name] = PurposeCipher(provider=self._ring, name=name)
            return self._ciphers[name]

    def vault(self, name: str) -> PurposeVault:
        """Return the tokens of a purpose. Raises `KeyUnavailableError` without a vault."""
        if self._vault is None:
            raise KeyUnavailableError("there is no token vault here; create one")
        return self._vault.purpose(name)


class PastKeys:
    """Purpose keys of one older version: for what was masked before a rotation."""

    def __init__(self, *, ring: KeyRing, label: str) -> None:
        self._ring = ring
        self._label = label

    def key(self, name: str) -> bytes:
        """Return the purpose key `name` of that version. Raises `KeyUnavailableError`."""
        return self._ring.past_key(name, self._label)
