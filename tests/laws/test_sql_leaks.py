"""Nothing that a subject may not see leaves a guarded connection: not in rows, not in errors.

Attack statements over planted canaries, in three engines. Rows, chains of errors,
notices and every line that is logged in the process are scanned; and the same is asked
of a bank whose hidden cells hold something else: nobody may tell the two apart.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.laws.sql_attacks import ATTACKS, WRITES
from tests.laws.sql_engines import SCHEMAS, Heard, Probe, Seen, leaks, open_probe
from tests.laws.sql_probe_bank import Views, WriteViews, leak_bank

CHANGES = (0, 1)
ENGINES = ["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module", params=ENGINES)
def probes(request: pytest.FixtureRequest) -> Iterator[tuple[Probe, ...]]:
    """Two banks in one engine that differ only in what is hidden."""
    engine = request.param
    url = request.getfixturevalue("postgresql_server") if engine == "postgresql" else ""
    with ExitStack() as stack:
        made = []
        for change in CHANGES:
            tables = leak_bank(change=change, schema=SCHEMAS[engine])
            probe = open_probe(engine, tables, Views(tables), WriteViews(tables), url=url)
            made.append(stack.enter_context(probe))
        yield tuple(made)


def _attack(probe: Probe, statement: str, *, writes: bool = False) -> tuple[Seen, str]:
    heard = Heard()
    logging.getLogger().addHandler(heard)
    before = len(probe.notices)
    try:
        seen = probe.write(statement) if writes else probe.ask(statement)
    finally:
        logging.getLogger().removeHandler(heard)
    return seen, "\n".join((seen.text, *heard.lines, *probe.notices[before:]))


def test_no_attack_tells_a_hidden_value(probes: tuple[Probe, ...]) -> None:
    """No attack brings a canary back, and none tells two banks apart by what is hidden."""
    found: list[object] = []
    for statement in ATTACKS[probes[0].engine]:
        answers = [_attack(probe, statement) for probe in probes]
        for probe, (_, told) in zip(probes, answers, strict=True):
            if leaked := leaks(probe, told, statement):
                found.append((statement, leaked))
        if answers[0][0].text != answers[1][0].text:
            found.append((statement, answers))
    assert found == []


def test_no_writing_attack_tells_or_changes_what_is_hidden(probes: tuple[Probe, ...]) -> None:
    """No writing statement tells a hidden value, by rows, counts or errors."""
    found: list[object] = []
    for statement in WRITES:
        answers = [_attack(probe, statement, writes=True) for probe in probes]
        for probe, (_, told) in zip(probes, answers, strict=True):
            if leaked := leaks(probe, told, statement):
                found.append((statement, leaked))
        if answers[0][0].text != answers[1][0].text:
            found.append((statement, answers))
    assert found == []


def test_there_are_enough_attacks() -> None:
    """Each engine meets at least sixty different statements."""
    for engine, statements in ATTACKS.items():
        assert len(set(statements)) >= 60, engine
