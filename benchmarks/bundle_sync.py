"""Bundles on their way: one changed rule as a difference, and a fleet from publish to swap.

    python -m benchmarks.bundle_sync [--quick] [--rules N] [--agents N]

Whole and difference are verified and read alike; the difference must be under 1 % of the bytes.
The fleet is agents in this process over HTTP on loopback, with a second policy of 200 rules;
they poll every ten minutes, so what they learn in time they learn by event.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import uvicorn

from benchmarks.report import Stopwatch, finish, percentile, say
from policy_service.app import build_platform, close_platform, create_web
from policy_service.domain.bundle import Bundle, PolicyRow, RuleObligation
from policy_service.domain.control import CLEAR
from policy_service.domain.document_delta import (
    DocumentDelta,
    apply_delta,
    make_delta,
    merge_delta,
)
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import DraftId, Revision, RoleId, RuleId, Sha256Hex
from policy_service.domain.plain import from_plain
from policy_service.domain.review import AccountRole, DraftState
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_text,
    read_envelope,
    write_envelope,
)
from policy_service.enforcement.bundle_file import open_document, signed_document, write_document
from policy_service.enforcement.trusted_keys import TrustedKeys, open_keyset
from policy_service.kit.clock import SystemClock, rfc3339
from policy_service.middleware.bundles.agent import AgentSettings, BundleAgent
from policy_service.middleware.bundles.transport import ServiceLink
from policy_service.publication.signing import sign_bundle
from policy_service.settings import Settings
from policy_service.storage import bundles
from policy_service.workflows.accounts import add_account, make_api_token
from policy_service.workflows.platform import Platform
from policy_service.workflows.trusted_keys import trusted_keys

SOURCE = "shop"
FLEET_RULES = 200
ROUNDS = 5
_WAIT_S = 60.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rules", type=int, default=100_000)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="10,000 rules and 5 agents at most")
    options = parser.parse_args(arguments)
    rules = min(options.rules, 10_000) if options.quick else options.rules
    agents = min(options.agents, 5) if options.quick else options.agents
    with tempfile.TemporaryDirectory() as folder:
        platform = build_platform(Settings(home=Path(folder) / "home"))
        try:
            figures = {"rules": rules, "agents": agents, **_measure_delta(platform, rules)}
            figures.update(_measure_fleet(platform, Path(folder), agents))
        finally:
            close_platform(platform)
    finish(figures)


def _measure_delta(platform: Platform, rules: int) -> dict[str, object]:
    say(f"one changed rule in {rules:,}")
    old = _bundle(platform, 1, rules)
    middle = rules // 2
    changed = replace(old.rows[middle], purpose="essential.service")
    rows = (*old.rows[:middle], changed, *old.rows[middle + 1 :])
    new = replace(_bundle(platform, 2, rules), rows=rows)
    before, after = (
        signed_document(sign_bundle(one, signer=platform.signer)) for one in (old, new)
    )
    keys = open_keyset(trusted_keys(platform))
    whole = write_envelope(after)
    with Stopwatch() as making:
        difference = document_text(make_delta(before, after)).encode()
    with Stopwatch() as reading:
        read = _read_whole(whole, keys)
    with Stopwatch() as merging:
        merged = _read_difference(difference, before.text, old, keys)
    if not read == merged == new:
        raise PublicationError("the difference does not lead to the bundle")
    return {
        "whole_bytes": len(whole),
        "delta_bytes": len(difference),
        "delta_share": len(difference) / len(whole),
        "make_delta_cpu_s": making.cpu_s,
        "whole_verify_read_cpu_s": reading.cpu_s,
        "delta_verify_merge_cpu_s": merging.cpu_s,
        "peers": {"whole_bundle": {"cpu_over_delta": reading.cpu_s / merging.cpu_s}},
    }


def _read_whole(content: bytes, keys: TrustedKeys) -> Bundle:
    document = read_envelope(content, DocumentKind.BUNDLE)
    keys.check(document, now=SystemClock().now())
    return open_document(Bundle, document)


def _read_difference(content: bytes, base: str, old: Bundle, keys: TrustedKeys) -> Bundle:
    delta = from_plain(DocumentDelta, json.loads(content))
    document: SignedDocument = apply_delta(base, delta)
    keys.check(document, now=SystemClock().now())
    return merge_delta(Bundle, old, delta)


def _measure_fleet(platform: Platform, folder: Path, count: int) -> dict[str, object]:
    add_account(
        platform, name="agents", role=AccountRole.ENFORCEMENT_POINT, group=None, actor="benchmark"
    )
    _, token = make_api_token(platform, "agents", label="benchmark")
    root = folder / "keyset.json"
    write_document(trusted_keys(platform), root)
    _publish(platform, 1)
    with _served(platform) as address, ExitStack() as stack:
        say(f"{count} agents start")
        fleet = [
            stack.enter_context(_agent(platform, number, address=address, token=token, root=root))
            for number in range(count)
        ]
        with Stopwatch() as starting:
            _wait(lambda: all(agent.point.revision == 1 for agent in fleet))
        time.sleep(1.0)  # the event streams stand
        taken: list[float] = []
        with Stopwatch() as rounds:
            for revision in range(2, ROUNDS + 2):
                taken.extend(_round(platform, fleet, revision))
        errors = sum(bool(agent.error) for agent in fleet)
    return {
        "fleet_start_s": starting.wall_s,
        "publish_to_swap_s_p50": percentile(taken, 0.50),
        "publish_to_swap_s_max": max(taken),
        "fleet_cpu_s_per_publication": rounds.cpu_s / ROUNDS,
        "errors": errors,
    }


def _round(platform: Platform, fleet: Sequence[BundleAgent], revision: int) -> list[float]:
    """Publish, and return how long each agent took to have it in force."""
    _publish(platform, revision)
    began = time.perf_counter()
    taken: dict[int, float] = {}

    def look() -> bool:
        for number, agent in enumerate(fleet):
            if number not in taken and agent.point.revision == revision:
                taken[number] = time.perf_counter() - began
        return len(taken) == len(fleet)

    _wait(look)
    say(f"revision {revision}: all after {max(taken.values()):.2f} s")
    return list(taken.values())


def _publish(platform: Platform, revision: int) -> None:
    signed = sign_bundle(_bundle(platform, revision, FLEET_RULES), signer=platform.signer)
    with platform.database.write() as session:
        live = bundles.live_revision(session, SOURCE)
        if live is not None:
            bundles.mark_bundle(session, live, DraftState.SUPERSEDED)
        bundles.add_bundle(session, signed)


def _bundle(platform: Platform, revision: int, rules: int) -> Bundle:
    """Make a policy over one column group for each rule, in a fifth as many tables."""
    now = platform.clock.now()
    names = [f"{SOURCE}.public.table_{n // 5}/user.category_{n % 5}" for n in range(rules)]
    ids = [RuleId(f"R-{n:06d}") for n in range(rules)]
    return Bundle(
        revision=Revision(revision),
        tenant=platform.tenant,
        source=SOURCE,
        draft=DraftId("dra_benchmark"),
        draft_sha256=Sha256Hex("0" * 64),
        issued_at=rfc3339(now),
        expires_at=rfc3339(now + timedelta(days=30)),
        model_conf=platform.casbin_model,
        rows=tuple(
            PolicyRow(
                role=RoleId(f"role-{n % 50}"),
                resource=name,
                action="read",
                purpose="*",
                effect="allow",
                rule=rule,
            )
            for n, (name, rule) in enumerate(zip(names, ids, strict=True))
        ),
        role_links=(),
        resource_links=tuple((name, name.partition("/")[0]) for name in names),
        obligations=tuple(RuleObligation(rule=rule, control=CLEAR) for rule in ids),
        encryption=(),
        retention=(),
        separation=(),
        tests=(),
    )


def _agent(platform: Platform, number: int, *, address: str, token: str, root: Path) -> BundleAgent:
    settings = AgentSettings(
        tenant=platform.tenant,
        source=SOURCE,
        name=f"pep-{number}",
        folder=root.with_name(f"pep-{number}"),
        poll_every_s=600.0,
    )
    return BundleAgent(settings, link=ServiceLink(address, token=token), root=root)


@contextmanager
def _served(platform: Platform) -> Iterator[str]:
    config = uvicorn.Config(
        create_web(platform), port=0, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _wait(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _WAIT_S
    while not holds():
        if time.monotonic() > give_up:
            raise PublicationError("the fleet did not follow in a minute")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
