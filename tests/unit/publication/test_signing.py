"""Signed bundles: the whole way through a file, and every way in which one is refused."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import PublicationError, SignatureError, StaleBundleError
from policy_service.domain.identifiers import Revision, Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.publication.signing import (
    read_bundle,
    sign_bundle,
    verify_bundle,
    write_bundle,
)
from tests.builders import NOW, make_bundle


class Sealer:
    """Signs and verifies with one secret: the smallest thing that fits both protocols."""

    key_id = "key-1"

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(b"secret", message, "sha256")

    def verify(self, *, key_id: str, message: bytes, signature: bytes) -> None:
        if key_id != self.key_id:
            raise SignatureError(f"key `{key_id}` is not trusted")
        if not hmac.compare_digest(self.sign(message), signature):
            raise SignatureError("the signature does not fit")


SEALER = Sealer()


def make_signed(**changes: object) -> SignedBundle:
    """A signed bundle of revision 2, or of what is asked for."""
    return sign_bundle(make_bundle(**{"revision": 2, **changes}), signer=SEALER)


def test_file_gives_back_what_was_signed(tmp_path: Path) -> None:
    """Written, read and verified, a bundle is the one that was signed."""
    path = tmp_path / "bundles" / "bundle.json"
    write_bundle(make_signed(), path)
    found = verify_bundle(read_bundle(path), verifier=SEALER, now=NOW)
    assert found == make_bundle(revision=2)
    assert [entry.name for entry in path.parent.iterdir()] == ["bundle.json"]


def test_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    """Signing the same bundle twice writes the same file."""
    for name in ("one", "two"):
        write_bundle(make_signed(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
)
@given(data=st.data())
def test_any_flipped_byte_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    """Whichever byte of the file is changed, the bundle is refused as changed."""
    path = tmp_path / "bundle.json"
    write_bundle(make_signed(), path)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    with pytest.raises(SignatureError):
        verify_bundle(read_bundle(path), verifier=SEALER, now=NOW)


def test_other_spelling_of_the_same_values_is_refused(tmp_path: Path) -> None:
    """A file with the same values but other bytes is not what was written."""
    path = tmp_path / "bundle.json"
    write_bundle(make_signed(), path)
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1), encoding="utf-8")
    with pytest.raises(SignatureError, match="not what was signed"):
        read_bundle(path)


def test_content_that_was_changed_with_its_hash_is_refused() -> None:
    """A changed bundle with a fitting hash still lacks its signature."""
    signed = make_signed()
    changed = replace(signed.bundle, tenant="other")
    forged = replace(signed, bundle=changed, sha256=Sha256Hex(content_sha256(to_plain(changed))))
    with pytest.raises(SignatureError, match="does not fit"):
        verify_bundle(forged, verifier=SEALER, now=NOW)


def test_signature_says_what_it_is_for() -> None:
    """A signature over the bare bytes of a bundle, made for another end, does not fit."""
    signed = make_signed()
    assert (
        signed.sha256
        == hashlib.sha256(
            json.dumps(
                to_plain(signed.bundle), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            ).encode()
        ).hexdigest()
    )
    bare = SEALER.sign(bytes.fromhex(signed.sha256))
    assert bare.hex() not in signed.signature


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key_id": "key-9"}, "`key-9` is not trusted"),
        ({"signature": "not base64!"}, "not base64"),
        ({"signature": ""}, "does not fit"),
        ({"sha256": "0" * 64}, "not what was signed"),
    ],
)
def test_wrong_envelope_is_refused(change: dict, said: str) -> None:
    """An unknown key, a broken signature and a wrong hash are refused."""
    with pytest.raises(SignatureError, match=said):
        verify_bundle(replace(make_signed(), **change), verifier=SEALER, now=NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
def test_expired_bundle_is_refused(late: timedelta) -> None:
    """From its last moment on a bundle is stale."""
    with pytest.raises(StaleBundleError, match="publish the policy again"):
        verify_bundle(make_signed(), verifier=SEALER, now=NOW + timedelta(days=30) + late)


def test_older_revision_is_refused() -> None:
    """A bundle older than the newest one seen is a way back that nobody approved."""
    signed = make_signed()
    assert verify_bundle(signed, verifier=SEALER, now=NOW, newest_seen=Revision(2))
    with pytest.raises(PublicationError, match="older than 3"):
        verify_bundle(signed, verifier=SEALER, now=NOW, newest_seen=Revision(3))


def test_preview_is_never_signed() -> None:
    """Revision 0 is a preview and gets no signature."""
    with pytest.raises(PublicationError, match="never signed"):
        make_signed(revision=0)


def test_expiry_must_be_readable() -> None:
    """A signed bundle whose expiry is no time is refused."""
    signed = sign_bundle(replace(make_bundle(), expires_at="never"), signer=SEALER)
    with pytest.raises(PublicationError, match="no readable expiry"):
        verify_bundle(signed, verifier=SEALER, now=NOW)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"bundle": 1e999}']
)
def test_file_that_is_no_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever else a file holds, it is refused as changed."""
    path = tmp_path / "bundle.json"
    path.write_bytes(content)
    with pytest.raises(SignatureError, match=r"`bundle\.json` is not what was signed"):
        read_bundle(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A bundle that is not there is named without its folder."""
    with pytest.raises(PublicationError, match=r"cannot read `bundle\.json`"):
        read_bundle(tmp_path / "bundle.json")


def test_failed_write_keeps_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails, the old bundle stays and nothing else is left."""
    path = tmp_path / "bundle.json"
    write_bundle(make_signed(), path)
    before = path.read_bytes()

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(PublicationError, match="No space left"):
        write_bundle(make_signed(revision=3), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
