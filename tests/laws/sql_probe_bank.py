"""A small bank with planted canaries, its views, and the same bank masked beforehand.

Not a test: the leak probes and the analytic queries both run on it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import ColumnView, TableView
from policy_service.domain.control import CLEAR, DENY, Control, Join, Operator, RowFilter
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RuleId, asset_id
from policy_service.domain.parameters import Parameters
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

    @property
    def id(self) -> AssetId:
        return asset_id("bank", "public", self.name)

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
        )


class Keys:
    """Keys by name, always there."""

    def key(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()
ATTRIBUTES: tuple[tuple[str, str | int], ...] = (("district", 18),)
_CLIENT = asset_id("bank", "public", "client")
_BY_DISTRICT = RowFilter(table=_CLIENT, column="district_id", subject_attribute="district")
_BY_CLIENT = RowFilter(
    table=asset_id("bank", "public", "account"),
    column="district_id",
    subject_attribute="district",
    path=(Join(column="client_id", references_table=_CLIENT, references_column="client_id"),),
)


def bank(*, change: int = 0) -> tuple[Table, ...]:
    """Return the tables; another `change` alters only what the teller may not see."""
    hidden = f"CANARY{change}"
    clients = tuple(
        (
            n,
            f"{60 + n:02d}{n % 12 + 1:02d}1{n % 10}",
            f"{hidden}NAME{n}",
            f"user{n}@CANARYMAIL.org",
            7310000 + n * 977,
            18 if n % 2 else 1,
            f"19{90 + n % 9}-0{n % 9 + 1}-11",
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
            f"CZ65080000001920001{n:05d}",
            1000.5 * n,
            "monthly" if n % 2 == 0 else f"{hidden}FREQ",
        )
        for n in range(1, 25)
    )
    seen = {row[0] for row in clients if row[5] == 18}
    return (
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
            (_BY_DISTRICT,),
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
            (_BY_CLIENT,),
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
class Audit:
    """Keeps events in memory."""

    events: list[AuditEvent] = field(default_factory=list)

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)
