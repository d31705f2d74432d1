"""FF1 format-preserving encryption of many texts at once, over the AES of `cryptography`.

Each of the ten rounds is one call of AES for all texts of a length: that is what makes
it quick without native code of our own. It knows neither separators nor which alphabet
a value needs: `masking` does. Not constant in time: whoever can time it on their own
input next to the key is inside already.

Source: NIST SP 800-38G, algorithms 7 and 8; domains of a million values at least, as
its first revision (draft of 2025) asks. Tests hold it to NIST's samples, to Wycheproof's
vectors and to two libraries.
"""

import itertools
import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from policy_service.domain.errors import MaskingError

MINIMUM_DOMAIN = 1_000_000
LARGEST_RADIX = 1 << 16
_KEY_SIZES = (16, 24, 32)
_ROUNDS = 10
_BLOCK = 16
_BATCH = 4096  # texts in one call of AES: more would leave the processor's cache
_WORD = (1 << 64) - 1
_LONGEST = 8_000  # symbols: Python reads numbers of 4,300 digits at most, and a half is one
_SWAP = sys.byteorder == "little"

_Aes = Callable[[bytes], bytes]
_Halves = list[int]
_Turn = Callable[["_Shape", _Halves, _Halves, _Aes], tuple[_Halves, _Halves]]


