"""From evidence to confidence: a logistic model with one set of weights for all kinds.

The weights are learned by `python -m benchmarks.obligations --train` from the shipped
digests, always held out by instrument for the figures that are reported.
"""

import math
from collections.abc import Mapping

from policy_service.corpus.extraction.evidence import Evidence
from policy_service.corpus.extraction.weights import BIAS, WEIGHTS
from policy_service.domain.provision import ControlKind

KEEP_AS_TEXT = 0.2  # below it nothing is proposed: the provision is kept as text only


def confidence(
    evidence: Evidence,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    bias: Mapping[ControlKind, float] = BIAS,
) -> float:
    """Return how likely a person would accept the obligation, 0-1, to two decimals."""
    total = bias[evidence.kind] + sum(
        weights[name] * value for name, value in evidence.features.items()
    )
    return round(1 / (1 + math.exp(-total)), 2)
