"""Problem documents: every error has a status, nothing internal is shown, the edge holds."""

import inspect

import pytest
from starlette.testclient import TestClient

from policy_service.api import problems
from policy_service.api.problems import PROBLEMS, problem_of, status_of
from policy_service.domain import errors
from policy_service.domain.errors import PolicyServiceError
from tests.fixtures.web import Web

_ERRORS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, PolicyServiceError) and kind is not PolicyServiceError
]


@pytest.mark.parametrize("kind", _ERRORS)
def test_every_error_of_the_vocabulary_has_a_status_of_its_own(
    kind: type[PolicyServiceError],
) -> None:
    """No typed error falls through to 500: each base is in the table."""
    assert problem_of(kind("x")).status != 500
    assert status_of(kind("x"))[1]


def test_names_of_problems_are_unique() -> None:
    """A client can tell problems apart by their type alone."""
    names = [problem.name for problem in PROBLEMS.values()]
    assert len(names) == len(set(names))


def test_an_unknown_thing_is_404_as_a_problem_document(web: Web) -> None:
    """RFC 9457: media type, type, title, status, detail."""
    answer = web.client.get("/api/v1/drafts/dra_none", headers=web.token("vera"))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert set(answer.json()) == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/access/v2/evaluation", "/.well-known/x"])
def test_an_unknown_path_of_the_api_is_a_problem_and_no_page(web: Web, path: str) -> None:
    """Programs get problem documents where people would get pages."""
    answer = web.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == problems.MEDIA_TYPE


def test_a_wrong_method_is_405(web: Web) -> None:
    """A path that exists says which methods it takes."""
    answer = web.client.put("/api/v1/drafts", headers=web.token("vera"))
    assert answer.status_code == 405
    assert answer.headers["content-type"] == problems.MEDIA_TYPE


def test_a_body_that_does_not_fit_names_the_field_and_repeats_no_value(web: Web) -> None:
    """What was sent may be a secret, so only the place is named."""
    body = {"url": "sqlite:///x.db", "sample_rows": "hunter2-secret"}
    answer = web.client.post(
        "/api/v1/sources/bank/scans", json=body, headers=web.token("ann-author")
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.sample_rows"
    assert "hunter2" not in answer.text


def test_a_body_that_is_not_json_is_400(web: Web) -> None:
    """Malformed is told apart from invalid."""
    headers = {**web.token("ann-author"), "Content-Type": "application/json"}
    answer = web.client.post("/api/v1/drafts", content=b"{", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith(":malformed")


def test_a_body_over_one_mebibyte_is_refused(web: Web) -> None:
    """The limit holds for bodies of every path, the portal's forms among them."""
    for path in ("/api/v1/drafts", "/sign-in"):
        answer = web.client.post(path, content=b"x" * (1024 * 1024 + 1))
        assert answer.status_code == 413


def test_a_defect_is_500_without_details(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an error nobody thought of, the caller sees the request's id and nothing else."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("policy_service.api.routers.sources.list_sources", broken)
    answer = web.client.get("/api/v1/sources", headers=web.token("vera"))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"]
    assert "content-security-policy" in answer.headers


def test_every_answer_carries_the_security_headers(web: Web) -> None:
    """Pages, JSON and static files alike: no inline script or style can run."""
    for path in ("/sign-in", "/api/v1/openapi.json", "/static/tokens.css", "/nothing"):
        headers = web.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "strict-transport-security" not in headers


def test_https_installations_say_so(web: Web) -> None:
    """Over TLS browsers are told to stay there (RFC 6797)."""
    from policy_service.api.application import create_api
    from policy_service.workflows.decide import DecisionDesk
    from policy_service.workflows.jobs import JobRunner

    platform = web.platform
    app = create_api(platform, jobs=JobRunner(platform), desk=DecisionDesk(platform), https=True)
    with TestClient(app) as client:
        assert "strict-transport-security" in client.get("/healthz").headers


@pytest.mark.parametrize(
    ("given", "echoed"),
    [("abc-123", True), ("with space", True), ("two\tparts", False), ("x" * 201, False)],
)
def test_a_request_id_is_echoed_when_it_is_plain(web: Web, given: str, echoed: bool) -> None:
    """An id that could smuggle anything into a log is replaced by one of our own."""
    answer = web.client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["x-request-id"] == given) is echoed


def test_what_is_shown_is_kept_by_no_cache_and_static_files_by_every(web: Web) -> None:
    """Answers are somebody's own; style sheets are everybody's and named by their content."""
    assert web.client.get("/sign-in").headers["cache-control"] == "no-store"
    assert "immutable" in web.client.get("/static/tokens.css").headers["cache-control"]
