"""TLS of the server, and whose certificate is at the other end of a connection.

uvicorn tells an application nothing of a client's certificate, so its protocol is extended by
one step (`peer_protocol`): when a connection is made, the names of the certificate that
OpenSSL has verified are noted, once, in what every request of the connection carries.
Sources: RFC 8446 (TLS 1.3), RFC 9525 (names in certificates).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Required, TypedDict

from policy_service.domain.errors import UsageError

if TYPE_CHECKING:
    import uvicorn

PEER_STATE = "policy_service_peer"  # in the state of an ASGI scope
ANY_NAME = "*"
_PROTOCOL = "policy_service.api.peer_protocol:PeerProtocol"
_KINDS = {"URI": "uri", "DNS": "dns"}
_WRITTEN = ("uri", "dns", "cn", "proxy")
_SAID = ", ".join(f"`{kind}:`" for kind in _WRITTEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end: the names of its verified certificate; on this machine or not."""

    names: tuple[str, ...] = ()  # `uri:…` and `dns:…` first, `cn:…` last
    local: bool = False


NOBODY = Peer()


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the server's certificate chain, its key and the CA of its clients lie (PEM)."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    client_required: bool = False  # else a client without one may still send a token


class AcceptedPeers:
    """The names that are PEPs: `uri:spiffe://bank/loans`, `dns:loans.bank.internal`.

    `proxy:…` is what a trusted proxy says. `*` takes every certificate of the CA, or whatever
    the proxy says, by its first name; never by a common name alone.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Raise `UsageError` for a name that could never match."""
        self._names = frozenset(names)
        for name in sorted(self._names - {ANY_NAME}):
            kind, _, rest = name.partition(":")
            if kind not in _WRITTEN or not rest:
                raise UsageError(f"`{name}` is no name of a PEP; it begins with {_SAID}")

    def name_of(self, peer: Peer) -> str | None:
        """Return the name by which `peer` is a PEP; none where it is not."""
        for name in peer.names:
            if name in self._names:
                return name
        first = peer.names[0] if peer.names else "cn:"
        return first if ANY_NAME in self._names and not first.startswith("cn:") else None


def peer_of(scope: Mapping[str, Any]) -> Peer:
    """Return who sent the request of an ASGI scope; nobody where the server noted nothing."""
    found = scope.get("state", {}).get(PEER_STATE)
    return found if isinstance(found, Peer) else NOBODY


class ServerOptions(TypedDict, total=False):
    """What uvicorn is given, also where it starts several processes."""

    http: Required[str]
    ssl_context_factory: "ContextFactory"


def server_options(files: TlsFiles | None = None) -> ServerOptions:
    """Return uvicorn's options for a server that knows its peers; `files`: by TLS.

    Raises `UsageError` where a file cannot be used, before anything is served.
    """
    if files is None:
        return ServerOptions(http=_PROTOCOL)
    server_context(files)
    return ServerOptions(http=_PROTOCOL, ssl_context_factory=ContextFactory(files=files))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFactory:
    """Builds the TLS of a server process, as uvicorn asks for it."""

    files: TlsFiles

    def __call__(
        self, _config: "uvicorn.Config", _default: Callable[[], ssl.SSLContext]
    ) -> ssl.SSLContext:
        """Build it from the files."""
        return server_context(self.files)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Build the server's TLS: 1.2 at least, client certificates verified against their CA.

    Raises `UsageError` where a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_passphrase)
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        raise UsageError(
            f"`{files.certificate.name}` and `{files.key.name}` are no certificate with its key "
            "(PEM, the key without passphrase)"
        ) from error
    if files.client_ca is None:
        return context
    try:
        context.load_verify_locations(files.client_ca)
    except OSError as error:
        raise UsageError(f"`{files.client_ca.name}` is no CA certificate (PEM)") from error
    context.verify_mode = ssl.CERT_REQUIRED if files.client_required else ssl.CERT_OPTIONAL
    return context


def note_peer(transport: asyncio.BaseTransport) -> Peer:
    """Tell whose connection it is, as far as OpenSSL has verified it."""
    secured = transport.get_extra_info("ssl_object")
    certificate = None if secured is None else secured.getpeercert()
    return Peer(names=_names(certificate or {}), local=_is_local(transport))


def _names(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """List the names of a certificate as `SSLSocket.getpeercert` gives it: verified, or empty."""
    alternative = certificate.get("subjectAltName", ())
    found = [
        f"{_KINDS[kind]}:{value.lower() if kind == 'DNS' else value}"
        for wanted in _KINDS
        for kind, value in alternative
        if kind == wanted
    ]
    subject = certificate.get("subject", ())
    found += [f"cn:{value}" for part in subject for kind, value in part if kind == "commonName"]
    return tuple(found)


def _is_local(transport: asyncio.BaseTransport) -> bool:
    """Tell whether the other end is on this machine: loopback, or a Unix socket."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX:
        return True
    address = transport.get_extra_info("peername")
    try:
        return ip_address(str(address[0]).partition("%")[0]).is_loopback
    except (ValueError, TypeError, IndexError):  # gone already: nobody is told anything
        return False


def _no_passphrase() -> str:
    """Keep OpenSSL from asking at the terminal."""
    return ""
