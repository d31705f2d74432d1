"""The agent of an enforcement point: rounds, events, reports, and a clean end.

    agent = BundleAgent(settings, link=ServiceLink(url, token=token), root=Path("keyset.json"))
    with agent:
        decision = agent.point.decide(request)

It starts with the last good policy from disk, verified anew. Without any, or when it has not
reached the service for `max_age`, the point denies. Two threads: one goes rounds, one listens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from policy_service import __version__
from policy_service.domain.errors import PolicyServiceError, UsageError
from policy_service.domain.fleet import PointReport
from policy_service.domain.plain import to_plain
from policy_service.domain.signed_document import DocumentKind
from policy_service.enforcement.point import Alarm, DecisionPointService, no_alarm
from policy_service.kit.clock import Clock, SystemClock, rfc3339
from policy_service.kit.late import LateModule
from policy_service.middleware.bundles.events import EventStreamListener, Listener
from policy_service.middleware.bundles.folder import AgentFolder
from policy_service.middleware.bundles.freshness import Freshness, running_s
from policy_service.middleware.bundles.point import EnforcementPoint
from policy_service.middleware.bundles.sync import Compile, PolicySync
from policy_service.middleware.bundles.transport import ServiceLink

if TYPE_CHECKING:
    from policy_service.enforcement import bundle_file, index
else:
    bundle_file = LateModule("policy_service.enforcement.bundle_file")
    index = LateModule("policy_service.enforcement.index")

_LONGEST_ERROR = 300  # characters
_JOIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Which policy an agent keeps, for whom, and how eagerly."""

    tenant: str
    source: str
    name: str  # as the fleet's page shows it; unique for a token
    folder: Path  # of this agent alone; the last good policy stays here
    max_age: timedelta = timedelta(hours=4)  # without contact; then all is denied
    poll_every_s: float = 30.0  # also while events come
    report_every_s: int = 60
    spread_s: float = 0.2  # so that a fleet does not ask in the same instant
    longest_pause_s: float = 60.0  # between attempts when the service does not answer

    def __post_init__(self) -> None:
        """Refuse what would never ask, or never stop asking."""
        if min(self.poll_every_s, self.longest_pause_s, self.report_every_s) <= 0:
            raise UsageError("an agent needs times above zero; correct its settings")
        if not (self.tenant and self.source and self.name) or self.max_age <= timedelta(0):
            raise UsageError("an agent needs a tenant, a source, a name and a maximum age")


@dataclass(slots=True)
class _Health:
    """What the agent last knew of itself."""

    error: str = ""
    failures: int = 0
    in_force_since: str = ""
    sent: PointReport | None = None
    sent_s: float = 0.0


