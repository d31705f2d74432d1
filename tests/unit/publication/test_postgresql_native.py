"""The live policy as objects of a database: what is planned, what stays hidden, and why."""

from dataclasses import replace

import pytest

from policy_service.cli.native import mask_writer
from policy_service.domain.bundle import ColumnView, RuleCondition, TableView
from policy_service.domain.control import Control, Join, Operator, RowFilter
from policy_service.domain.errors import ConflictError, PublicationError
from policy_service.domain.identifiers import AssetId, Purpose, Revision, RoleId, RuleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import NO_ROW
from policy_service.publication.postgresql.difference import Step, difference
from policy_service.publication.postgresql.model import (
    FoundTable,
    ManagedObject,
    NativePlan,
    NativePolicy,
    ObjectKind,
    Profile,
    Surroundings,
)
from policy_service.publication.postgresql.names import base_name, literal, profile_names
from policy_service.publication.postgresql.objects import taken_away
from policy_service.publication.postgresql.render import render
from policy_service.workflows.postgresql_native import profiles_of, unconditional
from tests.builders import ANALYST, TELLER, make_bundle, make_catalog
from tests.laws.sql_probe_bank import KEYS, control

TABLE = AssetId("bank.public.t")


def _view(kind: str, shown: Control, *, row_filter: RowFilter | None = None) -> TableView:
    return TableView(
        table=TABLE,
        purpose=Purpose("service"),
        columns=(ColumnView(column=AssetId(f"{TABLE}.c"), control=shown, rules=()),),
        row_filters=() if row_filter is None else (row_filter,),
        attributes=(),
        revision=Revision(1),
    )


def _plan(
    kind: str,
    view: TableView,
    *,
    version: int = 150_000,
    logins: dict[str, bool] | None = None,
    purposes: tuple[str, ...] = ("service",),
    people: tuple[Person, ...] = (),
    row_security: bool = False,
) -> NativePlan:
    policy = NativePolicy(
        source="bank",
        revision=Revision(1),
        expires_at="2099-01-01T00:00:00Z",
        profiles=tuple(
            Profile(roles=(RoleId("teller"),), purpose=Purpose(one), views=(view,))
            for one in purposes
        ),
        people=people,
    )
    found = FoundTable(columns={"c": kind}, row_security=row_security)
    surroundings = Surroundings(
        server_version=version, database="d", tables={TABLE: found}, logins=logins or {}
    )
    return render(policy, surroundings, write_mask=mask_writer(KEYS), keys_in_database=True)


def _sql(plan: NativePlan, kind: ObjectKind) -> str:
    return "\n".join(
        statement.sql for one in plan.objects if one.kind is kind for statement in one.create
    )


@pytest.mark.parametrize(
    ("kind", "shown", "reason"),
    [
        ("timestamptz", control("pseudonymise", key="k"), "reader's settings"),
        ("float8", control("partial", last=4), "reader's settings"),
        ("bytea", control("partial", last=4), "reader's settings"),
        ("interval", control("generalise", to="year"), "reader's settings"),
        ("text", control("noise", scale=1), "no form"),
        ("int4", control("suppress", k=5, by="c"), "needs all rows"),
    ],
)
def test_what_the_database_cannot_mask_exactly_is_hidden(
    kind: str, shown: Control, reason: str
) -> None:
    """The column is left out of the view and named with the reason; no view stands empty."""
    plan = _plan(kind, _view(kind, shown))
    assert plan.objects == ()
    assert [one.asset for one in plan.hidden] == [f"{TABLE}.c"]
    assert reason in plan.hidden[0].reason


@pytest.mark.parametrize(
    ("kind", "shown", "written"),
    [
        ("float8", control("bucket", width=10), '(t."c")::numeric'),
        ("float8", control("top_bottom", high=10), 't."c"'),
        ("timestamptz", control("generalise", to="year"), "AT TIME ZONE 'UTC'"),
        ("jsonb", control("null"), 't."c"'),
        ("bytea", control("redact"), "'[redacted]'"),
    ],
)
def test_settings_of_the_reader_do_not_reach_a_mask(
    kind: str, shown: Control, written: str
) -> None:
    """Types that a session writes its own way are fixed before they are masked."""
    assert written in _sql(_plan(kind, _view(kind, shown)), ObjectKind.VIEW)


