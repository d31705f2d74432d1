"""The loss of choices by its formula. Source: Luce (1959); Bradley and Terry (1952) for pairs."""

import math
from collections.abc import Sequence


def cross_entropy(rewards: Sequence[float]) -> float:
    """Return -log of the softmax of the first reward, which is the chosen one's."""
    total = sum(math.exp(reward) for reward in rewards)
    return -math.log(math.exp(rewards[0]) / total)


def bradley_terry(better: float, worse: float) -> float:
    """Return -log of the logistic function of the difference."""
    return math.log(1 + math.exp(-(better - worse)))


def bounded(scores: Sequence[float], *, bound: float) -> list[float]:
    """Centre scores and bound them smoothly."""
    mean = sum(scores) / len(scores)
    return [bound * math.tanh((score - mean) / bound) for score in scores]


def head(
    vectors: Sequence[Sequence[float]],
    hidden: Sequence[Sequence[float]],
    bias: Sequence[float],
    output: Sequence[float],
) -> float:
    """Score one point-control pair: the embeddings end to end, one hidden layer, one number."""
    row = [value for vector in vectors for value in vector]
    total = 0.0
    for weights, shift, out in zip(hidden, bias, output, strict=True):
        state = sum(weight * value for weight, value in zip(weights, row, strict=True)) + shift
        total += math.tanh(state) * out
    return total
