"""What scans leave when interrupted, and how sources changed between two scans."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of scan checkpoints and of drift."""
    op.create_table(
        "scan_parts",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("part_sha256", sa.String(length=64), nullable=False),
        sa.Column("scan_sha256", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "part_sha256", name=op.f("pk_scan_parts")),
    )
    op.create_table(
        "drifts",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("found_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_drifts_source")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_drifts")),
    )
    op.create_index("ix_drifts_source", "drifts", ["source"])


def downgrade() -> None:
    """Drop both; an interrupted scan then starts over."""
    op.drop_index("ix_drifts_source", table_name="drifts")
    op.drop_table("drifts")
    op.drop_table("scan_parts")
