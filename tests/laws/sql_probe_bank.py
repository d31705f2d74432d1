"""A small bank with planted canaries, its views, and the same bank masked beforehand.

Not a test: the leak probes and the analytic queries both run on it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, DENY, Control, Join, Operator, RowFilter
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId, asset_id
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import (
    EVERY_ROW,
    AllOf,
    Comparator,
    Comparison,
    Membership,
    Predicate,
)
from policy_service.masking.values import mask_value


def control(operator: str, **parameters: object) -> Control:
    """Write a control as policies do."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


@dataclass(frozen=True)
class Table:
    """A table: columns with their type and control, rows, and which rows may be seen."""

    name: str
    columns: dict[str, tuple[str, Control]]
    rows: tuple[tuple[object, ...], ...]
    visible: frozenset[int]
    row_filters: tuple[RowFilter, ...] = ()
    schema: str = "public"
    predicate: Predicate = EVERY_ROW

    @property
    def id(self) -> AssetId:
        return asset_id("bank", self.schema, self.name)

    def view(self, attributes: tuple[tuple[str, str | int], ...]) -> TableView:
        """What the teller may see."""
        return TableView(
            table=self.id,
            purpose=Purpose("service"),
            columns=tuple(
                ColumnView(
                    column=AssetId(f"{self.id}.{name}"),
                    control=chosen,
                    rules=(RuleId("R-0001"),),
                )
                for name, (_, chosen) in self.columns.items()
            ),
            row_filters=self.row_filters,
            attributes=attributes,
            revision=Revision(3),
            predicate=self.predicate,
        )


class Keys:
    """Keys by name, always there."""

    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()
ATTRIBUTES: tuple[tuple[str, str | int], ...] = (("district", 18),)
_CARDS_BELOW_900 = AllOf(
    parts=(
        Comparison(column="amount", comparator=Comparator.LT, value=900),
        Membership(column="kind", values=("card", "transfer")),
    )
)


def bank(*, change: int = 0, schema: str = "public") -> tuple[Table, ...]:
    """Return the tables; another `change` (0-9) alters only what the teller may not see.

    That is every cell of a denied column or a hidden row, and whatever of a masked cell
    its mask does not tell.
    """
    hidden = f"CANARY{change}"
    client_id = asset_id("bank", schema, "client")
    by_district = RowFilter(table=client_id, column="district_id", subject_attribute="district")
    by_client = RowFilter(
        table=asset_id("bank", schema, "account"),
        column="district_id",
        subject_attribute="district",
        path=(Join(column="client_id", references_table=client_id, references_column="client_id"),),
    )
    clients = tuple(
        (
            n,
            f"{60 + n:02d}{n % 12 + 1:02d}1{(n + change) % 10}",
            f"{hidden}NAME{n}",
            f"user{n}@CANARYMAIL{change or ''}.org",
            7310000 + n * 977 + change,
            18 if n % 2 else 1,
            f"19{90 + n % 9}-0{n % 9 + 1}-1{1 + change % 9}",
            "gold" if n % 3 else "basic",
        )
        for n in range(1, 13)
    )
    clients = tuple(
        row if row[5] == 18 else (*row[:6], row[6], f"{hidden}SEGMENT") for row in clients
    )
    accounts = tuple(
        (
            100 + n,
            n % 12 + 1,
            f"CZ6508000000192000{1 + change % 9}{n:05d}",
            1000.5 * n + change,
            "monthly" if n % 2 == 0 else f"{hidden}FREQ",
        )
        for n in range(1, 25)
    )
    seen = {row[0] for row in clients if row[5] == 18}
    tables = (
        Table(
            "client",
            {
                "client_id": ("integer", control("pseudonymise", key="service")),
                "birth_number": ("text", control("generalise", to="sex_and_year")),
                "name": ("text", DENY),
                "email": ("text", control("redact")),
                "salary": ("integer", control("bucket", width=5000)),
                "district_id": ("integer", CLEAR),
                "joined": ("date", control("generalise", to="year")),
                "segment": ("text", CLEAR),
            },
            clients,
            frozenset(n for n, row in enumerate(clients) if row[5] == 18),
            (by_district,),
        ),
        Table(
            "account",
            {
                "account_id": ("integer", CLEAR),
                "client_id": ("integer", control("pseudonymise", key="service")),
                "iban": ("text", control("partial", last=4)),
                "balance": ("float", control("null")),
                "frequency": ("text", CLEAR),
            },
            accounts,
            frozenset(n for n, row in enumerate(accounts) if row[1] in seen),
            (by_client,),
        ),
        Table(
            "district",
            {"A1": ("integer", CLEAR), "A2": ("text", CLEAR), "mayor": ("text", DENY)},
            ((1, "Praha", f"{hidden}MAYOR"), (18, "Brno", f"{hidden}MAYOR")),
            frozenset({0, 1}),
        ),
        Table(
            "vault",
            {"pin": ("text", DENY)},
            ((f"{hidden}PIN",),),
            frozenset(),
        ),
    )
    return tuple(replace(table, schema=schema) for table in tables)


