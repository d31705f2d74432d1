"""The tables of the state database.

Domain values are stored whole, as the JSON that `domain.plain` makes of them,
beside the few columns that are searched. Times are RFC 3339 strings in UTC, so
that they sort and compare the same in SQLite and PostgreSQL.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_KEY = 200  # characters; ids and names are shorter
_SHA256 = 64
_TIME = 32


def _key(name: str, *, primary: bool = False) -> Column[str]:
    return Column(name, String(_KEY), primary_key=primary, nullable=False)


def _time(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(_TIME), nullable=nullable)


def _serial() -> Column[int]:
    return Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


sources = Table(
    "sources",
    metadata,
    _key("name", primary=True),
    Column("sealed_url", Text, nullable=False),  # encrypted: it may hold a password
    Column("schema_name", String(_KEY)),
    _time("added_at"),
)

catalogs = Table(
    "catalogs",
    metadata,
    _serial(),
    Column("source", String(_KEY), ForeignKey("sources.name"), nullable=False),
    Column("sha256", String(_SHA256), nullable=False),
    _time("scanned_at"),
    Column("body", Text, nullable=False),
    Index("ix_catalogs_source", "source"),
)

drifts = Table(
    "drifts",
    metadata,
    _serial(),
    Column("source", String(_KEY), ForeignKey("sources.name"), nullable=False),
    _time("found_at"),
    Column("body", Text, nullable=False),
    Index("ix_drifts_source", "source"),
)

scan_parts = Table(  # what an interrupted scan has done; no value of the source among it
    "scan_parts",
    metadata,
    _key("source", primary=True),
    Column("part_sha256", String(_SHA256), primary_key=True, nullable=False),
    Column("scan_sha256", String(_SHA256), nullable=False),  # of the scan's arguments
    _time("saved_at"),
    Column("body", Text, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("sha256", String(_SHA256), primary_key=True),
    Column("body", Text, nullable=False),
)

people = Table(
    "people",
    metadata,
    _key("subject", primary=True),
    Column("body", Text, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    _key("id", primary=True),
    _key("source"),
    _key("organisation"),
    Column("organisation_sha256", String(_SHA256), nullable=False),
    _key("author"),
    Column("state", String(32), nullable=False),
    Column("sha256", String(_SHA256), nullable=False),  # of the current content
    _time("created_at"),
    _time("changed_at"),
)

draft_contents = Table(
    "draft_contents",
    metadata,
    _serial(),
    Column("draft", String(_KEY), ForeignKey("drafts.id"), nullable=False),
    Column("sha256", String(_SHA256), nullable=False),
    _key("changed_by"),
    _time("changed_at"),
    Column("body", Text, nullable=False),
    UniqueConstraint("draft", "sha256"),
)

verifications = Table(
    "verifications",
    metadata,
    _serial(),
    Column("draft", String(_KEY), ForeignKey("drafts.id"), nullable=False),
    Column("draft_sha256", String(_SHA256), nullable=False),
    _time("verified_at"),
    Column("body", Text, nullable=False),
    Index("ix_verifications_draft", "draft"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _serial(),
    Column("id", String(_KEY), nullable=False, unique=True),
    Column("draft", String(_KEY), ForeignKey("drafts.id"), nullable=False),
    _key("rule"),
    _key("reviewer"),
    Column("body", Text, nullable=False),
    Index("ix_verdicts_draft", "draft"),
)

bundles = Table(
    "bundles",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _key("tenant"),
    _key("source"),
    _key("draft"),
    Column("state", String(32), nullable=False),  # published, superseded, rolled_back
    _time("issued_at"),
    Column("body", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    _serial(),
    Column("id", String(_KEY), nullable=False, unique=True),
    _time("at"),
    Column("audit_index", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    _key("name", primary=True),
    Column("body", Text, nullable=False),
    Column("password_hash", Text),  # argon2id; none: cannot sign in by password
    Column("disabled", Integer, nullable=False, default=0),
    _time("created_at"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_sha256", String(_SHA256), primary_key=True),
    Column("account", String(_KEY), ForeignKey("accounts.name"), nullable=False),
    _time("expires_at"),
    _time("used_at", nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(_SHA256), primary_key=True),
    Column("account", String(_KEY), ForeignKey("accounts.name"), nullable=False),
    Column("csrf", String(_KEY), nullable=False),
    _time("expires_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _key("id", primary=True),
    Column("token_sha256", String(_SHA256), nullable=False, unique=True),
    Column("account", String(_KEY), ForeignKey("accounts.name"), nullable=False),
    Column("label", String(_KEY), nullable=False),
    _time("expires_at"),
    _time("revoked_at", nullable=True),
)

jobs = Table(
    "jobs",
    metadata,
    _key("id", primary=True),
    _key("kind"),
    _key("requested_by"),
    Column("state", String(32), nullable=False),
    Column("body", Text, nullable=False),
    _time("created_at"),
)

editions = Table(
    "editions",
    metadata,
    _serial(),
    _key("instrument"),
    Column("version_date", String(_TIME), nullable=False),
    Column("state", String(32), nullable=False),  # unreviewed, approved, withdrawn
    Column("row", Text, nullable=False),  # what is listed of it, without its texts
    Column("source_sha256", String(_SHA256), nullable=False),
    Column("content_sha256", String(_SHA256), nullable=False),  # of the JSON in `content`
    Column("content", LargeBinary, nullable=False),  # zlib over canonical JSON
    UniqueConstraint("instrument", "version_date"),
)

proposal_decisions = Table(
    "proposal_decisions",
    metadata,
    _serial(),
    Column(
        "edition",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("editions.serial"),
        nullable=False,
    ),
    Column("proposal", Text, nullable=False),  # its id may be as long as a section path
    Column("proposal_sha256", String(_SHA256), nullable=False),  # of what was decided on
    Column("decision", String(32), nullable=False),  # advice, floor, rejected
    _key("decided_by"),
    _time("decided_at"),
    UniqueConstraint("edition", "proposal"),
)

library_revisions = Table(
    "library_revisions",
    metadata,
    _serial(),
    _time("changed_at"),
)

relevance_marks = Table(
    "relevance_marks",
    metadata,
    _serial(),
    Column("pair_sha256", String(_SHA256), nullable=False),  # of question and provision
    Column("query_sha256", String(_SHA256), nullable=False),
    _key("reviewer"),
    _time("marked_at"),
    Column("body", Text, nullable=False),
    UniqueConstraint("pair_sha256", "reviewer"),
    Index("ix_relevance_marks_query_sha256", "query_sha256"),
)

corrections = Table(
    "corrections",
    metadata,
    _serial(),
    _key("id"),
    _key("source"),
    Column("column_sha256", String(_SHA256), nullable=False),  # of the column's id, of any length
    Column("state", String(32), nullable=False),  # waiting, holds, ended
    _time("corrected_at"),
    Column("body", Text, nullable=False),
    UniqueConstraint("id"),
    Index("ix_corrections_source", "source"),
)
