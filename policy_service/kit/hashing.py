"""SHA-256 in the two spellings the product uses: bytes for trees, hex for ids."""

import hashlib


def sha256(data: bytes) -> bytes:
    """Digest `data`; 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """Digest `data`; 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_text(text: str) -> str:
    """Digest the UTF-8 form of `text`; 64 lower-case hex digits."""
    return sha256_hex(text.encode())
