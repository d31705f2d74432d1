"""Enforcement points with what they report, trusted keys, editions of the directory."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WATCHED = ("bundles", "people", "keysets")
_TELL = """\
CREATE FUNCTION policy_service_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('policy_service', '');
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Make the tables of the fleet."""
    op.create_table(
        "keysets",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("issued_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_keysets")),
    )
    op.create_table(
        "directory_editions",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_directory_editions")),
    )
    op.create_table(
        "point_reports",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("reported_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", "source", name=op.f("pk_point_reports")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _make_triggers()


def downgrade() -> None:
    """Drop the tables; enforcement points keep the keys they have."""
    if op.get_bind().dialect.name == "postgresql":
        for table in _WATCHED:
            op.execute(f"DROP TRIGGER policy_service_tell ON {table}")
        op.execute("DROP FUNCTION policy_service_tell()")
    op.drop_table("point_reports")
    op.drop_table("directory_editions")
    op.drop_table("keysets")


def _make_triggers() -> None:
    """Wake who listens when a change commits; nothing of the change itself is told."""
    op.execute(_TELL)
    for table in _WATCHED:
        op.execute(
            f"CREATE TRIGGER policy_service_tell AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION policy_service_tell()"
        )
