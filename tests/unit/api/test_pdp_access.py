"""Who may ask the decision point: API tokens, signed tokens, certificates, a proxy's word."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from policy_service.api.access import Limits
from policy_service.api.mutual_tls import Peer, TlsFiles
from policy_service.api.pdp_access import REMEMBERED_S, PdpAccess, PdpOptions
from policy_service.api.problems import TooManyRequestsError, UnauthenticatedError
from policy_service.api.signed_tokens import TokenIssuer
from policy_service.app import build_platform, close_platform, create_decision_point, web_options
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.errors import UsageError
from policy_service.kit.clock import FixedClock
from policy_service.middleware.client import DecisionPointClient
from policy_service.middleware.json_connection import client_tls
from policy_service.settings import Settings
from policy_service.workflows.accounts import make_api_token, revoke_api_token
from policy_service.workflows.platform import Platform
from tests.builders import NOW
from tests.fixtures.certificates import Certificates, certificates, serving
from tests.fixtures.web import Web

__all__ = ["certificates"]
LOANS = Peer(names=("dns:loans.bank.internal",))
REQUEST = AccessRequest(
    subject="teller-1",
    resource="bank.public.clients.birth_number",
    resource_type="column",
    action="read",
    purpose="essential.service",
)


class Access:
    """Makes accesses over one platform; `elapsed_s` is the time that they see."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.elapsed_s = 0.0

    def __call__(self, **options: object) -> PdpAccess:
        return PdpAccess(
            self.platform,
            limits=Limits(),
            options=PdpOptions(**options),  # type: ignore[arg-type]
            monotonic=lambda: self.elapsed_s,
        )

    def token(self, name: str) -> tuple[str, dict[str, str]]:
        """Make an API token of `name`: its id, and the header."""
        made, secret = make_api_token(self.platform, name, label="test")
        return made, {"authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def platform(web_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all that only ask who calls."""
    home = tmp_path_factory.mktemp("access") / "home"
    shutil.copytree(web_home, home)
    built = build_platform(Settings(home=home), clock=FixedClock(NOW))
    yield built
    close_platform(built)


@pytest.fixture
def make(platform: Platform) -> Access:
    """Make accesses of the platform."""
    return Access(platform)


def test_an_api_token_names_its_account(make: Access) -> None:
    """The scheme is compared without case, as RFC 9110 says."""
    _, headers = make.token("ole")
    assert make().pep(headers) == "account:ole"
    lower = {"authorization": headers["authorization"].replace("Bearer", "bearer")}
    assert make().pep(lower) == "account:ole"


def test_a_revoked_token_ends_within_a_second(make: Access) -> None:
    """A verified token is remembered for a moment, and no longer."""
    access, (made, headers) = make(), make.token("ole")
    access.pep(headers)
    revoke_api_token(make.platform, made, account="ole")
    assert access.pep(headers) == "account:ole"
    make.elapsed_s = REMEMBERED_S
    with pytest.raises(UnauthenticatedError, match="revoked"):
        access.pep(headers)


def test_what_is_remembered_is_bounded(make: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound it is forgotten, and the tokens are looked up anew."""
    monkeypatch.setattr("policy_service.api.pdp_access._MOST_REMEMBERED", 1)
    access = make()
    for name in ("ole", "vera", "ole"):
        assert access.pep(make.token(name)[1]) == f"account:{name}"
    assert len(access._remembered) == 1


def test_wrong_tokens_are_counted_by_address(make: Access) -> None:
    """Guessing is slow: twenty wrong tokens a minute from one address."""
    access = make()
    wrong = {"authorization": "Bearer pst_wrong"}
    for _ in range(20):
        with pytest.raises(UnauthenticatedError):
            access.pep(wrong, address="192.0.2.7")
    with pytest.raises(TooManyRequestsError):
        access.pep(wrong, address="192.0.2.7")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer  "])
def test_without_a_credential_nobody_may_ask(make: Access, authorization: str) -> None:
    """What is said tells what to send."""
    with pytest.raises(UnauthenticatedError, match="client certificate"):
        make().pep({"authorization": authorization})


def test_a_listed_certificate_is_a_pep(make: Access) -> None:
    """One that is not listed is nobody, and a wrong token is refused whatever the certificate."""
    access = make(peers=LOANS.names)
    assert access.pep({}, peer=LOANS) == "dns:loans.bank.internal"
    with pytest.raises(UnauthenticatedError):
        access.pep({}, peer=Peer(names=("dns:payments.bank.internal",)))
    with pytest.raises(UnauthenticatedError):
        access.pep({"authorization": "Bearer pst_wrong"}, peer=LOANS)
    with pytest.raises(UnauthenticatedError):
        make().pep({}, peer=LOANS)


def test_a_proxy_is_believed_only_where_it_is_trusted(make: Access) -> None:
    """Its header counts from this machine, when it is configured, for names that are listed."""
    headers = {"x-pep": "loans"}
    access = make(peers=("proxy:loans",), proxy_header="X-PEP")
    assert access.pep(headers, peer=Peer(local=True)) == "proxy:loans"
    refused = [
        (access, headers, Peer(local=False)),
        (access, {"x-pep": "payments"}, Peer(local=True)),
        (access, {"x-pep": ""}, Peer(local=True)),
        (access, {}, Peer(local=True)),
        (make(peers=("proxy:loans",)), headers, Peer(local=True)),
        (make(peers=("*",), proxy_header="X-PEP"), {"x-pep": "a\u00e9"}, Peer(local=True)),
        (make(peers=("*",), proxy_header="X-PEP"), {"x-pep": " "}, Peer(local=True)),
    ]
    for one, given, peer in refused:
        with pytest.raises(UnauthenticatedError):
            one.pep(given, peer=peer)


@pytest.mark.parametrize("header", ["Authorization", "host", "X-Request-ID"])
def test_a_header_that_means_something_else_names_no_pep(make: Access, header: str) -> None:
    """Clients send these themselves."""
    with pytest.raises(UsageError, match="cannot name a PEP"):
        make(proxy_header=header)


@pytest.fixture
def issuer(tmp_path: Path) -> tuple[TokenIssuer, ECKey]:
    """An identity provider with one key."""
    key = ECKey.generate_key("P-256", {"kid": "k"})
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return TokenIssuer(jwks=file, issuer="https://idp.example", audience="pdp"), key


def test_a_signed_token_names_its_subject(make: Access, issuer: tuple[TokenIssuer, ECKey]) -> None:
    """Beside API tokens, which are told apart by how they begin."""
    trusted, key = issuer
    claims = {"iss": trusted.issuer, "aud": trusted.audience, "sub": "loans", "scope": "pdp"}
    claims["exp"] = int(NOW.timestamp()) + 60
    signed = jwt.encode({"alg": "ES256", "kid": "k"}, claims, key)
    access = make(issuer=trusted)
    assert access.pep({"authorization": f"Bearer {signed}"}) == "token:loans"
    assert access.pep(make.token("ole")[1]) == "account:ole"
    with pytest.raises(UnauthenticatedError):
        make().pep({"authorization": f"Bearer {signed}"})


def test_settings_that_are_half_given_refuse_the_start(tmp_path: Path) -> None:
    """What security depends on is whole or absent."""
    home = tmp_path / "home"
    for wrong in (
        {"pdp_jwks": tmp_path / "jwks.json"},
        {"pdp_issuer": "https://idp.example"},
        {"pdp_proxy_header": "X-PEP"},
    ):
        with pytest.raises(ValueError, match="POLICY_SERVICE_PDP"):
            Settings(home=home, **wrong)
    with pytest.raises(UsageError, match="https"):
        web_options(Settings(home=home, public_url="http://pdp.example"))


def test_settings_become_options(tmp_path: Path) -> None:
    """Names stand with commas between; the public address loses its last slash."""
    assert web_options(Settings(home=tmp_path)) == {
        "https": False,
        "pdp": PdpOptions(),
        "public_url": None,
    }
    settings = Settings(
        home=tmp_path,
        public_url="https://pdp.example/",
        pdp_jwks=tmp_path / "jwks.json",
        pdp_issuer="i",
        pdp_audience="a",
        pdp_peers="dns:a, proxy:b",  # type: ignore[arg-type]
        pdp_proxy_header="X-PEP",
    )
    assert web_options(settings) == {
        "https": False,
        "pdp": PdpOptions(
            issuer=TokenIssuer(jwks=tmp_path / "jwks.json", issuer="i", audience="a"),
            peers=("dns:a", "proxy:b"),
            proxy_header="X-PEP",
        ),
        "public_url": "https://pdp.example",
    }


@pytest.fixture
def point(web: Web, certificates: Certificates) -> Iterator[str]:
    """A decision point behind mutual TLS, with the small bank's policy."""
    web.publish()
    server = certificates.server
    files = TlsFiles(
        certificate=server.certificate, key=server.key, client_ca=certificates.authority.file
    )
    app = create_decision_point(web.platform, pdp=PdpOptions(peers=("uri:spiffe://bank/loans",)))
    with serving(app, files) as url:
        yield url


def test_a_service_asks_by_its_certificate_alone(point: str, certificates: Certificates) -> None:
    """From the socket to the decision: the listed certificate is answered, no other caller is."""
    authority = certificates.authority.file
    loans = client_tls(
        ca=authority, certificate=certificates.loans.certificate, key=certificates.loans.key
    )
    client = DecisionPointClient(point, tls=loans)
    decision = client.evaluate(REQUEST)
    assert decision.allow
    assert decision.rules == ("R-0003",)
    many = client.evaluate_many([REQUEST] * 3)
    assert [one.allow for one in many] == [True] * 3
    assert "teller-1" in list(client.search_subjects(REQUEST))
    client.close()
    unlisted = client_tls(
        ca=authority, certificate=certificates.nameless.certificate, key=certificates.nameless.key
    )
    for tls in (unlisted, client_tls(ca=authority), None):
        refused = DecisionPointClient(point, tls=tls).evaluate(REQUEST)
        assert (refused.allow, refused.reason) == (False, DenyReason.INTERNAL_ERROR)
