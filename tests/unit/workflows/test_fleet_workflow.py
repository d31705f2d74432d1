"""The fleet at the service: keys and their versions, further signatures, documents, reports."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.errors import (
    ConflictError,
    NotFoundError,
    SignatureError,
    UsageError,
)
from policy_service.domain.fleet import PointReport
from policy_service.domain.identifiers import Revision
from policy_service.domain.signed_document import DocumentKind, read_envelope
from policy_service.encryption.signing_keys import open_signing_key
from policy_service.enforcement.trusted_keys import open_chain, open_keyset
from policy_service.engines.cryptography import Ed25519Signer
from policy_service.kit.clock import FixedClock
from policy_service.workflows import trusted_keys as keys
from policy_service.workflows.audit import list_entries
from policy_service.workflows.fleet import (
    DELTA_MEDIA_TYPE,
    FULL_MEDIA_TYPE,
    FleetDesk,
    PointState,
    forget_point,
    list_points,
    save_report,
)
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import Platform
from policy_service.workflows.publish import cosign, find_bundle, publish, roll_back
from tests.builders import ANALYST, NOW, make_person
from tests.fixtures.fleet import publish_stricter
from tests.fixtures.web import Web, web, web_home, web_platform

__all__ = ["web", "web_home", "web_platform"]
ALICE = Ed25519Signer(seed=b"a" * 32)
BOB = Ed25519Signer(seed=b"b" * 32)


def two_must_sign(platform: Platform) -> None:
    """Trust Alice, and want two holders from now on."""
    keys.trust_key(
        platform, ALICE.public_key, holder="alice", threshold=2, actor="ada", others=(ALICE,)
    )


def test_a_rotated_key_is_vouched_for_by_the_old_one(web_platform: Platform) -> None:
    """Both keys are trusted for the overlap, what is live gets both signatures, the file is new."""
    platform = web_platform
    root = keys.trusted_keys(platform)
    made = keys.rotate_key(platform, actor="ada", passphrase=None)
    fresh = open_signing_key(platform.folder / "signing.pem")
    assert {key.key_id for key in made.keyset.keys} == {platform.signer.key_id, fresh.key_id}
    ends = {key.key_id: key.not_after for key in made.keyset.keys}
    assert ends == {platform.signer.key_id: "2026-04-01T12:00:00.000000Z", fresh.key_id: ""}
    chain = open_chain(root, keys.keysets_after(platform, 1), now=NOW)
    assert chain.keyset == made.keyset
    assert list_entries(platform, kind="key_rotation")[0].event.subject == "key set 2"


def test_what_is_live_gets_the_new_keys_signature_too(web: Web) -> None:
    """After a rotation the live bundle verifies by either key."""
    web.publish()
    keys.rotate_key(web.platform, actor="ada", passphrase=None)
    fresh = open_signing_key(web.platform.folder / "signing.pem")
    signed = find_bundle(web.platform, "bank")
    assert [one.key_id for one in signed.cosignatures] == [fresh.key_id]


def test_an_ended_key_leaves_the_next_set(web_platform: Platform, clock: FixedClock) -> None:
    """Once its overlap is over, the old key is not in the next version."""
    keys.rotate_key(web_platform, actor="ada", passphrase=None, overlap=timedelta(days=1))
    fresh = open_signing_key(web_platform.folder / "signing.pem")
    clock.advance(timedelta(days=2))
    renewed = keys.renew_keys(replace(web_platform, signer=fresh), actor="ada")
    assert [key.key_id for key in renewed.keyset.keys] == [fresh.key_id]


def test_where_two_must_sign_one_changes_no_keys(web_platform: Platform) -> None:
    """With a threshold of two, each change of the keys needs both holders."""
    platform = web_platform
    with pytest.raises(ConflictError, match="--with FILE"):
        keys.trust_key(platform, ALICE.public_key, holder="alice", threshold=2, actor="ada")
    two_must_sign(platform)
    before = (platform.folder / "signing.pem").read_bytes()
    for change in (
        lambda: keys.rotate_key(platform, actor="ada", passphrase=None),
        lambda: keys.renew_keys(platform, actor="ada"),
        lambda: keys.retire_key(platform, ALICE.key_id, threshold=1, actor="ada"),
    ):
        with pytest.raises(ConflictError, match="1 of 2 signatures"):
            change()
    assert (platform.folder / "signing.pem").read_bytes() == before
    assert open_keyset(keys.trusted_keys(platform)).version == 2
    made = keys.retire_key(platform, ALICE.key_id, threshold=1, actor="ada", others=(ALICE,))
    assert (made.version, made.keyset.threshold, len(made.keyset.keys)) == (3, 1, 1)


def test_keys_are_trusted_and_retired_by_name(web_platform: Platform) -> None:
    """A key twice, a nameless holder, an unknown key and the service's own are refused."""
    platform = web_platform
    keys.trust_key(platform, ALICE.public_key, holder="alice", threshold=None, actor="ada")
    with pytest.raises(ConflictError, match="trusted already"):
        keys.trust_key(platform, ALICE.public_key, holder="bob", threshold=None, actor="ada")
    for holder in ("", "service", "a\nb"):
        with pytest.raises(UsageError, match="--holder NAME"):
            keys.trust_key(platform, BOB.public_key, holder=holder, threshold=None, actor="ada")
    with pytest.raises(NotFoundError, match="no key `none`"):
        keys.retire_key(platform, "none", actor="ada")
    with pytest.raises(ConflictError, match="rotate it first"):
        keys.retire_key(platform, platform.signer.key_id, actor="ada")


