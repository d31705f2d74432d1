"""Where a process finds its keys: a path and the name of a variable, so that keys never travel.

For workers of a cluster: pickled, printed or planned, it shows no secret. Every worker
needs the file, private to its account, and the passphrase in its environment.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.vault import VaultFile
from policy_service.kit.clock import SystemClock


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringPlace:
    """A keyring file, a token vault beside it if one is needed, and where the passphrase is."""

    keyring: Path
    vault: Path | None = None
    passphrase_variable: str = "POLICY_SERVICE_KEYRING_PASSPHRASE"  # noqa: S105 - its name

    def open(self) -> PurposeKeys:
        """Open the keys in this process. Raises `KeyUnavailableError` saying what to do."""
        passphrase = os.environ.get(self.passphrase_variable)
        ring = KeyRing.open(self.keyring, clock=SystemClock(), passphrase=passphrase)
        vault = VaultFile.open(self.vault, provider=ring) if self.vault else None
        return PurposeKeys(ring=ring, vault=vault)
