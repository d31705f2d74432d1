"""Encrypted cells: the value itself, readable only for who may use the key.

Each cell is encrypted differently, so that not even equality shows; where rows have to
be joined, tokens, pseudonyms or format-preserving values are for that. A cell is bound
to the name of its key, not to a row or a column: masked tables are copies, whose rows
may move. Columns that stay in their database are `encryption.columns`.
"""

from collections.abc import Sequence

from policy_service.masking.keys import CellCipher


def encrypt_cell(value: object, *, cipher: CellCipher) -> str | None:
    """Encrypt one value; `None` stays `None`, and so shows."""
    return encrypt_cells((value,), cipher=cipher)[0]


def encrypt_cells(values: Sequence[object], *, cipher: CellCipher) -> list[str | None]:
    """Encrypt each value, equal ones differently. Raises `EncryptionError`; then nothing is."""
    present = [value for value in values if value is not None]
    tokens = iter(cipher.encrypt(present) if present else ())
    return [None if value is None else next(tokens) for value in values]
