"""Domain values as JSON values and back; parameters; content hashes."""

import dataclasses
from dataclasses import dataclass, replace
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.asset import Catalog, Sensitivity
from policy_service.domain.control import Control, Operator
from policy_service.domain.draft import Amendment, Draft
from policy_service.domain.hashes import (
    catalog_sha256,
    draft_sha256,
    organisation_sha256,
    rule_sha256,
)
from policy_service.domain.identifiers import DraftId, Sha256Hex, SubjectId
from policy_service.domain.learning import Preference
from policy_service.domain.organisation import Organisation
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.review import ReviewGroup, Verdict, VerdictKind
from tests.builders import make_catalog, make_draft, make_organisation

SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: round(value, 6)),
    st.lists(st.text()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One field of each shape that the vocabulary uses."""

    number: int
    share: float
    pair: tuple[str, int]
    names: tuple[str, ...] = ()
    choice: Sensitivity | None = None
    either: Control | Sensitivity | None = None
    extra: Parameters = NO_PARAMETERS
    flags: tuple[bool, ...] = dataclasses.field(default_factory=tuple)


PLAIN = {"number": 1, "share": 0.5, "pair": ["a", 2]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Draft, make_draft()), (Catalog, make_catalog()), (Organisation, make_organisation())],
)
def test_what_was_written_is_read_back_equal(kind: type[object], value: object) -> None:
    """Drafts, catalogues and organisations survive the way through JSON values."""
    assert from_plain(kind, to_plain(value)) == value


def test_verdicts_and_preferences_are_read_back_equal() -> None:
    """What reviewers said, and what is learned from it, survive the way through JSON values."""
    rule = make_draft().access[0]
    verdict = Verdict(
        id="ver_1",
        draft=DraftId("dra_1"),
        rule=rule.id,
        kind=VerdictKind.AMEND,
        reviewer=SubjectId("reviewer-1"),
        group=ReviewGroup.SECURITY,
        rule_sha256=rule_sha256(rule),
        reason="too wide",
        at="2026-03-02T12:00:00.000000Z",
        amendment=Amendment(control=Control(operator=Operator.REDACT)),
    )
    preference = Preference(
        point=rule.point,
        point_text=("teller", "clients", "e-mail", "service"),
        chosen=Control(operator=Operator.REDACT),
        alternatives=(Control(operator=Operator.NULL),),
        reviewer="reviewer-1",
        weight=2.0,
    )
    assert from_plain(Verdict, to_plain(verdict)) == verdict
    assert from_plain(Preference, to_plain(preference)) == preference


def test_every_shape_has_a_plain_form() -> None:
    """Enums become their values, tuples lists, parameters objects; floats six digits."""
    sample = Sample(
        number=1,
        share=1 / 3,
        pair=("a", 2),
        names=("x",),
        choice=Sensitivity.PUBLIC,
        either=Control(operator=Operator.DENY),
        extra=Parameters(k=("v",)),
        flags=(True,),
    )
    assert to_plain(sample) == {
        "number": 1,
        "share": 0.333333,
        "pair": ["a", 2],
        "names": ["x"],
        "choice": "public",
        "either": {"operator": "deny", "parameters": {}},
        "extra": {"k": ["v"]},
        "flags": [True],
    }
    assert from_plain(Sample, to_plain(sample)) == replace(sample, share=0.333333)


def test_defaults_may_be_left_out_and_integers_are_floats() -> None:
    """Fields with defaults need not be there; a whole number is a share, a list a tuple."""
    assert from_plain(Sample, {**PLAIN, "share": 1}) == Sample(number=1, share=1.0, pair=("a", 2))
    assert from_plain(Sample, {**PLAIN, "either": None}).either is None
    assert from_plain(Sample, {**PLAIN, "either": "public"}).either is Sensitivity.PUBLIC


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": "1"}, "`Sample.number` must be int"),
        ({"number": True}, "`Sample.number` must be int"),
        ({"share": True}, "`Sample.share` must be float"),
        ({"pair": ["a"]}, "`Sample.pair` must have 2 items"),
        ({"pair": "ab"}, "`Sample.pair` must be a list"),
        ({"pair": ["a", "b"]}, r"`Sample\.pair\[1\]` must be int"),
        ({"names": [1]}, r"`Sample\.names\[0\]` must be str"),
        ({"choice": "secret"}, "'secret' is not a valid Sensitivity"),
        ({"either": "secret"}, "`Sample.either` must be an object; 'secret'"),
        ({"extra": []}, "`Sample.extra` must be an object"),
        ({"extra": {"k": {}}}, "`Sample.extra`: parameter `k` must be a scalar"),
        ({"other": 1}, "`Sample` has no `other`"),
    ],
)
def test_a_wrong_shape_is_named_by_its_place(change: dict[str, object], said: str) -> None:
    """Unknown names and wrong types raise `ValueError` saying where."""
    with pytest.raises(ValueError, match=said):
        from_plain(Sample, {**PLAIN, **change})


def test_a_missing_field_is_named() -> None:
    """A field without a default must be there, in an object."""
    with pytest.raises(ValueError, match="`Sample` lacks `number`"):
        from_plain(Sample, {"share": 1.0, "pair": ["a", 2]})
    with pytest.raises(ValueError, match="`Sample` must be an object"):
        from_plain(Sample, [])


def test_what_is_not_vocabulary_has_no_plain_form() -> None:
    """Bytes, sets and classes are refused, not guessed at."""

    class Strange(Enum):
        NUMBER = 1

    assert to_plain(Strange.NUMBER) == "1"
    for value in (b"x", {1}, Sample):
        with pytest.raises(TypeError, match="is not part of the vocabulary"):
            to_plain(value)


@settings(deadline=None)
@given(st.dictionaries(st.text(), SCALARS))
def test_parameters_do_not_depend_on_order(values: dict[str, object]) -> None:
    """The same names and values are equal, hash alike and list alike in any order."""
    one, other = Parameters(values), Parameters(dict(reversed(values.items())))
    assert one == other
    assert hash(one) == hash(other)
    assert list(one) == list(other) == sorted(values)
    assert repr(one) == repr(other)
    assert len(one) == len(values)
    assert one != values


def test_parameters_give_values_by_type() -> None:
    """Whole numbers, texts and lists are given as such; defaults where they are missing."""
    parameters = Parameters({"n": 4}, t="x", s=["a", "b"])
    assert (parameters["n"], parameters.integer("n", 0), parameters.integer("m", 7)) == (4, 4, 7)
    assert (parameters.text("t"), parameters.text("u"), parameters.text("u", "d")) == ("x", "", "d")
    assert (parameters.texts("s"), parameters.texts("u")) == (("a", "b"), ())


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda one: one.integer("t", 0), "`t` must be a whole number"),
        (lambda one: one.integer("b", 0), "`b` must be a whole number"),
        (lambda one: one.text("b"), "`b` must be a string"),
        (lambda one: one.texts("t"), "`t` must be a list of strings"),
        (lambda _: Parameters(x=None), "`x` must be a scalar or a list"),
        (lambda _: Parameters(x=[1]), "`x` must be a scalar or a list"),
    ],
)
def test_a_parameter_of_another_type_is_refused(ask: object, said: str) -> None:
    """Asking for, or giving, a value of the wrong type raises `TypeError` with its name."""
    with pytest.raises(TypeError, match=said):
        ask(Parameters(t="x", b=True))  # type: ignore[operator]  # a table of lambdas


def test_a_rules_hash_covers_what_is_enforced_only() -> None:
    """Confidence and candidates explain a rule; its control changes it."""
    draft = make_draft()
    rule = draft.access[0]
    assert rule_sha256(rule) == rule_sha256(replace(rule, confidence=0.1, candidates=()))
    assert rule_sha256(rule) != rule_sha256(replace(rule, control=Control(operator=Operator.NULL)))
    assert rule_sha256(draft.encryption[0]) != rule_sha256(draft.retention[0])


def test_hashes_leave_out_what_is_not_content() -> None:
    """A draft's id, a catalogue's time and the hashes themselves do not count; the rest does."""
    draft, catalog, organisation = make_draft(), make_catalog(), make_organisation()
    assert draft_sha256(replace(draft, id=DraftId("x"), sha256=Sha256Hex("y"))) == draft.sha256
    assert draft_sha256(replace(draft, decision_points=1)) != draft.sha256
    assert catalog_sha256(replace(catalog, scanned_at="later")) == catalog.sha256
    assert catalog_sha256(replace(catalog, dialect="postgresql")) != catalog.sha256
    assert organisation_sha256(organisation) != organisation_sha256(
        replace(organisation, name="Other Bank")
    )
