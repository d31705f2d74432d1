"""Whether a condition holds, by Python's own parser: a witness apart from ours.

The language is written like Python, so `ast` reads it; what a node means is said anew here.
None is unknown. Slow on purpose, and for expressions that our parser accepts only.
"""

import ast
import math
from collections.abc import Mapping

_NAMES = {"true": True, "false": False}
_MISSING = object()
Roots = Mapping[str, Mapping[str, object]]


def holds(text: str, roots: Roots) -> bool | None:
    """Evaluate a condition over facts by root (`subject`, `resource`, `context`)."""
    return _truth(ast.parse(" ".join(text.split()), mode="eval").body, roots)


def _truth(node: ast.expr, roots: Roots) -> bool | None:
    if isinstance(node, ast.BoolOp):
        known = [_truth(part, roots) for part in node.values]
        decisive = isinstance(node.op, ast.Or)  # one true decides an or, one false an and
        if decisive in known:
            return decisive
        return None if None in known else not decisive
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        known = _truth(node.operand, roots)
        return None if known is None else not known
    if isinstance(node, ast.Call):  # present(fact)
        return _value(node.args[0], roots) is not _MISSING
    if isinstance(node, ast.Compare):
        return _compare(node, roots)
    value = _value(node, roots)
    return value if isinstance(value, bool) else None


def _compare(node: ast.Compare, roots: Roots) -> bool | None:
    left, operator = _value(node.left, roots), node.ops[0]
    if isinstance(operator, ast.In | ast.NotIn):
        found = _member(left, node.comparators[0], roots)
        return found if found is None or isinstance(operator, ast.In) else not found
    right = _value(node.comparators[0], roots)
    if _kind(left) is None or _kind(left) != _kind(right):
        return None
    if isinstance(operator, ast.Eq | ast.NotEq):
        return (left == right) is isinstance(operator, ast.Eq)
    if _kind(left) == "truth":
        return None
    below, above = left < right, left > right
    return {
        ast.Lt: below,
        ast.LtE: not above,
        ast.Gt: above,
        ast.GtE: not below,
    }[type(operator)]


def _member(value: object, container: ast.expr, roots: Roots) -> bool | None:
    if isinstance(container, ast.List):
        members: object = tuple(_value(one, roots) for one in container.elts)
    else:
        members = _value(container, roots)
    if not isinstance(members, tuple):
        return None
    if not members:
        return False
    alike = [one for one in members if _kind(one) == _kind(value) is not None]
    if value in alike:
        return True
    return False if len(alike) == len(members) else None


def _value(node: ast.expr, roots: Roots) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):  # a negative number
        return -_value(node.operand, roots)
    if isinstance(node, ast.Name):
        return _NAMES[node.id]
    if isinstance(node, ast.Attribute):
        return roots[node.value.id].get(node.attr, _MISSING)
    return roots[node.value.id].get(node.slice.value, _MISSING)


def _kind(value: object) -> str | None:
    if isinstance(value, float) and math.isnan(value):
        return None
    kinds = {bool: "truth", int: "number", float: "number", str: "text"}
    return kinds.get(type(value))
