"""The last phase of profile resolution: parameters are set, controls altered.

Source: NIST, OSCAL Profile Resolution Specification, "modify phase".
"""

from collections.abc import Mapping

from policy_service.corpus.importers.oscal.tree import Node, items, nodes, text_of
from policy_service.domain.errors import CorpusError

_ADDED = ("params", "props", "links", "parts")
_SET = ("values", "select", "label", "usage", "class")


def modified(catalog: Node, profile: Node, name: str) -> Node:
    """Apply a profile's `modify` to the controls that it selected.

    Raises `CorpusError` for an alteration of a control that it did not select.
    """
    modify = profile.get("modify")
    if not isinstance(modify, Mapping):
        return catalog
    settings = {text_of(one.get("param-id")): one for one in nodes(modify, "set-parameters")}
    alters: dict[str, list[Node]] = {}
    for one in nodes(modify, "alters"):
        alters.setdefault(text_of(one.get("control-id")), []).append(one)
    changed = _changed(catalog, settings, alters)
    if alters:
        raise CorpusError(
            f"`{name}` alters `{min(alters)}`, which it does not select: correct the profile"
        )
    return changed


def _changed(
    node: Node, settings: Mapping[str, Node], alters: dict[str, list[Node]]
) -> dict[str, object]:
    """Copy a catalogue, group or control with its parameters set; used alters are taken out."""
    made: dict[str, object] = dict(node)
    for alter in alters.pop(text_of(node.get("id")), ()):
        for remove in nodes(alter, "removes"):
            made = _without(made, remove)
        for add in nodes(alter, "adds"):
            made = _with(made, add)
    if "params" in made:
        made["params"] = [_set(param, settings) for param in nodes(made, "params")]
    for key in ("groups", "controls"):
        if key in made:
            made[key] = [_changed(below, settings, alters) for below in nodes(made, key)]
    return made


def _set(param: Node, settings: Mapping[str, Node]) -> Node:
    setting = settings.get(text_of(param.get("id")))
    if setting is None:
        return param
    return {**param, **{key: setting[key] for key in _SET if key in setting}}


def _without(node: Mapping[str, object], remove: Node) -> dict[str, object]:
    """Copy a control without what a `remove` names, at any depth."""
    made: dict[str, object] = dict(node)
    for key in _ADDED:
        if key in made:
            kept = [one for one in nodes(made, key) if not _is_meant(one, key, remove)]
            made[key] = [_without(one, remove) for one in kept] if key == "parts" else kept
    return made


def _is_meant(one: Node, key: str, remove: Node) -> bool:
    """Say whether all that a `remove` asks for is true of an item; it has to ask something."""
    tests = {
        "by-name": "name",
        "by-class": "class",
        "by-id": "id",
        "by-ns": "ns",
    }
    asked = {field: text_of(remove.get(test)) for test, field in tests.items() if test in remove}
    item_name = text_of(remove.get("by-item-name"))
    if item_name and item_name != key.removesuffix("s"):
        return False
    if not asked:
        return bool(item_name)
    return all(text_of(one.get(field)) == value for field, value in asked.items())


def _with(node: Mapping[str, object], add: Node) -> dict[str, object]:
    """Copy a control with what an `add` brings, beside or within the item that it names."""
    target = text_of(add.get("by-id"))
    position = text_of(add.get("position")) or "ending"
    if not target or target == text_of(node.get("id")):
        return _joined(node, add, first=position in ("starting", "before"))
    made: dict[str, object] = dict(node)
    for key in _ADDED:
        if key in made:
            made[key] = _placed(made, key, add, target=target, position=position)
    return made


def _placed(
    node: Mapping[str, object], key: str, add: Node, *, target: str, position: str
) -> list[object]:
    placed: list[object] = []
    for one in nodes(node, key):
        brought = list(items(add, key))
        if text_of(one.get("id")) != target:
            placed.append(_with(one, add) if key == "parts" else one)
        elif position == "before":
            placed.extend((*brought, one))
        elif position == "after":
            placed.extend((one, *brought))
        else:
            placed.append(_joined(one, add, first=position == "starting"))
    return placed


def _joined(node: Mapping[str, object], add: Node, *, first: bool) -> dict[str, object]:
    made: dict[str, object] = dict(node)
    if "title" in add:
        made["title"] = add["title"]
    for key in _ADDED:
        if key in add:
            held, brought = list(items(made, key)), list(items(add, key))
            made[key] = [*brought, *held] if first else [*held, *brought]
    return made
