"""Who acts on the library: a name with an account, or one that the local command line vouches for.

As for reviews (decision 0009): where the command line may register reviewers, a name needs
no account; else it must be one that exists.
"""

from policy_service.domain.errors import ForbiddenError, NotFoundError, UsageError
from policy_service.domain.identifiers import SubjectId
from policy_service.domain.review import AccountRole
from policy_service.storage import accounts
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.platform import Platform

_LENGTH = 100


def acting_person(
    platform: Platform, session: ReadSession, name: str, *, reviewer: bool = False
) -> SubjectId:
    """Return the name to record. Raises `ForbiddenError` where the account may not act.

    `reviewer`: an account must be a reviewer's.
    """
    who = name.strip()
    if not who or len(who) > _LENGTH or not who.isprintable():
        raise UsageError(f"give a name of 1 to {_LENGTH} printable characters: `--by NAME`")
    found = accounts.find_account(session, who)
    if found is None:
        if not platform.registers_reviewers:
            raise NotFoundError(
                f"no account `{who}`; add one: `policy-service accounts add {who} --role reviewer`"
            )
        return SubjectId(who)
    if found.disabled or (reviewer and found.account.role is not AccountRole.REVIEWER):
        raise ForbiddenError(f"`{who}` is not a reviewer; ask an administrator")
    return SubjectId(who)
