"""Reads the query sets of `tests/cases`: legitimate analytics that must pass. Not a test."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CASES = Path(__file__).resolve().parent.parent / "cases"
_HEADER = re.compile(r"^-- (only|params): (.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question in the words of one dialect or of all."""

    name: str
    sql: str
    dialects: frozenset[str]  # empty: all of them
    params: Mapping[str, object]


def read_queries(name: str, *, dialect: str) -> list[Query]:
    """Read the queries of `sql_NAME.sql` that are written for `dialect`."""
    text = (_CASES / f"sql_{name}.sql").read_text(encoding="utf-8")
    _, *parts = re.split(r"(?m)^-- name: ", text)
    queries = [_query(part) for part in parts]
    return [one for one in queries if not one.dialects or dialect in one.dialects]


def _query(part: str) -> Query:
    name, *lines = part.strip().splitlines()
    dialects: frozenset[str] = frozenset()
    params: dict[str, object] = {}
    body = []
    for line in lines:
        header = _HEADER.match(line)
        if header is None:
            body.append(line)
        elif header[1] == "only":
            dialects = frozenset(re.split(r",\s*", header[2]))
        else:
            params = json.loads(header[2])
    return Query(name=name, sql="\n".join(body).strip(), dialects=dialects, params=params)