class FF1:
    """FF1 under one key and alphabet, tweak empty unless given. Threads may share it."""

    def __init__(self, *, key: bytes, alphabet: str) -> None:
        """Raises `MaskingError` for a key of another size than AES's or an unusable alphabet."""
        if len(key) not in _KEY_SIZES:
            raise MaskingError("FF1 needs an AES key of 16, 24 or 32 bytes")
        self._numerals = _Numerals(alphabet)
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - FF1's CIPH_K
        self._shapes: dict[int, _Shape] = {}  # by length, of the empty tweak

    def encrypt(self, texts: Sequence[str], *, tweak: bytes = b"") -> list[str]:
        """Encrypt each text to one of its length over the alphabet.

        Raises `MaskingError`, and then returns nothing, where any text has another
        symbol or is so short that fewer than a million texts have its length.
        """
        return self._each_length(texts, tweak, _forward)

    def decrypt(self, texts: Sequence[str], *, tweak: bytes = b"") -> list[str]:
        """Undo `encrypt` under the same key, alphabet and tweak."""
        return self._each_length(texts, tweak, _backward)

    def _each_length(self, texts: Sequence[str], tweak: bytes, turn: "_Turn") -> list[str]:
        self._numerals.check(texts)
        places = defaultdict(list)
        for place, text in enumerate(texts):
            places[len(text)].append(place)
        turned = [""] * len(texts)
        aes = self._cipher.encryptor().update  # one for each call: it may not be shared
        for length, alike in places.items():
            shape = self._shape(length, tweak, aes)
            for start in range(0, len(alike), _BATCH):
                mine = alike[start : start + _BATCH]
                chosen = [texts[place] for place in mine]
                a = self._numerals.read([text[: shape.u] for text in chosen])
                b = self._numerals.read([text[shape.u :] for text in chosen])
                a, b = turn(shape, a, b, aes)
                left, right = self._numerals.write(a, shape.u), self._numerals.write(b, shape.v)
                for place, one, other in zip(mine, left, right, strict=True):
                    turned[place] = one + other
        return turned

    def _shape(self, length: int, tweak: bytes, aes: "_Aes") -> "_Shape":
        if tweak:
            return _shape(self._numerals.radix, length, tweak, aes)
        if length not in self._shapes:
            self._shapes[length] = _shape(self._numerals.radix, length, tweak, aes)
        return self._shapes[length]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What key, radix, length and tweak fix (names of SP 800-38G): u, v, b, d, and P and Q."""

    u: int
    v: int
    half_bytes: int  # b
    mask_bytes: int  # d
    tail_blocks: int  # blocks of Q, from the one where NUM(B) begins
    rounds: tuple[tuple[int, int], ...]  # modulus, and what is XORed with NUM(B) before AES


def _forward(shape: _Shape, a: _Halves, b: _Halves, aes: _Aes) -> tuple[_Halves, _Halves]:
    for modulus, before in shape.rounds:
        masks = _masks(shape, before, b, aes)
        a, b = b, [(one + mask) % modulus for one, mask in zip(a, masks, strict=True)]
    return a, b


def _backward(shape: _Shape, a: _Halves, b: _Halves, aes: _Aes) -> tuple[_Halves, _Halves]:
    for modulus, before in reversed(shape.rounds):
        masks = _masks(shape, before, a, aes)
        a, b = [(one - mask) % modulus for one, mask in zip(b, masks, strict=True)], a
    return a, b


def _shape(radix: int, length: int, tweak: bytes, aes: _Aes) -> _Shape:
    if length > _LONGEST:
        raise MaskingError(
            f"a value of {length} characters is too long for format_preserving; use pseudonymise"
        )
    # A short text is refused before radix ** length is worked out for a long one.
    if length < 2 or (length < 20 and radix**length < MINIMUM_DOMAIN):
        raise MaskingError(
            f"a value of {length} characters is too short for format_preserving; "
            "a million values must be possible: use pseudonymise"
        )
    u = length // 2
    v = length - u
    half_bytes = ((radix**v - 1).bit_length() + 7) // 8
    header = b"\x01\x02\x01" + radix.to_bytes(3) + bytes((_ROUNDS, u % 256))
    state = aes(header + length.to_bytes(4) + len(tweak).to_bytes(4))
    prefix = tweak + bytes((-len(tweak) - half_bytes - 1) % _BLOCK)
    tail_blocks = (len(prefix) + 1 + half_bytes) // _BLOCK - (len(prefix) + 1) // _BLOCK
    moduli = (radix**u, radix**v)
    return _Shape(
        u=u,
        v=v,
        half_bytes=half_bytes,
        mask_bytes=4 * -(-half_bytes // 4) + 4,
        tail_blocks=tail_blocks,
        rounds=tuple(
            (moduli[i & 1], _before(state, prefix + bytes((i,)), half_bytes, tail_blocks, aes))
            for i in range(_ROUNDS)
        ),
    )


def _before(state: bytes, fixed: bytes, half_bytes: int, tail_blocks: int, aes: _Aes) -> int:
    """Fold the part of Q that is the same for all texts; return state XOR what is left of it."""
    whole = len(fixed) // _BLOCK * _BLOCK
    for start in range(0, whole, _BLOCK):
        state = aes(_xor(state, fixed[start : start + _BLOCK]))
    rest = int.from_bytes(fixed[whole:]) << 8 * half_bytes
    return rest ^ (int.from_bytes(state) << 8 * _BLOCK * (tail_blocks - 1))


def _masks(shape: _Shape, before: int, halves: _Halves, aes: _Aes) -> Sequence[int]:
    """The round function F for all texts: NUM(S), not yet reduced."""
    if shape.tail_blocks == 1 and shape.half_bytes <= 4:
        return _narrow(before, halves, aes)
    return _wide(before, halves, aes, blocks=shape.tail_blocks, mask_bytes=shape.mask_bytes)


def _narrow(before: int, halves: _Halves, aes: _Aes) -> Sequence[int]:
    """Halves of four bytes at most, masks of eight: one block a text, in 64-bit words."""
    high, low = before >> 64, before & _WORD
    words = array("Q", (high, 0)) * len(halves)
    words[1::2] = array("Q", [low ^ half for half in halves])
    if _SWAP:
        words.byteswap()
    ciphered = array("Q", aes(words.tobytes()))
    if _SWAP:
        ciphered.byteswap()
    return ciphered[::2]


def _wide(
    before: int, halves: _Halves, aes: _Aes, *, blocks: int, mask_bytes: int
) -> Sequence[int]:
    """Halves and masks of any size: block by block of the MAC, all texts in each call."""
    size = blocks * _BLOCK
    tails = [(before ^ half).to_bytes(size) for half in halves]
    state = aes(b"".join([tail[:_BLOCK] for tail in tails]))
    for place in range(_BLOCK, size, _BLOCK):
        state = aes(_xor(state, b"".join([tail[place : place + _BLOCK] for tail in tails])))
    stretched = [state]
    for counter in range(1, -(-mask_bytes // _BLOCK)):
        stretched.append(aes(_xor(state, counter.to_bytes(_BLOCK) * len(halves))))
    places = range(0, len(state), _BLOCK)
    if len(stretched) == 1:
        return [int.from_bytes(state[place : place + mask_bytes]) for place in places]
    return [
        int.from_bytes(b"".join([part[place : place + _BLOCK] for part in stretched])[:mask_bytes])
        for place in places
    ]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


class _Numerals:
    """An alphabet: texts to numbers and back, most significant symbol first."""

    def __init__(self, alphabet: str) -> None:
        if not 2 <= len(alphabet) <= LARGEST_RADIX or len(set(alphabet)) != len(alphabet):
            raise MaskingError("FF1 needs an alphabet of 2 to 65,536 different symbols")
        self.radix = len(alphabet)
        self._symbols = frozenset(alphabet)
        self._values = {symbol: value for value, symbol in enumerate(alphabet)}
        self._decimal = alphabet == "0123456789"
        self._stride = 1 if self.radix > 100 else 2  # symbols written at a time
        self._groups = [
            "".join(group) for group in itertools.product(alphabet, repeat=self._stride)
        ]

    def check(self, texts: Sequence[str]) -> None:
        """Raise `MaskingError` where a text has a symbol that is not in the alphabet."""
        if not self._symbols.issuperset("".join(texts)):
            raise MaskingError("a value has a character outside its alphabet; use pseudonymise")

    def read(self, texts: Sequence[str]) -> _Halves:
        """Read numbers. Requires that `check` passed."""
        if self._decimal:
            return [int(text) for text in texts]
        return [self._number(text) for text in texts]

    def _number(self, text: str) -> int:
        number, radix, values = 0, self.radix, self._values
        for symbol in text:
            number = number * radix + values[symbol]
        return number

    def write(self, numbers: _Halves, width: int) -> list[str]:
        """Write numbers of `width` symbols. Requires numbers below radix ** width."""
        if self._decimal:
            return [f"{number:0{width}d}" for number in numbers]
        return [self._text(number, width) for number in numbers]

    def _text(self, number: int, width: int) -> str:
        step, groups, parts = self.radix**self._stride, self._groups, []
        for _ in range(-(-width // self._stride)):
            number, place = divmod(number, step)
            parts.append(groups[place])
        return "".join(reversed(parts))[-width:]
