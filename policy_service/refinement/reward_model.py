"""The reward model that drafting asks: how reviewers would value each control at a point.

Rewards are centred over a point's controls and bounded, so feedback moves a draft only as
far as β allows. The model knows nothing of floors: candidates below one never reach it.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.control import Control, Operator
from policy_service.domain.identifiers import ModelVersion
from policy_service.engines.reward_head import FIELDS, RewardHead, bounded

PRIOR = ModelVersion("prior-0")
PointText = tuple[str, str, str, str]  # role, asset, category, purpose
_PAIRS = 65_536  # point-control pairs scored at once
_MEANING = {
    Operator.DENY: "deny: the value is never shown",
    Operator.NULL: "null: the field is left empty",
    Operator.REDACT: "redact: the whole value is blacked out",
    Operator.REPLACE: "replace: a fixed word stands for the value",
    Operator.AGGREGATE: "aggregate: a figure of a whole group stands for the value",
    Operator.GENERALISE: "generalise: only a coarser form of the value is shown",
    Operator.BUCKET: "bucket: only the range the number lies in is shown",
    Operator.PARTIAL: "partial: a few characters are shown, the rest is masked",
    Operator.ENCRYPT: "encrypt: the value is unreadable without a key",
    Operator.TOKENISE: "tokenise: a random token that still joins stands for the value",
    Operator.SYNTHETIC: "synthetic: a made-up value of the same kind is shown",
    Operator.PSEUDONYMISE: "pseudonymise: a stable token that still joins stands for the value",
    Operator.FORMAT_PRESERVING: "format preserving: encrypted in the same format",
    Operator.NOISE: "noise: a number near the real one is shown",
    Operator.DATE_SHIFT: "date shift: a date near the real one is shown",
    Operator.TOP_BOTTOM: "top bottom: the real number is shown unless it is extreme",
    Operator.SUPPRESS: "suppress: the real value is shown unless it is rare",
    Operator.CLEAR: "clear: the full real value is shown",
}


class TextEncoder(Protocol):
    """Embeds texts; `sha256` names the model."""

    @property
    def sha256(self) -> str:
        """Return the hash of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one normalised row a text."""
        ...


class RewardModel:
    """One version of the reward model; without a head it rewards nothing. Thread-safe."""

    def __init__(
        self,
        *,
        encoder: TextEncoder,
        version: ModelVersion = PRIOR,
        head: RewardHead | None = None,
    ) -> None:
        self.version = version
        self._head = head
        self._encoder = encoder
        self._projected: list[dict[str, NDArray[np.float64]]] = [{} for _ in range(FIELDS)]
        self._lock = threading.Lock()

    def rewards(
        self, points: Sequence[PointText], controls: Sequence[Sequence[Control]]
    ) -> list[tuple[float, ...]]:
        """Reward each control of each point; within ±3, six digits, mean near 0 a point.

        Requires as many control lists as points.
        """
        if len(points) != len(controls):
            raise ValueError("one list of controls is needed for each point")
        if self._head is None:
            return [(0.0,) * len(considered) for considered in controls]
        return self._rewards(self._head, points, controls)

    def _rewards(
        self,
        head: RewardHead,
        points: Sequence[PointText],
        controls: Sequence[Sequence[Control]],
    ) -> list[tuple[float, ...]]:
        fields = [fields_of(point) for point in points]
        written = {one: control_text(one) for group in controls for one in group}
        tables = [
            self._table(head, field, sorted({row[field] for row in fields}))
            for field in range(FIELDS - 1)
        ]
        table = self._table(head, FIELDS - 1, sorted(set(written.values())))
        found: list[tuple[float, ...]] = []
        rows: list[NDArray[np.float64]] = []
        sizes: list[int] = []
        waiting = 0
        for row, group in zip(fields, controls, strict=True):
            point = tables[0][row[0]] + tables[1][row[1]] + tables[2][row[2]]
            rows.extend(point + table[written[one]] for one in group)
            sizes.append(len(group))
            waiting += len(group)
            if waiting >= _PAIRS:
                found.extend(_score(head, rows, sizes))
                rows, sizes, waiting = [], [], 0
        found.extend(_score(head, rows, sizes))
        return found

    def _table(
        self, head: RewardHead, field: int, texts: Sequence[str]
    ) -> dict[str, NDArray[np.float64]]:
        with self._lock:
            known = self._projected[field]
            missing = [text for text in texts if text not in known]
            if missing:
                projected = head.project(field, self._encoder.encode(missing))
                known.update(zip(missing, projected, strict=True))
            return known


def fields_of(point: PointText) -> tuple[str, str, str]:
    """Return the texts of a point that are embedded apart; asset and category go together."""
    role, asset, category, purpose = point
    return role, f"{asset}. {category}", purpose


def control_text(control: Control) -> str:
    """Write a control so that its embedding carries its meaning."""
    meaning = _MEANING[control.operator]
    if not control.parameters:
        return meaning
    details = ", ".join(f"{name} {value}" for name, value in control.parameters.items())
    return f"{meaning} ({details})"


def _score(
    head: RewardHead, rows: Sequence[NDArray[np.float64]], sizes: Sequence[int]
) -> list[tuple[float, ...]]:
    if not rows:
        return [() for _ in sizes]
    scores = head.score(np.stack(rows))
    ends = np.cumsum(sizes)
    return [
        tuple(float(one) for one in np.round(bounded(scores[end - size : end]), 6)) if size else ()
        for end, size in zip(ends, sizes, strict=True)
    ]
