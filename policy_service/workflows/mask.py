"""Mask files: a decision, its controls over a whole table in files, and both in the audit log.

The decision is recorded before a row is read, the run before its result appears. The
table may be larger than memory; see `masking.bulk.streaming`. Row filters come from the
middleware, which this floor does not import: the caller hands them in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import polars as pl

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    AccessDeniedError,
    ConflictError,
    EnforcementError,
    MaskingError,
    UsageError,
)
from policy_service.domain.identifiers import (
    AssetId,
    DecisionId,
    Revision,
    RoleId,
    Sha256Hex,
    SubjectId,
    asset_parts,
)
from policy_service.domain.organisation import Person
from policy_service.domain.plain import to_plain
from policy_service.domain.predicate import EVERY_ROW
from policy_service.domain.progress import Progress
from policy_service.enforcement.bundle_file import verify_bundle
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.point import DecisionPointService
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.canonical import content_sha256
from policy_service.masking.bulk.batches import TableFiles, open_files
from policy_service.masking.bulk.parts import check_target
from policy_service.masking.bulk.streaming import (
    StreamedTable,
    StreamJob,
    apart_from,
    controls_sha256,
    mask_files,
)
from policy_service.storage import bundles
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.mask_columns import numeric_columns, row_columns
from policy_service.workflows.people import load_directory, make_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import record_event

_ROLE, _SUBJECT = "role:", "subject:"
_KEYS_OF_THEIR_OWN = (Operator.ENCRYPT, Operator.TOKENISE)  # what an old key made still opens


class RowRule(Protocol):
    """Keeps the rows of a batch that a view's filters let through."""

    def __call__(
        self, frame: pl.DataFrame, *, view: TableView, related: Mapping[AssetId, pl.DataFrame]
    ) -> pl.DataFrame:
        """Return the visible rows. Raises `EnforcementError` where a filter cannot be followed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRequest:
    """What is to be masked for whom.

    `reader` is a person of the directory or a role of the live policy; `role:NAME` and
    `subject:NAME` say which. `related` holds the tables that row filters lead through.
    """

    reader: str
    purpose: str
    table: AssetId
    source: Path
    target: Path
    related: Mapping[AssetId, Path] = field(default_factory=dict)
    operator: str = ""  # who runs it, for the audit log
    overwrite: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column of the result, and by what it is masked."""

    name: str
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFiles:
    """What was written, under which decisions; no value."""

    subject: str
    purpose: str
    table: AssetId
    revision: Revision
    columns: tuple[ShownColumn, ...]  # in the order of the table
    left_out: tuple[str, ...]  # columns of the file that are denied or unknown to the policy
    rows_read: int
    rows_written: int
    batches: int
    batches_resumed: int
    controls_sha256: Sha256Hex
    decisions: tuple[DecisionId, ...]


def mask_to_files(
    platform: Platform,
    desk: DecisionDesk,
    request: MaskRequest,
    *,
    row_rule: RowRule,
    progress: Progress,
) -> MaskedFiles:
    """Write to the target what the reader may see of a table in files.

    Raises `AccessDeniedError` where that is nothing, and what `masking.bulk.streaming.mask_files`
    raises; then the target is as it was, and finished parts wait for the next try.
    """
    # Before anything is decided: a slip of the pen needs no entry in the log.
    apart_from(request.source, request.target)
    check_target(request.target, overwrite=request.overwrite)
    try:
        return _mask_to_files(platform, desk, request, row_rule, progress)
    except EnforcementError as error:
        _record_refusal(platform, request, error)
        raise


def _mask_to_files(
    platform: Platform,
    desk: DecisionDesk,
    request: MaskRequest,
    row_rule: RowRule,
    progress: Progress,
) -> MaskedFiles:
    subject, view = _view(platform, desk, request)
    files = open_files(request.source, numeric=numeric_columns(view))
    controls = _controls(view, files)
    records = desk.record_reads(
        subject,
        request.purpose,
        [view],
        columns=[one.column for one in view.columns if asset_parts(one.column)[-1] in controls],
    )
    job = _job(platform, request, view, controls, row_rule)

    def confirm(done: StreamedTable) -> None:
        if _key_labels(platform, controls) != job.bound_to["keys"]:
            raise ConflictError("a key was rotated meanwhile; start over with `--fresh`")
        _record(platform, request, subject, view=view, controls=controls, done=done)

    done = mask_files(
        files,
        request.target,
        job=job,
        confirm=confirm,
        overwrite=request.overwrite,
        fresh=request.fresh,
        progress=progress,
    )
    return MaskedFiles(
        subject=subject,
        purpose=request.purpose,
        table=request.table,
        revision=view.revision,
        columns=tuple(ShownColumn(name=one, control=controls[one].label) for one in done.columns),
        left_out=tuple(name for name in files.schema if name not in controls),
        rows_read=done.rows_read,
        rows_written=done.rows_written,
        batches=done.batches,
        batches_resumed=done.batches_resumed,
        controls_sha256=Sha256Hex(controls_sha256(controls)),
        decisions=tuple(record.id for record in records),
    )


def _job(
    platform: Platform,
    request: MaskRequest,
    view: TableView,
    controls: Mapping[str, Control],
    row_rule: RowRule,
) -> StreamJob:
    return StreamJob(
        controls=controls,
        keys=platform.masking_keys,
        visible=partial(row_rule, view=view, related=_related(view, request.related)),
        row_columns=row_columns(view),
        bound_to={
            "keys": _key_labels(platform, controls),
            "row filters": _rows_sha256(view, request.related),
        },
    )


