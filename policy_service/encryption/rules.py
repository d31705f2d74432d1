"""From an encryption rule of a published policy to the cipher that keeps it.

Reads rules, never writes them: what cannot be kept exactly is refused.
"""

import secrets
from datetime import datetime, timedelta

from policy_service.domain.draft import EncryptionRule
from policy_service.domain.errors import EncryptionError
from policy_service.domain.identifiers import AssetId
from policy_service.encryption.envelope import ColumnCipher, KeyProvider
from policy_service.engines.cryptography import KEY_BYTES, AeadAlgorithm
from policy_service.kit.clock import parse_rfc3339
from policy_service.kit.ids import RandomBytes


def rule_scope(rule: EncryptionRule, column: AssetId) -> str:
    """Name the key-encryption key that `rule` wants for one of its columns."""
    if column not in rule.columns:
        raise EncryptionError(f"rule `{rule.id}` does not cover column `{column}`")
    if rule.key_scope == "table":
        return rule.table
    if rule.key_scope == "column":
        return column
    raise EncryptionError(
        f"rule `{rule.id}` has key scope `{rule.key_scope}`; give table or column"
    )


def rule_cipher(
    rule: EncryptionRule,
    column: AssetId,
    *,
    provider: KeyProvider,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> ColumnCipher:
    """Build the cipher of one column. Raises `EncryptionError` for settings we cannot keep."""
    if rule.key_bits != KEY_BYTES * 8:
        raise EncryptionError(f"rule `{rule.id}` asks for {rule.key_bits}-bit keys; 256 are used")
    try:
        algorithm = AeadAlgorithm(rule.algorithm)
    except ValueError as error:
        known = ", ".join(AeadAlgorithm)
        raise EncryptionError(
            f"rule `{rule.id}` asks for `{rule.algorithm}`; there are {known}"
        ) from error
    return ColumnCipher(
        provider=provider,
        column=column,
        scope=rule_scope(rule, column),
        algorithm=algorithm,
        random_bytes=random_bytes,
    )


def rotation_due(rule: EncryptionRule, *, created_at: str, now: datetime) -> bool:
    """Tell whether a key made at `created_at` (RFC 3339) is older than the rule allows."""
    return now - parse_rfc3339(created_at) >= timedelta(days=rule.rotation_days)
