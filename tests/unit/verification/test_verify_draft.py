"""Verification: every check finds what it is for, and leaves a sound draft alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from policy_service.domain.asset import QuasiIdentifier, Sensitivity
from policy_service.domain.control import CLEAR, DENY, Action, Control, Join, Operator, RowFilter
from policy_service.domain.draft import AccessRule, Draft
from policy_service.domain.errors import EnforcementError
from policy_service.domain.finding import Finding, Severity
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    ObligationId,
    ProvisionId,
    Purpose,
    RoleId,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import silent
from policy_service.domain.provision import ControlKind, Obligation, Strength
from policy_service.verification.controls import check_controls
from policy_service.verification.exposure import (
    check_encryption,
    check_over_grants,
    check_quasi_identifiers,
    check_reveals,
)
from policy_service.verification.floors import check_floors
from policy_service.verification.grounded import check_grounded
from policy_service.verification.policy_tests import run_policy_tests, uncaught_mutants
from policy_service.verification.structure import (
    check_names,
    check_roles,
    check_row_filters,
    check_separation,
    check_writes,
)
from policy_service.verification.subject import Subject, make_subject
from policy_service.verification.verify import verify_draft
from tests import builders as make

GDPR = ProvisionId("gdpr/art-5/1/c")
LIMITATION = ControlKind.PURPOSE_LIMITATION
LOST_PATH = RowFilter(
    table=make.CLIENTS,
    column="account_id",
    subject_attribute="account_id",
    path=(
        Join(
            column="client_id",
            references_table=make.ACCOUNTS,
            references_column="client_id",
        ),
    ),
)


class RuleDecider:
    """Decides by the rules of a draft themselves: deny outweighs, else the first that allows."""

    def __init__(self, draft: Draft) -> None:
        self._rules = draft.access

    def __call__(self, *, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        """Return the control of the rule about this very request."""
        found = [
            rule.control
            for rule in self._rules
            if rule.point.role == role
            and resource in rule.point.columns
            and (rule.point.action, rule.point.purpose) == (action, purpose)
        ]
        return DENY if DENY in found or not found else found[0]


def subject(draft: Draft | None = None, *floors: Obligation, **given: object) -> Subject:
    """The builders' draft, or a changed one, with its surroundings."""
    around = {
        "provisions": make.make_provisions(),
        "catalog": make.make_catalog(),
        "organisation": make.make_organisation(),
        **given,
    }
    return make_subject(draft=draft or make.make_draft(), floors=floors, **around)  # type: ignore[arg-type]


def with_rule(number: int, **changes: object) -> Draft:
    """The draft with one access rule changed; `point_` changes go to its decision point."""
    draft = make.make_draft()
    point = {name[6:]: value for name, value in changes.items() if name.startswith("point_")}
    plain = {name: value for name, value in changes.items() if not name.startswith("point_")}
    rules = list(draft.access)
    rule = rules[number - 1]
    rules[number - 1] = replace(rule, point=replace(rule.point, **point), **plain)
    return replace(draft, access=tuple(rules))


def floor(kind: ControlKind, *categories: str, **parameters: object) -> Obligation:
    """A mandatory obligation."""
    return Obligation(
        id=ObligationId("gdpr/art-5/1/c#1"),
        provision=GDPR,
        kind=kind,
        strength=Strength.FLOOR,
        data_categories=tuple(DataCategory(one) for one in categories),
        parameters=Parameters(parameters),
    )


def found(check: Callable[[Subject], object], about: Subject) -> list[tuple[str, str | None]]:
    """What a check finds: its name and the rule."""
    return [(one.check, one.rule) for one in check(about)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "check",
    [
        check_grounded,
        check_floors,
        check_names,
        check_controls,
        check_writes,
        check_row_filters,
        check_roles,
        check_over_grants,
        check_quasi_identifiers,
        check_reveals,
        check_encryption,
        check_separation,
    ],
)
def test_a_sound_draft_raises_no_finding(check: Callable[[Subject], object]) -> None:
    """No check objects to the draft of the builders."""
    assert found(check, subject()) == []


def test_a_rule_without_citation_is_ungrounded() -> None:
    """A rule that cites nothing is an error."""
    assert found(check_grounded, subject(with_rule(1, citations=()))) == [("ungrounded", "R-0001")]


