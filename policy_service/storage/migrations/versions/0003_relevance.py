"""Marks of reviewers on what retrieval found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of relevance marks."""
    op.create_table(
        "relevance_marks",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("pair_sha256", sa.String(length=64), nullable=False),
        sa.Column("query_sha256", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=200), nullable=False),
        sa.Column("marked_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_relevance_marks")),
        sa.UniqueConstraint(
            "pair_sha256", "reviewer", name=op.f("uq_relevance_marks_pair_sha256_reviewer")
        ),
    )
    op.create_index("ix_relevance_marks_query_sha256", "relevance_marks", ["query_sha256"])


def downgrade() -> None:
    """Drop the marks; what was learned from them stays in its versions."""
    op.drop_index("ix_relevance_marks_query_sha256", table_name="relevance_marks")
    op.drop_table("relevance_marks")
