"""Reads a directory of people from CSV: subject, job functions, and attributes for row filters.

The whole file is checked before anything is returned. Not an identity provider: it says
who holds which job, not who may sign in.
"""

import csv
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters

_SUBJECT, _JOB = "subject", "job_function"
_LONGEST_INTEGER = 15  # digits that JSON carries exactly


@dataclass(slots=True)
class _Entry:
    line: int
    roles: list[str]
    attributes: dict[str, int | str]


def read_people(
    path: Path,
    *,
    roles: frozenset[RoleId] | None,
    separation: tuple[tuple[RoleId, RoleId], ...],
) -> tuple[Person, ...]:
    """Read the people, sorted by subject.

    Several job functions are separated by `;` or given in repeated rows. `roles`, where
    given, are the known ones; `separation` lists pairs that no person may hold together.
    Raises `CatalogError` naming the line that is wrong.
    """
    entries: dict[str, _Entry] = {}
    for line, row in _rows(path):
        _add(entries, path, line, row, roles)
    for subject, entry in entries.items():
        for first, second in separation:
            if first in entry.roles and second in entry.roles:
                raise CatalogError(
                    f"`{path.name}` line {entry.line}: `{subject}` may not hold both "
                    f"`{first}` and `{second}`; take one away"
                )
    return tuple(
        Person(
            subject=SubjectId(subject),
            roles=tuple(RoleId(role) for role in sorted(entry.roles)),
            attributes=Parameters(entry.attributes),
        )
        for subject, entry in sorted(entries.items())
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise CatalogError(
                        f"`{path.name}` line {reader.line_num}: {len(cells)} fields, but the "
                        f"header has {len(header)}; quote fields that hold a comma"
                    )
                values = [cell.strip() for cell in cells]
                yield reader.line_num, dict(zip(header, values, strict=True))
    except OSError as error:
        raise CatalogError(f"cannot read `{path}`; check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CatalogError(f"`{path.name}` is not a CSV file in UTF-8; save it as one") from error


def _check_header(path: Path, header: Sequence[str]) -> None:
    for needed in (_SUBJECT, _JOB):
        if needed not in header:
            raise CatalogError(
                f"`{path.name}` line 1: no column `{needed}`; "
                f"the first line must name `{_SUBJECT}` and `{_JOB}`"
            )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice or "" in header:
        raise CatalogError(
            f"`{path.name}` line 1: column `{twice[0] if twice else ''}` is named twice or not "
            "at all; give every column its own name"
        )


def _add(
    entries: dict[str, _Entry],
    path: Path,
    line: int,
    row: Mapping[str, str],
    roles: frozenset[RoleId] | None,
) -> None:
    subject = row[_SUBJECT]
    named = [job.strip() for job in row[_JOB].split(";") if job.strip()]
    if not subject:
        raise CatalogError(f"`{path.name}` line {line}: the subject is empty; name the person")
    if not named:
        raise CatalogError(f"`{path.name}` line {line}: `{subject}` has no job function; add one")
    for job in named:
        if roles is not None and job not in roles:
            raise CatalogError(
                f"`{path.name}` line {line}: unknown job function `{job}`{_nearest(job, roles)}"
            )
    entry = entries.setdefault(subject, _Entry(line, [], {}))
    entry.roles += [job for job in named if job not in entry.roles]
    for name, value in row.items():
        if name in (_SUBJECT, _JOB) or not value:
            continue
        known = entry.attributes.setdefault(name, _scalar(value))
        if known != _scalar(value):
            raise CatalogError(
                f"`{path.name}` line {line}: `{subject}` has another `{name}` on line "
                f"{entry.line}; a person has one value of each attribute"
            )


def _scalar(value: str) -> int | str:
    """Read a whole number as one, unless writing it again would change it."""
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_INTEGER:
        return int(value) if str(int(value)) == value else value
    return value


def _nearest(job: str, roles: frozenset[RoleId]) -> str:
    close = difflib.get_close_matches(job, sorted(roles), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else "; add it to the organisation first"
