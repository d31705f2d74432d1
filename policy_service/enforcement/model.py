"""The two Casbin models that the compiled index implements; any other is refused by it.

They differ in one thing: in the conditional one a rule may have a condition and a window of
validity. A custom model is not wrong: it runs on pycasbin (`engines.casbin_models`).
"""

from collections.abc import Iterator, Mapping, Sequence

from policy_service.domain.bundle import RuleCondition
from policy_service.domain.errors import EnforcementError

STANDARD, CONDITIONAL = "standard.conf", "conditional.conf"  # files of `policies/casbin`
_MATCHER = 'g(r.sub,p.sub)&&g2(r.obj,p.obj)&&r.act==p.act&&(p.purpose=="*"||r.purpose==p.purpose)'
_STANDARD = {
    "request_definition.r": "sub,obj,act,purpose",
    "policy_definition.p": "sub,obj,act,purpose,eft,rule",
    "role_definition.g": "_,_",
    "role_definition.g2": "_,_",
    "policy_effect.e": "some(where(p.eft==allow))&&!some(where(p.eft==deny))",
    "matchers.m": _MATCHER,
}
_CONDITIONAL = _STANDARD | {
    "request_definition.r": "sub,obj,act,purpose,facts",
    "matchers.m": f"{_MATCHER}&&holds(p.rule,p.eft,r.facts)",
}


def model_for(conditions: Sequence[RuleCondition]) -> str:
    """Name the model file of a bundle with these conditions: the plain one where there is none."""
    return CONDITIONAL if conditions else STANDARD


def check_model(model_conf: str, conditions: Sequence[RuleCondition]) -> None:
    """Refuse a model that means something else than the index does; spaces do not matter.

    Raises `EnforcementError` naming the definition that differs, and for conditions in a
    bundle whose model does not ask for them: another Casbin would pass over them.
    """
    given = read_model(model_conf)
    if given == _CONDITIONAL:
        return
    check_standard_model(model_conf)
    if conditions:
        raise EnforcementError(
            f"the model asks for no conditions and rule `{conditions[0].rule}` has one; "
            f"publish with `{CONDITIONAL}`"
        )


def check_standard_model(model_conf: str) -> None:
    """Refuse any model but the standard one. Raises `EnforcementError` naming what differs."""
    given = read_model(model_conf)
    for name in sorted(_STANDARD.keys() | given.keys()):
        if given.get(name) != _STANDARD.get(name):
            raise EnforcementError(
                f"the model differs from the standard one in `{name}`; "
                "restore it, or decide by the reference engine"
            )


def read_model(model_conf: str) -> Mapping[str, str]:
    """Read `section.key` → value, without white space, as Casbin's format has it."""
    found: dict[str, str] = {}
    section = ""
    for line in _lines(model_conf):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, _, value = line.partition("=")
        name = f"{section}.{key.strip()}"
        if name in found:
            raise EnforcementError(f"the model defines `{name}` twice; keep one")
        found[name] = "".join(value.split()).replace("'", '"')
    return found


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith(("#", ";")):
            yield stripped
