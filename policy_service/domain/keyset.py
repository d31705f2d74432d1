"""The keys that enforcement points trust, in versions that vouch for each other.

A version is trusted when enough holders of the version before it, and enough of its own, have
signed it. Source of the idea: The Update Framework specification, section 5.3, root rotation.
"""

from dataclasses import dataclass

SERVICE_HOLDER = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One Ed25519 public key and who holds its private half."""

    key_id: str
    public_key: str  # base64 of the 32 raw bytes
    holder: str
    not_after: str = ""  # RFC 3339; none: as long as the set


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """One version of the trusted keys. Times are RFC 3339.

    `threshold` counts holders, not keys: a service that has changed its key during an overlap
    still counts once.
    """

    version: int
    issued_at: str
    expires_at: str
    threshold: int
    keys: tuple[TrustedKey, ...]
