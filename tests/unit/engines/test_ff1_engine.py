"""FF1 against NIST's samples, Wycheproof's vectors and two libraries, and what it refuses."""

import json
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ffx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.errors import MaskingError
from policy_service.engines import ff1
from policy_service.engines.ff1 import FF1

KEY = bytes(range(32))
BASE36 = string.digits + string.ascii_lowercase
ALPHABETS = (string.digits, BASE36, string.digits + string.ascii_letters)
SAMPLES = [
    # NIST SP 800-38G, samples 1, 3 and 9 of the FF1 examples
    ("2b7e151628aed2a6abf7158809cf4f3c", 10, "", "0123456789", "2433477484"),
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        36,
        "3737373770717273373737",
        "0123456789abcdefghi",
        "a9tv40mll9kdu509eum",
    ),
    (
        "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94",
        36,
        "3737373770717273373737",
        "0123456789abcdefghi",
        "xs8a0azh2avyalyzuwd",
    ),
]


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "masked"), SAMPLES)
def test_published_samples(key: str, radix: int, tweak: str, plain: str, masked: str) -> None:
    """The samples that NIST published encrypt and decrypt as printed."""
    cipher = FF1(key=bytes.fromhex(key), alphabet=BASE36[:radix])
    assert cipher.encrypt([plain], tweak=bytes.fromhex(tweak)) == [masked]
    assert cipher.decrypt([masked], tweak=bytes.fromhex(tweak)) == [plain]


def test_every_sample_of_nist(shared_data: Path) -> None:
    """All nine samples, for every key size and both alphabets."""
    samples = json.loads((shared_data / "crypto_vectors" / "nist_ff1_samples.json").read_text())
    assert len(samples) == 9
    for one in samples:
        cipher = FF1(key=bytes.fromhex(one["key"]), alphabet=BASE36[: one["radix"]])
        tweak = bytes.fromhex(one["tweak"])
        assert cipher.encrypt([one["plaintext"]], tweak=tweak) == [one["ciphertext"]]


@pytest.mark.parametrize(
    ("name", "valid", "refused"),
    [("aes_ff1_radix10", 548, 11), ("aes_ff1_base36", 415, 9)],
)
def test_every_vector_of_wycheproof(shared_data: Path, name: str, valid: int, refused: int) -> None:
    """Valid vectors agree both ways; wrong keys and lengths are refused, as is a small domain."""
    file = shared_data / "crypto_vectors" / f"{name}_test.json"
    agreed, denied = 0, 0
    for group in json.loads(file.read_text())["testGroups"]:
        alphabet = group.get("alphabet", string.digits)
        for case in group["tests"]:
            if _agrees(case, alphabet):
                agreed += 1
            else:
                small = len(alphabet) ** len(case["msg"]) < ff1.MINIMUM_DOMAIN
                assert small or case["result"] == "invalid"
                denied += 1
    assert (agreed, denied) == (valid, refused)


def _agrees(case: dict[str, Any], alphabet: str) -> bool:
    plain, masked = (_text(case[name], alphabet) for name in ("msg", "ct"))
    tweak = bytes.fromhex(case["tweak"])
    try:
        cipher = FF1(key=bytes.fromhex(case["key"]), alphabet=alphabet)
        assert cipher.encrypt([plain], tweak=tweak) == [masked]
        assert cipher.decrypt([masked], tweak=tweak) == [plain]
    except MaskingError:
        return False
    return True


def _text(symbols: str | list[int], alphabet: str) -> str:
    if isinstance(symbols, str):
        return symbols
    return "".join(alphabet[symbol] for symbol in symbols)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), alphabet=st.sampled_from(ALPHABETS), tweak=st.binary(max_size=20))
def test_two_libraries_agree(data: st.DataObject, alphabet: str, tweak: bytes) -> None:
    """Texts of mixed lengths, encrypted together, are what libffx and fastfpe make of each."""
    rust = pytest.importorskip("fastfpe.ff1", reason="fastfpe is not installed")
    one = st.text(alphabet=alphabet, min_size=6, max_size=70)
    texts = data.draw(st.lists(one, min_size=1, max_size=6))
    masked = FF1(key=KEY, alphabet=alphabet).encrypt(texts, tweak=tweak)
    peer = ffx.FF1(KEY, alphabet=alphabet)
    assert masked == [peer.encrypt(text, tweak=tweak) for text in texts]
    for text, got in zip(texts, masked, strict=True):
        assert rust.encrypt(KEY.hex(), tweak.hex(), alphabet, text) == got
    assert FF1(key=KEY, alphabet=alphabet).decrypt(masked, tweak=tweak) == texts


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=9), st.integers(0, 2**96 - 1))
def test_words_and_blocks_give_the_same_masks(halves: list[int], before: int) -> None:
    """The round function in 64-bit words equals the one for any size."""
    aes = FF1(key=KEY, alphabet=string.digits)._cipher.encryptor().update
    before <<= 32  # what is fixed leaves room for the half
    wide = ff1._wide(before, halves, aes, blocks=1, mask_bytes=8)
    assert list(ff1._narrow(before, halves, aes)) == list(wide)


def test_alphabets_of_any_symbols() -> None:
    """An alphabet may be two symbols or thousands, and need not be ASCII."""
    for alphabet in ("ab", "αβγδ", "".join(map(chr, range(0x4E00, 0x4E00 + 4000)))):
        text = (alphabet * 30)[:30]
        cipher = FF1(key=KEY, alphabet=alphabet)
        assert cipher.encrypt([text]) == [ffx.FF1(KEY, alphabet=alphabet).encrypt(text)]
        assert cipher.decrypt(cipher.encrypt([text, text[:20]])) == [text, text[:20]]


def test_the_longest_text() -> None:
    """Eight thousand digits are encrypted and come back; one more is refused."""
    cipher = FF1(key=KEY, alphabet=string.digits)
    text = "0123456789" * 800
    assert cipher.decrypt(cipher.encrypt([text])) == [text]
    with pytest.raises(MaskingError, match="too long"):
        cipher.encrypt([text + "0"])


def test_nothing_in_nothing_out() -> None:
    """An empty list is no error."""
    assert FF1(key=KEY, alphabet=string.digits).encrypt([]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("12345", "a million"), ("", "a million"), ("12345a", "outside its alphabet"),
     ("١٢٣٤٥٦٧", "outside its alphabet"), ("12_345_678", "outside its alphabet")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text: str, said: str) -> None:
    """A text that is too short or has another symbol fails the whole call, unnamed."""
    with pytest.raises(MaskingError, match=said) as told:
        FF1(key=KEY, alphabet=string.digits).encrypt(["1234567", text])
    assert not text or text not in str(told.value)


@pytest.mark.parametrize(
    ("key", "alphabet", "said"),
    [
        (b"short", string.digits, "16, 24 or 32 bytes"),
        (KEY, "1", "different symbols"),
        (KEY, "00", "different symbols"),
    ],
)
def test_unusable_keys_and_alphabets(key: bytes, alphabet: str, said: str) -> None:
    """A key that AES does not take and an alphabet that is none are told at once."""
    with pytest.raises(MaskingError, match=said):
        FF1(key=key, alphabet=alphabet)


def test_threads_share_a_cipher() -> None:
    """Calls at the same time do not disturb each other."""
    cipher = FF1(key=KEY, alphabet=string.digits)
    texts = [f"{number:012d}" for number in range(400)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(cipher.encrypt, [texts] * 8))
    assert answers == [cipher.encrypt(texts)] * 8
