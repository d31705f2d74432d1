"""Weaviate in the embedded store's place: the same retriever, hybrid search done there.

One collection for each embedding model, with multi-tenancy: an organisation has a tenant for
each content it searched, so that nothing of one is found by another, and a new content is
filled beside the old one before it is used. Filling goes on where it broke off. What was
replaced is deactivated, and removed at the next replacement unless somebody read it since.
Needs the extra `policy-service[weaviate]` and Weaviate 1.27 or newer. Source: weaviate-client
4, llama-index-vector-stores-weaviate 1.7, and Weaviate's page on multi-tenancy.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import PolicyServiceError, RetrievalError
from policy_service.domain.progress import Progress, silent
from policy_service.engines.llama_index import LlamaIndexRetrieval, node_of
from policy_service.engines.search import Document, Question
from policy_service.kit.hashing import sha256_text

if TYPE_CHECKING:
    from weaviate import WeaviateClient
    from weaviate.classes.tenants import Tenant
    from weaviate.collections import Collection

_PREFIX = "PolicyServiceProvisions"
GRPC_PORT = 50051
_PORTS = {"http": 8080, "https": 443}
_STAGE = "index"
_CHUNK = 500  # documents embedded and sent between two progress reports
_BATCH = 100  # documents in one request
_ORGANISATION = re.compile(r"[A-Za-z0-9_-]{1,40}")  # a tenant's name has 64 characters at most
_CONTENT_LENGTH = 16
_TEXT_SHA256 = "text_sha256"
_VECTOR = "default"  # Weaviate's name for the vector of a collection that has one
Vectors = Callable[[Sequence[int]], NDArray[np.float32]]


class WeaviateFinder:
    """A connected Weaviate with one filled tenant. Close it after use."""

    def __init__(self, *, client: "WeaviateClient", collection: str, tenant: str) -> None:
        from policy_service.engines.weaviate_store import TenantStore

        self._client = client
        store = TenantStore(client=client, collection=collection, tenant=tenant)
        self._retrieval = LlamaIndexRetrieval(store)

    def find(self, question: Question) -> list[tuple[str, float]]:
        """Return (document id, score), best first; ties in the order of ids."""
        return self._retrieval.find(question)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def open_weaviate(
    *,
    url: str,
    api_key: str,
    organisation: str,
    encoder_sha256: str,
    content_sha256: str,
    documents: Sequence[Document],
    vectors: Vectors,
    grpc_port: int = GRPC_PORT,
    progress: Progress = silent,
) -> WeaviateFinder:
    """Connect, fill the organisation's tenant of this content where it lacks something.

    `vectors` gives one row for each place in `documents` that it is asked for. Raises
    `RetrievalError` where the extra is not installed, or Weaviate cannot be reached or does
    not take a document; what it took stays, and the next run goes on from there.
    """
    if not _ORGANISATION.fullmatch(organisation):
        raise RetrievalError(
            f"tenant `{organisation}` is no name for weaviate; "
            "write 1 to 40 letters, digits, `_` or `-`"
        )
    client = _connect(url, api_key=api_key, grpc_port=grpc_port)
    name = f"{_PREFIX}_{encoder_sha256[:12]}"
    tenant = f"{organisation}-{content_sha256[:_CONTENT_LENGTH]}"
    try:
        if not client.collections.exists(name):
            _create(client, name)
        _fill(client.collections.get(name), tenant, documents, vectors, progress)
        return WeaviateFinder(client=client, collection=name, tenant=tenant)
    except PolicyServiceError:
        client.close()
        raise
    except Exception as error:
        client.close()
        raise RetrievalError(
            f"weaviate at `{_host(url)}` refused the index (`{type(error).__name__}`); "
            "check its version and the key's rights"
        ) from error


def _connect(url: str, *, api_key: str, grpc_port: int) -> "WeaviateClient":
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise RetrievalError("the weaviate url is wrong; write `http://host:port` or `https://…`")
    try:
        import weaviate
        from weaviate.classes.init import Auth
    except ImportError as error:
        raise RetrievalError(
            "weaviate is not installed; install `policy-service[weaviate]`"
        ) from error
    secure = parts.scheme == "https"
    try:
        return weaviate.connect_to_custom(
            http_host=parts.hostname,
            http_port=parts.port or _PORTS[parts.scheme],
            http_secure=secure,
            grpc_host=parts.hostname,
            grpc_port=grpc_port,
            grpc_secure=secure,
            auth_credentials=Auth.api_key(api_key) if api_key else None,
            skip_init_checks=True,  # one of them asks PyPI; a port that is shut shows at once
        )
    except Exception as error:
        raise RetrievalError(
            f"weaviate at `{_host(url)}` does not answer (`{type(error).__name__}`); "
            "check the address, the key and the gRPC port"
        ) from error


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def _fill(
    collection: "Collection",
    tenant: str,
    documents: Sequence[Document],
    vectors: Vectors,
    progress: Progress,
) -> None:
    """Put into the tenant what it lacks, then let go of the organisation's older ones."""
    tenants = collection.tenants.get()
    if tenant not in tenants:
        collection.tenants.create(tenant)
    own = collection.with_tenant(tenant)
    older = [one for one in sorted(tenants) if one != tenant and _owner(one) == _owner(tenant)]
    asleep = _asleep(tenants, older)  # asked now: reading their vectors wakes them up
    held = own.aggregate.over_all(total_count=True).total_count
    progress(_STAGE, min(held or 0, len(documents)), len(documents))
    if held != len(documents):
        there = {str(one.uuid) for one in own.iterator(return_properties=[])}
        missing = [n for n, one in enumerate(documents) if _node_id(one) not in there]
        known = _known_vectors(collection, older, [documents[place] for place in missing])
        for start in range(0, len(missing), _CHUNK):
            places = missing[start : start + _CHUNK]
            _send(own, [documents[n] for n in places], _rows(places, documents, known, vectors))
            progress(_STAGE, len(documents) - len(missing) + start + len(places), len(documents))
        _let_go(collection, older, asleep=asleep)


