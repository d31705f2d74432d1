"""`policy-service serve`: uvicorn over the application that `app` builds, or the PDP alone."""

import sys
from pathlib import Path
from typing import Annotated, TypedDict

import typer
import uvicorn

from policy_service.api.mutual_tls import TlsFiles, server_options
from policy_service.app import create_decision_point, create_web, web_options
from policy_service.cli.output import AsJson, notes, print_json
from policy_service.cli.session import open_platform, operator
from policy_service.domain.errors import UsageError
from policy_service.settings import load_settings
from policy_service.workflows.accounts import make_sign_in_link
from policy_service.workflows.platform import Platform


class _Options(TypedDict):
    log_level: str
    server_header: bool
    access_log: bool
    timeout_keep_alive: int
    timeout_graceful_shutdown: int


_OPTIONS = _Options(
    log_level="warning",
    server_header=False,
    access_log=False,
    timeout_keep_alive=75,  # enforcement points keep connections; longer than most proxies do
    timeout_graceful_shutdown=10,  # after a signal: what was asked is answered, and on record
)
_PDP = "policy_service.app:open_decision_point"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve", epilog="Example: policy-service serve --port 8000")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    link_for: Annotated[
        str | None, typer.Option("--link-for", help="Print a one-time sign-in link for NAME.")
    ] = None,
    pdp_only: Annotated[
        bool, typer.Option("--pdp-only", help="Only decide: no API, no portal, no jobs.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that decide; with --pdp-only.")
    ] = 1,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate chain (PEM): serve TLS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="CA of enforcement points' certificates: mutual TLS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start the API and the portal; `--json` says where, and how to sign in."""
    tls = _tls(tls_cert, tls_key, client_ca)
    if workers > 1 and not pdp_only:
        raise UsageError("several processes only decide; give `--pdp-only` with `--workers`")
    address, link = f"{'http' if tls is None else 'https'}://{host}:{port}", ""
    with open_platform() as platform:
        if link_for is not None:
            token = make_sign_in_link(platform, link_for, actor=operator())
            link = f"{address}/sign-in/{token}"
            notes.print(f"sign in once: {link}")
        if as_json:
            print_json({"portal": address, "sign_in_link": link})
            sys.stdout.flush()
        if workers == 1:
            serve_forever(platform, host=host, port=port, pdp_only=pdp_only, tls=tls)
            return
    serve_processes(host=host, port=port, workers=workers, tls=tls)


def serve_forever(
    platform: Platform,
    *,
    host: str,
    port: int,
    pdp_only: bool = False,
    tls: TlsFiles | None = None,
) -> None:
    """Serve the API and the portal, or the decision point alone, until interrupted.

    Raises `UsageError` where the address is taken; choose another port.
    """
    options = web_options(load_settings())
    if tls is not None:
        options["https"] = True
    build = create_decision_point if pdp_only else create_web
    app = build(platform, **options)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, **_OPTIONS, **server_options(tls))
    )
    try:
        server.run()
    except SystemExit as error:
        raise _taken(host, port) from error


def serve_processes(*, host: str, port: int, workers: int, tls: TlsFiles | None = None) -> None:
    """Serve the decision point in several processes over one home, until interrupted.

    Raises `UsageError` where the address is taken; choose another port.
    """
    wire = server_options(tls)
    try:
        uvicorn.run(_PDP, factory=True, workers=workers, host=host, port=port, **_OPTIONS, **wire)
    except SystemExit as error:
        if error.code:
            raise _taken(host, port) from error


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> TlsFiles | None:
    """Join the files of TLS. Raises `UsageError` for half of them."""
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise UsageError("TLS needs a certificate and its key; give `--tls-cert` and `--tls-key`")
    if client_ca is not None and not load_settings().pdp_peers:
        raise UsageError(
            "no certificate would be let in; name enforcement points in POLICY_SERVICE_PDP_PEERS"
        )
    return TlsFiles(certificate=certificate, key=key, client_ca=client_ca)


def _taken(host: str, port: int) -> UsageError:
    return UsageError(f"cannot listen on `{host}:{port}`; choose another port: `--port 8001`")
