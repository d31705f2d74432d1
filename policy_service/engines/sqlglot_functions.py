"""The functions that a guarded statement may use, for each dialect.

A function is listed when its answer depends on its arguments alone, or on the clock or
chance. None reads a file, a setting, a catalogue or the session, runs text as a statement,
or waits, and none makes many rows of one: a series stands in FROM alone. Names are those of
the parser's node classes, so that a release which renames one refuses it instead of letting
another through; what the parser does not know stands by its own name. Not the syntax: that
is `sqlglot_grammar`.
"""

SQLITE, POSTGRESQL, DUCKDB = "sqlite", "postgresql", "duckdb"


def allowed_functions(dialect: str) -> frozenset[str]:
    """Return the node classes of the functions that `dialect` may use."""
    return _PARSED[dialect]


def named_functions(dialect: str) -> frozenset[str]:
    """Return the upper-case names of further functions of `dialect`."""
    return _NAMED[dialect]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVERYWHERE = _words(
    """
    Abs Acos All And Anonymous Any Asin Atan Atan2 Avg Case Cast Ceil Chr Coalesce Concat ConcatWs
    Cos Count CumeDist CurrentDate CurrentTime CurrentTimestamp Degrees DenseRank Exists Exp
    FirstValue Floor Greatest GroupConcat If Lag LastValue Lead Least Length Ln Log Lower Max Min
    Mod NthValue Ntile Nullif Or PercentRank Pi Pow Radians Rand Rank Replace Round RowNumber Sign
    Sin Sqrt StrPosition Substring Sum Tan TimeToStr Trim Trunc TsOrDsToTimestamp Upper
    """
)
_SERVERS = _words(
    """
    ExplodingGenerateSeries GenerateSeries
    AnyValue Array ArrayAgg Ascii BitwiseAndAgg BitwiseOrAgg Cbrt Corr CovarPop CovarSamp Date
    DateBin DateTrunc Extract Format Grouping Initcap JustifyDays JustifyHours JustifyInterval
    Left Localtime Localtimestamp LogicalAnd LogicalOr MD5 Mode Pad PercentileCont PercentileDisc
    RegexpILike RegexpLike RegexpReplace RegrAvgx RegrAvgy RegrCount RegrIntercept RegrR2
    RegrSlope RegrSxx RegrSxy RegrSyy Repeat Reverse Right SHA2 SplitPart StartsWith Stddev
    StddevPop StddevSamp StrToDate StrToTime TimeStrToTime TimestampTrunc Translate UnixToTime
    Variance VariancePop
    """
)
_PARSED = {
    SQLITE: _EVERYWHERE | _words("Date Format Hex Soundex Typeof Unicode"),
    POSTGRESQL: _EVERYWHERE
    | _SERVERS
    | _words("JSONArrayAgg MakeInterval Overlay ToChar ToNumber WidthBucket"),
    DUCKDB: _EVERYWHERE
    | _SERVERS
    | _words(
        """
        ApproxDistinct ApproxQuantile ArgMax ArgMin ArrayContains Contains CountIf DateAdd
        DateDiff DateFromParts DateSub Day DayOfMonth DayOfWeek DayOfWeekIso DayOfYear Dayname
        EndsWith First Hour IsInf IsNan JarowinklerSimilarity Kurtosis Last LastDay Levenshtein
        Median Minute Month Monthname Quantile Quarter RegexpExtract RegexpFullMatch Second
        Skewness TimeToUnix ToDays TryCast Week WeekOfYear Year
        """
    ),
}
_NAMED = {
    SQLITE: _words(
        """
        DATE DATETIME IFNULL JULIANDAY LIKELY MOD OCTET_LENGTH PRINTF QUOTE STRFTIME SUBSTR
        TIME TOTAL TRUNC UNIXEPOCH UNLIKELY
        """
    ),
    POSTGRESQL: _words(
        """
        AGE ALL BIT_LENGTH CARDINALITY CHARACTER_LENGTH CLOCK_TIMESTAMP DATE_PART DIV EVERY GCD
        GROUPING ISFINITE JSONB_AGG JSONB_BUILD_OBJECT JSON_AGG JSON_BUILD_ARRAY JSON_BUILD_OBJECT
        LCM LOG10 MAKE_DATE MAKE_TIME MAKE_TIMESTAMP NUM_NONNULLS NUM_NULLS OCTET_LENGTH
        REGEXP_COUNT REGEXP_SUBSTR STATEMENT_TIMESTAMP SUBSTR TO_CHAR TRANSACTION_TIMESTAMP TRUNC
        """
    ),
    DUCKDB: _words(
        """
        AGE ALL ARBITRARY CENTURY DATEPART DATE_PART DATE_SUB DECADE ENTROPY ERA EVEN FAVG FDIV
        FSUM GCD GEOMEAN GROUPING HASH ISFINITE ISOYEAR LCM LIST_CONTAINS MAD NOW PREFIX PRINTF
        PRODUCT SEM STRLEN SUFFIX SUMKAHAN SUM_NO_OVERFLOW TO_HOURS TO_MINUTES TO_MONTHS
        TO_SECONDS TO_WEEKS TO_YEARS TRUNC TRY_STRPTIME YEARWEEK
        """
    ),
}
