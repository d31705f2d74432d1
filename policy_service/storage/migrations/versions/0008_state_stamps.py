"""Stamps of the state that decisions depend on; the decisions themselves are audit groups now."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of stamps; decisions recorded before stay where they are."""
    op.create_table(
        "state_stamps",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_state_stamps")),
    )


def downgrade() -> None:
    """Drop the stamps."""
    op.drop_table("state_stamps")
