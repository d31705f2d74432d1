"""The agent of an enforcement point: rounds, events, reports, transport, a clean end."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    EnforcementError,
    PublicationError,
    SignatureError,
    StaleBundleError,
    UsageError,
)
from policy_service.enforcement.bundle_file import read_document, write_durably
from policy_service.kit.clock import FixedClock
from policy_service.middleware.bundles.agent import AgentSettings, BundleAgent
from policy_service.middleware.bundles.events import EventStreamListener, PostgresListener
from policy_service.middleware.bundles.folder import read_keysets
from policy_service.middleware.bundles.freshness import Freshness, running_s
from policy_service.middleware.bundles.transport import ServiceLink, ServiceUnreachableError
from tests.builders import NOW, TELLER, make_person
from tests.fixtures.bad_service import (
    SIGNER,
    STRANGER,
    BadService,
    Running,
    bad_service,
    lone_agent,
    make_keyset,
    make_live,
    make_people,
    trusted,
)
from tests.fixtures.fleet import TELLER_READS_EMAIL, wait_until

# The service's first key, which ends tomorrow.
OLD_KEY = trusted(SIGNER, not_after="2026-03-03T12:00:00.000000Z")


@pytest.fixture
def service() -> Iterator[BadService]:
    """A service that behaves."""
    with bad_service() as made:
        yield made


def test_a_second_round_fetches_nothing_again(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """What is held is asked for by its tag; a difference comes when there is another."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    agent.run_once()
    assert service.asked[-2:] == [
        "/api/v1/bundles/bank/live?since=1",
        "/api/v1/fleet/directory?since=1",
    ]
    service.publish(make_live(2))
    agent.run_once()
    assert (agent.error, agent.point.revision) == ("", 2)
    assert service.asked[-2] == "/api/v1/bundles/bank/live?since=1"


