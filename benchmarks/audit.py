"""The audit log: durable entries a second alone and in batches, proofs, checking it all.

    python -m benchmarks.audit [--quick] [--records N] [--folder DIR]

`durable` means on disk before the caller is told. The peer writes the same lines to a
plain file in the same folder with the same syncs and nothing else: the ratio is what
hashing, linking, locking and the tree cost beside the disk.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Stopwatch, finish, percentile, progress, say
from policy_service.audit.fsck import check_log
from policy_service.audit.log import AuditLog
from policy_service.audit.merkle import verify_inclusion
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.parameters import Parameters
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.clock import SystemClock

BATCH = 100
PROOFS = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="2,000 records at most")
    parser.add_argument("--folder", type=Path, help="where to write; the disk that counts")
    options = parser.parse_args(arguments)
    records = min(options.records, 2_000) if options.quick else options.records
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        finish({"records": records, **_measure(Path(folder) / "audit.jsonl", records)})


def _measure(path: Path, records: int) -> dict[str, object]:
    signer = Ed25519Signer(seed=os.urandom(32))
    verifier = Ed25519Verifier([signer.public_key])
    singles = min(records, 2_000)
    with AuditLog(path, clock=SystemClock(), signer=signer, verifier=verifier) as log:
        say(f"appending {singles:,} entries one by one")
        alone = _append(log, singles, 1)
        say(f"appending {records:,} entries in batches of {BATCH}")
        together = _append(log, records, BATCH)
        log.checkpoint()
        proofs_ms = _prove(log, min(records, PROOFS))
    with (
        Stopwatch() as reopening,
        AuditLog(path, clock=SystemClock(), signer=signer, verifier=verifier),
    ):
        pass
    with Stopwatch() as checking:
        report = check_log(path, verifier=verifier, progress=progress)
    if not report.whole:
        raise AuditError("the log that was just written is not whole")
    plain = {size: _plain(path, count, size) for size, count in ((1, singles), (BATCH, records))}
    rates = {1: singles / alone.wall_s, BATCH: records / together.wall_s}
    return {
        "durable_per_s_batch1": rates[1],
        "durable_per_s_batch100": rates[BATCH],
        "cpu_us_per_entry_batch100": together.cpu_s / records * 1e6,
        "proof_ms_p50": percentile(proofs_ms, 0.50),
        "proof_ms_p99": percentile(proofs_ms, 0.99),
        "verify_s": checking.wall_s,
        "verified_per_s": report.entries / checking.wall_s,
        "reopen_ms": reopening.wall_s * 1e3,
        "bytes_per_entry": path.stat().st_size / report.entries,
        "peers": {
            "plain_file_with_fsync": {
                "durable_per_s_batch1": plain[1],
                "durable_per_s_batch100": plain[BATCH],
                "log_over_plain_batch1": rates[1] / plain[1],
                "log_over_plain_batch100": rates[BATCH] / plain[BATCH],
            }
        },
    }


def _event(number: int) -> AuditEvent:
    return AuditEvent(
        kind="decision",
        actor="teller-7",
        subject=f"dec_{number:016d}",
        details=Parameters(
            action="read",
            resource="bank.public.client.birth_number",
            purpose="essential.service",
            allow=True,
            control="partial(first=0, last=4)",
            revision=7,
            rules=("R-0117", "R-0203"),
        ),
    )


def _append(log: AuditLog, count: int, batch: int) -> Stopwatch:
    watch = Stopwatch()
    with watch:
        for start in range(0, count, batch):
            log.append_many([_event(number) for number in range(start, min(start + batch, count))])
    return watch


def _prove(log: AuditLog, count: int) -> list[float]:
    size, root = log.size(), log.root()
    taken = []
    for number in range(count):
        began = time.perf_counter()
        proof = log.inclusion_proof(number * (size - 1) // count)
        taken.append((time.perf_counter() - began) * 1e3)
        if not verify_inclusion(proof, root=root):
            raise AuditError("a proof does not verify")
    return taken


def _plain(log: Path, count: int, batch: int) -> float:
    """Write the log's own last lines with nothing but a sync for each batch."""
    lines = log.read_bytes().splitlines(keepends=True)[-count:]
    with Stopwatch() as watch, log.with_name(f"plain-{batch}").open("wb", buffering=0) as file:
        for start in range(0, count, batch):
            file.write(b"".join(lines[start : start + batch]))
            os.fsync(file.fileno())
    return count / watch.wall_s


if __name__ == "__main__":
    main()