def test_a_second_person_signs_a_bundle_once(web: Web) -> None:
    """A trusted holder's signature is kept and audited; a stranger's and a second one are not."""
    web.publish()
    two_must_sign(web.platform)
    with pytest.raises(SignatureError, match="not trusted"):
        cosign(web.platform, Revision(1), signer=BOB, actor="bob")
    signed = cosign(web.platform, Revision(1), signer=ALICE, actor="alice")
    assert find_bundle(web.platform, "bank") == signed
    trust = open_keyset(keys.trusted_keys(web.platform))
    document = read_envelope(FleetDesk(web.platform).bundle("bank").content, DocumentKind.BUNDLE)
    trust.check(document, now=NOW)
    with pytest.raises(ConflictError, match="signed revision 1 already"):
        cosign(web.platform, Revision(1), signer=ALICE, actor="alice")
    with pytest.raises(NotFoundError, match="no bundle has revision 9"):
        cosign(web.platform, Revision(9), signer=ALICE, actor="alice")
    assert list_entries(web.platform, kind="cosignature")[0].event.details["holder"] == "alice"


def test_a_point_that_has_one_revision_is_offered_the_difference(web: Web) -> None:
    """From a revision of the same source the way is short; from others, the whole."""
    web.publish()
    desk = FleetDesk(web.platform)
    with pytest.raises(NotFoundError, match="no policy of `shop` is live"):
        desk.bundle("shop")
    publish_stricter(web.platform)
    whole, short = desk.bundle("bank"), desk.bundle("bank", since=1)
    assert (whole.media_type, short.media_type) == (FULL_MEDIA_TYPE, DELTA_MEDIA_TYPE)
    assert whole.etag == short.etag == find_bundle(web.platform, "bank").sha256
    assert 2 * len(short.content) < len(whole.content)
    assert desk.bundle("bank", since=77) == whole
    roll_back(web.platform, "bank", actor="ada")
    assert desk.bundle("bank", since=2).etag != whole.etag


