"""Bearer tokens that an identity provider signs for PEPs: who the caller is, by JWT.

Not API tokens (`pst_…`, see `access`), and nothing about the subject of a request. Sources:
RFC 7519 (JWT), RFC 7517 (JWKS), RFC 8725 (best practices): each key has its one algorithm,
issuer, audience, expiry and subject must be there, and the scope must hold `pdp`. Keys that
a token brings along are ignored.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy_service.api.problems import UnauthenticatedError
from policy_service.domain.errors import ForbiddenError, UsageError
from policy_service.kit.clock import Clock

if TYPE_CHECKING:
    from joserfc.jwk import Key

SCOPE = "pdp"
LEEWAY_S = 30  # clocks of two machines differ by so much
_LARGEST_TOKEN = 8192
_MOST_REMEMBERED = 4096
_SMALLEST_RSA_BITS = 2048
_CURVES = {"Ed25519": ("Ed25519", "EdDSA"), "P-256": ("ES256",)}
_REFUSED = "the signed token is not valid here; ask its issuer for another"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Whose tokens are taken: by the public keys in `jwks`, for this audience alone."""

    jwks: Path
    issuer: str
    audience: str

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience:
            raise UsageError("signed tokens need an issuer and an audience; name both")


class SignedTokens:
    """Verifies tokens. The key file is read again whenever it changes, so that keys rotate."""

    def __init__(self, issuer: TokenIssuer, *, clock: Clock) -> None:
        """Raise `UsageError` where the key file cannot be used."""
        self._issuer = issuer
        self._clock = clock
        self._known = _read_keys(issuer.jwks)  # INVARIANT: only ever replaced whole

    def caller(self, token: str) -> str:
        """Return the subject of a valid token.

        Raises `UnauthenticatedError` for any other, `ForbiddenError` without the scope.
        """
        known = self._current()
        now_s = int(self._clock.now().timestamp())
        digest = hashlib.sha256(token.encode()).digest()
        remembered = known.verified.get(digest)
        if remembered is not None and now_s < remembered[0]:
            return remembered[1]
        claims = _verify(token, known.keys)
        _check_claims(claims, issuer=self._issuer, now_s=now_s)
        name = str(claims["sub"])
        if len(known.verified) >= _MOST_REMEMBERED:
            known.verified.clear()
        known.verified[digest] = (int(claims["exp"]) + LEEWAY_S, name)  # type: ignore[call-overload]  # checked above
        return name

    def _current(self) -> "_Keys":
        """Return the keys as the file has them now; without a readable file there are none."""
        known = self._known
        if _stamp(self._issuer.jwks) == known.stamp:
            return known
        try:
            self._known = _read_keys(self._issuer.jwks)
        except UsageError as error:
            raise UnauthenticatedError("signed tokens cannot be checked: no keys") from error
        return self._known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """Keys by id with what was verified by them: until when, and whose it is."""

    stamp: tuple[int, int, int]
    keys: Mapping[str, "tuple[Key, tuple[str, ...]]"]
    verified: dict[bytes, tuple[int, str]] = field(default_factory=dict)


def _read_keys(path: Path) -> _Keys:
    stamp = _stamp(path)
    try:
        document = json.loads(path.read_bytes())
        members = document["keys"]
        if not isinstance(members, list):
            raise TypeError("no list")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(
            f'`{path.name}` is no key set; give a JWKS file, `{{"keys": [...]}}`'
        ) from error
    found = dict(_key(member, path.name) for member in members if _signs(member))
    if not found:
        raise UsageError(f"`{path.name}` holds no key for signatures; add a public key")
    return _Keys(stamp=stamp, keys=MappingProxyType(found))


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _signs(member: object) -> bool:
    return isinstance(member, dict) and member.get("use", "sig") == "sig"


def _key(member: Mapping[str, object], file: str) -> "tuple[str, tuple[Key, tuple[str, ...]]]":
    """Read one public key with the algorithms it may be used with."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, RSAKey

    identifier = member.get("kid", "")
    if not isinstance(identifier, str):
        raise UsageError(f"`{file}`: `kid` must be a string")
    try:
        key = JWKRegistry.import_key(dict(member))  # type: ignore[arg-type]  # it checks the shape
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"`{file}`: key `{identifier}` cannot be read") from error
    if key.key_type == "oct" or key.is_private:
        raise UsageError(f"`{file}`: key `{identifier}` is secret; give the public key only")
    if isinstance(key, RSAKey):
        large = key.public_key.key_size >= _SMALLEST_RSA_BITS
        algorithms: tuple[str, ...] = ("RS256",) if large else ()
    else:
        algorithms = _CURVES.get(str(member.get("crv")), ())
    named = member.get("alg")
    if not algorithms or (named is not None and named not in algorithms):
        raise UsageError(
            f"`{file}`: key `{identifier}` is none for EdDSA, ES256 or RS256 (2048 bits and more)"
        )
    return identifier, (key, algorithms)


def _verify(token: str, keys: "Mapping[str, tuple[Key, tuple[str, ...]]]") -> Mapping[str, object]:
    from joserfc import jws, jwt
    from joserfc.errors import JoseError

    if len(token) > _LARGEST_TOKEN or not token.isascii():
        raise UnauthenticatedError(_REFUSED)
    try:
        header = jws.extract_compact(token.encode()).headers()
        key, algorithms = _chosen(keys, header.get("kid"))
        if header.get("alg") not in algorithms or header.get("typ", "JWT") not in ("JWT", "at+jwt"):
            raise UnauthenticatedError(_REFUSED)
        claims: Mapping[str, object] = jwt.decode(token, key, algorithms=list(algorithms)).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnauthenticatedError(_REFUSED) from error
    return claims


def _chosen(
    keys: "Mapping[str, tuple[Key, tuple[str, ...]]]", identifier: object
) -> "tuple[Key, tuple[str, ...]]":
    """Return the key that a token names; it may name none where there is only one."""
    if identifier is None and len(keys) == 1:
        return next(iter(keys.values()))
    if not isinstance(identifier, str):
        raise KeyError("no key named")
    return keys[identifier]


def _check_claims(claims: Mapping[str, object], *, issuer: TokenIssuer, now_s: int) -> None:
    from joserfc.errors import JoseError
    from joserfc.jwt import JWTClaimsRegistry

    wanted: Callable[[dict[str, object]], None] = JWTClaimsRegistry(
        now=now_s,
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer.issuer},
        aud={"essential": True, "value": issuer.audience},
        exp={"essential": True},
        sub={"essential": True},
    ).validate
    try:
        wanted(dict(claims))
    except (JoseError, ValueError, TypeError) as error:
        raise UnauthenticatedError(_REFUSED) from error
    scope = claims.get("scope")
    if not isinstance(scope, str) or SCOPE not in scope.split():
        raise ForbiddenError(f"the signed token lacks the scope `{SCOPE}`")
