"""A data service that embeds the middleware does not load the service's weight with it."""

import subprocess
import sys
from collections.abc import Sequence
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
ON_FIRST_USE = ("sqlglot", "polars", "polars_hash", "cryptography", "casbin", "numpy", "pyarrow")


FOR_FRAMEWORKS = {"sqlalchemy_sessions", "fastapi_routes"}  # for services that have them anyway


def test_embedded_packages_import_light(repository: Path) -> None:
    """No module of the packages brings a heavy library in, directly or through engines."""
    modules = [
        name
        for package in PACKAGES
        for name in _modules(repository, package)
        if name.rpartition(".")[2] not in FOR_FRAMEWORKS
    ]
    _import_all(repository, modules, without=HEAVY)


def test_middleware_loads_its_engines_on_first_use(repository: Path) -> None:
    """No module of the middleware loads a parser, tables, ciphers or pycasbin by being imported."""
    _import_all(repository, _modules(repository, "middleware"), without=ON_FIRST_USE)


def _modules(repository: Path, package: str) -> list[str]:
    """Name the public modules of a package and of the packages in it."""
    return [
        ".".join(file.relative_to(repository).with_suffix("").parts)
        for file in sorted((repository / "policy_service" / package).rglob("*.py"))
        if not file.stem.startswith("_")
    ]


def _import_all(repository: Path, modules: Sequence[str], *, without: Sequence[str]) -> None:
    """Import in one fresh interpreter; fail at the first module that loads one of `without`."""
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    found = [heavy for heavy in {without!r} if heavy in sys.modules]\n"
        "    assert not found, (name, found)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
