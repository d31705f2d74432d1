"""Guards around what pycasbin evaluates: expressions, functions, facts and links.

pycasbin hands matchers, and rules within policy rows, to a general evaluator of Python
expressions, which calls methods of whatever it is given. Here an expression is checked
before it is loaded, facts have no methods, and patterns mean what they look like.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from policy_service.domain.errors import EnforcementError

Match = Callable[[str, str], bool]
MOST_CHARACTERS = 2000
_DEEPEST = 30
_TEXT = re.compile(r"""'[^']*'|"[^"]*\"""")
_UNSAFE_IN_TEXT = re.compile(r"[&|!#()\\\n]|\b[rp]\d*[._]")  # pycasbin rewrites these in texts too
_SPECIAL = re.compile(r"[.^$+?()\[\]|\\]")
_LEAVES = (ast.Constant, ast.Name, ast.Load, ast.And, ast.Or, ast.Not, ast.USub, ast.cmpop)
_INNER = (ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Tuple, ast.List, ast.Call, ast.Attribute)
_NO_COMPARISON = (ast.Is, ast.IsNot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What a checked expression uses: request fields as such, their facts, rules in rows."""

    plain: frozenset[str]  # `r_sub` …, compared as they are
    facts_of: frozenset[str]  # `r_sub` …, of which `r_sub.age` is read
    rules: frozenset[str]  # `p_sub_rule` …, whose texts are evaluated in each row


class MissingFactError(LookupError):
    """A fact that a rule needs was not given. The name of the fact is the only argument."""


class Facts:
    """What is known of a subject or a resource: values by name, and no method to call."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise MissingFactError(name) from None  # not for the evaluator to look elsewhere


def check_expression(
    text: str, *, where: str, names: frozenset[str], functions: Iterable[str]
) -> Expression:
    """Check that an expression compares, joins and calls known functions, and nothing else.

    `text` is as pycasbin keeps it (`r_sub.age`); `names` are the known fields.
    Raises `EnforcementError` saying what it may not hold; the text itself is not repeated.
    """
    if len(text) > MOST_CHARACTERS:
        raise EnforcementError(f"{where} is longer than {MOST_CHARACTERS} characters; shorten it")
    if any(_UNSAFE_IN_TEXT.search(one) for one in _TEXT.findall(text)):
        raise EnforcementError(f"{where} has a text with a character that pycasbin would rewrite")
    try:
        tree = ast.parse(_translated(text), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise EnforcementError(f"{where} is no expression that can be read") from error
    walk = _Walk(where, names, frozenset(functions))
    walk.visit(tree, depth=0)
    both = walk.plain & walk.facts_of
    if both:
        name = min(both).replace("_", ".", 1)
        raise EnforcementError(
            f"{where} reads `{name}` as a text and as facts; write `{name}.id` for the text"
        )
    return Expression(
        plain=frozenset(walk.plain),
        facts_of=frozenset(walk.facts_of),
        rules=frozenset(walk.rules),
    )


def guarded_functions(given: Mapping[str, Match]) -> dict[str, Match]:
    """Wrap pycasbin's matching functions, so that a pattern means what it looks like.

    Its own leave regular expressions in path patterns alive (`/a.b` matches `/axb`), let a
    line break follow a match, and match the beginning of a text only.
    """
    found: dict[str, Match] = {"regexMatch": _regex_match}
    for name in ("keyMatch", "ipMatch", "globMatch"):
        found[name] = _on_texts(given[name], lambda pattern: pattern)
    found["keyMatch2"] = _on_texts(given["keyMatch2"], lambda one: _literal(one, braces=False))
    for name in ("keyMatch3", "keyMatch4", "keyMatch5"):
        found[name] = _on_texts(given[name], lambda one: _literal(one, braces=True))
    return found


class Links:
    """Links of one kind with their closure, in domains; deaf to names it does not know.

    With `matching`, a name also has the links of the patterns that it matches.
    """

    def __init__(self, matching: Match | None = None) -> None:
        self._parents: dict[tuple[str, ...], dict[str, set[str]]] = {}
        self._matching = matching

    def clear(self) -> None:
        """Forget every link."""
        self._parents.clear()

    def add_link(self, name1: str, name2: str, *domain: str) -> None:
        """Note that `name1` has what `name2` has."""
        self._parents.setdefault(domain, {}).setdefault(name1, set()).add(name2)

    def has_link(self, name1: str, name2: str, *domain: str) -> bool:
        """Tell whether `name1` is `name2`, or reaches it however far."""
        seen, waiting = {name1}, [name1]
        while waiting:
            fresh = self._next(waiting.pop(), domain) - seen
            seen |= fresh
            waiting.extend(fresh)
        return name2 in seen

    def print_roles(self) -> None:
        """Say nothing: roles belong in no log."""

    def _next(self, name: str, domain: tuple[str, ...]) -> set[str]:
        links = self._parents.get(domain, {})
        found = set(links.get(name, ()))
        if self._matching is not None:
            found.update(
                wider
                for pattern, wide in links.items()
                if self._matching(name, pattern)
                for wider in wide
            )
        return found


class _Walk:
    def __init__(self, where: str, names: frozenset[str], functions: frozenset[str]) -> None:
        self.plain: set[str] = set()
        self.facts_of: set[str] = set()
        self.rules: set[str] = set()
        self._where = where
        self._names = names
        self._functions = functions

    def visit(self, node: ast.AST, *, depth: int) -> None:
        if depth > _DEEPEST:
            self._refuse("is nested too deeply")
        if isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, ast.Call):
            self._call(node, depth)
        elif isinstance(node, ast.Name):
            self._name(node)
        elif isinstance(node, ast.Constant):
            self._constant(node)
        elif isinstance(node, _INNER + _LEAVES) and not isinstance(node, _NO_COMPARISON):
            for child in ast.iter_child_nodes(node):
                self.visit(child, depth=depth + 1)
        else:
            self._refuse("may only compare, join by and, or, not, and call matching functions")

    def _attribute(self, node: ast.Attribute) -> None:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        hidden = node.attr.startswith(("_", "func_"))
        if owner not in self._names or not owner.startswith("r_") or hidden:
            self._refuse("may only read facts of the request, such as `r.sub.age`")
        self.facts_of.add(owner)

    def _call(self, node: ast.Call, depth: int) -> None:
        if not isinstance(node.func, ast.Name) or node.keywords:
            self._refuse("may only call matching functions by their name")
        elif node.func.id == "eval" and "eval" in self._functions:
            (rule,) = node.args if len(node.args) == 1 else (None,)
            if not isinstance(rule, ast.Name) or not rule.id.startswith("p_"):
                self._refuse("may only evaluate a field of the row: `eval(p.sub_rule)`")
            elif rule.id not in self._names:
                self._refuse("evaluates a field that rows do not have")
            else:
                self.rules.add(rule.id)
        elif node.func.id not in self._functions:
            self._refuse("calls a function that is not offered")
        else:
            for argument in node.args:
                self.visit(argument, depth=depth + 1)

    def _name(self, node: ast.Name) -> None:
        if node.id not in self._names:
            self._refuse("names a field that is not defined, or lacks a blank beside `&&` or `||`")
        if node.id.startswith("r_"):
            self.plain.add(node.id)

    def _constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, bool | int | float | str):
            self._refuse("may hold texts, numbers and truth values only")

    def _refuse(self, what: str) -> NoReturn:
        raise EnforcementError(f"{self._where} {what}; correct it")


