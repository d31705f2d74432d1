"""The page of figures: tables, notes, what fails, and what stays of an earlier page."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.page import Run, flatten, machine_facts, read_sections, section, write_page, written

FACTS = "2 cores, x86_64, Linux, Python 3.11.2"
REPOSITORY = Path(__file__).resolve().parents[3]


def _run(module: str, *, error: str = "", **figures: object) -> Run:
    return Run(module=module, day="2026-03-02", seconds=12.4, figures=figures, error=error)


def test_figures_are_listed_by_dotted_name() -> None:
    """Nested objects and lists become rows, in their own order."""
    figures = {"rate_per_s": 12345.6, "peers": {"plain": {"rate": 0.123456}}, "sizes": [{"n": 1}]}
    assert list(flatten(figures)) == [
        ("rate_per_s", "12,346"),
        ("peers.plain.rate", "0.1235"),
        ("sizes.0.n", "1"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(100000, "100,000"), (True, "yes"), (False, "no"), (None, "–"), (2.0, "2"), ("a|b", "a\\|b")],
)
def test_values_are_written_for_people(value: object, text: str) -> None:
    """A sign that would break the table is escaped."""
    assert written(value) == text


def test_a_section_says_how_it_was_measured() -> None:
    """Notes, command, day and machine stand above the table."""
    text = section(_run("audit", records=2000), facts=FACTS)
    assert "Durable means on disk" in text
    assert f"`python -m benchmarks.audit --quick`, 2026-03-02, 12 s, {FACTS}." in text
    assert text.endswith("| figure | value |\n| --- | ---: |\n| `records` | 2,000 |")


def test_a_failure_is_named_in_place_of_its_table() -> None:
    """Figures of a benchmark that failed are not shown as if they counted."""
    text = section(_run("audit", error="ended with exit status 1", records=5), facts=FACTS)
    assert text.endswith("**Failed:** ended with exit status 1.")
    assert "records" not in text


def test_sections_that_did_not_run_stay(tmp_path: Path) -> None:
    """`--only` replaces its own sections; the rest of the page is read back unchanged."""
    order = ("decisions", "audit")
    page = tmp_path / "benchmarks.md"
    first = [_run("audit", records=1), _run("decisions", rate=2)]
    page.write_text(write_page(first, order=order, kept={}, facts=FACTS), encoding="utf-8")
    text = write_page(
        [_run("audit", records=7)], order=order, kept=read_sections(page), facts=FACTS
    )
    assert text.index("## decisions") < text.index("## audit")
    assert "| `rate` | 2 |" in text
    assert "| `records` | 7 |" in text
    assert "| `records` | 1 |" not in text


def test_every_benchmark_has_its_notes() -> None:
    """Each module that the run knows exists and has reading notes."""
    for module in bench.MODULES:
        assert (REPOSITORY / "benchmarks" / f"{module}.py").is_file()
        assert not section(_run(module), facts=FACTS).startswith("`python")


def test_no_benchmark_is_left_out() -> None:
    """Every module that takes `--quick` is one the run knows."""
    files = (REPOSITORY / "benchmarks").glob("[a-z]*.py")
    takes = {one.stem for one in files if 'add_argument("--quick"' in one.read_text("utf-8")}
    assert takes == set(bench.MODULES)


def test_the_machine_is_named_without_its_name() -> None:
    """Cores and Python are facts about figures; the host is not."""
    assert "Python 3" in machine_facts()
    assert "core" in machine_facts()


def test_a_module_that_fails_is_an_error_not_an_end() -> None:
    """What prints no figures or cannot run is named; the run goes on."""
    assert bench.run("nothing_like_this").error == "ended with exit status 1"
    assert bench.run("page").error == "printed no figures"


def test_the_run_ends_non_zero_where_one_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is written all the same, with the figures of the others."""
    page = tmp_path / "page.md"

    def measured(module: str) -> Run:
        return _run(module, error="broke") if module == "audit" else _run(module, rate=3)

    monkeypatch.setattr(bench, "run", measured)
    assert bench.main(["--only", "audit", "masking", "--out", str(page)]) == 1
    assert "**Failed:** broke." in page.read_text(encoding="utf-8")
    assert "| `rate` | 3 |" in page.read_text(encoding="utf-8")
    assert bench.main(["--only", "masking", "--out", str(page)]) == 0
    assert "broke" in page.read_text(encoding="utf-8")


def test_the_last_line_is_what_counts() -> None:
    """Lines before it are a benchmark's own affair; what is no object is no figures."""
    last = bench._last_object
    assert last("loading\n" + json.dumps({"a": 1})) == {"a": 1}
    assert last("[1]") == last("no json") == last("") == {}
