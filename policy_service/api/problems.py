"""Problem documents: one table from error types to HTTP statuses.

Source: RFC 9457. Messages of our own errors are written for people and hold no
secret or data value; of any other exception nothing is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from policy_service.domain import errors
from policy_service.domain.errors import PolicyServiceError

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:policy-service:problem:"


class UnauthenticatedError(PolicyServiceError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""


class TooManyRequestsError(PolicyServiceError):
    """Too many attempts. `retry_after_s` is when the next one may be made."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PayloadTooLargeError(PolicyServiceError):
    """A request body is larger than the service takes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of error looks on the wire."""

    status: int
    name: str  # the last part of the `type` URN
    title: str


PROBLEMS: Mapping[type[PolicyServiceError], Problem] = MappingProxyType(
    {
        UnauthenticatedError: Problem(401, "unauthenticated", "Sign in first"),
        TooManyRequestsError: Problem(429, "too-many-requests", "Too many attempts"),
        PayloadTooLargeError: Problem(413, "payload-too-large", "The request is too large"),
        errors.UsageError: Problem(400, "bad-request", "The request is wrong"),
        errors.OrganisationError: Problem(422, "organisation", "The organisation file is wrong"),
        errors.NotFoundError: Problem(404, "not-found", "There is no such thing"),
        errors.ForbiddenError: Problem(403, "forbidden", "This account may not do that"),
        errors.FourEyesError: Problem(403, "four-eyes", "Somebody else must approve this"),
        errors.ConflictError: Problem(409, "conflict", "The state of things forbids it"),
        errors.ReviewError: Problem(409, "review", "The rules of review forbid it"),
        errors.StaleApprovalError: Problem(409, "stale", "The content has changed"),
        errors.VerificationError: Problem(409, "not-publishable", "Verification forbids it"),
        errors.Cancelled: Problem(409, "cancelled", "The work was cancelled"),
        errors.CatalogError: Problem(422, "catalog", "The source cannot be scanned"),
        errors.CorpusError: Problem(422, "corpus", "The corpus does not hold it"),
        errors.DraftingError: Problem(422, "drafting", "This cannot be drafted"),
        errors.RetrievalError: Problem(503, "retrieval", "Search is not available"),
        errors.PublicationError: Problem(409, "publication", "The bundle cannot be made"),
        errors.EnforcementError: Problem(403, "denied", "The policy denies it"),
        errors.AuditError: Problem(503, "audit", "The audit log is not available"),
        errors.StorageError: Problem(503, "storage", "The state is not available"),
        errors.RefinementError: Problem(409, "refinement", "The model cannot be trained"),
        PolicyServiceError: Problem(500, "internal", "Something went wrong"),
    }
)
INTERNAL = PROBLEMS[PolicyServiceError]
_TITLES = {404: "There is no such thing", 405: "This method is not offered here"}


def problem_of(error: PolicyServiceError) -> Problem:
    """Find the nearest entry of the table."""
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def status_of(error: PolicyServiceError) -> tuple[int, str]:
    """Return the status and the title of an error, for pages."""
    problem = problem_of(error)
    return problem.status, problem.title


def problem_response(
    problem: Problem,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    violations: Sequence[Mapping[str, str]] = (),
) -> JSONResponse:
    """Write a problem document; `violations` names what is wrong field by field."""
    content: dict[str, object] = {
        "type": f"{_TYPE_PREFIX}{problem.name}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
    }
    if violations:
        content["errors"] = list(violations)
    return JSONResponse(content, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)


def error_response(error: PolicyServiceError) -> JSONResponse:
    """Write one of our errors as a problem document."""
    headers = {}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.retry_after_s)
    return problem_response(problem_of(error), error.message, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(PolicyServiceError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    return error_response(error) if isinstance(error, PolicyServiceError) else internal_error()


def internal_error() -> JSONResponse:
    """Write the answer to a defect: no details; the log has them under the request's id."""
    return problem_response(INTERNAL, "internal error; give the request id to the operator")


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        return internal_error()
    # The rejected input itself is not repeated: it may be a password or a data value.
    violations = [
        {"field": ".".join(str(part) for part in one["loc"]), "message": str(one["msg"])}
        for one in error.errors()
    ]
    malformed = any(one["type"] == "json_invalid" for one in error.errors())
    problem = (
        Problem(400, "malformed", "The body is not JSON")
        if malformed
        else Problem(422, "invalid", "The request does not fit its schema")
    )
    first = violations[0]
    detail = f"`{first['field']}`: {first['message'].lower()}"
    return problem_response(problem, detail, violations=violations)


def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return internal_error()
    title = _TITLES.get(error.status_code, "The request cannot be answered")
    name = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
    return problem_response(
        Problem(error.status_code, name, title), str(error.detail).lower(), headers=error.headers
    )