class BundleAgent:
    """Feeds `point` with the live policy. Start it once; `close` ends both threads."""

    def __init__(
        self,
        settings: AgentSettings,
        *,
        link: ServiceLink,
        root: Path,
        clock: Clock | None = None,
        listener: Listener | None = None,
        compile_bundle: Compile | None = None,
        running: Callable[[], float] = running_s,
        alarm: Alarm = no_alarm,
    ) -> None:
        """`root` is the file of trusted keys from `policy-service keys export`.

        Raises `PublicationError` where it cannot be read or trusted.
        """
        self._settings = settings
        self._clock = clock or SystemClock()
        self._link = link
        self._running = running
        self._listener = listener or EventStreamListener(link, settings.source)
        freshness = Freshness(limit=settings.max_age, clock=self._clock, running=running)
        inner = DecisionPointService(clock=self._clock, alarm=alarm)
        self._sync = PolicySync(
            link=link,
            tenant=settings.tenant,
            source=settings.source,
            root=bundle_file.read_document(root, DocumentKind.KEYSET),
            folder=AgentFolder(settings.folder),
            inner=inner,
            freshness=freshness,
            clock=self._clock,
            compile_bundle=compile_bundle or index.compile_policy,
        )
        self.point = EnforcementPoint(
            inner,
            freshness=freshness,
            trusted_until=self._sync.trusted_until,
            clock=self._clock,
        )
        self._health = _Health()
        self._prepared = False
        self._wake, self._stopped, self._ready = Event(), Event(), Event()
        self._threads: list[Thread] = []

    @property
    def error(self) -> str:
        """Return what went wrong in the last round, in one line; empty: nothing."""
        return self._health.error

    def start(self) -> None:
        """Put the last good policy in force and start both threads.

        Raises `PublicationError` where the folder cannot tell old bundles from new ones.
        """
        self._prepare()
        for name, run in (("rounds", self._run), ("events", self._listen)):
            thread = Thread(target=run, name=f"policy-{name}-{self._settings.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End both threads; the policy in force stays until it is stale."""
        self._stopped.set()
        self._wake.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(_JOIN_S)
        self._threads.clear()

    def __enter__(self) -> BundleAgent:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until a policy is in force and not stale; tell whether it is."""
        return self._ready.wait(timeout_s) and not self.point.is_stale

    def run_once(self) -> None:
        """Go one round in the caller's thread: for a job that decides and ends.

        Raises `PublicationError` where the folder cannot tell old bundles from new ones.
        """
        self._prepare()
        self._try(self._round)
        self._report()

    def _prepare(self) -> None:
        """Take up what the folder has, once."""
        if not self._prepared:
            self._sync.read_marks()
            self._prepared = True
            self._try(self._restore)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            self.run_once()
            if self._wake.wait(self._pause_s()) and self._settings.spread_s > 0:
                self._stopped.wait(_random_s(0, self._settings.spread_s))

    def _round(self) -> None:
        if self._sync.sync() or not self._health.in_force_since:
            self._health.in_force_since = rfc3339(self._clock.now())
        self._ready.set()

    def _restore(self) -> None:
        self._sync.restore()
        if self.point.revision:
            self._health.in_force_since = rfc3339(self._clock.now())
            self._ready.set()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except PolicyServiceError as error:
            self._failed(error.message)
        except Exception as error:  # the rounds must go on, whatever it was
            self._failed(f"unexpected {type(error).__name__}; report it")
        else:
            self._health.error, self._health.failures = "", 0

    def _failed(self, message: str) -> None:
        self._health.error = message[:_LONGEST_ERROR]
        self._health.failures += 1

    def _pause_s(self) -> float:
        """Return how long to wait: the poll's time, or doubling from a second on failure."""
        settings = self._settings
        if not self._health.failures:
            return _random_s(0.8, 1.2) * settings.poll_every_s
        doubled = min(settings.longest_pause_s, 2.0 ** min(self._health.failures - 1, 16))
        return _random_s(0.5, 1.0) * min(doubled, settings.poll_every_s)

    def _listen(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            began = self._running()
            try:
                self._listener.listen(self._wake.set, self._stopped)
            except PolicyServiceError:
                pass  # polling goes on; the line is tried again below
            except Exception as error:
                self._failed(f"unexpected {type(error).__name__} while listening; report it")
            failures = (
                0 if self._running() - began > self._settings.longest_pause_s else failures + 1
            )
            doubled = min(self._settings.longest_pause_s, 0.25 * 2.0 ** min(failures, 16))
            self._stopped.wait(_random_s(0.5, 1.0) * doubled)

    def _report(self) -> None:
        """Tell the service what is in force, when that changed or a while has passed."""
        health, settings = self._health, self._settings
        report = self._standing()
        due = self._running() - health.sent_s >= settings.report_every_s * 0.8
        if self._stopped.is_set() or (report == health.sent and not due):
            return
        try:
            self._link.post("/api/v1/fleet/reports", _plain(report))
        except PolicyServiceError:
            return  # who cannot be told sees that nothing was told
        health.sent, health.sent_s = report, self._running()

    def _standing(self) -> PointReport:
        bundle, directory = self._sync.bundle, self._sync.directory
        return PointReport(
            name=self._settings.name,
            source=self._settings.source,
            revision=self.point.revision,
            directory=0 if bundle is None or directory is None else directory.value.sequence,
            keyset=self._sync.keys.version,
            in_force_since=self._health.in_force_since,
            stale=self.point.is_stale,
            error=self._health.error,
            software=__version__,
            every_s=self._settings.report_every_s,
        )


def _plain(report: PointReport) -> dict[str, object]:
    plain = to_plain(report)
    return dict(plain) if isinstance(plain, dict) else {}


def _random_s(low: float, high: float) -> float:
    return secrets.SystemRandom().uniform(low, high)
