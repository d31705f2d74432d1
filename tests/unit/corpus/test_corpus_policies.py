"""The policies folder: standards, floors, controls, categories, Casbin model, organisations."""

import re
from pathlib import Path
from typing import Any

import casbin
import pytest
import yaml
from casbin.persist.adapters import StringAdapter

from policy_service.corpus.categories import load_category_table
from policy_service.corpus.collection import Corpus, load_corpus
from policy_service.corpus.taxonomy import data_categories, data_uses
from policy_service.domain.asset import LegalClass, Sensitivity
from policy_service.domain.control import Operator
from policy_service.domain.control_parameters import SPECS
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import DataCategory, category_covers
from policy_service.domain.provision import InstrumentKind, Strength

STANDARDS = {"access-control", "classification", "cryptography", "masking", "retention"}


@pytest.fixture(scope="module")
def policies(repository: Path) -> Path:
    """The folder of the organisation's own policies."""
    return repository / "policies"


@pytest.fixture(scope="module")
def corpus(repository: Path) -> Corpus:
    """Everything that ships: regulations and standards."""
    return load_corpus([repository / "regulations_corpus", repository / "policies/standards"])


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_standards_are_internal_instruments(policies: Path) -> None:
    """The five internal standards read as instruments, each clause with a typed obligation."""
    standards = load_corpus([policies / "standards"])
    assert {one.id for one in standards.instruments} == STANDARDS
    assert {one.kind for one in standards.instruments} == {InstrumentKind.INTERNAL}
    assert [one.id for one in standards.provisions if not one.obligations] == []
    assert [one.id for one in standards.provisions if not 100 <= len(one.text) <= 700] == []


def test_sections_of_standards_fit_their_ids(policies: Path) -> None:
    """The section of a standard is the last part of its id in capitals: `ACCESS-3`."""
    for one in load_corpus([policies / "standards"]).provisions:
        assert one.section == one.id.split("/")[1].upper()


def test_every_floor_on_the_list_is_a_floor(policies: Path, corpus: Corpus) -> None:
    """The list of floors names existing obligations of floor strength, each once and with a why."""
    listed = _yaml(policies / "floors.yaml")["floors"]
    floors = {one.id for one in corpus.obligations(strength=Strength.FLOOR)}
    names = [entry["obligation"] for entry in listed]
    assert sorted(set(names) - floors) == []
    assert len(names) == len(set(names))
    assert all(
        entry["why"].endswith(".") and set(entry) == {"obligation", "why"} for entry in listed
    )


def test_every_own_and_every_eu_floor_is_on_the_list(policies: Path, corpus: Corpus) -> None:
    """No floor of an internal standard or of an EU law is missing from the list."""
    names = {entry["obligation"] for entry in _yaml(policies / "floors.yaml")["floors"]}
    complete = STANDARDS | {one.id for one in corpus.instruments if "EU" in one.jurisdictions}
    floors = {
        one.id
        for one in corpus.obligations(strength=Strength.FLOOR)
        if one.provision.split("/")[0] in complete
    }
    assert sorted(floors - names) == []


def test_the_catalogue_describes_every_operator(policies: Path) -> None:
    """Each operator has one entry in the catalogue, in the order of the domain."""
    controls = _yaml(policies / "controls.yaml")["controls"]
    assert list(controls) == [operator.value for operator in Operator]
    fields = {
        "title", "shows", "preserves", "reveals", "reversible", "reversible_by",
        "scope", "deterministic", "accepts", "sql", "parameters",
    }  # fmt: skip
    properties = {"joins", "order", "format", "length", "aggregates"}
    for name, entry in controls.items():
        assert set(entry) == fields
        assert set(entry["preserves"]) == properties
        assert set(entry["parameters"]) == {one.name for one in SPECS[Operator(name)]}


def test_only_keyed_operators_are_reversible(policies: Path) -> None:
    """What can be turned back is what a key or a vault was needed for."""
    controls = _yaml(policies / "controls.yaml")["controls"]
    reversible = {name for name, entry in controls.items() if entry["reversible"]}
    assert reversible == {
        "encrypt", "tokenise", "pseudonymise", "format_preserving", "date_shift",
    }  # fmt: skip
    assert all("key" in controls[name]["parameters"] for name in reversible)


def test_the_category_table_covers_the_taxonomy(policies: Path) -> None:
    """Every default fideslang category is listed, and everything about a user is personal data."""
    table = load_category_table(policies / "data_categories.yaml")
    assert {entry.category for entry in table.entries} == data_categories()
    for entry in table.entries:
        personal = LegalClass.PERSONAL_DATA in entry.legal_classes
        assert personal == entry.category.startswith("user")