def test_a_key_never_stands_in_a_statement() -> None:
    """Views look the key up; it travels as a parameter into a table that only owners read."""
    plan = _plan("text", _view("text", control("pseudonymise", key="service")))
    secret = KEYS.key("service").hex()
    for one in plan.objects:
        for statement in one.create:
            assert secret not in statement.sql
    assert "secret AS s" in _sql(plan, ObjectKind.VIEW)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("int4", "a.whole"),
        ("numeric", "a.fraction"),
        ("varchar", "a.words"),
        ("bool", "a.truth"),
        ("date", "to_jsonb"),
    ],
)
def test_row_filters_compare_by_the_type_of_the_column(kind: str, condition: str) -> None:
    """An attribute is looked up where values of the column's type are, by who signed in."""
    own = RowFilter(table=TABLE, column="c", subject_attribute="it's")
    sql = _sql(_plan(kind, _view(kind, control("clear"), row_filter=own)), ObjectKind.POLICY)
    assert condition in sql
    assert "session_user AND a.name = 'it''s'" in sql


@pytest.mark.parametrize(
    ("row_filter", "reason"),
    [
        (RowFilter(table=TABLE, column="gone", subject_attribute="a"), "not there"),
        (RowFilter(table=AssetId("bank.public.u"), column="c", subject_attribute="a"), "another"),
        (
            RowFilter(
                table=TABLE,
                column="c",
                subject_attribute="a",
                path=(
                    Join(
                        column="c",
                        references_table=AssetId("bank.public.u"),
                        references_column="c",
                    ),
                ),
            ),
            "not there",
        ),
    ],
)
def test_a_filter_that_cannot_be_followed_hides_the_table(
    row_filter: RowFilter, reason: str
) -> None:
    """No view stands without its row filter."""
    plan = _plan("int4", _view("int4", control("clear"), row_filter=row_filter))
    assert plan.objects == ()
    assert reason in plan.hidden[0].reason


def test_a_predicate_or_an_odd_type_hides_the_table() -> None:
    """A condition that only the service decides, and a type that cannot be compared."""
    plan = _plan("int4", replace(_view("int4", control("clear")), predicate=NO_ROW))
    assert "condition" in plan.hidden[0].reason
    own = RowFilter(table=TABLE, column="c", subject_attribute="a")
    plan = _plan("jsonb", _view("jsonb", control("clear"), row_filter=own))
    assert "type `jsonb`" in plan.hidden[0].reason


def test_row_security_of_somebody_else_stays_theirs() -> None:
    """Where it is on already, only our own roles are let in, and nothing is switched."""
    view = _view("int4", control("clear"))
    plan = _plan("int4", view, row_security=True)
    assert ObjectKind.ROW_SECURITY not in {one.kind for one in plan.objects}
    assert 'TO "ps_bank_teller_service_owner" USING (true)' in _sql(plan, ObjectKind.POLICY)


def test_logins_take_one_purpose_at_a_time() -> None:
    """By grant options from PostgreSQL 16 on; before, a login that inherits is left out."""
    teller = Person(subject=SubjectId("teller-7"), roles=(RoleId("teller"),))
    gone = Person(subject=SubjectId("gone"), roles=(RoleId("teller"),))
    view = _view("int4", control("clear"))
    purposes = ("service", "audit")
    new = _plan(
        "int4", view, version=160_000, logins={"teller-7": True}, purposes=purposes,
        people=(teller, gone),
    )  # fmt: skip
    assert _sql(new, ObjectKind.MEMBERSHIP).count("WITH INHERIT FALSE, SET TRUE") == 2
    assert any("`gone`" in note for note in new.notes)
    old = _plan("int4", view, logins={"teller-7": True}, purposes=purposes, people=(teller,))
    assert _sql(old, ObjectKind.MEMBERSHIP) == ""
    assert "NOINHERIT" in old.notes[0]


def test_attributes_are_kept_by_their_type() -> None:
    """Numbers, texts and truths stand apart; a list equals no column and is left out."""
    person = Person(
        subject=SubjectId("p"),
        roles=(RoleId("teller"),),
        attributes=Parameters(a=1, b=2.0, c=2.5, d="x", e=True, f=("x",), g=2**70),
    )
    plan = _plan("int4", _view("int4", control("clear")), people=(person,))
    (content,) = (
        one
        for one in plan.objects
        if one.kind is ObjectKind.CONTENT and one.identity[1] == "attribute"
    )
    rows = [one.parameters[1:] for one in content.create if one.parameters]
    assert rows == [
        ("a", 1, 1.0, None, None),
        ("b", 2, 2.0, None, None),
        ("c", None, 2.5, None, None),
        ("d", None, None, "x", None),
        ("e", None, None, None, True),
        ("g", None, float(2**70), None, None),
    ]


