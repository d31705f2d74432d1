"""Tokens: a random stand-in for each value, which only the vault can turn back.

Unlike a pseudonym a token is not computed from the value: who has every key but not
the vault learns nothing and cannot test guesses. The vault itself is handed in; one
that keeps its pairs encrypted in a file is `encryption.vault`.
"""

from collections.abc import Sequence

from policy_service.masking.canonical_text import text_of
from policy_service.masking.keys import TokenVault


def tokenise(value: object, *, vault: TokenVault) -> str | None:
    """Return the token of one value; `None` stays `None`."""
    return tokenise_many((value,), vault=vault)[0]


def tokenise_many(values: Sequence[object], *, vault: TokenVault) -> list[str | None]:
    """Return the token of each value by its canonical text, with one call of the vault.

    All or nothing: raises `MaskingError` or `KeyUnavailableError` where any value
    cannot be given its token.
    """
    texts = [text_of(value) for value in values]
    distinct = [text for text in dict.fromkeys(texts) if text is not None]
    tokens = dict(zip(distinct, vault.tokens(distinct), strict=True)) if distinct else {}
    return [None if text is None else tokens[text] for text in texts]