def movements(*, change: int = 0, schema: str = "public") -> Table:
    """Return one more table, whose rows a predicate hides instead of a filter."""
    hidden = f"CANARY{change}"
    kinds = ("card", "transfer", f"{hidden}KIND")
    rows = tuple(
        (
            n,
            100 + n % 24 + 1,
            7700000 + n + change if n % 4 == 0 else n * 37 - 200,
            kinds[n % 3] if n % 4 else f"{hidden}KIND",
            f"PARTNER{n % 5:05d}",
            f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
            f"{hidden}NOTE{n}",
        )
        for n in range(1, 25)
    )
    return Table(
        "movement",
        {
            "movement_id": ("integer", CLEAR),
            "account_id": ("integer", CLEAR),
            "amount": ("integer", CLEAR),
            "kind": ("text", CLEAR),
            "partner": ("text", control("partial", first=2)),
            "booked": ("date", CLEAR),
            "note": ("text", DENY),
        },
        rows,
        frozenset(
            place
            for place, row in enumerate(rows)
            if int(str(row[2])) < 900 and row[3] in ("card", "transfer")
        ),
        schema=schema,
        predicate=_CARDS_BELOW_900,
    )


def leak_bank(*, change: int = 0, schema: str = "public") -> tuple[Table, ...]:
    """Return every table that the probes run on."""
    return (*bank(change=change, schema=schema), movements(change=change, schema=schema))


def create(tables: Sequence[Table], *, schema: str = "") -> list[tuple[str, list[list[object]]]]:
    """Return statements that make the tables, each with the rows it is run for."""
    types = {"integer": "integer", "text": "text", "float": "double precision", "date": "date"}
    made: list[tuple[str, list[list[object]]]] = []
    for table in tables:
        columns = ", ".join(f'"{name}" {types[kind]}' for name, (kind, _) in table.columns.items())
        made.append((f'CREATE TABLE {schema}"{table.name}" ({columns})', []))
        marks = ", ".join("?" for _ in table.columns)
        rows = [list(row) for row in table.rows]
        made.append((f'INSERT INTO {schema}"{table.name}" VALUES ({marks})', rows))
    return made


def masked(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Mask the tables beforehand by the scalar form: the oracle's data."""
    done = []
    for table in tables:
        kept = {name: one for name, one in table.columns.items() if one[1] != DENY}
        if not kept:
            continue
        places = [place for place, name in enumerate(table.columns) if name in kept]
        controls = [chosen for _, chosen in kept.values()]
        rows = tuple(
            tuple(
                mask_value(row[place], chosen, keys=KEYS)
                for place, chosen in zip(places, controls, strict=True)
            )
            for number, row in enumerate(table.rows)
            if number in table.visible
        )
        columns = {
            name: (kind if chosen.operator in (Operator.CLEAR, Operator.NULL) else "text", CLEAR)
            for name, (kind, chosen) in kept.items()
        }
        done.append(Table(table.name, columns, rows, frozenset(range(len(rows)))))
    return tuple(done)


def canaries(tables: Sequence[Table]) -> frozenset[str]:
    """Every text that must never be seen: what is masked or denied, and every hidden row."""
    found = {"CANARY"}
    for table in tables:
        for number, row in enumerate(table.rows):
            for value, (_, chosen) in zip(row, table.columns.values(), strict=True):
                clear = chosen.operator is Operator.CLEAR and number in table.visible
                text = str(value)
                if not clear and len(text) >= 5:
                    found.add(text)
    return frozenset(found)


@dataclass
class Views:
    """A decision point that answers from the tables, without a policy."""

    tables: Sequence[Table]
    attributes: tuple[tuple[str, str | int], ...] = ATTRIBUTES

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        return next(one for one in self.tables if one.id == table).view(self.attributes)


@dataclass
class WriteViews:
    """A decision point that lets movements be written, apart from their notes, in rows shown.

    Who deletes one deletes its note as well; nothing else is written.
    """

    tables: Sequence[Table]
    attributes: tuple[tuple[str, str | int], ...] = ATTRIBUTES

    def view(self, subject: str, table: AssetId, purpose: str, action: str) -> TableView:
        found = next(one for one in self.tables if one.id == table)
        view = found.view(self.attributes)
        allowed = {"movement_id", "account_id", "amount", "kind", "partner", "booked"}
        if action == "delete":
            allowed.add("note")
        return replace(
            view,
            columns=tuple(
                replace(
                    one, control=CLEAR if found.name == "movement" and name in allowed else DENY
                )
                for one in view.columns
                for name in [one.column.rpartition(".")[2]]
            ),
        )


@dataclass
class Audit:
    """Keeps events in memory."""

    events: list[AuditEvent] = field(default_factory=list)

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)
