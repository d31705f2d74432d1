"""Measures drafting at scale: time, memory and rules by number of tables and roles.

Each size runs in a process of its own, so that peak memory is that of one draft. The
catalogue is synthetic, the corpus, the index and the encoder are the real ones.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from policy_service.catalog.synthetic import synthetic_catalog
from policy_service.corpus.categories import load_category_table
from policy_service.corpus.collection import load_corpus
from policy_service.domain.identifiers import Purpose, RoleId
from policy_service.domain.organisation import JobFunction, Organisation
from policy_service.domain.progress import silent
from policy_service.drafting.draft import draft_policy
from policy_service.engines.encoder import Encoder
from policy_service.refinement.reward_model import RewardModel
from policy_service.retrieval.late_interaction import open_late_index

REPOSITORY = Path(__file__).resolve().parent.parent
SIZES = (100, 300, 1000)
SEED = 7
# Fifty roles: ten lines of business, each with five ways to work on them.
_LINES = (
    ("customer", "customers, their names, addresses and contact data"),
    ("order", "orders, invoices and deliveries"),
    ("payment", "payments, cards and accounts"),
    ("loan", "loans, collateral and repayments"),
    ("employee", "employees, salaries and leave"),
    ("claim", "claims, policies and damages"),
    ("patient", "patients, treatments and prescriptions"),
    ("product", "products, stock and suppliers"),
    ("ticket", "support tickets and messages"),
    ("shipment", "shipments, vehicles and routes"),
)
_WAYS = (
    ("clerk", "Enters and updates {}; changes nothing else.", "essential.service"),
    ("analyst", "Works on aggregates and pseudonyms of {} only.", "analytics"),
    ("scientist", "Trains models on {}; must join tables on stable pseudonyms.", "train_ai_system"),
    (
        "investigator",
        "Investigates fraud in {}; each clear look is logged.",
        "essential.fraud_detection",
    ),
    ("planner", "Plans campaigns from segments of {}.", "marketing"),
)


def main() -> None:
    """Run one size, or all of them in turn; the last line printed is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=0, help="one size only")
    parser.add_argument("--roles", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help="30 and 100 tables, 10 roles")
    asked = parser.parse_args()
    if asked.tables:
        print(json.dumps(measure(asked.tables, asked.roles)))
        return
    sizes, roles = ((30, 100), 10) if asked.quick else (SIZES, asked.roles)
    results = []
    for tables in sizes:
        results.append(_in_own_process(tables, roles))
        print(json.dumps(results[-1]), flush=True)
    print(json.dumps({**results[-1], "sizes": results}))


def measure(tables: int, roles: int) -> dict[str, float | int]:
    """Draft once over `tables` tables of 20 columns; loading of models is not counted."""
    categories = load_category_table(REPOSITORY / "policies" / "data_categories.yaml")
    corpus = load_corpus(
        [REPOSITORY / "regulations_corpus", REPOSITORY / "policies" / "standards"]
    ).select(regulations=("gdpr", "nist-800-53", "pci-dss"))
    encoder = Encoder.load()
    catalog = synthetic_catalog(tables=tables, columns=20, seed=SEED, categories=categories)
    organisation = _organisation(roles)
    with tempfile.TemporaryDirectory() as folder:
        index = open_late_index(folder=Path(folder), provisions=corpus.provisions, encoder=encoder)
        started = time.perf_counter()
        draft = draft_policy(
            organisation=organisation,
            catalog=catalog,
            corpus=corpus,
            retriever=index,
            encoder=encoder,
            reward=RewardModel(encoder=encoder),
            categories=categories,
            floors=(),
            corpus_sha256=corpus.sha256,
            seed=SEED,
            progress=silent,
        )
        seconds = time.perf_counter() - started
    return {
        "tables": tables,
        "columns": tables * 20,
        "roles": roles,
        "seconds": round(seconds, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "decision_points": draft.decision_points,
        "rules": len(draft.rules),
        "seconds_per_1k_points": round(seconds / draft.decision_points * 1000, 4),
    }


def _organisation(roles: int) -> Organisation:
    jobs = [
        JobFunction(
            id=RoleId(f"{line}-{way}"),
            title=f"{line} {way}".capitalize(),
            duties=duties.format(things),
            purposes=(Purpose(purpose),),
            headcount=10,
        )
        for (way, duties, purpose), (line, things) in product(_WAYS, _LINES)
    ]
    if roles > len(jobs):
        raise SystemExit(f"at most {len(jobs)} roles are described; ask for fewer")
    return Organisation(
        name="Synthetic Group",
        sector="services",
        jurisdictions=("EU",),
        regulations=("gdpr",),
        data_residency="EU",
        job_functions=tuple(jobs[:roles]),
    )


def _in_own_process(tables: int, roles: int) -> dict[str, float | int]:
    done = subprocess.run(
        [sys.executable, __file__, "--tables", str(tables), "--roles", str(roles)],
        check=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    result: dict[str, float | int] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
