"""Whether the process answers, for whoever keeps it running. Says nothing about the data."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="health", summary="Tell that the service answers")
def get_health() -> dict[str, str]:
    """Open to everybody."""
    return {"status": "ok"}
