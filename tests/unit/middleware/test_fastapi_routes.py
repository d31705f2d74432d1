"""FastAPI handlers get what the policy allows, and the document says what decides."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from policy_service.domain.bundle import TableView
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.identifiers import Revision
from policy_service.middleware.asgi import Caller, Scope
from policy_service.middleware.fastapi_routes import PolicyRoutes, document_policies
from policy_service.middleware.openapi import unguarded, with_policies
from tests.laws.sql_probe_bank import Views, bank

CLIENT, VAULT = bank()[0].id, bank()[3].id


class _Decider:
    """Allows updates to one person; fails for another."""

    def decide(self, request: AccessRequest) -> Decision:
        if request.subject == "broken":
            raise RuntimeError("CANARY")
        allow = request.subject == "teller-7" and request.action == "update"
        reason = None if allow else DenyReason.NO_MATCHING_RULE
        return Decision(allow=allow, revision=Revision(3), rules=(), reason=reason)


def caller_of(scope: Scope) -> Caller | None:
    """Read the caller from a header."""
    subject = dict(scope["headers"]).get(b"x-subject", b"").decode()
    return Caller(subject=subject, purpose="service") if subject else None


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """A service with a read, a write, a denied table, and a route without a policy."""
    made, policy = FastAPI(), PolicyRoutes(caller_of=caller_of)
    views, decider = Views(bank()), _Decider()

    @made.get("/clients/{number}")
    def clients(
        number: int, view: Annotated[TableView, Depends(policy.view(CLIENT, pdp=views))]
    ) -> int:
        return len(view.columns)

    @made.put("/clients", dependencies=[Depends(policy.allowed("update", CLIENT, pdp=decider))])
    def change() -> str:
        return "done"

    @made.get("/vault", dependencies=[Depends(policy.view(VAULT, pdp=views))])
    def vault() -> str:
        return "CANARY"

    @made.get("/free")
    def free() -> str:
        return "open"

    document_policies(made)
    return made


@pytest.mark.parametrize(
    ("method", "path", "subject", "status"),
    [
        ("GET", "/clients/1", "teller-7", 200),
        ("GET", "/clients/1", "", 403),
        ("GET", "/vault", "teller-7", 403),
        ("PUT", "/clients", "teller-7", 200),
        ("PUT", "/clients", "teller-8", 403),
        ("PUT", "/clients", "broken", 403),
        ("GET", "/free", "", 200),
    ],
)
def test_what_is_denied_never_reaches_the_handler(
    app: FastAPI, method: str, path: str, subject: str, status: int
) -> None:
    """Unknown callers, denials and failing decision points are 403 without a word more."""
    answer = TestClient(app).request(method, path, headers={"x-subject": subject})
    assert answer.status_code == status
    assert "CANARY" not in answer.text


def test_the_document_says_what_decides(app: FastAPI) -> None:
    """`x-policy` stands on guarded operations; the others can be listed."""
    paths = app.openapi()["paths"]
    assert paths["/clients/{number}"]["get"]["x-policy"] == {"action": "read", "assets": [CLIENT]}
    assert paths["/clients"]["put"]["x-policy"] == {"action": "update", "assets": [CLIENT]}
    assert unguarded(app.openapi()) == (("get", "/free"),)


def test_a_document_of_any_framework_can_be_extended() -> None:
    """Operations that are not there are left out; the document given stays as it was."""
    from policy_service.middleware.openapi import OperationPolicy

    given = {"paths": {"/a": {"get": {"responses": {}}, "parameters": []}, "/odd": None}}
    policies = [
        OperationPolicy(method="GET", path="/a", action="read", assets=(CLIENT,), purposes=("x",)),
        OperationPolicy(method="PUT", path="/a", action="read", assets=(CLIENT,)),
        OperationPolicy(method="GET", path="/b", action="read", assets=(CLIENT,)),
    ]
    made = with_policies(given, policies)
    assert made["paths"]["/a"]["get"]["x-policy"]["purposes"] == ["x"]
    assert "x-policy" not in given["paths"]["/a"]["get"]
    assert unguarded({}) == ()
