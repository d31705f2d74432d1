"""The table of state stamps: what changed last among what decisions depend on."""

from sqlalchemy import Column, String, Table

from policy_service.storage.tables import metadata

_KEY = 200
_SHA256 = 64

state_stamps = Table(
    "state_stamps",
    metadata,
    Column("name", String(_KEY), primary_key=True, nullable=False),
    Column("value", String(_SHA256), nullable=False),  # hash of what it stands for
)
