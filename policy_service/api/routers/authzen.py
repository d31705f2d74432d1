"""The PDP's HTTP face. Source: OpenID AuthZEN Authorization API 1.0.

Evaluation, evaluations with their three semantics, and the metadata document. A
deny is 200 with `decision: false`; a malformed request is 400. The search
endpoints are not offered, so the metadata does not name them.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from policy_service.api.access import Reader, Services, ServicesOf
from policy_service.domain.decision import AccessRequest, DecisionRecord
from policy_service.domain.errors import UsageError
from policy_service.enforcement.authzen import (
    EvaluationsSemantic,
    ends_early,
    read_evaluation,
    read_evaluations,
    write_decision,
)
from policy_service.kit.canonical import Json

router = APIRouter(tags=["decision point (AuthZEN)"])
_EVALUATION: dict[str, Any] = {  # OpenAPI's own free form
    "subject": {"type": "user", "id": "teller-7"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.client.birth_number"},
    "context": {"purpose": "essential.service"},
}


def _documented(example: Mapping[str, object]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


async def _json_body(request: Request) -> object:
    """Read the body ourselves: AuthZEN wants 400 for whatever is wrong with it."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UsageError("send the request as `Content-Type: application/json`")
    try:
        body: object = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise UsageError("the body is not JSON") from error
    return body


JsonBody = Annotated[object, Depends(_json_body)]


@router.post(
    "/access/v1/evaluation",
    operation_id="evaluate",
    summary="Ask for one decision",
    openapi_extra=_documented(_EVALUATION),
)
async def post_evaluation(body: JsonBody, services: ServicesOf, caller: Reader) -> JSONResponse:
    """The answer is given only when its audit entry is on disk."""
    request = read_evaluation(body)
    record = await run_in_threadpool(services.desk.decide, request)
    return JSONResponse(_answer(record))


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
async def post_evaluations(body: JsonBody, services: ServicesOf, caller: Reader) -> JSONResponse:
    """Each evaluation falls back to what stands beside the list."""
    requests, semantic = read_evaluations(body)
    records = await run_in_threadpool(_decide_many, services, requests, semantic)
    if not isinstance(body, dict) or not body.get("evaluations"):
        return JSONResponse(_answer(records[0]))
    return JSONResponse({"evaluations": [_answer(record) for record in records]})


@router.get(
    "/.well-known/authzen-configuration",
    operation_id="authzen_configuration",
    summary="Describe the decision point",
)
def get_configuration(request: Request, services: ServicesOf) -> JSONResponse:
    """Open to everybody: it says only where to ask."""
    base = (services.public_url or str(request.base_url)).rstrip("/")
    return JSONResponse(
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
        }
    )


def _decide_many(
    services: Services, requests: tuple[AccessRequest, ...], semantic: EvaluationsSemantic
) -> tuple[DecisionRecord, ...]:
    if semantic is EvaluationsSemantic.EXECUTE_ALL:
        return services.desk.decide_many(requests)
    records: list[DecisionRecord] = []
    for request in requests:
        records.append(services.desk.decide(request))
        if ends_early(semantic, records[-1].decision):
            break
    return tuple(records)


def _answer(record: DecisionRecord) -> dict[str, Json]:
    answer = write_decision(record.decision)
    context = answer["context"]
    known = context if isinstance(context, dict) else {}
    return {**answer, "context": {**known, "decision_id": str(record.id)}}
