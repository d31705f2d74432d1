"""The cryptography engine against Wycheproof's vectors, and what it says of wrong input."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy_service.domain.errors import EncryptionError, KeyUnavailableError, SignatureError
from policy_service.engines.cryptography import (
    KEY_BYTES,
    Aead,
    AeadAlgorithm,
    Ed25519Signer,
    Ed25519Verifier,
    PassphraseCost,
    hkdf_sha256,
    key_id_of,
    passphrase_key,
    unwrap_key,
    wrap_key,
)

CHEAP = PassphraseCost(memory_kib=64, iterations=1, lanes=1)


def _cases(folder: Path, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    groups = json.loads((folder / "crypto_vectors" / f"{name}_test.json").read_text())
    for group in groups["testGroups"]:
        for case in group["tests"]:
            yield group, case


def _aead_outcome(algorithm: AeadAlgorithm, case: dict[str, Any]) -> bytes | None:
    field = {name: bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")}
    try:
        return Aead(algorithm=algorithm, key=field["key"]).open(
            nonce=field["iv"],
            ciphertext=field["ct"] + field["tag"],
            associated_data=field["aad"],
        )
    except EncryptionError:
        return None


@pytest.mark.parametrize(
    ("name", "algorithm", "judged", "skipped"),
    [
        # AES-256 only; IVs under 8 or over 128 bytes the library refuses by design.
        ("aes_gcm", AeadAlgorithm.AES_256_GCM, 47, 111),
        ("aes_gcm_siv", AeadAlgorithm.AES_256_GCM_SIV, 52, 49),
        ("chacha20_poly1305", AeadAlgorithm.CHACHA20_POLY1305, 162, 0),
    ],
)
def test_aead_agrees_with_every_vector_for_our_key_size(
    shared_data: Path, name: str, algorithm: AeadAlgorithm, judged: int, skipped: int
) -> None:
    """Valid ciphertexts open to their message, invalid ones to nothing; the skipped are counted."""
    counted = [0, 0]
    for group, case in _cases(shared_data, name):
        if group["keySize"] != KEY_BYTES * 8 or not 64 <= group["ivSize"] <= 1024:
            counted[1] += 1
            continue
        counted[0] += 1
        expected = bytes.fromhex(case["msg"]) if case["result"] == "valid" else None
        assert _aead_outcome(algorithm, case) == expected, case["tcId"]
    assert counted == [judged, skipped]


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("aes_gcm", AeadAlgorithm.AES_256_GCM),
        ("aes_gcm_siv", AeadAlgorithm.AES_256_GCM_SIV),
        ("chacha20_poly1305", AeadAlgorithm.CHACHA20_POLY1305),
    ],
)
def test_aead_seals_to_the_vectors_bytes(
    shared_data: Path, name: str, algorithm: AeadAlgorithm
) -> None:
    """Sealing the message of a valid vector gives its ciphertext and tag."""
    for group, case in _cases(shared_data, name):
        if group["keySize"] != 256 or group["ivSize"] != 96 or case["result"] != "valid":
            continue
        sealed = Aead(algorithm=algorithm, key=bytes.fromhex(case["key"])).seal(
            nonce=bytes.fromhex(case["iv"]),
            plaintext=bytes.fromhex(case["msg"]),
            associated_data=bytes.fromhex(case["aad"]),
        )
        assert sealed.hex() == case["ct"] + case["tag"], case["tcId"]


@pytest.mark.parametrize(("name", "padded"), [("aes_kwp", True), ("aes_wrap", False)])
def test_key_wrap_agrees_with_every_vector(shared_data: Path, name: str, padded: bool) -> None:
    """Valid wrapped keys open to the key and wrap back to the same bytes; invalid ones do not."""
    for _, case in _cases(shared_data, name):
        wrapping_key, key, wrapped = (bytes.fromhex(case[one]) for one in ("key", "msg", "ct"))
        try:
            opened = unwrap_key(wrapping_key=wrapping_key, wrapped=wrapped, padded=padded)
        except KeyUnavailableError:
            opened = None
        if case["result"] == "invalid":
            assert opened != key, case["tcId"]
        elif case["result"] == "valid":
            assert opened == key, case["tcId"]
            assert wrap_key(wrapping_key=wrapping_key, key=key, padded=padded) == wrapped


def test_hkdf_agrees_with_every_vector(shared_data: Path) -> None:
    """HKDF-SHA256 gives the listed bytes, and refuses more than 255 hashes' worth."""
    for _, case in _cases(shared_data, "hkdf_sha256"):
        try:
            derived = hkdf_sha256(
                secret=bytes.fromhex(case["ikm"]),
                salt=bytes.fromhex(case["salt"]),
                info=bytes.fromhex(case["info"]),
                length=case["size"],
            ).hex()
        except EncryptionError:
            derived = None
        assert derived == (case["okm"] if case["result"] == "valid" else None), case["tcId"]


def test_ed25519_agrees_with_every_vector(shared_data: Path) -> None:
    """Exactly the valid signatures of the vectors verify."""
    for group, case in _cases(shared_data, "ed25519"):
        raw = bytes.fromhex(group["publicKey"]["pk"])
        try:
            Ed25519Verifier([raw]).verify(
                key_id=key_id_of(raw),
                message=bytes.fromhex(case["msg"]),
                signature=bytes.fromhex(case["sig"]),
            )
            accepted = True
        except SignatureError:
            accepted = False
        assert accepted == (case["result"] == "valid"), case["tcId"]


