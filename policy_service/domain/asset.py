"""Data assets: what a scan knows of an organisation's databases. Never a sampled value."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.identifiers import AssetId, DataCategory, GroupId, Sha256Hex, group_id
from policy_service.domain.privacy import InferenceRisk, ReidentificationRisk, SensitiveSpread


class Sensitivity(StrEnum):
    """How much harm disclosure does; `rank` orders them."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """Return 0 for public up to 3 for restricted."""
        return list(Sensitivity).index(self)


class LegalClass(StrEnum):
    """The classes that laws attach duties to."""

    PERSONAL_DATA = "personal_data"  # GDPR Art. 4(1)
    SPECIAL_CATEGORY = "special_category"  # GDPR Art. 9
    CRIMINAL_OFFENCE = "criminal_offence"  # GDPR Art. 10
    NATIONAL_IDENTIFIER = "national_identifier"  # GDPR Art. 87
    PHI = "phi"  # 45 CFR 160.103
    CARDHOLDER_DATA = "cardholder_data"  # PCI DSS
    NPI = "npi"  # GLBA, 15 U.S.C. 6809(4)
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a column got its category: which detector, what it saw, how much it counts (0-1)."""

    detector: str
    detail: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What the sampled rows say of a column, in counts and shapes only.

    What has a default is missing in catalogues of older scans: 0 is then not known.
    """

    sampled_rows: int
    null_fraction: float
    distinct_fraction: float  # of the values that are not null
    min_length: int = 0
    max_length: int = 0
    shape: str = ""  # the commonest shape: `999999`, `Aaaa`, `a@a.a`
    shape_fraction: float = 0.0
    shapes: int = 0  # different shapes
    mean_length: float = 0.0
    entropy_bits: float = 0.0  # Shannon entropy of the values that are not null
    evenness: float = 0.0  # entropy over its maximum: 1 where all values are equally frequent
    estimated_distinct: int = 0  # different values in the whole table: at least about so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One classified column. `reveals` names categories that can be read off its values."""

    id: AssetId
    name: str
    data_type: str  # text, integer, decimal, date, timestamp, boolean, binary, other
    nullable: bool
    primary_key: bool
    profile: ColumnProfile
    category: DataCategory
    sensitivity: Sensitivity
    confidence: float
    reveals: tuple[DataCategory, ...] = ()
    legal_classes: tuple[LegalClass, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A reference from one column to another; `inferred` where the database does not declare it."""

    column: str
    references_table: AssetId
    references_column: str
    inferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuasiIdentifier:
    """Columns that together single out rows: `unique_fraction` of the sampled rows.

    `reasons` and `read_as` stand in the order of `columns`: why a column counts, and to what
    its values were coarsened before counting (empty: as they are). `class_shares` are the
    shares of the rows in classes of each size of `CLASS_BANDS`.
    """

    columns: tuple[str, ...]
    unique_fraction: float
    reasons: tuple[str, ...] = ()
    read_as: tuple[str, ...] = ()
    smallest_class: int = 0  # k in the counted rows; 0 is not known
    class_shares: tuple[float, ...] = ()
    risk: ReidentificationRisk | None = None
    sensitive: tuple[SensitiveSpread, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table with its columns. `data_subject` is a fideslang subject, or empty."""

    id: AssetId
    schema: str
    name: str
    row_count: int
    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    quasi_identifiers: tuple[QuasiIdentifier, ...] = ()
    data_subject: str = ""
    coarsened: tuple[QuasiIdentifier, ...] = ()  # what still singles out after generalising
    inference_risks: tuple[InferenceRisk, ...] = ()

    def column(self, name: str) -> Column | None:
        """Find a column by its exact name."""
        return next((column for column in self.columns if column.name == name), None)

    def groups(self) -> dict[GroupId, tuple[Column, ...]]:
        """Group the columns by data category, in the order of the table."""
        found: dict[GroupId, list[Column]] = {}
        for column in self.columns:
            found.setdefault(group_id(self.id, column.category), []).append(column)
        return {group: tuple(columns) for group, columns in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What one scan found in one source. `sha256` covers everything but the time."""

    source: str
    dialect: str  # sqlite, postgresql
    tables: tuple[Table, ...]
    scanned_at: str  # RFC 3339
    sha256: Sha256Hex
    classifier: str = ""  # the version of what was learned of names; empty in older scans

    def table(self, table: AssetId) -> Table | None:
        """Find a table by its id."""
        return next((found for found in self.tables if found.id == table), None)

    def find_column(self, column: AssetId) -> Column | None:
        """Find a column by its id."""
        return next(
            (found for table in self.tables for found in table.columns if found.id == column),
            None,
        )