def _translated(text: str) -> str:
    """Write Casbin's operators as Python's, just as pycasbin does: without blanks of its own."""
    joined = text.replace("&&", "and").replace("||", "or")
    return re.sub(r"!(?!=)", "not ", joined).strip()


def _on_texts(match: Match, prepared: Callable[[str], str]) -> Match:
    def guarded(name: str, pattern: str) -> bool:
        if not (isinstance(name, str) and isinstance(pattern, str)):
            raise TypeError("patterns match texts")
        return _one_line(name) and bool(match(name, prepared(pattern)))

    return guarded


def _regex_match(name: str, pattern: str) -> bool:
    return _one_line(name) and re.fullmatch(pattern, name) is not None


def _one_line(name: str) -> bool:
    """Tell whether nothing follows a line break: `$` would stop before it."""
    return len(name.splitlines()) <= 1 and not name.endswith(("\n", "\r"))


def _literal(pattern: str, *, braces: bool) -> str:
    """Quote what a regular expression would read otherwise; `/*`, `:name`, `{name}` stay."""
    if pattern == "*":
        return pattern
    quoted = _SPECIAL.sub(lambda found: f"\\{found[0]}", pattern)
    if not braces:
        quoted = quoted.replace("{", "\\{").replace("}", "\\}")
    return re.sub(r"(?<!/)\*", r"\\*", quoted)
