"""A sample bank: a SQLite file of twelve tables and some twenty thousand rows, from one seed.

For trying the product, its tests and its walkthrough. Not real: `sample_rows` says what
makes each number impossible. Two foreign keys are left undeclared, as in real databases.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy_service.catalog.sample.people import sample_people
from policy_service.catalog.sample.rows import sample_rows
from policy_service.domain.errors import CatalogError
from policy_service.domain.organisation import Person
from policy_service.domain.progress import Progress

_SCHEMA: Final = {
    "districts": "district_id INTEGER PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, "
    "inhabitants INTEGER, average_income INTEGER",
    "branches": "branch_id INTEGER PRIMARY KEY, district_id INTEGER NOT NULL "
    "REFERENCES districts (district_id), name TEXT NOT NULL, street TEXT, city TEXT, "
    "postal_code TEXT, phone TEXT",
    "customers": "customer_id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, "
    "last_name TEXT NOT NULL, email TEXT, phone TEXT, national_id TEXT NOT NULL, "
    "date_of_birth DATE NOT NULL, gender TEXT, street TEXT, city TEXT, postal_code TEXT, "
    "district_id INTEGER NOT NULL REFERENCES districts (district_id), "
    "marketing_consent BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL",
    "accounts": "account_id INTEGER PRIMARY KEY, branch_id INTEGER NOT NULL "
    "REFERENCES branches (branch_id), iban TEXT NOT NULL UNIQUE, product TEXT NOT NULL, "
    "opened_on DATE NOT NULL, balance NUMERIC(14, 2) NOT NULL",
    "account_holders": "account_id INTEGER NOT NULL REFERENCES accounts (account_id), "
    "customer_id INTEGER NOT NULL REFERENCES customers (customer_id), relation TEXT NOT NULL, "
    "PRIMARY KEY (account_id, customer_id)",
    "cards": "card_id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL "
    "REFERENCES accounts (account_id), customer_id INTEGER NOT NULL "
    "REFERENCES customers (customer_id), card_number TEXT NOT NULL, holder_name TEXT NOT NULL, "
    "expiry TEXT NOT NULL, card_type TEXT NOT NULL, status TEXT NOT NULL",
    "transactions": "transaction_id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL "
    "REFERENCES accounts (account_id), booked_on DATE NOT NULL, amount NUMERIC(14, 2) NOT NULL, "
    "currency TEXT NOT NULL, kind TEXT NOT NULL, counterparty_iban TEXT",
    "loans": "loan_id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL "
    "REFERENCES accounts (account_id), amount NUMERIC(14, 2) NOT NULL, "
    "duration_months INTEGER NOT NULL, monthly_payment NUMERIC(14, 2) NOT NULL, "
    "granted_on DATE NOT NULL, status TEXT NOT NULL",
    # account_id is not declared as a reference
    "standing_orders": "order_id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, "
    "counterparty_account TEXT NOT NULL, counterparty_bank TEXT NOT NULL, "
    "amount NUMERIC(14, 2) NOT NULL, purpose TEXT",
    "employees": "employee_id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, "
    "last_name TEXT NOT NULL, work_email TEXT NOT NULL, national_id TEXT NOT NULL, "
    "job_title TEXT NOT NULL, branch_id INTEGER REFERENCES branches (branch_id), "
    "salary INTEGER NOT NULL, hired_on DATE NOT NULL",
    "leave_notes": "note_id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL "
    "REFERENCES employees (employee_id), starts_on DATE NOT NULL, ends_on DATE NOT NULL, "
    "note TEXT",
    # customer_id is not declared as a reference
    "support_tickets": "ticket_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, "
    "opened_at TIMESTAMP NOT NULL, channel TEXT NOT NULL, subject TEXT NOT NULL, "
    "body TEXT NOT NULL, status TEXT NOT NULL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBank:
    """What was made: how much, and the people who work there."""

    tables: int
    rows: int
    people: tuple[Person, ...]


def make_sample_bank(path: Path, *, seed: int, progress: Progress) -> SampleBank:
    """Write the bank to `path`, whole or not at all; a file of that name is replaced.

    Raises `CatalogError` where the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _whole_file(path) as draft, closing(sqlite3.connect(draft)) as connection:
            rows = _fill(connection, seed, progress)
    except (OSError, sqlite3.Error) as error:
        raise CatalogError(
            f"cannot write the sample bank to `{path}`; check the folder and free space"
        ) from error
    return SampleBank(tables=len(_SCHEMA), rows=rows, people=sample_people())


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write; it takes the name when all went well."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, seed: int, progress: Progress) -> int:
    total = 0
    connection.execute("PRAGMA foreign_keys = ON")
    with connection:
        for done, (table, rows) in enumerate(sample_rows(seed)):
            progress("sample bank", done, len(_SCHEMA))
            connection.execute(f"CREATE TABLE {table} ({_SCHEMA[table]})")
            places = ", ".join("?" * len(rows[0]))
            # INVARIANT: table names are those of this file, never input.
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - constant name
            total += len(rows)
    progress("sample bank", len(_SCHEMA), len(_SCHEMA))
    return total