def test_a_key_of_another_size_is_refused() -> None:
    """AES-128 never passes for AES-256."""
    with pytest.raises(EncryptionError, match="`AES-256-GCM` needs a key of 32 bytes"):
        Aead(algorithm=AeadAlgorithm.AES_256_GCM, key=bytes(16))


def test_a_wrong_nonce_is_refused() -> None:
    """A nonce of the wrong size seals nothing and opens nothing."""
    aead = Aead(algorithm=AeadAlgorithm.CHACHA20_POLY1305, key=bytes(32))
    with pytest.raises(EncryptionError, match="refused the nonce"):
        aead.seal(nonce=b"", plaintext=b"x", associated_data=b"")
    with pytest.raises(EncryptionError, match="do not use it"):
        aead.open(nonce=b"", ciphertext=bytes(17), associated_data=b"")


def test_an_unwrappable_key_is_refused() -> None:
    """An empty key cannot be wrapped."""
    with pytest.raises(EncryptionError, match="cannot be wrapped"):
        wrap_key(wrapping_key=bytes(32), key=b"")


def test_a_passphrase_gives_one_key_for_its_salt() -> None:
    """Argon2id is deterministic, differs by salt, and refuses a salt that is too short."""
    one = passphrase_key(passphrase="correct horse", salt=bytes(16), cost=CHEAP)
    assert one == passphrase_key(passphrase="correct horse", salt=bytes(16), cost=CHEAP)
    assert one != passphrase_key(passphrase="correct horse", salt=b"1" * 16, cost=CHEAP)
    with pytest.raises(EncryptionError, match="Argon2id refused"):
        passphrase_key(passphrase="correct horse", salt=b"", cost=CHEAP)


def test_a_signing_key_survives_its_pem() -> None:
    """A private key read back from PEM, in clear or under a passphrase, is the same key."""
    signer = Ed25519Signer(seed=b"s" * 32)
    for passphrase in (None, "correct horse"):
        again = Ed25519Signer.from_pem(
            signer.private_pem(passphrase=passphrase), passphrase=passphrase
        )
        assert again.key_id == signer.key_id
        assert again.sign(b"message") == signer.sign(b"message")


def test_a_signing_key_that_does_not_open_says_what_to_check() -> None:
    """A wrong passphrase, garbage, another kind of key and a short seed are all refused."""
    pem = Ed25519Signer(seed=b"s" * 32).private_pem(passphrase="correct horse")
    for data, passphrase in ((pem, "battery staple"), (pem, None), (b"garbage", None)):
        with pytest.raises(KeyUnavailableError, match="does not open"):
            Ed25519Signer.from_pem(data, passphrase=passphrase)
    with pytest.raises(KeyUnavailableError, match="32 bytes"):
        Ed25519Signer(seed=b"short")


def test_a_signing_key_of_another_kind_is_refused() -> None:
    """An X25519 key in PKCS #8 form does not become a signing key."""
    x25519 = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB
-----END PRIVATE KEY-----
"""
    with pytest.raises(KeyUnavailableError, match="not an Ed25519 key"):
        Ed25519Signer.from_pem(x25519)


def test_a_verifier_knows_several_keys() -> None:
    """What any trusted key signed verifies, after a round trip through PEM too."""
    signers = [Ed25519Signer(seed=bytes([n]) * 32) for n in (1, 2)]
    verifier = Ed25519Verifier(one.public_key for one in signers)
    again = Ed25519Verifier.from_pem(verifier.pem())
    assert again.key_ids == verifier.key_ids == tuple(sorted(one.key_id for one in signers))
    for signer in signers:
        again.verify(key_id=signer.key_id, message=b"m", signature=signer.sign(b"m"))


def test_a_verifier_refuses_what_it_does_not_trust() -> None:
    """An unknown key id, another message and another key's signature raise `SignatureError`."""
    signer, other = (Ed25519Signer(seed=bytes([n]) * 32) for n in (1, 2))
    verifier = Ed25519Verifier([signer.public_key])
    with pytest.raises(SignatureError, match=f"key `{other.key_id}` is not trusted"):
        verifier.verify(key_id=other.key_id, message=b"m", signature=other.sign(b"m"))
    for signature in (other.sign(b"m"), signer.sign(b"n"), b""):
        with pytest.raises(SignatureError, match="does not fit"):
            verifier.verify(key_id=signer.key_id, message=b"m", signature=signature)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no public key found"),
        ("-----END PUBLIC KEY-----", "cannot be read"),
    ],
)
def test_a_public_key_that_is_none_is_refused(text: str, said: str) -> None:
    """No block, and a block that is garbage, each get their own line."""
    with pytest.raises(SignatureError, match=said):
        Ed25519Verifier.from_pem(text)


def test_another_kind_of_public_key_is_refused() -> None:
    """An X25519 public key and a raw key of the wrong length are not trusted."""
    x25519 = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VuAyEApOCSkrZRwnI6dqMCiTo/IxVKkOW3XrUqVMlMbEBV3h8=\n"
        "-----END PUBLIC KEY-----\n"
    )
    with pytest.raises(SignatureError, match="not an Ed25519 key"):
        Ed25519Verifier.from_pem(x25519)
    with pytest.raises(SignatureError, match="32 bytes"):
        Ed25519Verifier([b"short"])
