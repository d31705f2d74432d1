"""One tenant of one Weaviate collection as a LlamaIndex vector store.

LlamaIndex's own `WeaviateVectorStore` knows no tenants: here it translates the question and
its filters, and reads the answer; the tenant's collection is asked in between.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    VectorStoreQuery,
    VectorStoreQueryResult,
)

from policy_service.domain.errors import RetrievalError

if TYPE_CHECKING:
    from weaviate import WeaviateClient
    from weaviate.collections import Collection


class TenantStore(BasePydanticVectorStore):
    """Asks one tenant; filling it is `engines.weaviate`'s."""

    stores_text: bool = True
    _client: "WeaviateClient" = PrivateAttr()
    _tenant: "Collection" = PrivateAttr()
    _translator: Any = PrivateAttr()
    _types: dict[str, Any] = PrivateAttr()

    def __init__(self, *, client: "WeaviateClient", collection: str, tenant: str) -> None:
        from llama_index.vector_stores.weaviate import WeaviateVectorStore

        super().__init__(stores_text=True)
        whole = client.collections.get(collection)
        self._client = client
        self._tenant = whole.with_tenant(tenant)
        self._translator = WeaviateVectorStore(weaviate_client=client, index_name=collection)
        self._types = {one.name: one.data_type for one in whole.config.get(simple=True).properties}

    @property
    def client(self) -> "WeaviateClient":
        """Return the connection."""
        return self._client

    def add(self, nodes: Sequence[BaseNode], **kwargs: object) -> list[str]:
        """Refuse: a tenant is filled when it is opened."""
        raise RetrievalError("a tenant is filled when it is opened; open the index again")

    def delete(self, ref_doc_id: str, **delete_kwargs: object) -> None:
        """Refuse: a tenant holds one content and is replaced by another."""
        raise RetrievalError("a tenant is replaced, never deleted from; open the index again")

    def query(self, query: VectorStoreQuery, **kwargs: object) -> VectorStoreQueryResult:
        """Answer a hybrid query from this tenant alone."""
        parameters = self._translator.get_query_parameters(
            query, property_types=self._types, include_vector=False
        )
        found = self._tenant.query.hybrid(**parameters)
        answer: VectorStoreQueryResult = self._translator.parse_query_result(found, query)
        return answer
