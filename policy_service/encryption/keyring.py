"""The local keyring: named keys in versions, kept in one private file.

Two families. *Purpose keys* (`key`) are derived and go to masking, so that one value
has one pseudonym for a purpose. All come from one secret, `purposes`, until a purpose
is rotated by itself: from then on it has a secret of its own. *Key-encryption keys*
(`wrap`, `unwrap`) protect the data keys of one table or column and never leave the ring.
It decides nothing about who may use a key. Several processes may share the file: each
use sees the newest states, so that a disabled key stops working at once.

Sources: NIST SP 800-57 part 1 (states, rotation), RFC 5869 (derivation), RFC 5649 (wrapping).
"""

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from policy_service.domain.errors import EncryptionError, KeyUnavailableError
from policy_service.encryption.keyring_file import (
    KeyringFile,
    KeyState,
    KeyVersion,
    check_mac,
    open_master,
    read_keyring,
    seal_master,
    unwrap_from,
    wrap_in,
    write_keyring,
)
from policy_service.encryption.private_files import locked
from policy_service.engines.cryptography import (
    KEY_BYTES,
    PassphraseCost,
    hkdf_sha256,
    unwrap_key,
    wrap_key,
)
from policy_service.kit.clock import Clock, rfc3339
from policy_service.kit.ids import RandomBytes

PURPOSES = "purposes"
_SCOPE_PREFIX = "kek:"
_PURPOSE_PREFIX = "purpose:"
_PURPOSE_USE = b"policy-service/purpose-key/1/"
_SALT_BYTES = 16
_USABLE = (KeyState.ACTIVE, KeyState.RETIRED)

_Change: TypeAlias = Callable[[tuple[KeyVersion, ...]], tuple[KeyVersion, ...]]


def scope_key(scope: str) -> str:
    """Name the key-encryption key of a scope, a table's or a column's asset id."""
    return f"{_SCOPE_PREFIX}{scope}"


def purpose_secret(name: str) -> str:
    """Name the secret that one purpose has for itself once it was rotated alone."""
    return f"{_PURPOSE_PREFIX}{name}"


