"""The differential check of a bundle: the compiled index and pycasbin must agree.

Law 3 rests on the index meaning what the Casbin model means. Every bundle is
checked before it is signed, on decisions spread evenly over roles, resources,
actions and purposes. Where rules have conditions, each question is put to somebody of
whom nothing but the role is known, when the bundle is issued and without a time.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from math import gcd

from policy_service.domain.bundle import Bundle
from policy_service.enforcement.index import compile_policy
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.clock import parse_rfc3339
from policy_service.workflows.people import make_directory

_WORK = 400_000  # rows × decisions: pycasbin walks every row for every decision
_MIN_DECISIONS = 50


def disagreements(bundle: Bundle) -> tuple[str, ...]:
    """List decisions on which the two engines differ, as `role action resource purpose`."""
    nobody = make_directory(())
    index = compile_policy(bundle, nobody)
    reference = CasbinEngine.from_bundle(bundle, nobody)
    times: tuple[datetime | None, ...] = (parse_rfc3339(bundle.issued_at),)
    if bundle.conditions:
        times = (*times, None)
    return tuple(
        f"{role} {action} {resource} {purpose}"
        for role, resource, action, purpose in _questions(bundle)
        if any(
            index.decide_role(role, resource, action, purpose, now).allow
            is not reference.allows_role(role, resource, action, purpose, now)
            for now in times
        )
    )


def _questions(bundle: Bundle) -> Iterator[tuple[str, str, str, str]]:
    roles = sorted({row.role for row in bundle.rows})
    parents = {parent for _, parent in bundle.resource_links}
    leaves = {child for child, _ in bundle.resource_links} - parents
    types = {row.resource for row in bundle.rows if row.resource.startswith("type:")}
    resources = sorted(leaves | types or {row.resource for row in bundle.rows})
    actions = sorted({row.action for row in bundle.rows})
    purposes = sorted({row.purpose for row in bundle.rows})
    total = len(roles) * len(resources) * len(actions) * len(purposes)
    wanted = max(_MIN_DECISIONS, _WORK // max(1, len(bundle.rows)))
    step = max(1, total // wanted)
    while gcd(step, total) > 1:  # so that no resource, action or purpose is passed over always
        step -= 1
    for place, question in enumerate(product(roles, resources, actions, purposes)):
        if place % step == 0:
            yield question
