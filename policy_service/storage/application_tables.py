"""The table of submitted application policies: each with the text that people read."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from policy_service.storage.tables import metadata

_KEY = 200
_SHA256 = 64
_TIME = 32

applications = Table(
    "applications",
    metadata,
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String(_KEY), nullable=False),
    Column("name", String(_KEY), nullable=False),
    Column("state", String(32), nullable=False),  # waiting, approved, live, superseded, …
    Column("sha256", String(_SHA256), nullable=False),  # what an approval is bound to
    Column("submitted_at", String(_TIME), nullable=False),
    Column("body", Text, nullable=False),
    Column("content", Text, nullable=False),  # the file as it was submitted
    UniqueConstraint("id"),
    Index("ix_applications_name", "name"),
)
