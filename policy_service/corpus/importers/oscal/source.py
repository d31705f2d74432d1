"""OSCAL files to one tree of plain values, whatever their syntax: the names are those of JSON.

YAML is built from its events: every scalar is text, aliases are refused (a few lines of them
unfold to gigabytes), and depth is bounded. XML becomes the tree that NIST's own converter
makes of it (`control` elements → `controls`, `p` and `ul` → `prose`).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_count
from policy_service.corpus.importers.oscal.tree import Node
from policy_service.corpus.importers.oscal.xml_form import read_xml_tree
from policy_service.corpus.importers.oscal.yaml_form import read_yaml_tree
from policy_service.corpus.importers.text_decoding import decode_any_size, start_of_text
from policy_service.domain.errors import CorpusError

_MODELS = (
    "catalog|profile|system-security-plan|component-definition|assessment-plan"
    "|assessment-results|plan-of-action-and-milestones|mapping-collection"
)
_JSON = re.compile(rf'^\{{\s*(?:"\$schema"\s*:\s*"[^"]*"\s*,\s*)?"({_MODELS})"\s*:\s*\{{')
_JSON_MARK = re.compile(r'"(?:uuid|id|metadata)"\s*:')
_YAML = re.compile(
    rf"^(?:---\s*)?(?:#[^\n]*\n\s*)*['\"]?({_MODELS})['\"]?\s*:\s*(?:#[^\n]*)?\n\s+\S"
)
_YAML_MARK = re.compile(r"^\s+(?:uuid|id|metadata)\s*:", re.MULTILINE)
_XML = re.compile(rf"<(?:[\w-]+:)?({_MODELS})\b[^>]*http://csrc\.nist\.gov/ns/oscal/", re.DOTALL)


def model_of(file: SourceFile) -> str:
    """Name the OSCAL model of a file by its start; empty where it is no OSCAL. Never raises."""
    start = start_of_text(file)
    if start.startswith("<"):
        match = _XML.search(start)
        return match[1] if match else ""
    if (match := _JSON.match(start)) and _JSON_MARK.search(start):
        return match[1]
    if (match := _YAML.match(start)) and _YAML_MARK.search(start):
        return match[1]
    return ""


def read_tree(file: SourceFile) -> Node:
    """Read a file of any syntax. Raises `CorpusError`, one line, where it is malformed."""
    start = start_of_text(file)
    if start.startswith("<"):
        return read_xml_tree(file)
    reader: Callable[[SourceFile], object] = _read_json if start.startswith("{") else read_yaml_tree
    tree = reader(file)
    if not isinstance(tree, Mapping):
        raise CorpusError(f"`{file.name}` is no OSCAL document: fetch it again")
    return tree


def _read_json(file: SourceFile) -> object:
    text = decode_any_size(file)
    check_count(file.name, "objects", text.count("{") + text.count("["), LIMITS.data_nodes)
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise CorpusError(
            f"`{file.name}`, line {error.lineno}: not valid JSON ({error.msg.lower()}): "
            "fetch it again"
        ) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except ValueError as error:  # a number of thousands of digits
        raise CorpusError(f"`{file.name}` holds a number that is none: fetch it again") from error
    level: list[object] = [tree]
    for _ in range(LIMITS.depth):
        level = [below for one in level for below in _below(one)]
        if not level:
            return tree
    raise _too_deep(file)


def _below(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep(file: SourceFile) -> CorpusError:
    return CorpusError(f"`{file.name}` is nested deeper than {LIMITS.depth} levels: fetch it again")
