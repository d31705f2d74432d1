"""The token vault: one token for one text, forever, encrypted at rest, closed without its key."""

import json
import os
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EncryptionError, KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.encryption.keyring import KeyRing, scope_key
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.vault import VaultFile, vault_scope
from policy_service.kit.clock import SystemClock
from policy_service.masking.values import mask_value
from policy_service.masking.vault import tokenise_many

NAMES = ["Anna Dvořáková", "42", "", "日本", "a\x00b", "Jan"]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """Make a keyring."""
    return KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())


@pytest.fixture
def vault(ring: KeyRing, tmp_path: Path) -> Iterator[VaultFile]:
    """Make an empty vault."""
    file = VaultFile.create(tmp_path / "vault.db", provider=ring)
    yield file
    file.close()


def test_one_text_one_token(vault: VaultFile) -> None:
    """Equal texts get equal tokens, now and later; tokens are random and come back."""
    purpose = vault.purpose("care")
    tokens = purpose.tokens(NAMES + NAMES)
    assert tokens[: len(NAMES)] == tokens[len(NAMES) :]
    assert len(set(tokens)) == len(NAMES)
    assert all(token.startswith("t_") and len(token) == 26 for token in tokens)
    assert purpose.tokens(NAMES[:2]) == tokens[:2]
    assert purpose.texts(tokens) == NAMES + NAMES


def test_the_file_outlives_the_process(vault: VaultFile, ring: KeyRing, tmp_path: Path) -> None:
    """A vault that is opened again knows its tokens."""
    tokens = vault.purpose("care").tokens(NAMES)
    vault.close()
    again = VaultFile.open(tmp_path / "vault.db", provider=ring)
    assert again.purpose("care").tokens(NAMES) == tokens
    assert again.purpose("care").texts(tokens) == NAMES
    again.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PurposeKeys]:
    """Open keys and a vault that examples share."""
    folder = tmp_path_factory.mktemp("vault")
    ring = KeyRing.create(folder / "keyring.json", clock=SystemClock())
    file = VaultFile.create(folder / "vault.db", provider=ring)
    yield PurposeKeys(ring=ring, vault=file)
    file.close()


@settings(max_examples=15, deadline=None)
@given(values=st.lists(st.none() | st.text(max_size=8) | st.integers(), max_size=8))
def test_column_equals_cells(values: list[object], keys: PurposeKeys) -> None:
    """A column gets the tokens its values get one by one, by their canonical text."""
    control = Control(operator=Operator.TOKENISE, parameters=Parameters(key="care"))
    column = tokenise_many(values, vault=keys.vault("care"))
    assert column == [mask_value(value, control, keys=keys) for value in values]
    texts = [str(value) for value in values if value is not None]
    assert keys.vault("care").texts([token for token in column if token]) == texts


def test_purposes_share_nothing(vault: VaultFile) -> None:
    """Two purposes have other tokens for the same texts, and cannot open each other's."""
    care, sales = vault.purpose("care"), vault.purpose("sales")
    tokens = care.tokens(NAMES)
    assert not set(tokens) & set(sales.tokens(NAMES))
    with pytest.raises(MaskingError, match="6 tokens are not in vault `sales`"):
        sales.texts(tokens)


def test_no_text_stands_in_the_file(vault: VaultFile, tmp_path: Path) -> None:
    """No text can be read from the file, and nobody else may open it."""
    vault.purpose("care").tokens(["Anna Dvořáková", "4111111111111234"])
    files = list(tmp_path.glob("vault.db*"))
    assert len(files) == 3  # with SQLite's log and its index
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    vault.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("vault.db*"))
    assert "Dvořáková".encode() not in stored
    assert b"4111111111111234" not in stored


def test_disabled_key_closes_the_vault(vault: VaultFile, ring: KeyRing) -> None:
    """Without the purpose's key no token is made and none turned back, until it is enabled."""
    purpose = vault.purpose("care")
    tokens = purpose.tokens(NAMES)
    name = scope_key(vault_scope("care"))
    ring.disable(name, 1)
    with pytest.raises(KeyUnavailableError):
        purpose.tokens(NAMES)
    with pytest.raises(KeyUnavailableError):
        purpose.texts(tokens)
    ring.enable(name, 1)
    assert purpose.texts(tokens) == NAMES


def test_rotation_keeps_tokens(vault: VaultFile, ring: KeyRing) -> None:
    """After a rotation and a renewal the old key can go, and every token still opens."""
    purpose = vault.purpose("care")
    tokens = purpose.tokens(NAMES)
    name = scope_key(vault_scope("care"))
    ring.rotate(name)
    assert purpose.renew() == len(NAMES)
    assert purpose.renew() == 0
    ring.disable(name, 1)
    ring.destroy(name, 1)
    assert purpose.tokens(NAMES) == tokens
    assert purpose.texts(tokens) == NAMES


