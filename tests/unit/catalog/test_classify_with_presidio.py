"""The real text finder on the sample bank's tickets."""

from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.sample.bank import make_sample_bank
from policy_service.catalog.scan import scan_source
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.engines.presidio import PresidioText
from policy_service.kit.clock import FixedClock


@pytest.mark.slow
def test_presidio_finds_the_people_in_tickets(tmp_path: Path, clock: FixedClock) -> None:
    """Names, which have no fixed form, are revealed by Presidio beside what patterns find."""
    path = tmp_path / "bank.db"
    make_sample_bank(path, seed=7, progress=silent)
    catalog = scan_source(
        url=f"sqlite:///{path}",
        source="bank",
        schema=None,
        sample_rows=200,
        classifier=Classifier(text_finder=PresidioText.load()),
        categories=CategoryTable(()),
        clock=clock,
        progress=silent,
    )
    body = catalog.find_column(AssetId("bank.public.support_tickets.body"))
    note = catalog.find_column(AssetId("bank.public.leave_notes.note"))
    assert body is not None
    assert note is not None
    assert body.category == "user.content.private"
    assert {"user.name", "user.contact.email"} <= set(body.reveals)
    assert note.category == "user.health_and_medical"
