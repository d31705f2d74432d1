"""Spark: a function over polars tables, run on every batch of a DataFrame in the workers.

The one importer of pyspark. It knows nothing of masking: function and output types are
handed in. The function travels to the workers by pickle; what it holds is in the job,
so it must not hold a secret. Source: PySpark 4, `DataFrame.mapInArrow`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from policy_service.domain.errors import EnforcementError, MaskingError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

SparkFrame: TypeAlias = "DataFrame"
FrameFunction = Callable[[pl.DataFrame], pl.DataFrame]


def polars_schema(frame: SparkFrame) -> pl.Schema:
    """Return the schema that batches of a Spark DataFrame have in polars.

    Raises `MaskingError` for a type that Arrow or polars does not have.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_schema

    zone = frame.sparkSession.conf.get("spark.sql.session.timeZone")
    try:
        return _polars(to_arrow_schema(frame.schema, timezone=zone).empty_table()).schema
    except (PySparkException, pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise MaskingError(
            "a column has a type that cannot leave Spark; cast it, or leave it out"
        ) from error


def map_frames(frame: SparkFrame, function: FrameFunction, *, types: pl.Schema) -> SparkFrame:
    """Apply `function` to every batch of `frame`; lazily, as everything in Spark.

    `types` are the names and types that `function` returns. Where it fails, the action
    that asked for the rows fails, with the message of our error and no value.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = types.to_frame().to_arrow().rename_columns(_numbered(len(types))).schema
    try:
        declared = from_arrow_schema(schema)
    except (PySparkException, TypeError) as error:
        raise MaskingError(
            "a masked column has a type that Spark does not have; use another operator"
        ) from error
    # Spark would read a dot in a name as a way into a struct: numbers stand for names meanwhile.
    numbered = frame.toDF(*_numbered(len(frame.columns)))
    mapped = numbered.mapInArrow(_in_arrow(function, frame.columns, schema), declared)
    return mapped.toDF(*types.names())


def _in_arrow(
    function: FrameFunction, names: Sequence[str], schema: "pa.Schema"
) -> Callable[[Iterator["pa.RecordBatch"]], Iterator["pa.RecordBatch"]]:
    def mapped(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        for batch in batches:
            try:
                given = pa.Table.from_batches([batch]).rename_columns(list(names))
                done = function(_polars(given)).to_arrow().rename_columns(schema.names)
                yield from done.cast(schema).to_batches()
            except EnforcementError as error:
                # Spark writes the whole chain of causes into its log.
                raise MaskingError(error.message) from None
            except Exception:
                raise MaskingError(
                    "a batch cannot be masked; check the types of its columns"
                ) from None

    return mapped


def _numbered(count: int) -> list[str]:
    return [f"c{number}" for number in range(count)]


def _polars(table: "pa.Table") -> pl.DataFrame:
    found = pl.from_arrow(table)
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table is expected")
    return found
