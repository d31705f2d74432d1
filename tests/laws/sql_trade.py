"""A small trade business: customers buy products that suppliers offer. Not a test.

Made from a seed, with masked columns, rows filtered by region and by a predicate, so that
analytic queries meet every kind of control. Money is in whole cents: sums are exact.
"""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from policy_service.domain.control import CLEAR, DENY, Control, Join, RowFilter
from policy_service.domain.identifiers import AssetId, asset_id
from policy_service.domain.predicate import EVERY_ROW, Comparator, Comparison
from tests.laws.sql_probe_bank import Table, control

ATTRIBUTES: tuple[tuple[str, str | int], ...] = (("region", 1),)
_REGIONS = ("north", "south", "overseas")
_COUNTRIES = ("Auria", "Belmark", "Corvania", "Dorland", "Estovia", "Farland")
_SEGMENTS = ("household", "machinery", "building", "furniture")
_PRIORITIES = ("1-urgent", "2-high", "3-medium", "4-low")
_TYPES = ("promo brass", "promo steel", "standard brass", "standard tin", "small copper")
_BRANDS = ("Brand#11", "Brand#12", "Brand#23", "Brand#34")
_BOXES = ("SM CASE", "SM BOX", "MED BAG", "LG BOX", "LG DRUM")
_MODES = ("air", "mail", "rail", "ship", "truck")
_FIRST = date(1994, 1, 1)
_KEY = "trade"
_Rows = list[tuple[object, ...]]


class _Made(NamedTuple):
    """Rows of every table, and which customers and suppliers are of the reader's region."""

    rows: dict[str, _Rows]
    customers: frozenset[int]
    purchases: frozenset[int]


def trade(*, size: int = 90, schema: str = "public", seed: int = 7) -> tuple[Table, ...]:
    """Return the tables: `size` customers, three purchases each, some three lines a purchase."""
    made = _make(size, random.Random(seed))  # noqa: S311 - chance, no secret
    tables = [_table(name, made) for name in _COLUMNS]
    by_region = RowFilter(
        table=_id("country", schema), column="region_id", subject_attribute="region"
    )
    to_country = Join(
        column="country_id", references_table=_id("country", schema), references_column="country_id"
    )
    to_customer = Join(
        column="customer_id",
        references_table=_id("customer", schema),
        references_column="customer_id",
    )
    filters = {
        "customer": replace(by_region, table=_id("customer", schema), path=(to_country,)),
        "purchase": replace(
            by_region, table=_id("purchase", schema), path=(to_customer, to_country)
        ),
    }
    return tuple(
        replace(
            table,
            schema=schema,
            row_filters=(filters[table.name],) if table.name in filters else (),
        )
        for table in tables
    )


_COLUMNS: dict[str, dict[str, tuple[str, Control]]] = {
    "region": {"region_id": ("integer", CLEAR), "name": ("text", CLEAR)},
    "country": {
        "country_id": ("integer", CLEAR),
        "name": ("text", CLEAR),
        "region_id": ("integer", CLEAR),
    },
    "supplier": {
        "supplier_id": ("integer", CLEAR),
        "name": ("text", control("pseudonymise", key=_KEY)),
        "country_id": ("integer", CLEAR),
        "phone": ("text", control("partial", first=2)),
        "balance": ("integer", CLEAR),
        "remark": ("text", control("redact")),
    },
    "customer": {
        "customer_id": ("integer", control("pseudonymise", key=_KEY)),
        "name": ("text", control("redact")),
        "country_id": ("integer", CLEAR),
        "phone": ("text", control("partial", first=2)),
        "birth_date": ("date", control("generalise", to="year")),
        "balance": ("integer", control("bucket", width=100000)),
        "segment": ("text", CLEAR),
        "note": ("text", DENY),
    },
    "product": {
        "product_id": ("integer", CLEAR),
        "name": ("text", CLEAR),
        "brand": ("text", CLEAR),
        "type": ("text", CLEAR),
        "size": ("integer", CLEAR),
        "box": ("text", CLEAR),
        "price": ("integer", CLEAR),
    },
    "offer": {
        "product_id": ("integer", CLEAR),
        "supplier_id": ("integer", CLEAR),
        "available": ("integer", CLEAR),
        "cost": ("integer", CLEAR),
    },
    "purchase": {
        "purchase_id": ("integer", CLEAR),
        "customer_id": ("integer", control("pseudonymise", key=_KEY)),
        "status": ("text", CLEAR),
        "total": ("integer", CLEAR),
        "ordered": ("date", CLEAR),
        "priority": ("text", CLEAR),
        "clerk": ("text", control("pseudonymise", key=_KEY)),
        "remark": ("text", CLEAR),
    },
    "line": {
        "purchase_id": ("integer", CLEAR),
        "line_number": ("integer", CLEAR),
        "product_id": ("integer", CLEAR),
        "supplier_id": ("integer", CLEAR),
        "quantity": ("integer", CLEAR),
        "price": ("integer", CLEAR),
        "discount": ("integer", CLEAR),
        "tax": ("integer", CLEAR),
        "returned": ("text", CLEAR),
        "status": ("text", CLEAR),
        "shipped": ("date", CLEAR),
        "promised": ("date", CLEAR),
        "received": ("date", CLEAR),
        "mode": ("text", CLEAR),
        "instruction": ("text", CLEAR),
    },
}
_MOST = 45
_BELOW_45 = Comparison(column="quantity", comparator=Comparator.LT, value=_MOST)


