"""The pages of application policies: read, approved by another, published."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from policy_service.api.access import SESSION_COOKIE
from policy_service.app import build_platform, close_platform, create_web
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.kit.clock import FixedClock
from policy_service.settings import Settings
from policy_service.workflows.accounts import add_account, make_sign_in_link, sign_in_by_link
from policy_service.workflows.applications import submit_application
from policy_service.workflows.platform import Platform
from tests.builders import NOW
from tests.fixtures.applications import NOTES, prepared_home, small_home

__all__ = ["prepared_home", "small_home"]
ACCOUNTS = {
    "rita": AccountRole.REVIEWER,
    "sam": AccountRole.REVIEWER,
    "ada": AccountRole.ADMINISTRATOR,
}


class Portal:
    """The portal with somebody signed in, and one submission of `sam`."""

    def __init__(self, platform: Platform, client: TestClient) -> None:
        self.platform = platform
        self.client = client
        self.row = submit_application(platform, NOTES, file="notes.yaml", actor="sam")
        self.path = f"/applications/{self.row.id}"

    def page(self, who: str, path: str = "") -> str:
        """Return a page as somebody sees it."""
        self._sign_in(who)
        answer = self.client.get(path or self.path)
        assert answer.status_code == 200
        return answer.text

    def post(self, who: str, step: str, **form: str) -> tuple[int, str]:
        """Send a form as somebody; return the status and the page, or where it leads."""
        csrf = self._sign_in(who)
        answer = self.client.post(f"{self.path}/{step}", data={"csrf": csrf, **form})
        return answer.status_code, answer.headers.get("location", answer.text)

    def _sign_in(self, who: str) -> str:
        token = make_sign_in_link(self.platform, who, actor="test")
        signed_in = sign_in_by_link(self.platform, token)
        self.client.cookies.set(SESSION_COOKIE, signed_in.token)
        return signed_in.csrf


@pytest.fixture
def portal(small_home: Path) -> Iterator[Portal]:
    """The web application over the shipped corpus, with three accounts."""
    built = build_platform(Settings(home=small_home), clock=FixedClock(NOW))
    platform = replace(built, registers_reviewers=False)
    for name, role in ACCOUNTS.items():
        group = ReviewGroup.SECURITY if role is AccountRole.REVIEWER else None
        add_account(platform, name=name, role=role, group=group, actor="test")
    with TestClient(create_web(platform), follow_redirects=False) as client:
        yield Portal(platform, client)
    close_platform(platform)


def test_a_reviewer_reads_rules_clauses_and_the_file(portal: Portal) -> None:
    """Everything that is approved stands on the page, and nothing acts in it."""
    page = portal.page("rita")
    assert "Writers write what they own." in page
    assert "a person without that attribute sees no row" in page
    assert "resource.owner == subject.id" in page
    assert "application: notes" in page
    assert "style=" not in page
    assert "Approve</button>" in page
    assert portal.path in portal.page("rita", "/applications")


def test_approved_by_another_then_published(portal: Portal) -> None:
    """Law 4, step by step; each button is there for who may press it."""
    assert "Somebody else approves it." in portal.page("sam")
    own, page = portal.post("sam", "approval", sha256=portal.row.sha256)
    assert own == 403
    assert "submitted" in page
    assert portal.post("ada", "approval", sha256=portal.row.sha256)[0] == 403
    early, page = portal.post("ada", "publication")
    assert early == 409
    assert "have somebody else approve it first" in page
    done, location = portal.post("rita", "approval", sha256=portal.row.sha256)
    assert (done, location) == (303, f"{portal.path}?done=approved")
    assert "Publish</button>" not in portal.page("rita")
    assert "Publish</button>" in portal.page("ada")
    assert portal.post("ada", "publication")[1] == f"{portal.path}?done=published"
    assert "1 application policy is live" in portal.page("ada", "/applications")
    assert "Publish again</button>" in portal.page("ada")


def test_turned_down_with_a_reason(portal: Portal) -> None:
    """The reason stands on the page; without one nothing changes."""
    assert portal.post("rita", "rejection", reason=" ")[0] in (400, 422)
    assert portal.post("rita", "rejection", reason="too wide")[0] == 303
    page = portal.page("sam")
    assert "too wide" in page
    assert "rejected" in page


def test_another_content_than_the_page_showed_is_not_approved(portal: Portal) -> None:
    """The form carries the hash of what was read."""
    status, page = portal.post("rita", "approval", sha256="0" * 64)
    assert status == 409
    assert "is not what was looked at" in page
