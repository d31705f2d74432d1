"""The text benchmark counts as it says, and runs whole on a few records."""

import json
from pathlib import Path

import pytest
import tldextract

from benchmarks import pii_text
from benchmarks.pii_text_scores import Marked, Record, Tally, fold_scores, read_records
from tests.fixtures.platform import shared_text_finder


def record(text: str, template: int, **values: str) -> dict[str, object]:
    """Write one record in the format of presidio-research."""
    return {
        "full_text": text,
        "template_id": template,
        "spans": [
            {
                "entity_type": entity,
                "entity_value": value,
                "start_position": text.index(value),
                "end_position": text.index(value) + len(value),
            }
            for entity, value in values.items()
        ],
    }


def test_overlap_counts_by_type() -> None:
    """Two of three spans touched, one by the wrong type: any-type .67, recall .33, precision .5."""
    tally = Tally()
    gold = [Marked(0, 4, "PERSON"), Marked(10, 20, "LOCATION"), Marked(30, 32, "AGE")]
    tally.add(gold, [Marked(2, 9, "PERSON"), Marked(12, 18, "PERSON")])
    figures = tally.figures()
    assert figures["any_recall"] == pytest.approx(2 / 3)
    assert figures["recall"] == pytest.approx(1 / 3)
    assert figures["precision"] == pytest.approx(1 / 2)
    assert figures["overlap_f2"] == pytest.approx(5 * (1 / 6) / (4 / 2 + 1 / 3))
    assert figures["characters_covered"] == pytest.approx((2 + 6) / 16)
    assert tally.entities()["PERSON"] == {
        "spans": 1, "findings": 2, "recall": 1.0, "precision": 0.5,
    }  # fmt: skip


def test_nothing_found_is_nought() -> None:
    """No span and no finding make every figure 0, not an error."""
    assert set(Tally().figures().values()) == {0.0}


def test_folds_share_no_template() -> None:
    """All records of a template fall in one fold."""
    records = [Record("x", number % 2, (Marked(0, 1, "AGE"),)) for number in range(4)]
    found = [[Marked(0, 1, "AGE")] if one.template else [] for one in records]
    assert fold_scores(records, found) == {"folds": 2, "least_f2": 0.0, "greatest_f2": 1.0}


def test_runs_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mode prints its figures beside stock Presidio's, on one line."""
    held = tmp_path / "records.jsonl"
    rows = [
        record("My card is 4111111111111111", 1, CREDIT_CARD="4111111111111111"),
        record("She lives in Norway", 2, GPE="Norway"),
        record("He is 43 years old", 3, AGE="43"),
    ]
    held.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [one.gold[0].entity for one in read_records(held)] == ["CREDIT_CARD", "LOCATION", "AGE"]
    monkeypatch.setattr(tldextract, "extract", tldextract.extract)  # put back what it replaces
    finder = shared_text_finder()
    monkeypatch.setattr(pii_text.PresidioText, "load", lambda ner: finder)
    pii_text.main(["--records", str(held), "--without-ner-extra"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["overlap_f2"] == figures["any_recall"] == figures["precision"] == 1.0
    assert figures["cpu_ms_per_text"] > 0
    assert figures["peers"]["presidio"]["recall"] < 1
    assert not figures["ner_extra"]


def test_without_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing records skip the benchmark plainly."""
    pii_text.main(["--records", str(tmp_path / "none.jsonl")])
    assert "skipped" in json.loads(capsys.readouterr().out)
