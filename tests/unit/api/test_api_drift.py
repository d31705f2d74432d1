"""Drift on the wire, and on the catalogue's page."""

from policy_service.catalog.drift import compare_catalogs
from policy_service.storage import sources
from policy_service.workflows.unit_of_work import unit_of_work
from tests.builders import make_catalog
from tests.fixtures.web import Web


def _drop_a_table(web: Web) -> None:
    """Store drift as if the newest scan had found one table that was not there before."""
    from dataclasses import replace

    after = make_catalog()
    drift = compare_catalogs(replace(after, tables=after.tables[1:]), after)
    with unit_of_work(web.platform) as work:
        sources.save_drift(work.session, drift, at=work.at)


def test_drift_is_shown_to_who_may_read(web: Web) -> None:
    """Before a second scan nothing changed; after it each change stands with what it means."""
    headers = web.token("vera")
    assert web.client.get("/api/v1/sources/bank/drift", headers=headers).json()["changes"] == []
    _drop_a_table(web)
    changes = web.client.get("/api/v1/sources/bank/drift", headers=headers).json()["changes"]
    assert changes[0]["kind"] == "table_added"
    assert all(change["uncovered"] for change in changes)
    assert web.client.get("/api/v1/sources/none/drift", headers=headers).status_code == 404
    assert web.client.get("/api/v1/sources/bank/drift").status_code == 401


def test_the_catalogues_page_tells_of_drift(web: Web) -> None:
    """The page is silent where nothing changed, and names what no policy covers."""
    web.session("vera")
    assert "Changed since" not in web.client.get("/catalog/bank").text
    _drop_a_table(web)
    page = web.client.get("/catalog/bank").text
    assert "Changed since" in page
    assert "table added" in page
    assert "Changed since" in web.client.get("/catalog").text
