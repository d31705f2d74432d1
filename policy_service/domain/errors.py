"""Every error the product raises: one root, one base per stage, typed fields.

A message is one lower-case line: what is wrong, where (in backticks), what to do
next. It never holds a secret or a data value.
"""

from policy_service.domain.decision import DenyReason


class PolicyServiceError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 1

    @property
    def message(self) -> str:
        """Return the one line that people are shown."""
        return str(self.args[0]) if self.args else type(self).__name__


class UsageError(PolicyServiceError):
    """The request itself is wrong: an unknown option value, a missing setting."""

    exit_code = 2


class NotFoundError(PolicyServiceError):
    """What was named does not exist, or the asker may not know that it does."""

    exit_code = 3


class ConflictError(PolicyServiceError):
    """The state of things forbids the request: try again after changing it."""

    exit_code = 4


class ForbiddenError(PolicyServiceError):
    """The asker is known and may not do this."""

    exit_code = 5


class Cancelled(PolicyServiceError):  # noqa: N818 - an outcome, not a fault
    """Someone stopped the work; nothing of it was kept."""

    exit_code = 130


class OrganisationError(UsageError):
    """An organisation file is wrong. `line` counts from 1; 0 where it is not known."""

    def __init__(self, message: str, *, key: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.key = key
        self.line = line


class CorpusError(PolicyServiceError):
    """A digest or an instrument is missing or malformed."""


class CatalogError(PolicyServiceError):
    """A source cannot be scanned."""


class SourceUnreachableError(CatalogError):
    """The database does not answer, or the URL is wrong."""


class EmptySourceError(CatalogError):
    """The source has no table to draft a policy for."""


class RetrievalError(PolicyServiceError):
    """The index cannot be built or asked."""


class ModelIntegrityError(RetrievalError):
    """Model weights are not those that were pinned."""


class DraftingError(PolicyServiceError):
    """A draft cannot be made or read."""


class VerificationError(ConflictError):
    """A draft does not hold what it must; publication is refused."""


class ReviewError(ConflictError):
    """A verdict or a transition is against the rules of review."""


class FourEyesError(ForbiddenError):
    """Who drafted or amended a rule tried to approve it."""


class StaleApprovalError(ReviewError):
    """The content changed after it was approved, or is not what the reviewer saw."""


class PublicationError(PolicyServiceError):
    """A bundle cannot be made, signed, read or verified."""


class SignatureError(PublicationError):
    """A signature or hash does not fit. Do not use the content; fetch it anew."""


class EnforcementError(PolicyServiceError):
    """A decision cannot be made or enforced: always a deny, with its reason."""

    exit_code = 6

    def __init__(self, message: str, *, reason: DenyReason = DenyReason.INTERNAL_ERROR) -> None:
        super().__init__(message)
        self.reason = reason


class PolicyRowError(EnforcementError):
    """A policy row has the wrong length or an unknown effect. `line` counts from 1."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class StaleBundleError(EnforcementError):
    """The bundle is past its time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=DenyReason.STALE_BUNDLE)


class StatementRefusedError(EnforcementError):
    """A SQL statement cannot be enforced and was not run."""


class AccessDeniedError(EnforcementError):
    """The policy denies what was asked."""

    def __init__(self, message: str, *, reason: DenyReason = DenyReason.NO_MATCHING_RULE) -> None:
        super().__init__(message, reason=reason)


class MaskingError(EnforcementError):
    """A value cannot be masked as required; nothing is shown."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=DenyReason.OBLIGATION_FAILURE)


class EncryptionError(EnforcementError):
    """A value cannot be encrypted or decrypted."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=DenyReason.OBLIGATION_FAILURE)


class KeyUnavailableError(EncryptionError):
    """A key is missing, disabled or may not be used by this caller."""


class AuditError(PolicyServiceError):
    """The audit log cannot be appended to or is not whole."""

    exit_code = 7


class StorageError(PolicyServiceError):
    """State cannot be read or written."""


class RefinementError(PolicyServiceError):
    """A model cannot be trained, registered or loaded."""
