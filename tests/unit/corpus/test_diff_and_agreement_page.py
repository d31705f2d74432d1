"""The corpus page shows what the benchmark prints, and the limits that the importers keep."""

import re
from pathlib import Path

from benchmarks import corpus_agreement
from policy_service.corpus.importers.limits import LIMITS


def _page(repository: Path) -> str:
    return (repository / "docs" / "corpus.md").read_text(encoding="utf-8")


def _without_seconds(table: str) -> list[str]:
    return [re.sub(r"\| [\d.]+ \|$", "|", line) for line in table.splitlines() if line]


def test_the_table_of_agreement_is_what_the_benchmark_prints(
    repository: Path, shared_data: Path
) -> None:
    """Every line on acts of the Union, which are quick to read, is on the page as measured now."""
    shown = _page(repository).split("<!-- agreement -->")[1].split("<!-- /agreement -->")[0]
    measured = corpus_agreement.tables(
        corpus_agreement.rows(shared_data), corpus_agreement.counts(shared_data)
    )
    lines = _without_seconds(measured)
    assert len(lines) > 12
    assert [line for line in lines if line not in _without_seconds(shown)] == []


def test_the_limits_on_the_page_are_those_that_hold(repository: Path) -> None:
    """Files, sizes, depth and ratio of one import as the code has them."""
    page = " ".join(_page(repository).split())
    megabytes = 1024 * 1024
    assert (
        f"at most {LIMITS.files:,} files of {LIMITS.file_bytes // megabytes} MB, "
        f"{LIMITS.total_bytes // megabytes} MB in all"
    ) in page
    assert (LIMITS.nesting, LIMITS.ratio) == (3, 200)
    assert "archives three deep and packed no more than two hundred times" in page
