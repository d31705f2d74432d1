"""The token vault: random tokens and the texts they stand for, in one private SQLite file.

Texts are kept encrypted (`envelope`), each bound to its token, under a key of the
purpose; they are found again by HMAC under a random key of the purpose, so that
neither texts nor equality across purposes can be read from the file. Purposes share
nothing: disabling one purpose's key in the ring closes its tokens for ever. It decides
nothing about who may turn a token back. Several processes may share the file.

Sources: PCI tokenization product security guidelines 2015 (tokens without relation to
the value), RFC 2104 (HMAC), SQLite's write-ahead log (concurrency, durability).
"""

import hmac
import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from policy_service.domain.errors import EncryptionError, KeyUnavailableError, MaskingError
from policy_service.domain.identifiers import AssetId, asset_id
from policy_service.encryption.cells import KeyMaker
from policy_service.encryption.envelope import ColumnCipher
from policy_service.engines.cryptography import KEY_BYTES
from policy_service.kit.ids import RandomBytes

TOKEN_PREFIX = "t_"  # noqa: S105 - how tokens begin, not a secret
TOKEN_BYTES = 12  # 96 random bits: a billion tokens meet by chance once in 10**11 vaults
_CHUNK = 500  # bound values in one statement
_WAIT_S = 30.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SCHEMA = """
CREATE TABLE IF NOT EXISTS purposes (
  name TEXT PRIMARY KEY, version INTEGER NOT NULL, index_key BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
  token TEXT PRIMARY KEY, purpose TEXT NOT NULL, digest BLOB UNIQUE NOT NULL, sealed TEXT NOT NULL
) STRICT;
"""
# INVARIANT: only question marks are put in. A digest is of one purpose: each has its own key.
_SEALED_QUERY = "SELECT token, sealed FROM tokens WHERE purpose = ? AND token IN ({marks})"
_KNOWN_QUERY = "SELECT digest, token FROM tokens WHERE digest IN ({marks})"


def vault_scope(name: str) -> AssetId:
    """Name the key-encryption key of the tokens of a purpose."""
    return asset_id("policy-service", "vault", name)


