"""A small Weaviate on loopback: REST and gRPC as the client speaks them, kept in memory.

It proves what our side sends, that the client takes it, and that it is read back right; it is
no proof of Weaviate's own behaviour. It refuses what Weaviate is documented to refuse: an
unknown tenant, and reading an inactive one where activation is not automatic.
"""

import json
import struct
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import numpy as np
from weaviate.proto.v1 import (
    aggregate_pb2,
    base_pb2,
    batch_pb2,
    properties_pb2,
    search_get_pb2,
    tenants_pb2,
    weaviate_pb2_grpc,
)

_VECTOR_INDEX = {"distance": "cosine", "vectorCacheMaxObjects": 1_000_000}
_DEFAULTS = {
    "invertedIndexConfig": {
        "bm25": {"b": 0.75, "k1": 1.2},
        "cleanupIntervalSeconds": 60,
        "stopwords": {"preset": "en", "additions": None, "removals": None},
    },
    "replicationConfig": {"factor": 1},
}


@dataclass
class Stored:
    """One object of one tenant."""

    uuid: str
    properties: dict[str, Any]
    vector: np.ndarray


@dataclass
class Loopback:
    """What the server holds, and what it is told to refuse."""

    http_port: int = 0
    grpc_port: int = 0
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)
    active: dict[str, dict[str, bool]] = field(default_factory=dict)
    objects: dict[tuple[str, str], dict[str, Stored]] = field(default_factory=dict)
    refuse: frozenset[str] = frozenset()  # objects of these provisions are refused
    keys: list[str] = field(default_factory=list)  # Authorization headers seen

    def tenants(self) -> list[str]:
        """Name every tenant there is."""
        return sorted(name for held in self.active.values() for name in held)


class _Rest(BaseHTTPRequestHandler):
    state: Loopback

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: object = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def do_GET(self) -> None:
        """Answer the version, and a collection's configuration."""
        self.state.keys.append(self.headers.get("Authorization", ""))
        parts = self.path.split("?")[0].strip("/").split("/")[1:]
        if parts == ["meta"]:
            self._answer(200, {"version": "1.30.0", "modules": {}})
        elif parts[0] == "schema" and parts[1] in self.state.schema:
            self._answer(200, self.state.schema[parts[1]])
        else:
            self._answer(404)

    def do_POST(self) -> None:
        """Make a collection, or tenants."""
        body = self._body()
        if self.path.endswith("/tenants"):
            return self._tenants(body)
        name = body["class"]
        properties = [
            {"indexFilterable": True, "indexSearchable": False, **one} for one in body["properties"]
        ]
        vectors = {
            one: {**held, "vectorIndexType": "flat", "vectorIndexConfig": _VECTOR_INDEX}
            for one, held in body["vectorConfig"].items()
        }
        filled = {"properties": properties, "vectorConfig": vectors}
        self.state.schema[name] = {**_DEFAULTS, **body, **filled}
        self.state.active[name] = {}
        return self._answer(200, self.state.schema[name])

    def do_PUT(self) -> None:
        """Change the state of tenants."""
        self._tenants(self._body())

    def _tenants(self, body: Any) -> None:
        held = self.state.active[self.path.split("/")[3]]
        for one in body:
            held[one["name"]] = one.get("activityStatus", "HOT") in ("HOT", "ACTIVE")
        self._answer(200, body)

    def do_DELETE(self) -> None:
        """Remove tenants with what they hold."""
        collection = self.path.split("/")[3]
        for name in self._body():
            del self.state.active[collection][name]
            self.state.objects.pop((collection, name), None)
        self._answer(200)


