"""One round of an agent: fetch what is new, verify it, try it, keep it, put it in force.

No thread and no timer (see `agent`). Whatever fails in a round leaves the policy in force as it
was; only a round in which everything was good counts as contact with the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

from policy_service.domain.bundle import Bundle, Directory
from policy_service.domain.document_delta import DocumentDelta, apply_delta, merge_delta
from policy_service.domain.errors import PolicyServiceError, PublicationError, SignatureError
from policy_service.domain.fleet import DirectoryDocument
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.signed_document import DocumentKind, SignedDocument, read_envelope
from policy_service.enforcement.canaries import check_canaries
from policy_service.enforcement.engine import PolicyEngine
from policy_service.enforcement.point import DecisionPointService
from policy_service.kit.canonical import content_sha256
from policy_service.kit.clock import Clock, parse_rfc3339, rfc3339
from policy_service.kit.late import LateModule
from policy_service.middleware.bundles.folder import AgentFolder, Marks, read_keysets
from policy_service.middleware.bundles.freshness import Freshness
from policy_service.middleware.bundles.transport import Answer, ServiceLink

if TYPE_CHECKING:
    from policy_service.enforcement import bundle_file, trusted_keys
else:
    bundle_file = LateModule("policy_service.enforcement.bundle_file")
    trusted_keys = LateModule("policy_service.enforcement.trusted_keys")

T = TypeVar("T", Bundle, DirectoryDocument)
Compile = Callable[[Bundle, Directory], PolicyEngine]
DELTA_MEDIA_TYPE = "application/vnd.policy-service.delta+json"
_ACCEPT = f"{DELTA_MEDIA_TYPE}, application/json"


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """A verified document as a value, with the hash of its text and its tag."""

    value: T
    sha256: Sha256Hex
    etag: str
    document: SignedDocument | None  # until it is on disk


class PolicySync:
    """Keeps one decision point on the live policy of one source of one tenant."""

    def __init__(
        self,
        *,
        link: ServiceLink,
        tenant: str,
        source: str,
        root: SignedDocument,
        folder: AgentFolder,
        inner: DecisionPointService,
        freshness: Freshness,
        clock: Clock,
        compile_bundle: Compile,
    ) -> None:
        """`root` is the key set that an operator has handed over; it is where trust begins."""
        self._link = link
        self._tenant, self._source = tenant, source
        self._root = root
        self._chain: tuple[SignedDocument, ...] = ()
        self.keys: trusted_keys.TrustedKeys = trusted_keys.open_keyset(root)
        self._folder = folder
        self._inner = inner
        self._freshness = freshness
        self._clock = clock
        self._compile = compile_bundle
        self._marks = Marks()
        self.bundle: Held[Bundle] | None = None
        self.directory: Held[DirectoryDocument] | None = None

    def trusted_until(self) -> datetime:
        """Return when keys or people run out of time, whichever is first."""
        directory = self.directory
        if directory is None:
            return self.keys.expires_at
        return min(self.keys.expires_at, parse_rfc3339(directory.value.expires_at))

    def read_marks(self) -> None:
        """Remember what was seen before. Raises `PublicationError` where that is damaged."""
        self._marks = self._folder.read_marks()

    def restore(self) -> None:
        """Put the last good policy from disk in force, verified anew.

        Raises where there is something that cannot be used; nothing is in force then.
        """
        now = self._clock.now()
        self._trust(self._folder.read_keysets(), now)
        bundle = self._restored(Bundle, self._folder.read(DocumentKind.BUNDLE), now)
        directory = self._restored(
            DirectoryDocument, self._folder.read(DocumentKind.DIRECTORY), now
        )
        if bundle is None or directory is None:
            return
        if self._marks.contact_at:
            self._freshness.restore(parse_rfc3339(self._marks.contact_at))
        self._put_in_force(bundle, directory)

    def sync(self) -> bool:
        """Go one round; tell whether something new is in force. Raises what went wrong."""
        now = self._clock.now()
        self._sync_keys(now)
        bundle = self._fetch(Bundle, DocumentKind.BUNDLE, self.bundle, now)
        directory = self._fetch(DirectoryDocument, DocumentKind.DIRECTORY, self.directory, now)
        changed = self._in_force() != (bundle.sha256, directory.sha256)
        if changed:
            self._put_in_force(bundle, directory)
        self._hold(bundle, directory)
        self._freshness.touch()
        self._keep_marks(bundle, directory, contact_at=rfc3339(now))
        return changed

    def _sync_keys(self, now: datetime) -> None:
        answer = self._link.get(f"/api/v1/fleet/keysets?after={self.keys.version}")
        following = read_keysets(answer.body)
        if not following:
            return
        self._trust((*self._chain, *following), now)
        self._folder.write_keysets(self._chain)
        # What the old keys vouched for is fetched and verified again, by the new ones.
        if self.bundle is not None:
            self.bundle = replace(self.bundle, etag="")
        if self.directory is not None:
            self.directory = replace(self.directory, etag="")

    def _trust(self, chain: Sequence[SignedDocument], now: datetime) -> None:
        self.keys = trusted_keys.open_chain(self._root, chain, now=now)
        self._chain = tuple(chain)

    def _fetch(
        self, of: type[T], kind: DocumentKind, held: Held[T] | None, now: datetime
    ) -> Held[T]:
        """Return what is held where it is still the live one, else the live one, verified."""
        path = (
            f"/api/v1/bundles/{quote(self._source, safe='')}/live"
            if kind is DocumentKind.BUNDLE
            else "/api/v1/fleet/directory"
        )
        if held is None or not held.etag:
            return self._verified(of, read_envelope(self._link.get(path).body, kind), now)
        answer = self._link.get(
            f"{path}?since={_number(held.value)}", etag=held.etag, accept=_ACCEPT
        )
        if answer.status == 304:
            return held
        if answer.media_type != DELTA_MEDIA_TYPE:
            return self._verified(of, read_envelope(answer.body, kind), now)
        try:
            return self._patched(of, kind, held, answer, now)
        except (ValueError, TypeError, LookupError, RecursionError, PolicyServiceError):
            # A difference that does not fit is no reason to do without the policy.
            return self._verified(of, read_envelope(self._link.get(path).body, kind), now)

    def _patched(
        self, of: type[T], kind: DocumentKind, held: Held[T], answer: Answer, now: datetime
    ) -> Held[T]:
        delta = from_plain(DocumentDelta, json.loads(answer.body))
        base = self._folder.read(kind)
        if base is None or not base.sha256 == held.sha256 == delta.base_sha256:
            raise PublicationError("the difference is to another document")
        document = apply_delta(base.text, delta)
        if document.kind is not kind:
            raise SignatureError("the difference is of another kind")
        self.keys.check(document, now=now)
        return self._accepted(merge_delta(of, held.value, delta), document, now)

    def _verified(self, of: type[T], document: SignedDocument, now: datetime) -> Held[T]:
        self.keys.check(document, now=now)
        return self._accepted(bundle_file.open_document(of, document), document, now)

    def _accepted(self, value: T, document: SignedDocument, now: datetime) -> Held[T]:
        """Refuse what is for others, over, of the future, older than seen, or a second version."""
        bundle_file.check_addressee(value, tenant=self._tenant, source=self._source)
        seen, sha256 = (
            (self._marks.revision, self._marks.bundle_sha256)
            if isinstance(value, Bundle)
            else (self._marks.directory, self._marks.directory_sha256)
        )
        bundle_file.check_age(value, now=now, newest_seen=seen)
        if _number(value) == seen and document.sha256 != sha256:
            raise SignatureError(
                f"{document.kind} {seen} was another one before; do not use either, ask who "
                "publishes"
            )
        return Held(value, document.sha256, document.etag, document)

    def _restored(
        self, of: type[T], document: SignedDocument | None, now: datetime
    ) -> Held[T] | None:
        return None if document is None else self._verified(of, document, now)

    def _put_in_force(self, bundle: Held[Bundle], directory: Held[DirectoryDocument]) -> None:
        """Compile and try it first, then keep it on disk, then swap: a crash leaves a whole one."""
        people = directory.value.people
        engine = self._compile(
            bundle.value,
            Directory(people=people, sha256=Sha256Hex(content_sha256(to_plain(people)))),
        )
        check_canaries(engine)
        self._hold(bundle, directory)
        self._keep_marks(bundle, directory, contact_at=self._marks.contact_at)
        self._inner.swap(engine)

    def _hold(self, bundle: Held[Bundle], directory: Held[DirectoryDocument]) -> None:
        """Keep both on disk; in memory their texts are not needed any more."""
        for held in (bundle, directory):
            if held.document is not None:
                self._folder.write(held.document)
        self.bundle = replace(bundle, document=None)
        self.directory = replace(directory, document=None)

    def _in_force(self) -> tuple[str, str]:
        if self.bundle is None or self.directory is None or not self._inner.revision:
            return "", ""
        return self.bundle.sha256, self.directory.sha256

    def _keep_marks(
        self, bundle: Held[Bundle], directory: Held[DirectoryDocument], *, contact_at: str
    ) -> None:
        self._marks = Marks(
            revision=bundle.value.revision,
            bundle_sha256=bundle.sha256,
            directory=directory.value.sequence,
            directory_sha256=directory.sha256,
            contact_at=contact_at,
        )
        self._folder.write_marks(self._marks)


def _number(value: Bundle | DirectoryDocument) -> int:
    return value.revision if isinstance(value, Bundle) else value.sequence
