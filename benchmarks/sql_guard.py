"""Whether guarded SQL leaks, answers exactly, and lets legitimate analytics pass.

    python -m benchmarks.sql_guard [--queries N] [--engines sqlite duckdb postgresql] [--quick]

For each engine: attack statements over planted canaries, asked in two banks that differ only
in what is hidden (rows, errors, notices and logs are scanned; the two must tell the same);
22 analytic and 100 everyday questions, and `--queries` from a grammar, whose accepted answers
must equal those over tables masked beforehand. The overhead is that of the analytic questions
over asking the same of unguarded tables, driver included, by the wall clock: what the reader
waits for, PostgreSQL's own work too (best of some rounds). What one rewriting takes
(`rewrite_ms`) is CPU of this process.
PostgreSQL is started from what is installed, and left out plainly where there is none. The
last line of stdout is one JSON object.
"""

import argparse
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.postgresql_server import find_postgresql, postgresql_server
from benchmarks.report import finish, percentile, progress, say
from policy_service.middleware.sql import referenced_tables, rewrite
from tests.laws.sql_attacks import ATTACKS, WRITES
from tests.laws.sql_engines import SCHEMAS, Heard, Probe, leaks, open_probe
from tests.laws.sql_grammar import Writer
from tests.laws.sql_oracle import Verdict, bag, judged
from tests.laws.sql_probe_bank import KEYS, Views, WriteViews, leak_bank
from tests.laws.sql_queries import Query, read_queries
from tests.laws.sql_trade import ATTRIBUTES, trade

_ENGINES = ("sqlite", "duckdb", "postgresql")
_QUERIES = 3_000
_QUICK_QUERIES = 300
_CUSTOMERS = 400
_ROUNDS = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every engine and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--queries", type=int, default=_QUERIES, help="from the grammar, an engine")
    parser.add_argument("--engines", nargs="+", choices=_ENGINES, default=list(_ENGINES))
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_QUERIES} queries an engine")
    options = parser.parse_args(arguments)
    queries = _QUICK_QUERIES if options.quick else options.queries
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with ExitStack() as stack:
        url = _server(stack) if "postgresql" in options.engines else ""
        engines = [one for one in options.engines if one != "postgresql" or url]
        made = {engine: _engine(engine, url, queries) for engine in engines}
    finish(_totals(made))


def _server(stack: ExitStack) -> str:
    programs = find_postgresql()
    if programs is None:
        say("PostgreSQL is left out: no server is installed")
        return ""
    return stack.enter_context(postgresql_server(programs)).replace("/postgres?", "/{database}?")


def _engine(engine: str, url: str, queries: int) -> dict[str, Any]:
    say(f"{engine}: attacks")
    with _banks(engine, url, writes=True) as probes:
        attacked = _attacked(probes)
    say(f"{engine}: {queries} queries of the grammar")
    with _banks(engine, url, writes=False) as probes:
        fuzzed = _fuzzed(probes, queries)
    say(f"{engine}: analytics")
    tables = trade(size=_CUSTOMERS, schema=SCHEMAS[engine])
    with open_probe(engine, tables, Views(tables, ATTRIBUTES), url=url) as probe:
        return {**attacked, **fuzzed, **_answered(probe)}


@contextmanager
def _banks(engine: str, url: str, *, writes: bool) -> Iterator[list[Probe]]:
    """Open two banks that differ only in what is hidden."""
    with ExitStack() as stack:
        banks = [leak_bank(change=change, schema=SCHEMAS[engine]) for change in (0, 1)]
        yield [
            stack.enter_context(
                open_probe(engine, bank, Views(bank), WriteViews(bank) if writes else None, url=url)
            )
            for bank in banks
        ]


def _attacked(probes: Sequence[Probe]) -> dict[str, Any]:
    leaked: list[str] = []
    refused: Counter[str] = Counter()
    statements = [(one, False) for one in ATTACKS[probes[0].engine]]
    statements += [(one, True) for one in WRITES]
    for statement, writes in statements:
        told, tells = [], []
        for probe in probes:
            seen, text = _told(probe, statement, writes=writes)
            told.append(seen)
            tells.append(bool(leaks(probe, text, statement)))
        refused["refused" if told[0].refused else "answered as masked"] += 1
        if any(tells) or told[0].text != told[1].text:
            leaked.append(statement)
    return {"probes": len(statements), "leaks": leaked, "probes_refused": refused["refused"]}


