"""A masking proposed for the sample bank: within the floors, measured, showing nobody's value."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
import typer
import yaml

from policy_service.cli import masking_choice as command
from policy_service.domain.control import CLEAR, Operator
from policy_service.domain.control_text import read_control
from policy_service.domain.draft import AccessRule
from policy_service.domain.errors import (
    ConflictError,
    DraftingError,
    FourEyesError,
    NotFoundError,
    UsageError,
)
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import silent
from policy_service.domain.review import VerdictKind
from policy_service.kit.canonical import canonical_json
from policy_service.masking.choice.search import Goal
from policy_service.workflows import draft as drafting
from policy_service.workflows import review
from policy_service.workflows.masking_choice.prediction import read_target
from policy_service.workflows.masking_choice.proposal import Proposal, ProposalRequest
from policy_service.workflows.masking_choice.propose import propose, submit
from policy_service.workflows.platform import Platform

REQUEST = ProposalRequest(
    source="bank",
    role="risk-data-scientist",
    purpose="analytics",
    goal=Goal(k=3),
    tables=("customers", "loans"),
    target="loans.status=defaulted,late",
)


def ask(platform: Platform, **changed: object) -> Proposal:
    """Propose, with something changed."""
    request = replace(REQUEST, **changed)  # type: ignore[arg-type]
    return propose(platform, request, actor="author", progress=silent)


def real_values(platform: Platform) -> frozenset[str]:
    """Every value of every table of the sample bank, as text."""
    with sqlite3.connect(f"file:{platform.folder / 'sample-bank.db'}?mode=ro", uri=True) as opened:
        names = [
            row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        found = frozenset(
            str(cell)
            for name in names
            for row in opened.execute(f'SELECT * FROM "{name}"')
            for cell in row
            if cell is not None
        )
    opened.close()
    return found


def cells(proposal: Proposal) -> Iterator[str]:
    """Every whole value of the samples: before, and after where no class or part is shown."""
    coarse = {
        (one.table, one.column)
        for one in proposal.columns
        if one.control.startswith(("generalise", "bucket", "partial"))
    }
    for sample in proposal.samples:
        for column in sample.columns:
            whole = () if (sample.table, column.column) in coarse else column.after
            yield from (str(one) for one in (*column.before, *whole) if one is not None)


def rules(platform: Platform, proposal: Proposal) -> dict[str, AccessRule]:
    """The rules of the draft by id."""
    draft = drafting.find_draft(platform, proposal.draft).draft
    return {str(one.id): one for one in draft.access}


def test_a_proposal_reaches_its_goal_and_shows_no_value(bank_platform: Platform) -> None:
    """The goal is met within the floors; no cell of the sample, no long text, is in the data."""
    before = drafting.find_draft(bank_platform, bank_draft_of(bank_platform)).draft
    made = ask(bank_platform)
    real = real_values(bank_platform)
    shown = list(cells(made))
    assert len(shown) > 20
    born = next(
        column
        for sample in made.samples
        for column in sample.columns
        if column.column == "date_of_birth"
    )
    assert None not in (*born.before, *born.after)
    assert not real & set(shown)
    printed = canonical_json(to_plain(made)).decode()
    personal = {value for value in real if len(value) >= 8 and any(one.isdigit() for one in value)}
    assert not [value for value in personal if f'"{value}"' in printed]
    (customers,) = [one for one in made.anonymity if one.table == "customers"]
    assert customers.before.k == 1
    assert customers.after.k >= 3
    known = rules(bank_platform, made)
    for one in made.amendments:
        excluded = {c.control for c in known[one.rule].candidates if c.excluded_by is not None}
        assert one.control not in excluded
        assert one.was == known[one.rule].control != one.control
    for column in made.columns:
        if known[column.rule].control.operator is Operator.DENY:
            assert column.control == "deny"
    assert made.utility.prediction is not None
    assert 0.5 <= made.utility.prediction.auc_clear <= 1
    assert {one.rate for one in made.utility.joins} <= {0.0, 1.0}
    assert drafting.find_draft(bank_platform, made.draft).draft == before
    check_printed(made)


def bank_draft_of(platform: Platform) -> str:
    """The id of the bank's one draft."""
    return drafting.list_drafts(platform)[0].id


