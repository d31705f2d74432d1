"""The one Casbin model that the compiled index implements; any other is refused by it.

A custom model is not wrong: it runs on the reference engine (`engines.casbin`).
"""

from collections.abc import Iterator, Mapping

from policy_service.domain.errors import EnforcementError

_STANDARD = {
    "request_definition.r": "sub,obj,act,purpose",
    "policy_definition.p": "sub,obj,act,purpose,eft,rule",
    "role_definition.g": "_,_",
    "role_definition.g2": "_,_",
    "policy_effect.e": "some(where(p.eft==allow))&&!some(where(p.eft==deny))",
    "matchers.m": (
        'g(r.sub,p.sub)&&g2(r.obj,p.obj)&&r.act==p.act&&(p.purpose=="*"||r.purpose==p.purpose)'
    ),
}


def check_standard_model(model_conf: str) -> None:
    """Refuse a model that means something else than the index does; spaces do not matter.

    Raises `EnforcementError` naming the definition that differs.
    """
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
