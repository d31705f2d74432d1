"""The whole API against its own OpenAPI document: no generated request is answered by 5xx."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.fixtures.web import Web

# They load models, reach out, or stay open until the caller goes.
_HEAVY = {"search_corpus", "start_refinement", "start_scan", "follow_bundles"}
_METHODS = {"get", "post", "delete"}


@pytest.mark.slow
def test_no_request_breaks_the_api(web: Web) -> None:
    """Whatever fits the document, and much that does not, is answered without a 5xx."""
    document = web.client.get("/api/v1/openapi.json").json()
    headers = web.token("ada")
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] not in _HEAVY:
            _send_examples(web, operation, headers)


def test_the_document_names_every_operation_once(web: Web) -> None:
    """Operation ids are unique, and each operation says what it is."""
    document = web.client.get("/api/v1/openapi.json").json()
    operations = [
        operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in _METHODS
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) >= 35
    assert all(operation["summary"] and operation["tags"] for operation in operations)


def _send_examples(web: Web, operation: Any, headers: dict[str, str]) -> None:
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        request = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
        answer = web.client.request(**{**request, "cookies": None})
        assert answer.status_code < 500, (operation.label, answer.text)
        assert answer.status_code != 401, operation.label

    send()
