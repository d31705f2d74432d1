"""YAML files read with the line of every entry, so that a mistake can be pointed at.

Not a general YAML reader: one document a file, plain values only, no aliases that
build objects, and a key given twice is an error rather than a silent choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from policy_service.domain.errors import CorpusError

Place = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where it is built in


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlSource:
    """The content of one file and the line, from 1, at which each part of it starts."""

    path: Path
    content: object
    lines: dict[Place, int]

    def where(self, place: Iterable[str | int]) -> str:
        """Write `file.yaml, line 12` for the nearest part that has a line."""
        parts = tuple(place)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return f"`{self.path.name}`, line {self.lines.get(parts, 1)}"


def read_yaml(path: Path) -> YamlSource:
    """Read one YAML document.

    Raises `CorpusError` naming file and line for a file that is missing, not UTF-8,
    empty, malformed, or that gives a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CorpusError(f"cannot read `{path.name}`: check that the file exists") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"`{path.name}` is not UTF-8 text: save it as UTF-8") from error
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise CorpusError(f"`{path.name}` is empty: fill it or remove it")
        lines: dict[Place, int] = {}
        _index(node, (), lines, path)
        return YamlSource(path=path, content=loader.construct_document(node), lines=lines)
    except (yaml.YAMLError, ValueError) as error:
        raise CorpusError(_malformed(path, error)) from error
    finally:
        loader.dispose()


def _index(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _index(item, (*place, number), lines, path)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            here = (*place, str(key.value))
            if here in lines:
                raise CorpusError(
                    f"`{path.name}`, line {line}: `{key.value}` is given twice: keep one"
                )
            lines[here] = line
            _index(value, here, lines, path)


def _malformed(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "a value cannot be read"
    line = f", line {mark.line + 1}" if mark is not None else ""
    return f"`{path.name}`{line}: not valid YAML ({problem}): correct the line"