@pytest.mark.parametrize(
    "changes",
    [
        {"provision": ProvisionId("gdpr/art-99")},
        {"provision_sha256": "0" * 64},
        {"quote": "Personal data are free for all."},
        {"quote": "  "},
    ],
)
def test_a_citation_that_does_not_hold_is_found(changes: dict[str, object]) -> None:
    """Unknown provision, another text, and a quote that is not in it are each an error."""
    citation = replace(make.make_citation(), **changes)
    about = subject(with_rule(1, citations=(citation,)))
    assert found(check_grounded, about) == [("ungrounded", "R-0001")]


def test_a_changed_provision_is_found() -> None:
    """A stored text that no longer fits its hash is an error under every rule that cites it."""
    provisions = make.make_provisions()
    provisions[GDPR] = replace(provisions[GDPR], text=provisions[GDPR].text + " And more.")
    assert ("ungrounded", "R-0001") in found(check_grounded, subject(provisions=provisions))


@pytest.mark.parametrize(
    ("obligation", "rules"),
    [
        (floor(ControlKind.MASKING, "user.contact", operators=["redact"]), {"R-0001"}),
        (
            floor(
                ControlKind.MASKING,
                "user.contact",
                operators=["redact"],
                unless_purposes=["essential"],
            ),
            set(),
        ),
        (floor(ControlKind.MASKING, "user.government_id", visible_last=2), {"R-0003"}),
        (floor(ControlKind.MASKING, "user.government_id", visible_last=4), set()),
        (floor(ControlKind.MASKING, "user.contact", visible_last=4), {"R-0001"}),
        (floor(ControlKind.MASKING, "user.contact", join_ok=True), set()),
        (floor(ControlKind.MASKING, "user.demographic", visible_last=2), {"R-0003"}),
        (
            floor(
                ControlKind.PURPOSE_LIMITATION,
                "user.government_id",
                excluded_purposes=["analytics"],
            ),
            {"R-0006"},
        ),
        (
            floor(ControlKind.PURPOSE_LIMITATION, "user.contact", excluded_purposes=["analytics"]),
            set(),
        ),
        (floor(ControlKind.ENCRYPTION_AT_REST, "user", min_key_bits=512), {"E-0001"}),
        (floor(ControlKind.ENCRYPTION_AT_REST, "user", algorithm="Serpent"), {"E-0001"}),
        (floor(ControlKind.ENCRYPTION_AT_REST, algorithm="AES", min_key_bits=256), set()),
        (floor(ControlKind.KEY_MANAGEMENT, "user", rotation_days=90), {"E-0001"}),
        (floor(ControlKind.KEY_MANAGEMENT, "user", rotation_days=400), set()),
        (floor(ControlKind.RETENTION, "user", max_days=365), {"T-0001"}),
        (floor(ControlKind.RETENTION, "user", min_days=5000), {"T-0001"}),
        (floor(ControlKind.RETENTION, "user", criteria="no_longer_needed"), set()),
        (floor(ControlKind.RETENTION, "system", max_days=1), set()),
        (floor(ControlKind.AUDIT), set()),
    ],
)
def test_a_rule_below_a_floor_is_found(obligation: Obligation, rules: set[str]) -> None:
    """Every kind of floor catches exactly the rules that fall below it."""
    assert {rule for _, rule in found(check_floors, subject(None, obligation))} == rules


@pytest.mark.parametrize(
    ("operator", "meets"),
    [
        (Operator.ENCRYPT, True),
        (Operator.TOKENISE, True),
        (Operator.SYNTHETIC, True),
        (Operator.AGGREGATE, False),
        (Operator.NOISE, False),
        (Operator.DATE_SHIFT, False),
        (Operator.TOP_BOTTOM, False),
        (Operator.SUPPRESS, False),
    ],
)
def test_only_what_shows_no_more_stands_in_under_a_floor(operator: Operator, meets: bool) -> None:
    """A floor that lists pseudonyms is met by stand-ins, and by nothing near the value."""
    listed = floor(ControlKind.MASKING, "user.contact", operators=["pseudonymise"])
    about = subject(with_rule(1, control=Control(operator=operator)), listed)
    assert (("floor-loosened", "R-0001") not in found(check_floors, about)) is meets


@pytest.mark.parametrize(
    "operator", [Operator.NOISE, Operator.DATE_SHIFT, Operator.TOP_BOTTOM, Operator.SUPPRESS]
)
def test_values_near_the_true_one_show_more_than_some_characters(operator: Operator) -> None:
    """A limit on shown characters is not met by a value that is nearly whole."""
    limit = floor(ControlKind.MASKING, "user.contact", visible_last=4)
    about = subject(with_rule(1, control=Control(operator=operator)), limit)
    assert found(check_floors, about) == [("floor-loosened", "R-0001")]