def _view(platform: Platform, desk: DecisionDesk, request: MaskRequest) -> tuple[str, TableView]:
    """Ask the live policy for the reader's view; a role asks as somebody who has only it."""
    if len(asset_parts(request.table)) != 3:
        raise UsageError(f"`{request.table}` is no table; write source.schema.table")
    source = asset_parts(request.table)[0]
    with platform.database.read() as session:
        known = load_directory(session).person(_bare(request.reader)) is not None
        signed = bundles.live_bundle(session, source)
    if signed is None:
        raise AccessDeniedError(
            f"no policy of `{source}` is live; publish one first", reason=DenyReason.NO_BUNDLE
        )
    roles = {row.role for row in signed.bundle.rows} | {
        one for link in signed.bundle.role_links for one in link
    }
    if not _means_role(request.reader, is_person=known, is_role=_bare(request.reader) in roles):
        subject = _bare(request.reader)
        return subject, desk.view(subject, request.table, request.purpose)
    bundle = verify_bundle(signed, verifier=platform.verifier, now=platform.clock.now())
    subject = f"{_ROLE}{_bare(request.reader)}"
    holder = Person(subject=SubjectId(subject), roles=(RoleId(_bare(request.reader)),))
    only = make_directory((holder,))
    service = DecisionPointService(clock=platform.clock, sample=lambda: True)
    service.swap(compile_policy(bundle, only), reference=CasbinEngine.from_bundle(bundle, only))
    view = service.view(subject, request.table, request.purpose)
    if view.row_filters:
        attributes = sorted({one.subject_attribute for one in view.row_filters})
        raise UsageError(
            f"the rows of `{request.table}` depend on `{', '.join(attributes)}` of who reads "
            "them, and a role has none; name a person"
        )
    return subject, view


def _bare(reader: str) -> str:
    return reader.removeprefix(_ROLE).removeprefix(_SUBJECT)


def _means_role(reader: str, *, is_person: bool, is_role: bool) -> bool:
    if reader.startswith(_SUBJECT):
        return False
    if reader.startswith(_ROLE):
        return True
    if is_person and is_role:
        raise UsageError(
            f"`{reader}` is a person and a role; write `{_SUBJECT}{reader}` or `{_ROLE}{reader}`"
        )
    return is_role


def _controls(view: TableView, files: TableFiles) -> dict[str, Control]:
    controls = {
        name: one.control
        for one in view.columns
        if one.control.operator is not Operator.DENY
        and (name := asset_parts(one.column)[-1]) in files.schema
    }
    if not controls:
        raise AccessDeniedError(f"no column of `{view.table}` may be read for this purpose")
    return controls


def _key_labels(platform: Platform, controls: Mapping[str, Control]) -> str:
    """Name the versions of the keys that decide what masked values look like."""
    names = {
        str(name)
        for control in controls.values()
        if control.operator not in _KEYS_OF_THEIR_OWN and (name := control.parameters.get("key"))
    }
    return ", ".join(f"{name}={platform.masking_keys.key_label(name)}" for name in sorted(names))


def _related(view: TableView, places: Mapping[AssetId, Path]) -> dict[AssetId, pl.DataFrame]:
    """Read the columns that row filters lead through; these tables must fit into memory."""
    wanted: dict[AssetId, set[str]] = {}
    for one in view.row_filters:
        onward = [*(join.column for join in one.path[1:]), one.column]
        for join, column in zip(one.path, onward, strict=False):
            wanted.setdefault(join.references_table, set()).update((join.references_column, column))
    missing = sorted(set(wanted) - set(places))
    if missing:
        raise UsageError(
            f"row filters lead through `{missing[0]}`; hand it in: `--related {missing[0]}=FILE`"
        )
    return {table: _read_whole(places[table], columns) for table, columns in wanted.items()}


def _read_whole(place: Path, columns: Collection[str]) -> pl.DataFrame:
    files = open_files(place, numeric=columns)
    absent = sorted(set(columns) - set(files.schema))
    if absent:
        raise MaskingError(f"a row filter needs column `{absent[0]}` of `{place.name}`; keep it")
    rows = files.batch_rows(columns)
    return pl.concat([files.read(batch, columns) for batch in files.batches(rows)])


def _rows_sha256(view: TableView, related: Mapping[AssetId, Path]) -> str:
    """Hash which rows are shown: filters, predicate, the reader's attributes, tables on the way."""
    if not view.row_filters and view.predicate == EVERY_ROW:
        return "none"
    stamps = {str(table): open_files(place).stamp() for table, place in sorted(related.items())}
    attributes = [[name, str(value)] for name, value in view.attributes]
    shown = [to_plain(view.row_filters), to_plain(view.predicate)]
    return content_sha256([shown, attributes, stamps])


def _record(
    platform: Platform,
    request: MaskRequest,
    subject: str,
    *,
    view: TableView,
    controls: Mapping[str, Control],
    done: StreamedTable,
) -> None:
    """Record the run; where the log does not take it, nothing is shown."""
    record_event(
        platform,
        "masked_files",
        actor=subject,
        subject=request.table,
        purpose=request.purpose,
        revision=view.revision,
        controls_sha256=controls_sha256(controls),
        columns=len(done.columns),
        rows_read=done.rows_read,
        rows_written=done.rows_written,
        row_filters=len(view.row_filters),
        operator=request.operator,
    )


def _record_refusal(platform: Platform, request: MaskRequest, error: EnforcementError) -> None:
    record_event(
        platform,
        "masking_refused",
        actor=request.reader,
        subject=request.table,
        purpose=request.purpose,
        reason=error.reason.value,
        operator=request.operator,
    )
