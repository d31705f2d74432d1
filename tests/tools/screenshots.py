"""Make the pictures of README: `python -m tests.tools.screenshots OUT_DIR`.

A throw-away home with the sample bank, drafted and verified, served on a free loopback
port, looked at by Debian's Chromium as `reviewer-1`. Nothing outside OUT_DIR is kept.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from policy_service.app import build_platform, close_platform, create_web
from policy_service.settings import load_settings
from policy_service.workflows.accounts import make_sign_in_link
from policy_service.workflows.draft import list_drafts
from policy_service.workflows.platform import Platform
from policy_service.workflows.reading import read_draft

REVIEWER = "reviewer-1"
WIDTH, HEIGHT = 1280, 860
LIMIT_BYTES = 250_000
COLOURS = 128
_WAIT_S = 30


def main() -> None:
    """Save `portal-draft.png` and `portal-rule.png`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, _sample_bank(Path(name)) as platform:
        draft = list_drafts(platform)[0].id
        rule = _masked_rule(platform, draft)
        link = f"/sign-in/{make_sign_in_link(platform, REVIEWER, actor=REVIEWER)}"
        with _served(platform) as address, _page(address) as page:
            page.goto(link)
            page.get_by_role("main").get_by_role("button", name="Sign in").click()
            _save(page, f"/drafts/{draft}", folder / "portal-draft.png")
            _save(page, f"/drafts/{draft}/rules/{rule}", folder / "portal-rule.png")


@contextmanager
def _sample_bank(home: Path) -> Iterator[Platform]:
    """Build the home that `quickstart` makes, in a process of its own, and open it."""
    os.environ["POLICY_SERVICE_HOME"] = str(home)
    command = [sys.executable, "-m", "policy_service", "quickstart", "--no-serve"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    platform = build_platform(load_settings())
    try:
        yield platform
    finally:
        close_platform(platform)


def _masked_rule(platform: Platform, draft: str) -> str:
    """Choose a rule that shows much: partly masked, for some rows only, else the first."""
    rules = read_draft(platform, draft).view.draft.access
    telling = (one for one in rules if one.row_filter and one.control.operator.value == "partial")
    return next(telling, rules[0]).id


@contextmanager
def _served(platform: Platform) -> Iterator[str]:
    config = uvicorn.Config(create_web(platform), port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up = time.monotonic() + _WAIT_S
    while not server.started:
        if time.monotonic() > give_up or not thread.is_alive():
            raise SystemExit("the portal did not start")
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextmanager
def _page(address: str) -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("`chromium` is not installed: the pictures stay as they are")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        context = browser.new_context(
            base_url=address,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
        )
        yield context.new_page()
        browser.close()


def _save(page: Page, path: str, file: Path) -> None:
    """Save what the window shows, in 128 colours: a third of the size, and no eye sees it."""
    page.goto(path)
    with Image.open(BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(file, optimize=True)
    if file.stat().st_size > LIMIT_BYTES:
        raise SystemExit(f"`{file.name}` is larger than {LIMIT_BYTES:,} bytes")


if __name__ == "__main__":
    main()