def test_a_text_moved_to_another_token_does_not_open(vault: VaultFile, tmp_path: Path) -> None:
    """Who can write the file cannot make one token stand for another's text."""
    first, second = vault.purpose("care").tokens(["Anna", "Jan"])
    with sqlite3.connect(tmp_path / "vault.db") as connection:
        connection.execute(
            "UPDATE tokens SET sealed = (SELECT sealed FROM tokens WHERE token = ?) "
            "WHERE token = ?",
            (first, second),
        )
    connection.close()
    with pytest.raises(EncryptionError, match="does not fit"):
        vault.purpose("care").texts([second])


def test_threads_agree(vault: VaultFile) -> None:
    """Threads that tokenise the same texts at once get the same tokens."""
    texts = [f"person {number}" for number in range(200)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(vault.purpose("care").tokens, [texts] * 4))
    assert all(answer == answers[0] for answer in answers)


PROGRAM = """
import json, sys
from pathlib import Path
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.vault import VaultFile
from policy_service.kit.clock import SystemClock
folder = Path(sys.argv[1])
ring = KeyRing.open(folder / "keyring.json", clock=SystemClock())
vault = VaultFile.open(folder / "vault.db", provider=ring)
print(json.dumps(vault.purpose("care").tokens([f"person {one}" for one in range(100)])))
"""


def test_processes_agree(vault: VaultFile, tmp_path: Path, repository: Path) -> None:
    """Processes that start with an empty vault at the same time settle on one token for a text."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [json.loads(one.communicate(timeout=60)[0]) for one in started]
    assert answers[0] == answers[1]
    assert vault.purpose("care").tokens([f"person {one}" for one in range(100)]) == answers[0]


def test_forked_processes_open_the_file_anew(vault: VaultFile) -> None:
    """A vault that was open before a fork serves parent and child, with the same tokens."""
    purpose = vault.purpose("care")
    before = purpose.tokens(["Anna"])
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads
        child = os.fork()
    if not child:  # pragma: no cover - in the child
        try:
            tokens = purpose.tokens(["Anna", "Jan"])
            vault.close()
            os.write(writing, json.dumps(tokens).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        tokens = json.loads(answer.read())
    os.waitpid(child, 0)
    assert tokens[:1] == before
    assert purpose.tokens(["Anna", "Jan"]) == tokens


def test_a_missing_vault_denies(ring: KeyRing, tmp_path: Path) -> None:
    """No file, no vault at hand, a name that is empty: the value is not shown."""
    with pytest.raises(KeyUnavailableError, match="create or restore it"):
        VaultFile.open(tmp_path / "absent.db", provider=ring)
    control = Control(operator=Operator.TOKENISE, parameters=Parameters(key="care"))
    for keys in (ring, PurposeKeys(ring=ring)):
        with pytest.raises(KeyUnavailableError, match="vault"):
            mask_value("Anna", control, keys=keys)
    file = VaultFile.create(tmp_path / "vault.db", provider=ring)
    with pytest.raises(KeyUnavailableError, match="needs a name"):
        file.purpose("")
    with pytest.raises(EncryptionError, match="cannot create"):
        VaultFile.create(tmp_path / "vault.db", provider=ring)
    file.close()


def test_a_vault_open_to_others_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    """A file that others may read is not used."""
    VaultFile.create(tmp_path / "vault.db", provider=ring).close()
    (tmp_path / "vault.db").chmod(0o640)
    with pytest.raises(KeyUnavailableError, match="open to others"):
        VaultFile.open(tmp_path / "vault.db", provider=ring)


def test_a_file_that_is_no_vault(ring: KeyRing, tmp_path: Path) -> None:
    """A damaged file is told in one line, and stays as it was."""
    path = tmp_path / "vault.db"
    path.write_bytes(b"not a database at all" * 50)
    path.chmod(0o600)
    with pytest.raises(MaskingError, match="cannot be used"):
        VaultFile.open(path, provider=ring)
    assert path.read_bytes().startswith(b"not a database")


def test_half_a_batch_is_never_kept(vault: VaultFile) -> None:
    """Where one text cannot be stored, none of the batch is."""
    purpose = vault.purpose("care")
    kept = purpose.tokens(["Anna"])
    vault.random_bytes = bytes  # every token the same
    with pytest.raises(MaskingError, match="cannot be used"):
        purpose.tokens(["Jan", "Eva"])
    with vault.connection() as connection:
        assert connection.execute("SELECT token FROM tokens").fetchall() == [(kept[0],)]
