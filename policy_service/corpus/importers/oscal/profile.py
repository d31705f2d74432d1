"""OSCAL profiles resolved against the catalogues among the files.

Import (all, by id, by pattern, with children, less exclusions), merge (as-is keeps the
groups; otherwise the controls stand side by side), modify (set parameters, alter). Source:
NIST, OSCAL Profile Resolution Specification. Not supported: `combine` other than the first
of equal controls, and `custom` groups, whose controls stand side by side.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from policy_service.corpus.importers.oscal.alter import modified
from policy_service.corpus.importers.oscal.tree import Node, items, nodes, text_of
from policy_service.domain.errors import CorpusError

_EXTENSIONS = re.compile(r"(?:\.(?:gz|json|xml|ya?ml))+$|(?:-min)(?=\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One OSCAL file. `root` is what lies below the name of its model."""

    name: str
    model: str
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A catalogue made of a profile, and the names of all files it took."""

    catalog: Node
    files: tuple[str, ...]


def resolve(
    profile: Source, sources: Sequence[Source], *, above: tuple[str, ...] = ()
) -> Resolution:
    """Resolve a profile to a catalogue.

    Raises `CorpusError` where its catalogue is not among the files, it selects a control
    that the catalogue lacks, or profiles import one another in a ring.
    """
    if profile.name in above:
        raise CorpusError(f"`{profile.name}` imports itself: correct its imports")
    files = [profile.name]
    as_is = _keeps_groups(profile.root)
    groups: list[Node] = []
    controls: list[Node] = []
    params: list[Node] = []
    taken: set[str] = set()
    for statement in nodes(profile.root, "imports"):
        source = _imported(statement, profile, sources)
        catalog: Node = source.root
        if source.model == "profile":
            resolution = resolve(source, sources, above=(*above, profile.name))
            catalog = resolution.catalog
            files.extend(resolution.files)
        else:
            files.append(source.name)
        chosen = _selected(statement, catalog, profile.name) - taken
        taken |= chosen
        kept = _kept(catalog, chosen, parents=as_is)
        groups.extend(nodes(kept, "groups"))
        controls.extend(nodes(kept, "controls"))
        params.extend(nodes(catalog, "params"))
    made: dict[str, object] = {"params": params, "groups": groups, "controls": controls}
    if not as_is:
        made = {"params": params, "controls": list(_flat(made))}
    catalog = modified(made, profile.root, profile.name)
    return Resolution(catalog=catalog, files=tuple(dict.fromkeys(files)))


def _imported(statement: Node, profile: Source, sources: Sequence[Source]) -> Source:
    """Find the file that an import names, by its name without extension.

    Where none has the name, the only catalogue among the files is meant.
    """
    wanted = list(_targets(text_of(statement.get("href")), profile.root))
    others = [one for one in sources if one.name != profile.name]
    for target in wanted:
        for one in others:
            if _stem(one.name) == _stem(target):
                return one
        if _stem(target) == _stem(profile.name):
            return profile  # a ring of one, which `resolve` refuses
    catalogs = [one for one in others if one.model == "catalog"]
    if len(catalogs) == 1:
        return catalogs[0]
    name = wanted[0].rpartition("/")[2] if wanted else "its catalogue"
    raise CorpusError(
        f"`{profile.name}` selects controls of `{name}`, which is not among the files: "
        "import a folder or zip that holds both"
    )


def _targets(href: str, root: Node) -> Iterator[str]:
    if not href.startswith("#"):
        yield href
        return
    back_matter = root.get("back-matter")
    if isinstance(back_matter, Mapping):
        for resource in nodes(back_matter, "resources"):
            if text_of(resource.get("uuid")) == href[1:]:
                for link in nodes(resource, "rlinks"):
                    yield text_of(link.get("href"))


def _stem(name: str) -> str:
    return _EXTENSIONS.sub("", name.rpartition("/")[2]).lower()


def _selected(statement: Node, catalog: Node, name: str) -> set[str]:
    """Collect the ids that an import includes and does not exclude."""
    known = {text_of(control.get("id")): control for control in _flat(catalog)}
    if "include-all" in statement or "include-controls" not in statement:
        chosen = set(known)
    else:
        chosen = set(_matched(statement, "include-controls", known, name))
    return chosen - set(_matched(statement, "exclude-controls", known, None))


def _matched(
    statement: Node, key: str, known: Mapping[str, Node], name: str | None
) -> Iterator[str]:
    """Yield the ids that a selection means; `name` is said where an id is not known."""
    for selection in nodes(statement, key):
        for one in items(selection, "with-ids"):
            wanted = text_of(one)
            if wanted in known:
                yield from _with_children(selection, wanted, known)
            elif name is not None:
                raise CorpusError(
                    f"`{name}` selects `{wanted}`, which its catalogue lacks: "
                    "give the catalogue of the same version"
                )
        for pattern in nodes(selection, "matching"):
            for wanted in known:
                if fnmatchcase(wanted, text_of(pattern.get("pattern"))):
                    yield from _with_children(selection, wanted, known)


def _with_children(selection: Node, wanted: str, known: Mapping[str, Node]) -> Iterator[str]:
    yield wanted
    if text_of(selection.get("with-child-controls")) == "yes":
        yield from (text_of(below.get("id")) for below in _flat(known[wanted]))


def _flat(node: Node) -> Iterator[Node]:
    """Yield every control below a node, parents first."""
    for group in nodes(node, "groups"):
        yield from _flat(group)
    for control in nodes(node, "controls"):
        yield control
        yield from _flat(control)


def _kept(node: Node, chosen: set[str], *, parents: bool) -> dict[str, object]:
    """Copy a group with the chosen controls; groups left without any go."""
    groups = [_kept(group, chosen, parents=parents) for group in nodes(node, "groups")]
    controls = [
        kept
        for control in nodes(node, "controls")
        for kept in _kept_control(control, chosen, parents=parents)
    ]
    return {
        **{key: value for key, value in node.items() if key not in ("groups", "controls")},
        "groups": [group for group in groups if group["groups"] or group["controls"]],
        "controls": controls,
    }


def _kept_control(control: Node, chosen: set[str], *, parents: bool) -> Iterator[Node]:
    """Yield a chosen control with its chosen children.

    Children of a control left out stand alone; as-is, they bring it along, as NIST's own
    resolver does (its PRIVACY baseline has AC-3 for the sake of AC-3(14)).
    """
    below = [
        kept
        for child in nodes(control, "controls")
        for kept in _kept_control(child, chosen, parents=parents)
    ]
    if text_of(control.get("id")) in chosen or (parents and below):
        yield {**control, "controls": below}
    else:
        yield from below


def _keeps_groups(root: Node) -> bool:
    merge = root.get("merge")
    return isinstance(merge, Mapping) and text_of(merge.get("as-is")) == "true"
