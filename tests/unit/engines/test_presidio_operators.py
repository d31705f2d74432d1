"""Our masks as Presidio operators: equal to the table's, refused as everywhere."""

import hashlib
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult
from presidio_anonymizer.operators import Operator as PresidioOperator
from presidio_anonymizer.operators import OperatorType

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.engines.presidio_operators import anonymizer_operators
from policy_service.masking.anonymizer import presidio_operators
from policy_service.masking.table import mask_table
from policy_service.masking.values import REDACTED


class Keys:
    def key(self, name: str) -> bytes:
        if name == "absent":
            raise KeyError(name)
        return hashlib.sha256(name.encode()).digest()


KEYS = Keys()
OPERATORS: dict[str, PresidioOperator] = {
    made().operator_name(): made() for made in presidio_operators(keys=KEYS)
}
CASES: list[tuple[Operator, dict[str, object]]] = [
    (Operator.NULL, {}),
    (Operator.REDACT, {}),
    (Operator.REPLACE, {"with": "x"}),
    (Operator.GENERALISE, {"to": "year"}),
    (Operator.GENERALISE, {"to": "prefix", "keep": 2}),
    (Operator.BUCKET, {"width": 10}),
    (Operator.PARTIAL, {"first": 1, "last": 2}),
    (Operator.SYNTHETIC, {"kind": "name", "key": "care"}),
    (Operator.PSEUDONYMISE, {"key": "care"}),
    (Operator.TOP_BOTTOM, {"low": 1, "high": 9}),
    (Operator.CLEAR, {}),
]
TEXTS = st.text(max_size=12) | st.from_regex(r"[0-9]{6}", fullmatch=True) | st.dates().map(str)


@pytest.mark.parametrize(("operator", "parameters"), CASES, ids=str)
@settings(max_examples=12, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_operate_equals_the_vectorised_form(
    operator: Operator, parameters: dict[str, object], texts: list[str]
) -> None:
    """Presidio's `operate` shows what a table's column shows; nothing becomes `[redacted]`."""
    control = Control(operator=operator, parameters=Parameters(parameters))
    column = mask_table(pl.DataFrame({"c": texts}), controls={"c": control}, keys=KEYS)["c"]
    shown = [REDACTED if one is None else str(one) for one in column.to_list()]
    mine = OPERATORS[f"ps_{operator.value}"]
    assert [mine.operate(text, {**parameters, "entity_type": "ANY"}) for text in texts] == shown


@settings(max_examples=12, deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{6,9}|[A-Z]{3}-[0-9]{4}", fullmatch=True), min_size=1))
def test_format_preserving_operates_the_same(texts: list[str]) -> None:
    """FF1 under Presidio's interface equals FF1 over a column."""
    control = Control(operator=Operator.FORMAT_PRESERVING, parameters=Parameters(key="care"))
    column = mask_table(pl.DataFrame({"c": texts}), controls={"c": control}, keys=KEYS)["c"]
    mine = OPERATORS["ps_format_preserving"]
    assert [mine.operate(text, {"key": "care"}) for text in texts] == column.to_list()


def test_the_anonymizer_of_presidio_runs_them() -> None:
    """Presidio's own engine masks its findings with our operators."""
    engine = AnonymizerEngine()
    for made in presidio_operators(keys=KEYS):
        engine.add_anonymizer(made)
    masked = engine.anonymize(
        "Anna Nova, card 4111111111111234",
        [RecognizerResult("PERSON", 0, 9, 1.0), RecognizerResult("CARD", 16, 32, 1.0)],
        {
            "PERSON": OperatorConfig("ps_deny"),
            "CARD": OperatorConfig("ps_partial", {"last": 4}),
        },
    )
    assert masked.text == "[redacted], card ••••••••••••1234"


def test_every_cell_operator_is_there() -> None:
    """Each operator of single values has its Presidio form; those of whole tables have none."""
    names = {f"ps_{one.value}" for one in Operator if not one.needs_whole_table}
    assert set(OPERATORS) == names
    assert all(one.operator_type() is OperatorType.Anonymize for one in OPERATORS.values())


def test_wrong_parameters_and_keys_are_told_before_any_text() -> None:
    """Validation refuses what masking would refuse."""
    with pytest.raises(KeyUnavailableError, match="absent"):
        OPERATORS["ps_pseudonymise"].validate({"key": "absent"})
    with pytest.raises(KeyUnavailableError, match="names no key"):
        OPERATORS["ps_pseudonymise"].validate()
    with pytest.raises(MaskingError, match="width"):
        OPERATORS["ps_bucket"].validate({"width": 0})
    with pytest.raises(MaskingError, match="must be a scalar"):
        OPERATORS["ps_replace"].validate({"with": object()})
    OPERATORS["ps_pseudonymise"].validate({"key": "care", "entity_type": "PERSON"})


def test_without_presidio_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Presidio is not installed the message names what to install."""
    monkeypatch.setitem(sys.modules, "presidio_anonymizer.operators", None)
    with pytest.raises(MaskingError, match=r"policy-service\[text\]"):
        anonymizer_operators({})
