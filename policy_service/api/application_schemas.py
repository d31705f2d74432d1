"""What the API is sent and shows of application policies."""

from typing import Annotated

from pydantic import ConfigDict, Field

from policy_service.api.schemas import Schema, Sent

_Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ApplicationRequest(Sent):
    """A policy file to be submitted, to the last blank: its hash is what is approved."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    text: str = Field(min_length=1, max_length=1 << 20, description="the file, YAML in UTF-8")
    file: Annotated[str, Field(min_length=1, max_length=200, examples=["todo.yaml"])]


class ApplicationApproval(Sent):
    """The approval of one content: the reviewer says which they looked at."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081" * 8])]


class ApplicationRejection(Sent):
    """Why a submission is turned down."""

    reason: _Reason


class ApplicationShown(Schema):
    """A submission and where it stands."""

    id: str
    name: str
    title: str
    file: str
    state: str
    sha256: str = Field(description="covers the file and the clauses it cites")
    text_sha256: str
    types: list[str] = Field(description="of resources that it decides on")
    rules: int
    tests: int
    author: str
    submitted_at: str
    decided_by: str = Field(description="who approved or rejected it; empty: nobody yet")
    decided_at: str
    reason: str


class GroundShown(Schema):
    """A clause that a rule stands on, quoted."""

    provision: str
    section: str
    quote: str
    provision_sha256: str
    strength: str


class GroundedRuleShown(Schema):
    """A rule with its clauses."""

    rule: str
    citations: list[GroundShown]


class ApplicationTextShown(ApplicationShown):
    """A submission with its file and its clauses."""

    text: str
    cited: list[GroundedRuleShown]
