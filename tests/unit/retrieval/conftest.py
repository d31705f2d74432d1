"""Provisions and a small encoder for retrieval's tests: words as axes, no model."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_service.domain.identifiers import (
    DataCategory,
    ObligationId,
    ProvisionId,
    Sha256Hex,
)
from policy_service.domain.provision import ControlKind, Obligation, Provision, Strength
from policy_service.kit.hashing import sha256_text


class WordEncoder:
    """Embeds a text by hashing its words to axes, and counts what it was asked."""

    def __init__(self, sha256: str = "e" * 64) -> None:
        self.sha256 = sha256
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one normalised row a text."""
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[int(sha256_text(word)[:8], 16) % 64] += 1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def make_provision(
    name: str,
    text: str,
    *,
    title: str = "",
    kinds: Sequence[ControlKind] = (),
    categories: Sequence[str] = (),
    **fields: Any,
) -> Provision:
    """Make a provision of the instrument that its id begins with."""
    obligations = tuple(
        Obligation(
            id=ObligationId(f"{name}#{number}"),
            provision=ProvisionId(name),
            kind=kind,
            strength=Strength.ADVICE,
            data_categories=tuple(DataCategory(one) for one in categories),
        )
        for number, kind in enumerate(kinds)
    )
    return Provision(
        id=ProvisionId(name),
        instrument=name.partition("/")[0],
        section=name.partition("/")[2],
        title=title,
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        url="",
        obligations=obligations,
        **{"version": "1", "version_date": "2026-01-01", **fields},
    )


@pytest.fixture
def word_encoder() -> WordEncoder:
    """A fresh encoder that counts."""
    return WordEncoder()


@pytest.fixture
def encoder_of() -> type[WordEncoder]:
    """The encoder's class, for tests that need a second one."""
    return WordEncoder


@pytest.fixture
def provision_of() -> object:
    """The maker of provisions."""
    return make_provision


@pytest.fixture
def loopback() -> Iterator[Any]:
    """A small Weaviate on loopback, in memory."""
    pytest.importorskip("weaviate")
    from tests.unit.retrieval.weaviate_loopback import Loopback, start

    state = Loopback()
    rest, server = start(state)
    yield state
    rest.shutdown()
    rest.server_close()
    server.stop(None).wait()


@pytest.fixture
def provisions() -> list[Provision]:
    """Six provisions of three instruments."""
    return [
        make_provision(
            "gdpr/art-32",
            "Encrypt personal data at rest with a strong algorithm.",
            title="Security of processing",
            kinds=(ControlKind.ENCRYPTION_AT_REST,),
        ),
        make_provision(
            "gdpr/art-87",
            "National identification numbers are masked unless a law needs them in clear.",
            kinds=(ControlKind.MASKING,),
        ),
        make_provision(
            "gdpr/art-17", "Erase personal data on request.", kinds=(ControlKind.ERASURE,)
        ),
        make_provision(
            "pci/3.4.1",
            "Mask the card number when it is displayed.",
            kinds=(ControlKind.MASKING, ControlKind.ACCESS),
        ),
        make_provision("pci/3.7", "Rotate the keys that encrypt card data every year."),
        make_provision("sox/404", "Keep duties of payment and approval apart."),
    ]