def test_the_category_table_answers_for_what_values_reveal(policies: Path) -> None:
    """Sensitivity and legal classes are the widest of the category and of what it reveals."""
    table = load_category_table(policies / "data_categories.yaml")
    email = DataCategory("user.contact.email")
    card = DataCategory("user.financial.credit_card")
    assert table.sensitivity(email) is Sensitivity.CONFIDENTIAL
    assert table.sensitivity(email, (card,)) is Sensitivity.RESTRICTED
    assert LegalClass.CARDHOLDER_DATA in table.legal_classes(email, (card,))
    assert table.label(email) == "e-mail address"
    assert table.entry(email).identifying


def test_restricted_categories_and_column_encryption_agree(policies: Path, corpus: Corpus) -> None:
    """What the table calls restricted is exactly what CRYPTO-1 has encrypted by column."""
    covered = corpus.get("cryptography/crypto-1").obligations[0].data_categories
    for entry in load_category_table(policies / "data_categories.yaml").entries:
        encrypted = any(category_covers(wide, entry.category) for wide in covered)
        assert encrypted == (entry.sensitivity is Sensitivity.RESTRICTED), entry.category


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("user.contact.mail: {sensitivity: internal, label: x}", "unknown data category"),
        ("user.contact: {sensitivity: secret, label: x}", "`user.contact` `sensitivity`"),
        ("user.contact: {sensitivity: internal}", "`label`"),
        ("user.contact: {sensitivity: internal, label: x, colour: red}", "`colour`"),
        ("user.contact: {sensitivity: internal, label: x, legal_classes: [gdpr]}", "line 2"),
    ],
)
def test_a_wrong_category_row_is_refused(tmp_path: Path, row: str, said: str) -> None:
    """A row with an unknown key, level or class is refused with its line and its key."""
    path = tmp_path / "Table.yaml"
    path.write_text(f"categories:\n  {row}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape("`Table.yaml`, line 2")) as caught:
        load_category_table(path)
    assert said in caught.value.message


def _enforcer(policies: Path, *rows: str) -> casbin.Enforcer:
    model = str(policies / "casbin/standard.conf")
    return casbin.Enforcer(model, StringAdapter("\n".join(rows)))


def test_the_standard_model_runs_on_pycasbin(policies: Path) -> None:
    """Roles inherit, resources nest, purposes bind or are `*`, and the default is deny."""
    enforcer = _enforcer(
        policies,
        "p, clerk, bank.customers, read, marketing, allow, R-0001",
        "p, clerk, user.contact, read, *, allow, R-0002",
        "g, ann, senior",
        "g, senior, clerk",
        "g2, bank.customers.name, bank.customers",
        "g2, bank.tickets.email, user.contact",
    )
    assert enforcer.enforce("ann", "bank.customers.name", "read", "marketing")
    assert not enforcer.enforce("ann", "bank.customers.name", "read", "analytics")
    assert not enforcer.enforce("ann", "bank.customers.name", "update", "marketing")
    assert enforcer.enforce("ann", "bank.tickets.email", "read", "analytics")
    assert not enforcer.enforce("bob", "bank.customers.name", "read", "marketing")


def test_in_the_standard_model_a_deny_outweighs_every_allow(policies: Path) -> None:
    """One matching deny turns any number of matching allows into a denial."""
    enforcer = _enforcer(
        policies,
        "p, clerk, t, read, *, allow, R-0001",
        "p, clerk, c, read, *, allow, R-0002",
        "p, clerk, c, read, marketing, deny, R-0003",
        "g, ann, clerk",
        "g2, c, t",
    )
    assert enforcer.enforce("ann", "c", "read", "analytics")
    assert not enforcer.enforce("ann", "c", "read", "marketing")


@pytest.mark.parametrize("name", ["bank", "hospital"])
def test_a_sample_organisation_is_whole(policies: Path, corpus: Corpus, name: str) -> None:
    """Purposes are data uses, separated roles exist, and the regulations are in the corpus."""
    organisation = _yaml(policies / "organisations" / f"{name}.yaml")
    jobs = {job["id"]: job for job in organisation["job_functions"]}
    assert 9 <= len(jobs) == len(organisation["job_functions"])
    for job in jobs.values():
        assert set(job) == {"id", "title", "duties", "purposes", "headcount"}
        assert set(job["purposes"]) <= data_uses()
    for pair in organisation["separation_of_duties"]:
        assert len(pair) == 2
        assert set(pair) <= set(jobs)
    assert organisation["review"] == {"low": 1, "medium": 1, "high": 2}
    picked = corpus.select(regulations=organisation["regulations"])
    assert len(picked.instruments) >= len(STANDARDS) + len(organisation["regulations"])
