"""The draft for a real bank: what each job function may see, and on which grounds."""

from collections.abc import Iterator

from policy_service.corpus.collection import Corpus
from policy_service.domain.asset import Catalog
from policy_service.domain.control import Action, Operator
from policy_service.domain.draft import AccessRule, Draft
from policy_service.domain.hashes import draft_sha256
from policy_service.domain.organisation import Organisation
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import InstrumentKind
from policy_service.kit.canonical import canonical_json
from policy_service.verification.floors import check_floors
from policy_service.verification.grounded import check_grounded
from policy_service.verification.structure import (
    check_names,
    check_roles,
    check_row_filters,
    check_separation,
    check_writes,
)
from policy_service.verification.subject import make_subject
from tests.unit.drafting.tools import draft

NATIONAL_ID = "user.government_id.national_identification_number"


def rules(found: Draft, role: str, *, table: str = "", action: str = "") -> Iterator[AccessRule]:
    """The access rules of a role that grant something, of one table or of all."""
    for rule in found.access:
        fits = rule.point.role == role and (not table or rule.point.table.endswith(f".{table}"))
        granted = rule.control.operator is not Operator.DENY
        if fits and granted and (not action or rule.point.action == action):
            yield rule


def birth_numbers(found: Draft, role: str) -> set[str]:
    """The labels of the controls by which a role reads birth numbers."""
    return {
        rule.control.label
        for rule in rules(found, role, table="client")
        if rule.point.category == NATIONAL_ID
    }


def test_the_teller_sees_rows_of_the_own_district_only(berka_draft: Draft) -> None:
    """Every grant of personal data to the teller is filtered to the district of the client."""
    granted = list(rules(berka_draft, "branch-teller"))
    filtered = [rule for rule in granted if not rule.point.table.endswith(".district")]
    assert filtered
    for rule in filtered:
        assert rule.row_filter is not None
        assert rule.row_filter.subject_attribute == "district_id"
        end = (
            rule.row_filter.path[-1].references_table if rule.row_filter.path else rule.point.table
        )
        assert end == "bank.public.client"


def test_the_way_from_an_order_to_its_client_is_three_joins(berka_draft: Draft) -> None:
    """An order reaches the client's district over account and disposition."""
    rule = next(rules(berka_draft, "branch-teller", table="order"))
    assert rule.row_filter is not None
    assert [join.references_table.rsplit(".", 1)[-1] for join in rule.row_filter.path] == [
        "account",
        "disp",
        "client",
    ]


def test_the_teller_enters_orders_and_changes_nothing_else(berka_draft: Draft) -> None:
    """The only writes of the teller are new standing orders."""
    writes = {
        (rule.point.table.rsplit(".", 1)[-1], rule.point.action)
        for rule in rules(berka_draft, "branch-teller")
        if rule.point.action is not Action.READ
    }
    assert writes == {("order", Action.CREATE)}


def test_birth_numbers_are_shown_as_far_as_the_duty_needs(berka_draft: Draft) -> None:
    """A part at the counter, groups for marketing, pseudonyms for models, nothing for pipelines."""
    assert birth_numbers(berka_draft, "branch-teller") == {"partial(first=0, last=2)"}
    assert birth_numbers(berka_draft, "loan-officer") == {"clear"}
    assert birth_numbers(berka_draft, "marketing-analyst") == {"generalise(to=sex_and_year)"}
    assert birth_numbers(berka_draft, "data-engineer") == {"redact"}
    assert birth_numbers(berka_draft, "risk-data-scientist") == {
        "pseudonymise(key=analytics)",
        "pseudonymise(key=functional.service.improve)",
    }


def test_the_scientist_joins_client_and_disposition_on_pseudonyms(berka_draft: Draft) -> None:
    """The same key masks the client number in both tables, so that they still join."""
    controls = {
        (rule.point.table.rsplit(".", 1)[-1], rule.control.label)
        for rule in rules(berka_draft, "risk-data-scientist")
        if rule.point.category == "user.unique_id" and rule.point.purpose == "analytics"
    }
    assert controls == {
        ("client", "pseudonymise(key=analytics)"),
        ("disp", "pseudonymise(key=analytics)"),
    }


def test_the_engineer_sees_no_personal_value(berka_draft: Draft) -> None:
    """Personal data is redacted for the engineer, and writing stays with impersonal tables."""
    for rule in rules(berka_draft, "data-engineer"):
        if rule.point.category.startswith("user"):
            assert rule.control.operator is Operator.REDACT
            assert rule.point.action is Action.READ


def test_auditor_and_protection_officer_write_nothing(berka_draft: Draft) -> None:
    """Neither of the overseeing roles has a rule that writes."""
    for role in ("internal-auditor", "dpo"):
        assert {rule.point.action for rule in rules(berka_draft, role)} == {Action.READ}
        assert len({rule.point.table for rule in rules(berka_draft, role)}) == 7


