"""Conditions of rules: a small typed language over facts of subject, resource and context.

Total: every expression ends, does no input or output, and has an answer for any facts (see
`domain.condition_truth`). It looks like Python and is not: nothing of a text is ever run.

    condition  = conjunction { "or" conjunction }
    conjunction= negation { "and" negation }
    negation   = "not" negation | atom
    atom       = "(" condition ")" | "present" "(" fact ")" | relation
    relation   = value [ ("==" | "!=" | "<" | "<=" | ">" | ">=") value
                       | [ "not" ] "in" ( "[" [ literal { "," literal } ] "]" | fact ) ]
    value      = fact | literal
    fact       = ("subject" | "resource" | "context") ( "." name | "[" string "]" )
    literal    = string | number | "true" | "false"

`subject.id` and `subject.roles` (with inherited ones), `resource.id` and `resource.type` are
always what the decision point knows them to be. A fact that stands alone must be a truth value.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Scalar
from policy_service.domain.predicate import Comparator

MOST_CHARACTERS = 2000
DEEPEST = 32  # brackets and negations within each other
_LARGEST = 2**53 - 1  # whole numbers up to here mean the same in JSON and in every engine


class ConditionError(UsageError):
    """A condition cannot be read. `at` is the place of the character, from 1."""

    def __init__(self, message: str, *, at: int) -> None:
        super().__init__(message)
        self.at = at


class Root(StrEnum):
    """Whose fact it is: the directory's, the resource's, the request's."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named fact, compared by name byte for byte."""

    root: Root
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value that the rule itself states; alone it is a truth value."""

    value: Scalar


Operand: TypeAlias = Fact | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Two scalars of one kind held against each other."""

    left: Operand
    comparator: Comparator
    right: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """A scalar is one of `values`, which are all of one kind; among none it never is."""

    operand: Operand
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A string is in the list that a fact holds."""

    operand: Operand
    container: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A fact is known, whatever its value; never unknown itself."""

    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The contrary; of what is unknown it is unknown."""

    part: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All parts hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """At least one part holds."""

    parts: tuple["Expression", ...]


Expression: TypeAlias = Fact | Literal | Compare | OneOf | Within | Present | Not | Every | Either


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition as it was written, and as it was understood."""

    text: str
    expression: Expression


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises `ConditionError` in one line: at which character, what is wrong, what to write.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(
            f"a condition has at most {MOST_CHARACTERS:,} characters and this one {len(text):,}; "
            "write it shorter, or as several rules",
            at=MOST_CHARACTERS + 1,
        )
    reader = _Reader(text)
    expression = reader.condition(1)
    reader.expect_end()
    return Condition(text=text, expression=expression)