def _told(probe: Probe, statement: str, *, writes: bool) -> tuple[Any, str]:
    heard = Heard()
    logging.getLogger().addHandler(heard)
    before = len(probe.notices)
    try:
        seen = probe.write(statement) if writes else probe.ask(statement)
    finally:
        logging.getLogger().removeHandler(heard)
    return seen, "\n".join((seen.text, *heard.lines, *probe.notices[before:]))


def _fuzzed(probes: Sequence[Probe], queries: int) -> dict[str, Any]:
    verdicts: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(queries):
        statement = Writer(seed, dialect=probes[0].engine).query()
        verdict, seen = judged(probes, statement)
        verdicts[verdict.value] += 1
        leaked = any(
            leaks(probe, one.text, statement) for probe, one in zip(probes, seen, strict=True)
        )
        if leaked or verdict in (Verdict.WRONG, Verdict.TELLS_APART, Verdict.NO_ORACLE):
            wrong.append(f"{verdict.value}: {statement}")
        progress("fuzz", seed + 1, queries)
    return {"fuzzed": dict(verdicts), "fuzz_failures": wrong}


def _answered(probe: Probe) -> dict[str, Any]:
    refused: dict[str, str] = {}
    wrong: list[str] = []
    passed: list[Query] = []
    analytic = read_queries("analytics", dialect=probe.engine)
    queries = [*analytic, *read_queries("everyday", dialect=probe.engine)]
    for query in queries:
        seen = probe.ask(query.sql, query.params)
        if seen.refused:
            refused[query.name] = seen.refused
        elif bag(seen.rows) != bag(probe.masked(query.sql, query.params)):
            wrong.append(query.name)
        else:
            passed.append(query)
    return {
        "queries": len(queries),
        "wrong_answers": wrong,
        "false_refusals": len(refused),
        "refused_share": len(refused) / len(queries),
        "refused": refused,
        **_times(probe, [one for one in passed if one in analytic], queries),
    }


def _times(probe: Probe, analytic: Sequence[Query], queries: Sequence[Query]) -> dict[str, Any]:
    rewriting = [spent for one in queries if (spent := _rewriting_ms(probe, one)) is not None]
    guarded, plain = [], []
    for query in analytic:
        try:
            plain.append(_best_s(probe.plain, query))
        except Exception:  # noqa: S112 - it compares with what only masked columns hold
            continue
        guarded.append(_best_s(probe.ask, query))
    ratios = [one / other for one, other in zip(guarded, plain, strict=True)]
    return {
        "rewrite_ms_p50": percentile(rewriting, 0.5),
        "rewrite_ms_p99": percentile(rewriting, 0.99),
        "analytic_guarded_s": sum(guarded),
        "analytic_plain_s": sum(plain),
        "overhead_p50": percentile(ratios, 0.5),
        "overhead": sum(guarded) / sum(plain),
    }


def _rewriting_ms(probe: Probe, query: Query) -> float | None:
    tables = {table.id: table.view(ATTRIBUTES) for table in probe.tables}
    began = time.process_time()
    try:
        wanted = referenced_tables(query.sql, dialect=probe.engine, tables=tuple(tables))
        views = {name: tables[name] for name in wanted}
        rewrite(query.sql, dialect=probe.engine, views=views, keys=KEYS)
    except Exception:  # counted as a refusal elsewhere
        return None
    return (time.process_time() - began) * 1000


def _best_s(ask: Callable[[str, Mapping[str, object]], object], query: Query) -> float:
    spent = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        ask(query.sql, query.params)
        spent.append(time.perf_counter() - began)
    return min(spent)


def _totals(made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = made.values()
    queries = sum(one["queries"] for one in found)
    refused = sum(one["false_refusals"] for one in found)
    return {
        "leaks": sum(len(one["leaks"]) for one in found),
        "probes": sum(one["probes"] for one in found),
        "fuzzed": sum(sum(one["fuzzed"].values()) for one in found),
        "fuzz_failures": sum(len(one["fuzz_failures"]) for one in found),
        "wrong_answers": sum(len(one["wrong_answers"]) for one in found),
        "queries": queries,
        "false_refusals": refused,
        "refused_share": refused / queries if queries else 0.0,
        "rewrite_ms_p50": max((one["rewrite_ms_p50"] for one in found), default=0.0),
        "engines": made,
    }


if __name__ == "__main__":
    main()
