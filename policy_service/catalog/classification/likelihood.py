"""How far a column's values prove what they look like: the odds against chance.

A tenth of all digit strings pass Luhn, so one value that passes says little and fifty say
everything. With `found` of `total` different values passing a test that others pass with
probability `chance`, Bayes' rule weighs "this is such a column, apart from a few typing
errors" against "these are other values of the same form". Values are counted once each:
a thousand copies of one number are one witness.
"""

import math

_ERRORS = 0.03  # of the values of a true column that fail: typing errors, test entries


def proof(found: int, total: int, *, chance: float, prior: float) -> float:
    """Return the probability that a column is what `found` of its `total` different values pass as.

    `chance` is the share of other values of the same form that pass, 0 < chance < 1;
    `prior` the probability before a value was seen, 0 < prior < 1.
    """
    failed = total - found
    log_ratio = found * math.log((1 - _ERRORS) / chance)
    log_ratio += failed * math.log(_ERRORS / (1 - chance))
    log_odds = log_ratio + math.log(prior / (1 - prior))
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, log_odds))))
