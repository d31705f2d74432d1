"""Decisions a CPU-second of the compiled index, beside pycasbin, Cedar and a plain dict.

Each engine has a process of its own, so that memory is its own; each answers the
same requests over the same synthetic policy, and every answer is compared.

Two rates are told. `decisions_per_cpu_s` is the steady one: round and round over up to 60,000
different requests that are ready in memory. `first_time_per_cpu_s` asks each request once, read
from JSON just before it (untimed), as a server gets it, so that no string is one that the policy
holds and the processor has seen nothing of it. No engine keeps answers by request; the index keeps
the joined decision of each set of several rules.
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
_REQUESTS = {False: 400_000, True: 100_000}
_BATCH = 500
_ROUND = 60_000
_COMPARED = 2_000
Asked: TypeAlias = Any  # each engine has its own form of a request
Decide = Callable[[Asked], bool]
Prepare = Callable[[AccessRequest], Asked]
Loaded = tuple[Decide, Prepare]


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
    lines = [json.dumps(_fields(request)) for request in case.requests]
    _LOADERS[engine](make_case(rules=100, requests=1))  # imports are not part of loading
    before = rss_mb()
    with Stopwatch() as loading:
        decide, prepare = _LOADERS[engine](case)
    held = rss_mb() - before
    say(f"{engine}: loaded in {loading.cpu_s:.2f} CPU seconds")
    answers, first_time = _ask_once(decide, prepare, lines, _BUDGET_CPU_S[quick])
    different = list(dict.fromkeys(lines))[:_ROUND]
    rate = _ask_on(decide, [prepare(_read(line)) for line in different], _BUDGET_CPU_S[quick])
    times = _latencies(decide, prepare, lines[-_BATCH * 20 :], _BUDGET_CPU_S[quick] / 4)
    say(f"{engine}: {rate:,.0f} decisions a CPU second")
    return {
        "decisions_per_cpu_s": rate,
        "different": len(different),
        "first_time_per_cpu_s": first_time,
        "asked_first": len(answers),
        "p50_us": percentile(times, 0.5),
        "p99_us": percentile(times, 0.99),
        "load_s": loading.cpu_s,
        "rss_mb": held,
        "allowed_share": answers.count("1") / len(answers),
        "answers": answers[:_COMPARED],
    }


def _ask_once(
    decide: Decide, prepare: Prepare, lines: Sequence[str], budget_cpu_s: float
) -> tuple[str, float]:
    """Answer each request once, freshly read, while the budget lasts."""
    answers: list[str] = []
    spent, batch = 0.0, 1
    while spent < budget_cpu_s and len(answers) < len(lines):
        place = len(answers)
        asked = [prepare(_read(line)) for line in lines[place : place + batch]]
        with Stopwatch() as watch:
            given = [decide(request) for request in asked]
        spent += watch.cpu_s
        answers.extend("1" if allowed else "0" for allowed in given)
        batch = min(_BATCH, batch * 2) if watch.cpu_s < budget_cpu_s / 20 else batch
    return "".join(answers), len(answers) / max(spent, 1e-9)


def _ask_on(decide: Decide, asked: Sequence[Asked], budget_cpu_s: float) -> float:
    """Answer the same requests in their order, round after round, until the budget is spent.

    An engine that is too slow for a whole round gets as far as it gets.
    """
    spent, count, batch, place = 0.0, 0, 1, 0
    while spent < budget_cpu_s:
        part = asked[place : place + batch]
        with Stopwatch() as watch:
            for request in part:
                decide(request)
        spent += watch.cpu_s
        count += len(part)
        place = place + batch if place + batch < len(asked) else 0
        batch = min(_BATCH, batch * 2) if watch.cpu_s < budget_cpu_s / 20 else batch
    return count / spent


def _latencies(
    decide: Decide, prepare: Prepare, lines: Sequence[str], budget_s: float
) -> list[float]:
    times: list[float] = []
    clock, end = time.perf_counter, time.perf_counter() + budget_s
    for line in lines:
        asked = prepare(_read(line))
        start = clock()
        decide(asked)
        stop = clock()
        times.append((stop - start) * 1e6)
        if stop > end:
            break
    return times


def _read(line: str) -> AccessRequest:
    subject, resource, action, purpose = json.loads(line)
    return AccessRequest(subject=subject, resource=resource, action=action, purpose=purpose)


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
    """Two policies; who may stands in sets of entities, gathered for each request.

    cedarpy reads policies and entities with every call, so a call gets those it needs.
    """
    import cedarpy

    rows: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for row in case.bundle.rows:
        found = rows.setdefault((row.resource, row.action, row.purpose), {})
        found.setdefault(row.effect, set()).add(row.role)
    above = _ancestors(case.bundle.resource_links)
    roles = _ancestors(case.bundle.role_links)
    held = {str(person.subject): person.roles for person in case.directory.people}

    def decide(request: AccessRequest) -> bool:
        named: dict[str, set[str]] = {"allow": set(), "deny": set()}
        for up in above.get(request.resource, (request.resource,)):
            for purpose in (request.purpose, "*"):
                for effect, who in rows.get((up, request.action, purpose), {}).items():
                    named[effect] |= who
        reached = sorted({up for role in held[request.subject] for up in roles.get(role, (role,))})
        asked = {
            "principal": _uid("User", request.subject),
            "action": _uid("Action", request.action),
            "resource": _uid("Asset", request.resource),
            "context": {},
        }
        sets = {
            effect: [{"__entity": {"type": "Role", "id": role}} for role in sorted(who)]
            for effect, who in named.items()
        }
        entities = [
            _entity("User", request.subject, parents=reached),
            _entity("Asset", request.resource, attributes=sets),
            *(
                _entity("Role", role)
                for role in sorted({*reached, *named["allow"], *named["deny"]})
            ),
        ]
        result = cedarpy.is_authorized(asked, _CEDAR_POLICIES, entities)
        return bool(result.decision == cedarpy.Decision.Allow)

    return decide, (lambda request: request)


_CEDAR_POLICIES = """\
permit(principal, action, resource) when { principal in resource.allow };
forbid(principal, action, resource) when { principal in resource.deny };
"""


def _uid(kind: str, name: str) -> str:
    return f"{kind}::{json.dumps(name)}"


def _entity(
    kind: str, name: str, *, attributes: Asked = None, parents: Sequence[str] = ()
) -> dict[str, Asked]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": attributes or {},
        "parents": [{"type": "Role", "id": role} for role in parents],
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


_LOADERS: dict[str, Callable[[Case], Loaded]] = {
    "index": _load_index,
    "pycasbin": _load_pycasbin,
    "pycasbin_fast": _load_pycasbin_fast,
    "cedarpy": _load_cedarpy,
    "plain_dict": _load_plain_dict,
}

if __name__ == "__main__":
    main()