class KeyRing:
    """An opened keyring. Threads may share it. Make one with `create` or `open`."""

    def __init__(
        self,
        path: Path,
        *,
        content: KeyringFile,
        master: bytes,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._path = path
        self._master = master
        self._clock = clock
        self._random_bytes = random_bytes
        self._threads = threading.RLock()
        self._content = content
        self._seen = (0, 0, 0)  # read again at first use: another process may have been quicker
        self._opened: dict[tuple[str, int], bytes] = {}

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        clock: Clock,
        passphrase: str | None = None,
        cost: PassphraseCost | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> "KeyRing":
        """Make a new keyring with one purpose key. Raises `EncryptionError` where one exists."""
        master = random_bytes(KEY_BYTES)
        content = seal_master(
            master,
            passphrase=passphrase,
            salt=random_bytes(_SALT_BYTES),
            cost=cost or PassphraseCost(),
        )
        written = write_keyring(path, content, master=master, replace_old=False)
        ring = cls(path, content=written, master=master, clock=clock, random_bytes=random_bytes)
        ring.rotate(PURPOSES)
        return ring

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        passphrase: str | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> "KeyRing":
        """Open an existing keyring. Raises `KeyUnavailableError` saying what to do."""
        content = read_keyring(path)
        master = open_master(content, passphrase=passphrase)
        check_mac(content, master=master)
        return cls(path, content=content, master=master, clock=clock, random_bytes=random_bytes)

    def key(self, name: str) -> bytes:
        """Return the newest 32-byte purpose key `name`.

        It changes when `purposes` or the purpose's own secret is rotated. Raises
        `KeyUnavailableError` where that secret is disabled.
        """
        return self._derived(name, self._newest_of(name))

    def key_label(self, name: str) -> str:
        """Say which version `key` returns, as `past_key` takes it; for manifests and logs."""
        return _label(self._newest_of(name))

    def past_labels(self, name: str) -> tuple[str, ...]:
        """Name the older versions of a purpose key that can still be used, newest first."""
        own, shared = self.versions(purpose_secret(name)), self.versions(PURPOSES)
        usable = [key for key in (*shared, *own) if key.state in _USABLE]
        newest = own[-1] if own else shared[-1] if shared else None
        return tuple(_label(key) for key in reversed(usable) if key is not newest)

    def past_key(self, name: str, label: str) -> bytes:
        """Return an older version of a purpose key, to find again what was masked with it."""
        secret, _, version = label.rpartition("/")
        if secret not in (PURPOSES, purpose_secret(name)) or not version.isdecimal():
            raise KeyUnavailableError(f"key `{name}` has no version `{label}`")
        return self._derived(name, self._usable(secret, int(version)))

    def _newest_of(self, name: str) -> KeyVersion:
        # INVARIANT: once a purpose has its own secret, a disabled one denies; falling back to
        # the common one would bring the old pseudonyms back.
        keys, own = self._fresh().keys, purpose_secret(name)
        return _active_in(keys, own if any(key.name == own for key in keys) else PURPOSES)

    def _derived(self, name: str, version: KeyVersion) -> bytes:
        if not name:
            raise KeyUnavailableError("a purpose key needs a name; give the control a `key`")
        info = _PURPOSE_USE + name.encode()
        return hkdf_sha256(secret=self._open(version), salt=b"", info=info)

    def active_version(self, scope: str) -> int:
        """Return the version that encrypts for `scope`. Raises `KeyUnavailableError`."""
        return _active_in(self._fresh().keys, scope_key(scope)).version

    def wrap(self, scope: str, version: int, data_key: bytes) -> bytes:
        """Wrap a data key under an active version of the scope's key."""
        found = self._usable(scope_key(scope), version)
        if found.state is not KeyState.ACTIVE:
            raise KeyUnavailableError(
                f"version {version} of the key of `{scope}` no longer encrypts; use the active one"
            )
        return wrap_key(wrapping_key=self._open(found), key=data_key)

    def unwrap(self, scope: str, version: int, wrapped: bytes) -> bytes:
        """Unwrap a data key. Raises `KeyUnavailableError` for a disabled version."""
        found = self._usable(scope_key(scope), version)
        return unwrap_key(wrapping_key=self._open(found), wrapped=wrapped)

    def ensure(self, scope: str) -> int:
        """Make the key of `scope` unless there is one; return its newest version."""
        name = scope_key(scope)

        def change(keys: tuple[KeyVersion, ...]) -> tuple[KeyVersion, ...]:
            return keys if any(key.name == name for key in keys) else self._rotated(keys, name)

        return _newest(self._change(change), name)

    def rotate(self, name: str) -> int:
        """Add a new active version of a key; retire the one before. Returns the new version.

        `name` is `scope_key(…)`, `purpose_secret(…)` or `purposes`. Rotating a purpose's secret
        changes all its pseudonyms, rotating `purposes` those of every purpose without its own.
        """
        return _newest(self._change(lambda keys: self._rotated(keys, name)), name)

    def disable(self, name: str, version: int) -> None:
        """Stop every use of one version until it is enabled again."""
        self._set_state(name, version, KeyState.DISABLED)

    def enable(self, name: str, version: int) -> None:
        """Let a disabled version decrypt again; it becomes active only if it is the newest."""
        newest = max((key.version for key in self.versions(name)), default=0)
        state = KeyState.ACTIVE if version == newest else KeyState.RETIRED
        self._set_state(name, version, state)

    def destroy(self, name: str, version: int) -> None:
        """Erase one version for ever, and with it whatever it protects. Disable it first."""
        if self._find(name, version).state is not KeyState.DISABLED:
            raise EncryptionError(
                f"version {version} of key `{name}` is in use; disable it before destroying it"
            )
        self._set_state(name, version, KeyState.DESTROYED)

    def versions(self, name: str) -> tuple[KeyVersion, ...]:
        """List the versions of a key, oldest first; none where there is no such key."""
        return tuple(key for key in self._fresh().keys if key.name == name)

    def names(self) -> tuple[str, ...]:
        """List the names of all keys, sorted."""
        return tuple(sorted({key.name for key in self._fresh().keys}))

    def rotate_master(self, *, passphrase: str | None, cost: PassphraseCost | None = None) -> None:
        """Put every key under a new master key, and that under `passphrase`, or under none."""
        master = self._random_bytes(KEY_BYTES)
        salt = self._random_bytes(_SALT_BYTES)
        with self._threads, locked(self._path):
            self._fresh()
            keys = tuple(
                replace(key, wrapped=key.wrapped and wrap_in(master, self._open(key)))
                for key in self._content.keys
            )
            sealed = seal_master(
                master, passphrase=passphrase, salt=salt, cost=cost or PassphraseCost()
            )
            content = replace(sealed, keys=keys)
            self._content = write_keyring(self._path, content, master=master, replace_old=True)
            self._master = master
            self._seen = _stamp(self._path)

    def _usable(self, name: str, version: int) -> KeyVersion:
        found = self._find(name, version)
        if found.state not in _USABLE:
            raise KeyUnavailableError(f"version {version} of key `{name}` is {found.state}")
        return found

    def _find(self, name: str, version: int) -> KeyVersion:
        for key in self._fresh().keys:
            if key.name == name and key.version == version:
                return key
        raise KeyUnavailableError(f"key `{name}` has no version {version}")

    def _open(self, version: KeyVersion) -> bytes:
        with self._threads:
            place = (version.wrapped, version.version)
            if place not in self._opened:
                self._opened[place] = unwrap_from(self._master, version)
            return self._opened[place]

    def _rotated(self, keys: tuple[KeyVersion, ...], name: str) -> tuple[KeyVersion, ...]:
        kept = tuple(
            replace(key, state=KeyState.RETIRED)
            if key.name == name and key.state is KeyState.ACTIVE
            else key
            for key in keys
        )
        fresh = KeyVersion(
            name=name,
            version=max((key.version for key in keys if key.name == name), default=0) + 1,
            state=KeyState.ACTIVE,
            created_at=rfc3339(self._clock.now()),
            wrapped=wrap_in(self._master, self._random_bytes(KEY_BYTES)),
        )
        return (*kept, fresh)

    def _set_state(self, name: str, version: int, state: KeyState) -> None:
        def change(keys: tuple[KeyVersion, ...]) -> tuple[KeyVersion, ...]:
            found = self._find(name, version)
            if found.state is KeyState.DESTROYED:
                raise KeyUnavailableError(f"version {version} of key `{name}` is destroyed")
            wrapped = "" if state is KeyState.DESTROYED else found.wrapped
            fresh = replace(found, state=state, wrapped=wrapped)
            return tuple(fresh if key is found else key for key in keys)

        self._change(change)

    def _change(self, change: _Change) -> tuple[KeyVersion, ...]:
        with self._threads, locked(self._path):
            before = self._fresh()
            keys = change(before.keys)
            if keys != before.keys:
                self._content = write_keyring(
                    self._path, replace(before, keys=keys), master=self._master, replace_old=True
                )
                self._opened.clear()
                self._seen = _stamp(self._path)
            return keys

    def _fresh(self) -> KeyringFile:
        """Return the file's content, read again where another process changed it."""
        with self._threads:
            stamp = _stamp(self._path)
            if stamp != self._seen:
                content = read_keyring(self._path)
                check_mac(content, master=self._master)
                self._content, self._seen = content, stamp
                self._opened.clear()
            return self._content


def _active_in(keys: tuple[KeyVersion, ...], name: str) -> KeyVersion:
    for key in reversed(keys):
        if key.name == name and key.state is KeyState.ACTIVE:
            return key
    raise KeyUnavailableError(f"key `{name}` is missing or disabled; create or enable it")


def _label(key: KeyVersion) -> str:
    return f"{key.name}/{key.version}"


def _newest(keys: tuple[KeyVersion, ...], name: str) -> int:
    return max(key.version for key in keys if key.name == name)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - on the hot path
    except OSError as error:
        raise KeyUnavailableError(f"key file `{path}` is gone; restore it from a copy") from error
    return (found.st_ino, found.st_size, found.st_mtime_ns)
