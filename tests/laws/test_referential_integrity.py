"""Laws of referential integrity: one key, one stand-in for a value, wherever it is masked.

Tables, single values, free text, SQLite, PostgreSQL and a second service with the same
keyring agree; two purposes and two versions of a key never do. Presidio's form is held to
the table's in `tests/unit/engines/test_presidio_operators.py`.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.identifiers import AssetId, Purpose, Revision
from policy_service.domain.parameters import Parameters
from policy_service.encryption.keyring import KeyRing, purpose_secret
from policy_service.encryption.purpose_keys import PurposeKeys
from policy_service.encryption.vault import VaultFile
from policy_service.kit.clock import SystemClock
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.table import mask_table
from policy_service.masking.text import mask_text
from policy_service.masking.values import mask_value
from policy_service.middleware.session import GuardedConnection

PEOPLE = [
    "Jana Nováková",
    "jana@bank.cz",
    "+420 777 123 456",
    "706213/1234",
    "42",
    "日本",
    "O'Neil",
]
DIGITS = ["4111-1111-1111-1234", "706213/1234", "+420 777 123 456", "19931107"]
JOINABLE = {
    Operator.PSEUDONYMISE: PEOPLE,
    Operator.TOKENISE: PEOPLE,
    Operator.FORMAT_PRESERVING: DIGITS,
}


class Span:
    """A whole word of the text."""

    category = "user.name"

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end


class Quoted:
    """A finder of what stands between guillemets."""

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[Span(text.index("«") + 1, text.rindex("»"))] for text in texts]


class Permits:
    """A decision point with one control for column `c`, and a log that keeps nothing."""

    def __init__(self, chosen: Control) -> None:
        self.chosen = chosen

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        columns = (("c", self.chosen), ("n", CLEAR))
        return TableView(
            table=table,
            purpose=Purpose(purpose),
            columns=tuple(
                ColumnView(column=AssetId(f"{table}.{name}"), control=one, rules=())
                for name, one in columns
            ),
            row_filters=(),
            attributes=(),
            revision=Revision(1),
        )

    def record(self, event: AuditEvent) -> None:
        return None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a keyring and an empty vault, as a service has."""
    folder = tmp_path_factory.mktemp("service")
    ring = KeyRing.create(folder / "keyring.json", clock=SystemClock())
    VaultFile.create(folder / "vault.db", provider=ring).close()
    return folder


@pytest.fixture(scope="module")
def keys(home: Path) -> Iterator[PurposeKeys]:
    """The keys of the first service."""
    yield from opened(home)


@pytest.fixture(scope="module")
def other_service(home: Path) -> Iterator[PurposeKeys]:
    """The keys of a second service with the same keyring and vault."""
    yield from opened(home)


def opened(home: Path) -> Iterator[PurposeKeys]:
    """Open a keyring and a vault anew."""
    ring = KeyRing.open(home / "keyring.json", clock=SystemClock())
    vault = VaultFile.open(home / "vault.db", provider=ring)
    yield PurposeKeys(ring=ring, vault=vault)
    vault.close()


def under(operator: Operator, key: str) -> Control:
    """Write a keyed control."""
    return Control(operator=operator, parameters=Parameters(key=key))


def scalars(values: Sequence[object], control: Control, keys: MaskingKeys) -> list[object]:
    """Mask values one by one: the form that the others are held to."""
    return [mask_value(value, control, keys=keys) for value in values]


def through_sql(connection: object, control: Control, keys: MaskingKeys) -> list[object]:
    """Read the column through a guarded connection."""
    permits = Permits(control)
    guarded = GuardedConnection(
        connection,
        views=permits,
        audit=permits,
        keys=keys,
        subject="s",
        purpose="p",
        tables=[AssetId("bank.public.t")],
    )
    return [row[0] for row in guarded.query("SELECT c, n FROM t ORDER BY n").rows]


