"""YAML that people author, node by node: every complaint names the file, the line and the key.

Not a general YAML reader: one document, no aliases, no key given twice, and the plain scalars
of JSON only. So `no` and `0o17` are texts, and a quoted `"101"` is never a number.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import yaml

from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters, Scalar

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,6}")  # what canonical JSON keeps
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a file, with the key it stands under."""

    node: yaml.Node
    file: str
    key: str

    @property
    def line(self) -> int:
        """Return the line it starts on, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def is_object(self) -> bool:
        """Tell whether it is made of `key: value` lines."""
        return isinstance(self.node, yaml.MappingNode)

    def wrong(self, what: str) -> NoReturn:
        """Raise `UsageError` saying what is wrong with this part."""
        raise UsageError(f"`{self.file}` line {self.line}: `{self.key}` {what}")

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, "Node"]:
        """Return the parts of an object whose keys are known; the required ones are there."""
        found = dict(self.entries())
        allowed = (*required, *optional)
        for key, value in found.items():
            if key not in allowed:
                raise UsageError(
                    f"`{self.file}` line {value.line}: `{key}` is no key of `{self.key}`; "
                    f"{nearest(key, allowed)}"
                )
        for key in required:
            if key not in found:
                self.wrong(f"lacks `{key}`; add it")
        return found

    def entries(self) -> Mapping[str, "Node"]:
        """Return the parts of an object by key, in their order."""
        if not isinstance(self.node, yaml.MappingNode):
            self.wrong("must be an object; write `key: value` lines")
        found: dict[str, Node] = {}
        for key_node, value in self.node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or not key.strip():
                self.wrong("has a key that is not text")
            if key in found:
                line = key_node.start_mark.line + 1
                raise UsageError(f"`{self.file}` line {line}: `{key}` is there twice; keep one")
            found[key] = Node(value, self.file, key)
        return found

    def items(self) -> tuple["Node", ...]:
        """Return the parts of a list that is not empty."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.wrong("must be a list, such as `[one, two]`")
        if not self.node.value:
            self.wrong("is an empty list; name something or leave it out")
        return tuple(Node(item, self.file, self.key) for item in self.node.value)

    def text(self) -> str:
        """Return a text, its white space made single blanks."""
        scalar = isinstance(self.node, yaml.ScalarNode) and not self._missing()
        if not scalar or not str(self.node.value).strip():
            self.wrong("must be text")
        text = " ".join(str(self.node.value).split())
        if not text.isprintable():
            self.wrong("has a character that cannot be printed; write the text without it")
        return text

    def texts(self) -> tuple[str, ...]:
        """Return the texts of a list, each given once."""
        found: dict[str, None] = {}
        for item in self.items():
            text = item.text()
            if text in found:
                item.wrong(f"names `{text}` twice; keep one")
            found[text] = None
        return tuple(found)

    def parameters(self) -> Parameters:
        """Return the values of an object: texts, numbers, truth values and lists of texts."""
        return Parameters({name: part.value() for name, part in self.entries().items()})

    def value(self) -> Scalar | tuple[str, ...]:
        """Return a text, number or truth value, or a list of texts."""
        if isinstance(self.node, yaml.SequenceNode):
            return tuple(Node(item, self.file, self.key).text() for item in self.node.value)
        if not isinstance(self.node, yaml.ScalarNode) or self._missing():
            self.wrong("must be text, a number, `true`, `false` or a list of texts")
        written = str(self.node.value)
        if self.node.style is not None:  # it is quoted
            return written
        if _WHOLE.fullmatch(written):
            return int(written)
        if _FRACTION.fullmatch(written):
            return float(written)
        return {"true": True, "false": False}.get(written, written)

    def _missing(self) -> bool:
        return self.node.tag == "tag:yaml.org,2002:null"


def compose(text: str, *, file: str, what: str) -> Node:
    """Read one document. Raises `UsageError` with the line for what is not plain YAML."""
    try:
        root = _PlainLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"`{file}` line {line} is not plain YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"`{file}` has a character that YAML does not allow") from error
    if root is None:
        raise UsageError(f"`{file}` is empty; describe {what} in it")
    return Node(root, file, what)


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Suggest the known word that was meant, or name some."""
    options = tuple(allowed)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"use one of {', '.join(f'`{option}`' for option in options[:8])}"


class _PlainLoader(yaml.SafeLoader):
    """Composes nodes without aliases, and none that lie too deep for a file people read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self._refuse("aliases are not used here; write the value out")
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse("it is nested too deeply")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def _refuse(self, what: str) -> NoReturn:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call] # PyYAML has no types
        raise yaml.composer.ComposerError(None, None, what, mark)
