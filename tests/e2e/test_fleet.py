"""A fleet over real HTTP: publishing and rolling back reach every agent by event, not by poll."""

from contextlib import ExitStack
from pathlib import Path

from policy_service.domain.decision import DenyReason
from policy_service.workflows.accounts import make_api_token
from policy_service.workflows.fleet import PointState, list_points
from policy_service.workflows.people import replace_people
from policy_service.workflows.publish import roll_back
from tests.builders import ANALYST, make_person
from tests.fixtures.fleet import (
    TELLER_READS_EMAIL,
    make_agent,
    publish_stricter,
    served,
    wait_until,
)
from tests.fixtures.web import Web


def test_publication_and_rollback_reach_every_agent_by_event(web: Web, tmp_path: Path) -> None:
    """Three agents that poll every five minutes follow publication and rollback at once."""
    web.publish()
    platform = web.platform
    _, token = make_api_token(platform, "orders-1", label="agents")
    with served(web.client.app) as address, ExitStack() as stack:
        agents = [
            stack.enter_context(
                make_agent(platform, address, tmp_path, token=token, name=f"pep-{number}")
            )
            for number in range(3)
        ]
        points = [agent.point for agent in agents]
        for agent in agents:
            assert agent.wait_until_ready(20), agent.error
        assert all(point.decide(TELLER_READS_EMAIL).allow for point in points)

        publish_stricter(platform)
        wait_until(lambda: all(point.revision == 2 for point in points))
        denied = [point.decide(TELLER_READS_EMAIL) for point in points]
        assert {one.reason for one in denied} == {DenyReason.DENIED_BY_RULE}

        roll_back(platform, "bank", actor="ada")
        wait_until(lambda: all(point.revision == 3 for point in points))
        assert all(point.decide(TELLER_READS_EMAIL).allow for point in points)

        replace_people(platform, (make_person("analyst-1", ANALYST),), actor="test")
        wait_until(lambda: not any(point.decide(TELLER_READS_EMAIL).allow for point in points))
        assert points[0].decide(TELLER_READS_EMAIL).reason is DenyReason.UNKNOWN_SUBJECT

        wait_until(
            lambda: [one.stored.report.directory for one in list_points(platform)] == [2] * 3
        )
        shown = list_points(platform)
        assert [one.stored.report.name for one in shown] == ["pep-0", "pep-1", "pep-2"]
        assert {one.state for one in shown} == {PointState.CURRENT}
        assert {one.stored.report.error for one in shown} == {""}
