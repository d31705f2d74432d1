"""The retrieval benchmark reads its files, measures as trec_eval does, and runs whole."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import retrieval, retrieval_components
from benchmarks.retrieval_data import (
    Question,
    provision,
    read_passages,
    read_questions,
    sample,
    scores,
)
from tests.unit.retrieval.learned_corpus import TinyEncoder, examples, passages


def write_data(folder: Path) -> tuple[Path, Path]:
    """Write the invented corpus in ObliQA's format."""
    lines = []
    for name, text in passages().items():
        document, _, passage = name.partition("/")
        lines.append({"ID": "1", "DocumentID": document, "PassageID": passage, "Passage": text})
    lines.append({"ID": "2", "DocumentID": "rules", "PassageID": "9", "Passage": "  "})
    held = folder / "passages.jsonl.gz"
    held.write_bytes(gzip.compress("\n".join(json.dumps(one) for one in lines).encode()))
    rows = []
    for number, one in enumerate([*examples(), *examples()]):
        golds = [name.partition("/") for name in sorted(one.relevant)]
        rows.append(
            {
                "QuestionID": f"q{number}",
                "Question": f"{one.question} ({number})",
                "Passages": [{"DocumentID": doc, "PassageID": name} for doc, _, name in golds],
            }
        )
    asked = folder / "questions.json"
    asked.write_text(json.dumps(rows), encoding="utf-8")
    return held, asked


def test_measures_divide_by_the_number_of_gold_passages() -> None:
    """Two gold passages, one found second: recall .5, average precision .25."""
    found = scores([Question("?", frozenset({"a", "b"}))], [["x", "a", "y"]])
    assert found["recall_at_10"] == 0.5
    assert found["map_at_10"] == 0.25
    assert found["multi_recall_at_10"] == 0.5
    assert 0 < found["ndcg_at_10"] < 1


def test_what_stands_below_ten_does_not_count() -> None:
    """A gold passage at place eleven is not found."""
    answer = [str(number) for number in range(10)] + ["gold"]
    assert scores([Question("?", frozenset({"gold"}))], [answer])["recall_at_10"] == 0.0


def test_empty_passages_are_left_out_and_questions_cut_in_two(tmp_path: Path) -> None:
    """Blank passages are no candidates; odd and even ids share no question and lose none."""
    held, asked = write_data(tmp_path)
    assert read_passages(held) == passages()
    odd, even = (read_questions(asked, odd=one) for one in (True, False))
    assert sorted(one.text for one in (*odd, *even)) == sorted(
        one.text for one in read_questions(asked)
    )
    assert odd
    assert even


def test_a_sample_keeps_every_gold_passage() -> None:
    """Whatever is asked in the sample can be found in it."""
    questions = [Question(one.question, one.relevant) for one in examples()]
    held, training, asked = sample(passages(), questions[:10], questions[10:])
    assert all(one.gold <= set(held) for one in (*training, *asked))


def test_a_passage_becomes_a_provision_of_its_document() -> None:
    """Document and passage id are the provision's instrument and section."""
    made = provision("3/8.9.(1)", "Keep it.")
    assert (made.instrument, made.section, made.text) == ("3", "8.9.(1)", "Keep it.")


def test_missing_data_is_said_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the files the benchmark says so and ends with an object of no figures."""
    retrieval.main(["--passages", str(tmp_path / "none"), "--train", str(tmp_path / "none")])
    out, err = capsys.readouterr()
    assert json.loads(out) == {"peers": {}, "skipped": "the data is not there"}
    assert "give --passages and --train" in err


def test_the_whole_run_reports_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Indexing, training, asking and the table of components run on files of the real format."""
    monkeypatch.setattr(retrieval.Encoder, "load", TinyEncoder.make)
    held, asked = write_data(tmp_path)
    table = tmp_path / "table.md"
    files = ["--passages", held, "--train", asked, "--questions", asked, "--markdown", table]
    retrieval.main([*map(str, files), "--quick"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {
        "recall_at_10",
        "map_at_10",
        "ndcg_at_10",
        "multi_recall_at_10",
        "index_cpu_s",
        "train_cpu_s",
        "query_ms_p50",
        "query_ms_p99",
        "query_cpu_ms_p50",
        "popularity",
        "peers",
    } <= set(figures)
    assert set(figures["components"]) == set(retrieval_components.ROWS)
    assert figures["recall_at_10"] > figures["peers"]["minilm"]["recall_at_10"]
    assert all(f"| {name} |" in table.read_text("utf-8") for name in retrieval_components.ROWS)
