"""Queries from a grammar: accepted ones answer as over masked tables, none tells what is hidden.

Sixty for each engine here; `python -m benchmarks.sql_guard` runs thousands.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.laws.sql_engines import SCHEMAS, Probe, leaks, open_probe
from tests.laws.sql_grammar import Writer
from tests.laws.sql_oracle import Verdict, judged
from tests.laws.sql_probe_bank import Views, leak_bank

QUERIES = 60
ENGINES = ["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module", params=ENGINES)
def probes(request: pytest.FixtureRequest) -> Iterator[tuple[Probe, ...]]:
    """Two banks in one engine that differ only in what is hidden."""
    engine = request.param
    url = request.getfixturevalue("postgresql_server") if engine == "postgresql" else ""
    with ExitStack() as stack:
        banks = [leak_bank(change=change, schema=SCHEMAS[engine]) for change in (0, 1)]
        yield tuple(
            stack.enter_context(open_probe(engine, tables, Views(tables), url=url))
            for tables in banks
        )


def test_queries_of_a_grammar_are_exact_and_tell_nothing(probes: tuple[Probe, ...]) -> None:
    """Accepted means equal to the oracle; hidden cells change no answer and no refusal."""
    found, verdicts = [], []
    for seed in range(QUERIES):
        statement = Writer(seed, dialect=probes[0].engine).query()
        verdict, seen = judged(probes, statement)
        verdicts.append(verdict)
        if verdict in (Verdict.WRONG, Verdict.TELLS_APART, Verdict.NO_ORACLE):
            found.append((verdict, statement))
        for probe, told in zip(probes, seen, strict=True):
            if leaked := leaks(probe, told.text, statement):
                found.append((leaked, statement))
    assert found == []
    assert verdicts.count(Verdict.EQUAL) > QUERIES // 2
    assert Verdict.REFUSED in verdicts


def test_the_grammar_is_determined_by_its_seed() -> None:
    """One seed writes one query, and another seed another."""
    first = [Writer(seed, dialect="sqlite").query() for seed in range(30)]
    assert first == [Writer(seed, dialect="sqlite").query() for seed in range(30)]
    assert len(set(first)) == 30
