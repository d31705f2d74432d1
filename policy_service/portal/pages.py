"""Pages: templates, the frame around them, and what each of them may count on."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from policy_service.portal.words import FILTERS, counted
from policy_service.workflows.accounts import SignedIn
from policy_service.workflows.permissions import Permission, may

STATIC = Path(__file__).parent / "static"
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _NavigationItem:
    path: str
    name: str
    permission: Permission


_NAVIGATION = (
    _NavigationItem("/", "Reviews", Permission.READ),
    _NavigationItem("/catalog", "Catalog", Permission.READ),
    _NavigationItem("/corpus", "Clauses", Permission.READ),
    _NavigationItem("/applications", "Applications", Permission.READ),
    _NavigationItem("/bundles", "Bundles", Permission.READ),
    _NavigationItem("/fleet", "Fleet", Permission.READ),
    _NavigationItem("/decisions", "Decisions", Permission.READ),
    _NavigationItem("/audit", "Audit", Permission.READ_AUDIT),
    _NavigationItem("/models", "Model", Permission.READ),
    _NavigationItem("/accounts", "Accounts", Permission.ADMINISTER),
)
# What a redirect may say on the next page. A closed list: a link cannot put words on a page.
DONE = {
    "approved": "Approved.",
    "approved-many": "Approved.",
    "amended": "Amended. Somebody else must approve what now stands there.",
    "turned-down": "Turned down. Its author can submit a corrected file.",
    "rejected": "Rejected. The draft waits for a change.",
    "commented": "Comment added.",
    "corrected": "Noted. It holds from now on, for drafts and for every scan to come.",
    "correction-waits": "Noted. It lowers protection, so somebody else must confirm it first.",
    "correction-withdrawn": "Withdrawn.",
    "marked": "Noted. What you said is a lesson for the next version of the search.",
    "published": "Published: the policy is live.",
    "rolled-back": "Rolled back: the policy before it is live again, under a new revision.",
    "forgotten": "Forgotten. It is listed again with its next report.",
    "checkpoint": "Checkpoint signed.",
    "revoked": "Token revoked.",
    "added": "Account added.",
    "signed-out": "Signed out.",
    "refining": "Training has started; a new version shows up here when it is done.",
    "verifying": "Verification has started; its result shows up here when it is done.",
}


def render(
    request: Request, template: str, *, status_code: int = 200, **context: object
) -> HTMLResponse:
    """Render a page in its frame; `signed_in` comes from the guard, if somebody is."""
    signed_in = getattr(request.state, "signed_in", None)
    account = signed_in.account if isinstance(signed_in, SignedIn) else None
    items = [item for item in _NAVIGATION if account and may(account, item.permission)]
    frame = {
        "account": account,
        "csrf": signed_in.csrf if isinstance(signed_in, SignedIn) else "",
        "navigation": items,
        "here": _section(request.url.path),
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "error": "",
    }
    html = _environment().get_template(template).render({**frame, **context})
    return HTMLResponse(html, status_code=status_code)


class CachedFiles(StaticFiles):
    """Static files that browsers keep for a year: their links carry the content's hash."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        """Serve a file with its caching header."""
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]  # passed on
        response.headers["Cache-Control"] = _YEAR
        return response


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("policy_service.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(static=_static_link, counted=counted)
    return environment


@cache
def _static_link(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def _section(path: str) -> str:
    """Name the navigation item that a path lies under."""
    if path.startswith("/drafts"):
        return "/"
    first = path.split("/")[1] if "/" in path else ""
    return f"/{first}"
