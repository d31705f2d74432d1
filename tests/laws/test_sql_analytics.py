"""Legitimate analytics pass: accepted answers are those over tables masked beforehand.

Twenty-two analytic and a hundred everyday questions on three engines, over masked
columns, rows filtered by region and rows hidden by a predicate.
"""

from collections.abc import Iterator

import pytest

from tests.laws.sql_engines import SCHEMAS, Probe, Rows, open_probe
from tests.laws.sql_probe_bank import Views
from tests.laws.sql_queries import read_queries
from tests.laws.sql_trade import ATTRIBUTES, trade

SETS = {"analytics": 22, "everyday": 100}
MOST_REFUSED = 0.05
ENGINES = ["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module", params=ENGINES)
def probe(request: pytest.FixtureRequest) -> Iterator[Probe]:
    """The trade business in one engine."""
    engine = request.param
    tables = trade(size=40, schema=SCHEMAS[engine])
    url = request.getfixturevalue("postgresql_server") if engine == "postgresql" else ""
    with open_probe(engine, tables, Views(tables, ATTRIBUTES), url=url) as opened:
        yield opened


def test_answers_equal_those_of_tables_masked_beforehand(probe: Probe) -> None:
    """Every accepted question answers exactly as over masked tables; few are refused."""
    wrong, refused, empty = [], [], []
    for name in SETS:
        for query in read_queries(name, dialect=probe.engine):
            seen = probe.ask(query.sql, query.params)
            expected = probe.masked(query.sql, query.params)
            if seen.refused:
                refused.append((query.name, seen.refused))
            elif _bag(seen.rows) != _bag(expected):
                wrong.append((query.name, seen.rows, expected))
            elif not expected:
                empty.append(query.name)
    assert wrong == []
    assert len(refused) <= MOST_REFUSED * sum(SETS.values()), refused
    assert len(empty) <= 5, empty


def test_the_sets_have_the_promised_number_of_questions(probe: Probe) -> None:
    """There are 22 analytic and 100 everyday questions for each engine."""
    for name, number in SETS.items():
        queries = read_queries(name, dialect=probe.engine)
        assert len({one.name for one in queries}) == len(queries) == number


def _bag(rows: Rows | tuple[tuple[object, ...], ...]) -> list[str]:
    return sorted(map(repr, rows))
