"""Masks in plain PostgreSQL SQL, without extensions; total: no value makes them fail.

A failing mask would tell something of a hidden row, so every cast is guarded.
Where PostgreSQL writes a value otherwise than Python does (a float with an
exponent), the mask is NULL. Requires TimeZone UTC, which the session sets.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are bound

from policy_service.masking.partial import BULLET, MINIMUM_HIDDEN
from policy_service.masking.pseudonym import DIGITS, PREFIX, hmac_blocks
from policy_service.middleware.postgresql_keys import Secret

_SEPARATOR = "[ ./:@_+(),-]"  # masking.partial.SEPARATORS as a PostgreSQL class
_CONTENT = "[^ ./:@_+(),-]"
_WHOLE = "'smallint', 'integer', 'bigint'"
_FENCE = "OFFSET 0"  # each step is evaluated once, not put in wherever it is named
_FLOATS = "'real', 'double precision'"


def _over_text(column: str, expression: str) -> str:
    """Evaluate `expression` over `v.t`, the canonical text, and `v.k`, the type's name."""
    return (
        f"(SELECT {expression} FROM (SELECT {_text(column)} AS t, "
        f"pg_typeof({column})::text AS k {_FENCE}) AS v)"
    )


def _text(column: str) -> str:
    plain = f"{column}::text"
    json = f"to_jsonb({column}) #>> '{{}}'"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL "
        f"WHEN pg_typeof({column})::text IN ({_FLOATS}) THEN "
        f"CASE WHEN {plain} = '-0' THEN '0.0' WHEN {plain} ~ '^-?[0-9]+$' THEN {plain} || '.0' "
        f"WHEN {plain} ~ '^-?[0-9]+[.][0-9]+$' THEN {plain} END "
        f"WHEN pg_typeof({column})::text = 'bytea' THEN substr({plain}, 3) "
        f"WHEN pg_typeof({column})::text LIKE 'timestamp%' THEN "
        f"CASE WHEN ({json}) !~ '[.][0-9]{{1,5}}([+]|$)' THEN {json} END "
        f"WHEN pg_typeof({column})::text IN ('character varying', 'text', 'numeric', {_WHOLE}) "
        f"THEN {plain} ELSE {json} END"
    )


def pseudonymise(column: str, *, key: bytes, secret: Secret) -> str:
    """Write HMAC-SHA256 with the built-in `sha256`; its key blocks are secrets."""
    inner, outer = (secret(block) for block in hmac_blocks(key))
    digest = f"sha256({outer} || sha256({inner} || convert_to(v.t, 'UTF8')))"
    return _over_text(column, f"'{PREFIX}' || left(encode({digest}, 'hex'), {DIGITS})")


def partial(column: str, *, first: int, last: int) -> str:
    """Write the mask that keeps the ends."""
    content = f"length(regexp_replace(v.t, '{_SEPARATOR}', '', 'g'))"
    start = f"substring(v.t from '^((?:{_SEPARATOR}*{_CONTENT}){{{first}}})')"
    end = f"substring(v.t from '((?:{_CONTENT}{_SEPARATOR}*){{{last}}})$')"
    middle = f"substr(v.t, length({start}) + 1, length(v.t) - length({start}) - length({end}))"
    return _over_text(
        column,
        f"CASE WHEN {content} = 0 THEN repeat('{BULLET}', length(v.t)) "
        f"WHEN {content} < {first + last + MINIMUM_HIDDEN} "
        f"THEN regexp_replace(v.t, '{_CONTENT}', '{BULLET}', 'g') "
        f"ELSE {start} || regexp_replace({middle}, '{_CONTENT}', '{BULLET}', 'g') || {end} END",
    )


def bucket(column: str, *, width: int) -> str:
    """Write the range of `width` that a number lies in."""
    number = "v.t::numeric"
    lower = f"(div({number}, {width}) - (mod({number}, {width}) < 0)::int) * {width}"
    return _over_text(
        column,
        f"CASE WHEN v.k IN ({_WHOLE}, {_FLOATS}, 'numeric') "
        f"AND v.t ~ '^-?[0-9]{{1,18}}([.][0-9]+)?$' "
        f"THEN '[' || ({lower})::text || ', ' || ({lower} + {width})::text || ')' END",
    )


def top_bottom(column: str, *, low: int | None, high: int | None) -> str:
    """Write the number, or the limit where it lies beyond; the type of the column stays.

    Limits are literals of the column's own type: where that is no number and cannot read
    them, the database refuses the statement before it reads a row.
    """
    beyond = [("<", low), (">", high)]
    branches = [
        f"WHEN {column} {sign} '{limit}' THEN '{limit}'"
        for sign, limit in beyond
        if limit is not None
    ]
    return (
        f"CASE WHEN pg_typeof({column})::text IN ({_WHOLE}, {_FLOATS}, 'numeric') "
        f"AND {column}::text <> 'NaN' THEN CASE {' '.join(branches)} ELSE {column} END END"
    )


