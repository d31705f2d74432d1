"""Envelope encryption of one column: a data key for the values, a wrapped copy in each token.

A token is text and stands alone: `ps1.<algorithm>.<key version>.<wrapped data key>.
<nonce>.<ciphertext and tag>`, the last three in base64url without padding. It opens
only in the column and row it was made for. It hides neither that a value is there nor
how long it is. Who may decrypt is decided before anyone calls this.

Sources: NIST SP 800-38D section 8.3 (at most 2**32 random nonces a key), RFC 5116
(associated data), NIST SP 800-57 part 1 (data keys under key-encryption keys).
"""

import binascii
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.errors import EncryptionError
from policy_service.domain.identifiers import AssetId
from policy_service.engines.cryptography import KEY_BYTES, NONCE_BYTES, Aead, AeadAlgorithm
from policy_service.kit.ids import RandomBytes

TOKEN_PREFIX = "ps1"  # noqa: S105 - the format's name, not a secret
MESSAGES_PER_KEY = 1 << 32

_CODES = {
    AeadAlgorithm.AES_256_GCM: "g",
    AeadAlgorithm.AES_256_GCM_SIV: "s",
    AeadAlgorithm.CHACHA20_POLY1305: "c",
}
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/***")
_ALGORITHMS = {code: algorithm for algorithm, code in _CODES.items()}


class KeyProvider(Protocol):
    """Whoever holds key-encryption keys: the local keyring, or a service that never gives them."""

    def active_version(self, scope: str) -> int:
        """Return the version that encrypts. Raises `KeyUnavailableError`."""
        ...

    def wrap(self, scope: str, version: int, data_key: bytes) -> bytes:
        """Wrap a data key under one version of the scope's key."""
        ...

    def unwrap(self, scope: str, version: int, wrapped: bytes) -> bytes:
        """Unwrap a data key. Raises `KeyUnavailableError`."""
        ...


@dataclass(slots=True, kw_only=True)
class _DataKey:
    """One data key in use: its cipher, the head of its tokens, how many it may still make."""

    version: int
    cipher: Aead
    head: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    algorithm: AeadAlgorithm
    version: int
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes


class ColumnCipher:
    """Encrypts and decrypts the values of one column. Threads may share it.

    `scope` names the key-encryption key: the table's or the column's asset id.
    """

    def __init__(
        self,
        *,
        provider: KeyProvider,
        column: AssetId,
        scope: str,
        algorithm: AeadAlgorithm = AeadAlgorithm.AES_256_GCM,
        random_bytes: RandomBytes = secrets.token_bytes,
        messages_per_key: int = MESSAGES_PER_KEY,
    ) -> None:
        self._provider = provider
        self._scope = scope
        self._algorithm = algorithm
        self._random_bytes = random_bytes
        self._limit = min(messages_per_key, MESSAGES_PER_KEY)
        self._threads = threading.Lock()
        self._data_key: _DataKey | None = None
        name = column.encode()
        self._place = TOKEN_PREFIX.encode() + len(name).to_bytes(4) + name

    def encrypt(self, value: bytes | str, *, row_id: str) -> str:
        """Encrypt one value for one row. `row_id` is the row's primary key as text."""
        return self.encrypt_many(((value, row_id),))[0]

    def decrypt(self, token: str, *, row_id: str) -> bytes:
        """Decrypt a token. Raises `EncryptionError` for another place or a changed byte."""
        return self.decrypt_many(((token, row_id),))[0]

    def encrypt_many(self, values: Iterable[tuple[bytes | str, str]]) -> list[str]:
        """Encrypt (value, row id) pairs, under one data key as long as its limit allows."""
        active = self._provider.active_version(self._scope)
        tokens = []
        for value, row_id in values:
            data_key = self._take(active)
            nonce = self._random_bytes(NONCE_BYTES)
            sealed = data_key.cipher.seal(
                nonce=nonce,
                plaintext=value.encode() if isinstance(value, str) else value,
                associated_data=self._associated_data(data_key.cipher.algorithm, row_id),
            )
            tokens.append(f"{data_key.head}{_encode(nonce)}.{_encode(sealed)}")
        return tokens

    def decrypt_many(self, tokens: Iterable[tuple[str, str]]) -> list[bytes]:
        """Decrypt (token, row id) pairs. One that fails fails them all: nothing is shown."""
        ciphers: dict[tuple[AeadAlgorithm, int, bytes], Aead] = {}
        values = []
        for text, row_id in tokens:
            token = _parse(text)
            place = (token.algorithm, token.version, token.wrapped)
            if place not in ciphers:
                key = self._provider.unwrap(self._scope, token.version, token.wrapped)
                ciphers[place] = Aead(algorithm=token.algorithm, key=key)
            value = ciphers[place].open(
                nonce=token.nonce,
                ciphertext=token.ciphertext,
                associated_data=self._associated_data(token.algorithm, row_id),
            )
            values.append(value)
        return values

    def is_current(self, token: str) -> bool:
        """Tell whether a token has this cipher's algorithm and the active key version."""
        parsed = _parse(token)
        active = self._provider.active_version(self._scope)
        return parsed.version == active and parsed.algorithm is self._algorithm

    def _take(self, active: int) -> _DataKey:
        """Return a data key with one message taken from it; a new one when it is used up."""
        with self._threads:
            data_key = self._data_key
            if data_key is None or data_key.left < 1 or data_key.version != active:
                data_key = self._data_key = self._new_data_key(active)
            data_key.left -= 1
            return data_key

    def _new_data_key(self, version: int) -> _DataKey:
        key = self._random_bytes(KEY_BYTES)
        wrapped = self._provider.wrap(self._scope, version, key)
        return _DataKey(
            version=version,
            cipher=Aead(algorithm=self._algorithm, key=key),
            head=f"{TOKEN_PREFIX}.{_CODES[self._algorithm]}.{version}.{_encode(wrapped)}.",
            left=self._limit,
        )

    def _associated_data(self, algorithm: AeadAlgorithm, row_id: str) -> bytes:
        # INVARIANT: injective. Fixed prefix, counted column, one letter, then only the row.
        return self._place + _CODES[algorithm].encode() + row_id.encode()


def is_token(text: str) -> bool:
    """Tell whether a text has the shape of a token; nothing of it is verified."""
    try:
        _parse(text)
    except EncryptionError:
        return False
    return True


def _parse(text: str) -> _Token:
    parts = text.split(".")
    if len(parts) != 6 or parts[0] != TOKEN_PREFIX or parts[1] not in _ALGORITHMS:
        raise EncryptionError("a value is not an encrypted token; check the column")
    version = parts[2]
    if not (version.isascii() and version.isdigit()) or version.startswith("0"):
        raise EncryptionError("an encrypted token names no key version; do not use it")
    return _Token(
        algorithm=_ALGORITHMS[parts[1]],
        version=int(version),
        wrapped=_decode(parts[3]),
        nonce=_decode(parts[4]),
        ciphertext=_decode(parts[5]),
    )


def _encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise EncryptionError("an encrypted token is not in base64url; do not use it") from error
    tail = len(text) % 4
    if tail and _encode(data[-(tail - 1) :]) != text[-tail:]:
        # one spelling only, so that equal tokens are equal texts
        raise EncryptionError("an encrypted token is misspelt; do not use it")
    return data