def test_card_operations_are_kept_away_from_loans_by_rule(berka_draft: Draft) -> None:
    """What the duties exclude is denied by a rule of its own, and tested."""
    denied = {
        rule.point.group
        for rule in berka_draft.access
        if rule.point.role == "card-operations" and rule.control.operator is Operator.DENY
    }
    assert {group.rsplit("/", 1)[0] for group in denied} == {"bank.public.loan"}
    tests = [one for one in berka_draft.tests if one.role == "card-operations" and not one.allow]
    assert any(".loan." in one.asset for one in tests)


def test_the_fraud_analyst_sees_every_district_in_clear(berka_draft: Draft) -> None:
    """No row filter narrows an investigation, and what is clear says that it is logged."""
    granted = list(rules(berka_draft, "fraud-analyst"))
    assert {one.point.table.rsplit(".", 1)[-1] for one in granted} >= {"account", "client", "order"}
    assert all(one.row_filter is None for one in granted)
    assert birth_numbers(berka_draft, "fraud-analyst") == {"clear"}
    clear = next(one for one in granted if one.point.category == NATIONAL_ID)
    assert "logged with its justification" in clear.rationale


def test_the_draft_holds_every_check_of_verification(
    berka_draft: Draft,
    berka_catalog: Catalog,
    berka_organisation: Organisation,
    berka_corpus: Corpus,
) -> None:
    """Citations, floors, names, writes, filters, roles and separation raise no finding."""
    from policy_service.domain.provision import Strength

    subject = make_subject(
        draft=berka_draft,
        provisions={one.id: one for one in berka_corpus.provisions},
        catalog=berka_catalog,
        organisation=berka_organisation,
        floors=berka_corpus.obligations(strength=Strength.FLOOR),
    )
    checks = (
        check_grounded,
        check_floors,
        check_names,
        check_writes,
        check_row_filters,
        check_separation,
        check_roles,
    )
    assert [finding for check in checks for finding in check(subject)] == []


def test_every_rule_on_personal_data_rests_on_a_law_and_an_internal_standard(
    berka_draft: Draft, berka_corpus: Corpus
) -> None:
    """Two to three clauses stand under each access rule, a law and a standard of the house."""
    kinds = {one.id: one.kind for one in berka_corpus.instruments}
    for rule in berka_draft.access:
        cited = [kinds[berka_corpus.get(one.provision).instrument] for one in rule.citations]
        assert 2 <= len(cited) <= 4
        if rule.point.category.startswith("user"):
            assert InstrumentKind.LAW in cited
            assert InstrumentKind.INTERNAL in cited


def test_restricted_columns_are_encrypted_and_tables_have_periods(berka_draft: Draft) -> None:
    """The birth number has a key of its own; each table with personal data has a period."""
    (encryption,) = berka_draft.encryption
    assert encryption.columns == ("bank.public.client.birth_number",)
    assert (encryption.algorithm, encryption.key_bits) == ("AES-256-GCM", 256)
    assert len(berka_draft.retention) == 6
    assert {one.max_days for one in berka_draft.retention} == {3653}
    assert len(berka_draft.separation) == 3


def test_every_tested_asset_is_a_column_of_the_catalogue(
    berka_draft: Draft, berka_catalog: Catalog
) -> None:
    """Policy tests name real columns, and no request is tested twice."""
    asked = [(one.role, one.asset, one.action, one.purpose) for one in berka_draft.tests]
    assert all(berka_catalog.find_column(one.asset) for one in berka_draft.tests)
    assert len(asked) == len(set(asked))


def test_the_same_inputs_give_the_same_bytes(
    berka_draft: Draft,
    berka_organisation: Organisation,
    berka_catalog: Catalog,
    berka_corpus: Corpus,
) -> None:
    """Drafting anew, with an encoder loaded anew, changes nothing, id and hash included."""
    from policy_service.engines.encoder import Encoder

    again = draft(berka_organisation, berka_catalog, grounds=berka_corpus, encoder=Encoder.load())
    assert canonical_json(to_plain(again)) == canonical_json(to_plain(berka_draft))
    assert berka_draft.sha256 == draft_sha256(berka_draft)


def test_what_no_duty_reaches_is_counted_and_not_drafted(
    berka_draft: Draft, berka_organisation: Organisation, berka_catalog: Catalog
) -> None:
    """Every role × group × action × purpose is a decision point; most are denied by default."""
    groups = sum(len(table.groups()) for table in berka_catalog.tables)
    purposes = sum(len(job.purposes) for job in berka_organisation.job_functions)
    assert berka_draft.decision_points == groups * purposes * 4
    assert len(berka_draft.access) < berka_draft.decision_points / 2


def test_what_the_duties_name_and_no_table_holds_is_asked(berka_draft: Draft) -> None:
    """The payees of the fraud analyst are in no table of that name: a person is asked."""
    assert any("`payee`" in question.text for question in berka_draft.questions)
