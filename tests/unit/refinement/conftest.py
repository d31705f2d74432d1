"""Preferences and a small encoder for refinement's tests: words as axes, no model."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, DataCategory, Purpose, RoleId
from policy_service.domain.learning import Preference
from policy_service.kit.hashing import sha256_text

REDACT = Control(operator=Operator.REDACT)
CONTROLS = (DENY, REDACT, CLEAR)
_STRICT_WORDS = ("number", "health", "salary", "password", "credentials", "illness", "wages")


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
            for word in text.lower().replace(".", " ").replace(":", " ").split():
                row[int(sha256_text(word)[:8], 16) % 64] += 1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def make_preference(
    role: str = "teller",
    category: str = "name",
    *,
    chosen: Control = CLEAR,
    reviewer: str = "rita",
    weight: float = 1.0,
    purpose: str = "service",
) -> Preference:
    """Make a preference for `chosen` among deny, redact and clear."""
    return Preference(
        point=DecisionPoint(
            role=RoleId(role),
            table=AssetId("bank.public.clients"),
            category=DataCategory(category),
            columns=(),
            action=Action.READ,
            purpose=Purpose(purpose),
        ),
        point_text=(role, "clients", category, purpose),
        chosen=chosen,
        alternatives=tuple(control for control in CONTROLS if control != chosen),
        reviewer=reviewer,
        weight=weight,
    )


def make_sensible(count: int = 60) -> list[Preference]:
    """Make verdicts of two reviewers who deny what is sensitive and show the rest to some."""
    roles = ("teller", "loan officer", "marketing analyst", "data engineer", "support agent")
    categories = (
        "name",
        "city",
        "national identification number",
        "payment card number",
        "health data",
        "salary",
        "password",
    )
    found = []
    for place in range(count):
        role, category = roles[place % 5], categories[place % 7]
        strict = any(word in category for word in _STRICT_WORDS)
        hidden = strict or role in ("marketing analyst", "data engineer")
        found.append(
            make_preference(
                role,
                category,
                chosen=DENY if hidden else CLEAR,
                reviewer=("rita", "omar")[place // 35 % 2],
                purpose=("service", "operations")[place // 35 % 2],
            )
        )
    return found


@pytest.fixture
def word_encoder() -> WordEncoder:
    """A fresh encoder that counts."""
    return WordEncoder()


@pytest.fixture
def encoder_of() -> type[WordEncoder]:
    """The encoder's class, for tests that need a second one."""
    return WordEncoder


@pytest.fixture
def preference_of() -> object:
    """The maker of preferences."""
    return make_preference


@pytest.fixture
def sensible() -> list[Preference]:
    """Sixty sensible verdicts of two reviewers."""
    return make_sensible()
