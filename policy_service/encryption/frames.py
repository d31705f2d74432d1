"""Columns of polars frames: the same as `columns`, on Series."""

import polars as pl

from policy_service.encryption.columns import decrypt_column, encrypt_column
from policy_service.encryption.envelope import ColumnCipher


def encrypt_series(values: pl.Series, row_ids: pl.Series, *, cipher: ColumnCipher) -> pl.Series:
    """Encrypt a Series to one of tokens. `row_ids` holds the primary key, of any type."""
    tokens = encrypt_column(values.to_list(), _texts(row_ids), cipher=cipher)
    return pl.Series(values.name, tokens, dtype=pl.String)


def decrypt_series(
    tokens: pl.Series, row_ids: pl.Series, *, cipher: ColumnCipher, dtype: pl.DataType
) -> pl.Series:
    """Decrypt a Series of tokens to one of `dtype`, the type that was encrypted."""
    values = decrypt_column(tokens.to_list(), _texts(row_ids), cipher=cipher)
    return pl.Series(tokens.name, values, dtype=dtype)


def _texts(row_ids: pl.Series) -> list[str]:
    return [str(value) for value in row_ids.to_list()]
