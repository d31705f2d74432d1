"""What singles people out, as the command line shows it."""

from dataclasses import replace

import pytest

from policy_service.cli.privacy import combination, print_privacy, singling_out
from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.identifiers import DataCategory
from policy_service.domain.privacy import InferenceRisk, ReidentificationRisk
from tests.builders import make_catalog

FOUND = QuasiIdentifier(
    columns=("born", "town[b]"),
    unique_fraction=0.5,
    reasons=("a trait", "a place"),
    read_as=("year of birth", ""),
    smallest_class=1,
    class_shares=(0.5, 0.4, 0.1, 0.0, 0.0, 0.0),
    risk=ReidentificationRisk(
        counted_rows=10,
        population_rows=100,
        prosecutor_highest=1.0,
        prosecutor_average=0.7,
        journalist_highest=0.4,
        marketer=0.25,
        population_unique=0.125,
    ),
)


def test_combinations_and_inferences_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line a combination, with its classes, k, the estimate and the reasons; names stay whole."""
    catalog = make_catalog()
    risk = InferenceRisk(
        column="email", reveals=DataCategory("user.job_title"), strength=0.9, reason="it says so"
    )
    older = QuasiIdentifier(columns=("a", "b"), unique_fraction=0.9)
    table = replace(
        catalog.tables[0], quasi_identifiers=(older,), coarsened=(FOUND,), inference_risks=(risk,)
    )
    print_privacy(replace(catalog, tables=(table,)))
    shown = capsys.readouterr().out
    assert "born by year of birth + town[b]" in shown
    assert "50%" in shown
    assert "12% alone" in shown
    assert "accounts.email → user.job_title: it says so" in shown
    assert "1, 2, 3-4, 5-9, 10-49, 50 and more" in shown


def test_nothing_found_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A catalogue without findings adds no line."""
    print_privacy(make_catalog())
    assert capsys.readouterr().out == ""
    assert list(singling_out(make_catalog())) == []


def test_the_summary_names_the_strongest_combination_of_a_table() -> None:
    """One line a table, safe where a name holds brackets."""
    catalog = make_catalog()
    table = replace(catalog.tables[0], quasi_identifiers=(replace(FOUND, read_as=()),))
    (line,) = singling_out(replace(catalog, tables=(table,)))
    assert line.startswith("accounts: born + town")
    assert line.endswith("(50% of the rows)")
    assert combination(FOUND) == "born by year of birth + town[b]"
