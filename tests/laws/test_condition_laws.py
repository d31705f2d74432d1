"""Laws of conditions: three-valued truth, rules that never widen, and rows of a view."""

import math
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.bundle import Bundle, Directory, RuleCondition
from policy_service.domain.condition import MOST_CHARACTERS, ConditionError, parse_condition
from policy_service.domain.condition_truth import Facts, holds
from policy_service.domain.control import Operator
from policy_service.domain.decision import AccessRequest
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import EVERY_ROW, NO_ROW
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.partial import Residue, row_passes
from tests.laws.random_policies import CLAIMS, FACTS, TIMES, cases, expressions
from tests.oracles import condition_oracle

LAW = settings(deadline=None)
CHEAP = settings(deadline=None, max_examples=300)
COLUMNS = ("a", "b", "c")
_CELLS = (None, True, False, 0, 1, 1.5, "", "a", "b", "職")
ROWS = st.tuples(*(st.sampled_from(_CELLS) for _ in COLUMNS)).map(
    lambda cells: {
        name: cell for name, cell in zip(COLUMNS, cells, strict=True) if cell is not None
    }
)


@CHEAP
@given(expressions(), FACTS, CLAIMS, CLAIMS)
def test_a_condition_holds_as_pythons_own_parser_reads_it(
    text: str, subject: Parameters, resource: Parameters, context: Parameters
) -> None:
    """Our parser and evaluation give the answer of an evaluation over Python's syntax tree."""
    facts = Facts(subject=subject, resource=resource, context=context)
    roots = {"subject": subject, "resource": resource, "context": context}
    assert holds(parse_condition(text).expression, facts) is condition_oracle.holds(text, roots)


