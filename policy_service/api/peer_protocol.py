"""uvicorn's HTTP protocol, which also notes who is at the other end of each connection.

Named to uvicorn by `mutual_tls.server_options`, so that it is imported only to serve. On
httptools where that is installed, else on h11; both are extended by the same one step.
"""

import asyncio

from policy_service.api.mutual_tls import PEER_STATE, note_peer

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as HttpProtocol
except ImportError:
    from uvicorn.protocols.http.h11_impl import (  # type: ignore[assignment]  # same interface
        H11Protocol as HttpProtocol,
    )


class PeerProtocol(HttpProtocol):
    """Notes the peer in the state that every request of the connection carries."""

    def connection_made(  # type: ignore[override]  # as uvicorn's own: it has streams only
        self, transport: asyncio.Transport
    ) -> None:
        """Note the peer once, when the handshake is done."""
        super().connection_made(transport)
        # A copy of our own: the state is shared by all connections.
        self.app_state = {**self.app_state, PEER_STATE: note_peer(transport)}
