"""Who asks the decision point: a PEP, by API token, signed token or client certificate.

Not who the request is about. A PEP may ask about any subject, so whoever is let in here is
trusted to name the right one; it may ask for decisions and for nothing else of the API.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from policy_service.api.access import Limits
from policy_service.api.mutual_tls import NOBODY, AcceptedPeers, Peer
from policy_service.api.problems import UnauthenticatedError
from policy_service.api.signed_tokens import SignedTokens, TokenIssuer
from policy_service.domain.errors import UsageError
from policy_service.workflows.accounts import account_of_token
from policy_service.workflows.permissions import Permission, require
from policy_service.workflows.platform import Platform

API_TOKEN_PREFIX = "pst_"  # noqa: S105 - what a token begins with is no secret
REMEMBERED_S = 1.0  # so long after it is revoked, an API token may still ask for decisions
_MOST_REMEMBERED = 4096
_NAME = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")  # it goes into the audit log
_NOBODY_SAID = (
    "no PEP known here; send `Authorization: Bearer` with an API token or a signed token, "
    "or a client certificate"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PdpOptions:
    """By what else than API tokens a PEP is known; none of it is the default."""

    issuer: TokenIssuer | None = None
    peers: tuple[str, ...] = ()  # names in client certificates, see `AcceptedPeers`
    proxy_header: str = ""  # in which a proxy on this machine names the PEP it has verified


class PdpAccess:
    """Tells which PEP calls. Threads may share it."""

    def __init__(
        self,
        platform: Platform,
        *,
        limits: Limits,
        options: PdpOptions | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raise `UsageError` for options that could let nobody, or anybody, in."""
        options = options or PdpOptions()
        if options.proxy_header.lower() in ("authorization", "x-request-id", "host", "cookie"):
            raise UsageError(f"`{options.proxy_header}` cannot name a PEP; choose another header")
        self._platform = platform
        self._limits = limits
        self._monotonic = monotonic
        self._peers = AcceptedPeers(options.peers)
        self._proxy_header = options.proxy_header.lower()
        self._tokens = (
            None if options.issuer is None else SignedTokens(options.issuer, clock=platform.clock)
        )
        self._remembered: dict[bytes, tuple[float, str]] = {}

    def pep(self, headers: Mapping[str, str], *, peer: Peer = NOBODY, address: str = "") -> str:
        """Return who calls: `account:…`, `token:…`, `uri:…`, `dns:…`, `cn:…` or `proxy:…`.

        `headers` have lower-case names. A bearer token that is wrong is refused whatever
        else the caller has. Raises `UnauthenticatedError`, `ForbiddenError`,
        `TooManyRequestsError`.
        """
        scheme, _, token = headers.get("authorization", "").strip().partition(" ")
        if scheme:
            if scheme.lower() != "bearer" or not token:
                raise UnauthenticatedError(_NOBODY_SAID)
            return self._by_token(token.strip(), address)
        name = self.pep_of_peer(headers, peer)
        if name is None:
            raise UnauthenticatedError(_NOBODY_SAID)
        return name

    def pep_of_peer(self, headers: Mapping[str, str], peer: Peer) -> str | None:
        """Return who calls by the connection alone; none where that does not tell."""
        names = peer.names
        said = headers.get(self._proxy_header, "") if self._proxy_header and peer.local else ""
        if _NAME.fullmatch(said):
            names = (*names, f"proxy:{said}")
        return self._peers.name_of(Peer(names=names, local=peer.local))

    def _by_token(self, token: str, address: str) -> str:
        if self._tokens is not None and not token.startswith(API_TOKEN_PREFIX):
            return f"token:{self._tokens.caller(token)}"
        digest, now = sha256(token.encode()).digest(), self._monotonic()
        remembered = self._remembered.get(digest)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        name = self._by_api_token(token, address)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (now + REMEMBERED_S, name)
        return name

    def _by_api_token(self, token: str, address: str) -> str:
        self._limits.check_address(address)
        account = account_of_token(self._platform, token)
        if account is None:
            self._limits.count_wrong_token(address)
            raise UnauthenticatedError("the API token is unknown, expired or revoked; make another")
        require(account, Permission.DECIDE)
        return f"account:{account.name}"
