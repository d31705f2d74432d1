"""Fixtures of the workflows' tests."""

from tests.fixtures.decision_point import decision_home, decision_platform

__all__ = ["decision_home", "decision_platform"]
