"""Texts as they compare: small letters without accents. Not for display, and not for hashing."""

import unicodedata


def folded(text: str) -> str:
    """Lower a text and drop its accents: `Zdeňka` becomes `zdenka`."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