@pytest.mark.parametrize(
    ("operator", "parameters", "severities"),
    [
        (Operator.DATE_SHIFT, {"days": 3, "key": "k", "subject": "client_id"}, []),
        (Operator.DATE_SHIFT, {"days": 3, "key": "k", "subject": "owner"}, [Severity.ERROR]),
        (Operator.NOISE, {"key": "k"}, [Severity.ERROR]),
        (Operator.SUPPRESS, {"k": 5, "by": "district_id"}, [Severity.WARNING]),
        (
            Operator.AGGREGATE,
            {"of": "sum", "by": "town+district_id"},
            [Severity.ERROR, Severity.WARNING],
        ),
    ],
)
def test_a_control_that_cannot_be_carried_out_is_found(
    operator: Operator, parameters: dict[str, object], severities: list[Severity]
) -> None:
    """Wrong parameters and unknown columns are errors; needing the whole table is pointed out."""
    chosen = Control(operator=operator, parameters=Parameters(parameters))
    findings = list(check_controls(subject(with_rule(1, control=chosen))))
    assert [one.severity for one in findings] == severities
    assert {one.rule for one in findings} <= {"R-0001"}


def test_true_values_here_and_there_count_as_shown() -> None:
    """Restricted data that is shown unless rare or extreme is shown, for all over-granting."""
    for operator in (Operator.SUPPRESS, Operator.TOP_BOTTOM):
        about = subject(with_rule(6, control=Control(operator=operator)))
        assert found(check_over_grants, about) == [("over-grant", "R-0006")]


def test_a_prefix_longer_than_a_floor_allows_is_found() -> None:
    """Generalising to a prefix shows first characters, and is held to their limit."""
    control = Control(operator=Operator.GENERALISE, parameters=Parameters(to="prefix", keep=3))
    limit = floor(ControlKind.MASKING, "user.contact", visible_first=2)
    about = subject(with_rule(1, control=control), limit)
    assert found(check_floors, about) == [("floor-loosened", "R-0001")]
    year = Control(operator=Operator.GENERALISE, parameters=Parameters(to="year"))
    assert found(check_floors, subject(with_rule(1, control=year), limit)) == []


def test_floors_on_showing_do_not_bind_writing() -> None:
    """A masking floor limits what is displayed, not what a clerk may enter."""
    limit = floor(ControlKind.MASKING, "user.contact", operators=["redact"])
    assert found(check_floors, subject(with_rule(1, point_action=Action.CREATE), limit)) == []


def test_a_retention_rule_for_an_unknown_table_meets_no_category_floor() -> None:
    """A floor by category needs a table to be about."""
    draft = make.make_draft()
    lost = replace(draft.retention[0], table=AssetId("bank.public.gone"))
    limit = floor(ControlKind.RETENTION, "user", max_days=1)
    assert found(check_floors, subject(replace(draft, retention=(lost,)), limit)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"point_columns": (AssetId("bank.public.clients.nowhere"),)},
        {"point_role": RoleId("janitor")},
        {"point_purpose": Purpose("marketing")},
    ],
)
def test_a_rule_about_what_does_not_exist_is_found(changes: dict[str, object]) -> None:
    """Unknown columns, roles and purposes are errors."""
    about = subject(with_rule(1, **changes))
    assert found(check_names, about) == [("unknown-name", "R-0001")]


def test_a_write_without_a_clear_read_is_found() -> None:
    """Who does not read a group in clear for the same purpose may not write it."""
    draft = make.make_draft()
    write = _write(draft.access[2])
    about = subject(replace(draft, access=(*draft.access, write)))
    assert found(check_writes, about) == [("write-without-read", write.id)]
    denied = replace(write, control=DENY)
    assert found(check_writes, subject(replace(draft, access=(*draft.access, denied)))) == []
    allowed = _write(draft.access[0])
    assert found(check_writes, subject(replace(draft, access=(*draft.access, allowed)))) == []


def test_a_role_without_any_grant_is_pointed_out() -> None:
    """A role that only has denials is a warning."""
    draft = make.make_draft()
    mine = tuple(
        replace(rule, control=DENY) if rule.point.role == make.ENGINEER else rule
        for rule in draft.access
    )
    assert found(check_roles, subject(replace(draft, access=mine))) == [("orphan-role", None)]


