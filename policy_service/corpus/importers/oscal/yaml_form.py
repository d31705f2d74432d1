"""YAML as a tree of mappings, lists and text, built from events; aliases are refused."""

import yaml

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_count
from policy_service.corpus.importers.text_decoding import decode_any_size
from policy_service.domain.errors import CorpusError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where it is built in
_Branch = dict[str, object] | list[object]


def read_yaml_tree(file: SourceFile) -> object:
    """Read one document. Every scalar is text, so `1.10` stays `1.10`.

    Raises `CorpusError` naming the line for what is malformed, an alias, a key given twice,
    or a tree that is too deep.
    """
    build = _Build(file.name)
    try:
        for number, event in enumerate(yaml.parse(decode_any_size(file), Loader=_Loader)):
            check_count(file.name, "values", number, LIMITS.data_nodes)
            build.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "a value cannot be read"
        raise CorpusError(
            f"`{file.name}`{line}: not valid YAML ({problem}): correct the line"
        ) from error
    return build.root


class _Build:
    """The tree so far, its open branches, and the key that waits for its value."""

    def __init__(self, name: str) -> None:
        self.root: object = None
        self._name = name
        self._open: list[_Branch] = []
        self._keys: list[str | None] = []

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal(event, "an alias (`*`) is not read: write the value out")
        if isinstance(event, yaml.ScalarEvent):
            self._put(event, event.value)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin(event, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()

    def _begin(self, event: yaml.Event, branch: _Branch) -> None:
        if self._open and isinstance(self._open[-1], dict) and self._keys[-1] is None:
            raise self._refusal(event, "a key must be a word: correct the line")
        self._put(event, branch)
        self._open.append(branch)
        self._keys.append(None)
        if len(self._open) > LIMITS.depth:
            raise self._refusal(event, f"nested deeper than {LIMITS.depth} levels")

    def _put(self, event: yaml.Event, value: object) -> None:
        if not self._open:
            self.root = value
            return
        branch = self._open[-1]
        if isinstance(branch, list):
            branch.append(value)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = str(value)
            return
        if key in branch:
            raise self._refusal(event, f"`{key}` is given twice: keep one")
        branch[key] = value
        self._keys[-1] = None

    def _refusal(self, event: yaml.Event, reason: str) -> CorpusError:
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        return CorpusError(f"`{self._name}`, line {line}: {reason}")
