"""What the documentation says is there: links, commands, targets, files, tests and tables."""

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_service.corpus.obligation_parameters import CHECKS

REPOSITORY = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [
        REPOSITORY / "README.md",
        REPOSITORY / "CHANGELOG.md",
        REPOSITORY / "deploy" / "README.md",
        REPOSITORY / "policies" / "README.md",
        REPOSITORY / "regulations_corpus" / "README.md",
        *(REPOSITORY / "docs").rglob("*.md"),
    ]
)
NAMES = [str(page.relative_to(REPOSITORY)) for page in PAGES]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(
    r"(?:policy_service|tests|docs|policies|regulations_corpus|deploy|benchmarks)/[\w./-]+"
)
_MAKE = re.compile(r"\bmake ([a-z]+)\b")
_ENDS = frozenset({"|", "||", "&&", ";", ">", ">>", "<", "<<", "(", ")", "&"})
_WRITTEN_BY_A_TARGET = frozenset({"docs/benchmarks.md"})
each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {_slug(heading) for heading in headings}


def _table(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without backticks."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    below = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows[2:]]


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that exists, and an anchor that its page has."""
    broken = []
    for target in _LINK.findall(_prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (anchor and anchor not in _anchors(found)):
            broken.append(target)
    assert broken == []


@each_page
def test_files_and_tests_that_are_named_exist(page: Path) -> None:
    """A path or test function in backticks is one that the repository has."""
    tests = "\n".join(
        file.read_text(encoding="utf-8") for file in (REPOSITORY / "tests").rglob("test_*.py")
    )
    missing = []
    for code in _CODE.findall(_prose(page.read_text(encoding="utf-8"))):
        for path in _PATH.findall(code):
            known = path in _WRITTEN_BY_A_TARGET or code.startswith("../")
            if not known and not (REPOSITORY / path).exists():
                missing.append(path)
        function = re.search(r"(?:^|::)(test_\w+)$", code)
        if function and f"def {function[1]}(" not in tests:
            missing.append(code)
    assert missing == []


@each_page
def test_code_blocks_are_code(page: Path) -> None:
    """Python blocks compile and import names that exist; YAML blocks are YAML."""
    for language, body in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            yaml.safe_load(body)
        if language == "python":
            for node in ast.walk(ast.parse(body)):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(node.module or "")
                    assert [one.name for one in node.names if not hasattr(module, one.name)] == []


@each_page
def test_make_targets_exist(page: Path) -> None:
    """Every `make TARGET` in code is a target of the Makefile."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    code = "\n".join([*(body for _, body in _FENCE.findall(text)), *_CODE.findall(_prose(text))])
    assert set(_MAKE.findall(code)) - targets == set()


def _commands(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each `policy-service …` in a shell script."""
    for line in script.replace("\\\n", " ").splitlines():
        if "policy-service" not in line:
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
        for place, word in enumerate(words):
            if word != "policy-service" or words[place + 1 : place + 2] == ["policy-service"]:
                continue
            rest = words[place + 1 :]
            end = next((n for n, one in enumerate(rest) if one in _ENDS), len(rest))
            if rest[:end] and rest[0] not in ("sh", "up"):
                yield rest[:end]


def _documented_commands() -> list[tuple[str, list[str]]]:
    return [
        (name, arguments)
        for page, name in zip(PAGES, NAMES, strict=True)
        for language, body in _FENCE.findall(page.read_text(encoding="utf-8"))
        if language in ("sh", "bash", "console")
        for arguments in _commands(body)
    ]


@pytest.fixture(scope="module")
def command_line() -> Any:
    """The command line, to be looked into and not run."""
    cli = pytest.importorskip(
        "policy_service.cli", reason="the command line cannot be imported", exc_type=ImportError
    )
    from typer.main import get_command

    return get_command(cli.app)


def _parse(command_line: Any, arguments: list[str]) -> None:
    """Parse arguments down to a command, as a call would. Raises what the parser raises."""
    command, rest = command_line, arguments
    while hasattr(command, "commands"):
        assert rest, f"`{command.name}` needs a command"
        assert rest[0] in command.commands, f"no command `{rest[0]}` in `{command.name}`"
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(command.name, list(rest))


def test_the_documented_commands_are_found() -> None:
    """The pages hold enough commands that checking them means something."""
    assert len(_documented_commands()) > 40


@pytest.mark.parametrize(
    ("page", "arguments"),
    _documented_commands(),
    ids=[f"{page}: {' '.join(words[:3])}" for page, words in _documented_commands()],
)
def test_documented_commands_exist(page: str, arguments: list[str], command_line: Any) -> None:
    """Every `policy-service …` in a shell block is a command with these options."""
    _parse(command_line, arguments)


def test_examples_in_the_help_are_real(command_line: Any) -> None:
    """Every command's help ends in an example that the command itself understands."""

    def walk(command: Any, path: list[str]) -> Iterator[tuple[list[str], Any]]:
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, [*path, name])
        if not hasattr(command, "commands"):
            yield path, command

    for path, command in walk(command_line, []):
        if command.epilog:
            for arguments in _commands(command.epilog.removeprefix("Example: ")):
                assert arguments[: len(path)] == path
                _parse(command_line, arguments)


def test_settings_table_is_complete() -> None:
    """The operations page lists every setting, and no other."""
    settings = pytest.importorskip("policy_service.settings").Settings
    expected = {f"POLICY_SERVICE_{name.upper()}" for name in settings.model_fields}
    assert {row[0] for row in _table("docs/operations.md", "Settings")} == expected


def test_exit_codes_are_those_of_the_errors() -> None:
    """The operations page lists the exit codes that errors have, and success."""
    from policy_service.domain import errors

    codes = {one.exit_code for one in vars(errors).values() if hasattr(one, "exit_code")}
    listed = {int(row[0]) for row in _table("docs/operations.md", "Exit codes")}
    assert listed == codes | {0}


def test_parameter_table_is_the_closed_set() -> None:
    """The corpus page lists exactly the parameters that the loader accepts."""
    listed = {(row[0], row[1]) for row in _table("docs/corpus.md", "Parameters")}
    assert listed == {(kind.value, name) for kind, names in CHECKS.items() for name in names}


def test_instrument_table_agrees_with_the_digests() -> None:
    """The corpus page names every instrument with its version date and number of entries."""
    expected = set()
    for folder in ("regulations_corpus", "policies/standards"):
        for file in (REPOSITORY / folder).glob("*.yaml"):
            digest = yaml.safe_load(file.read_text(encoding="utf-8"))
            header = digest["instrument"]
            entries = str(len(digest["provisions"]))
            expected.add((header["id"], header["kind"], str(header["version_date"]), entries))
    rows = _table("docs/corpus.md", "Which instruments bind")
    assert {(row[0], row[2], row[3], row[4]) for row in rows} == expected


def test_decisions_are_short_numbered_and_listed() -> None:
    """Each decision record fits its page, names its check, and stands in the index."""
    index = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    for file in sorted((REPOSITORY / "docs" / "decisions").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]}"), file.name
        assert len(text.splitlines()) <= 50, file.name
        assert f"(decisions/{file.name})" in index, file.name
        assert re.search(r"check", text, re.IGNORECASE), file.name


def test_pictures_follow_light_and_dark() -> None:
    """The flow picture is well-formed, says in words what it shows, and knows dark mode."""
    from xml.etree import ElementTree

    picture = REPOSITORY / "docs" / "images" / "flow.svg"
    root = ElementTree.parse(picture).getroot()  # noqa: S314 - our own file
    assert {child.tag.rpartition("}")[2] for child in root} >= {"title", "desc", "style"}
    assert "prefers-color-scheme: dark" in picture.read_text(encoding="utf-8")
