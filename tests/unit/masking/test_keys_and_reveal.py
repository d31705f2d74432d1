"""Keys, ciphers and vaults are handed in; turning values back is granted, logged, whole."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from policy_service.domain.audit import AuditEvent
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    AccessDeniedError,
    EncryptionError,
    KeyUnavailableError,
    MaskingError,
)
from policy_service.domain.parameters import Parameters
from policy_service.encryption.cells import cell_scope
from policy_service.encryption.envelope import ColumnCipher, is_token
from policy_service.encryption.keyring import KeyRing, purpose_secret, scope_key
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.values import value_from_bytes
from policy_service.encryption.vault import VaultFile
from policy_service.kit.clock import SystemClock
from policy_service.masking.encrypted import encrypt_cell, encrypt_cells
from policy_service.masking.keys import control_cipher, control_key, control_vault
from policy_service.masking.reveal import REVERSIBLE, RevealGrant, reveal
from policy_service.masking.values import mask_value

GRANT = RevealGrant(subject="auditor-1", purpose="legal", reason="case 17")
CELLS = ["Anna", 42, 1.5, True, Decimal("1.20"), date(2020, 1, 2), None, b"\x00\xff", "日本", "",
         datetime(2020, 1, 2, 3, tzinfo=UTC)]  # fmt: skip


@dataclass
class Log:
    """Keeps events in memory, or refuses them."""

    full: bool = False
    events: list[AuditEvent] = field(default_factory=list)

    def record(self, event: AuditEvent) -> None:
        if self.full:
            raise OSError("disk full")
        self.events.append(event)


class PlainKeys:
    """Keys alone: neither ciphers nor vaults."""

    def key(self, name: str) -> bytes:
        if name == "short":
            return b"short"
        if name == "broken":
            raise OSError("no store")
        return hashlib.sha256(name.encode()).digest()


def control(operator: Operator, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=operator, parameters=Parameters(parameters))


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[PurposeKeys]:
    """Open a keyring and a vault together."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())
    vault = VaultFile.create(tmp_path / "vault.db", provider=ring)
    yield PurposeKeys(ring=ring, vault=vault)
    vault.close()


def test_encrypted_cells_open_for_holders_of_the_key(keys: PurposeKeys) -> None:
    """Cells come back with their types, alone or together; equal ones differ; none stays none."""
    cipher = keys.cipher("legal")
    cells = encrypt_cells(CELLS, cipher=cipher)
    present = [cell for cell in cells if cell is not None]
    assert cells[6] is None
    assert cipher.decrypt(present) == [cell for cell in CELLS if cell is not None]
    assert encrypt_cell("Anna", cipher=cipher) != cells[0]
    assert encrypt_cell(None, cipher=cipher) is None
    assert encrypt_cells([], cipher=cipher) == []


def test_cells_are_tokens_of_the_envelope(tmp_path: Path) -> None:
    """What `encrypt` masks decrypts with the column cipher that the service has always had."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())
    masked = mask_value(
        date(2020, 1, 2), control(Operator.ENCRYPT, key="legal"), keys=PurposeKeys(ring=ring)
    )
    assert is_token(str(masked))
    scope = cell_scope("legal")
    plain = ColumnCipher(provider=ring, column=scope, scope=scope).decrypt(str(masked), row_id="")
    assert value_from_bytes(plain) == date(2020, 1, 2)


def test_cells_of_one_purpose_stay_closed_under_another(keys: PurposeKeys) -> None:
    """Two purposes cannot read each other's cells, and a changed cell opens for nobody."""
    cell = str(encrypt_cell("Anna", cipher=keys.cipher("legal")))
    with pytest.raises(EncryptionError):
        keys.cipher("sales").decrypt([cell])
    with pytest.raises(EncryptionError):
        keys.cipher("legal").decrypt([cell[:-4] + "AAAA"])
    with pytest.raises(EncryptionError, match="`list` cannot be encrypted"):
        encrypt_cells(["Anna", ["Jan"]], cipher=keys.cipher("legal"))


