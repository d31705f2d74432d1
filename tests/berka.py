"""Loads the seven files of the berka bank into a database, as a bank would have them by now.

No foreign key is declared, and no name is made clearer: the scan has to find both. Dates
stay as the files write them. Importable as `tests.berka`.
"""

import csv
from pathlib import Path

import sqlalchemy as sa

TABLES = ("account", "card", "client", "disp", "district", "loan", "order")
KEYS = {table: f"{table}_id" for table in TABLES} | {"district": "A1"}


def load_berka(
    engine_or_url: sa.Engine | str, folder: Path, *, primary_keys: bool = True
) -> dict[str, int]:
    """Load the folder's `.asc` files, replacing tables of the same names; return rows by table."""
    own = isinstance(engine_or_url, str)
    engine = sa.create_engine(engine_or_url) if isinstance(engine_or_url, str) else engine_or_url
    try:
        return {table: _load(engine, folder, table, primary_keys) for table in TABLES}
    finally:
        if own:
            engine.dispose()


def _load(engine: sa.Engine, folder: Path, name: str, primary_keys: bool) -> int:
    with (folder / f"{name}.asc").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    kinds = [_kind([row[place] for row in rows]) for place in range(len(header))]
    table = sa.Table(
        name,
        sa.MetaData(),
        *(
            sa.Column(column, kind(), primary_key=primary_keys and column == KEYS[name])
            for column, kind in zip(header, kinds, strict=True)
        ),
    )
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(
            table.insert(),
            [
                {
                    column: _value(text, kind)
                    for column, kind, text in zip(header, kinds, row, strict=True)
                }
                for row in rows
            ],
        )
    return len(rows)


def _kind(texts: list[str]) -> type[sa.Integer] | type[sa.Float] | type[sa.Text]:
    """Infer a column's type as a loader does: whole numbers, numbers, else text."""
    for kind, read in ((sa.Integer, int), (sa.Float, float)):
        try:
            for text in texts:
                if text != "?":  # the files' mark for a value that is missing
                    read(text)
        except ValueError:
            continue
        return kind
    return sa.Text


def _value(text: str, kind: type) -> object:
    if kind is sa.Text:
        return text
    if text == "?":
        return None
    return int(text) if kind is sa.Integer else float(text)
