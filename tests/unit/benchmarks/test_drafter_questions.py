"""The drafter's questions: well formed, complete, spread as promised; the figures add up."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import drafter_questions as bench
from benchmarks.drafter_questions import Answered, DrafterQuestion, read_questions
from policy_service.corpus.collection import Corpus, load_corpus
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import ControlKind, InstrumentKind

LAW_NAMED = re.compile(r"\b(GDPR|HIPAA|DORA|NIS2|PCI|SOX|Sarbanes|NIST|AI Act|New York|Californi)")
# A number of a clause; product words such as `SHA-256`, `TLS 1.1` and `2FA` are none.
SECTION_NUMBER = re.compile(
    r"§|\b(section|article|art|recital|annex|clause|requirement)\.? *\d|\d\.\d+\.\d|\b[A-Z]{2}-\d"
    r"|\b(164|314|500|800|1016|1798)\b|\(\w\)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def questions() -> tuple[DrafterQuestion, ...]:
    """The questions as they are shipped."""
    return read_questions()


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The bundled digests and internal standards."""
    return load_corpus(bench.CORPUS)


def _question(
    name: str = "q001", *, gold: Sequence[str] = ("a/1",), kind: ControlKind = ControlKind.ACCESS
) -> DrafterQuestion:
    return DrafterQuestion(
        id=name, kind=kind, who="dba", split="dev", text=f"{name}?", gold=tuple(gold)
    )


def test_there_are_150_questions_for_tuning_and_for_the_test(
    questions: tuple[DrafterQuestion, ...],
) -> None:
    """30 questions may be looked at and 120 are kept back; ids and words are each there once."""
    assert Counter(one.split for one in questions) == {"dev": 30, "test": 120}
    assert [one.id for one in questions] == [f"q{number:03}" for number in range(1, 151)]
    words = [" ".join(re.findall(r"\w+", one.text.lower())) for one in questions]
    assert len(set(words)) == len(words)


def test_every_gold_provision_exists_once(
    questions: tuple[DrafterQuestion, ...], corpus: Corpus
) -> None:
    """Each question has one to five gold provisions, all of them in the bundled corpus."""
    known = {str(one.id) for one in corpus.provisions}
    for question in questions:
        assert 1 <= len(question.gold) <= 5, question.id
        assert len(set(question.gold)) == len(question.gold), question.id
        assert set(question.gold) <= known, question.id


def test_the_questions_cover_the_corpus(
    questions: tuple[DrafterQuestion, ...], corpus: Corpus
) -> None:
    """Every instrument answers at least 3 questions, every kind of control has at least 8."""
    asked = Counter(name for one in questions for name in {id.split("/")[0] for id in one.gold})
    assert {one.id for one in corpus.instruments if asked[one.id] < 3} == set()
    kinds = Counter(one.kind for one in questions)
    assert {kind for kind in ControlKind if kinds[kind] < 8} == set()
    assert {one.kind for one in questions if one.split == "dev"} == set(ControlKind)


def test_some_questions_need_several_provisions_or_the_house_rules(
    questions: tuple[DrafterQuestion, ...], corpus: Corpus
) -> None:
    """At least 40 have several gold provisions; 10 are answered by internal standards alone."""
    internal = {one.id for one in corpus.instruments if one.kind is InstrumentKind.INTERNAL}
    assert sum(len(one.gold) > 1 for one in questions) >= 40
    alone = [one for one in questions if {id.split("/")[0] for id in one.gold} <= internal]
    assert len(alone) >= 10


def test_questions_speak_as_people_do(questions: tuple[DrafterQuestion, ...]) -> None:
    """No question gives a section number, and about a third names a law or its place."""
    assert [one.id for one in questions if SECTION_NUMBER.search(one.text)] == []
    named = sum(bool(LAW_NAMED.search(one.text)) for one in questions)
    assert 40 <= named <= 60


@pytest.mark.parametrize(
    "text",
    ["See 164.312(a)", "what does AC-2 say?", "Article 32?", "section 5 of it", "gold is 7.2.6"],
)
def test_section_numbers_are_recognised(text: str) -> None:
    """The check for section numbers finds the usual ways to write one."""
    assert SECTION_NUMBER.search(text)