def _owner(tenant: str) -> str:
    return tenant[: -_CONTENT_LENGTH - 1]


def _node_id(document: Document) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, document.id))


def _rows(
    places: Sequence[int],
    documents: Sequence[Document],
    known: Mapping[str, Sequence[float]],
    vectors: Vectors,
) -> list[list[float]]:
    """Return a row for each place, asking only for those that are not known."""
    hashes = [sha256_text(documents[place].text) for place in places]
    asked = [place for place, key in zip(places, hashes, strict=True) if key not in known]
    new = iter(vectors(asked) if asked else ())
    return [list(known[key]) if key in known else next(new).tolist() for key in hashes]


def _known_vectors(
    collection: "Collection", tenants: Sequence[str], documents: Sequence[Document]
) -> dict[str, Sequence[float]]:
    """Return the rows that the organisation's older tenants hold of these texts."""
    wanted = {sha256_text(document.text) for document in documents}
    found: dict[str, Sequence[float]] = {}
    for tenant in tenants:
        for one in collection.with_tenant(tenant).iterator(
            include_vector=True, return_properties=[_TEXT_SHA256]
        ):
            key = str(one.properties.get(_TEXT_SHA256))
            if key in wanted:
                found[key] = [float(value) for value in np.ravel(one.vector[_VECTOR])]
    return found


def _send(
    tenant: "Collection", documents: Sequence[Document], rows: Sequence[Sequence[float]]
) -> None:
    with tenant.batch.fixed_size(batch_size=_BATCH) as batch:
        for document, row in zip(documents, rows, strict=True):
            properties = _properties(document)
            batch.add_object(properties=properties, uuid=_node_id(document), vector=list(row))
    failed = tenant.batch.failed_objects
    if failed:
        raise RetrievalError(
            f"weaviate refused {len(failed)} of {len(documents)} provisions; look at its log and "
            "run again: what it took is kept"
        )


def _properties(document: Document) -> dict[str, Any]:
    """Write a document as LlamaIndex's Weaviate store reads it back."""
    from llama_index.core.vector_stores.utils import node_to_metadata_dict

    node = node_of(document, node_id=_node_id(document))
    node.metadata[_TEXT_SHA256] = sha256_text(document.text)
    return {"text": document.text, **node_to_metadata_dict(node, remove_text=True)}


def _asleep(tenants: "Mapping[str, Tenant]", names: Sequence[str]) -> list[str]:
    from weaviate.classes.tenants import TenantActivityStatus

    inactive = TenantActivityStatus.INACTIVE
    return [name for name in names if tenants[name].activity_status is inactive]


def _let_go(collection: "Collection", replaced: Sequence[str], *, asleep: Sequence[str]) -> None:
    """Deactivate what is replaced; remove what was deactivated before and not read since."""
    if asleep:
        collection.tenants.remove(list(asleep))
    awake = [name for name in replaced if name not in asleep]
    if awake:
        collection.tenants.deactivate(awake)


def _create(client: "WeaviateClient", name: str) -> None:
    from weaviate.classes.config import Configure, DataType, Property, Tokenization

    def exact(name: str, data_type: DataType = DataType.TEXT, *, filterable: bool) -> Property:
        return Property(
            name=name,
            data_type=data_type,
            tokenization=Tokenization.FIELD,
            index_filterable=filterable,
            index_searchable=False,  # only the text itself is searched in words
        )

    words = ("instrument", "jurisdictions", "sectors", "duties", "standing")
    numbers = ("version_date", "superseded")
    plain = ("provision", _TEXT_SHA256, "_node_content", "_node_type", "document_id")
    client.collections.create(
        name,
        vector_config=Configure.Vectors.self_provided(),
        multi_tenancy_config=Configure.multi_tenancy(enabled=True, auto_tenant_activation=True),
        properties=[
            Property(name="text", data_type=DataType.TEXT, tokenization=Tokenization.WORD),
            *(exact(one, DataType.TEXT_ARRAY, filterable=True) for one in words),
            *(
                Property(name=one, data_type=DataType.INT, index_range_filters=True)
                for one in numbers
            ),
            *(exact(one, filterable=False) for one in plain),
            *(exact(one, filterable=True) for one in ("doc_id", "ref_doc_id")),
        ],
    )
