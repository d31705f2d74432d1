"""Fixtures of drafting tests: the berka bank, scanned and drafted once for the session."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.scan import scan_source
from policy_service.corpus.collection import Corpus
from policy_service.domain.asset import Catalog
from policy_service.domain.draft import Draft
from policy_service.domain.organisation import Organisation
from policy_service.domain.progress import silent
from policy_service.drafting.organisation import read_organisation
from policy_service.engines.encoder import Encoder
from policy_service.kit.clock import FixedClock
from tests.berka import load_berka
from tests.unit.drafting.tools import categories, corpus, draft


@pytest.fixture(scope="session")
def berka_organisation(shared_data: Path) -> Organisation:
    """The bank's description, as it was handed over."""
    return read_organisation(shared_data / "berka" / "organisation.yaml")


@pytest.fixture(scope="session")
def berka_catalog(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The seven tables, loaded into SQLite and scanned."""
    url = f"sqlite:///{tmp_path_factory.mktemp('berka') / 'berka.db'}"
    load_berka(url, shared_data / "berka")
    return scan_source(
        url=url,
        source="bank",
        schema=None,
        sample_rows=1000,
        classifier=Classifier(text_finder=None),
        categories=categories(),
        clock=FixedClock(datetime(2026, 3, 2, tzinfo=UTC)),
        progress=silent,
    )


@pytest.fixture(scope="session")
def berka_corpus(berka_organisation: Organisation) -> Corpus:
    """The corpus that binds the bank."""
    return corpus(*berka_organisation.regulations)


@pytest.fixture(scope="session")
def berka_draft(
    berka_organisation: Organisation, berka_catalog: Catalog, berka_corpus: Corpus
) -> Draft:
    """The draft for the bank, made with the real encoder."""
    return draft(berka_organisation, berka_catalog, grounds=berka_corpus, encoder=Encoder.load())
