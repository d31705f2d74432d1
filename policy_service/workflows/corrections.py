"""Corrections: people say what a column holds; what they say outlives every scan.

A word that raises protection or leaves it where it was holds at once. One that lowers it
waits until a second person confirms it, and so does giving a corrected column back to the
detectors where they were less strict (four eyes). What comes to hold is put into the newest
catalogue at once, without a scan: drafts made from then on see another catalogue. What a scan
alone can tell, such as combinations that single people out, changes with the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policy_service.catalog.drift import compare_catalogs
from policy_service.corpus.taxonomy import nearest
from policy_service.domain.asset import Catalog, Column
from policy_service.domain.correction import (
    CategoryCorrection,
    CorrectionState,
    FoundCategory,
    loosens,
)
from policy_service.domain.errors import ConflictError, FourEyesError, NotFoundError, UsageError
from policy_service.domain.identifiers import AssetId, DataCategory, SubjectId, asset_parts
from policy_service.kit.hashing import sha256_text
from policy_service.storage import corrections, sources
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.acting import acting_person
from policy_service.workflows.corrected import corrected_catalog, corrected_category
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import keep_drift
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work

_LENGTH = 500  # characters of a reason
_WAITING, _HOLDS = CorrectionState.WAITING, CorrectionState.HOLDS


def correct_category(
    platform: Platform, *, column: str, category: str, reason: str, by: str
) -> CategoryCorrection:
    """Keep a reviewer's word on a column; it holds at once unless it lowers protection.

    The category that the column has already is a lesson too: it says that it is right. Raises
    `UsageError` for an unknown category, `NotFoundError` for an unknown column,
    `ConflictError` where a correction says the same already, `ForbiddenError`.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, by, reviewer=True)
        asset = AssetId(column)
        place = _Place.find(work.session, asset)
        known = _category(platform, category)
        if any(one.category == known for one in place.open):
            raise ConflictError(f"`{column}` is corrected to `{known}` already; see who said so")
        return _say(platform, work, place, known, reason=_reason(reason), who=who)


def confirm_correction(platform: Platform, name: str, *, by: str) -> CategoryCorrection:
    """Agree with a correction, named by its id or its column: it holds, and binds every scan.

    Raises `FourEyesError` for who said it, `NotFoundError` where nothing is to be confirmed.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, by, reviewer=True)
        said = _open(work.session, name, confirmable=True)
        if said.by == who:
            raise FourEyesError(
                f"`{who}` said so of `{said.column}`; ask somebody else to confirm it"
            )
        place = _Place.find(work.session, said.column)
        confirmed = replace(said, state=_HOLDS, confirmed_by=who, confirmed_at=work.at)
        _end(work, [one for one in place.open if one.id != said.id], who)
        corrections.change_correction(work.session, confirmed)
        _apply(platform, work, place, confirmed, who)
        _record(work, "correction_confirmation", confirmed, who)
        return confirmed


def withdraw_correction(
    platform: Platform, name: str, *, reason: str, by: str
) -> CategoryCorrection:
    """Take back what waits, else give the column back to the detectors.

    `name` is an id or a column. Returns the correction as it ended, or the new one that waits
    for a second person because the detectors are less strict. Raises `NotFoundError`.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, by, reviewer=True)
        why = _reason(reason)
        said = _open(work.session, name)
        place = _Place.find(work.session, said.column)
        if said.state is _WAITING:
            (ended,) = _end(work, [said], who)
            _record(work, "correction_withdrawal", ended, who)
            return ended
        if any(one.category is None for one in place.open):
            raise ConflictError(f"`{said.column}` is to be given back already; confirm that")
        return _say(platform, work, place, None, reason=why, who=who)


def list_corrections(platform: Platform, source: str) -> tuple[CategoryCorrection, ...]:
    """List every correction of a source, in the order they were given, ended ones too.

    Raises `NotFoundError` for a source that was never scanned.
    """
    with platform.database.read() as session:
        if sources.find_source(session, source) is None:
            raise NotFoundError(f"no source `{source}`; scan it: `policy-service catalog scan`")
        return corrections.list_corrections(session, source)


