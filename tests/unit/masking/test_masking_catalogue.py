"""The typed catalogue of operators and the file that reviewers read say the same."""

from pathlib import Path

import pytest
import yaml

from policy_service.domain.control import Operator
from policy_service.masking.catalogue import CATALOGUE, DIALECTS


def test_every_operator_is_in_the_catalogue() -> None:
    """No operator is left undescribed."""
    assert list(CATALOGUE) == list(Operator)


@pytest.mark.parametrize("operator", list(Operator))
def test_catalogue_agrees_with_the_file(operator: Operator, repository: Path) -> None:
    """What the file tells reviewers is what the product states."""
    file = repository / "policies" / "controls.yaml"
    if not file.exists():
        pytest.skip("policies/controls.yaml is not there")
    entry = yaml.safe_load(file.read_text(encoding="utf-8"))["controls"][operator.value]
    facts = CATALOGUE[operator]
    assert [name for name, kept in entry["preserves"].items() if kept] == list(facts.preserves)
    assert entry["reversible"] == facts.reversible
    assert entry["reveals"] == facts.reveals
    assert entry["reversible_by"] == facts.reversible_by
    assert entry["scope"] == facts.scope
    assert entry["deterministic"] == facts.deterministic
    assert tuple(entry["accepts"]) == facts.accepts
    assert entry["sql"] == {dialect: facts.sql_form(dialect) for dialect in DIALECTS}
    assert tuple(entry["parameters"]) == facts.parameters
