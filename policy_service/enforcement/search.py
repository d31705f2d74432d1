"""Search by AuthZEN: who may, what of, and which actions, page by page. Pure.

Source: OpenID AuthZEN Authorization API 1.0, the Search APIs. A search is the evaluation of
each candidate, in the order of their ids, by the very function that answers evaluations: what
it returns is permitted, and what it leaves out is not. Candidates are what the policy and
the directory know by name; see `candidates`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.enforcement.authzen_entities import (
    PERSON_TYPES,
    read_action,
    read_facts,
    read_object,
    read_optional_object,
    read_resource,
    read_subject,
    read_type,
    subject_of,
)
from policy_service.kit.canonical import Json
from policy_service.kit.hashing import sha256_hex

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MOST_EXAMINED = 20_000  # candidates of one page, so that a rare permit cannot hold the server up
_TOKEN_FORM = 1
_LARGEST_TOKEN = 8192


class SearchKind(StrEnum):
    """Which part of the request is asked for."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """One search: a request with the part that is asked for left empty.

    `type` is that of the subjects or resources asked for. `token` continues an earlier page.
    """

    kind: SearchKind
    type: str
    request: AccessRequest
    limit: int | None = None  # none: as the page before, or the default
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of the ids that are permitted, in order; an empty token ends the search."""

    query: SearchQuery
    found: tuple[str, ...]
    next_token: str


def read_search(kind: SearchKind, body: object) -> SearchQuery:
    """Read a search body. Raises `UsageError` naming the field that is wrong."""
    whole = read_object(body, "body")
    subject, resource_type, resource, properties = "", "", "", NO_PARAMETERS
    if kind is SearchKind.SUBJECT:
        asked = read_type(whole.get("subject"), "subject")
    else:
        asked, subject = "", read_subject(whole.get("subject"))
    if kind is SearchKind.RESOURCE:
        asked = resource_type = read_type(whole.get("resource"), "resource")
    else:
        resource_type, resource, properties = read_resource(whole.get("resource"))
    if kind is SearchKind.ACTION:
        action, (facts, purpose) = "", read_facts(whole.get("context"))
    else:
        action, facts, purpose = read_action(whole.get("action"), whole.get("context"))
    limit, token = _page(read_optional_object(whole.get("page"), "page"))
    return SearchQuery(
        kind=kind,
        type=asked,
        request=AccessRequest(
            subject=subject,
            resource=resource,
            action=action,
            purpose=purpose,
            context=facts,
            resource_type=resource_type,
            properties=properties,
        ),
        limit=limit,
        token=token,
    )


def search(
    query: SearchQuery,
    *,
    candidates: Sequence[str],
    permits: Callable[[AccessRequest], bool],
    version: str,
) -> SearchPage:
    """Return the next page of the candidates that `permits` lets pass.

    Requires `candidates` sorted by code points, without duplicates: directory names of
    subjects, ids of resources of `query.type`, or names of actions. `version` names the
    policies that answer; a page of others is refused with `UsageError`: ask anew, without
    the token. A page may hold fewer than the limit and still have a next one.
    """
    if query.kind is SearchKind.SUBJECT and query.type not in PERSON_TYPES:
        prefix = subject_of(query.type, "")
        candidates = [name for name in candidates if name.startswith(prefix)]
    bound = _Bound(query=_digest(query), version=sha256_hex(version.encode())[:16])
    place = _start(query, bound)
    begin = bisect_right(candidates, place.after) if place.after is not None else 0
    found: list[str] = []
    last = place.after
    for position in range(begin, len(candidates)):
        if position - begin >= MOST_EXAMINED:
            break
        candidate = candidates[position]
        if permits(_asked(query, candidate)):
            if len(found) == place.limit:
                break
            found.append(candidate)
        last = candidate
    else:
        return SearchPage(query=query, found=tuple(found), next_token="")
    token = _write_token(bound, _Place(limit=place.limit, after=last))
    return SearchPage(query=query, found=tuple(found), next_token=token)


def write_page(page: SearchPage) -> dict[str, Json]:
    """Write a page as a search response."""
    kind, asked = page.query.kind, page.query.type
    results: list[Json]
    if kind is SearchKind.ACTION:
        results = [{"name": name} for name in page.found]
    elif kind is SearchKind.SUBJECT and asked not in PERSON_TYPES:
        prefix = subject_of(asked, "")
        results = [{"type": asked, "id": name.removeprefix(prefix)} for name in page.found]
    else:
        results = [{"type": asked, "id": name} for name in page.found]
    return {"results": results, "page": {"next_token": page.next_token, "count": len(results)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """What a token belongs to."""

    query: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a search goes on: behind the candidate `after`; none: at the first."""

    limit: int
    after: str | None


def _asked(query: SearchQuery, candidate: str) -> AccessRequest:
    kind, request = query.kind, query.request
    return AccessRequest(
        subject=candidate if kind is SearchKind.SUBJECT else request.subject,
        resource=candidate if kind is SearchKind.RESOURCE else request.resource,
        action=candidate if kind is SearchKind.ACTION else request.action,
        purpose=request.purpose,
        context=request.context,
        resource_type=request.resource_type,
        properties=request.properties,
    )


def _page(page: Mapping[str, object]) -> tuple[int | None, str]:
    limit, token = page.get("limit"), page.get("token")
    if limit is not None and (type(limit) is not int or limit < 0):
        raise UsageError(f"`page.limit` must be a whole number from 0 to {MAX_LIMIT}")
    if token is not None and not isinstance(token, str):
        raise UsageError("`page.token` must be a string; give the `next_token` of the page before")
    return None if limit is None else min(limit, MAX_LIMIT), token or ""


def _digest(query: SearchQuery) -> str:
    """Digest what is asked, without the page: a token continues the same question only."""
    request = query.request
    asked = [
        query.kind.value,
        query.type,
        request.subject,
        request.resource_type,
        request.resource,
        request.action,
        request.purpose,
        _plain(request.context),
        _plain(request.properties),
    ]
    return sha256_hex(json.dumps(asked).encode())[:16]


def _plain(values: Parameters) -> list[tuple[str, object]]:
    return list(values.items())  # sorted by name


def _start(query: SearchQuery, bound: _Bound) -> _Place:
    if not query.token:
        return _Place(limit=DEFAULT_LIMIT if query.limit is None else query.limit, after=None)
    form, asked, version, limit, after = _read_token(query.token)
    if form != _TOKEN_FORM or asked != bound.query:
        raise UsageError("`page.token` belongs to another search; ask without it")
    if version != bound.version:
        raise UsageError("`page.token` is of another revision of the policy; ask without it")
    return _Place(limit=limit if query.limit is None else query.limit, after=after)


def _write_token(bound: _Bound, place: _Place) -> str:
    """Write a token. It is not signed: one that is made up shows nothing that may not be asked."""
    parts = [_TOKEN_FORM, bound.query, bound.version, place.limit, place.after]
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str, str, int, str | None]:
    if len(token) > _LARGEST_TOKEN:
        raise UsageError("`page.token` is none of ours; ask without it")
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        form, asked, version, limit, after = json.loads(urlsafe_b64decode(padded))
        if type(limit) is not int or not 0 <= limit <= MAX_LIMIT:
            raise ValueError("no limit")
        if after is not None and not isinstance(after, str):
            raise ValueError("no place")
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError("`page.token` is none of ours; ask without it") from error
    return form, asked, version, limit, after
