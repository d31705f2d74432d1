"""The berka loans: what hiding five clients among each other costs whoever predicts default."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.masking_choice import (
    berka_catalog,
    cheapest,
    choose_berka,
    read_berka,
    utility,
)
from policy_service.domain.control import DENY
from policy_service.masking.choice.made_up import BeforeAfter
from policy_service.masking.choice.search import Choice, Hidden
from policy_service.masking.choice.utility import as_numbers
from policy_service.workflows.masking_choice.measures import samples
from policy_service.workflows.masking_choice.tables import ReadTable


@pytest.fixture(scope="module")
def berka(shared_data: Path) -> dict[str, pl.DataFrame]:
    """The tables that tell of a loan, all rows: they are few."""
    return read_berka(shared_data / "berka")


@pytest.fixture(scope="module")
def chosen(berka: dict[str, pl.DataFrame]) -> Choice:
    """The masking of the clients for k = 5."""
    return choose_berka(berka["client"], 5)


def test_clients_are_hidden_at_the_least_cost(
    berka: dict[str, pl.DataFrame], chosen: Choice
) -> None:
    """Birth number and district single out nearly all; the cheapest of 36 maskings hides five."""
    best, combinations = cheapest(berka["client"], 5)
    assert chosen.before.k == 1
    assert chosen.before.below_k > 0.9
    assert chosen.after.k >= 5
    assert (chosen.cost, chosen.proven) == (pytest.approx(best), True)
    assert chosen.measured < combinations
    assert chosen == choose_berka(berka["client"], 5)


def test_the_loss_for_a_model_of_default_is_measured(
    berka: dict[str, pl.DataFrame], chosen: Choice
) -> None:
    """Joins hold, the model beats chance on both, and what it loses is given with its spread."""
    found = utility(berka_catalog(berka), berka, chosen)
    assert {one.rate for one in found.joins} == {1.0}
    model = found.prediction
    assert model is not None
    assert (model.rows, model.positive) == (682, 76)
    assert model.auc_clear > 0.55
    assert abs(model.auc_clear - model.auc_masked) < 0.1
    assert model.deviation > 0
    assert found.group_means is not None
    assert 0 < found.group_means.mean_error < 1


def test_a_district_that_is_not_shown_takes_its_statistics_with_it(
    berka: dict[str, pl.DataFrame],
) -> None:
    """Without the key the join is lost, and the model sees fewer features: as the role would."""
    hidden = Choice(
        controls={"birth_number": DENY, "district_id": DENY},
        before=Hidden(k=1, below_k=1.0),
        after=Hidden(k=1, below_k=1.0),
        cost=1.0,
        suppressed=0.0,
        measured=0,
        proven=False,
    )
    found = utility(berka_catalog(berka), berka, hidden)
    rates = {one.reference: one.rate for one in found.joins}
    assert rates == {"client.district_id → district": 0.0, "disp.client_id → client": 1.0}
    assert found.prediction is not None
    assert found.prediction.features_masked < found.prediction.features_clear


def test_the_sample_of_clients_holds_no_client(
    berka: dict[str, pl.DataFrame], chosen: Choice
) -> None:
    """Birth numbers and districts are of the right form and nobody's, before and after."""
    table = berka_catalog(berka).table("berka.public.client")  # type: ignore[arg-type]  # an id as text
    assert table is not None
    read = ReadTable(table=table, clear=berka["client"], controls=chosen.controls)
    (sample,) = samples([read], {table.id: berka["client"]}, seed=7)
    assert all(_nobodys(one, berka["client"]) for one in sample.columns)
    numbers = next(one for one in sample.columns if one.column == "birth_number")
    assert all(len(str(one)) == 6 for one in numbers.before)


def _nobodys(made: BeforeAfter, clients: pl.DataFrame) -> bool:
    real = set(clients.select(pl.all().cast(pl.String)).unpivot().get_column("value").to_list())
    return None not in made.before and not real & {str(one) for one in (*made.before, *made.after)}


def test_a_stray_blank_does_not_make_numbers_text(berka: dict[str, pl.DataFrame]) -> None:
    """One date of the files ends in a blank; it is read as the number it is."""
    dates = berka["account"].get_column("date")
    assert dates.dtype == pl.String
    assert as_numbers(dates).null_count() == 0
