"""The rows of the sample bank, drawn from one seed: the same seed, the same bank.

Fictitious throughout. A national id is a birth number of nine digits with the serial 000,
which no one born after 1953 can hold; IBANs name a bank code that is not assigned; cards
are Luhn-valid numbers of a test range, and no security code is ever made.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from policy_service.catalog.sample.words import (
    DISTRICTS,
    FIRST_NAMES_F,
    FIRST_NAMES_M,
    JOBS,
    LAST_NAMES,
    LEAVE_NOTES,
    STREETS,
    TICKETS,
)
from policy_service.kit.checksums import iban_check_digits, luhn_digit

Row = tuple[object, ...]
_TODAY = date(2026, 1, 1)  # the bank stands still: nothing depends on the clock
_CUSTOMERS, _ACCOUNTS, _CARDS, _TRANSACTIONS = 1_900, 2_300, 1_500, 10_400
_LOANS, _ORDERS, _LEAVES, _TICKETS = 640, 850, 240, 520
_AREAS = ("20 7946 0", "113 496 0", "114 496 0", "115 496 0", "121 496 0", "7700 900")
_KINDS = ("card payment", "transfer in", "transfer out", "cash withdrawal", "fee", "interest")
_PURPOSES = ("HOUSEHOLD", "INSURANCE", "LOAN", "LEASING", "RENT")


@dataclass(slots=True)
class _Bank:
    """What later tables need of earlier ones."""

    random: random.Random
    customers: list[dict[str, str]] = field(default_factory=list)
    ibans: list[str] = field(default_factory=list)
    cards: dict[int, str] = field(default_factory=dict)
    owners: list[int] = field(default_factory=list)


def sample_rows(seed: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield each table's name and rows, tables that are referred to first."""
    bank = _Bank(random.Random(seed))  # noqa: S311 - sample data, no secret depends on it
    makers: Sequence[tuple[str, Callable[[_Bank], list[Row]]]] = (
        ("districts", _districts),
        ("branches", _branches),
        ("customers", _customers),
        ("accounts", _accounts),
        ("account_holders", _holders),
        ("cards", _cards),
        ("transactions", _transactions),
        ("loans", _loans),
        ("standing_orders", _orders),
        ("employees", _employees),
        ("leave_notes", _leaves),
        ("support_tickets", _tickets),
    )
    for name, make in makers:
        yield name, make(bank)


def _districts(bank: _Bank) -> list[Row]:
    pick = bank.random
    return [
        (n, name, region, pick.randrange(18_000, 320_000), pick.randrange(29_000, 47_000))
        for n, (name, region) in enumerate(DISTRICTS, start=1)
    ]


def _branches(bank: _Bank) -> list[Row]:
    rows: list[Row] = []
    for n in range(1, 2 * len(DISTRICTS) + 1):
        district = (n + 1) // 2
        street = f"{bank.random.choice(STREETS)} {bank.random.randrange(1, 90)}"
        place = DISTRICTS[district - 1][0]
        rows.append((n, district, f"{place} {n}", street, place, _postcode(bank), _phone(bank)))
    return rows


def _customers(bank: _Bank) -> list[Row]:
    return [_customer(bank, n) for n in range(1, _CUSTOMERS + 1)]


def _customer(bank: _Bank, number: int) -> Row:
    pick = bank.random
    female, first, last = _name(bank)
    born = date(1954, 1, 1) + timedelta(days=pick.randrange(53 * 365))
    street = f"{pick.choice(STREETS)} {pick.randrange(1, 140)}"
    district = pick.randrange(1, len(DISTRICTS) + 1)
    email = f"{first}.{last}{number}@example.org".lower()
    phone = _phone(bank)
    bank.customers.append(
        {"name": f"{first} {last}", "email": email, "phone": phone, "street": street}
    )
    return (
        number, first, last, email, phone, _national_id(born, female), born.isoformat(),
        "F" if female else "M", street, DISTRICTS[district - 1][0], _postcode(bank), district,
        int(pick.random() < 0.4), f"{_day(bank, 3_000)}T09:{pick.randrange(60):02d}:00",
    )  # fmt: skip


