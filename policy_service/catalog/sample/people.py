"""The people of the sample bank: who holds which job, and with which attributes.

Their roles are job functions of the sample organisation that ships in `policies/`.
"""

from policy_service.domain.identifiers import RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters

_TELLERS = 8
# role, prefix of the subject, how many
_STAFF = (
    ("loan-officer", "loans", 2),
    ("card-operations", "cards", 2),
    ("fraud-analyst", "fraud", 2),
    ("marketing-analyst", "analyst", 3),
    ("risk-data-scientist", "scientist", 2),
    ("data-engineer", "engineer", 2),
    ("hr-partner", "hr", 1),
    ("dpo", "dpo", 1),
    ("internal-auditor", "auditor", 1),
)


def sample_people() -> tuple[Person, ...]:
    """Return the people in order of subject: tellers and support agents have a district."""
    tellers = [_person("branch-teller", f"teller-{n}", n) for n in range(1, _TELLERS + 1)]
    support = [_person("support-agent", f"support-{n}", n) for n in (1, 2)]
    staff = [
        _person(role, f"{prefix}-{n}", 0)
        for role, prefix, count in _STAFF
        for n in range(1, count + 1)
    ]
    return tuple(sorted([*tellers, *support, *staff], key=lambda person: person.subject))


def _person(role: str, subject: str, district: int) -> Person:
    return Person(
        subject=SubjectId(subject),
        roles=(RoleId(role),),
        attributes=Parameters({"district_id": district}) if district else Parameters(),
    )
