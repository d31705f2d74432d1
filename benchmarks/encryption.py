"""Column encryption over raw AES-256-GCM, by the size of the value.

    python -m benchmarks.encryption [--quick]

The peer is the library's own cipher under one key, with a random nonce and the same
associated data for each value: what is left is the token, its base64 and the row binding.
Times are CPU seconds of this process; the ratio carries the claim.
"""

import argparse
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.report import Stopwatch, finish, say
from policy_service.domain.identifiers import AssetId
from policy_service.encryption.envelope import ColumnCipher
from policy_service.encryption.keyring import KeyRing
from policy_service.engines.cryptography import AeadAlgorithm
from policy_service.kit.clock import SystemClock

SIZES = {"16 B": 16, "256 B": 256, "4 KiB": 4096, "64 KiB": 65_536, "1 MiB": 1 << 20}
TABLE = AssetId("bank.public.client")
COLUMN = AssetId("bank.public.client.birth_number")
ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer values of each size")
    options = parser.parse_args(arguments)
    volume = (4 if options.quick else 64) << 20
    with tempfile.TemporaryDirectory() as folder:
        ring = KeyRing.create(Path(folder) / "keyring.json", clock=SystemClock())
        ring.ensure(TABLE)
        measured = {name: _measure(ring, size, volume) for name, size in SIZES.items()}
        rates = {algorithm.value: _rate(ring, algorithm, volume) for algorithm in AeadAlgorithm}
        token = _cipher(ring).encrypt(bytes(16), row_id="1")
    finish(
        {
            "overhead_over_raw_aesgcm": _ratios(measured, "encrypt"),
            "decrypt_overhead_over_raw_aesgcm": _ratios(measured, "decrypt"),
            "cpu_us_per_value": measured,
            "token_bytes_for_16": len(token),
            "mb_per_cpu_s_at_64_kib": rates,
            "peers": {"raw_aesgcm": "cpu_us_per_value, raw_encrypt and raw_decrypt"},
        }
    )


def _cipher(ring: KeyRing, algorithm: AeadAlgorithm = AeadAlgorithm.AES_256_GCM) -> ColumnCipher:
    return ColumnCipher(provider=ring, column=COLUMN, scope=TABLE, algorithm=algorithm)


def _measure(ring: KeyRing, size: int, volume: int) -> dict[str, float]:
    count = max(min(volume // size, 20_000), 8)
    say(f"{count:,} values of {size:,} bytes")
    cipher = _cipher(ring)
    value = secrets.token_bytes(size)
    rows = [str(number) for number in range(count)]
    tokens = cipher.encrypt_many((value, row) for row in rows)
    raw, sealed = AESGCM(secrets.token_bytes(32)), list[tuple[bytes, bytes]]()
    place = [COLUMN.encode() + row.encode() for row in rows]

    def raw_encrypt() -> None:
        sealed.clear()
        for data in place:
            nonce = secrets.token_bytes(12)
            sealed.append((nonce, raw.encrypt(nonce, value, data)))

    def raw_decrypt() -> None:
        for (nonce, text), data in zip(sealed, place, strict=True):
            raw.decrypt(nonce, text, data)

    work: dict[str, Callable[[], object]] = {
        "raw_encrypt": raw_encrypt,
        "raw_decrypt": raw_decrypt,
        "encrypt": lambda: cipher.encrypt_many((value, row) for row in rows),
        "decrypt": lambda: cipher.decrypt_many(zip(tokens, rows, strict=True)),
    }
    return {name: _best(run) / count * 1e6 for name, run in work.items()}


def _rate(ring: KeyRing, algorithm: AeadAlgorithm, volume: int) -> float:
    size = SIZES["64 KiB"]
    count = max(volume // size, 8)
    cipher, value = _cipher(ring, algorithm), secrets.token_bytes(size)
    rows = [str(number) for number in range(count)]
    seconds = _best(lambda: cipher.encrypt_many((value, row) for row in rows))
    return count * size / seconds / 1e6


def _ratios(measured: Mapping[str, Mapping[str, float]], work: str) -> dict[str, float]:
    return {size: figures[work] / figures[f"raw_{work}"] for size, figures in measured.items()}


def _best(run: Callable[[], object]) -> float:
    """Return the least CPU seconds of some rounds: noise only ever adds."""
    taken = []
    for _ in range(ROUNDS):
        with Stopwatch() as watch:
            run()
        taken.append(watch.cpu_s)
    return min(taken)


if __name__ == "__main__":
    main()