def _accounts(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for n in range(1, _ACCOUNTS + 1):
        bank.ibans.append(_iban(f"9999000000{n + 4_100_000:010d}"))
        product = pick.choices(("current", "savings", "student"), (70, 22, 8))[0]
        balance = round(pick.lognormvariate(9.5, 1.1), 2)
        rows.append((n, pick.randrange(1, 41), bank.ibans[-1], product, _day(bank, 3_000), balance))
    return rows


def _holders(bank: _Bank) -> list[Row]:
    rows: list[Row] = []
    for account in range(1, _ACCOUNTS + 1):
        owner = account if account <= _CUSTOMERS else bank.random.randrange(1, _CUSTOMERS + 1)
        bank.owners.append(owner)
        rows.append((account, owner, "owner"))
        second = bank.random.randrange(1, _CUSTOMERS + 1)
        if second != owner and bank.random.random() < 0.17:
            rows.append((account, second, "authorised"))
    return rows


def _cards(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for n in range(1, _CARDS + 1):
        account = pick.randrange(1, _ACCOUNTS + 1)
        owner = bank.owners[account - 1]
        body = f"40000000{pick.randrange(10**7):07d}"
        number = body + luhn_digit(body)
        bank.cards.setdefault(owner, number)
        expiry = f"{pick.randrange(1, 13):02d}/{pick.randrange(26, 32)}"
        kind = pick.choice(("classic", "gold", "junior"))
        state = pick.choices(("active", "blocked", "expired"), (90, 4, 6))[0]
        holder = bank.customers[owner - 1]["name"].upper()
        rows.append((n, account, owner, number, holder, expiry, kind, state))
    return rows


def _transactions(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for n in range(1, _TRANSACTIONS + 1):
        kind = pick.choices(_KINDS, (45, 18, 18, 12, 5, 2))[0]
        amount = round(pick.lognormvariate(5.5, 1.2), 2) * (1 if kind == "transfer in" else -1)
        other = _third_party(bank) if kind.startswith("transfer") else None
        account = pick.randrange(1, _ACCOUNTS + 1)
        rows.append((n, account, _day(bank, 730), amount, "EUR", kind, other))
    return rows


def _loans(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for n, account in enumerate(pick.sample(range(1, _ACCOUNTS + 1), _LOANS), start=1):
        amount = pick.randrange(20, 900) * 500
        months = pick.choice((12, 24, 36, 48, 60))
        status = pick.choices(("paid", "running", "late", "defaulted"), (30, 55, 10, 5))[0]
        payment = round(amount * 1.08 / months, 2)
        rows.append((n, account, amount, months, payment, _day(bank, 1_800), status))
    return rows


def _orders(bank: _Bank) -> list[Row]:
    pick = bank.random
    return [
        (
            n,
            pick.randrange(1, _ACCOUNTS + 1),
            f"{pick.randrange(10**9, 10**10)}",
            pick.choice(("9991", "9992", "9993", "9994")),
            round(pick.lognormvariate(6, 0.8), 2),
            pick.choice(_PURPOSES),
        )
        for n in range(1, _ORDERS + 1)
    ]


def _employees(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for title, salary, count in JOBS:
        for _ in range(count):
            n = len(rows) + 1
            female, first, last = _name(bank)
            born = date(1962, 1, 1) + timedelta(days=pick.randrange(40 * 365))
            rows.append(
                (
                    n,
                    first,
                    last,
                    f"{first}.{last}.{n}@bank.example.org".lower(),
                    _national_id(born, female),
                    title,
                    pick.randrange(1, 41),
                    salary + pick.randrange(-30, 60) * 100,
                    _day(bank, 4_000),
                )
            )
    return rows


def _leaves(bank: _Bank) -> list[Row]:
    pick = bank.random
    staff = sum(count for _, _, count in JOBS)
    rows: list[Row] = []
    for n in range(1, _LEAVES + 1):
        start = _TODAY - timedelta(days=pick.randrange(1, 900))
        end = start + timedelta(days=pick.randrange(1, 30))
        note = f"{pick.choice(LEAVE_NOTES)} Case {n}."
        rows.append((n, pick.randrange(1, staff + 1), start.isoformat(), end.isoformat(), note))
    return rows


def _tickets(bank: _Bank) -> list[Row]:
    pick = bank.random
    rows: list[Row] = []
    for n in range(1, _TICKETS + 1):
        owner = pick.randrange(1, _CUSTOMERS + 1)
        subject, body = pick.choice(TICKETS)
        text = body.format(
            card=bank.cards.get(owner, "of the junior account"),
            iban=_third_party(bank),
            amount=pick.randrange(10, 900),
            **bank.customers[owner - 1],
        )
        channel = pick.choice(("web", "e-mail", "telephone"))
        opened = f"{_day(bank, 500)}T{pick.randrange(7, 20):02d}:{pick.randrange(60):02d}:00"
        rows.append((n, owner, opened, channel, subject, text, pick.choice(("open", "closed"))))
    return rows


def _name(bank: _Bank) -> tuple[bool, str, str]:
    female = bank.random.random() < 0.5
    first = bank.random.choice(FIRST_NAMES_F if female else FIRST_NAMES_M)
    return female, first, bank.random.choice(LAST_NAMES)


def _national_id(born: date, female: bool) -> str:
    return f"{born.year % 100:02d}{born.month + 50 * female:02d}{born.day:02d}/000"


def _phone(bank: _Bank) -> str:
    return f"+44 {bank.random.choice(_AREAS)}{bank.random.randrange(1_000):03d}"


def _postcode(bank: _Bank) -> str:
    return f"{bank.random.randrange(600, 800)} {bank.random.randrange(100):02d}"


def _day(bank: _Bank, back: int) -> str:
    return (_TODAY - timedelta(days=bank.random.randrange(1, back))).isoformat()


def _iban(account: str) -> str:
    return f"CZ{iban_check_digits('CZ', account)}{account}"


def _third_party(bank: _Bank) -> str:
    return _iban(f"9998000000{bank.random.randrange(10**9, 10**10)}")
