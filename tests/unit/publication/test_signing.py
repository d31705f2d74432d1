"""Signing bundles, and verifying them with one key: the whole way, and each way of refusal."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import PublicationError, SignatureError, StaleBundleError
from policy_service.domain.identifiers import Revision, Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.domain.signed_document import document_text, read_envelope, write_envelope
from policy_service.enforcement.bundle_file import signed_document, verify_bundle
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.canonical import canonical_json, content_sha256
from policy_service.kit.hashing import sha256_hex
from policy_service.publication.signing import cosign_bundle, sign_bundle
from tests.builders import NOW, make_bundle

SIGNER = Ed25519Signer(seed=b"1" * 32)
OTHER = Ed25519Signer(seed=b"2" * 32)
KEYS = Ed25519Verifier([SIGNER.public_key])


def make_signed(**changes: object) -> SignedBundle:
    """A signed bundle of revision 2, or of what is asked for."""
    return sign_bundle(make_bundle(**{"revision": 2, **changes}), signer=SIGNER)


def test_a_signed_bundle_verifies() -> None:
    """Signed and verified, a bundle is the one that was signed."""
    assert verify_bundle(make_signed(), verifier=KEYS, now=NOW) == make_bundle(revision=2)


def test_an_envelope_is_the_canonical_form_of_the_signed_bundle() -> None:
    """What travels is, byte for byte, the canonical JSON of bundle, hash and signatures."""
    signed = cosign_bundle(make_signed(), signer=OTHER)
    envelope = write_envelope(signed_document(signed))
    assert envelope == canonical_json(to_plain(signed))
    assert read_envelope(envelope, signed_document(signed).kind) == signed_document(signed)


def test_a_signature_says_what_it_is_for() -> None:
    """Signed is the kind of document before its bytes, so that a signature fits nothing else."""
    signed = make_signed()
    text = document_text(signed.bundle)
    assert signed.sha256 == sha256_hex(text.encode())
    assert json.loads(text) == to_plain(signed.bundle)
    with pytest.raises(SignatureError):
        KEYS.verify(key_id=SIGNER.key_id, message=text.encode(), signature=SIGNER.sign(b"bundle"))


def test_a_second_signature_changes_the_tag_and_not_the_hash() -> None:
    """A further signature leaves hash and bytes alone, gives another tag, and counts once."""
    signed = make_signed()
    twice = cosign_bundle(signed, signer=OTHER)
    assert twice.sha256 == signed.sha256
    assert signed_document(twice).etag != signed_document(signed).etag == signed.sha256
    assert cosign_bundle(twice, signer=OTHER) == twice
    assert cosign_bundle(signed, signer=SIGNER) == signed


def test_content_that_was_changed_with_its_hash_is_refused() -> None:
    """A changed bundle with a fitting hash still lacks its signature."""
    signed = make_signed()
    changed = replace(signed.bundle, tenant="other")
    forged = replace(signed, bundle=changed, sha256=Sha256Hex(content_sha256(to_plain(changed))))
    with pytest.raises(SignatureError, match="does not fit"):
        verify_bundle(forged, verifier=KEYS, now=NOW)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key_id": "key-9"}, "`key-9` is not trusted"),
        ({"signature": "not base64!"}, "not base64"),
        ({"signature": ""}, "does not fit"),
        ({"sha256": "0" * 64}, "not what was signed"),
    ],
)
def test_a_wrong_envelope_is_refused(change: dict, said: str) -> None:
    """An unknown key, a broken signature and a wrong hash are refused."""
    with pytest.raises(SignatureError, match=said):
        verify_bundle(replace(make_signed(), **change), verifier=KEYS, now=NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
def test_an_expired_bundle_is_refused(late: timedelta) -> None:
    """From its last moment on a bundle is stale."""
    with pytest.raises(StaleBundleError, match="publish the policy again"):
        verify_bundle(make_signed(), verifier=KEYS, now=NOW + timedelta(days=30) + late)


def test_an_older_revision_is_refused() -> None:
    """A bundle older than the newest one seen is a way back that nobody approved."""
    signed = make_signed()
    assert verify_bundle(signed, verifier=KEYS, now=NOW, newest_seen=Revision(2))
    with pytest.raises(PublicationError, match="older than 3"):
        verify_bundle(signed, verifier=KEYS, now=NOW, newest_seen=Revision(3))


def test_a_preview_is_never_signed() -> None:
    """Revision 0 is a preview and gets no signature."""
    with pytest.raises(PublicationError, match="never signed"):
        make_signed(revision=0)


def test_the_expiry_must_be_readable() -> None:
    """A signed bundle whose expiry is no time is refused."""
    signed = sign_bundle(replace(make_bundle(), expires_at="never"), signer=SIGNER)
    with pytest.raises(PublicationError, match="no readable issue or expiry"):
        verify_bundle(signed, verifier=KEYS, now=NOW)