@pytest.mark.parametrize("operator", list(JOINABLE))
def test_tables_text_and_services_agree(
    operator: Operator, keys: PurposeKeys, other_service: PurposeKeys
) -> None:
    """A value has one stand-in in any table, in a note and in another service."""
    values, control = JOINABLE[operator], under(operator, "care")
    expected = scalars(values, control, keys)
    table = pl.DataFrame({"a": values, "b": values[::-1]})
    masked = mask_table(table, controls={"a": control, "b": control}, keys=other_service)
    assert masked["a"].to_list() == expected
    assert masked["b"].to_list() == expected[::-1]
    notes = [f"Spoke to «{value}» today." for value in values]
    read = mask_text(notes, finder=Quoted(), control_for=lambda _: control, keys=other_service)
    assert read == [f"Spoke to «{shown}» today." for shown in expected]


@pytest.mark.parametrize("operator", [Operator.PSEUDONYMISE, Operator.FORMAT_PRESERVING])
def test_sqlite_agrees(operator: Operator, keys: PurposeKeys) -> None:
    """A guarded query on SQLite shows the stand-ins of the table."""
    values, control = JOINABLE[operator], under(operator, "care")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (c text, n integer)")
        rows = [(value, place) for place, value in enumerate(values)]
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        assert through_sql(connection, control, keys) == scalars(values, control, keys)


@pytest.mark.postgresql
def test_postgresql_agrees(postgresql_url: str, keys: PurposeKeys) -> None:
    """A guarded query on PostgreSQL shows the pseudonyms of the table, made by the server."""
    control = under(Operator.PSEUDONYMISE, "care")
    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (c text, n integer)")
        rows = [(value, place) for place, value in enumerate(PEOPLE)]
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", rows)
        assert through_sql(connection, control, keys) == scalars(PEOPLE, control, keys)


@pytest.mark.parametrize("operator", list(JOINABLE))
def test_types_join_by_their_text(operator: Operator, keys: PurposeKeys) -> None:
    """A number in one table joins the same number kept as text in another, and in a note."""
    control = under(operator, "care")
    numbers = pl.DataFrame({"a": [19931107, 20240229]})
    texts = numbers.cast(pl.String)
    masked = mask_table(numbers, controls={"a": control}, keys=keys)["a"].to_list()
    assert masked == mask_table(texts, controls={"a": control}, keys=keys)["a"].to_list()
    note = mask_text(["born «19931107»"], finder=Quoted(), control_for=lambda _: control, keys=keys)
    assert note == [f"born «{masked[0]}»"]


@pytest.mark.parametrize("operator", list(JOINABLE))
@settings(max_examples=8, deadline=None)
@given(
    values=st.lists(st.from_regex(r"[0-9]{9,12}", fullmatch=True), min_size=1, unique=True),
    purposes=st.lists(
        st.sampled_from(["care", "sales", "care.", "kek:care", "purpose:care", "Care", "care/1"]),
        min_size=2, max_size=2, unique=True,
    ),
)  # fmt: skip
def test_two_purposes_cannot_be_joined(
    operator: Operator, values: list[str], purposes: list[str], keys: PurposeKeys
) -> None:
    """Under two purposes no value has the stand-in it has under the other, nor do keys agree."""
    one, other = (scalars(values, under(operator, name), keys) for name in purposes)
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))
    if operator is not Operator.FORMAT_PRESERVING:  # digits may meet by chance, not by value
        assert not set(one) & set(other)
    assert len(set(one)) == len(values)
    assert keys.key(purposes[0]) != keys.key(purposes[1])


def test_a_rotated_purpose_cannot_be_joined_with_its_past(tmp_path: Path) -> None:
    """Stand-ins before and after a rotation do not meet; tokens do not change by it."""
    ring = KeyRing.create(tmp_path / "keyring.json", clock=SystemClock())
    vault = VaultFile.create(tmp_path / "vault.db", provider=ring)
    keys = PurposeKeys(ring=ring, vault=vault)
    before = {one: scalars(DIGITS, under(one, "care"), keys) for one in JOINABLE}
    ring.rotate(purpose_secret("care"))
    after = {one: scalars(DIGITS, under(one, "care"), keys) for one in JOINABLE}
    for operator in (Operator.PSEUDONYMISE, Operator.FORMAT_PRESERVING):
        assert not set(before[operator]) & set(after[operator])
    assert after[Operator.TOKENISE] == before[Operator.TOKENISE]
    vault.close()
