"""What `benchmarks.pdp_http` compares the decision point with, as applications for uvicorn."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI

from policy_service.api.application import create_api
from policy_service.app import build_platform, close_platform
from policy_service.settings import load_settings
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner

_Message = MutableMapping[str, Any]
_HELLO = b'{"decision":true,"context":{"rules":[]}}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_HELLO))]


def framework_route() -> FastAPI:
    """Build the same service with its FastAPI route in place of the lean face."""
    platform = build_platform(load_settings())
    return create_api(
        platform,
        jobs=JobRunner(platform),
        desk=DecisionDesk(platform),
        on_close=lambda: close_platform(platform),
    )


async def hello(
    scope: _Message,
    receive: Callable[[], Awaitable[_Message]],
    send: Callable[[_Message], Awaitable[None]],
) -> None:
    """Read the body and answer the same bytes each time: what the server itself can do."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        continue
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _HELLO})
