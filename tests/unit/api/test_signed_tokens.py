"""Signed tokens of PEPs: which are taken, and every way in which one is wrong."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from policy_service.api import signed_tokens
from policy_service.api.problems import UnauthenticatedError
from policy_service.api.signed_tokens import LEEWAY_S, SignedTokens, TokenIssuer
from policy_service.domain.errors import ForbiddenError, UsageError
from policy_service.kit.clock import FixedClock
from tests.builders import NOW

ISSUER, AUDIENCE = "https://idp.bank.example", "policy-service"
NOW_S = int(NOW.timestamp())


@pytest.fixture(scope="module")
def keys() -> dict[str, Key]:
    """One key of each kind that is taken."""
    return {
        "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
        "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
        "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    }


@pytest.fixture
def jwks(tmp_path: Path, keys: dict[str, Key]) -> Path:
    """The public keys, as an identity provider publishes them."""
    return _write(tmp_path / "jwks.json", *(key.as_dict(private=False) for key in keys.values()))


@pytest.fixture
def tokens(jwks: Path, clock: FixedClock) -> SignedTokens:
    """The tokens of one issuer."""
    return SignedTokens(TokenIssuer(jwks=jwks, issuer=ISSUER, audience=AUDIENCE), clock=clock)


def _write(path: Path, *keys: Mapping[str, object]) -> Path:
    path.write_text(json.dumps({"keys": list(keys)}))
    return path


def _sign(key: Key, alg: str, header: Mapping[str, object] = {}, **claims: object) -> str:
    given: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "loans",
        "scope": "openid pdp",
        "exp": NOW_S + 600,
        **claims,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    named = {"alg": alg, "kid": key.kid, **header}
    given_header = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(given_header, kept, key, algorithms=[alg])


@pytest.mark.parametrize("alg", ["Ed25519", "EdDSA", "ES256", "RS256"])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_token_names_its_pep(tokens: SignedTokens, keys: dict[str, Key], alg: str) -> None:
    """By each kind of key, the first time and again."""
    token = _sign(keys["Ed25519" if alg == "EdDSA" else alg], alg, {"typ": "at+jwt"})
    assert [tokens.caller(token) for _ in range(2)] == ["loans", "loans"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"aud": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": None},
        {"exp": NOW_S - LEEWAY_S - 1},
        {"exp": "tomorrow"},
        {"nbf": NOW_S + 3600},
    ],
)
def test_a_token_for_another_time_or_place_is_refused(
    tokens: SignedTokens, keys: dict[str, Key], claims: Mapping[str, object]
) -> None:
    """Issuer, audience, subject and expiry must all be there and fit."""
    with pytest.raises(UnauthenticatedError, match="not valid here"):
        tokens.caller(_sign(keys["ES256"], "ES256", **claims))


@pytest.mark.parametrize("scope", [None, "", "openid pdp-admin", ["pdp"]])
def test_a_token_without_the_scope_may_not_ask(
    tokens: SignedTokens, keys: dict[str, Key], scope: object
) -> None:
    """A token that was made for something else of this service is no token of a PEP."""
    with pytest.raises(ForbiddenError, match="scope"):
        tokens.caller(_sign(keys["ES256"], "ES256", scope=scope))


def test_the_audience_may_be_one_of_several(tokens: SignedTokens, keys: dict[str, Key]) -> None:
    """As RFC 7519 allows."""
    assert tokens.caller(_sign(keys["ES256"], "ES256", aud=["x", AUDIENCE])) == "loans"


def test_a_key_has_one_algorithm(tokens: SignedTokens, keys: dict[str, Key], jwks: Path) -> None:
    """Not another of its kind, not a shared secret made of the public key, and not none."""
    rsa = keys["RS256"]
    public = OctKey.import_key(json.dumps(rsa.as_dict(private=False)), {"kid": "rsa"})
    unsigned = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "kid": "rsa"}, {"sub": "loans"})
    )
    for token in (
        _sign(rsa, "PS256"),
        _sign(rsa, "RS384"),
        _sign(public, "HS256"),
        f"{unsigned}.",
    ):
        with pytest.raises(UnauthenticatedError):
            tokens.caller(token)


def test_keys_that_a_token_brings_along_are_ignored(
    tokens: SignedTokens, keys: dict[str, Key]
) -> None:
    """Only keys of the file count: anybody can sign with a key of their own."""
    own = ECKey.generate_key("P-256", {"kid": "ec"})
    with pytest.raises(UnauthenticatedError):
        tokens.caller(_sign(own, "ES256", {"jwk": own.as_dict(private=False)}))
    for named in ("unknown", None):
        with pytest.raises(UnauthenticatedError):
            tokens.caller(_sign(own, "ES256", {"kid": named}))


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 9000, "e30.e30.e30"]
)
def test_what_is_no_token_is_refused(tokens: SignedTokens, token: str) -> None:
    """Whatever it is, it is said in the same words, which repeat nothing of it."""
    with pytest.raises(UnauthenticatedError) as caught:
        tokens.caller(token)
    assert caught.value.message == "the signed token is not valid here; ask its issuer for another"


def test_a_changed_token_is_refused(tokens: SignedTokens, keys: dict[str, Key]) -> None:
    """Also after the honest one was seen."""
    token = _sign(keys["ES256"], "ES256")
    tokens.caller(token)
    header, _, signature = token.split(".")
    claims = base64.urlsafe_b64encode(b'{"sub": "admin"}').decode().rstrip("=")
    with pytest.raises(UnauthenticatedError):
        tokens.caller(f"{header}.{claims}.{signature}")
    with pytest.raises(UnauthenticatedError):
        tokens.caller(_sign(keys["ES256"], "ES256", {"typ": "logout+jwt"}))


def test_a_token_that_was_seen_still_ends(
    tokens: SignedTokens, keys: dict[str, Key], clock: FixedClock
) -> None:
    """What is remembered is forgotten with the token's own time."""
    token = _sign(keys["ES256"], "ES256", exp=NOW_S + 60)
    assert tokens.caller(token) == "loans"
    clock.advance(timedelta(seconds=60 + LEEWAY_S))
    with pytest.raises(UnauthenticatedError):
        tokens.caller(token)