def test_recall_divides_by_the_number_of_gold_provisions() -> None:
    """Gold below the fifth place does not count for recall, but does for the rank."""
    question = _question(gold=("a/1", "b/1"))
    found = Answered(question=question, found=("x", "a/1", "y", "z", "w", "b/1"))
    assert (found.recall, found.reciprocal_rank) == (0.5, 0.5)
    late = Answered(question=question, found=("1", "2", "3", "4", "5", "b/1"))
    assert (late.recall, late.reciprocal_rank) == (0.0, 1 / 6)
    never = Answered(question=question, found=())
    assert (never.recall, never.reciprocal_rank) == (0.0, 0.0)


def test_figures_are_averages_over_questions_and_kinds() -> None:
    """Each kind is averaged by itself; a kind that nobody asked about is left out."""
    audit = _question("q002", gold=("a/1", "b/1"), kind=ControlKind.AUDIT)
    answers = bench.answer([_question(), audit], lambda texts: [["b/1", "a/1"] for _ in texts])
    assert bench.scores(answers) == {
        "recall_at_5": 1.0,
        "recall_at_5_standard_error": 0.0,
        "success_at_5": 1.0,
        "mrr": 0.75,
        "multi_recall_at_5": 1.0,
    }
    assert list(bench.by_kind(answers)) == ["access", "audit"]
    assert bench.by_kind(answers)["access"]["mrr"] == 0.5
    assert bench.scores([])["recall_at_5"] == 0.0
    missed = replace(answers[0], found=())
    assert bench.scores([missed, answers[1]])["recall_at_5_standard_error"] == pytest.approx(0.5)


def test_misses_start_with_the_worst() -> None:
    """What was not found at all comes before what was found in part; full answers are left out."""
    half = Answered(question=_question("q001", gold=("a/1", "b/1")), found=("a/1",))
    none = Answered(question=_question("q002"), found=("x",))
    full = Answered(question=_question("q003"), found=("a/1",))
    lines = bench.misses([half, none, full])
    assert [line.split()[0] for line in lines[::3]] == ["q002", "q001"]
    assert lines[1] == "  recall 0.00, wanted a/1"


def test_bm25_alone_finds_a_provision_by_its_words(corpus: Corpus) -> None:
    """The lexical peer ranks the provision whose words are asked for first."""
    ask = bench.bm25(corpus.provisions)
    found = ask(["disclosure review board oversees de-identification", "zzzz"])
    assert found[0][0] == "nist-800-188/3.6"
    assert [len(one) for one in found] == [bench.DEPTH, bench.DEPTH]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("questions: [{id: q1}]\n", "`q.yaml`, line 1: Field required"),
        ("questions:\n  - id: q1\n    kind: nonsense\n", "line 3: Input should be 'access'"),
        ("nothing: 1\n", "Field required"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """Whoever edits the questions is told where the mistake is."""
    path = tmp_path / "q.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(said)):
        read_questions(path)


def test_single_test_answers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Misses can be listed for the dev questions only."""
    with pytest.raises(SystemExit):
        bench.main(["--misses", "--split", "test"])
    assert "are not looked at one by one; add `--split dev`" in capsys.readouterr().err


def test_the_benchmark_ends_with_one_json_object(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    questions: tuple[DrafterQuestion, ...],
    corpus: Corpus,
) -> None:
    """Two questions over the two instruments that answer them: table, misses, index and peers."""
    small = {"sox", "nist-800-38g"}
    few = tuple(one for one in corpus.digests if one.instrument.id in small)
    some = [one for one in questions if {id.split("/")[0] for id in one.gold} <= small][:2]
    monkeypatch.setattr(
        bench, "read_questions", lambda: [replace(one, split="dev") for one in some]
    )
    monkeypatch.setattr(bench, "load_corpus", lambda _: replace(corpus, digests=few))
    bench.main(["--split", "dev", "--misses"])
    shown = capsys.readouterr()
    figures = json.loads(shown.out.splitlines()[-1])
    assert figures["questions"] == 2
    assert figures["provisions"] == sum(len(one.provisions) for one in few)
    assert set(figures["peers"]) == {"bm25", "minilm"}
    assert "recall@5" in shown.out.splitlines()[0]
    assert "asking 2 questions" in shown.err
    bench.main(["--split", "test", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["questions"] == figures["recall_at_5"] == 0
