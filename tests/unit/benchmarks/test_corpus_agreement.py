"""The runner that compares readings of one law: differences named, tables, other families."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import corpus_agreement as agreement
from benchmarks.agreement import Agreement
from policy_service.corpus.importers.eu import markdown as eu_markdown

PAGE = "# Regulation (EU) 2024/{n} of 5 May 2024\n\n### Article 1\n\n1. Words.\n"


def _data(folder: Path) -> Path:
    dora = folder / "regulations" / "dora"
    dora.mkdir(parents=True)
    (dora / "dora.md.gz").write_bytes(gzip.compress(PAGE.format(n=1).encode()))
    return folder


def test_differences_are_named_by_kind_and_place() -> None:
    """Quotation marks, blanks, cut texts, words and lacking units are told apart."""
    left = {"a": "‘x’ y", "b": "10 000", "c": "one two", "d": "one", "e": "same", "f": "left"}
    right = {"a": "'x' y", "b": "10000", "c": "one", "d": "two", "e": "same ", "g": "right"}
    told = agreement.explained(left, right, cause="two sources")
    assert told == (
        "two sources (1 by quotation marks: a; 1 by blanks: b; 1 cut short: c; 1 by words: d; "
        "1 only left: f; 1 only right: g)"
    )
    assert agreement.explained({"a": "x"}, {"a": "x"}, cause="unused") == ""
    many = {f"{n:02d}": "x" for n in range(30)}
    assert agreement.explained(many, dict.fromkeys(many, "y")).endswith("19 and 10 more")


def test_counts_of_other_families_may_be_mappings_or_objects() -> None:
    """What a family counts is read by its fields."""
    count = agreement.Count(instrument="I", form="F", what={"n": 1}, seconds=2)
    mapping = {"instrument": "I", "form": "F", "what": {"n": 1}, "seconds": 2}
    assert agreement.count_of(count) is count
    assert agreement.count_of(mapping) == count
    assert agreement.count_of({"instrument": "I", "form": "F"}).what == {}


def test_tables_escape_what_would_break_them() -> None:
    """A bar in a note does not make a column."""
    row = Agreement(
        instrument="I", left="a", right="b", units=1000, equal=1, only_left=0, only_right=0,
        note="x|y",
    )  # fmt: skip
    text = agreement.tables([row], [])
    assert "| I | a | b | 1,000 | 1 | 0 | 0 | x\\|y |" in text


def test_the_runner_reads_what_is_there_and_writes_the_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sources that are absent are left out, and the last line is one JSON object."""
    monkeypatch.setattr(agreement, "OTHERS", ("benchmarks.no_such_family",))
    out = tmp_path / "tables.md"
    assert agreement.main(["--data", str(_data(tmp_path)), "--markdown", str(out)]) == 0
    assert "| DORA | Markdown | 1 articles, 0 recitals, 0 annexes, 1 provisions |" in out.read_text(
        encoding="utf-8"
    )
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["counts"][0]["articles"] == 1
    assert "benchmarks.no_such_family: not in this tree" in told.err
    assert agreement.main(["--data", str(tmp_path)]) == 0
    assert "| DORA |" in capsys.readouterr().err


def test_the_runner_skips_plainly_without_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without regulations there is nothing to compare, and that is said."""
    assert agreement.main(["--data", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"skipped": "no regulations to compare"}


def test_rows_and_counts_read_the_data_themselves(tmp_path: Path) -> None:
    """The family of acts of the Union has the two functions every family has."""
    assert agreement.rows(_data(tmp_path)) == []
    assert [one.form for one in agreement.counts(tmp_path)] == ["Markdown"]


def test_two_readings_of_one_act_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A pair is compared where both of its sources are there."""
    pair = [
        agreement.Source(instrument="X", form=form, pattern=f"{form}.md", read=eu_markdown.read)
        for form in ("one", "two")
    ]
    folder = tmp_path / "regulations"
    folder.mkdir()
    for number, source in enumerate(pair, start=1):
        (folder / source.pattern).write_text(PAGE.format(n=number), encoding="utf-8")
    monkeypatch.setattr(agreement, "SOURCES", tuple(pair))
    monkeypatch.setattr(agreement, "PAIRS", ((*pair, ""),))
    (row,) = agreement.rows(tmp_path)
    assert (row.units, row.equal, row.note) == (2, 2, "")