def check_printed(made: Proposal) -> None:
    """The amendments as YAML are what `review --amend` reads; printing them all works."""
    written = yaml.safe_load(command.amendments_yaml(made))
    assert [read_control(one["amend"]) for one in written["amendments"]] == [
        one.control for one in made.amendments
    ]
    command._print(made)


def test_amendments_are_submitted_and_judged_by_others(bank_platform: Platform) -> None:
    """Who submits a proposal cannot approve it; what is below a floor is refused whole."""
    made = ask(bank_platform, target="", tables=("customers",))
    first = made.amendments[0]
    only = replace(made, amendments=(first,))
    assert submit(bank_platform, only, reviewer="reviewer-1") == 1
    assert rules(bank_platform, made)[first.rule].control == first.control
    with pytest.raises(FourEyesError):
        review.submit_verdict(
            bank_platform,
            made.draft,
            review.VerdictRequest(rule=first.rule, kind=VerdictKind.APPROVE),
            reviewer="reviewer-1",
        )
    floored = next(
        rule
        for rule in rules(bank_platform, made).values()
        if any(one.excluded_by and one.control == CLEAR for one in rule.candidates)
    )
    low = replace(first, rule=floored.id, control=CLEAR)
    with pytest.raises(DraftingError, match="below the mandatory floor"):
        submit(bank_platform, replace(made, amendments=(low,)), reviewer="reviewer-1")


def test_what_cannot_be_asked_is_refused_plainly(bank_platform: Platform) -> None:
    """An unknown role, table, draft, target or guarded column is named, as is a goal too high."""
    for changed, kind, words in (
        ({"role": "nobody"}, NotFoundError, "`nobody` nothing to read"),
        ({"tables": ("employees",)}, NotFoundError, "reads nothing of `employees`"),
        ({"source": "other"}, NotFoundError, "no draft of `other`"),
        (
            {"source": "other", "draft": bank_draft_of(bank_platform)},
            ConflictError,
            "of source `bank`",
        ),
        ({"target": "loans"}, UsageError, "not a target"),
        ({"target": "loans.colour=red"}, NotFoundError, "no column `loans.colour`"),
        ({"target": "loans.status=nothing"}, UsageError, "at least 5 rows"),
        ({"goal": Goal(k=3, l=2), "sensitive": ("customers.x",)}, NotFoundError, "no column `x`"),
        ({"goal": Goal(k=10**6)}, UsageError, "fewer rows than k"),
        ({"goal": Goal(k=3, l=9), "tables": ("loans",)}, UsageError, "l and t guard nothing"),
    ):
        with pytest.raises(kind, match=words):
            ask(bank_platform, **changed)
    assert read_target("a.b.c = x, y").values == ("x", "y")


def test_kept_columns_and_suppression_are_heeded(bank_platform: Platform) -> None:
    """A kept column loses less than the others, and emptied cells stay within the share."""
    made = ask(
        bank_platform,
        target="",
        tables=("customers",),
        keep=("customers.gender",),
        quasi=("customers.marketing_consent",),
        goal=Goal(k=3, suppressed=0.5),
    )
    (found,) = made.anonymity
    assert "marketing_consent" in found.quasi
    assert found.after.k >= 3
    assert found.suppressed <= 0.5


def test_a_named_column_is_guarded_by_l(bank_platform: Platform) -> None:
    """A shown column that is named as sensitive has its different values counted in each class."""
    made = ask(
        bank_platform,
        target="",
        tables=("accounts",),
        quasi=("accounts.branch_id",),
        sensitive=("accounts.product",),
        goal=Goal(k=2, l=2),
    )
    (found,) = made.anonymity
    assert found.sensitive == ("product",)
    assert (found.after.l or 0) >= 2


def test_the_command_refuses_to_apply_for_nobody() -> None:
    """Amendments have an author: without `--as` nothing is read."""
    with pytest.raises(UsageError, match="say who amends"):
        command.propose_masking(source="bank", role="r", purpose="p", apply=True)
    app = typer.Typer()
    command.register(app)
    assert app.registered_commands[0].name == "propose-masking"
