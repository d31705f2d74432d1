"""Encrypted columns: tokens, their limits and refusals, lists, Series and rules."""

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from policy_service.domain.draft import EncryptionRule, Risk
from policy_service.domain.errors import EncryptionError, KeyUnavailableError
from policy_service.domain.identifiers import AssetId, DataCategory, RuleId
from policy_service.encryption.columns import (
    decrypt_column,
    encrypt_column,
    reencrypt_column,
    row_id,
)
from policy_service.encryption.envelope import MESSAGES_PER_KEY, ColumnCipher, is_token
from policy_service.encryption.frames import decrypt_series, encrypt_series
from policy_service.encryption.keyring import KeyRing, scope_key
from policy_service.encryption.rules import rotation_due, rule_cipher, rule_scope
from policy_service.encryption.values import value_from_bytes, value_to_bytes
from policy_service.engines.cryptography import AeadAlgorithm
from policy_service.kit.clock import FixedClock

TABLE = AssetId("bank.public.client")
COLUMN = AssetId("bank.public.client.birth_number")
RULE = EncryptionRule(
    id=RuleId("E-0001"),
    table=TABLE,
    category=DataCategory("user.government_id"),
    columns=(COLUMN,),
    algorithm="AES-256-GCM",
    key_bits=256,
    rotation_days=90,
    key_scope="table",
    citations=(),
    sentence="",
    risk=Risk.HIGH,
)


