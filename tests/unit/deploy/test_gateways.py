"""Examples for gateways: well-formed, closed by default, and in the words the service reads.

They are parsed here, not run: no nginx or Envoy is assumed.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_service.api.gateway import _READ, ORIGINAL_PATH, OWN_PATH

GATEWAYS = Path(__file__).resolve().parents[3] / "deploy" / "gateways"


def _statements(text: str) -> list[list[str]]:
    """Split a configuration of nginx into its statements, blocks by their opening."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    words = re.findall(r'"(?:[^"\\]|\\.)*"|[{};]|[^\s{};"]+', text)
    found: list[list[str]] = [[]]
    depth = 0
    for word in words:
        if word in "{};":
            depth += {"{": 1, "}": -1, ";": 0}[word]
            assert depth >= 0
            found.append([])
        else:
            found[-1].append(word.strip('"'))
    assert depth == 0, "braces do not match"
    return [one for one in found if one]


@pytest.fixture(scope="module")
def nginx() -> list[list[str]]:
    """The statements of nginx' example."""
    return _statements((GATEWAYS / "nginx.conf").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def envoy() -> Any:
    """Envoy's example."""
    return yaml.safe_load((GATEWAYS / "envoy.yaml").read_text(encoding="utf-8"))


def test_nginx_asks_at_an_internal_place(nginx: list[list[str]]) -> None:
    """A client cannot reach the question itself, and its own headers and body do not go along."""
    assert ["auth_request", "/_decide"] in nginx
    place = nginx.index(["location", "=", "/_decide"])
    assert nginx[place + 1] == ["internal"]
    assert ["proxy_pass_request_headers", "off"] in nginx[place:]
    assert ["proxy_pass_request_body", "off"] in nginx[place:]
    assert ["proxy_ssl_verify", "on"] in nginx[place:]
    (target,) = [one[1] for one in nginx[place:] if one[0] == "proxy_pass"]
    assert target.endswith(ORIGINAL_PATH)


def test_nginx_sets_every_header_that_is_read(nginx: list[list[str]]) -> None:
    """One that it left alone would be the client's word."""
    place = nginx.index(["location", "=", "/_decide"])
    names = [one[1].lower() for one in nginx[place:] if one[0] == "proxy_set_header"]
    assert set(names) >= _READ
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("sent", "route"),
    [
        ("/records", "/records"),
        ("/records?full=1", "/records"),
        ("/records/7", "/records/{id}"),
        ("/records/7?full=1", "/records/{id}"),
        ("/records/", ""),
        ("/records/7/notes", ""),
        ("/admin", ""),
        ("/admin?x=/records", ""),
    ],
)
def test_nginx_names_routes_as_the_policy_does(
    nginx: list[list[str]], sent: str, route: str
) -> None:
    """The patterns of the example match what they say, and nothing beside it."""
    place = nginx.index(["map", "$request_uri", "$policy_route"])
    pairs = [one for one in nginx[place + 1 : place + 4] if one[0].startswith("~")]
    found = [name for pattern, name in pairs if re.search(pattern.removeprefix("~"), sent)]
    assert found == ([route] if route else [])


def _filters(envoy: Any) -> dict[str, Any]:
    manager = envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    return {**manager["typed_config"]}


def test_envoy_lets_nothing_pass_without_an_answer(envoy: Any) -> None:
    """A decision point that is down or slow closes the gateway."""
    manager = _filters(envoy)
    names = [one["name"].rpartition(".")[2] for one in manager["http_filters"]]
    assert names == ["jwt_authn", "header_mutation", "ext_authz", "router"]
    asks = manager["http_filters"][2]["typed_config"]
    assert asks["failure_mode_allow"] is False
    assert asks["status_on_error"] == {"code": "Forbidden"}
    assert asks["http_service"]["path_prefix"] == OWN_PATH


def test_envoy_removes_what_a_client_says_of_itself(envoy: Any) -> None:
    """Every header that is read is removed first, and only those it sets are passed on."""
    manager = _filters(envoy)
    early = manager["early_header_mutation_extensions"][0]["typed_config"]["mutations"]
    removed = {one["remove"] for one in early}
    assert removed == _READ - {"x-original-method", "x-original-uri"}
    asks = manager["http_filters"][2]["typed_config"]["http_service"]["authorization_request"]
    passed = {one["exact"] for one in asks["allowed_headers"]["patterns"]}
    assert passed == {"x-subject", "x-route", "x-request-id"}


def test_envoy_names_each_route_it_serves(envoy: Any) -> None:
    """A route without a name would be decided by its path; what is not listed is 404."""
    (host,) = _filters(envoy)["route_config"]["virtual_hosts"]
    *served, rest = host["routes"]
    assert rest["direct_response"] == {"status": 404}
    for route in served:
        mutations = route["typed_per_filter_config"]["envoy.filters.http.header_mutation"]
        (append,) = mutations["mutations"]["request_mutations"]
        assert append["append"]["header"]["key"] == "x-route"
        assert append["append"]["append_action"] == "OVERWRITE_IF_EXISTS_OR_ADD"
