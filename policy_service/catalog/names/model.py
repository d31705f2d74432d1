"""The learned name classifier: what a column's name, path and neighbours say it holds.

Weak evidence beside values, and the only evidence before a scan: connectors, manifests, empty
tables. A Gaussian process over names (`kernel`, learned by `fit`); its probabilities
are calibrated on vendors that were left out. What people correct is remembered word for word
and carries over to alike columns. The model card is in docs/classification.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.names.corrections import (
    Correction,
    Corrections,
    exact_key,
    learn_corrections,
    with_columns,
)
from policy_service.catalog.names.features import ColumnName, NameFeatures, read_all
from policy_service.catalog.names.kernel import NameEncoder, likeness
from policy_service.catalog.names.reasons import Reasons
from policy_service.catalog.names.vectors import CachedEncoder
from policy_service.catalog.names.weights import (
    NOT_PERSONAL,
    NameWeights,
    Tier,
    blend,
    is_personal,
    pack,
    read_weights,
    surety_of,
    unpack,
    write_weights,
)
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import DataCategory
from policy_service.kit.hashing import sha256_hex

__all__ = ["ColumnName", "NameEncoder", "NameModel", "NamePrediction"]

FORMAT = "column-name-model-1"
_CHUNK = 64  # columns × anchors at a time: what fits the processor's cache
_SURE = 0.99  # of what a person said of this very column


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePrediction:
    """What a name says. Both probabilities are calibrated on vendors that were left out."""

    category: DataCategory
    personal: float  # that the column is about a person
    confidence: float  # that `category` is right in the first two parts of its key
    reasons: tuple[str, ...]  # at most three


class NameModel:
    """The classifier. Safe to share between threads; corrections make another one."""

    def __init__(
        self,
        weights: NameWeights,
        *,
        encoder: NameEncoder | None = None,
        corrections: Sequence[Correction] = (),
    ) -> None:
        """Take learned weights. Raises `CatalogError` for an encoder they do not know."""
        if encoder is not None and weights.meaning is None:
            raise CatalogError(
                "these column-name weights were learned without an encoder; give none"
            )
        self._weights = weights
        self._encoder = None if encoder is None else CachedEncoder(encoder)
        self._tier = weights.names if weights.meaning is None or not encoder else weights.meaning
        self._reasons = Reasons(weights.anchors.indexes["leaf"])
        self._corrections = self._learned(corrections) if corrections else None

    @classmethod
    def load(cls, *, encoder: NameEncoder | None = None) -> "NameModel":
        """Load the shipped weights; an encoder makes it better, and slower at new names."""
        return cls(_shipped(), encoder=encoder)

    @classmethod
    def from_bytes(cls, data: bytes, *, encoder: NameEncoder | None = None) -> "NameModel":
        """Read what `to_bytes` wrote. Raises `CatalogError` for anything else."""
        head, arrays = unpack(data, FORMAT)
        try:
            weights = read_weights(arrays["weights"].tobytes())
            corrections = [_correction(one) for one in head["corrections"]]
        except (KeyError, TypeError, ValueError) as error:
            raise CatalogError("the column-name model cannot be read; export it again") from error
        return cls(weights, encoder=encoder, corrections=corrections)

    @cached_property
    def version(self) -> str:
        """Name this very model: its weights and its corrections, whatever the encoder."""
        return f"names-{sha256_hex(self.to_bytes())[:12]}"

    def to_bytes(self) -> bytes:
        """Write weights and corrections; the same model gives the same bytes."""
        given = self._corrections.given if self._corrections else ()
        listed = [[asdict(column), category] for column, category in given]
        head = {"format": FORMAT, "corrections": listed}
        weights = np.frombuffer(write_weights(self._weights), dtype=np.uint8)
        return pack(head, {"weights": weights})

    def with_corrections(self, corrections: Sequence[Correction]) -> "NameModel":
        """Return a model that also knows what people said of these columns.

        Of two corrections of one column the later counts, also over earlier calls.
        """
        given = self._corrections.given if self._corrections else ()
        return NameModel(self._weights, encoder=self._encoder, corrections=(*given, *corrections))

    def predict(self, columns: Sequence[ColumnName]) -> list[NamePrediction]:
        """Classify each column, in order; none depends on the others of the call."""
        features = read_all(columns)
        found: list[NamePrediction] = []
        for start in range(0, len(columns), _CHUNK):
            found += self._predict(
                columns[start : start + _CHUNK], features[start : start + _CHUNK]
            )
        return found

    def _predict(
        self, columns: Sequence[ColumnName], features: Sequence[NameFeatures]
    ) -> list[NamePrediction]:
        scores, categories = self._scores(features), self._weights.categories
        exact: Mapping[tuple[str, str], DataCategory] = {}
        if self._corrections:
            exact, categories = self._corrections.exact, self._corrections.categories
            scores = with_columns(scores, len(categories))
            scores += self._corrections.shift(features, self._encoder)
        curve = self._tier.calibration
        personal = _chance(curve.personal_slope * scores[:, 0] + curve.personal_offset)
        surety = surety_of(scores, personal, curve.threshold)
        right = _chance(curve.right_slope * surety + curve.right_offset)
        best = scores[:, 1:].argmax(axis=1)
        found = []
        for row, column in enumerate(columns):
            said = exact.get(exact_key(column))
            if said is not None:
                found.append(_corrected(said))
                continue
            above = scores[row, 0] >= curve.threshold
            found.append(
                NamePrediction(
                    category=categories[best[row]] if above else NOT_PERSONAL,
                    personal=round(float(personal[row]), 4),
                    confidence=round(float(right[row]), 4),
                    reasons=self._reasons.of(features[row]),
                )
            )
        return found

    def _scores(self, features: Sequence[NameFeatures]) -> NDArray[np.float64]:
        names = self._of_tier(features, self._weights.names, None)
        if self._encoder is None:
            return names
        return blend(self._of_tier(features, self._tier, self._encoder), names)

    def _of_tier(
        self, features: Sequence[NameFeatures], tier: Tier, encoder: NameEncoder | None
    ) -> NDArray[np.float64]:
        likely = likeness(features, self._weights.anchors, encoder=encoder)
        return np.asarray(likely @ tier.weights + tier.mean, dtype=np.float64)

    def _learned(self, given: Sequence[Correction]) -> Corrections:
        features = read_all([column for column, _ in given])
        return learn_corrections(
            given,
            features=features,
            scores=self._scores(features),
            categories=self._weights.categories,
            encoder=self._encoder,
        )


def _corrected(said: DataCategory) -> NamePrediction:
    return NamePrediction(
        category=said,
        personal=_SURE if is_personal(said) else round(1 - _SURE, 4),
        confidence=_SURE,
        reasons=("a person said so of this column",),
    )


def _correction(one: Sequence[Any]) -> Correction:
    column, category = one
    known = {**column, "siblings": tuple(str(path) for path in column["siblings"])}
    return ColumnName(**known), DataCategory(str(category))


def _chance(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), dtype=np.float64)


@lru_cache(maxsize=1)
def _shipped() -> NameWeights:
    file = files("policy_service.catalog.names") / "column_names.npz"
    try:
        return read_weights(file.read_bytes())
    except OSError as error:
        raise CatalogError(
            "the column-name weights are not installed; install the package again"
        ) from error
