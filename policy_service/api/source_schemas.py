"""What the API is sent and shows of sources: which to scan, and how they changed since."""

from typing import Annotated, Literal

from pydantic import Field

from policy_service.api.schemas import Schema, Sent


class SourceShown(Schema):
    """A scanned database. Its address may hold a password and is not shown."""

    name: str
    added_at: str


class ScanRequest(Sent):
    """Which database to scan."""

    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["sqlite:///bank.db"])]
    database_schema: Annotated[str | None, Field(alias="schema", max_length=200)] = None
    sample_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    fresh: bool = Field(default=False, description="start over where a scan was interrupted")


class ChangeShown(Schema):
    """One difference between two scans."""

    kind: str
    asset: str
    before: str
    after: str
    uncovered: bool = Field(description="a policy made for the scan before does not cover it")


class DriftShown(Schema):
    """What changed in a source between its last two scans."""

    source: str
    before_sha256: str
    after_sha256: str
    before_at: str
    after_at: str
    changes: list[ChangeShown]


class CorrectionRequest(Sent):
    """What a column holds, and why."""

    column: Annotated[
        str, Field(min_length=1, max_length=2000, examples=["bank.public.client.birth_number"])
    ]
    category: Annotated[str, Field(min_length=1, max_length=200, examples=["user.government_id"])]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class WithdrawalRequest(Sent):
    """Why a correction is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class FoundShown(Schema):
    """What detectors said when a person first corrected the column."""

    category: str
    confidence: float
    reveals: list[str]


class CorrectionShown(Schema):
    """One person's word on one column, and how it stands."""

    id: str
    column: str
    category: str | None = Field(description="null: as detectors find")
    found: FoundShown
    reason: str
    by: str
    at: str
    state: Literal["waiting", "holds", "ended"]
    confirmed_by: str | None
    confirmed_at: str
    ended_by: str | None
    ended_at: str
