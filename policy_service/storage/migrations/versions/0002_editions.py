"""Imported editions, what was decided on their proposals, and the library's revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of the library."""
    op.create_table(
        "editions",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("instrument", sa.String(length=200), nullable=False),
        sa.Column("version_date", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_editions")),
        sa.UniqueConstraint(
            "instrument", "version_date", name=op.f("uq_editions_instrument_version_date")
        ),
    )
    op.create_table(
        "proposal_decisions",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("edition", _SERIAL, nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("proposal_sha256", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition"], ["editions.serial"], name=op.f("fk_proposal_decisions_edition")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_proposal_decisions")),
        sa.UniqueConstraint(
            "edition", "proposal", name=op.f("uq_proposal_decisions_edition_proposal")
        ),
    )
    op.create_table(
        "library_revisions",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_library_revisions")),
    )


def downgrade() -> None:
    """Drop the tables of the library, with every imported edition in them."""
    op.drop_table("library_revisions")
    op.drop_table("proposal_decisions")
    op.drop_table("editions")