def test_names_are_short_plain_and_of_one_thing_each() -> None:
    """What would be cut or equal ends in a hash of the exact names."""
    names = profile_names(
        "Bank", [((RoleId(one),), Purpose("a.b")) for one in ("x-y", "x_y", "z" * 90, "w")]
    )
    assert names[3] == "ps_bank_w_a_b"
    assert len(set(names)) == 4
    assert all(len(name) <= 57 for name in (*names, base_name("s" * 99)))


def test_literals_are_quoted_or_refused() -> None:
    """Quotes are doubled; what SQL cannot hold is refused."""
    assert [literal(one) for one in (True, 2, 1.5, "it's \\")] == [
        "true", "2", "1.5", "'it''s \\'",
    ]  # fmt: skip
    for value in ("\x00", b"x", None):
        with pytest.raises(PublicationError):
            literal(value)


def test_conditions_are_taken_towards_less() -> None:
    """A conditional permission is left out, a conditional denial always denies."""
    bundle = make_bundle()
    conditional = replace(
        bundle,
        conditions=(
            RuleCondition(rule=RuleId("R-0001"), expression="context.x == 1"),
            RuleCondition(rule=RuleId("R-0009"), not_before="2026-01-01T00:00:00Z"),
            RuleCondition(rule=RuleId("R-0002")),
        ),
    )
    plain, notes = unconditional(conditional)
    assert {row.rule for row in bundle.rows} - {row.rule for row in plain.rows} == {"R-0001"}
    assert ["left out" in one for one in notes] == [True, False]
    assert plain.conditions == ()


def test_roles_held_together_decide_together() -> None:
    """A person with two roles gets a profile of both, whose views are not the union of two."""
    both = Person(subject=SubjectId("b"), roles=(TELLER, ANALYST, TELLER))
    bundle, _ = unconditional(make_bundle(role_links=(("chief", TELLER),)))
    made = {(one.roles, one.purpose) for one in profiles_of(bundle, make_catalog(), (both,))}
    assert ((ANALYST, TELLER), "analytics.reporting") in made
    assert ((RoleId("chief"),), "essential.service") in made
    assert profiles_of(replace(bundle, rows=()), make_catalog(), ()) == ()


def test_a_purpose_for_all_stands_for_the_named_ones() -> None:
    """A rule for `*` is rendered for each purpose that the policy names."""
    bundle, _ = unconditional(make_bundle())
    rows = tuple(replace(row, purpose="*") if row.role == TELLER else row for row in bundle.rows)
    made = profiles_of(replace(bundle, rows=rows), make_catalog(), ())
    assert len([one for one in made if one.roles == (TELLER,)]) == 2


def test_a_schema_of_somebody_else_is_a_conflict_and_membership_theirs() -> None:
    """Roles and schemas that we did not make refuse; a right given before is not ours to take."""
    teller = Person(subject=SubjectId("teller-7"), roles=(RoleId("teller"),))
    plan = _plan(
        "int4", _view("int4", control("clear")), logins={"teller-7": False}, people=(teller,)
    )
    by_kind = {one.kind: one for one in plan.objects}
    given = by_kind[ObjectKind.MEMBERSHIP]
    assert difference([given], [], {given.key: "member"}) == ()
    schema = by_kind[ObjectKind.SCHEMA]
    with pytest.raises(ConflictError, match="did not make"):
        difference([schema], [], {schema.key: "x"})
    managed = ManagedObject(
        kind=schema.kind, identity=schema.identity, sha256=schema.sha256, fingerprint="x"
    )
    (change,) = difference([schema], [managed], {schema.key: None})
    assert (change.step, change.making) == (Step.RESTORE, schema.create)
    (gone,) = difference([], [managed], {schema.key: None})
    assert gone.removal == ()


def test_a_list_that_holds_something_else_is_refused() -> None:
    """What cannot be one of our objects is not turned into a statement."""
    with pytest.raises(PublicationError, match="none of ours"):
        taken_away(ObjectKind.COLUMN_GRANT, ("only",), "")
    with pytest.raises(PublicationError, match="none of ours"):
        taken_away(ObjectKind.PUBLIC, ("s", "t"), "{broken")


def test_operators_that_deny_are_never_written() -> None:
    """A denied column is in no view and asks for no reason."""
    assert _plan("int4", _view("int4", Control(operator=Operator.DENY))).hidden == ()