class _Grpc(weaviate_pb2_grpc.WeaviateServicer):
    def __init__(self, state: Loopback) -> None:
        self._state = state

    def _tenant(self, request: Any, context: Any) -> dict[str, Stored]:
        active = self._state.active[request.collection]
        if request.tenant not in active:
            context.abort(grpc.StatusCode.NOT_FOUND, f"tenant not found: {request.tenant}")
        config = self._state.schema[request.collection]["multiTenancyConfig"]
        if not active[request.tenant] and not config["autoTenantActivation"]:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "tenant not active")
        active[request.tenant] = True
        return self._state.objects.setdefault((request.collection, request.tenant), {})

    def TenantsGet(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """List the tenants with their states."""
        kinds = tenants_pb2.TenantActivityStatus
        hot, cold = kinds.TENANT_ACTIVITY_STATUS_HOT, kinds.TENANT_ACTIVITY_STATUS_COLD
        return tenants_pb2.TenantsGetReply(
            tenants=[
                tenants_pb2.Tenant(name=name, activity_status=hot if active else cold)
                for name, active in self._state.active[request.collection].items()
            ]
        )

    def Aggregate(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Count the objects of a tenant."""
        count = len(self._tenant(request, context))
        single = aggregate_pb2.AggregateReply.Single(objects_count=count)
        return aggregate_pb2.AggregateReply(single_result=single)

    def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Take objects, but for those that the test refuses."""
        errors = []
        for index, one in enumerate(request.objects):
            properties = dict(one.properties.non_ref_properties)
            for listed in one.properties.text_array_properties:
                properties[listed.prop_name] = list(listed.values)
            for empty in one.properties.empty_list_props:
                properties[empty] = []
            if properties["provision"] in self._state.refuse:
                errors.append(
                    batch_pb2.BatchObjectsReply.BatchError(index=index, error="too large")
                )
                continue
            raw = one.vectors[0].vector_bytes if one.vectors else one.vector_bytes
            stored = Stored(one.uuid, properties, np.frombuffer(raw, dtype="<f4"))
            self._tenant(one, context)[one.uuid] = stored
        return batch_pb2.BatchObjectsReply(errors=errors)

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """List objects by id after one, or rank them for a hybrid question."""
        held = self._tenant(request, context)
        if not request.HasField("hybrid_search"):
            ordered = sorted(held.values(), key=lambda one: one.uuid)
            page = [one for one in ordered if one.uuid > request.after][: request.limit]
            return _reply([(one, 0.0) for one in page])
        kept = list(held.values())
        if request.HasField("filters"):
            kept = [one for one in kept if _passes(one.properties, request.filters)]
        hybrid = request.hybrid_search
        raw = hybrid.vectors[0].vector_bytes if hybrid.vectors else hybrid.vector_bytes
        asked = np.frombuffer(raw or hybrid.near_vector.vector_bytes, dtype="<f4")
        ranked = [(one, float(one.vector @ asked)) for one in kept]
        ranked.sort(key=lambda pair: -pair[1])
        return _reply(ranked[: request.limit])


def _passes(properties: dict[str, Any], wanted: Any) -> bool:
    kinds = base_pb2.Filters
    if wanted.operator == kinds.OPERATOR_AND:
        return all(_passes(properties, one) for one in wanted.filters)
    held = properties.get(wanted.target.property or (wanted.on[0] if wanted.on else ""))
    if wanted.operator == kinds.OPERATOR_CONTAINS_ANY:
        return not set(held).isdisjoint(wanted.value_text_array.values)
    if wanted.operator == kinds.OPERATOR_LESS_THAN_EQUAL:
        return bool(held <= wanted.value_int)
    if wanted.operator == kinds.OPERATOR_GREATER_THAN:
        return bool(held > wanted.value_int)
    raise ValueError(f"operator {wanted.operator} is not expected")


def _reply(found: list[tuple[Stored, float]]) -> Any:
    return search_get_pb2.SearchReply(
        results=[
            search_get_pb2.SearchResult(
                metadata=search_get_pb2.MetadataResult(
                    id_as_bytes=uuid.UUID(one.uuid).bytes,
                    score=score,
                    score_present=True,
                    vector_bytes=struct.pack(f"<{one.vector.size}f", *one.vector),
                ),
                properties=search_get_pb2.PropertiesResult(
                    non_ref_props=properties_pb2.Properties(
                        fields={name: _value(held) for name, held in one.properties.items()}
                    )
                ),
            )
            for one, score in found
        ]
    )


def _value(held: Any) -> Any:
    if isinstance(held, list):
        texts = properties_pb2.ListValue(text_values=properties_pb2.TextValues(values=held))
        return properties_pb2.Value(list_value=texts)
    if isinstance(held, float):
        return properties_pb2.Value(int_value=int(held))
    return properties_pb2.Value(text_value=held)


def start(state: Loopback) -> tuple[ThreadingHTTPServer, grpc.Server]:
    """Start both servers on free ports of loopback; the caller stops them."""
    handler = type("Handler", (_Rest,), {"state": state})
    rest = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(_Grpc(state), server)
    state.http_port = rest.server_address[1]
    state.grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return rest, server
