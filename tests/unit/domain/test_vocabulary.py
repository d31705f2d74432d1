"""The vocabulary's own small rules: ids, orders, lookups, messages."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.asset import LegalClass, Sensitivity
from policy_service.domain.audit import AuditReport
from policy_service.domain.categories import CategoryEntry, CategoryTable
from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.control_parameters import (
    column_names,
    control_problem,
    parameter_values,
    with_key,
)
from policy_service.domain.control_text import read_control, read_settings
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    AccessDeniedError,
    AuditError,
    EnforcementError,
    KeyUnavailableError,
    MaskingError,
    OrganisationError,
    PolicyRowError,
    PolicyServiceError,
    StaleBundleError,
)
from policy_service.domain.finding import Finding, Severity, TestResult, Verification
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    ObligationId,
    RuleId,
    asset_ancestors,
    asset_id,
    asset_parts,
    category_ancestors,
    category_covers,
    group_id,
    is_accepted_proposal,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import silent
from tests.builders import (
    ACCOUNTS,
    CLIENTS,
    EMAIL,
    NATIONAL_ID,
    TELLER,
    make_catalog,
    make_directory,
    make_draft,
)

CONTROLS = st.builds(
    Control,
    operator=st.sampled_from(Operator),
    parameters=st.sampled_from([Parameters(), Parameters(last=4), Parameters(key="marketing")]),
)
TABLE = CategoryTable(
    (
        CategoryEntry(
            category=DataCategory("user"),
            sensitivity=Sensitivity.INTERNAL,
            legal_classes=(LegalClass.PERSONAL_DATA,),
            label="personal data",
        ),
        CategoryEntry(
            category=DataCategory("user.health"),
            sensitivity=Sensitivity.RESTRICTED,
            legal_classes=(LegalClass.SPECIAL_CATEGORY, LegalClass.PERSONAL_DATA),
            label="health",
        ),
    )
)


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_asset_ids_give_back_their_names(names: list[str]) -> None:
    """Dots and percent signs in names do not confuse the path."""
    asset = asset_id(*names)
    assert asset_parts(asset) == tuple(names)
    assert len(asset_ancestors(asset)) == len(names)


def test_ancestors_come_nearest_first() -> None:
    """An asset and a category name themselves, then what contains them."""
    assert asset_ancestors(AssetId("bank.public.clients")) == (
        "bank.public.clients",
        "bank.public",
        "bank",
    )
    assert category_ancestors(DataCategory("user.contact.email")) == (
        "user.contact.email",
        "user.contact",
        "user",
    )
    assert group_id(CLIENTS, EMAIL) == "bank.public.clients/user.contact.email"


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("user", "user", True),
        ("user", "user.x", True),
        ("user", "users", False),
        ("a.b", "a", False),
    ],
)
def test_a_category_covers_itself_and_what_is_below(wide: str, narrow: str, covers: bool) -> None:
    """Covering goes by whole parts of the key."""
    assert category_covers(DataCategory(wide), DataCategory(narrow)) is covers


def test_sensitivity_and_strictness_are_ordered() -> None:
    """Public is least sensitive; deny is strictest, clear least."""
    assert [one.rank for one in Sensitivity] == [0, 1, 2, 3]
    assert (Operator.DENY.strictness, Operator.CLEAR.strictness) == (len(Operator) - 1, 0)


def test_new_operators_leave_the_old_order() -> None:
    """The order that published policies and accepted floors were compared by is the same."""
    first = [
        "deny",
        "null",
        "redact",
        "replace",
        "generalise",
        "bucket",
        "partial",
        "pseudonymise",
        "format_preserving",
        "clear",
    ]
    assert [one.value for one in Operator if one.value in first] == first


def test_an_operator_stands_in_only_for_milder_ones() -> None:
    """Under a floor nothing takes the place of an operator that is stricter than it."""
    for one in Operator:
        assert all(one.strictness > other.strictness for other in one.stands_in_for)


def test_parameters_get_defaults_and_keys() -> None:
    """What is not given has its default; a purpose's key is named where one is needed."""
    shift = Control(operator=Operator.DATE_SHIFT, parameters=Parameters(days=3))
    assert with_key(shift, "analytics").label == "date_shift(days=3, key=analytics)"
    assert with_key(CLEAR, "analytics") is CLEAR
    named = with_key(shift, "marketing")
    assert with_key(named, "analytics") is named
    partial = Control(operator=Operator.PARTIAL, parameters=Parameters(last=4, tail=1))
    assert parameter_values(partial) == {"first": 0, "last": 4}
    assert control_problem(partial) == "`partial` has no parameter `tail`; it takes `first`, `last`"
    assert column_names("a + b+") == ("a", "b") == column_names(("a", "b"))
    assert column_names(None) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("noise(key=k)", "`noise` needs parameter `scale`: a number above 0"),
        ("noise(scale=many, key=k)", "must be a number above 0"),
        ("noise(scale=-1, key=k)", "must be a number above 0"),
        ("bucket(width=1.5)", "must be a whole number of at least 1"),
        ("date_shift(days=9999, key=k)", "must be a whole number from 1 to 3650"),
        ("aggregate(of=sum, by=)", "`by=` is not a setting"),
        ("aggregate(of=sum)", "needs parameter `by`: one name or several"),
        ("synthetic(kind=dog, key=k)", "must be one of address, card"),
        ("replace(with=x)", ""),
        ("suppress(k=5, by=a+b)", ""),
        ("generalise(to=level, hierarchy=countries, level=2)", ""),
        ("top_bottom(low=1.5)", ""),
    ],
)
def test_parameters_are_checked_where_they_are_written(text: str, said: str) -> None:
    """What is wrong is said in one line; nothing is said of what is right."""
    try:
        problem = control_problem(read_control(text))
    except ValueError as error:
        problem = str(error)
    assert said in problem
    assert bool(said) is bool(problem)


