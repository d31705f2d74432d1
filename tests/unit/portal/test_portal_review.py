"""Reviewing in the portal: what a reviewer sees, gives, and is refused."""

from dataclasses import replace

import pytest

from policy_service.domain.control import Control, Operator
from policy_service.domain.draft import Amendment, Candidate, Draft
from policy_service.domain.hashes import draft_sha256, rule_sha256
from policy_service.domain.identifiers import DraftId, ObligationId, RuleId, Sha256Hex
from policy_service.domain.review import VerdictKind
from policy_service.workflows.review import VerdictRequest, find_case, submit_verdict
from tests.builders import REDACTED
from tests.fixtures.web import Web, store_draft, web_draft

MANY = DraftId("dra_0000000000000002")


def _form(web: Web, csrf: str, rule: str, kind: str, **more: str) -> dict[str, str]:
    found = web.draft.rule(RuleId(rule))
    assert found is not None
    return {"csrf": csrf, "seen": rule_sha256(found), "kind": kind, **more}


def _path(web: Web, rule: str) -> str:
    return f"/drafts/{web.draft.id}/rules/{rule}"


def test_the_inbox_says_what_waits(web: Web) -> None:
    """The first page names the number of rules and each draft with its state."""
    web.session("vera")
    page = web.client.get("/").text
    assert "13 rules wait for a verdict" in page
    assert "Test Bank" in page


def test_the_draft_page_shows_rules_by_job_findings_and_impact(web: Web) -> None:
    """Rules stand under the job they are for; verification and impact beside them."""
    web.session("vera")
    page = web.client.get(f"/drafts/{web.draft.id}").text
    for words in ("Branch teller", "Encryption at rest", "Separation of duties", "publishable"):
        assert words in page
    assert "Who gains, who loses" in page
    assert "Does the engineer need account ids?" in page


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("role=teller", "R-0001", "R-0006"),
        ("risk=high", "R-0003", "R-0001"),
        ("state=approved", "No rule fits this filter", "R-0001"),
        ("category=user.financial", "R-0005", "R-0001"),
        ("state=mine&page=99", "R-0001", "No rule fits"),
    ],
)
def test_the_rules_are_filtered(web: Web, query: str, there: str, missing: str) -> None:
    """A filter keeps what fits and leaves out the rest."""
    web.session("vera")
    page = web.client.get(f"/drafts/{web.draft.id}?{query}").text
    assert there in page
    assert f">{missing}</a>" not in page


def test_the_rule_page_shows_why_what_and_who(web: Web) -> None:
    """The quote is marked in its clause, the row is written out, the others are named."""
    web.session("vera")
    page = web.client.get(_path(web, "R-0006")).text
    assert "<mark>Personal data are limited to what the purpose needs.</mark>" in page
    assert "pseudonymise(key=analytics.reporting)" in page
    assert "Branch teller" in page
    assert "0 of 1 approval" in page


def test_an_approval_leads_to_the_next_rule_that_waits(web: Web) -> None:
    """Post, redirect, get: a reload approves nothing twice."""
    csrf = web.session("vera").csrf
    answer = web.client.post(
        f"{_path(web, 'R-0001')}/verdicts", data=_form(web, csrf, "R-0001", "approve")
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{_path(web, 'R-0002')}?done=approved")
    assert "Approved." in web.client.get(answer.headers["location"]).text


def test_a_stale_approval_is_refused_humanely_and_loses_nothing(web: Web) -> None:
    """Law 4: content that changed meanwhile is shown anew; what was typed is still there."""
    csrf = web.session("vera").csrf
    amendment = VerdictRequest(
        rule=RuleId("R-0006"),
        kind=VerdictKind.AMEND,
        reason="tighter",
        amendment=Amendment(control=REDACTED),
    )
    submit_verdict(web.platform, web.draft.id, amendment, reviewer="sam")
    form = _form(web, csrf, "R-0006", "comment", reason="my long thought")
    answer = web.client.post(f"{_path(web, 'R-0006')}/verdicts", data=form)
    assert answer.status_code == 409
    assert "has changed since you opened it" in answer.text
    assert "my long thought" in answer.text
    assert len(find_case(web.platform, web.draft.id).verdicts) == 1


def test_a_rejection_needs_a_reason(web: Web) -> None:
    """Without a reason nothing is learned, so it is asked for."""
    csrf = web.session("vera").csrf
    form = _form(web, csrf, "R-0001", "reject")
    answer = web.client.post(f"{_path(web, 'R-0001')}/verdicts", data=form)
    assert answer.status_code == 409
    assert "give a reason" in answer.text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": "praise"}, "choose to approve"),
        ({"kind": "amend", "reason": "x", "control": "clear"}, "one of the controls"),
        ({"kind": "amend", "reason": "x"}, "say what shall stand"),
    ],
)
def test_a_form_that_was_tampered_with_is_refused(
    web: Web, more: dict[str, str], said: str
) -> None:
    """Only what the page offered can be chosen."""
    csrf = web.session("vera").csrf
    form = {**_form(web, csrf, "R-0006", "amend"), **more}
    answer = web.client.post(f"{_path(web, 'R-0006')}/verdicts", data=form)
    assert answer.status_code in (400, 409)
    assert said in answer.text.lower()