def generalise(column: str, *, to: str, keep: int) -> str:
    """Write a prefix, or the year, month or sex and year of a date as `masking.dates` reads it."""
    if to == "prefix":
        return _over_text(column, f"CASE WHEN length(v.t) > {keep} THEN left(v.t, {keep}) END")
    read = _read_date()
    return _over_text(
        column,
        f"(SELECT {_shown(to)} FROM (SELECT {read} AS r FROM (SELECT CASE "
        f"WHEN v.k IN ({_WHOLE}) AND length(v.t) = 5 THEN '0' || v.t "
        f"WHEN v.k IN ({_WHOLE}, 'date', 'text', 'character varying', 'character') "
        "OR v.k LIKE 'timestamp%' THEN btrim(v.t, E' \\t\\n\\r\\f\\v') END AS s "
        f"{_FENCE}) AS w {_FENCE}) AS x)",
    )


def _shown(to: str) -> str:
    # `r` is `YYYYMMs`: month 00 where not certain, s is m, f, or - where no sex is coded.
    year = "left(x.r, 4)"
    if to == "year":
        return year
    if to == "decade":
        return "left(x.r, 3) || '0s'"
    if to == "century":
        return "left(x.r, 2) || '00s'"
    if to == "quarter":
        quarter = "(substr(x.r, 5, 2)::int + 2) / 3"
        return f"CASE WHEN substr(x.r, 5, 2) <> '00' THEN {year} || '-Q' || {quarter} END"
    if to == "month":
        return f"CASE WHEN substr(x.r, 5, 2) <> '00' THEN {year} || '-' || substr(x.r, 5, 2) END"
    sex = "CASE right(x.r, 1) WHEN 'm' THEN ', male' WHEN 'f' THEN ', female' END"
    return f"{year} || {sex}"


def _read_date() -> str:
    s = "w.s"
    day, month = "(0[1-9]|[12][0-9]|3[01])", "(0[1-9]|1[0-2])"
    short = f"substr({s}, 1, 2)"
    six = "'19'"
    nine = f"CASE WHEN {short} < '54' THEN '19' ELSE '18' END"
    ten = f"CASE WHEN {short} < '54' THEN '20' ELSE '19' END"
    birth = f"regexp_replace({s}, '/', '')"
    iso = f"^[0-9]{{4}}-{month}(-{day}([T ][^\\n]*)?)?$"
    dotted = "^0?([1-9]|[12][0-9]|3[01])[.] ?0?([1-9]|1[0-2])[.] ?[0-9]{4}$"
    dotted_month = f"lpad(substring({s} from '[.] ?([0-9]{{1,2}})[.]'), 2, '0')"
    return (
        f"CASE WHEN {s} ~ '{iso}' THEN left({s}, 4) || substr({s}, 6, 2) || '-' "
        f"WHEN {s} ~ '{dotted}' THEN right({s}, 4) || {dotted_month} || '-' "
        f"WHEN {s} ~ '^[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}$' THEN right({s}, 4) || '00-' "
        f"WHEN {s} ~ '^(1[89][0-9]{{2}}|2[01][0-9]{{2}})$' THEN {s} || '00-' "
        f"WHEN {s} ~ '^[0-9]{{4}}{month}{day}$' THEN left({s}, 6) || '-' "
        f"WHEN {s} ~ '^[0-9]{{2}}[0156][0-9]{day}( [0-9:]{{5,8}})?$' "
        f"THEN {_coded(s, six, (0, 50))} "
        f"WHEN {s} ~ '^[0-9]{{2}}[0156][0-9]{day}/?[0-9]{{3}}$' "
        f"THEN {_coded(birth, nine, (0, 50))} "
        f"WHEN {s} ~ '^[0-9]{{4}}{day}/?[0-9]{{4}}$' "
        f"THEN {_coded(birth, ten, (0, 20, 50, 70))} "
        "END"
    )


def _coded(digits: str, century: str, offsets: tuple[int, ...]) -> str:
    branches = []
    for offset in offsets:
        sex = "f" if offset >= 50 else "m"
        branches.append(
            f"WHEN substr({digits}, 3, 2) BETWEEN '{offset + 1:02d}' AND '{offset + 12:02d}' "
            f"THEN ({century}) || left({digits}, 2) || "
            f"lpad((substr({digits}, 3, 2)::int - {offset})::text, 2, '0') || '{sex}'"
        )
    return f"CASE {' '.join(branches)} END"
