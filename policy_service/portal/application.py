"""The portal as an application of its own, mounted beside the API; errors become pages."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from policy_service.domain.errors import PolicyServiceError
from policy_service.portal.guard import (
    Attempts,
    Desk,
    SignInNeededError,
    StatusOf,
    desk_of,
    visitor,
)
from policy_service.portal.pages import STATIC, CachedFiles, render
from policy_service.portal.routes import (
    accounts,
    applications,
    audit,
    bundles,
    catalog,
    corpus,
    corrections,
    decisions,
    drafts,
    fleet,
    inbox,
    models,
    relevance,
    rules,
    sign_in,
    verdicts,
)
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.platform import Platform

_ROUTES = (
    sign_in,
    inbox,
    drafts,
    rules,
    verdicts,
    relevance,
    catalog,
    corrections,
    corpus,
    bundles,
    fleet,
    decisions,
    applications,
    audit,
    models,
    accounts,
)


def create_portal(
    platform: Platform,
    *,
    jobs: JobRunner,
    desk: DecisionDesk,
    session_cookie: str,
    status_of: StatusOf,
    https: bool = False,
) -> FastAPI:
    """Build the portal, to be mounted at `/` after the API.

    `session_cookie` is the API's name for the cookie and `status_of` its table of
    errors, so that both faces agree. The edge in front of both adds the headers.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.desk = Desk(
        platform=platform,
        jobs=jobs,
        decisions=desk,
        attempts=Attempts(),
        session_cookie=session_cookie,
        https=https,
        status_of=status_of,
    )
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(PolicyServiceError, _ours(status_of))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)
    for route in _ROUTES:
        app.include_router(route.router)
    app.mount("/static", CachedFiles(directory=STATIC), name="static")
    return app


def _to_sign_in(request: Request, _error: Exception) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?{urlencode({'next': back})}", status_code=303)


def _ours(status_of: StatusOf) -> Callable[[Request, Exception], Response]:
    def page(request: Request, error: Exception) -> Response:
        if not isinstance(error, PolicyServiceError):
            return _defect(request, error)
        status_code, title = status_of(error)
        return _page(request, status_code, title, error.message)

    return page


def _invalid(request: Request, _error: Exception) -> Response:
    return _page(request, 404, "There is no such page", "The address does not name anything here.")


def _http(request: Request, error: Exception) -> Response:
    status_code = error.status_code if isinstance(error, HTTPException) else 500
    if status_code == 404:
        with suppress(SignInNeededError):  # no route, so no guard has looked who it is
            visitor(request, desk_of(request))
        return _page(request, 404, "There is no such page", "It may have moved; start again below.")
    return _page(request, status_code, "This did not work", "Go back, reload the page, try again.")


def _defect(request: Request, _error: Exception) -> Response:
    detail = "This is our mistake. The service's log has the details under the request's id."
    return _page(request, 500, "Something went wrong", detail)


def _page(request: Request, status_code: int, title: str, detail: str) -> Response:
    return render(
        request,
        "error.html",
        status_code=status_code,
        title=title,
        detail=detail,
    )
