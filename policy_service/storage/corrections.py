"""What people said of columns' categories, as stored: every word, and how it stands now."""

from sqlalchemy import insert, select, update

from policy_service.domain.correction import CategoryCorrection, CorrectionState
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.kit.hashing import sha256_text
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession

_TABLE = tables.corrections


def add_correction(session: WriteSession, correction: CategoryCorrection) -> None:
    """Store a new correction; earlier ones stay."""
    session.write(
        insert(_TABLE).values(
            id=correction.id,
            source=asset_parts(correction.column)[0],
            column_sha256=sha256_text(correction.column),
            state=correction.state,
            corrected_at=correction.at,
            body=dump(correction),
        )
    )


def change_correction(session: WriteSession, correction: CategoryCorrection) -> None:
    """Store how a correction stands now."""
    session.write(
        update(_TABLE)
        .where(_TABLE.c.id == correction.id)
        .values(state=correction.state, body=dump(correction))
    )


def list_corrections(session: ReadSession, source: str = "") -> tuple[CategoryCorrection, ...]:
    """List every correction of a source, or of all, in the order they were given."""
    query = select(_TABLE.c.body).order_by(_TABLE.c.serial)
    if source:
        query = query.where(_TABLE.c.source == source)
    return tuple(load(CategoryCorrection, row.body) for row in session.rows(query))


def open_corrections(session: ReadSession, column: AssetId) -> tuple[CategoryCorrection, ...]:
    """List the corrections of a column that wait or hold: at most one of each."""
    query = (
        select(_TABLE.c.body)
        .where(
            _TABLE.c.column_sha256 == sha256_text(column), _TABLE.c.state != CorrectionState.ENDED
        )
        .order_by(_TABLE.c.serial)
    )
    return tuple(load(CategoryCorrection, row.body) for row in session.rows(query))
