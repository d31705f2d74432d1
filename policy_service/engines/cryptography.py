"""The one home of the `cryptography` library: AEAD, key wrapping, derivation, Ed25519.

It is not a key store and decides nothing: who holds which key, and for what, is
the business of `encryption`. Every failure of the library becomes an error of ours
without a word of the secret, the plaintext or the message it failed on.

Sources: NIST SP 800-38D (GCM), RFC 8439 (ChaCha20-Poly1305), RFC 8452 (GCM-SIV),
RFC 3394 and 5649 (AES key wrap without and with padding), RFC 5869 (HKDF),
RFC 9106 (Argon2id), RFC 8032 (Ed25519), RFC 8410 (its PEM form).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)

from policy_service.domain.errors import EncryptionError, KeyUnavailableError, SignatureError
from policy_service.kit.hashing import sha256_hex

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_ID_DIGITS = 16

_Cipher: TypeAlias = AESGCM | AESGCMSIV | ChaCha20Poly1305
_PEM_END = "-----END PUBLIC KEY-----"


class AeadAlgorithm(StrEnum):
    """The authenticated ciphers columns may be encrypted with, as policies spell them."""

    AES_256_GCM = "AES-256-GCM"
    AES_256_GCM_SIV = "AES-256-GCM-SIV"
    CHACHA20_POLY1305 = "ChaCha20-Poly1305"


_CIPHERS: dict[AeadAlgorithm, type[_Cipher]] = {
    AeadAlgorithm.AES_256_GCM: AESGCM,
    AeadAlgorithm.AES_256_GCM_SIV: AESGCMSIV,
    AeadAlgorithm.CHACHA20_POLY1305: ChaCha20Poly1305,
}


class Aead:
    """One algorithm under one key. Threads may share it. It keeps no count of messages."""

    def __init__(self, *, algorithm: AeadAlgorithm, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise EncryptionError(f"`{algorithm}` needs a key of {KEY_BYTES} bytes")
        self._cipher = _CIPHERS[algorithm](key)
        self.algorithm = algorithm

    def seal(self, *, nonce: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
        """Encrypt; the tag ends the ciphertext. Requires a nonce this key never saw."""
        try:
            return self._cipher.encrypt(nonce, plaintext, associated_data)
        except (ValueError, OverflowError) as error:
            raise EncryptionError(f"`{self.algorithm}` refused the nonce or the size") from error

    def open(self, *, nonce: bytes, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Decrypt. Raises `EncryptionError` when anything was changed: show nothing then."""
        try:
            return self._cipher.decrypt(nonce, ciphertext, associated_data)
        except (InvalidTag, ValueError, OverflowError) as error:
            raise EncryptionError(
                "the ciphertext does not fit its key or its place; do not use it"
            ) from error


def wrap_key(*, wrapping_key: bytes, key: bytes, padded: bool = True) -> bytes:
    """Wrap `key`: RFC 5649 when padded, RFC 3394 when not (whole 8-byte blocks, 16 at least)."""
    try:
        wrap = aes_key_wrap_with_padding if padded else aes_key_wrap
        return wrap(wrapping_key, key)
    except ValueError as error:
        raise EncryptionError("the key cannot be wrapped; check both sizes") from error


def unwrap_key(*, wrapping_key: bytes, wrapped: bytes, padded: bool = True) -> bytes:
    """Undo `wrap_key`. Raises `KeyUnavailableError` when the wrapping key is not the right one."""
    try:
        unwrap = aes_key_unwrap_with_padding if padded else aes_key_unwrap
        return unwrap(wrapping_key, wrapped)
    except (InvalidUnwrap, ValueError) as error:
        raise KeyUnavailableError(
            "a wrapped key does not open; check the passphrase and the key version"
        ) from error


def hkdf_sha256(*, secret: bytes, salt: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """Derive `length` bytes (at most 8,160); `info` separates one use from another."""
    try:
        return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
    except ValueError as error:
        raise EncryptionError(f"HKDF-SHA256 cannot give {length} bytes") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseCost:
    """What one guess of a passphrase costs; the default is RFC 9106's second choice."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 4


def passphrase_key(*, passphrase: str, salt: bytes, cost: PassphraseCost) -> bytes:
    """Derive a 32-byte key with Argon2id. Requires a random salt of 16 bytes."""
    try:
        derivation = Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        )
        return derivation.derive(passphrase.encode())
    except ValueError as error:
        raise EncryptionError("Argon2id refused its settings; check the key file") from error


class Ed25519Signer:
    """A private signing key; `key_id` names its public half."""

    def __init__(self, *, seed: bytes) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(seed)
        except ValueError as error:
            raise KeyUnavailableError("an Ed25519 seed must have 32 bytes") from error
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    @classmethod
    def from_pem(cls, pem: bytes, *, passphrase: str | None = None) -> "Ed25519Signer":
        """Read a PKCS #8 private key. Raises `KeyUnavailableError`."""
        try:
            secret = None if passphrase is None else passphrase.encode()
            key = serialization.load_pem_private_key(pem, password=secret)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnavailableError(
                "the signing key does not open; check the file and its passphrase"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnavailableError("the signing key is not an Ed25519 key; create one")
        return cls(seed=key.private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Sign `message`; 64 bytes, the same each time."""
        return self._key.sign(message)

    def private_pem(self, *, passphrase: str | None = None) -> bytes:
        """Write the private key as PKCS #8, encrypted when a passphrase is given."""
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            protection = serialization.BestAvailableEncryption(passphrase.encode())
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )


class Ed25519Verifier:
    """Public keys by key id; several, so that what an old key signed stays verifiable."""

    def __init__(self, public_keys: Iterable[bytes]) -> None:
        self._keys = {key_id_of(raw): _public_key(raw) for raw in public_keys}

    @classmethod
    def from_pem(cls, text: str) -> "Ed25519Verifier":
        """Read one or more `PUBLIC KEY` blocks. Raises `SignatureError` when there is none."""
        blocks = [block + _PEM_END for block in text.split(_PEM_END)[:-1]]
        if not blocks:
            raise SignatureError("no public key found; give a PEM file with `PUBLIC KEY` blocks")
        return cls(_raw_public_key(block) for block in blocks)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Name the trusted keys, sorted."""
        return tuple(sorted(self._keys))

    def verify(self, *, key_id: str, message: bytes, signature: bytes) -> None:
        """Raise `SignatureError` unless the trusted key `key_id` signed `message`."""
        key = self._keys.get(key_id)
        if key is None:
            raise SignatureError(f"key `{key_id}` is not trusted; add its public key")
        try:
            key.verify(signature, message)
        except InvalidSignature as error:
            raise SignatureError(
                f"the signature does not fit key `{key_id}`; do not use the content"
            ) from error

    def pem(self) -> str:
        """Write every trusted key as PEM, sorted by key id."""
        return "".join(
            self._keys[key_id]
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
            for key_id in self.key_ids
        )


def key_id_of(public_key: bytes) -> str:
    """Name a raw public key: the first 16 hex digits of its SHA-256."""
    return sha256_hex(public_key)[:KEY_ID_DIGITS]


def _public_key(raw: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise SignatureError("an Ed25519 public key must have 32 bytes") from error


def _raw_public_key(pem: str) -> bytes:
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureError("a public key cannot be read; give it as PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError("a public key is not an Ed25519 key; give one that is")
    return key.public_bytes_raw()
