"""Small, realistic domain values for tests: one bank with two tables and three job functions.

Everything is valid as it stands (hashes, quotes, ids), so that a test changes
only the one thing that it is about, with `dataclasses.replace`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from policy_service.domain.asset import (
    Catalog,
    Column,
    ColumnProfile,
    Evidence,
    LegalClass,
    Sensitivity,
    Table,
)
from policy_service.domain.bundle import Bundle, Directory
from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator, RowFilter
from policy_service.domain.draft import (
    AccessRule,
    Candidate,
    DecisionPoint,
    Draft,
    EncryptionRule,
    Lineage,
    OpenQuestion,
    PolicyTest,
    RetentionRule,
    Risk,
    SeparationRule,
)
from policy_service.domain.hashes import catalog_sha256, draft_sha256, organisation_sha256
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    DraftId,
    ModelVersion,
    ProvisionId,
    Purpose,
    QuestionId,
    Revision,
    RoleId,
    RuleId,
    Sha256Hex,
    SubjectId,
    asset_id,
)
from policy_service.domain.organisation import JobFunction, Organisation, Person
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import Citation, Provision, Strength
from policy_service.kit.canonical import content_sha256
from policy_service.kit.hashing import sha256_text
from policy_service.publication.bundle import build_bundle

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # where the `clock` fixture stands
CLIENTS = AssetId("bank.public.clients")
ACCOUNTS = AssetId("bank.public.accounts")
TELLER, ANALYST, ENGINEER = RoleId("teller"), RoleId("analyst"), RoleId("engineer")
SERVICE, ANALYTICS = Purpose("essential.service"), Purpose("analytics.reporting")
OPERATIONS = Purpose("essential.service.operations")
NATIONAL_ID = DataCategory("user.government_id.national_identification_number")
EMAIL = DataCategory("user.contact.email")
LOCATION = DataCategory("user.location")
UNIQUE_ID = DataCategory("user.unique_id")
FINANCIAL = DataCategory("user.financial")
LAST_FOUR = Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4))
PSEUDONYM = Control(operator=Operator.PSEUDONYMISE, parameters=Parameters(key=ANALYTICS))
REDACTED = Control(operator=Operator.REDACT)
OWN_DISTRICT = RowFilter(table=CLIENTS, column="district_id", subject_attribute="district_id")
STANDARD_MODEL = """\
[request_definition]
r = sub, obj, act, purpose

[policy_definition]
p = sub, obj, act, purpose, eft, rule

