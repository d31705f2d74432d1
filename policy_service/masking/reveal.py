"""Turning masked values back: format-preserving ones, tokens and encrypted cells.

Not a decision: the caller has asked who may see the values, and states the answer as
a grant. It goes to the audit log before anything is turned back, and where the log does
not take it nothing is. Nothing is revealed in part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.audit import AuditEvent
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.masking.format_preserving import reveal_format_preserving
from policy_service.masking.keys import MaskingKeys, control_cipher, control_key, control_vault

REVERSIBLE = (Operator.FORMAT_PRESERVING, Operator.TOKENISE, Operator.ENCRYPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealGrant:
    """Who was allowed to see values in clear, for what, and why: no value stands in it."""

    subject: str
    purpose: str
    reason: str  # a ticket, a case number


class RevealLog(Protocol):
    """Keeps events durably. Where it raises, nothing is revealed."""

    def record(self, event: AuditEvent) -> None:
        """Append one event."""
        ...


def reveal(
    masked: Sequence[str | None],
    *,
    control: Control,
    keys: MaskingKeys,
    grant: RevealGrant,
    audit: RevealLog,
) -> list[object]:
    """Return the values that `control` masked; `None` stays `None`.

    Encrypted cells come back with their types, the others as canonical text. Raises
    `AccessDeniedError` for an empty grant or a log that refuses, `MaskingError` for an
    operator that cannot be turned back or a value it did not make.
    """
    if not (grant.subject and grant.purpose and grant.reason.strip()):
        raise AccessDeniedError("a grant needs a subject, a purpose and a reason; give them")
    if control.operator not in REVERSIBLE:
        raise MaskingError(
            f"`{control.operator.value}` cannot be turned back; "
            f"these can: {', '.join(one.value for one in REVERSIBLE)}"
        )
    _record(len(masked) - masked.count(None), control, grant, audit)
    try:
        return _revealed(masked, control, keys)
    except EnforcementError:
        raise
    except Exception:
        # The cause may quote a value.
        raise MaskingError("values cannot be turned back; check their key and column") from None


def _revealed(masked: Sequence[str | None], control: Control, keys: MaskingKeys) -> list[object]:
    if control.operator is Operator.FORMAT_PRESERVING:
        return list(reveal_format_preserving(masked, key=control_key(control, keys)))
    present = [one for one in masked if one is not None]
    values: list[object]
    if control.operator is Operator.TOKENISE:
        values = list(control_vault(control, keys).texts(present))
    else:
        values = control_cipher(control, keys).decrypt(present)
    rest = iter(values)
    return [None if one is None else next(rest) for one in masked]


def _record(count: int, control: Control, grant: RevealGrant, audit: RevealLog) -> None:
    event = AuditEvent(
        kind="values_revealed",
        actor=grant.subject,
        subject=f"purpose:{grant.purpose}",
        details=Parameters(
            values=count,
            operator=control.operator.value,
            key=control.parameters.get("key", ""),
            reason=grant.reason,
        ),
    )
    try:
        audit.record(event)
    except Exception as error:
        raise AccessDeniedError(
            "the audit log does not take the entry; nothing is revealed",
            reason=DenyReason.AUDIT_FAILURE,
        ) from error
