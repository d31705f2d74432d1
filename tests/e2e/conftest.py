"""The web application's fixtures."""

from tests.fixtures.web import web, web_home, web_platform

__all__ = ["web", "web_home", "web_platform"]
