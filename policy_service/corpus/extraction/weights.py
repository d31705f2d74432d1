"""Learned weights of the scorer.

Written by `python -m benchmarks.obligations --train`, learned from the shipped
digests and the official texts of the same sections: GDPR, AI Act, NIS2, DORA, HIPAA, CCPA,
Regulation P and NIST SP 800-53. They hold no text of either.
"""

from policy_service.domain.provision import ControlKind

WEIGHTS: dict[str, float] = {
    "strong": 1.786,
    "strong_more": 0.554,
    "medium": 0.181,
    "weak": 0.159,
    "against": 0.434,
    "title_strong": 0.603,
    "title_medium": 0.058,
    "around_strong": 0.614,
    "around_medium": 0.372,
    "above_strong": -0.319,
    "above_medium": -0.061,
    "item_above": 1.764,
    "item_around": 0.764,
    "rival": -0.29,
    "command": 0.336,
    "imperative": -0.36,
    "advice": -0.642,
    "definition": 0.855,
    "recital": -0.091,
    "names_data": 0.542,
    "share": 0.899,
    "long": -1.16,
}
BIAS: dict[ControlKind, float] = {
    ControlKind.ACCESS: -2.732,
    ControlKind.PURPOSE_LIMITATION: -3.159,
    ControlKind.MASKING: -2.318,
    ControlKind.ENCRYPTION_AT_REST: -2.363,
    ControlKind.ENCRYPTION_IN_TRANSIT: -3.123,
    ControlKind.KEY_MANAGEMENT: -2.196,
    ControlKind.RETENTION: -3.045,
    ControlKind.ERASURE: -2.994,
    ControlKind.AUDIT: -3.3,
    ControlKind.SEPARATION_OF_DUTIES: -2.565,
    ControlKind.AUTHENTICATION: -3.774,
    ControlKind.CLASSIFICATION: -3.738,
}