def test_what_is_remembered_is_bounded(
    tokens: SignedTokens, keys: dict[str, Key], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the bound it is forgotten, and everybody is verified anew."""
    monkeypatch.setattr(signed_tokens, "_MOST_REMEMBERED", 2)
    for number in range(5):
        assert tokens.caller(_sign(keys["ES256"], "ES256", sub=f"pep-{number}")) == f"pep-{number}"
    assert len(tokens._known.verified) <= 2


def test_keys_rotate_without_a_restart(
    tokens: SignedTokens, keys: dict[str, Key], jwks: Path, tmp_path: Path
) -> None:
    """A key that left the file signs no more, at once; without a readable file none does."""
    token = _sign(keys["ES256"], "ES256")
    assert tokens.caller(token) == "loans"
    new = ECKey.generate_key("P-256", {"kid": "new"})
    _write(tmp_path / "next.json", new.as_dict(private=False)).replace(jwks)
    with pytest.raises(UnauthenticatedError):
        tokens.caller(token)
    assert tokens.caller(_sign(new, "ES256")) == "loans"
    jwks.unlink()
    with pytest.raises(UnauthenticatedError, match="no keys"):
        tokens.caller(_sign(new, "ES256"))
    _write(jwks, keys["ES256"].as_dict(private=False))
    assert tokens.caller(token) == "loans"


def test_one_key_needs_no_name(tmp_path: Path, clock: FixedClock) -> None:
    """Where the file has one key, a token may leave out which."""
    key = ECKey.generate_key("P-256")
    file = _write(tmp_path / "jwks.json", key.as_dict(private=False))
    tokens = SignedTokens(TokenIssuer(jwks=file, issuer=ISSUER, audience=AUDIENCE), clock=clock)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "scope": "pdp", "exp": NOW_S + 9}
    assert tokens.caller(jwt.encode({"alg": "ES256"}, claims, key)) == "a"


def test_keys_for_other_uses_are_left_out(tmp_path: Path, clock: FixedClock) -> None:
    """A provider may publish keys for encryption in the same file."""
    sign = ECKey.generate_key("P-256", {"kid": "s", "use": "sig", "alg": "ES256"})
    encrypt = ECKey.generate_key("P-256", {"kid": "e"})
    published = {**encrypt.as_dict(private=False), "use": "enc"}
    file = _write(tmp_path / "jwks.json", sign.as_dict(private=False), published)
    tokens = SignedTokens(TokenIssuer(jwks=file, issuer=ISSUER, audience=AUDIENCE), clock=clock)
    assert tokens.caller(_sign(sign, "ES256")) == "loans"
    with pytest.raises(UnauthenticatedError):
        tokens.caller(_sign(encrypt, "ES256"))


def _key_files() -> list[tuple[str, str]]:
    ec = ECKey.generate_key("P-256", {"kid": "k"})
    public = ec.as_dict(private=False)
    wrong = [
        ([ec.as_dict(private=True)], "is secret"),
        ([OctKey.generate_key(256, {"kid": "k"}).as_dict(private=True)], "is secret"),
        ([ECKey.generate_key("P-384", {"kid": "k"}).as_dict(private=False)], "is none for"),
        ([{**public, "alg": "ES512"}], "is none for"),
        ([{**public, "x": "!"}], "cannot be read"),
        ([{"kty": "new", "kid": "k"}], "cannot be read"),
        ([{**public, "kid": 7}], "`kid` must be a string"),
        ([{**public, "use": "enc"}], "no key for signatures"),
        ([], "no key for signatures"),
        ("x", "no key set"),
    ]
    return [(json.dumps({"keys": keys}), said) for keys, said in wrong]


_KEY_FILES = [*_key_files(), ("{}", "no key set"), ("[" * 9999, "no key set")]


@pytest.mark.parametrize(
    ("content", "said"),
    _KEY_FILES,
    ids=[f"file-{place}" for place in range(len(_KEY_FILES))],  # fresh keys are no names
)
def test_a_key_file_that_cannot_be_used_stops_the_start(
    tmp_path: Path, clock: FixedClock, content: str, said: str
) -> None:
    """A secret must not lie in a file of public keys, and a weak key is none."""
    file = tmp_path / "jwks.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=said) as caught:
        SignedTokens(TokenIssuer(jwks=file, issuer=ISSUER, audience=AUDIENCE), clock=clock)
    assert "jwks.json" in caught.value.message


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_small_rsa_keys_are_refused(tmp_path: Path, clock: FixedClock) -> None:
    """Fewer than 2048 bits sign nothing here."""
    small = {"kty": "RSA", "kid": "k", "e": "AQAB"}
    modulus = (1 << 1023) + 12345 * 2 + 1
    small["n"] = base64.urlsafe_b64encode(modulus.to_bytes(128)).decode().rstrip("=")
    file = _write(tmp_path / "jwks.json", small)
    with pytest.raises(UsageError, match="2048 bits"):
        SignedTokens(TokenIssuer(jwks=file, issuer=ISSUER, audience=AUDIENCE), clock=clock)


@pytest.mark.parametrize(("issuer", "audience"), [("", AUDIENCE), (ISSUER, "")])
def test_an_issuer_is_named_whole(tmp_path: Path, issuer: str, audience: str) -> None:
    """Tokens for nobody in particular, or of anybody, are not taken."""
    with pytest.raises(UsageError, match="issuer and an audience"):
        TokenIssuer(jwks=tmp_path / "jwks.json", issuer=issuer, audience=audience)
