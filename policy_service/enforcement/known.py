"""The facts that a condition is asked with: who asks, what for, and what is known of it.

Of the subject only the directory is asked. Of a resource, what the policy knows wins over
what the request says; `id`, `type` and `roles` are never the caller's to set.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.bundle import KnownResource
from policy_service.domain.condition_truth import Facts
from policy_service.domain.decision import AccessRequest
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import NO_PARAMETERS, Parameters, ParameterValue
from policy_service.enforcement.roles import Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The directory's people, and the resources that the policy knows with their properties.

    `by_id` has those whose id has rows or links of its own: for them a claimed type does
    not matter. The others are known by type and id.
    """

    people: Mapping[str, Person]
    roles: Roles
    by_id: Mapping[str, KnownResource]
    by_type: Mapping[tuple[str, str], KnownResource]

    def facts(self, request: AccessRequest, *, role: str | None = None) -> Facts:
        """Gather the facts of a request; of somebody who just holds `role` only that is known."""
        return Facts(
            subject=self.subject(request.subject) if role is None else self._holder(role),
            resource=self.resource(
                request.resource, resource_type=request.resource_type, said=request.properties
            ),
            context=request.context,
        )

    def subject(self, subject: str) -> Mapping[str, ParameterValue]:
        """Say who somebody is; nothing of a stranger."""
        person = self.people.get(subject)
        if person is None:
            return NO_PARAMETERS
        held = self.roles.closed(person.roles)
        return {**person.attributes, "id": subject, "roles": held}

    def resource(
        self, resource: str, *, resource_type: str = "", said: Parameters = NO_PARAMETERS
    ) -> Mapping[str, ParameterValue]:
        """Say what a resource is, over what a request `said` of it."""
        known = self.by_id.get(resource) or self.by_type.get((resource_type, resource))
        found: dict[str, ParameterValue] = {**said}
        found.pop("type", None)
        if known is not None:
            found |= known.properties
            resource_type = known.type
        if resource_type:
            found["type"] = resource_type
        found["id"] = resource
        return found

    def _holder(self, role: str) -> Mapping[str, ParameterValue]:
        return {"roles": self.roles.closed((role,))}