@pytest.mark.parametrize(
    "row_filter",
    [
        replace(make.OWN_DISTRICT, subject_attribute=""),
        replace(make.OWN_DISTRICT, column="branch"),
        replace(make.OWN_DISTRICT, table=AssetId("bank.public.gone")),
        LOST_PATH,
        replace(LOST_PATH, path=(replace(LOST_PATH.path[0], column="nothing"),)),
    ],
)
def test_a_row_filter_that_leads_nowhere_is_found(row_filter: RowFilter) -> None:
    """Filters need an attribute, and columns that exist along the whole path."""
    about = subject(with_rule(1, row_filter=row_filter))
    assert found(check_row_filters, about) == [("row-filter", "R-0001")]


def test_a_row_filter_over_a_sound_path_is_fine() -> None:
    """A path whose columns all exist raises nothing."""
    join = Join(column="client_id", references_table=make.ACCOUNTS, references_column="account_id")
    row_filter = replace(LOST_PATH, path=(join,))
    assert found(check_row_filters, subject(with_rule(1, row_filter=row_filter))) == []


def test_a_separation_the_organisation_asks_for_must_be_there() -> None:
    """A pair without a rule is an error."""
    about = subject(replace(make.make_draft(), separation=()))
    assert found(check_separation, about) == [("separation-of-duties", None)]


def test_separate_roles_that_change_the_same_group_are_pointed_out() -> None:
    """Two roles kept apart that both write one group are a warning on the separation rule."""
    draft = make.make_draft()
    mine = _write(draft.access[0])
    theirs = replace(mine, point=replace(mine.point, role=make.ANALYST))
    about = subject(replace(draft, access=(*draft.access, mine, theirs)))
    assert found(check_separation, about) == [("separation-of-duties", "S-0001")]


def test_restricted_data_in_clear_is_an_error_for_analysis() -> None:
    """Restricted data in clear for a secondary purpose forbids publication."""
    about = subject(with_rule(6, control=CLEAR))
    (finding,) = check_over_grants(about)
    assert (finding.check, finding.severity) == ("over-grant", Severity.ERROR)


def test_restricted_data_in_clear_needs_duties_that_name_it() -> None:
    """In clear for a job whose duties never name it is a warning; naming it settles that."""
    about = subject(with_rule(3, control=CLEAR))
    (finding,) = check_over_grants(about)
    assert (finding.check, finding.severity) == ("over-grant", Severity.WARNING)
    organisation = make.make_organisation()
    jobs = tuple(
        replace(job, duties="Checks the birth number of clients.")
        for job in organisation.job_functions
    )
    named = subject(
        with_rule(3, control=CLEAR), organisation=replace(organisation, job_functions=jobs)
    )
    assert list(check_over_grants(named)) == []


def test_columns_nobody_knows_count_as_restricted() -> None:
    """What the catalogue does not hold is treated as the most harmful."""
    draft = with_rule(1, point_columns=(AssetId("bank.public.clients.unheard"),))
    assert [one.check for one in check_over_grants(subject(draft))] == ["over-grant"]


def test_a_combination_that_singles_people_out_is_pointed_out() -> None:
    """A quasi-identifier wholly in clear for analysis is a warning; below a fifth it is none."""
    draft = make.make_draft()
    email = replace(draft.access[6], control=CLEAR, point=replace(draft.access[6].point))
    clear = replace(draft, access=(*draft.access[:6], email, *draft.access[7:]))
    for share, expected in ((0.9, [("quasi-identifier", None)]), (0.1, [])):
        combination = QuasiIdentifier(columns=("email", "district_id"), unique_fraction=share)
        assert found(check_quasi_identifiers, _with_combination(clear, combination)) == expected
    assert found(check_quasi_identifiers, _with_combination(draft, combination)) == []


def test_a_clear_value_that_gives_away_what_is_masked_is_pointed_out() -> None:
    """Birth numbers in clear beside masked birth dates are a warning."""
    draft = with_rule(3, control=CLEAR)
    birth = DataCategory("user.demographic.date_of_birth")
    masked = replace(
        draft.access[0],
        control=make.REDACTED,
        point=replace(draft.access[0].point, category=birth),
    )
    both = subject(replace(draft, access=(*draft.access, masked)))
    assert found(check_reveals, both) == [("unmasked-reveal", "R-0003")]
    assert found(check_reveals, subject(draft)) == []


def test_unencrypted_restricted_columns_are_an_error_where_a_floor_asks() -> None:
    """Without a floor it is a warning, with one it forbids publication."""
    bare = replace(make.make_draft(), encryption=())
    (finding,) = check_encryption(subject(bare))
    assert (finding.check, finding.severity) == ("missing-encryption", Severity.WARNING)
    asked = floor(ControlKind.ENCRYPTION_AT_REST, "user.government_id")
    (finding,) = check_encryption(subject(bare, asked))
    assert finding.severity is Severity.ERROR


