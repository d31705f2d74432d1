"""Client certificates: whose name a server notes, and which names are PEPs."""

import asyncio
import importlib
import json
import pickle
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from starlette.types import Receive, Scope, Send

from policy_service.api import peer_protocol
from policy_service.api.mutual_tls import (
    NOBODY,
    AcceptedPeers,
    Peer,
    TlsFiles,
    note_peer,
    peer_of,
    server_context,
    server_options,
)
from policy_service.domain.errors import UsageError
from tests.fixtures.certificates import Certificates, Pem, certificates, serving

__all__ = ["certificates"]


async def _tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the peer that the server noted."""
    if scope["type"] != "http":
        return
    peer = peer_of(scope)
    body = json.dumps({"names": peer.names, "local": peer.local}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def _files(certificates: Certificates, *, required: bool = False) -> TlsFiles:
    server = certificates.server
    return TlsFiles(
        certificate=server.certificate,
        key=server.key,
        client_ca=certificates.authority.file,
        client_required=required,
    )


@pytest.fixture(scope="module")
def address(certificates: Certificates) -> Iterator[str]:
    """A server that asks for a certificate and does not insist."""
    with serving(_tell, _files(certificates)) as url:
        yield url


def _ask(address: str, certificates: Certificates, client: Pem | None = None) -> dict:
    context = ssl.create_default_context(cafile=certificates.authority.file)
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    with httpx.Client(verify=context) as http:
        return http.get(address).json()


def test_the_names_of_a_verified_certificate_are_noted(
    address: str, certificates: Certificates
) -> None:
    """Its URI first, then its DNS names in lower case, its common name last."""
    told = _ask(address, certificates, certificates.loans)
    assert told == {
        "names": ["uri:spiffe://bank/loans", "dns:loans.bank.internal", "cn:loans"],
        "local": True,
    }
    assert _ask(address, certificates, certificates.nameless)["names"] == ["cn:nameless"]


def test_without_a_certificate_nobody_is_noted(address: str, certificates: Certificates) -> None:
    """Each connection is noted by itself: no name stays from another one."""
    _ask(address, certificates, certificates.loans)
    assert _ask(address, certificates)["names"] == []


@pytest.mark.parametrize("which", ["stranger", "expired"])
def test_a_certificate_that_is_not_valid_ends_the_connection(
    address: str, certificates: Certificates, which: str
) -> None:
    """Another authority's, and one past its time, are no certificate."""
    with pytest.raises(httpx.TransportError):
        _ask(address, certificates, getattr(certificates, which))


def test_a_certificate_can_be_required(certificates: Certificates) -> None:
    """Where it is, a client without one gets no answer at all."""
    with serving(_tell, _files(certificates, required=True)) as url:
        assert _ask(url, certificates, certificates.loans)["names"]
        with pytest.raises(httpx.TransportError):
            _ask(url, certificates)


def test_without_a_ca_no_certificate_counts(certificates: Certificates) -> None:
    """A server that was given no CA asks for none, and believes none."""
    files = TlsFiles(certificate=certificates.server.certificate, key=certificates.server.key)
    assert server_context(files).minimum_version is ssl.TLSVersion.TLSv1_2
    with serving(_tell, files) as url:
        assert _ask(url, certificates, certificates.loans)["names"] == []


def test_without_tls_only_the_place_is_noted() -> None:
    """A plain connection has no names."""
    with serving(_tell) as url:
        assert httpx.get(url).json() == {"names": [], "local": True}


def test_wrong_files_are_named_before_the_server_starts(
    certificates: Certificates, tmp_path: Path
) -> None:
    """A certificate of another key, no PEM, a locked key and a missing file are refused."""
    server, wrong, locked = certificates.server, tmp_path / "wrong.pem", tmp_path / "locked.key"
    wrong.write_text("no certificate")
    key = serialization.load_pem_private_key(server.key.read_bytes(), None)
    lock = serialization.BestAvailableEncryption(b"a passphrase")
    locked.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    )
    for files in (
        TlsFiles(certificate=server.certificate, key=certificates.loans.key),
        TlsFiles(certificate=wrong, key=server.key),
        TlsFiles(certificate=server.certificate, key=locked),
        TlsFiles(certificate=tmp_path / "missing.pem", key=server.key),
        TlsFiles(certificate=server.certificate, key=server.key, client_ca=wrong),
    ):
        with pytest.raises(UsageError, match="PEM"):
            server_options(files)


def test_options_reach_processes_of_their_own(certificates: Certificates) -> None:
    """Where several processes serve, each gets the options by pickle."""
    files = _files(certificates)
    assert pickle.loads(pickle.dumps(server_options(files))) == server_options(files)  # noqa: S301 - our own


def test_names_are_peps_where_they_are_listed() -> None:
    """A name counts whole and as its kind; a wildcard never takes a common name alone."""
    loans = Peer(names=("uri:spiffe://bank/loans", "dns:loans.bank.internal", "cn:loans"))
    assert AcceptedPeers(("dns:loans.bank.internal",)).name_of(loans) == "dns:loans.bank.internal"
    assert AcceptedPeers(("cn:loans",)).name_of(loans) == "cn:loans"
    assert AcceptedPeers(("*",)).name_of(loans) == "uri:spiffe://bank/loans"
    assert AcceptedPeers(("*",)).name_of(Peer(names=("cn:loans",))) is None
    for accepted in ((), ("dns:loans",), ("uri:loans.bank.internal",)):
        assert AcceptedPeers(accepted).name_of(loans) is None
    for accepted in ((), ("*",)):
        assert AcceptedPeers(accepted).name_of(NOBODY) is None


@pytest.mark.parametrize("name", ["loans", "dns:", "ip:10.0.0.1", ""])
def test_a_name_that_could_never_match_is_refused(name: str) -> None:
    """A misspelt kind must not leave a PEP outside without a word."""
    with pytest.raises(UsageError, match="no name of a PEP"):
        AcceptedPeers((name,))


@pytest.mark.parametrize(
    "scope", [{}, {"state": {}}, {"state": {"policy_service_peer": {"names": ["cn:x"]}}}]
)
def test_a_scope_without_a_note_is_nobody(scope: dict) -> None:
    """Another server, or a test client, notes nothing."""
    assert peer_of(scope) is NOBODY


class _Transport(asyncio.Transport):
    """A connection as the event loop describes it."""

    def __init__(self, **extra: object) -> None:
        super().__init__(extra)


@pytest.mark.parametrize(
    ("family", "address", "local"),
    [
        (socket.AF_INET, ("127.0.0.1", 1), True),
        (socket.AF_INET6, ("::1", 1, 0, 0), True),
        (socket.AF_UNIX, "", True),
        (socket.AF_INET, ("192.0.2.7", 1), False),
        (socket.AF_INET, ("nowhere", 1), False),
        (socket.AF_INET, (), False),
        (socket.AF_INET, None, False),
    ],
)
def test_only_this_machine_is_local(family: int, address: object, local: bool) -> None:
    """The connection itself says so, whatever a header claims; one that is gone is not."""
    with socket.socket(family) as connection:
        transport = _Transport(socket=connection, peername=address)
        assert note_peer(transport) == Peer(local=local)


def test_the_other_parser_notes_peers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where httptools is not installed, h11's protocol is extended in the same way."""
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "uvicorn.protocols.http.httptools_impl", None)
        importlib.reload(peer_protocol)
    try:
        assert "H11" in peer_protocol.PeerProtocol.__mro__[1].__name__
        with serving(_tell) as url:
            assert httpx.get(url).json() == {"names": [], "local": True}
    finally:
        importlib.reload(peer_protocol)