def test_a_disabled_key_denies_new_cells(tmp_path: Path) -> None:
    """When the key of a purpose is disabled, nothing is encrypted or read under it."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())
    cipher = PurposeKeys(ring=ring).cipher("legal")
    cell = str(encrypt_cell("Anna", cipher=cipher))
    ring.disable(scope_key(cell_scope("legal")), 1)
    with pytest.raises(KeyUnavailableError):
        encrypt_cell("Anna", cipher=cipher)
    with pytest.raises(KeyUnavailableError):
        cipher.decrypt([cell])


@pytest.mark.parametrize("operator", REVERSIBLE)
def test_what_was_masked_is_revealed_and_logged(keys: PurposeKeys, operator: Operator) -> None:
    """Holders of the key get the values back, and the log says who, why and how many."""
    chosen, log = control(operator, key="legal"), Log()
    values = ["4111-1111-1111-1234", None, "123456789", "123456789"]
    masked = [mask_value(value, chosen, keys=keys) for value in values]
    texts = [None if one is None else str(one) for one in masked]
    assert texts != values
    assert reveal(texts, control=chosen, keys=keys, grant=GRANT, audit=log) == values
    (event,) = log.events
    assert (event.kind, event.actor, event.subject) == (
        "values_revealed",
        "auditor-1",
        "purpose:legal",
    )
    assert dict(event.details) == {
        "values": 3,
        "operator": operator.value,
        "key": "legal",
        "reason": "case 17",
    }
    assert keys.key_label("legal") == "purposes/1"


def test_values_masked_before_a_rotation_are_revealed(tmp_path: Path) -> None:
    """With the older version's label holders turn back what the newest key cannot."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())
    keys, chosen = PurposeKeys(ring=ring), control(Operator.FORMAT_PRESERVING, key="legal")
    masked, label = str(mask_value("123456789", chosen, keys=keys)), keys.key_label("legal")
    ring.rotate(purpose_secret("legal"))
    asked = {"control": chosen, "grant": GRANT, "audit": Log()}
    assert reveal([masked], keys=keys, **asked) != ["123456789"]
    assert reveal([masked], keys=keys.past(label), **asked) == ["123456789"]
    with pytest.raises(KeyUnavailableError, match="has no version"):
        reveal([masked], keys=keys.past("purposes/7"), **asked)


@pytest.mark.parametrize(
    "grant",
    [
        RevealGrant(subject="", purpose="legal", reason="case 17"),
        RevealGrant(subject="auditor-1", purpose="", reason="case 17"),
        RevealGrant(subject="auditor-1", purpose="legal", reason=" "),
    ],
)
def test_an_empty_grant_reveals_nothing(keys: PurposeKeys, grant: RevealGrant) -> None:
    """Who, for what and why must all be stated."""
    log = Log()
    with pytest.raises(AccessDeniedError, match="reason"):
        reveal(["t_1"], control=control(Operator.TOKENISE, key="legal"), keys=keys,
               grant=grant, audit=log)  # fmt: skip
    assert not log.events


def test_a_log_that_refuses_reveals_nothing(keys: PurposeKeys) -> None:
    """The entry comes first: without it no value is shown."""
    chosen = control(Operator.TOKENISE, key="legal")
    token = str(mask_value("Anna", chosen, keys=keys))
    with pytest.raises(AccessDeniedError) as told:
        reveal([token], control=chosen, keys=keys, grant=GRANT, audit=Log(full=True))
    assert told.value.reason is DenyReason.AUDIT_FAILURE


@pytest.mark.parametrize(
    ("chosen", "masked", "said"),
    [
        (control(Operator.PSEUDONYMISE, key="legal"), "p_0123456789abcdef", "cannot be turned"),
        (control(Operator.TOKENISE, key="legal"), "t_000000000000000000000000", "1 tokens are not"),
        (control(Operator.ENCRYPT, key="legal"), "Anna", "not an encrypted token"),
        (control(Operator.FORMAT_PRESERVING, key="legal"), "12", "too short"),
        (control(Operator.FORMAT_PRESERVING, key="legal"), 12345678, "cannot be turned back"),
    ],
)
def test_what_cannot_be_turned_back_is_refused(
    keys: PurposeKeys, chosen: Control, masked: str, said: str
) -> None:
    """An operator without a reverse, and a value the operator did not make, reveal nothing."""
    with pytest.raises((MaskingError, EncryptionError), match=said):
        reveal([masked], control=chosen, keys=keys, grant=GRANT, audit=Log())


def test_keys_that_hold_less_deny() -> None:
    """Plain keys serve pseudonyms; tokens and encrypted cells are denied without their stores."""
    plain = PlainKeys()
    assert control_key(control(Operator.PSEUDONYMISE, key="a"), plain) == plain.key("a")
    with pytest.raises(KeyUnavailableError, match="token vault"):
        control_vault(control(Operator.TOKENISE, key="a"), plain)
    with pytest.raises(KeyUnavailableError, match="keyring"):
        control_cipher(control(Operator.ENCRYPT, key="a"), plain)
    with pytest.raises(KeyUnavailableError, match="32 bytes"):
        control_key(control(Operator.PSEUDONYMISE, key="short"), plain)
    with pytest.raises(KeyUnavailableError, match="key `broken` is not available"):
        control_key(control(Operator.PSEUDONYMISE, key="broken"), plain)
    with pytest.raises(KeyUnavailableError, match="names no key"):
        control_key(control(Operator.PSEUDONYMISE), plain)