def test_joiners_and_leavers_need_no_new_policy(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A new edition of the people is in force with its round, under the same revision."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    service.directory = make_people(2, make_person("newcomer", TELLER))
    agent.run_once()
    decision = agent.point.decide(TELLER_READS_EMAIL)
    assert (decision.reason, decision.revision) == (DenyReason.UNKNOWN_SUBJECT, 1)


def test_reports_say_what_is_in_force_and_what_went_wrong(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A report goes out when something changed or enough time has passed, and not else."""
    running = Running()
    agent = lone_agent(service, tmp_path, clock, running=running)
    agent.run_once()
    agent.run_once()
    first = service.reports[-1]
    assert len(service.reports) == 1
    assert (first["revision"], first["directory"], first["keyset"]) == (1, 1, 1)
    assert (first["stale"], first["error"]) == (False, "")
    running.now_s += 60
    agent.run_once()
    assert len(service.reports) == 2
    service.bundle = make_live(2, STRANGER)
    agent.run_once()
    assert "not trusted" in service.reports[-1]["error"]


def test_a_rotated_key_is_followed_and_remembered(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A new key set leads to the new key; after a restart the way is verified from the root."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    keys = (trusted(STRANGER), OLD_KEY)
    service.keysets.append(make_keyset(SIGNER, STRANGER, version=2, keys=keys))
    service.bundle = make_live(2, STRANGER)
    agent.run_once()
    assert (agent.error, agent.point.revision) == ("", 2)
    again = lone_agent(service, tmp_path, clock)
    service.status = 500
    again.run_once()
    assert again.point.decide(TELLER_READS_EMAIL).allow


def test_a_retired_key_signs_nothing_any_more(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """After its overlap the old key's bundles are refused, with the reason."""
    service.keysets.append(
        make_keyset(SIGNER, STRANGER, version=2, keys=(trusted(STRANGER), OLD_KEY))
    )
    clock.advance(timedelta(days=2))
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert "is retired" in agent.error


def test_views_are_stale_with_the_decisions(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A table is shown while the policy is fresh, and refused as stale after that."""
    agent = lone_agent(service, tmp_path, clock, max_age=timedelta(minutes=5))
    with pytest.raises(EnforcementError):
        agent.point.view("teller-1", "bank.public.clients", "essential.service")
    agent.run_once()
    assert agent.point.view("teller-1", "bank.public.clients", "essential.service").columns
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StaleBundleError, match="not confirmed in time"):
        agent.point.view("teller-1", "bank.public.clients", "essential.service")


def test_whatever_breaks_in_the_staleness_itself_denies(
    service: BadService, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that fails is a deny."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()

    def fail(*_: object) -> bool:
        raise OSError

    monkeypatch.setattr(Freshness, "is_stale", fail)
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.STALE_BUNDLE


def test_an_unexpected_error_ends_no_agent(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A defect in compiling is named by its type alone, and the rounds go on."""

    def defect(*_: object) -> None:
        raise ZeroDivisionError("teller-1")

    agent = lone_agent(service, tmp_path, clock)
    agent._sync._compile = defect
    agent.run_once()
    assert agent.error == "unexpected ZeroDivisionError; report it"
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE


def test_a_full_disk_keeps_the_policy_in_force(
    service: BadService, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the new bundle cannot be kept, the old one stays, on disk and in force."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    before = (tmp_path / "state" / "bundle.json").read_bytes()
    service.publish(make_live(2))

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    agent.run_once()
    assert "No space left" in agent.error
    assert agent.point.revision == 1
    assert (tmp_path / "state" / "bundle.json").read_bytes() == before
    assert not list((tmp_path / "state").glob(".*"))


def test_a_lost_listener_is_no_loss(service: BadService, tmp_path: Path, clock: FixedClock) -> None:
    """A service without an event stream is polled; the end of the agent ends its threads."""
    before = threading.active_count()
    agent = lone_agent(service, tmp_path, clock, poll_every_s=0.05, spread_s=0.0)
    with agent:
        assert agent.wait_until_ready(10)
        service.publish(make_live(2))
        wait_until(lambda: agent.point.revision == 2)
    service.publish(make_live(3))
    wait_until(lambda: threading.active_count() <= before)
    assert agent.point.revision == 2


class Notifications:
    """A connection whose notifications a test sends."""

    def __init__(self, *, broken: bool = False) -> None:
        self.sent = threading.Event()
        self.said: list[str] = []
        self._broken = broken

    def execute(self, query: str) -> None:
        self.said.append(query)
        if self._broken:
            raise OSError("the line is down")

    def notifies(self, *, timeout: float, stop_after: int) -> Iterator[str]:
        if self.sent.wait(0.01):
            self.sent.clear()
            yield "policy_service"

    def close(self) -> None:
        self.said.append("closed")


def test_notifications_of_postgresql_wake_the_agent() -> None:
    """Each notification wakes once more than the connection itself, until it is stopped."""
    connection, stopped, woken = Notifications(), threading.Event(), []
    listener = PostgresListener(lambda: connection)
    thread = threading.Thread(target=listener.listen, args=(lambda: woken.append(1), stopped))
    thread.start()
    wait_until(lambda: len(woken) == 1)
    connection.sent.set()
    wait_until(lambda: len(woken) == 2)
    stopped.set()
    listener.close()
    thread.join()
    assert connection.said == ["LISTEN policy_service", "closed"]
    with pytest.raises(ServiceUnreachableError, match="OSError"):
        PostgresListener(lambda: Notifications(broken=True)).listen(print, threading.Event())


def test_a_stream_that_was_never_opened_can_be_closed(service: BadService) -> None:
    """Closing before the line stands is no error; a missing stream is said."""
    listener = EventStreamListener(ServiceLink(service.address), "bank")
    listener.close()
    with pytest.raises(ServiceUnreachableError, match="answered 404"):
        listener.listen(print, threading.Event())


@pytest.mark.parametrize("url", ["ftp://host", "nowhere", "http://"])
def test_an_address_is_http(url: str) -> None:
    """Anything but http and https with a host is refused."""
    with pytest.raises(UsageError, match="use https://host"):
        ServiceLink(url)


def test_an_answer_may_not_be_larger_than_agreed(service: BadService) -> None:
    """A body past the limit is cut off and refused; a path that is not there is told."""
    link = ServiceLink(service.address, largest_bytes=100)
    with pytest.raises(ServiceUnreachableError, match="ValueError"):
        link.get("/api/v1/bundles/bank/live")
    with pytest.raises(ServiceUnreachableError, match="404: no such thing"):
        link.get("/nothing")


def test_a_service_that_is_away_is_one_line(tmp_path: Path, clock: FixedClock) -> None:
    """Nobody on the port: the agent says so, and denies."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service = BadService()
    service.address = f"http://127.0.0.1:{port}"
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert agent.error == "the service does not answer (ConnectionRefusedError)"
    assert not agent.wait_until_ready(0)


@pytest.mark.parametrize(
    "wrong", [{"poll_every_s": 0}, {"tenant": ""}, {"max_age": timedelta(0)}, {"report_every_s": 0}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict, tmp_path: Path) -> None:
    """An agent that would never ask, or for nobody, is not made."""
    right = {"tenant": "t", "source": "s", "name": "n", "folder": tmp_path}
    with pytest.raises(UsageError, match="agent needs"):
        AgentSettings(**{**right, **wrong})


def test_a_root_that_cannot_be_trusted_makes_no_agent(tmp_path: Path) -> None:
    """Without the keys that were handed over there is nothing to begin with."""
    settings = AgentSettings(tenant="t", source="s", name="n", folder=tmp_path)
    link = ServiceLink("http://127.0.0.1:1")
    with pytest.raises(PublicationError, match="cannot read"):
        BundleAgent(settings, link=link, root=tmp_path / "none.json")
    root = tmp_path / "root.json"
    root.write_bytes(b"{}")
    with pytest.raises(SignatureError, match="keyset is not what was signed"):
        BundleAgent(settings, link=link, root=root)


def test_a_contact_from_the_future_is_none() -> None:
    """A saved contact that is still to come says nothing; never reached is stale."""
    clock, running = FixedClock(NOW), Running()
    freshness = Freshness(limit=timedelta(hours=1), clock=clock, running=running)
    assert freshness.is_stale()
    freshness.restore(NOW + timedelta(seconds=1))
    assert freshness.last_contact is None
    freshness.restore(NOW - timedelta(minutes=30))
    assert not freshness.is_stale()
    running.now_s += 1801
    assert freshness.is_stale()
    freshness.touch()
    assert (freshness.is_stale(), freshness.last_contact) == (False, NOW)
    assert running_s() <= running_s()


def test_files_are_written_whole_or_named(tmp_path: Path) -> None:
    """A folder that cannot be made is one clear line, and so are lists that are none."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PublicationError, match=r"cannot write `x\.json`"):
        write_durably(tmp_path / "file" / "x.json", b"")
    with pytest.raises(PublicationError, match=r"cannot read `x\.json`"):
        read_document(tmp_path / "x.json", make_keyset().kind)
    with pytest.raises(SignatureError, match="key sets are not"):
        read_keysets(b"{}")
