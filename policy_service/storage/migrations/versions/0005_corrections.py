"""What people said of columns' categories, with its history."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of corrections."""
    op.create_table(
        "corrections",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("column_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("corrected_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_corrections")),
        sa.UniqueConstraint("id", name=op.f("uq_corrections_id")),
    )
    op.create_index("ix_corrections_source", "corrections", ["source"])


def downgrade() -> None:
    """Drop the corrections; what was learned from them stays in its versions."""
    op.drop_index("ix_corrections_source", table_name="corrections")
    op.drop_table("corrections")