class VaultFile:
    """An opened vault. Threads and forked processes may share it. `create` or `open` it."""

    def __init__(self, path: Path, *, provider: KeyMaker, random_bytes: RandomBytes) -> None:
        self.provider = provider
        self.random_bytes = random_bytes
        self._path = path
        self._threads = threading.RLock()
        self._purposes: dict[str, PurposeVault] = {}
        self._opened: tuple[int, sqlite3.Connection] | None = None  # and whose it is
        self._inherited: list[sqlite3.Connection] = []

    @classmethod
    def create(
        cls, path: Path, *, provider: KeyMaker, random_bytes: RandomBytes = secrets.token_bytes
    ) -> "VaultFile":
        """Make an empty vault, mode 0600. Raises `EncryptionError` where the file exists."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise EncryptionError(f"cannot create vault `{path}`: {error.strerror}") from error
        vault = cls(path, provider=provider, random_bytes=random_bytes)
        with vault.connection() as connection:
            connection.executescript(_SCHEMA)
        return vault

    @classmethod
    def open(
        cls, path: Path, *, provider: KeyMaker, random_bytes: RandomBytes = secrets.token_bytes
    ) -> "VaultFile":
        """Open a vault that exists. Raises `KeyUnavailableError` saying what to do."""
        vault = cls(path, provider=provider, random_bytes=random_bytes)
        with vault.connection() as connection:
            connection.executescript(_SCHEMA)
        return vault

    def purpose(self, name: str) -> "PurposeVault":
        """Return the tokens of one purpose, with a key of its own from the first use on."""
        if not name:
            raise KeyUnavailableError("a vault needs a name; give the control a `key`")
        with self._threads:
            if name not in self._purposes:
                self._purposes[name] = PurposeVault(self, name=name)
            return self._purposes[name]

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Use the file alone among this process's threads; each statement commits by itself."""
        with self._threads:
            try:
                yield self._connected()
            except sqlite3.Error as error:
                raise MaskingError(
                    f"token vault `{self._path}` cannot be used; check the file and its disk"
                ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write alone among all processes, whole or not at all."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._threads:
            if self._opened is not None and self._opened[0] == os.getpid():
                self._opened[1].close()
                self._opened = None

    def _connected(self) -> sqlite3.Connection:
        # INVARIANT: a connection is neither used nor closed in a process forked after it was
        # made: closing there could take the parent's log away (SQLite, "How to corrupt").
        if self._opened is not None and self._opened[0] != os.getpid():
            self._inherited.append(self._opened[1])
            self._opened = None
        if self._opened is None:
            self._opened = (os.getpid(), _connect(self._path))
        return self._opened[1]


class PurposeVault:
    """The tokens of one purpose. Threads may share it."""

    def __init__(self, file: VaultFile, *, name: str) -> None:
        self._file = file
        self._name = name
        self._scope = vault_scope(name)
        self._cipher = ColumnCipher(provider=file.provider, column=self._scope, scope=self._scope)

    def tokens(self, texts: Sequence[str]) -> list[str]:
        """Return the token of each text; one that has none is given one, once and for all.

        Durable when it returns. Raises `KeyUnavailableError` where the purpose's key is
        disabled, `MaskingError` where the file cannot be used; then nothing was kept.
        """
        key = self._index_key()
        values = {text: text.encode("utf-8", "surrogatepass") for text in dict.fromkeys(texts)}
        digests = {text: hmac.digest(key, value, "sha256") for text, value in values.items()}
        known = self._known(digests.values())
        missing = [text for text, digest in digests.items() if digest not in known]
        if missing:
            self._add([(digests[text], values[text]) for text in missing])
            # Another process may have been quicker for some: what stands in the file counts.
            known |= self._known(digests[text] for text in missing)
        return [known[digests[text]] for text in texts]

    def texts(self, tokens: Sequence[str]) -> list[str]:
        """Return the text of each token. Raises `MaskingError` where one is not of here."""
        sealed: dict[str, str] = {}
        distinct = list(dict.fromkeys(tokens))
        with self._file.connection() as connection:
            for marks, chunk in _chunks(distinct):
                query = _SEALED_QUERY.format(marks=marks)
                sealed.update(connection.execute(query, (self._name, *chunk)))
        if len(sealed) < len(distinct):
            raise MaskingError(
                f"{len(distinct) - len(sealed)} tokens are not in vault `{self._name}`; "
                "check the key's name and the file"
            )
        opened = self._cipher.decrypt_many((sealed[token], token) for token in distinct)
        values = dict(zip(distinct, opened, strict=True))
        return [values[token].decode("utf-8", "surrogatepass") for token in tokens]

    def renew(self) -> int:
        """Bring what older key versions protect under the active one; return how many texts.

        Tokens do not change. Once it has run, the old version can be destroyed.
        """
        index_key = self._index_key()
        version = self._file.provider.active_version(self._scope)
        wrapped = self._file.provider.wrap(self._scope, version, index_key)
        with self._file.transaction() as connection:
            rows = connection.execute(
                "SELECT token, sealed FROM tokens WHERE purpose = ?", (self._name,)
            ).fetchall()
            stale = [
                (token, sealed) for token, sealed in rows if not self._cipher.is_current(sealed)
            ]
            values = self._cipher.decrypt_many((sealed, token) for token, sealed in stale)
            fresh = self._cipher.encrypt_many(
                (value, token) for (token, _), value in zip(stale, values, strict=True)
            )
            connection.executemany(
                "UPDATE tokens SET sealed = ? WHERE token = ?",
                [(sealed, token) for (token, _), sealed in zip(stale, fresh, strict=True)],
            )
            connection.execute(
                "UPDATE purposes SET version = ?, index_key = ? WHERE name = ?",
                (version, wrapped, self._name),
            )
        return len(stale)

    def _known(self, digests: Iterable[bytes]) -> dict[bytes, str]:
        known: dict[bytes, str] = {}
        with self._file.connection() as connection:
            for marks, chunk in _chunks(list(digests)):
                known.update(connection.execute(_KNOWN_QUERY.format(marks=marks), chunk))
        return known

    def _add(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        random_bytes = self._file.random_bytes
        tokens = [TOKEN_PREFIX + random_bytes(TOKEN_BYTES).hex() for _ in pairs]
        sealed = self._cipher.encrypt_many(
            (value, token) for (_, value), token in zip(pairs, tokens, strict=True)
        )
        rows = [
            (token, self._name, digest, box)
            for token, (digest, _), box in zip(tokens, pairs, sealed, strict=True)
        ]
        with self._file.transaction() as connection:
            connection.executemany(
                "INSERT INTO tokens VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                rows,
            )

    def _index_key(self) -> bytes:
        """Open the key that texts are found by; a disabled key in the ring denies at once."""
        provider, stored = self._file.provider, self._stored_index_key()
        if stored is None:
            provider.ensure(self._scope)
            version = provider.active_version(self._scope)
            wrapped = provider.wrap(self._scope, version, self._file.random_bytes(KEY_BYTES))
            with self._file.transaction() as connection:
                connection.execute(
                    "INSERT INTO purposes VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (self._name, version, wrapped),
                )
            stored = self._stored_index_key()
        if stored is None:
            raise MaskingError(f"vault `{self._name}` has lost its key; restore the file")
        return provider.unwrap(self._scope, *stored)

    def _stored_index_key(self) -> tuple[int, bytes] | None:
        with self._file.connection() as connection:
            found = connection.execute(
                "SELECT version, index_key FROM purposes WHERE name = ?", (self._name,)
            ).fetchone()
        return None if found is None else (int(found[0]), bytes(found[1]))


def _connect(path: Path) -> sqlite3.Connection:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyUnavailableError(
            f"token vault `{path}` cannot be opened: {error.strerror}; create or restore it"
        ) from error
    if mode & _OTHERS:
        raise KeyUnavailableError(f"token vault `{path}` is open to others; run `chmod 600`")
    connection = sqlite3.connect(
        path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
    )
    # A token that was handed out must outlive a crash: FULL, as for the service's state.
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
    )
    return connection


def _chunks(items: Sequence[object]) -> Iterator[tuple[str, Sequence[object]]]:
    for start in range(0, len(items), _CHUNK):
        chunk = items[start : start + _CHUNK]
        yield ", ".join("?" * len(chunk)), chunk
