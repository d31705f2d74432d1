"""Whatever happens on the way, an enforcement point never opens: it keeps what was good, or denies.

Every test is one kind of mishap. 0 decisions that differ from the oracle for the revision they
carry, 0 that allow what no good policy allows.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.bundle import Bundle
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.errors import PublicationError
from policy_service.domain.signed_document import SignedDocument
from policy_service.kit.clock import FixedClock
from tests.builders import make_bundle, make_directory
from tests.fixtures.bad_service import (
    ALICE,
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
    well,
)
from tests.fixtures.fleet import TELLER_READS_EMAIL
from tests.oracles import decision_oracle

THREADS = 16
RELOADS = 16


@pytest.fixture
def service() -> Iterator[BadService]:
    """A service that starts well behaved."""
    with bad_service() as made:
        yield made


def garbled(service: BadService, path: str, content: bytes) -> bytes:
    """Change one byte in the middle of whatever is sent."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :] if content else b""


def cut_short(service: BadService, path: str, content: bytes) -> bytes:
    """Send the first half of a document as if it were all."""
    return content[: len(content) // 2]


def garbled_delta(service: BadService, path: str, content: bytes) -> bytes:
    """Garble differences only."""
    return garbled(service, path, content) if "since" in path else content


def lying_delta(service: BadService, path: str, content: bytes) -> bytes:
    """Send a well-formed difference that lets the teller see everything."""
    if "/live" not in path or "since" not in path:
        return content
    delta = json.loads(content)
    for change in delta["changed"]:
        for one in change["added"]:
            one["text"] = one["text"].replace('"deny"', '"allow"')
    return json.dumps(delta).encode()


MISHAPS: dict[str, Callable[[BadService], None]] = {
    "error": lambda service: setattr(service, "status", 500),
    "redirect": lambda service: setattr(service, "status", 302),
    "nothing live": lambda service: setattr(service, "status", 404),
    "garbled": lambda service: setattr(service, "mood", garbled),
    "cut short": lambda service: setattr(service, "mood", cut_short),
    "empty": lambda service: setattr(service, "mood", lambda *_: b""),
    "no JSON": lambda service: setattr(service, "mood", lambda *_: b"[" * 50_000),
    "unknown key": lambda service: service.publish(make_live(5, STRANGER, rows=())),
    "wrong signature": lambda service: service.publish(
        replace(make_live(5), signatures=make_live(6).signatures)
    ),
    "wrong hash": lambda service: service.publish(replace(make_live(5), text=make_live(6).text)),
    "another tenant": lambda service: service.publish(make_live(5, tenant="rival")),
    "another source": lambda service: service.publish(make_live(5, source="shop")),
    "replayed": lambda service: setattr(service, "bundle", make_live(1)),
    "second version": lambda service: setattr(service, "bundle", make_live(2, draft="dra_other")),
    "from the future": lambda service: service.publish(
        make_live(5, issued_at="2026-03-03T12:00:00.000000Z")
    ),
    "expired": lambda service: service.publish(
        make_live(5, expires_at="2026-03-02T12:00:00.000000Z")
    ),
    "no rows": lambda service: service.publish(make_live(5, rows=())),
    "failing canary": lambda service: service.publish(make_live(5, rows=make_bundle().rows[1:])),
    "replayed directory": lambda service: setattr(service, "directory", make_people(1)),
    "foreign directory": lambda service: setattr(
        service, "directory", make_people(3, tenant="rival")
    ),
    "forked keys": lambda service: service.keysets.append(
        make_keyset(STRANGER, version=2, keys=(trusted(STRANGER),))
    ),
    "skipped keys": lambda service: service.keysets.append(make_keyset(version=3)),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_mishap_leaves_the_good_policy_in_force_and_denies_when_it_lasts(
    service: BadService, tmp_path: Path, clock: FixedClock, mishap: str
) -> None:
    """The policy stays, the agent says what is wrong, and past the limit everything is denied."""
    service.bundle, service.directory = make_live(2), make_people(2)
    agent = lone_agent(service, tmp_path, clock, max_age=timedelta(hours=1))
    agent.run_once()
    assert agent.error == ""
    MISHAPS[mishap](service)
    agent.run_once()
    assert agent.error
    assert (agent.point.revision, agent.point.is_stale) == (2, False)
    assert agent.point.decide(TELLER_READS_EMAIL).allow
    clock.advance(timedelta(hours=1, seconds=1))
    agent.run_once()
    decision = agent.point.decide(TELLER_READS_EMAIL)
    assert (decision.allow, decision.reason) == (False, DenyReason.STALE_BUNDLE)
    assert service.reports[-1]["error"] or not service.reports[-1]["stale"]


@pytest.mark.parametrize("mood", [garbled_delta, lying_delta])
def test_a_wrong_difference_is_replaced_by_the_whole(
    service: BadService, tmp_path: Path, clock: FixedClock, mood: Callable
) -> None:
    """A difference that does not lead to the signed bytes is thrown away, and all is fetched."""
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    rows = tuple(
        replace(row, effect="deny") if row.rule == "R-0002" else row for row in make_bundle().rows
    )
    service.publish(make_live(2, rows=rows))
    service.mood = mood
    agent.run_once()
    assert (agent.error, agent.point.revision) == ("", 2)
    request = replace(TELLER_READS_EMAIL, resource="bank.public.clients.district_id")
    assert agent.point.decide(request).reason is DenyReason.DENIED_BY_RULE
    assert service.asked[-2:] != service.asked[-1:] * 2


@pytest.mark.parametrize("name", ["bundle.json", "directory.json", "keysets.json"])
def test_a_half_written_file_puts_nothing_in_force(
    service: BadService, tmp_path: Path, clock: FixedClock, name: str
) -> None:
    """After a restart with a damaged file all is denied until the service is reached."""
    service.keysets.append(make_keyset(version=2))
    lone_agent(service, tmp_path, clock).run_once()
    path = tmp_path / "state" / name
    path.write_bytes(path.read_bytes()[:-40])
    service.status = 500
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE
    service.status = 200
    agent.run_once()
    assert agent.point.decide(TELLER_READS_EMAIL).allow


def test_damaged_marks_stop_the_agent(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """Who cannot tell an old bundle from a new one does not start."""
    lone_agent(service, tmp_path, clock).run_once()
    (tmp_path / "state" / "seen.json").write_bytes(b'{"revision": 1')
    agent = lone_agent(service, tmp_path, clock)
    with pytest.raises(PublicationError, match="remove the agent's folder"):
        agent.start()
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE


def test_an_old_bundle_is_refused_after_a_restart_too(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """What was in force once is remembered on disk: an older revision stays refused."""
    service.bundle = make_live(7)
    lone_agent(service, tmp_path, clock).run_once()
    for name in ("bundle.json", "directory.json"):
        (tmp_path / "state" / name).unlink()
    service.bundle = make_live(6)
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert "revision 6 is older than 7" in agent.error
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE


def test_the_last_good_policy_outlives_a_restart_without_the_service(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """From disk, verified anew, the policy decides until the last contact is too old."""
    lone_agent(service, tmp_path, clock, max_age=timedelta(hours=1)).run_once()
    service.status = 503
    clock.advance(timedelta(minutes=59))
    agent = lone_agent(service, tmp_path, clock, max_age=timedelta(hours=1))
    agent.run_once()
    assert agent.point.decide(TELLER_READS_EMAIL).allow
    clock.advance(timedelta(minutes=2))
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.STALE_BUNDLE


@pytest.mark.parametrize(
    ("wall", "running_s"), [(timedelta(0), 3700.0), (timedelta(days=-1), 3700.0)]
)
def test_a_clock_that_is_set_back_stretches_nothing(
    service: BadService, tmp_path: Path, clock: FixedClock, wall: timedelta, running_s: float
) -> None:
    """Time that went by while the wall clock stood still, or went back, counts all the same."""
    running = Running()
    agent = lone_agent(service, tmp_path, clock, running=running, max_age=timedelta(hours=1))
    agent.run_once()
    clock.advance(wall)
    running.now_s += running_s
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.STALE_BUNDLE


def test_a_clock_that_is_ahead_only_denies(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """A machine whose clock runs a month ahead takes the bundle for expired and denies."""
    clock.advance(timedelta(days=31))
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert "ended at" in agent.error
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE


def test_keys_that_have_ended_vouch_for_nothing(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """Once the key set has ended, the policy in force is stale and no other is taken."""
    root = make_keyset(lifetime=timedelta(hours=2))
    service.keysets = [root]
    agent = lone_agent(service, tmp_path, clock, root=root, max_age=timedelta(days=9))
    agent.run_once()
    clock.advance(timedelta(hours=2))
    service.publish(make_live(2))
    agent.run_once()
    assert "key set 1 ended" in agent.error
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.STALE_BUNDLE
    service.keysets.append(make_keyset(version=2))
    agent.run_once()
    assert (agent.error, agent.point.revision) == ("", 2)
    assert agent.point.decide(TELLER_READS_EMAIL).allow


def test_one_holder_alone_cannot_publish_where_two_must(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """With a threshold of two, a bundle of the service alone waits for the second signature."""
    both = (trusted(SIGNER), trusted(ALICE, "alice"))
    service.keysets.append(make_keyset(SIGNER, ALICE, version=2, keys=both, threshold=2))
    agent = lone_agent(service, tmp_path, clock)
    agent.run_once()
    assert "1 of 2 signatures" in agent.error
    assert agent.point.decide(TELLER_READS_EMAIL).reason is DenyReason.NO_BUNDLE
    second = make_live(1, ALICE).signatures[0]
    service.bundle = replace(service.bundle, signatures=(*service.bundle.signatures, second))
    agent.run_once()
    assert agent.error == ""
    assert agent.point.decide(TELLER_READS_EMAIL).allow


def test_a_service_that_drips_is_cut_off(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """However slowly bytes come, a round ends within its time and the policy stays."""
    agent = lone_agent(service, tmp_path, clock, timeout_s=0.2)
    agent.run_once()
    hold = threading.Event()
    service.mood = lambda *_: (hold.wait(1.5), b"")[1]
    agent.run_once()
    hold.set()
    assert "does not answer" in agent.error
    assert agent.point.decide(TELLER_READS_EMAIL).allow


def test_every_decision_is_the_oracles_for_the_revision_it_carries(
    service: BadService, tmp_path: Path, clock: FixedClock
) -> None:
    """16 threads decide while 16 bundles, good and bad, come in: none differs, none opens."""
    rng = random.Random(5)  # noqa: S311 - a test's choices
    policies = {revision: _random_policy(revision, rng) for revision in range(1, RELOADS + 1)}
    requests = _requests()
    agent = lone_agent(service, tmp_path, clock)
    service.bundle = make_live(1, **policies[1])
    agent.run_once()
    given: list[set[tuple[int, AccessRequest, bool, tuple]]] = [set() for _ in range(THREADS)]
    stop = threading.Event()

    def decide(mine: set, seed: int) -> None:
        choose = random.Random(seed)  # noqa: S311 - a test's choices
        while not stop.wait(0.01):  # a pause, so that sixteen busy threads let the rounds go on
            for request in choose.sample(requests, 10):
                decision = agent.point.decide(request)
                mine.add((decision.revision, request, decision.allow, tuple(decision.rules)))

    threads = [
        threading.Thread(target=decide, args=(mine, seed)) for seed, mine in enumerate(given)
    ]
    for thread in threads:
        thread.start()
    for revision in range(2, RELOADS + 1):
        service.mood = rng.choice((well, well, garbled_delta, garbled))
        service.publish(make_live(revision, **policies[revision]))
        agent.run_once()
    stop.set()
    for thread in threads:
        thread.join()
    assert {revision for one in given for revision, *_ in one} > {1}
    directory = make_directory()
    bundles = {
        revision: _bundle(make_live(revision, **rows)) for revision, rows in policies.items()
    }
    for revision, request, allow, rules in set[tuple]().union(*given):
        wanted = decision_oracle.decide(bundles[revision], directory, request)
        assert (allow, rules) == (wanted[0], wanted[2])


def _random_policy(revision: int, rng: random.Random) -> dict[str, object]:
    """Let each rule of the bank allow, deny or be away."""
    bundle = make_bundle(revision=revision)
    rows = tuple(row for row in bundle.rows if rng.random() < 0.8)
    obliged = {one.rule for one in bundle.obligations}
    flipped = tuple(
        replace(row, effect=rng.choice(("allow", "deny"))) if row.rule in obliged else row
        for row in rows or bundle.rows
    )
    return {"rows": flipped, "tests": ()}


def _requests() -> list[AccessRequest]:
    subjects = ("teller-1", "analyst-1", "engineer-1", "nobody")
    return [
        AccessRequest(subject=subject, resource=row.resource, action="read", purpose=row.purpose)
        for row in make_bundle().rows
        for subject in subjects
    ]


def _bundle(document: SignedDocument) -> Bundle:
    from policy_service.enforcement.bundle_file import open_document

    return open_document(Bundle, document)
