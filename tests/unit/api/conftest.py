"""The web application's fixtures."""

from tests.fixtures.decision_point import decision_home, decision_platform
from tests.fixtures.web import web, web_home, web_platform

__all__ = ["decision_home", "decision_platform", "web", "web_home", "web_platform"]
