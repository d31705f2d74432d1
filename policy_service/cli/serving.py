"""The web server of `serve` and `quickstart`: uvicorn over the application that `app` builds."""

import uvicorn

from policy_service.app import create_web
from policy_service.domain.errors import UsageError
from policy_service.workflows.platform import Platform


def serve_forever(platform: Platform, *, host: str, port: int, https: bool = False) -> None:
    """Serve the API and the portal until interrupted.

    Raises `UsageError` where the address is taken; choose another port.
    """
    config = uvicorn.Config(
        create_web(platform, https=https),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        access_log=False,
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit as error:
        raise UsageError(
            f"cannot listen on `{host}:{port}`; choose another port: `--port 8001`"
        ) from error
