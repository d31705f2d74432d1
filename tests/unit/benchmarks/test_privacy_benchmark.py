"""The benchmark of privacy measures, run small."""

import json
import sys

import pytest

from benchmarks import privacy


def test_the_benchmark_ends_with_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line has the promised keys, and pandas by definition gives the same answer."""
    monkeypatch.setattr(sys, "argv", ["privacy", "--rows", "60", "--quick"])
    privacy.main()
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["rows"] == 60
    assert figures["k"] == 1
    assert figures["k_l_t_cpu_s"] > 0
    assert figures["peers"]["pandas_by_definition"]["same_answer"] is True
