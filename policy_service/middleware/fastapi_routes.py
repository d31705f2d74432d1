"""FastAPI: dependencies that decide before a handler runs, and say so in the OpenAPI document.

`Depends(policy.view("bank.public.clients"))` gives a handler the view of a table, and
`Depends(policy.allowed("update", "bank.public.clients"))` the decision on an action; what is
denied, or cannot be decided, answers 403. Masking is done by `asgi`, or by the handler with
the view.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from fastapi import FastAPI, HTTPException, Request
from fastapi.routing import APIRoute

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Action
from policy_service.domain.decision import AccessRequest, Decision
from policy_service.domain.errors import AccessDeniedError
from policy_service.domain.identifiers import AssetId
from policy_service.middleware.asgi import Caller, Scope
from policy_service.middleware.openapi import OperationPolicy, with_policies
from policy_service.middleware.views import ViewProvider, allowed_view, readable_controls

Answer = TypeVar("Answer")


class Decider(Protocol):
    """Answers one request; a point in process, or a client of one."""

    def decide(self, request: AccessRequest) -> Decision:
        """Return the decision."""
        ...


class Guard(Generic[Answer]):
    """A dependency: what is decided, and the function that decides it."""

    def __init__(self, action: str, asset: str, ask: Callable[[Request], Answer]) -> None:
        self.action = action
        self.asset = asset
        self._ask = ask

    def __call__(self, request: Request) -> Answer:
        """Return what the handler is given. Raises `HTTPException` 403."""
        with suppress(Exception):
            return self._ask(request)
        # Raised here and not in the handler: what went wrong is not to travel along.
        raise HTTPException(status_code=HTTPStatus.FORBIDDEN)


class PolicyRoutes:
    """Makes the dependencies of one service; `caller_of` is its own authentication."""

    def __init__(self, *, caller_of: Callable[[Scope], Caller | None]) -> None:
        self._caller_of = caller_of

    def view(self, asset: str, *, pdp: ViewProvider) -> Guard[TableView]:
        """Depend on the view of a table of which something may be read."""

        def ask(request: Request) -> TableView:
            caller = self._caller(request)
            view = allowed_view(
                pdp, subject=caller.subject, purpose=caller.purpose, asset=AssetId(asset)
            )
            if not readable_controls(view):
                raise AccessDeniedError(f"no column of `{asset}` may be read for this purpose")
            return view

        return Guard(Action.READ.value, asset, ask)

    def allowed(self, action: str, asset: str, *, pdp: Decider) -> Guard[Decision]:
        """Depend on a decision that allows.

        Its obligations bind the handler: who shows rows by it has to carry them out.
        """

        def ask(request: Request) -> Decision:
            caller = self._caller(request)
            asked = AccessRequest(
                subject=caller.subject, resource=asset, action=action, purpose=caller.purpose
            )
            decision = pdp.decide(asked)
            if not decision.allow:
                raise AccessDeniedError(f"`{action}` on `{asset}` is denied")
            return decision

        return Guard(action, asset, ask)

    def _caller(self, request: Request) -> Caller:
        caller = self._caller_of(request.scope)
        if caller is None:
            raise AccessDeniedError("the caller is not known")
        return caller


def document_policies(app: FastAPI) -> None:
    """Let the app's OpenAPI document say what decides each operation (`x-policy`)."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        return with_policies(plain(), tuple(operation_policies(app)))

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def operation_policies(app: FastAPI) -> Iterator[OperationPolicy]:
    """Read the guards off an app's routes; several actions on one route are joined."""
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue
        guards = list(_guards(route.dependant))
        if guards:
            for method in sorted(route.methods or ()):
                yield OperationPolicy(
                    method=method,
                    path=route.path_format,
                    action=", ".join(sorted({one.action for one in guards})),
                    assets=tuple(sorted({AssetId(one.asset) for one in guards})),
                )


def _guards(dependant: Any) -> Iterator[Guard[object]]:  # noqa: ANN401 - FastAPI's own, not public
    for inner in dependant.dependencies:
        if isinstance(inner.call, Guard):
            yield inner.call
        yield from _guards(inner)
