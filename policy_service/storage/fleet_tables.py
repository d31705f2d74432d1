"""Tables of the fleet: versions of the trusted keys, editions of the directory, reports of PEPs."""

from sqlalchemy import Column, Integer, String, Table, Text

from policy_service.storage.tables import metadata

_KEY = 200
_SHA256 = 64
_TIME = 32

keysets = Table(
    "keysets",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("issued_at", String(_TIME), nullable=False),
    Column("body", Text, nullable=False),  # the signed document; public keys only
)

directory_editions = Table(  # the people themselves stand in `people`
    "directory_editions",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("stamp", String(_SHA256), nullable=False),  # of the people it was issued for
    Column("issued_at", String(_TIME), nullable=False),
)

point_reports = Table(  # the last report of each enforcement point
    "point_reports",
    metadata,
    Column("account", String(_KEY), primary_key=True),  # whose token it reported with
    Column("name", String(_KEY), primary_key=True),
    Column("source", String(_KEY), primary_key=True),
    Column("reported_at", String(_TIME), nullable=False),
    Column("body", Text, nullable=False),
)
