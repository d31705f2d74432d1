"""JSON and YAML documents read with care, and walked with the place of every part known.

Not a schema validator: readers take what they need and ignore the rest, as the published
formats grow. But what they do take has the right shape, or the error says which file and
key have not. Sizes, depths and aliases are bounded before anything is built from them.
"""

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policy_service.domain.errors import CatalogError, SourceUnreachableError

_MOST_BYTES = {True: 32 << 20, False: 200 << 20}  # of YAML, which takes far more work; of JSON
_DEEPEST = 100
_MOST_PARTS = 5_000_000  # of a YAML document with its aliases followed
_LONGEST_SHOWN = 80
_YAML = frozenset({".yaml", ".yml"})
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where it is built in


class _KeyRefused(yaml.MarkedYAMLError):
    """A key that a careful reader does not take; `problem` says why in words of ours."""


class _Loader(_SafeLoader):  # type: ignore[misc]  # its base is chosen at run time
    """Builds plain values only, and refuses a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build one mapping. A merge of mappings into mappings could grow without end."""
        seen: set[str] = set()
        for key, _ in node.value:
            told = ""
            if not isinstance(key, yaml.ScalarNode):
                told = "a key is no single word"
            elif key.tag == "tag:yaml.org,2002:merge":
                told = "a merge key `<<` is not read"
            elif key.value in seen:
                told = "a key is given twice"
            if told:
                raise _KeyRefused(problem=told, problem_mark=key.start_mark)
            seen.add(key.value)
        built: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return built


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a document: its value, the file's name and the keys that lead to it."""

    value: object
    file: str
    place: tuple[str, ...] = ()

    def wrong(self, what: str) -> CatalogError:
        """Make the error that says what is wrong with this part."""
        place = ".".join(self.place)[-_LONGEST_SHOWN:]
        return CatalogError(f"`{self.file}`: " + (f"`{place}` {what}" if place else what))

    def is_mapping(self) -> bool:
        """Tell whether this part has keys."""
        return isinstance(self.value, dict)

    def has(self, key: str) -> bool:
        """Tell whether a key is given and not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def child(self, key: str) -> "Part":
        """Return what stands under a key; a part without value where nothing does."""
        if not isinstance(self.value, dict):
            raise self.wrong("must be a mapping of keys to values")
        return Part(self.value.get(key), self.file, (*self.place, key))

    def entries(self, key: str) -> Iterator[tuple[str, "Part"]]:
        """Yield what stands under each key of a mapping; nothing where it is missing."""
        held = self.child(key)
        if held.value is not None and not isinstance(held.value, dict):
            raise held.wrong("must be a mapping of keys to values")
        for name, value in (held.value or {}).items():
            yield str(name), Part(value, self.file, (*held.place, str(name)))

    def parts(self, key: str) -> Iterator["Part"]:
        """Yield the items of a list; nothing where it is missing."""
        yield from self.child(key).items()

    def items(self) -> Iterator["Part"]:
        """Yield the items of this list; nothing where there is no value."""
        if self.value is not None and not isinstance(self.value, list):
            raise self.wrong("must be a list")
        for number, item in enumerate(self.value or ()):
            yield Part(item, self.file, (*self.place, str(number)))

    def text(self, key: str, default: str = "") -> str:
        """Return a text; `default` where it is missing."""
        held = self.child(key)
        if held.value is None:
            return default
        if not isinstance(held.value, str):
            raise held.wrong("must be text; put it in quotes")
        return held.value

    def name(self, key: str) -> str:
        """Return a text that must be there and not be empty."""
        found = self.text(key).strip()
        if not found:
            raise self.child(key).wrong("is missing; every table and column needs its name")
        return found

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return a yes or no; `default` where it is missing."""
        held = self.child(key)
        if held.value is None:
            return default
        if not isinstance(held.value, bool):
            raise held.wrong("must be true or false")
        return held.value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, or a single text as one."""
        held = self.child(key)
        if isinstance(held.value, str):
            return (held.value,)
        found = []
        for item in held.items():
            if not isinstance(item.value, str):
                raise item.wrong("must be text; put it in quotes")
            found.append(item.value)
        return tuple(found)


def read_document(path: Path) -> Part:
    """Read a JSON or YAML file, told apart by its name; only JSON may hold one object a line.

    Raises `SourceUnreachableError` for a file that cannot be opened, `CatalogError` for one
    that is too large, too deep or malformed.
    """
    is_yaml = path.suffix.lower() in _YAML
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES[is_yaml]:
            raise CatalogError(
                f"`{path.name}` has {size >> 20} MB; at most {_MOST_BYTES[is_yaml] >> 20} MB of "
                f"{'YAML' if is_yaml else 'JSON'} are read: split it"
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceUnreachableError(f"cannot read `{path}`; check that it exists") from error
    except UnicodeDecodeError:
        raise CatalogError(f"`{path.name}` is not UTF-8 text; save it as UTF-8") from None
    return Part(_yaml(text, path.name) if is_yaml else _json(text, path.name), path.name)


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CatalogError(f"`{name}`, line {error.lineno}: not valid JSON; correct it") from None
    except (ValueError, RecursionError):
        raise CatalogError(f"`{name}` is nested too deep, or a number in it is too long") from None


def _yaml(text: str, name: str) -> object:
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        why = str(error.problem) if isinstance(error, _KeyRefused) else "not valid YAML"
        raise CatalogError(f"`{name}`{line}: {why}; correct it") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise CatalogError(f"`{name}`: not valid YAML, or nested too deep; correct it") from None
    _check_bounds(content, name)
    return content


def _check_bounds(content: object, name: str) -> None:
    """Refuse a document that is endless, or nearly so, once its aliases are followed."""
    try:
        size, _ = _measure(content, 0, {})
    except RecursionError:
        size = _MOST_PARTS + 1
    if size > _MOST_PARTS:
        raise CatalogError(
            f"`{name}` is nested more than {_DEEPEST} levels deep or grows without end by its "
            "aliases; write it without them"
        )


def _measure(part: object, depth: int, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Count the parts below a part, and its levels; a part that is shared is looked at once."""
    if not isinstance(part, (dict, list)):
        return 1, 0
    if id(part) not in known:
        if depth > _DEEPEST:  # a part that holds itself gets here as well
            raise RecursionError
        size, height = 1, 0
        for one in part.values() if isinstance(part, dict) else part:
            below, levels = _measure(one, depth + 1, known)
            size, height = size + below, max(height, levels + 1)
        known[id(part)] = (size, height)
    size, height = known[id(part)]
    if depth + height > _DEEPEST:
        raise RecursionError
    return size, height
