"""The real panel as a process, and Debian's Chromium to look at it."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from e2e.daemon import DROPSCORE, House, awaited

PASSWORD = "orange kettle on the roof"
CHROMIUM = Path("/usr/bin/chromium")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()


@dataclass
class Site:
    """A panel that runs on a root."""

    house: House
    url: str
    log: Path

    def link(self) -> str:
        """Return the one-time link of the first admin, as the panel printed it."""
        found = re.search(r"http://\S+/setup/\S+", self.log.read_text())
        assert found, self.log.read_text()
        return found[0]

    def invite(self, name: str, role: str, *routes: str) -> str:
        """Add a user by the command line; return the address of the set-up link on this panel."""
        ticks = [part for route in routes for part in ("--route", route)]
        printed = self.house.call("user", "add", name, "--role", role, *ticks).strip()
        return f"{self.url}/setup/{printed.rpartition('/')[2]}"


@contextlib.contextmanager
def panel_on(house: House) -> Iterator[Site]:
    """Run `dropscore web` on a free port; in the end it is stopped by SIGTERM, with its streams open or not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = house.root / "panel.log"
    with log.open("ab") as out:
        command = [DROPSCORE, "web", "--config", house.config, "--port", str(port)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        awaited(lambda: _answers(url), "the panel", log)
        yield Site(house, url, log)
        assert process.poll() is None, log.read_text()[-4000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert process.returncode == 0, log.read_text()[-4000:]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/login", timeout=5) as found:
            return bool(found.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """One browser window of one person. What its console complains of is kept."""

    site: Site
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.site.url}{path}")

    def enter(self, name: str) -> None:
        self.go("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.site.url}/**")

    def serious(self) -> list[dict[str, Any]]:
        """Return what axe-core finds serious or critical on this page."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            {"id": one["id"], "help": one["help"], "at": [node["html"][:200] for node in one["nodes"]][:3]}
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]


@contextlib.contextmanager
def visiting(browser: Browser, site: Site, **options: Any) -> Iterator[Visit]:
    """Open a window; in the end its console must not have complained, least of all of the content policy."""
    settings = {"locale": "en-GB", "viewport": {"width": 1380, "height": 900}, **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(20_000)
    visit = Visit(site, context, context.new_page())

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(message.text)

    context.on("console", listen)
    context.on("weberror", lambda error: visit.complaints.append(str(error.error)))
    try:
        yield visit
    finally:
        context.close()
    assert visit.complaints == []


def settle(seconds: float = 1.5) -> None:
    """Give a thing that must *not* happen the time to happen."""
    time.sleep(seconds)