@CHEAP
@given(st.text(max_size=40) | st.text("subject.resource()[]andornotin\"'=<>!,1 ", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    """Whatever is written, it is a condition or it is refused with a place in one line."""
    try:
        answer = holds(parse_condition(text).expression, Facts())
    except ConditionError as error:
        said = (error.at, error.message.splitlines())
    else:
        said = (1, [str(answer)])
    assert 1 <= said[0] <= len(text) + 1
    assert len(said[1]) == 1


@CHEAP
@given(expressions(), FACTS, FACTS)
def test_a_further_fact_never_turns_an_answer_round(
    text: str, known: Parameters, more: Parameters
) -> None:
    """Without asking for presence, what was true or false stays so when more becomes known."""
    if "present" in text:
        return
    expression = parse_condition(text).expression
    less = Facts(subject=known, resource=known, context=known)
    merged = Parameters({**more, **known})
    answer = holds(expression, less)
    if answer is not None:
        assert holds(expression, Facts(subject=merged, resource=merged, context=merged)) is answer


@CHEAP
@given(expressions(), FACTS, CLAIMS, ROWS)
def test_what_is_left_of_a_condition_is_its_answer_for_the_row(
    text: str, subject: Parameters, context: Parameters, row: dict
) -> None:
    """A row passes what is left for true or false only where the whole condition says so.

    Exactly where no two columns are compared and none is taken for a list.
    """
    expression = parse_condition(text).expression
    own = {"id": "the table's", "type": "column"}
    open_facts = Facts(subject=subject, resource=own, context=context)
    residue = Residue(facts=open_facts, columns=frozenset(COLUMNS))
    whole = holds(expression, replace(open_facts, resource={**row, **own}))
    for wanted in (True, False):
        left = residue.where(expression, is_=wanted)
        if row_passes(left, row):
            assert whole is wanted
        elif _has_a_form(text):
            assert whole is not wanted


def _has_a_form(text: str) -> bool:
    """Tell for sure whether all of an expression has a form as a predicate over columns."""
    return " in " not in text and text.count("resource") < 2


@LAW
@given(cases(), ROWS, TIMES)
def test_a_view_shows_no_row_that_deciding_denies(
    case: tuple[Bundle, Directory, AccessRequest], row: dict, now: datetime | None
) -> None:
    """A shown row of a view is one for which each shown column is allowed, as clearly or more."""
    bundle, directory, request = case
    links = (*bundle.resource_links, *((f"t.{name}", "t") for name in COLUMNS))
    policy = compile_policy(
        replace(bundle, resource_links=(*links, ("t", request.resource))), directory
    )
    view = policy.view(request.subject, "t", request.purpose, request.action, now)
    if not row_passes(view.predicate, row):
        return
    for column in view.columns:
        if column.control.operator is Operator.DENY:
            continue
        asked = replace(
            request, resource=column.column, properties=Parameters(row), context=Parameters()
        )
        decision = policy.decide(asked, now)
        assert decision.allow
        given_control = decision.obligations.control.operator
        assert column.control.operator.strictness >= given_control.strictness
        assert set(decision.obligations.row_filters) <= set(view.row_filters)


@LAW
@given(cases(), expressions(), TIMES)
def test_a_condition_on_an_allowing_rule_never_widens(
    case: tuple[Bundle, Directory, AccessRequest], text: str, now: datetime | None
) -> None:
    """With one more condition on rules that only allow, nothing new is allowed."""
    bundle, directory, request = case
    denying = {row.rule for row in bundle.rows if row.effect == "deny"}
    conditional = {one.rule for one in bundle.conditions}
    free = sorted({row.rule for row in bundle.rows} - denying - conditional)
    more = tuple(RuleCondition(rule=rule, expression=text) for rule in free)
    narrower = replace(bundle, conditions=(*bundle.conditions, *more))
    if compile_policy(narrower, directory).decide(request, now).allow:
        assert compile_policy(bundle, directory).decide(request, now).allow


@LAW
@given(cases(), CLAIMS)
def test_a_claimed_type_never_changes_what_a_known_resource_is(
    case: tuple[Bundle, Directory, AccessRequest], said: Parameters
) -> None:
    """For an id with rows or links, the claimed type matters to no rule without conditions."""
    bundle, directory, request = case
    named = {row.resource for row in bundle.rows}.union(*bundle.resource_links)
    if request.resource not in named or request.resource.startswith("type:"):
        return
    policy = compile_policy(replace(bundle, conditions=()), directory)
    claimed = replace(request, resource_type="user", properties=said)
    assert policy.decide(claimed) == policy.decide(replace(request, resource_type=""))


@pytest.mark.parametrize(
    ("text", "facts", "answer"),
    [
        ("resource.a == 1", {"a": 1.0}, True),
        ("resource.a == true", {"a": 1}, None),
        ("resource.a < true", {"a": False}, None),
        ("resource.a == resource.a", {"a": math.nan}, None),
        ("resource.a != resource.a", {"a": math.nan}, None),
        ("resource.a not in []", {}, True),
        ("resource.a in []", {}, False),
        ('resource.a == "1"', {"a": 1}, None),
        ('resource.a < "Z"', {"a": "É"}, False),
        ('"a" in resource.a', {"a": "abc"}, None),
        ('"a" in resource.a', {"a": ("a",)}, True),
        ("resource.a == resource.a", {"a": ("a",)}, None),
        ("resource.a", {"a": "true"}, None),
        ("present(resource.a)", {"a": False}, True),
        ("not resource.a == 1 or true", {}, True),
        ('resource["a b"] == "it\'s"', {"a b": "it's"}, True),
        (r'resource.a == "\"\\"', {"a": '"\\'}, True),
        ("resource.a == -1.5e1", {"a": -15}, True),
    ],
)
def test_kinds_and_missing_values(text: str, facts: dict, answer: bool | None) -> None:
    """Kinds are never mixed, strings compare by code points, and what is missing is unknown."""
    assert holds(parse_condition(text).expression, Facts(resource=facts)) is answer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has the end at character 1; write a fact or a value"),
        ("resource.a = 1", "begins no name"),
        ("resource.a == 1 == 1", "`==` at character 17; write `and`"),
        ("user.a == 1", "a fact begins with `subject.`"),
        ("resource.a in 1", "a fact begins with"),
        ("resource.1", "write a name, or other names as"),
        ("resource.(", "write a name"),
        ("resource[1]", "write the name as a string"),
        ("present(1)", "a fact begins with"),
        ("(true", "write `)`"),
        ("true and", "write a fact or a value"),
        ("1", "is compared with nothing"),
        ('resource.a in [1, "a"]', "mixes kinds"),
        ("resource.a in [1 2]", "write `]`"),
        ("resource.a in [,]", "close the list"),
        ("resource.a == 1e999", "too large"),
        (f"resource.a == {2**53}", "too large"),
        ("(" * 40 + "true" + ")" * 40, "nested deeper than 32"),
        ("not " * 40 + "true", "nested deeper than 32"),
        ("true or " * 300 + "true", f"at most {MOST_CHARACTERS:,} characters"),
        ('resource.a == "\\n"', "begins no name"),
        ("__import__('os')", "a fact begins with"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, said: str) -> None:
    """What cannot be read is refused in one line: where, and what to write."""
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert said in caught.value.message


def test_two_columns_against_each_other_show_no_row() -> None:
    """What has no form as a predicate hides every row, whether true or false is asked for."""
    expression = parse_condition("resource.a == resource.b").expression
    residue = Residue(facts=Facts(), columns=frozenset("ab"))
    assert residue.where(expression, is_=True) == residue.where(expression, is_=False) == NO_ROW
    nothing = Residue(facts=Facts(), columns=frozenset())
    assert nothing.where(parse_condition("not present(resource.a)").expression, is_=True) == (
        EVERY_ROW
    )
