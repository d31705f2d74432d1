"""Fixtures that every test may use: shared data, the repository's folders, a fixed clock."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from policy_service.kit.clock import FixedClock

# Idle OpenMP threads that spin would slow every other process on a small machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

pytest_plugins = [
    "tests.fixtures.postgresql",
    "tests.fixtures.platform",
    "tests.fixtures.command_line",
]

# The same examples on every run, and no time limit for one of them: figures live in benchmarks.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; skips where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return folder


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon on 2 March 2026."""
    return FixedClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
