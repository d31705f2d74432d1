"""A data service that embeds the middleware does not load the service's weight with it."""

import subprocess
import sys
from pathlib import Path

PACKAGES = ("enforcement", "masking", "encryption", "middleware")
HEAVY = (
    "torch",
    "transformers",
    "llama_index",
    "spacy",
    "sqlalchemy",
    "fastapi",
    "pydantic",
    "presidio_analyzer",
)


FOR_FRAMEWORKS = {"sqlalchemy_sessions", "fastapi_routes"}  # for services that have them anyway


def test_embedded_packages_import_light(repository: Path) -> None:
    """No module of the packages brings a heavy library in, directly or through engines."""
    modules = [
        f"policy_service.{package}.{file.stem}"
        for package in PACKAGES
        for file in sorted((repository / "policy_service" / package).glob("*.py"))
        if not file.stem.startswith("_") and file.stem not in FOR_FRAMEWORKS
    ]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    found = [heavy for heavy in {HEAVY!r} if heavy in sys.modules]\n"
        "    assert not found, (name, found)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
