"""The portal in a real browser: with and without scripts, narrow and wide, light and dark."""

import shutil
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from policy_service.workflows.accounts import make_sign_in_link
from tests.fixtures.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NARROW, WIDE = 400, 1280


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless, that calls nobody."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture
def address(web: Web) -> Iterator[str]:
    """The application on a free loopback port."""
    config = uvicorn.Config(
        web.client.app, port=0, log_level="error", ws="none", lifespan="off", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def _signed_in(web: Web, browser: Browser, address: str, name: str, **options: object) -> Page:
    """Open a page of `name`, signed in by a one-time link."""
    context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]  # passed on
    page = context.new_page()
    page.goto(f"/sign-in/{make_sign_in_link(web.platform, name, actor='test')}")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    return page


def test_a_reviewer_works_without_scripts(web: Web, browser: Browser, address: str) -> None:
    """Approve, reject with a reason, read the history: forms and links alone do it."""
    page = _signed_in(web, browser, address, "vera", java_script_enabled=False)
    page.get_by_role("link", name="Test Bank").click()
    page.get_by_role("link", name="Review 13 rules").click()
    page.get_by_role("button", name="Approve").click()
    assert page.get_by_role("status").inner_text() == "Approved."
    assert page.url.split("?")[0].endswith("/rules/R-0002")
    page.get_by_role("link", name="Reject").click()
    form = page.get_by_role("form", name="Reject")
    form.get_by_label("Reason").fill("tellers need no district")
    form.get_by_role("button", name="Reject the rule").click()
    page.goto(f"/drafts/{web.draft.id}/rules/R-0002")
    assert page.get_by_text("“tellers need no district”").is_visible()
    page.context.close()


def test_the_keyboard_does_what_the_buttons_show(web: Web, browser: Browser, address: str) -> None:
    """`j` goes on, `r` opens the form with the cursor in it, `a` approves; typing does neither."""
    page = _signed_in(web, browser, address, "vera")
    page.goto(f"/drafts/{web.draft.id}/rules/R-0001")
    page.keyboard.press("j")
    page.wait_for_url("**/rules/R-0002")
    page.keyboard.press("r")
    reason = page.get_by_role("form", name="Reject").get_by_label("Reason")
    page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type("aj")
    assert reason.input_value() == "aj"
    page.goto(f"/drafts/{web.draft.id}/rules/R-0002")
    page.keyboard.press("a")
    page.wait_for_url("**/rules/R-0003?done=approved*")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(
    web: Web, browser: Browser, address: str, scheme: str
) -> None:
    """Axe finds nothing serious on any page; no script or style is blocked on one."""
    web.publish()
    page = _signed_in(web, browser, address, "ada", color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    found = []
    for path in _paths(web):
        page.goto(path)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                found.append((path, violation["id"], nodes))
    assert not found
    assert not [one for one in complaints if "Content Security Policy" in one]
    page.context.close()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_pages_fit_their_window(web: Web, browser: Browser, address: str, width: int) -> None:
    """At 400 pixels tables scroll in their own frame; the page itself does not."""
    page = _signed_in(web, browser, address, "ada", viewport={"width": width, "height": 800})
    for path in _paths(web):
        page.goto(path)
        found = page.evaluate(
            """width => document.documentElement.scrollWidth <= width ? [] :
            [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > width)
            .map(one => one.outerHTML.slice(0, 120))""",
            width,
        )
        assert not found, path
    page.context.close()


def test_the_sign_in_page_has_no_barrier(browser: Browser, address: str) -> None:
    """The first page that anybody sees is checked as well."""
    page = browser.new_page()
    page.goto(f"{address}/sign-in")
    violations = Axe().run(page).response["violations"]
    assert not [one["id"] for one in violations if one["impact"] in ("serious", "critical")]
    page.close()


def _paths(web: Web) -> tuple[str, ...]:
    draft = f"/drafts/{web.draft.id}"
    return (
        "/",
        draft,
        f"{draft}/rules/R-0003",
        f"{draft}/rules/E-0001",
        "/catalog",
        "/corpus",
        "/corpus/gdpr/art-5/1/c",
        "/bundles",
        "/decisions",
        "/audit/report",
        "/models",
        "/accounts",
        "/me",
        "/nothing",
    )
