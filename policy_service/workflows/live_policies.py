"""Live policies: the decision point of each source, as the state has it at the moment.

A bundle that went live and a changed directory are loaded before the next decision: one
cheap reading of the state's stamps tells whether anything changed, and most often nothing has.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from policy_service.domain.bundle import Bundle, Directory, SignedBundle
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError
from policy_service.domain.identifiers import AssetId, Revision, asset_parts
from policy_service.enforcement.bundle_file import verify_bundle
from policy_service.enforcement.candidates import (
    Candidates,
    join_candidates,
    list_candidates,
)
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.point import Alarm, DecisionPointService, every_nth, paced
from policy_service.enforcement.search import SearchKind, SearchQuery
from policy_service.engines.casbin import CasbinEngine
from policy_service.storage import bundles
from policy_service.storage.stamps import StampReader, Stamps
from policy_service.workflows.people import load_directory
from policy_service.workflows.platform import Platform

_TYPE = "type:"  # rows about a type are written so


class LivePolicies:
    """Knows what is live; threads may share it."""

    def __init__(self, platform: Platform, *, alarm: Alarm) -> None:
        self._platform = platform
        self._alarm = alarm
        self._stamps = StampReader(platform.database)
        self._lock = threading.RLock()
        self._moment: Moment | None = None
        self._loaded: dict[str, _Loaded] = {}
        self._directory: tuple[str, Directory] | None = None

    def now(self) -> "Moment":
        """Read the state. Raises `StorageError` where it cannot be read: deny then."""
        stamps = self._stamps.read()
        moment = self._moment
        if moment is None or moment.stamps != stamps:
            moment = self._moment = Moment(self, stamps)
        return moment

    def close(self) -> None:
        """Give the connection to the state back."""
        self._stamps.close()

    def load(self, source: str, stamps: Stamps) -> "_Loaded":
        """Return the decision point of a live source, loaded anew where something changed.

        Raises the error of whatever keeps its policy from being in force.
        """
        with self._lock:
            loaded = self._loaded.get(source)
            if loaded is None or not loaded.fits(source, stamps):
                loaded = self._load(source, stamps, loaded)
                self._loaded[source] = loaded
            return loaded

    def _load(self, source: str, stamps: Stamps, before: "_Loaded | None") -> "_Loaded":
        signed, directory = self._read(source, stamps)
        bundle = verify_bundle(
            signed, verifier=self._platform.verifier, now=self._platform.clock.now()
        )
        service = self._new_service() if before is None else before.service
        service.swap(
            compile_policy(bundle, directory),
            reference=CasbinEngine.from_bundle(bundle, directory),
        )
        return _Loaded(
            service=service,
            revision=bundle.revision,
            people=stamps.people,
            types=_types(bundle),
            candidates=cache(lambda: list_candidates(bundle, directory)),
        )

    def _read(self, source: str, stamps: Stamps) -> tuple[SignedBundle, Directory]:
        known = self._directory
        with self._platform.database.read() as session:
            signed = bundles.live_bundle(session, source)
            if signed is None:
                raise no_policy(source)
            if known is None or known[0] != stamps.people:
                known = self._directory = (stamps.people, load_directory(session))
        return signed, known[1]

    def _new_service(self) -> DecisionPointService:
        return DecisionPointService(
            clock=self._platform.clock,
            sample=_sample(self._platform.shadow_every),
            alarm=self._alarm,
            tenant=self._platform.tenant,
        )


def _sample(shadow_every: int) -> Callable[[], bool]:
    """Sample for the shadow check; 1 means every decision, however long that takes."""
    return every_nth(1) if shadow_every == 1 else paced(every_nth(shadow_every))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    service: DecisionPointService
    revision: Revision
    people: str  # the directory's stamp it was loaded with
    types: frozenset[str]  # of resources, that its rules or its known resources name
    candidates: Callable[[], Candidates]  # listed when first asked for

    def fits(self, source: str, stamps: Stamps) -> bool:
        """Tell whether this is still what the state says."""
        return self.revision == stamps.live.get(source) and self.people == stamps.people


class Moment:
    """The state as it was read once. Decision points are loaded when first asked."""

    def __init__(self, policies: LivePolicies, stamps: Stamps) -> None:
        self.stamps = stamps
        self._policies = policies
        self._by_head: dict[str, DecisionPointService] = {}
        self._by_type: Mapping[str, tuple[str, ...]] | None = None
        self._candidates: Candidates | None = None

    def service(self, resource: str, resource_type: str = "") -> DecisionPointService:
        """Return who decides about a resource: its source, else who knows its type.

        An asset of a source is its source's whatever type it is said to be of. Raises
        `AccessDeniedError` where nobody decides, or more than one would.
        """
        head = resource.partition(".")[0]
        found = self._by_head.get(head)
        if found is not None:
            return found
        source = asset_parts(AssetId(head))[0]
        if source in self.stamps.live:
            found = self._by_head[head] = self.of_source(source)
            return found
        named = self._sources_of(resource_type) if resource_type else ()
        if len(named) > 1:
            raise AccessDeniedError(
                f"policies of {', '.join(named)} all speak of type `{resource_type}`; "
                "let one of them",
                reason=DenyReason.UNKNOWN_RESOURCE,
            )
        if not named:
            raise no_policy(source)
        return self.of_source(named[0])

    def of_source(self, source: str) -> DecisionPointService:
        """Return the decision point of a source. Raises `AccessDeniedError` where none is live."""
        if source not in self.stamps.live:
            raise no_policy(source)
        return self._policies.load(source, self.stamps).service

    @property
    def version(self) -> str:
        """Name the policies that are live: others get another name. People may come and go."""
        return str(sorted(self.stamps.live.items()))

    def candidates(self, query: SearchQuery) -> Sequence[str]:
        """List by name what a search may find, over all that is live; sorted."""
        if self._candidates is None:
            loaded = (self._policies.load(one, self.stamps) for one in sorted(self.stamps.live))
            self._candidates = join_candidates([one.candidates() for one in loaded])
        if query.kind is SearchKind.SUBJECT:
            return self._candidates.subjects
        if query.kind is SearchKind.ACTION:
            return self._candidates.actions
        return self._candidates.resources_of(query.type)

    def _sources_of(self, resource_type: str) -> tuple[str, ...]:
        if self._by_type is None:
            known: dict[str, list[str]] = {}
            for source in sorted(self.stamps.live):
                for one in self._policies.load(source, self.stamps).types:
                    known.setdefault(one, []).append(source)
            self._by_type = {name: tuple(sources) for name, sources in known.items()}
        return self._by_type.get(resource_type, ())


def no_policy(source: str) -> AccessDeniedError:
    """Say that nothing decides for `source`."""
    return AccessDeniedError(
        f"no policy of `{source}` is live; publish one first", reason=DenyReason.NO_BUNDLE
    )


def _types(bundle: Bundle) -> frozenset[str]:
    rows = {
        row.resource.removeprefix(_TYPE) for row in bundle.rows if row.resource.startswith(_TYPE)
    }
    return frozenset(rows | {one.type for one in bundle.resources})