def test_policy_tests_run_through_the_decider() -> None:
    """Every test of a sound draft passes; one that expects otherwise fails and says how."""
    draft = make.make_draft()
    assert all(one.passed for one in run_policy_tests(draft.tests, RuleDecider(draft)))
    wrong = replace(draft.tests[0], control="redact")
    (result,) = run_policy_tests((wrong,), RuleDecider(draft))
    assert (result.passed, result.detail) == (False, "expected redact, got clear")


def test_an_error_while_deciding_fails_the_test_and_no_other() -> None:
    """A decider that breaks down fails every test by name instead of ending verification."""

    def broken(*, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        raise EnforcementError("the index is gone; load it anew")

    results = run_policy_tests(make.make_draft().tests, broken)
    assert {(one.passed, one.detail) for one in results} == {
        (False, "error: the index is gone; load it anew")
    }


def test_policy_tests_notice_every_inverted_answer() -> None:
    """Inverting what any tested request is given makes at least one test fail."""
    draft = make.make_draft()
    assert uncaught_mutants(subject(draft), RuleDecider(draft)) == ()
    blind = replace(draft.tests[2], control="", allow=False)
    silent_test = replace(blind, id="PT-0009", control="deny", allow=True)
    odd = replace(draft, tests=(silent_test,))
    assert uncaught_mutants(subject(odd), _always_odd) == ("PT-0009",)


def test_verification_gathers_findings_tests_and_changes() -> None:
    """A sound draft is publishable, and everything it grants is new where nothing is live."""
    draft, steps = make.make_draft(), []
    result = _verify(draft, progress=lambda stage, done, total: steps.append((stage, done, total)))
    assert result.publishable
    assert result.findings == ()
    assert len(result.tests) == len(draft.tests)
    assert {(one.before, one.gains) for one in result.changes} == {("deny", True)}
    assert {one.people for one in result.changes if one.role == make.TELLER} == {2}
    assert steps[-1] == ("impact", 3, 3)


def test_impact_shows_gains_and_losses_against_the_live_policy() -> None:
    """What was clear and becomes partial is a loss; what was denied and is shown, a gain."""
    draft = make.make_draft()
    before = with_rule(3, control=CLEAR)
    before = replace(before, access=before.access[1:])
    result = _verify(draft, live=RuleDecider(before))
    assert {
        (one.asset.rsplit(".", 1)[-1], one.before, one.after, one.gains) for one in result.changes
    } == {
        ("birth_number", "clear", "partial(first=0, last=4)", False),
        ("email", "deny", "clear", True),
    }


def test_a_live_policy_that_breaks_down_counts_as_denying() -> None:
    """An error of the live decider is a denial, so that nothing looks already granted."""

    def broken(*, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        raise EnforcementError("the index is gone; load it anew")

    result = _verify(make.make_draft(), live=broken)
    assert result.changes
    assert all(one.gains for one in result.changes)


def _verify(draft: Draft, *, live: object = None, progress: object = silent):
    return verify_draft(
        draft=draft,
        provisions=make.make_provisions(),
        catalog=make.make_catalog(),
        organisation=make.make_organisation(),
        floors=(),
        decide=RuleDecider(draft),
        live=live,  # type: ignore[arg-type]
        progress=progress,  # type: ignore[arg-type]
    )


def _write(rule: AccessRule) -> AccessRule:
    return replace(
        rule, id="R-0099", control=CLEAR, point=replace(rule.point, action=Action.UPDATE)
    )


def _with_combination(draft: Draft, combination: QuasiIdentifier) -> Subject:
    catalog = make.make_catalog()
    tables = tuple(
        replace(table, quasi_identifiers=(combination,)) if table.id == make.CLIENTS else table
        for table in catalog.tables
    )
    return subject(draft, catalog=replace(catalog, tables=tables))


def _always_odd(*, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
    return make.REDACTED


def test_findings_of_restricted_columns_name_the_column() -> None:
    """People are told which column is not encrypted."""
    (finding,) = check_encryption(subject(replace(make.make_draft(), encryption=())))
    assert isinstance(finding, Finding)
    assert "bank.public.clients.birth_number" in finding.message
    assert (
        make.make_catalog().find_column(AssetId("bank.public.clients.birth_number")).sensitivity
        is Sensitivity.RESTRICTED
    )  # type: ignore[union-attr]
