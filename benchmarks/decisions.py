"""Decisions a CPU-second of the compiled index, beside pycasbin, Cedar and a plain dict.

Each engine has a process of its own, so that memory is its own; each answers the
same requests over the same synthetic policy, and every answer is compared.
"""

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from benchmarks.decision_policies import Case, make_case
from benchmarks.report import Stopwatch, finish, percentile, rss_mb, run_apart, say
from policy_service.domain.decision import AccessRequest

PEERS = ("pycasbin", "pycasbin_fast", "cedarpy", "plain_dict")
_BUDGET_CPU_S = {False: 8.0, True: 2.0}
_REQUESTS = {False: 50_000, True: 20_000}
_COMPARED = 2_000
Asked: TypeAlias = Any  # each engine has its own form of a request
Decide = Callable[[Asked], bool]
Loaded = tuple[Decide, Callable[[AccessRequest], Asked]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark, or with `--engine` one engine's share of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--rules", type=int, default=1000, help="rows of the policy")
    parser.add_argument("--quick", action="store_true", help="less time for each engine")
    parser.add_argument("--engine", choices=("index", *PEERS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.engine:
        finish(_measure(options.engine, options.rules, quick=options.quick))
        return
    finish(_compare(options.rules, quick=options.quick))


def _compare(rules: int, *, quick: bool) -> dict[str, Any]:
    common = ["--rules", str(rules), *(["--quick"] if quick else [])]
    found = {}
    for engine in ("index", *PEERS):
        if engine == "cedarpy" and importlib.util.find_spec("cedarpy") is None:
            say("cedarpy is not installed: left out")
            continue
        say(f"{engine}: {rules:,} rules")
        found[engine] = run_apart("benchmarks.decisions", *common, "--engine", engine)
    index = found.pop("index")
    if "error" in index:
        sys.exit(f"the index failed: {index['error']}")
    answers = index.pop("answers")
    for peer in found.values():
        theirs = peer.pop("answers", "")
        peer["compared"] = len(theirs)
        peer["disagreements"] = sum(a != b for a, b in zip(answers, theirs, strict=False))
    return {
        "rules": rules,
        **index,
        "disagreements": sum(peer["disagreements"] for peer in found.values()),
        "compared": sum(peer["compared"] for peer in found.values()),
        "peers": found,
    }


def _measure(engine: str, rules: int, *, quick: bool) -> dict[str, Any]:
    case = make_case(rules=rules, requests=_REQUESTS[quick])
    before = rss_mb()
    with Stopwatch() as loading:
        decide, prepare = _LOADERS[engine](case)
    held = rss_mb() - before
    asked = [prepare(request) for request in case.requests]
    if engine == "cedarpy":
        return {**_cedar_batches(decide, asked, rules=rules, quick=quick), "load_s": loading.cpu_s}
    say(f"{engine}: loaded in {loading.cpu_s:.2f} CPU seconds")
    answers, rate = _throughput(decide, asked, _BUDGET_CPU_S[quick])
    times = _latencies(decide, asked, _BUDGET_CPU_S[quick] / 4)
    say(f"{engine}: {rate:,.0f} decisions a CPU second")
    return {
        "decisions_per_cpu_s": rate,
        "p50_us": percentile(times, 0.5),
        "p99_us": percentile(times, 0.99),
        "load_s": loading.cpu_s,
        "rss_mb": held,
        "allowed_share": answers.count("1") / len(answers),
        "answers": answers[:_COMPARED],
    }


def _throughput(decide: Decide, asked: list[Asked], budget_cpu_s: float) -> tuple[str, float]:
    """Answer each request once for comparison, and go round again while the budget lasts."""
    answers: list[str] = []
    done, spent, batch = 0, 0.0, 1
    while spent < budget_cpu_s:
        place = done % len(asked)
        part = asked[place : place + batch]
        with Stopwatch() as watch:
            given = [decide(request) for request in part]
        spent += watch.cpu_s
        done += len(part)
        if len(answers) < len(asked):
            answers.extend("1" if allowed else "0" for allowed in given)
        if watch.cpu_s < budget_cpu_s / 20:
            batch *= 2
    return "".join(answers), done / spent


def _latencies(decide: Decide, asked: list[Asked], budget_s: float) -> list[float]:
    times: list[float] = []
    clock, end = time.perf_counter, time.perf_counter() + budget_s
    for request in asked:
        start = clock()
        decide(request)
        stop = clock()
        times.append((stop - start) * 1e6)
        if stop > end:
            break
    return times


def _load_index(case: Case) -> Loaded:
    from policy_service.enforcement.index import compile_policy

    decide = compile_policy(case.bundle, case.directory).decide
    return (lambda request: decide(request).allow), (lambda request: request)


def _fields(request: AccessRequest) -> tuple[str, str, str, str]:
    return request.subject, request.resource, request.action, request.purpose


def _load_pycasbin(case: Case) -> Loaded:
    import casbin

    return _stock(case, casbin.Enforcer(casbin.Enforcer.new_model(text=case.bundle.model_conf)))


def _load_pycasbin_fast(case: Case) -> Loaded:
    import casbin
    from casbin.model.policy_fast import FastPolicy

    by_action = [2]  # subject and resource have hierarchies, purpose a wildcard: no key for them
    model = casbin.Enforcer.new_model(text=case.bundle.model_conf)
    # pycasbin 2.8's own FastModel reads no second kind of link (`g2`), so only its rows are used.
    model.model["p"]["p"].policy = FastPolicy(by_action)
    return _stock(case, casbin.FastEnforcer(model, cache_key_order=by_action))


def _stock(case: Case, enforcer: Asked) -> Loaded:
    """Load pycasbin as its manual says, but for its quadratic check for doubles."""
    policies = enforcer.model.model
    for row in case.bundle.rows:
        policies["p"]["p"].policy.append(
            [row.role, row.resource, row.action, row.purpose, row.effect, row.rule]
        )
    held = [(person.subject, role) for person in case.directory.people for role in person.roles]
    policies["g"]["g"].policy.extend(list(link) for link in (*case.bundle.role_links, *held))
    policies["g"]["g2"].policy.extend(list(link) for link in case.bundle.resource_links)
    enforcer.build_role_links()
    return (lambda request: bool(enforcer.enforce(*request))), _fields


def _load_plain_dict(case: Case) -> Loaded:
    """Index by all four fields and try every ancestor: no obligations, reasons or revisions."""
    table: dict[tuple[str, str, str, str], bool] = {}
    for row in case.bundle.rows:
        key = (row.role, row.resource, row.action, row.purpose)
        table[key] = table.get(key, True) and row.effect == "allow"
    roles, resources = _ancestors(case.bundle.role_links), _ancestors(case.bundle.resource_links)
    held = {
        str(person.subject): sorted(
            {up for role in person.roles for up in roles.get(role, (role,))}
        )
        for person in case.directory.people
    }

    def decide(request: tuple[str, str, str, str]) -> bool:
        subject, resource, action, purpose = request
        allowed = False
        for role in held.get(subject, ()):
            for up in resources.get(resource, (resource,)):
                for wanted in (purpose, "*"):
                    found = table.get((role, up, action, wanted))
                    if found is False:
                        return False
                    allowed = allowed or found is True
        return allowed

    return decide, _fields


def _load_cedarpy(case: Case) -> Loaded:
    """One Cedar policy for each row; entities carry the hierarchies."""
    import cedarpy

    policies = "\n".join(
        f"{'permit' if row.effect == 'allow' else 'forbid'}(principal in Role::{_q(row.role)}, "
        f"action == Action::{_q(row.action)}, resource in Asset::{_q(row.resource)})"
        + (";" if row.purpose == "*" else f" when {{ context.purpose == {_q(row.purpose)} }};")
        for row in case.bundle.rows
    )
    parents: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for kind, links in (("Role", case.bundle.role_links), ("Asset", case.bundle.resource_links)):
        for child, parent in links:
            parents.setdefault((kind, child), []).append((kind, parent))
            parents.setdefault((kind, parent), [])
    for person in case.directory.people:
        parents[("User", person.subject)] = [("Role", role) for role in person.roles]
    entities = json.dumps(
        [
            {"uid": _uid(child), "attrs": {}, "parents": [_uid(parent) for parent in above]}
            for child, above in parents.items()
        ]
    )

    def prepare(request: AccessRequest) -> dict[str, Any]:
        return {
            "principal": f"User::{_q(request.subject)}",
            "action": f"Action::{_q(request.action)}",
            "resource": f"Asset::{_q(request.resource)}",
            "context": {"purpose": request.purpose},
        }

    def decide(requests: list[dict[str, Asked]]) -> Asked:
        found = cedarpy.is_authorized_batch(requests, policies, entities)
        return [result.decision == cedarpy.Decision.Allow for result in found]

    return decide, prepare


def _cedar_batches(decide: Asked, asked: list[Asked], *, rules: int, quick: bool) -> dict[str, Any]:
    """Cedar parses policies with each call: the rate is that of the further ones of a batch."""
    decide(asked[:1])  # warm
    with Stopwatch() as first:
        decide(asked[:1])
    many = max(20 if quick else 100, min(1_000_000 // rules, len(asked) - 1))
    with Stopwatch() as batch:
        answers = decide(asked[: many + 1])
    say(f"cedarpy: parses for {first.cpu_s:.2f} CPU seconds")
    return {
        "decisions_per_cpu_s": many / max(batch.cpu_s - first.cpu_s, 1e-6),
        "parse_s": first.cpu_s,
        "answers": "".join("1" if allowed else "0" for allowed in answers),
    }


def _ancestors(links: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for child, parent in links:
        parents.setdefault(child, []).append(parent)
        parents.setdefault(parent, [])
    found = {}
    for name in parents:
        reached = {name}
        waiting = [name]
        while waiting:
            fresh = set(parents[waiting.pop()]) - reached
            reached |= fresh
            waiting.extend(fresh)
        found[name] = sorted(reached)
    return found


def _uid(entity: tuple[str, str]) -> dict[str, str]:
    return {"type": entity[0], "id": entity[1]}


def _q(text: str) -> str:
    return json.dumps(text)


_LOADERS: dict[str, Callable[[Case], Loaded]] = {
    "index": _load_index,
    "pycasbin": _load_pycasbin,
    "pycasbin_fast": _load_pycasbin_fast,
    "cedarpy": _load_cedarpy,
    "plain_dict": _load_plain_dict,
}

if __name__ == "__main__":
    main()
