"""The classification benchmark reads labelled columns, scores answers, and runs whole."""

import json
from pathlib import Path

import pytest

from benchmarks import classification
from benchmarks.classification_data import examples_of, read_columns, vendors_of
from benchmarks.classification_peers import by_patterns, by_rules
from benchmarks.classification_scores import Answer, calibration_error, mean_and_spread, scores
from policy_service.domain.errors import UsageError
from tests.unit.catalog.test_name_model_fit import LetterEncoder

LABELS = {
    "id": "system.operations",
    "contact.email": "user.contact.email",
    "contact.phone": "user.contact.phone",
    "first_name": "user.name",
    "status": "system.operations",
}


def write_columns(path: Path, vendors: int = 5) -> Path:
    """Write a small table of people at some vendors, and one of a demo database."""
    lines = [
        {
            "family": "saas" if vendor < vendors else "demo",
            "dataset": f"vendor{vendor}_connector",
            "collection": "person",
            "field": field,
            "data_type": None,
            "data_categories": [category],
        }
        for vendor in range(vendors + 1)
        for field, category in LABELS.items()
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return path


def test_columns_know_their_siblings_and_vendor(tmp_path: Path) -> None:
    """A row becomes a column with its collection's paths; spellings of a category are one."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl"))
    phone = columns[2]
    assert phone.column.siblings == tuple(LABELS)
    assert (phone.vendor, phone.category) == ("vendor0", "user.contact.phone_number")
    assert vendors_of(columns) == [f"vendor{number}" for number in range(5)]
    assert {example.trust for example in examples_of(columns)} == {1.0, 0.1}


@pytest.mark.parametrize("line", ["{", "[]", '{"family": "saas"}', "7"])
def test_a_line_that_is_no_column_is_named(tmp_path: Path, line: str) -> None:
    """What is wrong is said with the line's number, and what a line must have."""
    path = write_columns(tmp_path / "columns.jsonl")
    path.write_text(path.read_text() + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 31 is not a labelled column"):
        read_columns(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder, or bytes that are no text, give a plain error."""
    with pytest.raises(UsageError, match="cannot read"):
        read_columns(tmp_path)


def test_scores_follow_their_definitions(tmp_path: Path) -> None:
    """Precision, recall, F1 and two-level accuracy of answers worked out by hand."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl"))[:5]
    answers = [
        Answer(category="user.unique_id"),
        Answer(category="user.contact.address"),
        Answer(category="user.contact.phone_number"),
        Answer(category="system.operations"),
        Answer(category="system.operations"),
    ]
    found = scores(columns, answers)
    assert found["personal_precision"] == found["personal_recall"] == pytest.approx(2 / 3)
    assert found["category_accuracy"] == pytest.approx(3 / 5)
    assert "calibration_error" not in found


def test_calibration_error_is_the_mean_gap() -> None:
    """Honest probabilities have no error; sure and wrong ones have all of it."""
    assert calibration_error([(0.5, True), (0.5, False)]) == 0
    assert calibration_error([(1.0, False), (0.0, True)]) == 1


def test_runs_are_averaged_with_their_spread() -> None:
    """The mean over runs carries the standard deviation between them."""
    assert mean_and_spread([{"f": 0.4}, {"f": 0.6}]) == {
        "f": pytest.approx(0.5),
        "spread": {"f": pytest.approx(0.1)},
    }


def test_peers_classify_plain_names(tmp_path: Path) -> None:
    """The patterns and the rules both know an e-mail address and a status."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl"))[:5]
    for peer in (by_patterns, by_rules):
        said = [answer.category for answer in peer(columns)]
        assert said[1] == "user.contact.email"
        assert not said[4].startswith("user")


def test_vendors_are_left_out_and_every_column_is_answered(tmp_path: Path) -> None:
    """Folds answer each connector column once, the other family is left out whole."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl"))
    figures = classification.measure(columns, None, seeds=1, encoder=LetterEncoder())
    assert figures["columns"] == 25
    assert figures["runs"] == 1
    assert figures["personal_f1"] == 1
    assert "demo" in figures["families"]  # type: ignore[operator]  # a mapping by design
    assert figures["columns_per_s"] > 0  # type: ignore[operator]  # a float by design


def test_training_may_come_from_another_file(tmp_path: Path) -> None:
    """With `--train` one model answers for all connectors."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl"))
    found = classification.learned(columns, columns[:5], encoder=None)
    assert [answer.category for answer in found["names"]][1] == "user.contact.email"
    assert "with_encoder" not in found


def test_too_few_vendors_are_refused(tmp_path: Path) -> None:
    """Fewer vendors than folds cannot be left out in turn."""
    columns = read_columns(write_columns(tmp_path / "columns.jsonl", vendors=3))
    with pytest.raises(UsageError, match="give --train"):
        classification.left_out(columns, seed=0, encoder=None)


def test_missing_data_is_skipped_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without its file the benchmark says so and ends well."""
    classification.main(["--columns", str(tmp_path / "none.jsonl")])
    said = capsys.readouterr()
    assert json.loads(said.out)["skipped"] == "the data is not there"
    assert "is missing" in said.err


def test_the_command_prints_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--train` the command answers for the connectors of `--columns`, as JSON."""
    monkeypatch.setattr(classification, "pinned_encoder", lambda: None)
    file = str(write_columns(tmp_path / "columns.jsonl"))
    classification.main(["--columns", file, "--train", file, "--quick"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["personal_f1"] == 1
    assert figures["families"] == {}
    assert "columns_per_s_with_encoder" not in figures
