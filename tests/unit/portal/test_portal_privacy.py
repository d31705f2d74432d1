"""What singles people out, as the catalogue's page shows it."""

from dataclasses import replace

from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import DataCategory
from policy_service.domain.privacy import InferenceRisk, ReidentificationRisk, SensitiveSpread
from policy_service.portal.pages import _environment
from policy_service.portal.privacy_view import PICTURES, class_bars, class_words
from tests.builders import make_catalog

FOUND = QuasiIdentifier(
    columns=("birth_number", "district_id"),
    unique_fraction=0.52,
    reasons=("an official number", ""),
    read_as=("year of birth and sex", ""),
    smallest_class=1,
    class_shares=(0.52, 0.26, 0.12, 0.099, 0.001, 0.0),
    risk=ReidentificationRisk(
        counted_rows=1_000,
        population_rows=50_000,
        prosecutor_highest=1.0,
        prosecutor_average=0.7,
        journalist_highest=0.4,
        marketer=0.08,
        population_unique=0.03,
    ),
    sensitive=(
        SensitiveSpread(
            column="status", distinct_l=2, entropy_l=1.5, recursive_c=3.0, t=0.3, ordered=False
        ),
    ),
)


def _page(found: QuasiIdentifier) -> str:
    risk = InferenceRisk(
        column="email", reveals=DataCategory("user.job_title"), strength=0.9, reason="it says `so`"
    )
    table = replace(make_catalog().tables[0], coarsened=(found,), inference_risks=(risk,))
    return (
        _environment()
        .get_template("singling_out.html")
        .render(
            table=table,
            labels=CategoryTable(()).label,
            pictures=PICTURES,
        )
    )


def test_bars_stand_on_one_line_and_none_is_lost() -> None:
    """A bar is as tall as its share; the smallest share can still be seen, no share cannot."""
    bars = class_bars(FOUND)
    assert [bar.label for bar in bars] == ["1", "2", "3–4", "5–9", "10–49", "50+"]
    assert {round(bar.y + bar.height, 6) for bar in bars} == {40.0}
    assert bars[0].height == round(0.52 * 40, 2)
    assert bars[4].height > 1
    assert bars[5].height == 0


def test_the_picture_is_said_in_words_too() -> None:
    """Who does not see the bars hears the shares that are there."""
    said = class_words(FOUND)
    assert said.startswith("52 % of the rows in classes of 1; 26 % of the rows in classes of 2")
    assert "50+" not in said


def test_the_page_shows_combination_risk_and_inference() -> None:
    """Columns, what they were cut to, k, the estimate for the table, l, t, reasons."""
    page = _page(FOUND)
    assert "<code>birth_number</code> by year of birth and sex + <code>district_id</code>" in page
    assert "k = 1" in page
    assert "In the whole table an estimated 3 % are alone" in page
    assert "right for 8 %" in page
    assert "2 values at least (l), distance 0.30 at most (t)" in page
    assert "<li><code>birth_number</code> an official number</li>" in page
    assert "<svg" in page
    assert 'role="img"' in page
    assert "tells <strong>user.job_title</strong>" in page
    assert "style=" not in page


def test_an_older_catalogue_has_no_picture_and_no_estimate() -> None:
    """What was not measured is not drawn."""
    page = _page(QuasiIdentifier(columns=("a", "b"), unique_fraction=0.5))
    assert "<code>a</code> + <code>b</code>: <strong>50 %</strong>" in page
    assert "<svg" not in page
    assert "k =" not in page
    whole = replace(FOUND.risk, population_rows=1_000) if FOUND.risk else None
    assert "All 1,000 rows counted" in _page(replace(FOUND, risk=whole, read_as=()))
