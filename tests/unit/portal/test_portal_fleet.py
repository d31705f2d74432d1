"""The page of enforcement points: what each runs, what is wrong, and who may forget one."""

from datetime import timedelta

from policy_service.domain.fleet import PointReport
from policy_service.domain.identifiers import Revision
from policy_service.kit.clock import FixedClock
from policy_service.workflows.fleet import list_points, save_report
from tests.fixtures.web import Web


def report(web: Web, name: str, revision: int, **changes: object) -> None:
    """Report as a point would."""
    given = PointReport(
        name=name,
        source="bank",
        revision=Revision(revision),
        directory=1,
        keyset=1,
        in_force_since="2026-03-02T12:00:00.000000Z" if revision else "",
        **{"stale": False, "software": "0.1.0", **changes},
    )
    save_report(web.platform, given, account="ole")


def test_an_empty_fleet_says_what_to_do(web: Web) -> None:
    """Before any report the page says how points appear, and shows the keys."""
    web.session("vera")
    page = web.client.get("/fleet").text
    assert "No enforcement point has reported" in page
    assert web.platform.signer.key_id in page


def test_points_are_shown_worst_first(web: Web) -> None:
    """Failing and stale points come before those that are current, with error and revision."""
    web.publish()
    report(web, "good", 1)
    report(web, "late", 0, stale=True)
    report(web, "broken", 1, error="the service answers <503>")
    web.session("vera")
    page = web.client.get("/fleet").text
    assert "1 of 3 enforcement points are current" in page
    assert page.index(">late<") < page.index(">broken<") < page.index(">good<")
    assert "the service answers &lt;503&gt;" in page
    assert "denies everything" in page
    assert "Forget" not in page


def test_an_administrator_forgets_a_silent_point(web: Web, clock: FixedClock) -> None:
    """Only what has gone silent can be forgotten on the page, by an administrator."""
    report(web, "gone", 1)
    signed_in = web.session("ada")
    assert "Forget" not in web.client.get("/fleet").text
    clock.advance(timedelta(minutes=10))
    signed_in = web.session("ada")
    assert "Forget<" in web.client.get("/fleet").text
    form = {"csrf": signed_in.csrf, "name": "gone"}
    answer = web.client.post("/fleet/forgotten", data=form)
    assert answer.headers["location"] == "/fleet?done=forgotten"
    assert list_points(web.platform) == ()
    assert web.client.post("/fleet/forgotten", data=form).status_code == 404
