"""Masking tables larger than memory: batch by batch into parts, swapped in when whole.

The same operators as `masking.table`, on the same columns; not a decision: the caller hands
in controls and says which rows are visible. A run that is stopped goes on from its
finished parts, if nothing that they depend on has changed. At no time does the target hold
a part of the table, or a column that is not masked yet.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from policy_service import __version__
from policy_service.domain.control import CLEAR, Control, Operator
from policy_service.domain.errors import ConflictError, MaskingError, UsageError
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import Progress, silent
from policy_service.kit.canonical import content_sha256
from policy_service.masking.bulk.batches import Batch, TableFiles
from policy_service.masking.bulk.class_sizes import ClassSizes
from policy_service.masking.bulk.output_types import masked_types, with_types
from policy_service.masking.bulk.parts import Parts, check_target, open_parts
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.parameters import subject_column
from policy_service.masking.table import mask_table

VisibleRows = Callable[[pl.DataFrame], pl.DataFrame]
_NEEDS_SUBJECT = (Operator.NOISE, Operator.DATE_SHIFT)


def every_row(frame: pl.DataFrame) -> pl.DataFrame:
    """Let every row through."""
    return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamJob:
    """How a table is masked. Denied columns, and those without a control, are left out.

    `visible` keeps the rows that may be shown and reads `row_columns` of them. `bound_to`
    names what else the result depends on (key versions, whose rows), hashed or harmless:
    it is written beside the parts, and a stopped run goes on only where it is the same.
    """

    controls: Mapping[str, Control]
    keys: MaskingKeys
    visible: VisibleRows = every_row
    row_columns: frozenset[str] = frozenset()
    bound_to: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedTable:
    """What was read and written; no value."""

    rows_read: int
    rows_written: int
    columns: tuple[str, ...]
    batches: int
    batches_resumed: int  # finished by an earlier run


Confirm = Callable[[StreamedTable], None]


def mask_files(
    files: TableFiles,
    target: Path,
    *,
    job: StreamJob,
    confirm: Confirm = lambda _: None,
    overwrite: bool = False,
    fresh: bool = False,
    batch_rows: int | None = None,
    progress: Progress = silent,
) -> StreamedTable:
    """Mask a table in files into `target`: a .parquet or .csv file, or a folder of Parquet.

    `confirm` is told when all is masked and before the target appears; where it raises,
    nothing appears. A stopped run leaves its finished parts, and the next goes on from there;
    `fresh` forgets them. Rows keep their order. Raises `ConflictError` for a target that
    exists and for parts made from something else, `MaskingError` where a column cannot be
    masked, `KeyUnavailableError`; then the target is as it was.
    """
    apart_from(files.place, target)
    check_target(target, overwrite=overwrite)
    run = _Run(files, job, batch_rows=batch_rows, progress=progress)
    with open_parts(target, made_from=run.made_from, fresh=fresh, overwrite=overwrite) as parts:
        done = run.write(parts)
        if run.stamp != files.stamp():
            raise ConflictError("the input changed while it was read; start over with `--fresh`")
        confirm(done)
        parts.finish(done.batches, overwrite=overwrite)
    return done


def apart_from(place: Path, target: Path) -> None:
    """Refuse a target that is the input, lies in it, or holds it."""
    source, aim = place.resolve(), target.resolve()
    if source == aim or source in aim.parents or aim in source.parents:
        raise UsageError(f"`{target}` would be written over `{place}`; name another place")
    if target.exists() and target.samefile(place):
        raise UsageError(f"`{target}` and `{place}` are one file; name another place")


class _Run:
    """One table on its way, batch by batch."""

    def __init__(
        self, files: TableFiles, job: StreamJob, *, batch_rows: int | None, progress: Progress
    ) -> None:
        self._files = files
        self._job = job
        self._progress = progress
        self._controls = {
            name: job.controls[name]
            for name in files.schema
            if name in job.controls and job.controls[name].operator is not Operator.DENY
        }
        if not self._controls:
            raise MaskingError("no column of the table may be shown; nothing is written")
        self._columns = needed_columns(self._controls, job.row_columns)
        _check_columns(self._columns, files.schema)
        read_types = pl.Schema({n: kind for n, kind in files.schema.items() if n in self._columns})
        self._types = masked_types(read_types, controls=self._controls, keys=job.keys)
        self.stamp = files.stamp()
        rows = batch_rows or files.batch_rows(self._columns)
        self._batches = files.batches(rows)
        self._alone = len(self._batches) == 1
        self._refuse_aggregates()
        self._sizes = ClassSizes({} if self._alone else self._controls)
        self.made_from = {
            "input": content_sha256([self.stamp, rows]),
            "controls": controls_sha256(self._controls),
            "version of the product": __version__,
            **job.bound_to,
        }

    def write(self, parts: Parts) -> StreamedTable:
        """Write the parts that are missing."""
        heights = [parts.rows(number) for number in range(len(self._batches))]
        if self._sizes.columns and None in heights:
            with _failing_closed():
                self._sizes.count(self._counted())
        read = written = 0
        for number, batch in enumerate(self._batches):
            height = heights[number]
            if height is None:
                with _failing_closed():
                    frame = self._sizes.suppress(self._masked(batch))
                parts.write(number, frame)
                height = frame.height
            written += height
            read += batch.rows
            self._progress("rows", read, self._files.total_rows)
        return StreamedTable(
            rows_read=read,
            rows_written=written,
            columns=tuple(self._types),
            batches=len(self._batches),
            batches_resumed=sum(height is not None for height in heights),
        )

    def _masked(self, batch: Batch, names: Collection[str] | None = None) -> pl.DataFrame:
        """Mask the visible rows of a batch; `suppress` waits, unless the batch is the table."""
        shown = {
            name: control
            for name, control in self._controls.items()
            if names is None or name in names
        }
        columns = needed_columns(shown, self._job.row_columns)
        visible = self._job.visible(self._files.read(batch, columns))
        masked = mask_table(
            visible,
            controls=shown if self._alone else _of_batch(shown),
            keys=self._job.keys,
            whole_table=self._alone,
        )
        return with_types(masked, pl.Schema({name: self._types[name] for name in masked.columns}))

    def _counted(self) -> Iterator[pl.DataFrame]:
        read = 0
        for batch in self._batches:
            yield self._masked(batch, self._sizes.columns)
            read += batch.rows
            self._progress("counting classes", read, self._files.total_rows)

    def _refuse_aggregates(self) -> None:
        # Sums and means of groups would take a third pass; `private_release` is the better tool.
        for name, control in self._controls.items():
            if control.operator is Operator.AGGREGATE and not self._alone:
                raise MaskingError(
                    f"column `{name}` is masked by `aggregate`, which needs all rows at once, and "
                    "the table does not fit one batch; amend the rule, or aggregate before"
                )


def needed_columns(
    controls: Mapping[str, Control], row_columns: Collection[str] = ()
) -> frozenset[str]:
    """Name the columns to read: those shown, those of row filters, and those of subjects."""
    subjects = {
        subject_column(control)
        for control in controls.values()
        if control.operator in _NEEDS_SUBJECT
    }
    return frozenset({*controls, *row_columns, *subjects} - {""})


def controls_sha256(controls: Mapping[str, Control]) -> str:
    """Hash which column is masked how."""
    return content_sha256([[name, to_plain(controls[name])] for name in sorted(controls)])


@contextmanager
def _failing_closed() -> Iterator[None]:
    """Turn what goes wrong with rows into our error, without causes: they may hold a value."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError):
        raise MaskingError(
            "rows cannot be filtered or grouped; check the types of the columns that decide"
        ) from None


def _of_batch(controls: Mapping[str, Control]) -> dict[str, Control]:
    return {
        name: CLEAR if control.operator is Operator.SUPPRESS else control
        for name, control in controls.items()
    }


def _check_columns(columns: Collection[str], schema: pl.Schema) -> None:
    missing = sorted(set(columns) - set(schema))
    if missing:
        raise MaskingError(
            f"column `{missing[0]}` decides what is shown but is not in the file; keep it in"
        )
