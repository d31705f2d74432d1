"""Weaviate in the embedded store's place: the same retriever, hybrid search done there.

A collection is named after the hash of what it holds, filled once and never changed; an
older one stays for whoever still reads it, until the operator drops it. Needs the extra
`policy-service[weaviate]`. Source: weaviate-client 4, llama-index-vector-stores-weaviate 1.7.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.engines.llama_index import Document, LlamaIndexRetrieval, Question, node_of

if TYPE_CHECKING:
    from llama_index.core.schema import BaseNode
    from weaviate import WeaviateClient

_PREFIX = "PolicyServiceProvisions"
_GRPC_PORT = 50051
_PORTS = {"http": 8080, "https": 443}


class WeaviateFinder:
    """A connected Weaviate with one filled collection. Close it after use."""

    def __init__(self, *, client: "WeaviateClient", collection: str) -> None:
        from llama_index.vector_stores.weaviate import WeaviateVectorStore

        self._client = client
        store = WeaviateVectorStore(weaviate_client=client, index_name=collection)
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
    content_sha256: str,
    documents: Sequence[Document],
    vectors: Callable[[], NDArray[np.float32]],
    grpc_port: int = _GRPC_PORT,
) -> WeaviateFinder:
    """Connect, fill the collection of `content_sha256` unless it is there, and return a finder.

    `vectors` gives one row a document and is asked only where they are needed. Raises
    `RetrievalError` where the extra is not installed, or Weaviate cannot be reached or does
    not take a document.
    """
    client = _connect(url, api_key=api_key, grpc_port=grpc_port)
    collection = f"{_PREFIX}_{content_sha256[:16]}"
    try:
        if not _complete(client, collection, len(documents)):
            _fill(client, collection, documents, vectors())
        return WeaviateFinder(client=client, collection=collection)
    except RetrievalError:
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
        )
    except Exception as error:
        raise RetrievalError(
            f"weaviate at `{_host(url)}` does not answer (`{type(error).__name__}`); "
            "check the address, the key and the gRPC port"
        ) from error


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def _complete(client: "WeaviateClient", collection: str, size: int) -> bool:
    if not client.collections.exists(collection):
        return False
    counted = client.collections.get(collection).aggregate.over_all(total_count=True).total_count
    if counted == size:
        return True
    client.collections.delete(collection)  # a run that broke off while filling it
    return False


def _fill(
    client: "WeaviateClient",
    collection: str,
    documents: Sequence[Document],
    vectors: NDArray[np.float32],
) -> None:
    from llama_index.vector_stores.weaviate import WeaviateVectorStore

    _create(client, collection)
    nodes: list[BaseNode] = []
    for document, vector in zip(documents, vectors, strict=True):
        node = node_of(document, node_id=str(uuid.uuid5(uuid.NAMESPACE_URL, document.id)))
        node.embedding = vector.tolist()
        nodes.append(node)
    WeaviateVectorStore(weaviate_client=client, index_name=collection).add(nodes)
    failed = client.batch.failed_objects
    if failed:
        client.collections.delete(collection)
        raise RetrievalError(f"weaviate refused {len(failed)} provisions; look at its log")


def _create(client: "WeaviateClient", collection: str) -> None:
    from weaviate.classes.config import Configure, DataType, Property, Tokenization

    def exact(name: str, data_type: DataType = DataType.TEXT, *, filterable: bool) -> Property:
        return Property(
            name=name,
            data_type=data_type,
            tokenization=Tokenization.FIELD,
            index_filterable=filterable,
            index_searchable=False,  # only the text itself is searched in words
        )

    client.collections.create(
        collection,
        vector_config=Configure.Vectors.self_provided(),
        properties=[
            Property(name="text", data_type=DataType.TEXT, tokenization=Tokenization.WORD),
            exact("provision", filterable=True),
            exact("instrument", filterable=True),
            exact("kinds", DataType.TEXT_ARRAY, filterable=True),
            exact("_node_content", filterable=False),
            exact("_node_type", filterable=False),
            exact("document_id", filterable=False),
            exact("doc_id", filterable=True),
            exact("ref_doc_id", filterable=True),
        ],
    )
