"""Whole columns as lists: encrypt, decrypt, encrypt again after a rotation.

NULL stays NULL, and so shows. Decrypting is not deciding: `workflows` asks the PDP first
and calls this only on a permit.
"""

from collections.abc import Sequence

from policy_service.domain.errors import EncryptionError
from policy_service.encryption.envelope import ColumnCipher
from policy_service.encryption.values import ColumnValue, value_from_bytes, value_to_bytes
from policy_service.kit.canonical import canonical_json


def row_id(*key: object) -> str:
    """Write a row's primary key as the text that tokens are bound to.

    One part is its own text; several become a JSON list of texts, so that no two
    different keys of a table are written alike.
    """
    if len(key) == 1:
        return str(key[0])
    return canonical_json([str(part) for part in key]).decode()


def encrypt_column(
    values: Sequence[object], row_ids: Sequence[str], *, cipher: ColumnCipher
) -> list[str | None]:
    """Encrypt each value for its row. Row ids must be unique: a repeated one is refused."""
    _check_rows(values, row_ids)
    present = [
        (value_to_bytes(value), row)
        for value, row in zip(values, row_ids, strict=True)
        if value is not None
    ]
    tokens = iter(cipher.encrypt_many(present))
    return [None if value is None else next(tokens) for value in values]


def decrypt_column(
    tokens: Sequence[str | None], row_ids: Sequence[str], *, cipher: ColumnCipher
) -> list[ColumnValue | None]:
    """Decrypt each token in its row. Raises `EncryptionError`; then no value is returned."""
    _check_rows(tokens, row_ids)
    present = [
        (token, row) for token, row in zip(tokens, row_ids, strict=True) if token is not None
    ]
    values = iter(cipher.decrypt_many(present))
    return [None if token is None else value_from_bytes(next(values)) for token in tokens]


def reencrypt_column(
    tokens: Sequence[str | None], row_ids: Sequence[str], *, cipher: ColumnCipher
) -> list[str | None]:
    """Bring tokens of older key versions or algorithms up to date; leave current ones alone.

    Once it has run over a whole column, the old version can be destroyed.
    """
    _check_rows(tokens, row_ids)
    stale = [
        place
        for place, token in enumerate(tokens)
        if token is not None and not cipher.is_current(token)
    ]
    values = cipher.decrypt_many((str(tokens[place]), row_ids[place]) for place in stale)
    fresh = cipher.encrypt_many(
        (value, row_ids[place]) for place, value in zip(stale, values, strict=True)
    )
    renewed = dict(zip(stale, fresh, strict=True))
    return [renewed.get(place, token) for place, token in enumerate(tokens)]


def _check_rows(values: Sequence[object], row_ids: Sequence[str]) -> None:
    if len(values) != len(row_ids):
        raise EncryptionError(f"{len(values)} values need as many row ids, not {len(row_ids)}")
    if len(set(row_ids)) != len(row_ids):
        raise EncryptionError("row ids repeat; give the primary key, not another column")
