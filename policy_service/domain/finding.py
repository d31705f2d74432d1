"""What verification says of a draft: findings, test results, and impact on people."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.identifiers import AssetId, RoleId, RuleId


class Severity(StrEnum):
    """An error blocks publication; a warning needs a look; a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark on one rule or on the whole draft (`rule` empty)."""

    check: str  # the check's name: `ungrounded`, `floor-loosened`, `orphan-role` …
    severity: Severity
    message: str
    rule: RuleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What one policy test gave."""

    __test__ = False  # not a pytest class

    test: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Who gains or loses what against the live bundle: people are counted by role."""

    role: RoleId
    asset: AssetId
    action: str
    purpose: str
    before: str  # control label, `deny` for none
    after: str
    people: int
    gains: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The whole result: a draft is publishable when no finding is an error and every test holds."""

    findings: tuple[Finding, ...]
    tests: tuple[TestResult, ...]
    changes: tuple[AccessChange, ...]

    @property
    def publishable(self) -> bool:
        """Tell whether nothing here forbids publication."""
        return all(result.passed for result in self.tests) and not any(
            finding.severity is Severity.ERROR for finding in self.findings
        )
