"""The PDP's face in the API. Source: OpenID AuthZEN Authorization API 1.0.

Evaluation, evaluations with their three semantics, search, and the metadata document. A
deny is 200 with `decision: false`; a malformed request is 400. Thin: what is read and
written stands in `enforcement`. In the whole application the lean face (`pdp_app`) stands
in front and answers by the same functions; here the API's document has them from.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from policy_service.api.access import Asker, Services, ServicesOf
from policy_service.domain.decision import Decision
from policy_service.domain.review import Account
from policy_service.enforcement.authzen import (
    Boxcar,
    Unreadable,
    read_evaluation,
    read_evaluations,
    read_json,
    wants_explanation,
)
from policy_service.enforcement.authzen_answers import (
    CONFIGURATION_PATH,
    MEDIA_TYPE,
    decide_boxcar,
    write_answer,
    write_configuration,
    write_evaluations,
)
from policy_service.enforcement.search import SearchKind, read_search, write_page

router = APIRouter(tags=["decision point (AuthZEN)"])
_EVALUATION: dict[str, Any] = {  # OpenAPI's own free form
    "subject": {"type": "user", "id": "teller-7"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.client.birth_number"},
    "context": {"purpose": "essential.service"},
}
_PAGE = {"limit": 100}


def _documented(example: Mapping[str, object]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


async def _json_body(request: Request) -> object:
    """Read the body ourselves: AuthZEN wants 400 for whatever is wrong with it."""
    return read_json(request.headers.get("content-type", ""), await request.body())


JsonBody = Annotated[object, Depends(_json_body)]


@router.post(
    "/access/v1/evaluation",
    operation_id="evaluate",
    summary="Ask for one decision",
    openapi_extra=_documented(_EVALUATION),
)
async def post_evaluation(body: JsonBody, services: ServicesOf, caller: Asker) -> Response:
    """The answer is given only when its audit entry is on disk."""
    request = read_evaluation(body)
    explained = wants_explanation(body)
    record = await run_in_threadpool(services.desk.decide, request, pep=_pep(caller))
    lines = await run_in_threadpool(services.desk.explain, request) if explained else None
    return _written(write_answer(record.decision, record.id, lines))


@router.post(
    "/access/v1/evaluations",
    operation_id="evaluate_many",
    summary="Ask for several decisions",
    openapi_extra=_documented(
        {
            **_EVALUATION,
            "evaluations": [{"resource": {"type": "column", "id": "bank.public.client.email"}}],
            "options": {"evaluations_semantic": "execute_all"},
        }
    ),
)
async def post_evaluations(body: JsonBody, services: ServicesOf, caller: Asker) -> Response:
    """Each evaluation falls back to what stands beside the list."""
    boxcar = read_evaluations(body)
    decisions, ids = await run_in_threadpool(_decide, services, boxcar, _pep(caller))
    if boxcar.single and isinstance(decisions[0], Decision):
        return _written(write_answer(decisions[0], ids[0]))
    return _written(write_evaluations(decisions, ids))


@router.post(
    "/access/v1/search/subject",
    operation_id="search_subjects",
    summary="Ask who may",
    openapi_extra=_documented({**_EVALUATION, "subject": {"type": "user"}, "page": _PAGE}),
)
async def post_subject_search(body: JsonBody, services: ServicesOf, caller: Asker) -> Response:
    """The people of the directory who may do it; an id of a subject is ignored."""
    return await _search(SearchKind.SUBJECT, body, services, caller)


@router.post(
    "/access/v1/search/resource",
    operation_id="search_resources",
    summary="Ask for what it may be done to",
    openapi_extra=_documented({**_EVALUATION, "resource": {"type": "column"}, "page": _PAGE}),
)
async def post_resource_search(body: JsonBody, services: ServicesOf, caller: Asker) -> Response:
    """The resources of a type that policies know by name; an id of a resource is ignored."""
    return await _search(SearchKind.RESOURCE, body, services, caller)


@router.post(
    "/access/v1/search/action",
    operation_id="search_actions",
    summary="Ask what may be done",
    openapi_extra=_documented(
        {**{name: part for name, part in _EVALUATION.items() if name != "action"}, "page": _PAGE}
    ),
)
async def post_action_search(body: JsonBody, services: ServicesOf, caller: Asker) -> Response:
    """The actions that policies name and that are permitted."""
    return await _search(SearchKind.ACTION, body, services, caller)


@router.get(
    CONFIGURATION_PATH,
    operation_id="authzen_configuration",
    summary="Describe the decision point",
)
def get_configuration(request: Request, services: ServicesOf) -> JSONResponse:
    """Open to everybody: it says only where to ask."""
    return JSONResponse(write_configuration(services.public_url or str(request.base_url)))


async def _search(
    kind: SearchKind, body: object, services: Services, caller: Account
) -> JSONResponse:
    query = read_search(kind, body)
    page = await run_in_threadpool(services.desk.search, query, pep=_pep(caller))
    return JSONResponse(write_page(page))


def _decide(
    services: Services, boxcar: Boxcar, pep: str
) -> tuple[tuple[Decision | Unreadable, ...], tuple[str, ...]]:
    answers = decide_boxcar(boxcar, partial(services.desk.decide_many, pep=pep))
    return (
        tuple(one if isinstance(one, Unreadable) else one.decision for one in answers),
        tuple("" if isinstance(one, Unreadable) else one.id for one in answers),
    )


def _pep(caller: Account) -> str:
    return f"account:{caller.name}"


def _written(content: bytes) -> Response:
    return Response(content, media_type=MEDIA_TYPE)
