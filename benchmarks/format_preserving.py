"""How fast FF1 masks a column of card numbers, beside libffx (Python) and fastfpe (Rust).

    python -m benchmarks.format_preserving [--values 100000] [--quick]

All three run FF1 over the same distinct values, in one thread, under one key of 256
bits; the peers, which take one value a call, on a slice. Ours is measured as masking
calls it: separators, alphabets and repeats found out for each value. The runs of the three
take turns and the best of each counts. Each is checked to give the same texts. The last
line of stdout is one JSON object.
"""

import argparse
import hmac
import random
import string
from collections.abc import Callable, Sequence

from benchmarks.report import Stopwatch, finish, peak_rss_mb, say
from policy_service.masking.format_preserving import (
    format_preserving_many,
    reveal_format_preserving,
)

_KEY = bytes(range(32))
_PEER_VALUES = 10_000
_ROUNDS = 5

Masker = Callable[[Sequence[str]], Sequence[str | None]]


def make_values(count: int) -> list[str]:
    """Make distinct card numbers of 16 digits from a fixed seed."""
    chance = random.Random(20260302)
    return [f"4{chance.randrange(10**14):014d}{one % 10}" for one in range(count)]


def libffx() -> Masker | None:
    """Return libffx under the key that masking derives; nothing where it is not installed."""
    try:
        from ffx import FF1
    except ImportError:
        return None
    cipher = FF1(_derived(), alphabet=string.digits)
    return lambda values: [cipher.encrypt(value) for value in values]


def fastfpe() -> Masker | None:
    """Return fastfpe under the key that masking derives; nothing where it is not installed."""
    try:
        from fastfpe import ff1
    except ImportError:
        return None
    key = _derived().hex()
    return lambda values: [ff1.encrypt(key, "", string.digits, value) for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description="format-preserving encryption")
    parser.add_argument("--values", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="fewer values, two rounds")
    options = parser.parse_args(arguments)
    values = make_values(min(options.values, 20_000) if options.quick else options.values)
    dashed = [f"{one[:4]}-{one[4:8]}-{one[8:12]}-{one[12:]}" for one in values]
    masked = format_preserving_many(values, key=_KEY)
    say(f"{len(values):,} values")
    found = {"libffx": libffx(), "fastfpe": fastfpe()}
    peers = {name: peer for name, peer in found.items() if peer is not None}
    runs: dict[str, Callable[[], float]] = {
        "ours": lambda: _rate(lambda: format_preserving_many(values, key=_KEY), len(values)),
        "ours_with_separators": lambda: _rate(
            lambda: format_preserving_many(dashed, key=_KEY), len(values)
        ),
        "reveal": lambda: _rate(lambda: reveal_format_preserving(masked, key=_KEY), len(values)),
        **{name: _peer_run(peer, values, masked) for name, peer in peers.items()},
    }
    best = dict.fromkeys(runs, 0.0)
    for number in range(2 if options.quick else _ROUNDS):
        for name, run in runs.items():
            best[name] = max(best[name], run())
        say(f"round {number + 1}: {best['ours']:,.0f} values a CPU second")
    finish(
        {
            "values": len(values),
            "values_per_cpu_s": best["ours"],
            "values_per_cpu_s_with_separators": best["ours_with_separators"],
            "reveal_per_cpu_s": best["reveal"],
            **{f"speedup_over_{name}": best["ours"] / best[name] for name in peers},
            "peers": {name: {"values_per_cpu_s": best[name]} for name in peers},
            "note": "one thread, best of rounds in turns; all give the same texts",
            "peak_rss_mb": peak_rss_mb(),
        }
    )


def _derived() -> bytes:
    return hmac.digest(_KEY, b"policy-service ff1", "sha256")


def _peer_run(peer: Masker, values: list[str], masked: list[str | None]) -> Callable[[], float]:
    mine = values[:_PEER_VALUES]
    if list(peer(mine)) != masked[: len(mine)]:
        raise SystemExit("the peers do not agree on FF1; nothing is measured")
    return lambda: _rate(lambda: peer(mine), len(mine))


def _rate(work: Callable[[], object], count: int) -> float:
    with Stopwatch() as watch:
        work()
    return count / watch.cpu_s


if __name__ == "__main__":
    main()
