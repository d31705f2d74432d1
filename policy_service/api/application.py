"""The HTTP application: routers, the edge, problem documents. Builds no collaborator itself."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from policy_service import __version__
from policy_service.api.access import Limits, Services
from policy_service.api.edge import Edge
from policy_service.api.problems import MEDIA_TYPE, install_problems
from policy_service.api.routers import (
    accounts,
    applications,
    audit,
    authzen,
    bundles,
    corpus,
    corrections,
    decisions,
    drafts,
    fleet,
    health,
    jobs,
    models,
    relevance,
    sources,
    verdicts,
)
from policy_service.api.schemas import ProblemDocument
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.platform import Platform

PREFIX = "/api/v1"
_OWN_PATHS = ("/api/", "/access/", "/.well-known/")
_RESOURCES = (
    sources,
    corrections,
    corpus,
    relevance,
    drafts,
    verdicts,
    bundles,
    applications,
    fleet,
    decisions,
    audit,
    models,
    jobs,
    accounts,
)
_PROBLEM = {"model": ProblemDocument, "content": {MEDIA_TYPE: {}}}
_PROBLEMS: dict[int | str, dict[str, object]] = {
    code: {**_PROBLEM, "description": description}
    for code, description in {
        400: "The request is malformed",
        401: "Nobody is signed in",
        403: "This account may not do that",
        404: "There is no such thing",
        409: "The state of things forbids it",
        413: "The body is too large",
        422: "The request does not fit its schema",
        429: "Too many attempts",
        503: "A part of the service is not available",
    }.items()
}
_DESCRIPTION = """\
Turns regulations into enforced, audited and reviewed data security.

Call it with an API token (`Authorization: Bearer pst_…`, made in the portal). Long work
is a job: 202 with a `Location`, progress as server-sent events. Errors are problem
documents (RFC 9457). The decision point speaks OpenID AuthZEN 1.0.
"""


def create_api(
    platform: Platform,
    *,
    jobs: JobRunner,
    desk: DecisionDesk,
    https: bool = False,
    public_url: str | None = None,
    portal: ASGIApp | None = None,
    on_close: Callable[[], None] | None = None,
) -> FastAPI:
    """Build the application; what no route of the API answers goes to `portal`.

    At shutdown it closes `jobs`, then calls `on_close`. `https` says that people
    reach the service over TLS.
    """
    app = FastAPI(
        title="Policy Service",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(jobs, on_close),
        responses=_PROBLEMS,
        redirect_slashes=False,
    )
    app.state.services = Services(
        platform=platform, jobs=jobs, desk=desk, limits=Limits(), public_url=public_url
    )
    app.state.fleet = fleet.FleetFace.of(platform)
    app.add_middleware(Edge, https=https, make_id=platform.make_id)
    install_problems(app)
    for resource in _RESOURCES:
        app.include_router(resource.router, prefix=PREFIX)
    app.include_router(authzen.router)
    app.include_router(health.router)
    if portal is not None:
        app.router.default = _Otherwise(portal, app.router.default)
    return app


class _Otherwise:
    """Answers what no route does: pages by the portal, the API's own paths by a problem."""

    def __init__(self, portal: ASGIApp, not_found: ASGIApp) -> None:
        self._portal = portal
        self._not_found = not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = str(scope["path"]).startswith(_OWN_PATHS)
        await (self._not_found if ours else self._portal)(scope, receive, send)


def _lifespan(
    jobs: JobRunner, on_close: Callable[[], None] | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            jobs.close()
            if on_close is not None:
                on_close()

    return lifespan
