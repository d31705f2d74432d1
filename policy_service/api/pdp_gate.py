"""The gate of the lean PDP: who calls, remembered for half a second.

Verifying asks the state or checks a signature, which must not hold the event loop up for
each request. `PdpAccess` decides; here its answer is only kept.
"""

import time
from collections.abc import Callable, Mapping

from starlette.types import Scope

from policy_service.api.mutual_tls import peer_of
from policy_service.api.pdp_access import PdpAccess
from policy_service.kit.hashing import sha256

REMEMBERED_S = 0.5  # on top of what `PdpAccess` itself remembers
_MOST_REMEMBERED = 4096


class Gate:
    """Lets in whom `access` knows. Threads may share it."""

    def __init__(
        self, access: PdpAccess, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._access = access
        self._monotonic = monotonic
        self._remembered: dict[bytes, tuple[float, str]] = {}

    def known(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str | None:
        """Name the caller without waiting; none where that needs `admit`. Raises as it does."""
        authorization = headers.get(b"authorization")
        if authorization is None:  # the connection tells, or nobody does
            return self._access.pep(_texts(headers), peer=peer_of(scope))
        found = self._remembered.get(sha256(authorization))
        return found[1] if found is not None and self._monotonic() < found[0] else None

    def admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """Name the caller; may wait. Raises the error that turns them away."""
        client = scope.get("client")
        name = self._access.pep(
            _texts(headers), peer=peer_of(scope), address=str(client[0]) if client else ""
        )
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        digest = sha256(headers.get(b"authorization", b""))
        self._remembered[digest] = (self._monotonic() + REMEMBERED_S, name)
        return name


def _texts(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
