"""Type names of databases and catalogues to the eight types of ours.

By their first word, in any case, parameters aside: `VARCHAR(20)`, `Nullable(Int64)`,
`timestamp with time zone`. What is not known is `other`: a wrong type would mislead.
"""

import re

_WRAPPED = re.compile(r"^(?:nullable|lowcardinality)\((.*)\)$")
_WORD = re.compile(r"[a-z_]+[0-9]*")
_WHOLE = re.compile(r"\(\s*[0-9]+\s*(?:,\s*0\s*)?\)")
_NAMES = {
    "boolean": "bool boolean bit",
    "text": (
        "text string str varchar varchar2 nvarchar nvarchar2 char nchar bpchar character clob "
        "nclob tinytext mediumtext longtext citext uuid uniqueidentifier enum name ntext "
        "fixedstring varchar_ignorecase object_id"
    ),
    "integer": (
        "int int2 int4 int8 int16 int32 int64 int128 int256 integer bigint smallint tinyint "
        "mediumint byteint long short serial bigserial smallserial uint8 uint16 uint32 uint64 "
        "uint128 uint256 hugeint year"
    ),
    "decimal": (
        "decimal dec numeric number bignumeric bigdecimal float float4 float8 float32 float64 "
        "float16 double real money smallmoney decimal32 decimal64 decimal128 decimal256"
    ),
    "date": "date date32",
    "timestamp": (
        "timestamp timestamptz datetime datetime2 datetime64 smalldatetime datetimeoffset "
        "timestamp_ntz timestamp_ltz timestamp_tz timestampz"
    ),
    "binary": (
        "binary varbinary bytea blob tinyblob mediumblob longblob bytes image raw longvarbinary"
    ),
}
_KNOWN = {word: kind for kind, words in _NAMES.items() for word in words.split()}
_SCALED = frozenset({"number", "numeric", "decimal", "dec"})


def data_type_of(declared: str) -> str:
    """Name our type for a declared one; `other` where it is unknown or not given."""
    lowered = declared.strip().lower()
    wrapped = _WRAPPED.match(lowered)
    lowered = wrapped[1] if wrapped else lowered
    word = _WORD.match(lowered)
    if word is None or lowered.endswith("[]"):
        return "other"
    kind = _KNOWN.get(word[0], "other")
    # `NUMBER(38,0)` is how Snowflake and Oracle say integer.
    whole = word[0] in _SCALED and _WHOLE.fullmatch(lowered[word.end() :].strip())
    return "integer" if whole else kind
