"""Deployment files: well-formed, pinned, without default passwords, and about settings that exist.

They are parsed here, not run: no container engine is assumed.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from policy_service.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]
DEPLOY = REPOSITORY / "deploy"
CHART = DEPLOY / "helm" / "policy-service"
TEMPLATES = sorted((CHART / "templates").glob("*.yaml"))
_SECRET = re.compile(r"(PASSWORD|PASSPHRASE|API_KEY|ALLOWED_KEYS)$")
_SETTING = re.compile(r"\bPOLICY_SERVICE_[A-Z_]+[A-Z]\b")


def _plain(template: str) -> str:
    """Take the templating out of a Helm template: lines of it go, values become a word."""
    lines = [line for line in template.splitlines() if not re.fullmatch(r"\s*\{\{.*\}\}\s*", line)]
    return re.sub(r"\{\{.*?\}\}", "templated", "\n".join(lines))


def _compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def _deployment() -> Any:
    text = (CHART / "templates" / "deployment.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(_plain(text))


def _every_file() -> list[Path]:
    return [file for file in sorted(DEPLOY.rglob("*")) if file.is_file()]


@pytest.mark.parametrize("template", TEMPLATES, ids=[file.name for file in TEMPLATES])
def test_templates_are_yaml(template: Path) -> None:
    """A template without its templating is one Kubernetes object of a known kind."""
    parsed = yaml.safe_load(_plain(template.read_text(encoding="utf-8")))
    assert parsed["kind"] in {
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Service",
        "ServiceAccount",
    }
    assert parsed["apiVersion"]


def test_templates_use_values_that_exist() -> None:
    """Every `.Values.…` of a template is a value of the chart, and every value is used."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values\.([\w.]+)", text))
    for path in used:
        found = values
        for part in path.split("."):
            assert part in found, path
            found = found[part]
    assert {path.split(".")[0] for path in used} == set(values)


def test_chart_and_package_have_one_version() -> None:
    """The chart, the compose file and the package name the same version."""
    from policy_service import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == __version__
    assert _compose()["services"]["policy-service"]["image"].endswith(f":{__version__}")


def test_constraints_pin_everything_the_project_names() -> None:
    """Each requirement of the project has one exact version that satisfies it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins: dict[str, str] = {}
    for line in (DEPLOY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert version, line
            assert canonicalize_name(name) not in pins, line
            pins[canonicalize_name(name)] = version
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for text in (one for group in groups for one in group):
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            continue
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(version, prereleases=True), text


def test_no_password_has_a_default() -> None:
    """Compose takes every secret from outside and refuses an empty one; the example holds none."""
    for service in _compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if _SECRET.search(name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    for line in (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or line.endswith("="), line


def test_compose_asks_for_nothing_the_example_lacks() -> None:
    """Every variable that compose reads is in `env.example`, and the other way round."""
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == asked


def test_settings_that_are_named_exist() -> None:
    """No file names a setting that the service does not read."""
    known = {f"POLICY_SERVICE_{name.upper()}" for name in Settings.model_fields}
    for file in _every_file():
        named = set(_SETTING.findall(file.read_text(encoding="utf-8")))
        assert named - known == set(), file.name


def test_reviewers_are_not_registered_on_the_way() -> None:
    """What is deployed never lets the command line make up a second pair of eyes."""
    name = "POLICY_SERVICE_REGISTERS_REVIEWERS"
    assert f"{name}=false" in (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert _compose()["services"]["policy-service"]["environment"][name] == "false"
    container = _deployment()["spec"]["template"]["spec"]["containers"][0]
    assert {"name": name, "value": "false"} in container["env"]


def test_pods_have_no_more_rights_than_they_need() -> None:
    """No root, no writable root file system, no capability, no service account token."""
    pod = _deployment()["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["resources"][
        "requests"
    ]


def test_the_image_copies_what_exists_and_runs_as_somebody() -> None:
    """Every copied folder is in the checkout and let through; the user is not root."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for words in (line.split() for line in text.splitlines() if line.startswith("COPY ")):
        if words[1].startswith("--from="):
            continue
        for source in words[1:-1]:
            assert (REPOSITORY / source).exists(), source
            assert f"!{source}" in ignored, source
    assert re.findall(r"^USER (\d+)", text, re.MULTILINE) == ["10001"]
    assert text.count("\nFROM ") == 2
    assert "HEALTHCHECK" in text