def test_some_operators_show_true_values() -> None:
    """What is shown as it is stored, always or here and there."""
    shown = [one.value for one in Operator if one.shows_true_values]
    assert shown == ["top_bottom", "suppress", "clear"]


def test_controls_are_read_as_they_are_written() -> None:
    """A label read back is the same control; spaces do not matter."""
    for control in (
        DENY,
        CLEAR,
        Control(operator=Operator.PARTIAL, parameters=Parameters(first=0, last=4)),
        Control(operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=4)),
        Control(operator=Operator.NOISE, parameters=Parameters(scale=0.5, key="k")),
        Control(operator=Operator.TOP_BOTTOM, parameters=Parameters(low=-1.25e-07, high=3)),
        Control(operator=Operator.REPLACE, parameters=Parameters({"with": "1.10"})),
    ):
        assert read_control(control.label) == control
    assert read_control(" partial ( last = 4 ) ").label == "partial(last=4)"
    assert read_settings("a=-1, b=false,").items() == Parameters(a=-1, b=False).items()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hide", "`hide` is not a control; write one of deny, null"),
        ("Deny!", "is not a control"),
        ("partial(4)", "`4` is not a setting; write `name=value`"),
    ],
)
def test_a_control_nobody_knows_is_refused(text: str, said: str) -> None:
    """What is not a control or a setting is named, with what to write."""
    with pytest.raises(ValueError, match=said):
        read_control(text)


def test_a_category_inherits_from_the_nearest_listed_one() -> None:
    """Listed below, listed above, and not listed at all: never public."""
    health, name = DataCategory("user.health.record"), DataCategory("user.name")
    unknown = DataCategory("system.logs")
    assert TABLE.label(health) == "health"
    assert TABLE.sensitivity(name) is Sensitivity.INTERNAL
    assert TABLE.sensitivity(unknown) is Sensitivity.CONFIDENTIAL
    assert TABLE.label(unknown) == "system.logs"
    assert TABLE.legal_classes(unknown) == ()