[role_definition]
g = _, _
g2 = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = g(r.sub, p.sub) && g2(r.obj, p.obj) && r.act == p.act && \
(p.purpose == "*" || r.purpose == p.purpose)
"""


def make_column(
    name: str,
    category: DataCategory,
    *,
    table: AssetId = CLIENTS,
    data_type: str = "text",
    sensitivity: Sensitivity = Sensitivity.CONFIDENTIAL,
    reveals: tuple[DataCategory, ...] = (),
    legal_classes: tuple[LegalClass, ...] = (LegalClass.PERSONAL_DATA,),
) -> Column:
    """One classified column of `table`."""
    return Column(
        id=AssetId(f"{table}.{asset_id(name)}"),
        name=name,
        data_type=data_type,
        nullable=False,
        primary_key=name.endswith("_id") and table.endswith(name.removesuffix("_id") + "s"),
        profile=ColumnProfile(sampled_rows=100, null_fraction=0.0, distinct_fraction=1.0),
        category=category,
        sensitivity=sensitivity,
        confidence=0.9,
        reveals=reveals,
        legal_classes=legal_classes,
        evidence=(Evidence(detector="name", detail=f"column is called {name}", weight=0.9),),
    )


def make_catalog() -> Catalog:
    """Describe `bank`: `public.clients` and `public.accounts`."""
    clients = Table(
        id=CLIENTS,
        schema="public",
        name="clients",
        row_count=100,
        columns=(
            make_column("client_id", UNIQUE_ID, data_type="integer"),
            make_column(
                "birth_number",
                NATIONAL_ID,
                sensitivity=Sensitivity.RESTRICTED,
                reveals=(DataCategory("user.demographic.date_of_birth"),),
                legal_classes=(LegalClass.NATIONAL_IDENTIFIER, LegalClass.PERSONAL_DATA),
            ),
            make_column("email", EMAIL),
            make_column("district_id", LOCATION, data_type="integer"),
        ),
        data_subject="customer",
    )
    accounts = Table(
        id=ACCOUNTS,
        schema="public",
        name="accounts",
        row_count=120,
        columns=(
            make_column("account_id", UNIQUE_ID, table=ACCOUNTS, data_type="integer"),
            make_column("balance", FINANCIAL, table=ACCOUNTS, data_type="decimal"),
        ),
        data_subject="customer",
    )
    catalog = Catalog(
        source="bank",
        dialect="sqlite",
        tables=(accounts, clients),
        scanned_at="2026-03-02T11:00:00.000000Z",
        sha256=Sha256Hex(""),
    )
    return replace(catalog, sha256=catalog_sha256(catalog))


def make_provisions() -> dict[ProvisionId, Provision]:
    """Two provisions, in made-up words of our own, that the rules of `make_draft` quote."""
    texts = {
        "gdpr/art-5/1/c": (
            "Article 5(1)(c)",
            "Data minimisation",
            "Personal data are limited to what the purpose needs.",
        ),
        "gdpr/art-32/1/a": (
            "Article 32(1)(a)",
            "Security of processing",
            "Personal data are pseudonymised and encrypted where the risk asks for it.",
        ),
    }
    return {
        ProvisionId(key): Provision(
            id=ProvisionId(key),
            instrument="gdpr",
            section=section,
            title=title,
            text=text,
            sha256=Sha256Hex(sha256_text(text)),
            version="2016/679",
            version_date="2016-04-27",
            url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        )
        for key, (section, title, text) in texts.items()
    }


def make_citation(
    provision: str = "gdpr/art-5/1/c", *, strength: Strength = Strength.FLOOR
) -> Citation:
    """Quote the whole text of one of `make_provisions`."""
    found = make_provisions()[ProvisionId(provision)]
    return Citation(
        provision=found.id,
        section=f"GDPR, {found.section}",
        quote=found.text,
        provision_sha256=found.sha256,
        strength=strength,
    )


def make_rule(
    number: int,
    role: RoleId,
    table: AssetId,
    category: DataCategory,
    control: Control,
    *,
    purpose: Purpose = SERVICE,
    action: Action = Action.READ,
    row_filter: RowFilter | None = None,
    columns: tuple[AssetId, ...] | None = None,
) -> AccessRule:
    """One access rule over every column of `table` that carries `category`."""
    found = make_catalog().table(table)
    if columns is None:
        named = () if found is None else found.columns
        columns = tuple(column.id for column in named if column.category == category)
    return AccessRule(
        id=RuleId(f"R-{number:04d}"),
        point=DecisionPoint(
            role=role,
            table=table,
            category=category,
            columns=columns,
            action=action,
            purpose=purpose,
        ),
        control=control,
        row_filter=row_filter,
        citations=(make_citation(),),
        sentence=f"For {purpose}, {role} may {action} {category} of {table}: {control.label}.",
        rationale="The duties of the job need no more than this.",
        confidence=0.8,
        risk=Risk.HIGH if category == NATIONAL_ID else Risk.LOW,
        needs_person=False,
        candidates=(Candidate(control=control, prior=1.0, reward=0.0, probability=1.0),),
    )


def make_draft() -> Draft:
    """Make a complete draft over `make_catalog`, whose tests and hashes hold."""
    catalog = make_catalog()
    draft = Draft(
        id=DraftId("dra_0000000000000001"),
        organisation="Test Bank",
        source="bank",
        lineage=Lineage(
            catalog_sha256=catalog.sha256,
            corpus_sha256=_provisions_sha256(),
            organisation_sha256=organisation_sha256(make_organisation()),
            model_version=ModelVersion("prior-1"),
            seed=7,
        ),
        roles=(ANALYST, ENGINEER, TELLER),
        access=_access_rules(),
        encryption=(_encryption_rule(),),
        retention=(_retention_rule(),),
        separation=(
            SeparationRule(
                id=RuleId("S-0001"),
                roles=(ANALYST, TELLER),
                citations=(make_citation("gdpr/art-32/1/a"),),
                sentence="No person is both analyst and teller.",
                risk=Risk.HIGH,
            ),
        ),
        tests=_policy_tests(),
        questions=(
            OpenQuestion(
                id=QuestionId("Q-0001"),
                about="bank.public.accounts/user.unique_id",
                text="Does the engineer need account ids?",
                until_answered="deny",
            ),
        ),
        decision_points=24,
        sha256=Sha256Hex(""),
    )
    return replace(draft, sha256=draft_sha256(draft))


def make_organisation() -> Organisation:
    """Describe the bank and its three job functions."""
    return Organisation(
        name="Test Bank",
        sector="banking",
        jurisdictions=("EU",),
        regulations=("gdpr",),
        data_residency="EU",
        job_functions=(
            JobFunction(
                id=TELLER,
                title="Branch teller",
                duties="Serves clients of the own district at the counter.",
                purposes=(SERVICE,),
                headcount=2,
            ),
            JobFunction(
                id=ANALYST,
                title="Analyst",
                duties="Reports on clients without knowing who they are.",
                purposes=(ANALYTICS,),
                headcount=1,
            ),
            JobFunction(
                id=ENGINEER,
                title="Data engineer",
                duties="Keeps the pipelines running; needs no personal values.",
                purposes=(OPERATIONS,),
                headcount=1,
            ),
        ),
        separation_of_duties=((ANALYST, TELLER),),
    )


def make_bundle(
    *,
    draft: Draft | None = None,
    catalog: Catalog | None = None,
    revision: int = 1,
    issued_at: datetime = NOW,
    lifetime: timedelta = timedelta(days=30),
    role_links: tuple[tuple[str, str], ...] = (),
) -> Bundle:
    """Build the bundle of `draft` (or of `make_draft`) with the standard Casbin model."""
    return build_bundle(
        draft=draft or make_draft(),
        catalog=catalog or make_catalog(),
        revision=Revision(revision),
        tenant="test-bank",
        issued_at=issued_at,
        lifetime=lifetime,
        model_conf=STANDARD_MODEL,
        role_links=role_links,
    )


def make_directory(*people: Person) -> Directory:
    """List `people`, or two tellers of different districts, an analyst and an engineer."""
    known = people or (
        make_person("analyst-1", ANALYST),
        make_person("engineer-1", ENGINEER),
        make_person("teller-1", TELLER, district_id=1),
        make_person("teller-2", TELLER, district_id=2),
    )
    return Directory(people=known, sha256=Sha256Hex(content_sha256(to_plain(known))))


def make_person(subject: str, *roles: RoleId, **attributes: object) -> Person:
    """One person with roles and attributes."""
    return Person(subject=SubjectId(subject), roles=roles, attributes=Parameters(attributes))


def _access_rules() -> tuple[AccessRule, ...]:
    return (
        make_rule(1, TELLER, CLIENTS, EMAIL, CLEAR, row_filter=OWN_DISTRICT),
        make_rule(2, TELLER, CLIENTS, LOCATION, CLEAR, row_filter=OWN_DISTRICT),
        make_rule(3, TELLER, CLIENTS, NATIONAL_ID, LAST_FOUR, row_filter=OWN_DISTRICT),
        make_rule(4, TELLER, CLIENTS, UNIQUE_ID, CLEAR, row_filter=OWN_DISTRICT),
        make_rule(5, TELLER, ACCOUNTS, FINANCIAL, CLEAR),
        make_rule(6, ANALYST, CLIENTS, NATIONAL_ID, PSEUDONYM, purpose=ANALYTICS),
        make_rule(7, ANALYST, CLIENTS, EMAIL, REDACTED, purpose=ANALYTICS),
        make_rule(8, ANALYST, CLIENTS, LOCATION, CLEAR, purpose=ANALYTICS),
        make_rule(9, ENGINEER, CLIENTS, NATIONAL_ID, DENY, purpose=OPERATIONS),
        make_rule(10, ENGINEER, CLIENTS, UNIQUE_ID, CLEAR, purpose=OPERATIONS),
    )


def _encryption_rule() -> EncryptionRule:
    return EncryptionRule(
        id=RuleId("E-0001"),
        table=CLIENTS,
        category=NATIONAL_ID,
        columns=(AssetId(f"{CLIENTS}.birth_number"),),
        algorithm="AES-256-GCM",
        key_bits=256,
        rotation_days=365,
        key_scope="column",
        citations=(make_citation("gdpr/art-32/1/a"),),
        sentence="Birth numbers of clients are encrypted at rest with AES-256-GCM.",
        risk=Risk.MEDIUM,
    )


def _retention_rule() -> RetentionRule:
    return RetentionRule(
        id=RuleId("T-0001"),
        table=CLIENTS,
        max_days=3650,
        basis="end of the contract",
        action="erase",
        citations=(make_citation(),),
        sentence="Clients are erased ten years after the end of the contract.",
        risk=Risk.MEDIUM,
    )


def _policy_tests() -> tuple[PolicyTest, ...]:
    return (
        _policy_test(1, TELLER, "email", SERVICE, CLEAR.label, "R-0001"),
        _policy_test(2, TELLER, "birth_number", SERVICE, LAST_FOUR.label, "R-0003"),
        _policy_test(3, TELLER, "birth_number", ANALYTICS, ""),
        _policy_test(4, ANALYST, "birth_number", ANALYTICS, PSEUDONYM.label, "R-0006"),
        _policy_test(5, ENGINEER, "birth_number", OPERATIONS, "", "R-0009"),
    )


def _policy_test(
    number: int, role: RoleId, column: str, purpose: Purpose, control: str, *rules: str
) -> PolicyTest:
    shown = control or "nothing"
    return PolicyTest(
        id=f"PT-{number:04d}",
        role=role,
        asset=AssetId(f"{CLIENTS}.{column}"),
        action="read",
        purpose=purpose,
        allow=bool(control),
        control=control,
        because=f"{role} sees {shown} of {column} for {purpose}",
        rules=tuple(RuleId(rule) for rule in rules),
    )


def _provisions_sha256() -> Sha256Hex:
    return Sha256Hex(content_sha256(to_plain(tuple(make_provisions().values()))))
