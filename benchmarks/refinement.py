"""How far one round of refinement moves a draft towards a reviewer whose rules it cannot see.

A synthetic reviewer with hidden rules over role, category and purpose judges what a crude
prior puts first: corrections where it is wrong, approvals where it is right. Acceptance is
measured on points that nobody judged. `--reviewer F` reads the rules from a JSON file:
`{"rules": [{"role": …, "category": …, "purpose": …, "control": "deny"}], "default": "deny"}`,
where each condition is a part of the text, all are optional, and the first rule that fits wins.
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, DataCategory, Purpose, RoleId
from policy_service.domain.learning import Preference
from policy_service.domain.parameters import Parameters
from policy_service.engines.encoder import Encoder
from policy_service.refinement.embedding import RememberedEncoder
from policy_service.refinement.gates import acceptance, check_gates
from policy_service.refinement.reward_model import PRIOR, PointText, RewardModel
from policy_service.refinement.training import TrainedModel, train

SEED = 7
POINTS = 700
REVIEWS = 400
QUICK_REVIEWS = 120
ROLES = (
    "Branch teller: serves clients at the counter",
    "Loan officer: decides loan applications",
    "Card operations: issues and blocks cards",
    "Fraud analyst: investigates suspicious payments",
    "Marketing analyst: segments clients for campaigns",
    "Data scientist: trains models on joined tables",
    "Data engineer: runs pipelines over all tables",
    "Support agent: answers tickets of clients",
    "Internal auditor: examines records",
    "Human resources partner: looks after employees",
)
CATEGORIES = (
    "name of a person",
    "e-mail address",
    "phone number",
    "postal address",
    "date of birth",
    "national identification number",
    "payment card number",
    "account balance",
    "salary",
    "health data",
    "free text of a ticket",
    "status of a contract",
)
ASSETS = ("clients", "accounts", "cards", "employees", "tickets", "loans", "payments")
PURPOSES = ("service", "fraud detection", "marketing", "analytics", "operations", "employment")
CONTROLS = (
    DENY,
    Control(operator=Operator.REDACT),
    Control(operator=Operator.GENERALISE, parameters=Parameters(to="year")),
    Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4)),
    Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key="purpose")),
    CLEAR,
)
_BY_NAME = {control.operator.value: control for control in CONTROLS}
_CRUDE_PRIOR = (0.12, 0.14, 0.13, 0.16, 0.25, 0.20)
HIDDEN: tuple[Mapping[str, str], ...] = (
    {"category": "health", "role": "Human resources", "control": "clear"},
    {"category": "health", "control": "deny"},
    {"category": "salary", "role": "Human resources", "control": "clear"},
    {"category": "salary", "control": "deny"},
    {"role": "Data engineer", "control": "redact"},
    {"role": "Marketing", "category": "birth", "control": "generalise"},
    {"role": "Marketing", "category": "national", "control": "deny"},
    {"role": "Marketing", "control": "pseudonymise"},
    {"role": "Data scientist", "category": "balance", "control": "clear"},
    {"role": "Data scientist", "category": "birth", "control": "generalise"},
    {"role": "Data scientist", "control": "pseudonymise"},
    {"category": "card number", "role": "Fraud", "control": "clear"},
    {"category": "card number", "control": "partial"},
    {"category": "national", "role": "Fraud", "control": "clear"},
    {"category": "national", "role": "Loan", "control": "clear"},
    {"category": "national", "control": "partial"},
    {"purpose": "marketing", "control": "deny"},
    {"role": "auditor", "control": "clear"},
    {"role": "Fraud", "control": "clear"},
    {"category": "contract", "control": "clear"},
    {"role": "teller", "control": "clear"},
    {"role": "Loan", "control": "clear"},
    {"role": "Card", "category": "balance", "control": "deny"},
    {"role": "Card", "control": "clear"},
    {"role": "Support", "category": "balance", "control": "deny"},
    {"role": "Support", "control": "clear"},
)
Reviewer = Callable[[PointText], Control]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refinement")
    parser.add_argument("--reviewer", type=Path, help="JSON file with the reviewer's rules")
    parser.add_argument("--quick", action="store_true", help="fewer verdicts")
    options = parser.parse_args(arguments)
    reviewer = read_reviewer(options.reviewer) if options.reviewer else ruled(HIDDEN, "deny")
    reviews = QUICK_REVIEWS if options.quick else REVIEWS
    print(json.dumps(measure(reviewer, reviews=reviews, full=not options.quick), sort_keys=True))


def measure(reviewer: Reviewer, *, reviews: int, full: bool) -> dict[str, object]:
    """Let `reviewer` judge some points, learn from it, and measure on the others."""
    encoder = Encoder.load()
    points = _points(random.Random(SEED))
    judged = [_preference(point, reviewer) for point in points[:reviews]]
    unseen = [
        replace(_preference(point, reviewer), weight=1.0) for point in points[-(POINTS - REVIEWS) :]
    ]
    priors = {
        (one.point.key, control): prior
        for one in (*judged, *unseen)
        for control, prior in zip(CONTROLS, _CRUDE_PRIOR, strict=True)
    }
    encoder.encode([text for one in judged for text in one.point_text])  # load, warm up
    print(f"training on {reviews} verdicts", file=sys.stderr)
    began, began_cpu = time.perf_counter(), time.process_time()
    trained = train(judged, encoder=encoder, parent=PRIOR, seed=SEED)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    before = RewardModel(encoder=encoder)
    result: dict[str, object] = {
        "acceptance_before": round(acceptance(unseen, model=before, priors=priors), 4),
        "acceptance_after": round(acceptance(unseen, model=trained.model, priors=priors), 4),
        "reviews": reviews,
        "unseen": len(unseen),
        "train_s": round(seconds, 3),
        "train_cpu_s": round(cpu, 3),
        "weights_sha256": trained.weights_sha256,
    }
    return result | _gates(
        judged, trained, before, priors=priors, encoder=RememberedEncoder(encoder), full=full
    )


def _gates(
    judged: Sequence[Preference],
    trained: TrainedModel,
    before: RewardModel,
    *,
    priors: Mapping[tuple[str, Control], float],
    encoder: RememberedEncoder,
    full: bool,
) -> dict[str, object]:
    def trainer(lessons: Sequence[Preference]) -> RewardModel:
        return train(lessons, encoder=encoder, parent=PRIOR, seed=SEED).model

    print("passing the gates", file=sys.stderr)
    report = check_gates(
        judged if full else judged[:60],
        trainer=trainer,
        candidate=trained.model,
        current=before,
        priors=priors,
    )
    return {
        "floor_violations": len(report.violations),
        "violations": list(report.violations),
        "held_out_before": report.acceptance_before,
        "held_out_after": report.acceptance_after,
        "promoted": report.passed,
        "reasons": list(report.reasons),
        "peers": {},
    }


def ruled(rules: Sequence[Mapping[str, str]], default: str) -> Reviewer:
    """Make a reviewer who follows the first rule that fits."""

    def judge(text: PointText) -> Control:
        fields = {"role": text[0], "asset": text[1], "category": text[2], "purpose": text[3]}
        for rule in rules:
            wanted = {name: part for name, part in rule.items() if name != "control"}
            if all(part.lower() in fields[name].lower() for name, part in wanted.items()):
                return _BY_NAME[rule["control"]]
        return _BY_NAME[default]

    return judge


def read_reviewer(path: Path) -> Reviewer:
    """Read a reviewer's rules; the module's docstring shows their form."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return ruled(read["rules"], read["default"])


def _points(rng: random.Random) -> list[PointText]:
    every = list(itertools.product(ROLES, ASSETS, CATEGORIES, PURPOSES))
    return rng.sample(every, POINTS)


def _preference(text: PointText, reviewer: Reviewer) -> Preference:
    chosen = reviewer(text)
    first = max(zip(_CRUDE_PRIOR, CONTROLS, strict=True), key=lambda pair: pair[0])[1]
    point = DecisionPoint(
        role=RoleId(text[0]),
        table=AssetId(text[1]),
        category=DataCategory(text[2]),
        columns=(),
        action=Action.READ,
        purpose=Purpose(text[3]),
    )
    return Preference(
        point=point,
        point_text=text,
        chosen=chosen,
        alternatives=tuple(control for control in CONTROLS if control != chosen),
        reviewer="reviewer-1",
        weight=0.3 if chosen == first else 1.0,
    )


if __name__ == "__main__":
    main()