def find_correction(platform: Platform, source: str, correction: str) -> CategoryCorrection:
    """Find one correction of a source by its id. Raises `NotFoundError`."""
    found = [one for one in list_corrections(platform, source) if one.id == correction]
    if not found:
        raise NotFoundError(f"source `{source}` has no correction `{correction}`")
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A column in the newest catalogue, and what people said of it that waits or holds."""

    catalog: Catalog
    column: Column
    open: tuple[CategoryCorrection, ...]

    @staticmethod
    def find(session: ReadSession, asset: AssetId) -> "_Place":
        """Look a column up. Raises `NotFoundError` naming the columns most like it."""
        source = asset_parts(asset)[0]
        catalog = sources.newest_catalog(session, source)
        if catalog is None:
            raise NotFoundError(f"no catalogue of `{source}`; write SOURCE.SCHEMA.TABLE.COLUMN")
        column = catalog.find_column(asset)
        if column is None:
            known = [one.id for table in catalog.tables for one in table.columns]
            raise NotFoundError(f"no column `{asset}`; nearest {nearest(asset, known)}")
        return _Place(
            catalog=catalog, column=column, open=corrections.open_corrections(session, asset)
        )

    def found(self) -> FoundCategory:
        """Return what detectors said: what is noted, unless a scan overruled who said else."""
        held = next((one for one in self.open if one.state is _HOLDS), None)
        if held is None or held.category != self.column.category:
            return FoundCategory.of(self.column)
        return held.found


def _say(
    platform: Platform,
    work: UnitOfWork,
    place: _Place,
    category: DataCategory | None,
    *,
    reason: str,
    who: SubjectId,
) -> CategoryCorrection:
    """Keep a new word: one that waits takes the place of what waits, one that holds of all."""
    said = CategoryCorrection(
        id=platform.make_id("cor"),
        column=place.column.id,
        category=category,
        found=place.found(),
        reason=reason,
        by=who,
        at=work.at,
        state=_HOLDS,
    )
    after = corrected_category(place.column, said)
    was, becomes = place.column, (after.category, after.reveals)
    if loosens(platform.categories, (was.category, was.reveals), becomes):
        said = replace(said, state=_WAITING)
    replaced = [one for one in place.open if one.state is _WAITING or said.state is _HOLDS]
    _end(work, replaced, who)
    corrections.add_correction(work.session, said)
    if said.state is _HOLDS:
        _apply(platform, work, place, said, who)
    _record(work, "correction", said, who, was=was.category)
    return said


def _apply(
    platform: Platform, work: UnitOfWork, place: _Place, said: CategoryCorrection, who: SubjectId
) -> None:
    """Put a correction into the newest catalogue, as the next version of it."""
    changed = corrected_catalog(place.catalog, [said], platform.categories)
    if changed == place.catalog:
        return
    before = _scan_before(work.session, place.catalog)
    sources.save_catalog(work.session, changed)
    keep_drift(work, compare_catalogs(before, changed), actor=who)


def _scan_before(session: ReadSession, catalog: Catalog) -> Catalog:
    """Find what drift is told against, so that a correction does not hide what a scan found."""
    drift = sources.newest_drift(session, catalog.source)
    if drift is None or drift.after_sha256 != catalog.sha256:
        return catalog
    return sources.catalog_by_sha256(session, drift.before_sha256) or catalog


def _open(session: ReadSession, name: str, *, confirmable: bool = False) -> CategoryCorrection:
    """Find what is open under an id or of a column; what waits before what holds."""
    if "." in name:
        known: Sequence[CategoryCorrection] = corrections.open_corrections(session, AssetId(name))
    else:
        every = corrections.list_corrections(session)
        known = [one for one in every if one.id == name and one.state is not CorrectionState.ENDED]
    fitting = [
        one
        for one in sorted(known, key=lambda one: one.state is not _WAITING)
        if one.state is _WAITING or _says_more(one, confirmable=confirmable)
    ]
    if not fitting:
        what = "waits to be confirmed" if confirmable else "can be withdrawn"
        raise NotFoundError(
            f"no correction `{name}` {what}; list them: `policy-service catalog corrections SOURCE`"
        )
    return fitting[0]


def _says_more(held: CategoryCorrection, *, confirmable: bool) -> bool:
    """Tell whether what holds can be withdrawn, or still be confirmed."""
    return held.category is not None and not (confirmable and held.confirmed)


def _end(
    work: UnitOfWork, ended: Sequence[CategoryCorrection], who: SubjectId
) -> list[CategoryCorrection]:
    closed = [
        replace(one, state=CorrectionState.ENDED, ended_by=who, ended_at=work.at) for one in ended
    ]
    for one in closed:
        corrections.change_correction(work.session, one)
    return closed


def _record(
    work: UnitOfWork, kind: str, said: CategoryCorrection, who: SubjectId, **more: object
) -> None:
    """Note it without the reason's words, which may name a person."""
    work.record(
        kind,
        actor=who,
        subject=said.column,
        correction=said.id,
        category=said.category or "",
        state=said.state.value,
        reason_sha256=sha256_text(said.reason),
        **more,
    )


def _category(platform: Platform, category: str) -> DataCategory:
    known = {entry.category for entry in platform.categories.entries}
    if category not in known:
        raise UsageError(f"no data category `{category}`; nearest {nearest(category, known)}")
    return DataCategory(category)


def _reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words or len(words) > _LENGTH or not words.isprintable():
        raise UsageError(f"give a reason of 1 to {_LENGTH} characters: `--reason`")
    return words
