"""A light load generator for `benchmarks.pdp_http`: keep-alive connections of its own sockets.

    python -m benchmarks.pdp_http_client PLAN.json

Each connection asks, waits for the answer, and asks again (a closed loop), until the time is
up. Answers are kept and compared with what is expected after the clock has stopped.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

from benchmarks.report import finish, percentile

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked: bodies one after another, and for each the answers that are right."""

    port: int
    path: str
    headers: Mapping[str, str]
    connections: int
    seconds: float
    bodies: tuple[str, ...]
    expected: tuple[tuple[tuple[bool, tuple[str, ...]], ...], ...]  # none: nothing is compared

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read a plan that `write` made."""
        plain = json.loads(path.read_text())
        expected = tuple(
            tuple((allow, tuple(rules)) for allow, rules in one) for one in plain["expected"]
        )
        return cls(**{**plain, "bodies": tuple(plain["bodies"]), "expected": expected})

    def write(self, path: Path) -> None:
        """Write the plan for another process."""
        names = ("port", "path", "headers", "connections", "seconds", "bodies", "expected")
        path.write_text(json.dumps({name: getattr(self, name) for name in names}))

    def messages(self) -> tuple[bytes, ...]:
        """Write each request as it goes over the wire."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        start = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}"
        return tuple(
            f"{start}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
            for body in self.bodies
        )


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, messages: Sequence[bytes], first: int, step: int, ends_at: float) -> None:
        self._messages = messages
        self._place = first
        self._step = step
        self._ends_at = ends_at
        self._buffer = b""
        self._asked_at = 0.0
        self.done = asyncio.get_running_loop().create_future()
        self.taken_s: list[float] = []
        self.answers: list[tuple[int, bytes]] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one by form
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + len(_HEAD_END) + length:
            return
        self.taken_s.append(time.perf_counter() - self._asked_at)
        if self._buffer.startswith(_OK):
            self.answers.append((self._place, self._buffer[end + len(_HEAD_END) :]))
        else:
            self.refused += 1
        self._buffer = b""
        self._place = (self._place + self._step) % len(self._messages)
        if time.perf_counter() < self._ends_at:
            self._ask()
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.refused += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._messages[self._place])


def main(arguments: Sequence[str] | None = None) -> None:
    """Drive the server and print one JSON object."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    plan = Plan.read(Path(path))
    runner = asyncio.Runner(loop_factory=_loop_factory())
    with runner:
        finish(runner.run(_drive(plan)))


async def _drive(plan: Plan) -> dict[str, Any]:
    messages = plan.messages()
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), time.process_time()
    callers = []
    for number in range(plan.connections):
        first = number * len(messages) // plan.connections
        _, caller = await loop.create_connection(
            lambda first=first: _Caller(  # type: ignore[misc]  # bound now, called at once
                messages, first, 1, began + plan.seconds
            ),
            "127.0.0.1",
            plan.port,
        )
        callers.append(caller)
    await asyncio.gather(*(caller.done for caller in callers))
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    taken = list(chain.from_iterable(caller.taken_s for caller in callers))
    answers = [one for caller in callers for one in caller.answers]
    answered, wrong = _compare(plan, answers)
    return {
        "requests": len(taken),
        "decisions": answered,
        "requests_per_s": len(taken) / wall_s,
        "decisions_per_s": answered / wall_s,
        "p50_ms": percentile(taken, 0.50) * 1e3,
        "p99_ms": percentile(taken, 0.99) * 1e3,
        "errors": wrong + sum(caller.refused for caller in callers),
        "client_cpu_s": cpu_s,
        "wall_s": wall_s,
    }


def _compare(plan: Plan, answers: Sequence[tuple[int, bytes]]) -> tuple[int, int]:
    """Count the decisions that were answered, and those that are not what they must be."""
    answered = wrong = 0
    for place, body in answers:
        if not plan.expected:
            answered += 1
            continue
        plain = json.loads(body)
        given = plain.get("evaluations", [plain])
        expected = plan.expected[place]
        answered += len(given)
        wrong += len(given) != len(expected)
        wrong += sum(
            (one["decision"], tuple(one["context"]["rules"])) != right
            for one, right in zip(given, expected, strict=False)
        )
    return answered, wrong


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


if __name__ == "__main__":
    main()
