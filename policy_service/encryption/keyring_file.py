"""The keyring's file: which keys exist, in which versions and states, each wrapped.

Holds no opened key and changes nothing. The master key stands at the top: wrapped
under a key from the passphrase, or, without one, in clear and guarded by the
file's mode alone. Every other key is wrapped under the master key. The file ends with a
MAC under the master key, so that states and names cannot be edited without it.

Sources: RFC 5649 (wrapping), RFC 9106 (passphrase), NIST SP 800-57 part 1 section 7
(key states).
"""

import base64
import hmac
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from policy_service.domain.errors import EncryptionError, KeyUnavailableError
from policy_service.domain.plain import from_plain, to_plain
from policy_service.encryption.private_files import read_private, write_private
from policy_service.engines.cryptography import (
    KEY_BYTES,
    PassphraseCost,
    hkdf_sha256,
    passphrase_key,
    unwrap_key,
    wrap_key,
)
from policy_service.kit.canonical import canonical_json

FORMAT = "policy-service keyring 1"
SHORTEST_PASSPHRASE = 12
_MOST_MEMORY_KIB = 4 << 20  # a forged file must not make us use more than 4 GiB
_MOST_ITERATIONS = 100
_MAC_USE = b"policy-service/keyring/mac/1"


class KeyState(StrEnum):
    """Active keys encrypt; retired ones only decrypt; disabled and destroyed ones do nothing."""

    ACTIVE = "active"
    RETIRED = "retired"
    DISABLED = "disabled"
    DESTROYED = "destroyed"  # the wrapped key is gone: what it protected is erased


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVersion:
    """One version of one key. `wrapped` is base64, empty once destroyed."""

    name: str
    version: int  # 1, 2, 3 …
    state: KeyState
    created_at: str  # RFC 3339
    wrapped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passphrase:
    """How the passphrase becomes a key."""

    salt: str  # base64
    cost: PassphraseCost


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringFile:
    """The whole file. INVARIANT: at most one version of a name is active."""

    format: str
    passphrase: Passphrase | None
    master: str  # base64; wrapped when there is a passphrase
    keys: tuple[KeyVersion, ...]
    mac: str  # base64


def seal_master(
    master: bytes, *, passphrase: str | None, salt: bytes, cost: PassphraseCost
) -> KeyringFile:
    """Make an empty file for `master`. Raises `EncryptionError` for a weak passphrase."""
    empty = KeyringFile(format=FORMAT, passphrase=None, master=_text(master), keys=(), mac="")
    if passphrase is None:
        return empty
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise EncryptionError(f"a passphrase needs {SHORTEST_PASSPHRASE} characters or more")
    wrapping_key = passphrase_key(passphrase=passphrase, salt=salt, cost=cost)
    return replace(
        empty,
        passphrase=Passphrase(salt=_text(salt), cost=cost),
        master=_text(wrap_key(wrapping_key=wrapping_key, key=master)),
    )


def open_master(content: KeyringFile, *, passphrase: str | None) -> bytes:
    """Return the master key. Raises `KeyUnavailableError` for a missing or wrong passphrase."""
    if content.passphrase is None:
        if passphrase is not None:
            raise KeyUnavailableError("this keyring has no passphrase; open it without one")
        return _key_bytes(_bytes(content.master))
    if passphrase is None:
        raise KeyUnavailableError("this keyring needs its passphrase; give it")
    cost = content.passphrase.cost
    if cost.memory_kib > _MOST_MEMORY_KIB or cost.iterations > _MOST_ITERATIONS:
        raise KeyUnavailableError("this keyring asks for absurd work; restore it from a copy")
    wrapping_key = passphrase_key(
        passphrase=passphrase, salt=_bytes(content.passphrase.salt), cost=cost
    )
    try:
        return _key_bytes(unwrap_key(wrapping_key=wrapping_key, wrapped=_bytes(content.master)))
    except KeyUnavailableError as error:
        raise KeyUnavailableError("the passphrase does not open this keyring") from error


def wrap_in(master: bytes, key: bytes) -> str:
    """Wrap a key for `KeyVersion.wrapped`."""
    return _text(wrap_key(wrapping_key=master, key=key))


def unwrap_from(master: bytes, version: KeyVersion) -> bytes:
    """Open a key version. Requires that it is not destroyed."""
    return _key_bytes(unwrap_key(wrapping_key=master, wrapped=_bytes(version.wrapped)))


def read_keyring(path: Path) -> KeyringFile:
    """Read the file as it stands. Raises `KeyUnavailableError`; `check_mac` comes next."""
    try:
        content = from_plain(KeyringFile, json.loads(read_private(path)))
    except ValueError as error:
        raise KeyUnavailableError(f"`{path}` is not a keyring; restore it from a copy") from error
    if content.format != FORMAT:
        raise KeyUnavailableError(f"`{path}` is a keyring of another format; update this program")
    return content


def check_mac(content: KeyringFile, *, master: bytes) -> None:
    """Raise `KeyUnavailableError` unless the file is as it was last written with this master."""
    if not hmac.compare_digest(_bytes(content.mac), _mac(content, master)):
        raise KeyUnavailableError(
            "the keyring was changed by hand or has a new master key; open it anew, or restore it"
        )


def write_keyring(
    path: Path, content: KeyringFile, *, master: bytes, replace_old: bool
) -> KeyringFile:
    """Write the file with its MAC, whole or not at all; return what was written."""
    written = replace(content, mac=_text(_mac(content, master)))
    write_private(path, canonical_json(to_plain(written)) + b"\n", replace=replace_old)
    return written


def _mac(content: KeyringFile, master: bytes) -> bytes:
    key = hkdf_sha256(secret=master, salt=b"", info=_MAC_USE)
    return hmac.digest(key, canonical_json(to_plain(replace(content, mac=""))), "sha256")


def _key_bytes(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise KeyUnavailableError(f"a key must have {KEY_BYTES} bytes; restore the keyring")
    return key


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise KeyUnavailableError("the keyring is damaged; restore it from a copy") from error
