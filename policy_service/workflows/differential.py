"""The differential check of a bundle: the compiled index and pycasbin must agree.

Law 3 rests on the index meaning what the Casbin model means. Every bundle is
checked before it is signed, on decisions spread evenly over roles, columns,
actions and purposes.
"""

from collections.abc import Iterator
from itertools import product

from policy_service.domain.bundle import Bundle
from policy_service.enforcement.index import compile_policy
from policy_service.engines.casbin import CasbinEngine
from policy_service.workflows.people import make_directory

_WORK = 400_000  # rows × decisions: pycasbin walks every row for every decision
_MIN_DECISIONS = 50


def disagreements(bundle: Bundle) -> tuple[str, ...]:
    """List decisions on which the two engines differ, as `role action resource purpose`."""
    nobody = make_directory(())
    index = compile_policy(bundle, nobody)
    reference = CasbinEngine.from_bundle(bundle, nobody)
    return tuple(
        f"{role} {action} {resource} {purpose}"
        for role, resource, action, purpose in _questions(bundle)
        if index.decide_role(role, resource, action, purpose).allow
        is not reference.enforce(role, resource, action, purpose)
    )


def _questions(bundle: Bundle) -> Iterator[tuple[str, str, str, str]]:
    roles = sorted({row.role for row in bundle.rows})
    parents = {parent for _, parent in bundle.resource_links}
    columns = sorted({child for child, _ in bundle.resource_links} - parents)
    actions = sorted({row.action for row in bundle.rows})
    purposes = sorted({row.purpose for row in bundle.rows})
    total = len(roles) * len(columns) * len(actions) * len(purposes)
    wanted = max(_MIN_DECISIONS, _WORK // max(1, len(bundle.rows)))
    step = max(1, total // wanted)
    for place, question in enumerate(product(roles, columns, actions, purposes)):
        if place % step == 0:
            yield question