def test_settings_are_amended_by_name(web: Web) -> None:
    """A retention rule takes other days; what was not changed is not sent on."""
    csrf = web.session("vera").csrf
    form = _form(web, csrf, "T-0001", "amend", reason="the law says five years")
    form |= {"setting-max_days": "1825", "setting-action": "erase"}
    answer = web.client.post(f"{_path(web, 'T-0001')}/verdicts", data=form)
    assert answer.status_code == 303, answer.text
    assert "1825" in web.client.get(_path(web, "T-0001")).text
    wrong = {**form, "setting-max_days": "many"}
    assert web.client.post(f"{_path(web, 'T-0001')}/verdicts", data=wrong).status_code == 400


def test_a_candidate_is_chosen_as_the_right_control(web: Web) -> None:
    """An amendment picks one of the considered controls; its maker is told who approves."""
    draft = _with_candidates()
    store_draft(web.platform, draft)
    csrf = web.session("vera").csrf
    path = f"/drafts/{draft.id}/rules/R-0006"
    rule = draft.rule(RuleId("R-0006"))
    assert rule is not None
    assert "below a floor" in web.client.get(path).text
    form = {"csrf": csrf, "seen": rule_sha256(rule), "kind": "amend", "reason": "enough"}
    answer = web.client.post(f"{path}/verdicts", data={**form, "control": "redact"})
    assert answer.status_code == 303, answer.text
    page = web.client.get(answer.headers["location"]).text
    assert "You made this content: somebody else approves it." in page


def test_low_risk_rules_are_approved_together(web: Web) -> None:
    """Ticked rules, or all that are shown; one that changed stops them all."""
    csrf = web.session("vera").csrf
    path = f"/drafts/{web.draft.id}/approvals"
    seen = [f"{rule}:{_form(web, csrf, rule, '')['seen']}" for rule in ("R-0001", "R-0002")]
    stale = {"csrf": csrf, "rule": [seen[0], "R-0002:" + "0" * 64]}
    assert web.client.post(path, data=stale).status_code == 409
    assert not find_case(web.platform, web.draft.id).verdicts
    answer = web.client.post(path, data={"csrf": csrf, "rule": seen})
    assert "n=2" in answer.headers["location"]
    page = web.client.get(answer.headers["location"]).text
    assert "2 rules in one step" in page
    assert web.client.post(path, data={"csrf": csrf, "shown": seen}).status_code == 400


def test_rules_of_higher_risk_are_judged_one_by_one(web: Web) -> None:
    """The short way is for low risk only, whatever the form says."""
    csrf = web.session("vera").csrf
    seen = f"R-0003:{_form(web, csrf, 'R-0003', '')['seen']}"
    answer = web.client.post(
        f"/drafts/{web.draft.id}/approvals", data={"csrf": csrf, "all": "1", "shown": seen}
    )
    assert answer.status_code == 403


def test_whoever_does_not_review_sees_no_verdict_buttons(web: Web) -> None:
    """An auditor reads; a posted verdict is refused all the same."""
    csrf = web.session("ole").csrf
    assert 'value="approve"' not in web.client.get(_path(web, "R-0001")).text
    form = _form(web, csrf, "R-0001", "approve")
    assert web.client.post(f"{_path(web, 'R-0001')}/verdicts", data=form).status_code == 403


def test_markup_in_a_comment_stays_text(web: Web) -> None:
    """Law 7: what people write is shown, never run."""
    csrf = web.session("vera").csrf
    form = _form(web, csrf, "R-0001", "comment", reason="<script>alert(1)</script>")
    assert web.client.post(f"{_path(web, 'R-0001')}/verdicts", data=form).status_code == 303
    page = web.client.get(_path(web, "R-0001")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_verifying_again_is_started_from_the_page(web: Web) -> None:
    """The button starts the job; an unknown draft is not found."""
    csrf = web.session("vera").csrf
    answer = web.client.post(f"/drafts/{web.draft.id}/verifications", data={"csrf": csrf})
    assert answer.headers["location"].endswith("done=verifying")
    assert web.client.post("/drafts/dra_x/verifications", data={"csrf": csrf}).status_code == 404


@pytest.mark.parametrize("path", ["/drafts/dra_none", "/nothing", "/drafts/a%20b"])
def test_what_is_not_there_is_a_page_that_leads_on(web: Web, path: str) -> None:
    """A person gets a page with the way back, not a document for programs."""
    web.session("vera")
    answer = web.client.get(path)
    assert answer.status_code == 404
    assert "To the reviews" in answer.text


def test_an_unknown_rule_is_not_found(web: Web) -> None:
    """The rule's page and its form agree."""
    csrf = web.session("vera").csrf
    assert web.client.get(_path(web, "R-9999")).status_code == 404
    form = {"csrf": csrf, "kind": "approve", "seen": "0" * 64}
    assert web.client.post(f"{_path(web, 'R-9999')}/verdicts", data=form).status_code == 404


def _with_candidates() -> Draft:
    draft = web_draft()
    access = tuple(
        replace(
            rule,
            candidates=(
                Candidate(control=rule.control, prior=0.8, reward=0.0, probability=0.8),
                Candidate(control=REDACTED, prior=0.2, reward=0.0, probability=0.2),
                Candidate(
                    control=Control(operator=Operator.CLEAR),
                    prior=0.0,
                    reward=0.0,
                    probability=0.0,
                    excluded_by=ObligationId("gdpr/art-5/1/c#1"),
                ),
            ),
        )
        if rule.id == "R-0006"
        else rule
        for rule in draft.access
    )
    changed = replace(draft, id=MANY, access=access, sha256=Sha256Hex(""))
    return replace(changed, sha256=draft_sha256(changed))
