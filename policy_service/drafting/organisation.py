"""Organisation files: YAML to `Organisation`, with the line of whatever is wrong.

The format is the one of `policies/organisations/`. Not a place for defaults that
widen access: what is left out is refused or denied.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from policy_service.domain.errors import OrganisationError
from policy_service.domain.identifiers import Purpose, RoleId
from policy_service.domain.organisation import JobFunction, Organisation, ReviewQuorum

_TOP = ("name", "sector", "jurisdictions", "regulations", "data_residency", "job_functions")
_OPTIONAL = ("separation_of_duties", "review")
_JOB = ("id", "title", "duties", "purposes", "headcount")
_RISKS = ("low", "medium", "high")


def read_organisation(path: Path, *, known_purposes: frozenset[str] | None = None) -> Organisation:
    """Read one organisation file.

    `known_purposes` are the data uses that a purpose may be; None accepts any.
    Raises `OrganisationError` with the key and the line of the first thing wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrganisationError(
            f"cannot read organisation file `{path.name}`: give a readable YAML file"
        ) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise OrganisationError(
            f"line {line} of `{path.name}` is not YAML: {error.problem}", line=line
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise OrganisationError(
            f"line {line} of `{path.name}` has a control character; take it out", line=line
        ) from error
    if root is None:
        raise OrganisationError(f"`{path.name}` is empty: describe an organisation in it")
    return _organisation(_Node(root, ""), known_purposes)


@dataclass(frozen=True, slots=True)
class _Node:
    """A YAML node with the key it stands under; every complaint names both."""

    node: yaml.Node
    key: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def wrong(self, what: str) -> NoReturn:
        raise OrganisationError(
            f"`{self.key}` on line {self.line} {what}", key=self.key, line=self.line
        )

    def fields(
        self, required: Iterable[str], optional: Iterable[str], what: str
    ) -> dict[str, "_Node"]:
        if not isinstance(self.node, yaml.MappingNode):
            self._not_a_mapping(what)
        allowed = (*required, *optional)
        found: dict[str, _Node] = {}
        for key_node, value in self.node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key not in allowed:
                raise OrganisationError(
                    f"`{key}` on line {line} is not a key of {what}; {_suggest(key, allowed)}",
                    key=key,
                    line=line,
                )
            if key in found:
                raise OrganisationError(
                    f"`{key}` on line {line} is there twice; keep one", key=key, line=line
                )
            found[key] = _Node(value, key)
        for key in required:
            if key not in found:
                raise OrganisationError(
                    f"{what} on line {self.line} lacks `{key}`; add it", key=key, line=self.line
                )
        return found

    def _not_a_mapping(self, what: str) -> NoReturn:
        raise OrganisationError(
            f"line {self.line} does not begin {what}; write `key: value` lines",
            key=self.key,
            line=self.line,
        )

    def text(self) -> str:
        scalar = isinstance(self.node, yaml.ScalarNode) and self.node.tag != _NULL
        if not scalar or not str(self.node.value).strip():
            self.wrong("must be text")
        return " ".join(str(self.node.value).split())

    def number(self) -> int:
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _INTEGER:
            self.wrong("must be a whole number")
        number = int(yaml.SafeLoader("").construct_yaml_int(self.node))
        if number < 0:
            self.wrong("must not be negative")
        return number

    def items(self) -> list["_Node"]:
        if not isinstance(self.node, yaml.SequenceNode):
            self.wrong("must be a list")
        return [_Node(item, self.key) for item in self.node.value]

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())


_NULL = "tag:yaml.org,2002:null"
_INTEGER = "tag:yaml.org,2002:int"


def _organisation(root: _Node, known_purposes: frozenset[str] | None) -> Organisation:
    fields = root.fields(_TOP, _OPTIONAL, "an organisation file")
    jobs: dict[RoleId, JobFunction] = {}
    for item in fields["job_functions"].items():
        job = _job(item, known_purposes)
        if job.id in jobs:
            raise OrganisationError(
                f"job function `{job.id}` on line {item.line} is there twice; rename it",
                key="id",
                line=item.line,
            )
        jobs[job.id] = job
    if not jobs:
        fields["job_functions"].wrong("must list at least one job function")
    return Organisation(
        name=fields["name"].text(),
        sector=fields["sector"].text(),
        jurisdictions=fields["jurisdictions"].texts(),
        regulations=fields["regulations"].texts(),
        data_residency=fields["data_residency"].text(),
        job_functions=tuple(jobs.values()),
        separation_of_duties=_separation(fields, jobs),
        quorum=_quorum(fields),
    )


def _job(item: _Node, known_purposes: frozenset[str] | None) -> JobFunction:
    fields = item.fields(_JOB[:-1], _JOB[-1:], "a job function")
    purposes = tuple(_purpose(one, known_purposes) for one in fields["purposes"].items())
    if not purposes:
        fields["purposes"].wrong("must list at least one data use")
    return JobFunction(
        id=RoleId(fields["id"].text()),
        title=fields["title"].text(),
        duties=fields["duties"].text(),
        purposes=tuple(dict.fromkeys(purposes)),
        headcount=fields["headcount"].number() if "headcount" in fields else 0,
    )


def _purpose(item: _Node, known: frozenset[str] | None) -> Purpose:
    purpose = item.text()
    if known is not None and purpose not in known:
        item.wrong(f"names the unknown data use `{purpose}`; {_suggest(purpose, sorted(known))}")
    return Purpose(purpose)


def _separation(
    fields: Mapping[str, _Node], jobs: Mapping[RoleId, JobFunction]
) -> tuple[tuple[RoleId, RoleId], ...]:
    if "separation_of_duties" not in fields:
        return ()
    pairs = []
    for item in fields["separation_of_duties"].items():
        names = item.texts()
        if len(names) != 2 or names[0] == names[1]:
            item.wrong("must pair two different job functions, such as `[maker, checker]`")
        for name in names:
            if name not in jobs:
                item.wrong(f"names the unknown job function `{name}`; {_suggest(name, list(jobs))}")
        pairs.append((RoleId(names[0]), RoleId(names[1])))
    return tuple(dict.fromkeys(pairs))


def _quorum(fields: Mapping[str, _Node]) -> ReviewQuorum:
    if "review" not in fields:
        return ReviewQuorum()
    given = fields["review"].fields((), _RISKS, "a review quorum")
    counts = {risk: node.number() for risk, node in given.items()}
    for risk, count in counts.items():
        if count < 1:
            given[risk].wrong("must be at least 1: every rule needs an approval")
    return ReviewQuorum(**counts)


def _suggest(word: str, allowed: Iterable[str]) -> str:
    options = list(allowed)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"use one of {', '.join(f'`{option}`' for option in options[:8])}"