def test_what_a_column_reveals_counts_too() -> None:
    """A plain column that reveals health is as sensitive as health."""
    name, reveals = DataCategory("user.name"), (DataCategory("user.health"),)
    assert TABLE.sensitivity(name, reveals) is Sensitivity.RESTRICTED
    assert TABLE.legal_classes(name, reveals) == ("personal_data", "special_category")


def test_catalogues_find_tables_and_columns() -> None:
    """Lookups go by exact id or name; groups follow the order of the table."""
    catalog = make_catalog()
    clients = catalog.table(CLIENTS)
    assert clients is not None
    assert clients.column("email") == catalog.find_column(AssetId(f"{CLIENTS}.email"))
    assert clients.column("Email") is None
    assert catalog.table(AssetId("bank.public.none")) is None
    assert catalog.find_column(AssetId(f"{ACCOUNTS}.none")) is None
    assert list(clients.groups())[1] == group_id(CLIENTS, NATIONAL_ID)


def test_a_draft_finds_its_rules() -> None:
    """Every kind of rule is listed in order and found by id."""
    draft = make_draft()
    assert [rule.id[0] for rule in draft.rules] == ["R"] * len(draft.access) + ["E", "T", "S"]
    assert draft.rule(RuleId("S-0001")) == draft.separation[0]
    assert draft.rule(RuleId("R-9999")) is None
    point = draft.access[0].point
    assert point.key == f"{TELLER}|{CLIENTS}/{EMAIL}|read|essential.service"


def test_a_directory_finds_people_byte_for_byte() -> None:
    """The same name in other letters is nobody."""
    directory = make_directory()
    assert directory.person("teller-1") is not None
    assert directory.person("Teller-1") is None


def test_an_error_finding_or_a_failed_test_forbids_publication() -> None:
    """Warnings do not; errors and failing tests do."""
    warning = Finding(check="c", severity=Severity.WARNING, message="m")
    passed = TestResult(test="PT-0001", passed=True, detail="")
    fine = Verification(findings=(warning,), tests=(passed,), changes=())
    assert fine.publishable
    error = replace(warning, severity=Severity.ERROR)
    assert not replace(fine, findings=(error,)).publishable
    assert not replace(fine, tests=(replace(passed, passed=False),)).publishable


def test_an_audit_report_is_whole_without_problems() -> None:
    """One problem is enough."""
    report = AuditReport(entries=0, checkpoints=0, root="", problems=())
    assert report.whole
    assert not replace(report, problems=("x",)).whole


def test_errors_carry_one_line_a_reason_and_an_exit_code() -> None:
    """The message is the first argument, or the name; failures of enforcement say why they deny."""
    assert PolicyServiceError("what is wrong").message == "what is wrong"
    assert AuditError().message == "AuditError"
    assert (OrganisationError("m", key="k", line=3).key, OrganisationError("m").line) == ("k", 0)
    assert PolicyRowError("m", line=2).line == 2
    reasons = [
        (EnforcementError("m"), DenyReason.INTERNAL_ERROR),
        (StaleBundleError("m"), DenyReason.STALE_BUNDLE),
        (AccessDeniedError("m"), DenyReason.NO_MATCHING_RULE),
        (MaskingError("m"), DenyReason.OBLIGATION_FAILURE),
        (KeyUnavailableError("m"), DenyReason.OBLIGATION_FAILURE),
    ]
    assert all(error.reason is reason for error, reason in reasons)
    assert {error.exit_code for error, _ in reasons} == {6}


def test_silence_is_progress_too() -> None:
    """Reporting to nobody does nothing."""
    silent("stage", 1, 2)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("gdpr/art-32/1/a#x1", True),
        ("gdpr/art-32/1/a#1", False),
        ("x-act/art-x#12", False),
        ("act/art-1", False),
    ],
)
def test_an_accepted_proposal_is_told_by_its_id(name: str, accepted: bool) -> None:
    """What was read in an import carries an `x` in its number, and nothing else does."""
    assert is_accepted_proposal(ObligationId(name)) is accepted