@pytest.fixture
def ring(tmp_path: Path, clock: FixedClock) -> KeyRing:
    """A keyring with a key for the client table."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=clock)
    ring.ensure(TABLE)
    return ring


@pytest.fixture
def cipher(ring: KeyRing) -> ColumnCipher:
    """The cipher of one column of the client table."""
    return ColumnCipher(provider=ring, column=COLUMN, scope=TABLE)


def test_a_token_opens_to_its_value(cipher: ColumnCipher) -> None:
    """Text and bytes come back as the bytes they were; the token shows neither."""
    token = cipher.encrypt("7062210123", row_id="1")
    assert cipher.decrypt(token, row_id="1") == b"7062210123"
    assert cipher.decrypt(cipher.encrypt(b"", row_id="2"), row_id="2") == b""
    assert "7062210123" not in token
    assert is_token(token)


def test_equal_values_have_different_tokens(cipher: ColumnCipher) -> None:
    """Encryption is randomised: tokens say nothing of equality."""
    assert len({cipher.encrypt("x", row_id="1") for _ in range(10)}) == 10


@pytest.mark.parametrize("algorithm", list(AeadAlgorithm))
def test_every_algorithm_encrypts_and_names_itself(ring: KeyRing, algorithm: AeadAlgorithm) -> None:
    """A cipher of any algorithm opens what another wrote: the token says which it was."""
    one = ColumnCipher(provider=ring, column=COLUMN, scope=TABLE, algorithm=algorithm)
    other = ColumnCipher(provider=ring, column=COLUMN, scope=TABLE)
    assert other.decrypt(one.encrypt("v", row_id="1"), row_id="1") == b"v"


def test_a_token_does_not_open_under_another_algorithms_name(cipher: ColumnCipher) -> None:
    """The algorithm in a token is bound to it: renaming it gives nothing."""
    token = cipher.encrypt("v", row_id="1").replace("ps1.g.", "ps1.c.")
    with pytest.raises(EncryptionError, match="do not use it"):
        cipher.decrypt(token, row_id="1")


def test_a_token_that_is_none_is_refused(cipher: ColumnCipher) -> None:
    """Plain text, wrong parts, versions and spellings are refused without being quoted."""
    token = cipher.encrypt("secret value", row_id="1")
    parts = token.split(".")
    parts[2] = "01"
    wrong = [
        "secret value",
        token.replace("ps1", "ps2"),
        token.replace(".g.", ".x."),
        token + ".x",
        ".".join(parts),
        token.replace(".1.", ".one."),
        token + "*",
        token + "=",
        token[:-1],
    ]
    for text in wrong:
        with pytest.raises(EncryptionError) as refused:
            cipher.decrypt(text, row_id="1")
        assert "secret" not in refused.value.message
    assert not is_token("secret value")


def test_a_token_has_one_spelling(cipher: ColumnCipher) -> None:
    """Base64 with unused bits set is refused, so equal content means equal text."""
    token = cipher.encrypt("four", row_id="1")  # 4 + 16 bytes: the last letter has unused bits
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelt = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    decoded = [base64.urlsafe_b64decode(one.rpartition(".")[2] + "=") for one in (token, respelt)]
    assert decoded[0] == decoded[1]
    with pytest.raises(EncryptionError, match="misspelt"):
        cipher.decrypt(respelt, row_id="1")


def test_a_batch_shares_one_data_key(cipher: ColumnCipher) -> None:
    """All tokens of a batch carry the same wrapped key; another cipher has its own."""
    tokens = cipher.encrypt_many((str(n), str(n)) for n in range(5))
    assert len({token.split(".")[3] for token in tokens}) == 1


def test_a_data_key_is_changed_at_its_limit(ring: KeyRing) -> None:
    """After so many messages the next gets a new data key; the limit is never above 2**32."""
    cipher = ColumnCipher(provider=ring, column=COLUMN, scope=TABLE, messages_per_key=2)
    tokens = cipher.encrypt_many((str(n), str(n)) for n in range(5))
    keys = [token.split(".")[3] for token in tokens]
    assert [keys.count(key) for key in dict.fromkeys(keys)] == [2, 2, 1]
    generous = ColumnCipher(provider=ring, column=COLUMN, scope=TABLE, messages_per_key=1 << 40)
    generous.encrypt("x", row_id="1")
    assert generous._data_key is not None
    assert generous._data_key.left == MESSAGES_PER_KEY - 1


def test_after_a_rotation_new_tokens_have_the_new_version(
    ring: KeyRing, cipher: ColumnCipher
) -> None:
    """A cipher in use takes up the new key version, and still opens old tokens."""
    old = cipher.encrypt("v", row_id="1")
    ring.rotate(scope_key(TABLE))
    new = cipher.encrypt("v", row_id="1")
    assert [token.split(".")[2] for token in (old, new)] == ["1", "2"]
    assert [cipher.is_current(token) for token in (old, new)] == [False, True]
    assert cipher.decrypt(old, row_id="1") == cipher.decrypt(new, row_id="1")


def test_a_column_keeps_its_types_and_its_nulls(cipher: ColumnCipher) -> None:
    """Each value comes back equal and of its type; NULL stays NULL."""
    values = [
        "ä",
        b"\x00\xff",
        True,
        False,
        -7,
        2.5,
        Decimal("1.10"),
        date(1970, 2, 21),
        datetime(2026, 3, 2, 12, tzinfo=UTC),
        time(12, 30),
        None,
    ]
    rows = [str(n) for n in range(len(values))]
    tokens = encrypt_column(values, rows, cipher=cipher)
    assert tokens[-1] is None
    again = decrypt_column(tokens, rows, cipher=cipher)
    assert again == values
    assert [type(value) for value in again] == [type(value) for value in values]


def test_a_value_of_no_column_type_is_refused() -> None:
    """A list is not encrypted as its text; bytes nobody wrote are not read."""
    with pytest.raises(EncryptionError, match="type `list` cannot be encrypted"):
        value_to_bytes([1])
    for data in (b"", b"?x", b"ix", b"nx", b"bmaybe"):
        with pytest.raises(EncryptionError, match="no known type"):
            value_from_bytes(data)


def test_rows_must_be_as_many_as_values_and_differ(cipher: ColumnCipher) -> None:
    """A wrong number of row ids, or one that repeats, encrypts nothing."""
    with pytest.raises(EncryptionError, match="2 values need as many row ids, not 1"):
        encrypt_column(["a", "b"], ["1"], cipher=cipher)
    with pytest.raises(EncryptionError, match="row ids repeat"):
        decrypt_column([None, None], ["1", "1"], cipher=cipher)


def test_one_bad_token_shows_no_value(cipher: ColumnCipher) -> None:
    """If two tokens of a column were exchanged, nothing of the column is returned."""
    one, two = encrypt_column(["a", "b"], ["1", "2"], cipher=cipher)
    with pytest.raises(EncryptionError, match="its key or its place"):
        decrypt_column([two, one], ["1", "2"], cipher=cipher)


def test_composite_keys_are_written_apart() -> None:
    """No two different keys of a table have one row id."""
    assert row_id(7) == "7"
    assert row_id("a", 1) == '["a","1"]'
    assert row_id('a","b', "c") != row_id("a", 'b","c')


def test_reencryption_lets_the_old_key_be_destroyed(ring: KeyRing, cipher: ColumnCipher) -> None:
    """After a rotation stale tokens are renewed, current ones and NULLs stay as they are."""
    old = encrypt_column(["a", None, "b"], ["1", "2", "3"], cipher=cipher)
    name = scope_key(TABLE)
    ring.rotate(name)
    mixed = [old[0], None, *encrypt_column(["b"], ["3"], cipher=cipher)]
    fresh = reencrypt_column(mixed, ["1", "2", "3"], cipher=cipher)
    assert fresh[1:] == mixed[1:]
    ring.disable(name, 1)
    ring.destroy(name, 1)
    assert decrypt_column(fresh, ["1", "2", "3"], cipher=cipher) == ["a", None, "b"]
    with pytest.raises(KeyUnavailableError, match="is destroyed"):
        decrypt_column(old, ["1", "2", "3"], cipher=cipher)


def test_a_series_keeps_its_name_and_type(cipher: ColumnCipher) -> None:
    """A polars column becomes a text column of tokens, and back what it was."""
    values = pl.Series("born", [date(1970, 2, 21), None])
    rows = pl.Series("client_id", [1, 2])
    tokens = encrypt_series(values, rows, cipher=cipher)
    assert (tokens.name, tokens.dtype, tokens.null_count()) == ("born", pl.String, 1)
    again = decrypt_series(tokens, rows, cipher=cipher, dtype=pl.Date())
    assert again.equals(values)


def test_a_rule_names_the_scope_of_its_key() -> None:
    """One key for the table or one for the column, as the rule says; nothing else is guessed."""
    assert rule_scope(RULE, COLUMN) == TABLE
    assert rule_scope(replace(RULE, key_scope="column"), COLUMN) == COLUMN
    with pytest.raises(EncryptionError, match="key scope `row`; give table or column"):
        rule_scope(replace(RULE, key_scope="row"), COLUMN)
    with pytest.raises(EncryptionError, match="does not cover column"):
        rule_scope(RULE, AssetId("bank.public.client.name"))


def test_a_rules_cipher_keeps_its_settings(ring: KeyRing) -> None:
    """The cipher of a rule uses its algorithm; what cannot be kept exactly is refused."""
    chacha = replace(RULE, algorithm="ChaCha20-Poly1305")
    token = rule_cipher(chacha, COLUMN, provider=ring).encrypt("v", row_id="1")
    assert token.startswith("ps1.c.1.")
    with pytest.raises(EncryptionError, match="asks for 128-bit keys; 256 are used"):
        rule_cipher(replace(RULE, key_bits=128), COLUMN, provider=ring)
    with pytest.raises(EncryptionError, match="`3DES`; there are AES-256-GCM, "):
        rule_cipher(replace(RULE, algorithm="3DES"), COLUMN, provider=ring)


def test_rotation_is_due_after_the_rules_days(clock: FixedClock) -> None:
    """A key is due on its ninetieth day, not before."""
    made = "2026-03-02T12:00:00.000000Z"
    clock.advance(timedelta(days=90))
    assert rotation_due(RULE, created_at=made, now=clock.now())
    assert not rotation_due(RULE, created_at=made, now=clock.now() - timedelta(seconds=1))
