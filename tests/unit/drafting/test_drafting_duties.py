"""Duties in prose: what organisations nobody tuned for are read as."""

import pytest

from policy_service.domain.control import Action
from policy_service.domain.identifiers import DataCategory, Purpose
from policy_service.drafting.duties import Coverage, DutyProfile, Scope, Stance, read_duties
from tests.unit.drafting.tools import job


def profile(duties: str, *purposes: str, title: str = "Clerk") -> DutyProfile:
    """Read one sentence of duties."""
    return read_duties(job("clerk", duties, *purposes, title=title))


def writes(found: DutyProfile) -> dict[str, set[Action]]:
    """The nouns that positive clauses write, with their actions."""
    made: dict[str, set[Action]] = {}
    for clause in found.clauses:
        if clause.actions and not clause.negative:
            for noun in clause.nouns:
                made.setdefault(noun, set()).update(clause.actions)
    return made


@pytest.mark.parametrize(
    ("duties", "stance"),
    [
        ("Handles claims of policyholders.", Stance.TASK),
        ("Needs schema and counts, not the values of personal data.", Stance.STRUCTURE),
        ("Runs imports; sees none of the contents.", Stance.STRUCTURE),
        ("Reports on groups of members by age band.", Stance.AGGREGATE),
        ("Studies outcomes on pseudonyms.", Stance.PSEUDONYM),
        ("Predicts churn and never needs to know who a subscriber is.", Stance.PSEUDONYM),
        ("Compares groups of patients on pseudonyms joined across tables.", Stance.PSEUDONYM),
        ("Uses amounts, but never names or addresses in clear.", Stance.PSEUDONYM),
        ("Verifies the identity of the borrower.", Stance.IDENTITY),
        ("Answers requests of data subjects.", Stance.IDENTITY),
        ("Looks into any record.", Stance.OVERSIGHT),
    ],
)
def test_the_stance_is_read_from_its_markers(duties: str, stance: Stance) -> None:
    """How clearly persons are seen follows from what the duties say."""
    assert profile(duties).stance is stance


def test_a_secondary_purpose_never_keeps_identities() -> None:
    """A job that knows people sees pseudonyms for analysis and groups for marketing."""
    found = profile("Serves members in person; verifies the identity of each.")
    assert found.stance_for(Purpose("essential.service")) is Stance.IDENTITY
    assert found.stance_for(Purpose("analytics.reporting")) is Stance.PSEUDONYM
    assert found.stance_for(Purpose("marketing.advertising")) is Stance.AGGREGATE


@pytest.mark.parametrize(
    ("duties", "expected"),
    [
        ("Enters new claims.", {"claim": {Action.CREATE}}),
        ("Issues, blocks and replaces badges.", {"badge": {Action.CREATE, Action.UPDATE}}),
        ("Is responsible for deleting expired bookings.", {"expired": {Action.DELETE}}),
        ("The nurse reads charts and updates the care plan.", {"care": {Action.UPDATE}}),
        ("Keeps addresses correct.", {"address": {Action.UPDATE}}),
        ("Tracks orders, changes and returns.", {}),
        ("Reads invoices.", {}),
        ("Cannot change prices.", {}),
    ],
)
def test_writing_verbs_are_tied_to_their_objects(
    duties: str, expected: dict[str, set[Action]]
) -> None:
    """Who enters what is read off the verb and the nouns that follow it, and nothing else."""
    found = writes(profile(duties))
    for noun, actions in expected.items():
        assert found.get(noun, set()) >= actions
    if not expected:
        assert found == {}


@pytest.mark.parametrize(
    ("duties", "excluded"),
    [
        ("Plans shifts; has no business with salaries.", {"salary"}),
        ("Sells policies and never sees claims or diagnoses.", {"claim", "diagnose"}),
        ("Serves guests, without access to payments.", {"payment"}),
        ("Works on orders, but has no access to invoices.", {"invoice"}),
        ("Sees only patients of one ward and no bills.", {"bill"}),
        ("Enters results; needs neither addresses nor insurance.", {"address", "insurance"}),
        ("Serves guests.", set()),
    ],
)
def test_what_duties_exclude_is_kept_apart(duties: str, excluded: set[str]) -> None:
    """Negative clauses exclude their nouns, and only those."""
    found = profile(duties)
    nouns = {noun for clause in found.exclusions for noun in clause.nouns}
    assert excluded <= nouns
    assert not nouns & set(found.nouns)
    assert bool(nouns) == bool(excluded)


@pytest.mark.parametrize(
    "duties",
    [
        "Reads ledgers; writes nothing.",
        "Inspects files, read-only.",
        "Oversees; changes no records.",
    ],
)
def test_who_writes_nothing_is_read_only(duties: str) -> None:
    """Every way to say so makes the role read-only."""
    assert profile(duties).read_only


@pytest.mark.parametrize(
    ("duties", "scope"),
    [
        ("Serves clients of the teller's own branch.", Scope(attribute="branch", anchor="client")),
        ("Sees patients in their own ward only.", Scope(attribute="ward", anchor="patient")),
        ("Plans the own region.", Scope(attribute="region", anchor="")),
        ("Answers for the own work.", None),
        ("Sees all regions.", None),
    ],
)
def test_own_rows_are_read_as_a_scope(duties: str, scope: Scope | None) -> None:
    """`own X` names the attribute, and the noun before it what is narrowed."""
    found = profile(duties).scope
    if scope is None:
        assert found is None
    else:
        assert found is not None
        assert found.attribute == scope.attribute
        assert found.anchor in (scope.anchor, "plan", "the")


def test_coverage_follows_from_everything_and_from_oversight() -> None:
    """All tables, all personal data, or what is mentioned."""
    assert profile("Loads all tables.").coverage is Coverage.ALL
    assert profile("Oversees privacy.").coverage is Coverage.PERSONAL
    assert profile("Serves guests.").coverage is Coverage.MENTIONED
    assert profile("Examines controls.", title="Internal auditor").coverage is Coverage.ALL


def test_categories_are_mentioned_and_excluded_by_their_words() -> None:
    """`diagnoses` speaks of health; an exclusion takes the category out."""
    health = DataCategory("user.health_and_medical")
    assert profile("Needs diagnoses of patients.").mentions(health)
    away = profile("Registers patients; sees no diagnoses.")
    assert away.excludes(health)
    assert not away.mentions(health)


def test_reading_duties_twice_gives_the_same_profile() -> None:
    """Nothing about reading depends on order or chance."""
    text = "Issues cards, answers calls and never sees loans; works for the own branch."
    assert profile(text) == profile(text)