_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<string>\"(?:[^\"\\\r\n]|\\[\\\"'])*\"|'(?:[^'\\\r\n]|\\[\\\"'])*')"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign>==|!=|<=|>=|[<>()\[\].,])"
)
_ESCAPE = re.compile(r"\\(.)")
_COMPARATORS = {one.value: one for one in Comparator}
_ROOTS = {one.value: one for one in Root}
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, string, word, sign, end
    text: str
    at: int  # from 1

    @property
    def shown(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text}`"


class _Reader:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0

    def condition(self, depth: int) -> Expression:
        parts = [self._conjunction(depth)]
        while self._took("or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._wrong("write `and`, `or`, or nothing more")

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _conjunction(self, depth: int) -> Expression:
        parts = [self._negation(depth)]
        while self._took("and"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else Every(parts=tuple(parts))

    def _negation(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise ConditionError(
                f"the condition is nested deeper than {DEEPEST} at character {self._next.at}; "
                "write it flatter",
                at=self._next.at,
            )
        if self._took("not"):
            return Not(part=self._negation(depth + 1))
        if self._took("("):
            inside = self.condition(depth + 1)
            self._expect(")")
            return inside
        if self._took("present"):
            self._expect("(")
            fact = self._fact()
            self._expect(")")
            return Present(fact=fact)
        return self._relation()

    def _relation(self) -> Expression:
        start = self._next
        left = self._operand()
        comparator = _COMPARATORS.get(self._next.text) if self._next.kind == "sign" else None
        if comparator is not None:
            self._place += 1
            return Compare(left=left, comparator=comparator, right=self._operand())
        if self._took("not"):
            self._expect("in")
            return Not(part=self._membership(left))
        if self._took("in"):
            return self._membership(left)
        if isinstance(left, Literal) and not isinstance(left.value, bool):
            raise ConditionError(
                f"{start.shown} at character {start.at} is compared with nothing; "
                'write a comparison, such as `resource.status == "open"`',
                at=start.at,
            )
        return left

    def _membership(self, operand: Operand) -> Expression:
        if not self._took("["):
            return Within(operand=operand, container=self._fact())
        start, values = self._next, list[Scalar]()
        while not self._took("]"):
            values.append(self._literal("write a value, or close the list with `]`"))
            if not self._took(","):
                self._expect("]")
                break
        if len({_kind(value) for value in values}) > 1:
            raise ConditionError(
                f"the list at character {start.at} mixes kinds; write strings only, numbers only "
                "or truth values only",
                at=start.at,
            )
        return OneOf(operand=operand, values=tuple(values))

    def _operand(self) -> Operand:
        if self._next.kind == "word" and self._next.text not in _TRUTHS:
            return self._fact()
        return Literal(value=self._literal("write a fact or a value"))

    def _literal(self, advice: str) -> Scalar:
        token = self._next
        if token.kind not in ("number", "string") and token.text not in _TRUTHS:
            raise self._wrong(advice)
        self._place += 1
        if token.kind == "number":
            return _number(token)
        if token.kind == "string":
            return _string(token)
        return _TRUTHS[token.text]

    def _fact(self) -> Fact:
        root = _ROOTS.get(self._next.text) if self._next.kind == "word" else None
        if root is None:
            raise self._wrong("a fact begins with `subject.`, `resource.` or `context.`")
        self._place += 1
        if self._took("["):
            name = self._next
            if name.kind != "string":
                raise self._wrong("write the name as a string")
            self._place += 1
            self._expect("]")
            return Fact(root=root, name=_string(name))
        self._expect(".")
        name = self._next
        if name.kind != "word":
            raise self._wrong('write a name, or other names as `context["x-name"]`')
        self._place += 1
        return Fact(root=root, name=name.text)

    def _took(self, text: str) -> bool:
        token = self._next
        if token.text != text or token.kind not in ("word", "sign"):
            return False
        self._place += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._wrong(f"write `{text}`")

    def _wrong(self, advice: str) -> ConditionError:
        token = self._next
        return ConditionError(
            f"the condition has {token.shown} at character {token.at}; {advice}", at=token.at
        )


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            sign = text[place] if text[place].isprintable() else f"U+{ord(text[place]):04X}"
            raise ConditionError(
                f"the condition has `{sign}` at character {place + 1}, which begins no "
                "name, number, string in quotes or sign of the language; correct it",
                at=place + 1,
            )
        if found.lastgroup != "space":
            yield _Token(found.lastgroup, found.group(), place + 1)
        place = found.end()
    yield _Token("end", "", len(text) + 1)


def _number(token: _Token) -> int | float:
    number = float(token.text) if set(token.text) & set(".eE") else int(token.text)
    if abs(number) > (_LARGEST if isinstance(number, int) else sys.float_info.max):
        raise ConditionError(
            f"the number at character {token.at} is too large; write it as a string", at=token.at
        )
    return number


def _string(token: _Token) -> str:
    return _ESCAPE.sub(r"\1", token.text[1:-1])


def _kind(value: Scalar) -> str:
    if isinstance(value, bool):
        return "truth"
    return "string" if isinstance(value, str) else "number"
