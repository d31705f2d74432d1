"""The masking benchmarks end in the figures that are published."""

import json

import pytest

from benchmarks import format_preserving, masking


def test_format_preserving_reports_its_peers(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line holds the rate beside two libraries that gave the same texts."""
    format_preserving.main(["--quick", "--values", "300"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["values"] == 300
    assert set(figures["peers"]) == {"libffx", "fastfpe"}
    assert all(figures[name] > 0 for name in ("values_per_cpu_s", "reveal_per_cpu_s"))


def test_the_masked_table_has_six_masked_columns_of_ten() -> None:
    """The table is the one that is described, the same on every run, and is masked whole."""
    table = masking.make_table(200)
    assert table.equals(masking.make_table(200))
    assert set(table.columns) == set(masking.CONTROLS)
    wall_s, cpu_s = masking.masked_in(table, masking.CONTROLS, 1)
    assert wall_s > 0
    assert cpu_s > 0
    assert len(masking.cpu_ms_by_column(table)) == 6
    assert all(rate > 0 for rate in masking.keyed_values_per_cpu_s(50).values())
