"""Laws of column encryption: what went in comes out, only in its place, only unchanged."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.errors import EncryptionError
from policy_service.domain.identifiers import AssetId, asset_id
from policy_service.encryption.columns import decrypt_column, encrypt_column
from policy_service.encryption.envelope import ColumnCipher
from policy_service.encryption.keyring import KeyRing, scope_key
from policy_service.kit.clock import FixedClock

TABLE = AssetId("bank.public.client")
VALUES = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.times(),
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A keyring with one table key."""
    clock = FixedClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    ring = KeyRing.create(tmp_path_factory.mktemp("keys") / "keyring.json", clock=clock)
    ring.ensure(TABLE)
    return ring


def _cipher(ring: KeyRing, column: str) -> ColumnCipher:
    return ColumnCipher(provider=ring, column=AssetId(column), scope=TABLE)


@settings(deadline=None)
@given(values=st.lists(VALUES, max_size=8), limit=st.integers(1, 3))
def test_what_was_encrypted_is_decrypted(ring: KeyRing, values: list[object], limit: int) -> None:
    """Any column comes back equal and of its types, however often its data key changes."""
    rows = [str(n) for n in range(len(values))]
    cipher = ColumnCipher(
        provider=ring, column=asset_id("b", "p", "t", "c"), scope=TABLE, messages_per_key=limit
    )
    again = decrypt_column(encrypt_column(values, rows, cipher=cipher), rows, cipher=cipher)
    assert again == values
    assert [type(one) for one in again] == [type(one) for one in values]


@settings(deadline=None)
@given(here=st.tuples(NAMES, NAMES), there=st.tuples(NAMES, NAMES))
def test_a_token_opens_only_in_its_column_and_row(
    ring: KeyRing, here: tuple[str, str], there: tuple[str, str]
) -> None:
    """Two different places never share a token, however their names are cut."""
    token = _cipher(ring, here[0]).encrypt("v", row_id=here[1])
    elsewhere = _cipher(ring, there[0])
    if here == there:
        assert elsewhere.decrypt(token, row_id=there[1]) == b"v"
    else:
        with pytest.raises(EncryptionError):
            elsewhere.decrypt(token, row_id=there[1])


@settings(deadline=None, max_examples=200)
@given(position=st.integers(0, 10**6), letter=st.sampled_from("AZaz09-_.=* \n"))
def test_changing_any_letter_of_a_token_is_refused(
    ring: KeyRing, position: int, letter: str
) -> None:
    """No letter of a token can be exchanged for another."""
    cipher = _cipher(ring, "c")
    token = cipher.encrypt("some value", row_id="1")
    position %= len(token)
    changed = token[:position] + letter + token[position + 1 :]
    if changed != token:
        with pytest.raises(EncryptionError):
            cipher.decrypt(changed, row_id="1")


@pytest.mark.parametrize("scope", ["bank.public.loan", "bank.public.client.name"])
def test_a_token_does_not_open_under_another_scopes_key(ring: KeyRing, scope: str) -> None:
    """The same column under another table's or column's key opens nothing."""
    ring.ensure(scope)
    token = _cipher(ring, "c").encrypt("v", row_id="1")
    other = ColumnCipher(provider=ring, column=AssetId("c"), scope=scope)
    with pytest.raises(EncryptionError):
        other.decrypt(token, row_id="1")


@settings(deadline=None, max_examples=25)
@given(steps=st.lists(st.sampled_from(["rotate", "disable", "enable"]), max_size=8))
def test_a_token_opens_exactly_while_its_key_version_is_usable(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Whatever is done to the keys, version 1 decrypts unless it is disabled."""
    path: Path = tmp_path_factory.mktemp("ring") / "keyring.json"
    ring = KeyRing.create(path, clock=FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    ring.ensure(TABLE)
    cipher = _cipher(ring, "c")
    token = cipher.encrypt("v", row_id="1")
    usable = True
    for step in steps:
        if step == "rotate":
            ring.rotate(scope_key(TABLE))
        else:
            getattr(ring, step)(scope_key(TABLE), 1)
            usable = step == "enable"
    if usable:
        assert cipher.decrypt(token, row_id="1") == b"v"
    else:
        with pytest.raises(EncryptionError):
            cipher.decrypt(token, row_id="1")
