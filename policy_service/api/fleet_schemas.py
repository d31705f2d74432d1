"""Shapes of the fleet's API: what enforcement points send, and how they are shown."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from policy_service.domain.fleet import PointReport
from policy_service.domain.identifiers import Revision
from policy_service.workflows.fleet import PointStanding, PointState

_Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\w.:@/-]+$")]
_Time = Annotated[str, StringConstraints(max_length=32, pattern=r"^[\dT:.+Z-]*$")]
_Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class PointReported(BaseModel):
    """What an enforcement point says of itself."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: _Name = Field(examples=["orders-api-1"])
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    revision: _Number = Field(description="In force; 0: none")
    directory: _Number = 0
    keyset: _Number = 0
    in_force_since: _Time = ""
    stale: bool = Field(description="It denies everything until it has reached the service")
    error: _Line = ""
    software: Annotated[str, StringConstraints(max_length=50, pattern=r"^[\w.+-]*$")] = ""
    every_s: Annotated[int, Field(ge=1, le=86_400)] = 60

    def report(self) -> PointReport:
        """Return the report as the domain has it."""
        return PointReport(**{**self.model_dump(), "revision": Revision(self.revision)})


class PointShown(BaseModel):
    """An enforcement point as it last reported, and what that means now."""

    name: str
    source: str
    account: str = Field(description="Whose token it reports with")
    state: PointState
    revision: int
    live_revision: int
    directory: int
    keyset: int
    in_force_since: str
    reported_at: str
    error: str
    software: str


def show_point(point: PointStanding) -> PointShown:
    """Show an enforcement point."""
    report = point.stored.report
    return PointShown(
        name=report.name,
        source=report.source,
        account=point.stored.account,
        state=point.state,
        revision=report.revision,
        live_revision=point.live,
        directory=report.directory,
        keyset=report.keyset,
        in_force_since=report.in_force_since,
        reported_at=point.stored.reported_at,
        error=report.error,
        software=report.software,
    )