def test_people_get_an_edition_for_each_change(web_platform: Platform, clock: FixedClock) -> None:
    """An edition is issued when somebody comes or goes, and again at half of its time."""
    desk = FleetDesk(web_platform)
    first = desk.directory()
    assert desk.directory() == first
    assert json.loads(first.content)["directory"]["sequence"] == 1
    people = tuple(make_person(f"analyst-{number}", ANALYST) for number in range(50))
    replace_people(web_platform, people, actor="test")
    second = desk.directory(since=1)
    assert json.loads(desk.directory().content)["directory"]["sequence"] == 2
    assert second.media_type == FULL_MEDIA_TYPE  # everybody changed: nothing to save
    replace_people(web_platform, people[1:], actor="test")
    third = desk.directory(since=2)
    assert third.media_type == DELTA_MEDIA_TYPE
    assert "analyst-0" not in third.content.decode()  # a difference does not name who left
    clock.advance(web_platform.bundle_lifetime / 2)
    assert json.loads(desk.directory().content)["directory"]["sequence"] == 4
    assert FleetDesk(web_platform).directory(since=3).media_type == FULL_MEDIA_TYPE


def test_what_stands_has_another_mark_after_each_change(web: Web) -> None:
    """Bundle, further signatures, people and keys each change the mark; another source's do not."""
    desk = FleetDesk(web.platform)
    marks = [desk.standing().mark("bank")]
    web.publish()
    marks.append(desk.standing().mark("bank"))
    two_must_sign(web.platform)
    marks.append(desk.standing().mark("bank"))
    cosign(web.platform, Revision(1), signer=ALICE, actor="alice")
    marks.append(desk.standing().mark("bank"))
    replace_people(web.platform, (), actor="test")
    marks.append(desk.standing().mark("bank"))
    assert len(set(marks)) == len(marks)
    shop = desk.standing().mark("shop")
    publish(web.platform, web.draft.id, actor="ada", progress=lambda *_: None)
    assert desk.standing().mark("shop") == shop


def test_reports_say_how_each_point_is(web: Web, clock: FixedClock) -> None:
    """Current, behind, failing, stale, silent; and a point that is gone is forgotten."""
    web.publish()
    report = PointReport(
        name="pep",
        source="bank",
        revision=Revision(1),
        directory=1,
        keyset=1,
        in_force_since="",
        stale=False,
    )

    def state(**changes: object) -> PointState:
        save_report(web.platform, replace(report, **changes), account="ole")
        return list_points(web.platform)[0].state

    assert state() is PointState.CURRENT
    assert state(revision=Revision(7)) is PointState.BEHIND
    assert state(error="the service does not answer") is PointState.FAILING
    assert state(stale=True, error="late") is PointState.STALE
    assert state(revision=Revision(0)) is PointState.STALE
    assert len(list_points(web.platform)) == 1
    clock.advance(timedelta(seconds=181))
    assert list_points(web.platform)[0].state is PointState.SILENT
    assert forget_point(web.platform, "pep", actor="ada") == 1
    with pytest.raises(NotFoundError, match="no enforcement point `pep`"):
        forget_point(web.platform, "pep", actor="ada")


def test_a_broken_key_set_is_refused(web_platform: Platform, tmp_path: Path) -> None:
    """Keys with another id, twice, without base64 or time, and thresholds beyond the holders."""
    good = open_keyset(keys.trusted_keys(web_platform)).keyset
    key = good.keys[0]
    wrong = [
        (replace(good, keys=(replace(key, key_id="0" * 16),)), "another id"),
        (replace(good, keys=(key, key)), "twice"),
        (replace(good, keys=(replace(key, public_key="?"),)), "not base64"),
        (replace(good, expires_at="never"), "time that cannot be read"),
        (replace(good, threshold=2), "2 signatures of 1 holders"),
        (replace(good, threshold=0), "correct it"),
    ]
    from policy_service.publication.signing import sign_keyset

    for keyset, said in wrong:
        with pytest.raises(SignatureError, match=said):
            open_keyset(sign_keyset(keyset, signers=(web_platform.signer,)))
    odd = replace(keys.trusted_keys(web_platform), text='{"version":1}')
    with pytest.raises(SignatureError, match="another version"):
        open_keyset(odd)
    with pytest.raises(SignatureError, match="not what was signed"):
        open_keyset(replace(odd, text="{"))