def _id(name: str, schema: str) -> AssetId:
    return asset_id("bank", schema, name)


def _table(name: str, made: _Made) -> Table:
    def seen(row: tuple[object, ...]) -> bool:
        if name == "customer":
            return row[0] in made.customers
        if name == "purchase":
            return row[0] in made.purchases
        return name != "line" or int(str(row[4])) < _MOST

    rows = made.rows[name]
    return Table(
        name,
        dict(_COLUMNS[name]),
        tuple(rows),
        frozenset(place for place, row in enumerate(rows) if seen(row)),
        predicate=_BELOW_45 if name == "line" else EVERY_ROW,
    )


def _make(size: int, chance: random.Random) -> _Made:
    regions: _Rows = [(n, name) for n, name in enumerate(_REGIONS, start=1)]
    countries: _Rows = [(n, name, n % 3 + 1) for n, name in enumerate(_COUNTRIES, start=1)]
    products = _products(chance)
    suppliers = _suppliers(chance)
    offers: _Rows = [
        (product[0], supplier, chance.randrange(1, 999), chance.randrange(100, 90_000))
        for product in products
        for supplier in chance.sample(range(1, len(suppliers) + 1), 3)
    ]
    customers = _customers(size, chance)
    purchases, lines = _purchases(customers, offers, products, chance)
    own = {n for n, _, region in countries if region == 1}
    seen = frozenset(int(str(row[0])) for row in customers if row[2] in own)
    rows = {
        "region": regions,
        "country": countries,
        "supplier": suppliers,
        "customer": customers,
        "product": products,
        "offer": offers,
        "purchase": purchases,
        "line": lines,
    }
    bought = frozenset(int(str(row[0])) for row in purchases if row[1] in seen)
    return _Made(rows, seen, bought)


def _products(chance: random.Random) -> _Rows:
    return [
        (
            n,
            f"{chance.choice(('green', 'forest', 'ivory'))} part {n}",
            chance.choice(_BRANDS),
            chance.choice(_TYPES),
            chance.randrange(1, 30),
            chance.choice(_BOXES),
            900 + n * 10,
        )
        for n in range(1, 31)
    ]


def _suppliers(chance: random.Random) -> _Rows:
    remarks = ("prompt", "CANARY complaints of a customer", "recommended")
    return [
        (
            n,
            f"CANARYSUPPLIER{n}",
            n % len(_COUNTRIES) + 1,
            f"{10 + n}-555-{1000 + n}",
            chance.randrange(-90_000, 900_000),
            chance.choice(remarks),
        )
        for n in range(1, 13)
    ]


def _customers(size: int, chance: random.Random) -> _Rows:
    return [
        (
            n,
            f"CANARYCUSTOMER{n}",
            chance.randrange(1, len(_COUNTRIES) + 1),
            f"{chance.randrange(10, 35)}-555-{2000 + n}",
            (date(1940, 1, 1) + timedelta(days=chance.randrange(20_000))).isoformat(),
            chance.randrange(-90_000, 900_000) if n % 11 else None,
            chance.choice(_SEGMENTS),
            f"CANARYNOTE{n}",
        )
        for n in range(1, size + 1)
    ]


def _purchases(
    customers: _Rows, offers: _Rows, products: _Rows, chance: random.Random
) -> tuple[_Rows, _Rows]:
    purchases: _Rows = []
    lines: _Rows = []
    for number in range(1, 3 * len(customers) + 1):
        buyer = chance.choice(customers[: -len(customers) // 5])[0]  # some never buy
        ordered = _FIRST + timedelta(days=chance.randrange(1_000))
        made = [
            _line(number, place, ordered, chance.choice(offers), products, chance)
            for place in range(1, chance.randrange(2, 6))
        ]
        lines += made
        purchases.append(
            (
                number,
                buyer,
                chance.choice("FOP"),
                sum(int(str(one[5])) for one in made),
                ordered.isoformat(),
                chance.choice(_PRIORITIES),
                f"CANARYCLERK{number % 7}",
                chance.choice(("plain", "special packages requests", "quick")),
            )
        )
    return purchases, lines


def _line(
    purchase: int,
    place: int,
    ordered: date,
    offer: tuple[object, ...],
    products: _Rows,
    chance: random.Random,
) -> tuple[object, ...]:
    quantity = chance.randrange(1, 50)
    shipped = ordered + timedelta(days=chance.randrange(1, 120))
    price = int(str(products[int(str(offer[0])) - 1][6]))
    return (
        purchase,
        place,
        offer[0],
        offer[1],
        quantity,
        quantity * price,
        chance.randrange(0, 11),
        chance.randrange(0, 9),
        chance.choice("ANR"),
        chance.choice("OF"),
        shipped.isoformat(),
        (ordered + timedelta(days=chance.randrange(30, 90))).isoformat(),
        (shipped + timedelta(days=chance.randrange(1, 30))).isoformat(),
        chance.choice(_MODES),
        chance.choice(("deliver in person", "none", "collect")),
    )
