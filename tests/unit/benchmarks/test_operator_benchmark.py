"""The benchmark of operators runs on a small table and ends in its figures."""

import json

import pytest

from benchmarks import masking_operators


def test_every_operator_has_a_figure(capsys: pytest.CaptureFixture[str]) -> None:
    """A quick run ends in one JSON object with a rate for each case."""
    masking_operators.main(["--rows", "300", "--quick"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["rows"] == 300
    assert set(figures["values_per_cpu_s"]) == set(masking_operators.CASES)
    assert figures["slowest_values_per_cpu_s"] > 0
    assert figures["peers"]["scalar_form"]["values_per_cpu_s"]["suppress"] is None
