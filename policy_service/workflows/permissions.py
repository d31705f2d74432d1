"""Who may do what in the service itself: one table for the API and the portal.

Not the policy that is drafted for an organisation's data; that is what bundles hold.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from policy_service.domain.errors import ForbiddenError
from policy_service.domain.review import Account, AccountRole


class Permission(StrEnum):
    """One thing that only some roles may do. Every person who is signed in reads the rest."""

    READ = "read"
    DECIDE = "ask for decisions and fetch the policy"
    ENFORCE = "fetch the people and report as an enforcement point"
    SCAN = "scan a source"
    DRAFT = "draft a policy"
    VERIFY = "verify a draft"
    REVIEW = "give a verdict"
    PUBLISH = "publish a policy or roll it back"
    REFINE = "train the drafting model"
    READ_AUDIT = "read the audit log"
    ADMINISTER = "administer accounts"


_EVERYONE = frozenset(AccountRole)
_POINT = AccountRole.ENFORCEMENT_POINT
_PEOPLE = _EVERYONE - {_POINT}
_AUTHOR, _REVIEWER = AccountRole.AUTHOR, AccountRole.REVIEWER
_ADMINISTRATOR, _AUDITOR = AccountRole.ADMINISTRATOR, AccountRole.AUDITOR

HOLDERS: Mapping[Permission, frozenset[AccountRole]] = MappingProxyType(
    {
        Permission.READ: _PEOPLE,
        Permission.DECIDE: _EVERYONE,
        Permission.ENFORCE: frozenset({_POINT, _ADMINISTRATOR}),
        Permission.SCAN: frozenset({_AUTHOR}),
        Permission.DRAFT: frozenset({_AUTHOR}),
        Permission.VERIFY: frozenset({_AUTHOR, _REVIEWER}),
        Permission.REVIEW: frozenset({_REVIEWER}),
        Permission.PUBLISH: frozenset({_ADMINISTRATOR}),
        Permission.REFINE: frozenset({_ADMINISTRATOR}),
        Permission.READ_AUDIT: frozenset({_AUDITOR, _ADMINISTRATOR}),
        Permission.ADMINISTER: frozenset({_ADMINISTRATOR}),
    }
)


def may(account: Account, permission: Permission) -> bool:
    """Tell whether the account's role holds `permission`."""
    return account.role in HOLDERS[permission]


def require(account: Account, permission: Permission) -> None:
    """Raise `ForbiddenError` where the account's role lacks `permission`."""
    if not may(account, permission):
        holders = " or ".join(sorted(role.value for role in HOLDERS[permission]))
        raise ForbiddenError(
            f"`{account.name}` is {account.role.value} and may not {permission.value}; "
            f"ask: {holders}"
        )
