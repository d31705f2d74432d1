"""A scan of a large PostgreSQL source: seconds, CPU and peak memory of the scanner.

    python -m benchmarks.catalog_scan [--quick] [--rows N] [--columns N] [--tables N] [--folder DIR]

A throw-away server is filled with `tables` tables of `rows` rows each, `columns` columns in
all: names, addresses, numbers, dates, texts. The scan runs in a process of its own, so that
`peak_rss_mb` is the scanner's, with Presidio on texts; `server_cpu_s` is what the scan cost
the server. The default is the hardest reading of "a million rows, 500 columns": one table
that has both. The peer is one `SELECT count(*)` of a table, sent by itself.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.postgresql_server import find_postgresql, postgresql_server
from benchmarks.report import Stopwatch, finish, peak_rss_mb, progress, run_apart, say

_SAMPLE_ROWS = 1_000
_CATEGORIES = Path(__file__).resolve().parent.parent / "policies" / "data_categories.yaml"
# Name and expression over the row number `i` and the column's own number {n}.
_COLUMNS = (
    ("count", "integer", "(i * {n}) % 1000"),
    ("amount", "numeric(10,2)", "((i * 7 + {n}) % 100000) / 100.0"),
    ("created", "date", "date '2015-01-01' + ((i + {n}) % 3650)::int"),
    ("active", "boolean", "(i + {n}) % 3 = 0"),
    ("first_name", "text", "(array['Jana','Petr','Eva','Karel','Hana'])[1 + (i + {n}) % 5]"),
    ("email", "text", "'u' || (i % 90000) || '@example.org'"),
    ("city", "text", "(array['Praha','Brno','Wien','Graz'])[1 + (i * {n}) % 4]"),
    ("phone", "text", "'+4206' || lpad(((i * 31 + {n}) % 10000000)::text, 8, '0')"),
    ("status", "text", "(array['A','B','C'])[1 + (i + {n}) % 3]"),
    ("ratio", "double precision", "((i + {n}) % 997) / 997.0"),
    ("code", "integer", "i % (1000 + {n})"),
    ("changed", "timestamp", "timestamp '2020-01-01' + interval '1 min' * ((i + {n}) % 99999)"),
)  # fmt: skip
_NOTE = (
    "note",
    "text",
    "'called about order ' || i || ', wants to be called back'",
)
_NOTE_EVERY = 50  # columns


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each table")
    parser.add_argument("--columns", type=int, default=500, help="of all tables together")
    parser.add_argument("--tables", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="20,000 rows at most")
    parser.add_argument("--folder", type=Path, help="where the server's data lie (about 8 GB)")
    parser.add_argument("--scan", metavar="URL", help="only scan this source")
    options = parser.parse_args(arguments)
    if options.scan:
        finish(_scan(options.scan))
        return
    programs = find_postgresql()
    if programs is None:
        finish({"skipped": "no PostgreSQL programs found; install postgresql"})
        return
    rows = min(options.rows, 20_000) if options.quick else options.rows
    with postgresql_server(programs, options.folder) as url:
        _fill(url, rows=rows, columns=options.columns, tables=options.tables)
        counting, busy = _count(url), _server_cpu_s(url)
        found = run_apart("benchmarks.catalog_scan", "--scan", url)
        found["server_cpu_s"] = _server_cpu_s(url) - busy
    finish({"rows": rows, **found, "peers": {"select_count": {"seconds": counting}}})


def _scan(url: str) -> dict[str, object]:
    from policy_service.catalog.classification.classify import Classifier
    from policy_service.catalog.scan import scan_source
    from policy_service.corpus.categories import load_category_table
    from policy_service.engines.presidio import PresidioText
    from policy_service.kit.clock import SystemClock

    with Stopwatch() as loading:
        classifier = Classifier(text_finder=PresidioText.load())
        categories = load_category_table(_CATEGORIES)
    with Stopwatch() as watch:
        catalog = scan_source(
            url=url,
            source="bench",
            schema=None,
            sample_rows=_SAMPLE_ROWS,
            classifier=classifier,
            categories=categories,
            clock=SystemClock(),
            progress=progress,
        )
    return {
        "tables": len(catalog.tables),
        "columns": sum(len(table.columns) for table in catalog.tables),
        "rows_counted": sum(table.row_count for table in catalog.tables),
        "seconds": watch.wall_s,
        "cpu_s": watch.cpu_s,
        "load_s": loading.wall_s,
        "peak_rss_mb": peak_rss_mb(),
    }


def _fill(url: str, *, rows: int, columns: int, tables: int) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for table in range(tables):
            say(f"table {table + 1} of {tables}: {rows:,} rows")
            share = columns // tables + (table < columns % tables)
            made = [
                _NOTE if n % _NOTE_EVERY == 1 else _COLUMNS[n % len(_COLUMNS)]
                for n in range(1, share)
            ]
            typed = ", ".join(f"{name}_{n} {kind}" for n, (name, kind, _) in enumerate(made, 1))
            values = ", ".join(text.format(n=n) for n, (_, _, text) in enumerate(made, 1))
            name = f"customer_{table}"
            connection.execute(f"CREATE UNLOGGED TABLE {name} (id bigint PRIMARY KEY, {typed})")
            connection.execute(
                f"INSERT INTO {name} SELECT i, {values} FROM generate_series(1, {rows}) AS i"
            )
            connection.execute(f"ANALYZE {name}")


def _count(url: str) -> float:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        began = time.perf_counter()
        connection.execute("SELECT count(*) FROM customer_0")
        return time.perf_counter() - began


def _server_cpu_s(url: str) -> float:
    """Return the CPU time that the server's ended sessions used, from its parent process."""
    folder = Path(url.partition("host=")[2])
    pid = (folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks = int(fields[13]) + int(fields[14])  # cutime and cstime, after the process' name
    return ticks / 100


if __name__ == "__main__":
    main()
