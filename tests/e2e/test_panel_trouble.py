"""The panel where something goes wrong in the middle: sessions that end, a daemon that goes and comes back, two tabs,
another route's files by guessing, names that mean ill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.browser import PASSWORD, Site, Visit, chromium, panel_on, visiting
from e2e.daemon import House, awaited, homes_csv, make_house, make_model, running

expect.set_options(timeout=30_000)
HOSTILE = '"><img src=x onerror=alert(1)> ' + "w" * 120 + ".csv"


def listed(house: House, stem: str) -> dict[str, Any]:
    """Return the receipt of a drop that the panel knows: a job is in its lists a moment after it was published."""
    receipt = house.await_receipt("default", stem)
    awaited(house.at_rest, "it to be accounted for", house.log)
    return receipt


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("trouble")
    return make_house(folder / "root", {"default": "", "homes": ""}, model=make_model(folder / "model" / "price"))


@pytest.fixture(scope="module")
def daemon(house: House) -> Iterator[ExitStack]:
    """The daemon runs; whoever closes the stack stops it, and enters `running` again."""
    with ExitStack() as stack:
        stack.enter_context(running(house))
        yield stack


@pytest.fixture(scope="module")
def site(house: House, daemon: ExitStack) -> Iterator[Site]:
    with panel_on(house) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def admin(browser: Browser, site: Site) -> str:
    with visiting(browser, site) as visit:
        join(visit, f"{site.url}/setup/{site.link().rpartition('/')[2]}", "ada")
    return "ada"


@pytest.fixture
def visit(browser: Browser, site: Site, admin: str) -> Iterator[Visit]:
    with visiting(browser, site) as found:
        found.enter(admin)
        yield found


def join(visit: Visit, link: str, name: str = "") -> None:
    visit.page.goto(link)
    if name:
        visit.page.get_by_label("Name").fill(name)
    visit.page.get_by_label("New password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Set the password").click()
    expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()


def bad_csv() -> str:
    return homes_csv(5).replace("H00001,21.5,2", "H00001,twenty,2").replace("H00003,23.5,4", "H00003,23.5,four")


def drop(house: House, name: str, content: str, route: str = "") -> None:
    partial = house.root / "inbox" / route / ".moving.part"
    partial.write_text(content)
    partial.rename(partial.with_name(name))


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


def end_my_other_sessions(visit: Visit) -> None:
    """What somebody does who has left a browser open elsewhere."""
    visit.go("/account")
    visit.page.locator("#again").fill(PASSWORD)
    visit.page.get_by_role("button", name="End all others").click()
    expect(visit.page.get_by_text("Saved.")).to_be_visible()


def log_in_again(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_cells_that_are_being_mended_outlive_their_session(browser: Browser, site: Site, admin: str) -> None:
    drop(site.house, "halfway.csv", bad_csv())
    code = listed(site.house, "halfway")["code"]
    with visiting(browser, site) as visit:
        visit.enter(admin)
        visit.go(f"/jobs/{code}/mend")
        page = visit.page
        page.get_by_label("B3 area").fill("21.5")
        page.get_by_label("C5 rooms").fill("4")
        with visiting(browser, site) as elsewhere:
            elsewhere.enter(admin)
            end_my_other_sessions(elsewhere)
        page.get_by_role("button", name="Save and score").click()
        log_in_again(page, admin)
        expect(page.get_by_label("B3 area")).to_have_value("21.5")
        expect(page.get_by_label("C5 rooms")).to_have_value("4")
        page.get_by_role("button", name="Save and score").click()
        expect(page.get_by_text("All 5 rows were scored.")).to_be_visible()
        assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))") == []


def test_a_file_that_is_mended_badly_is_mended_again(visit: Visit, site: Site) -> None:
    page = visit.page
    drop(site.house, "twice.csv", bad_csv())
    code = listed(site.house, "twice")["code"]
    visit.go(f"/jobs/{code}/mend")
    page.get_by_label("B3 area").fill("21.5")
    page.get_by_role("button", name="Save and score").click()
    expect(page.get_by_text("Nothing was scored")).to_be_visible()
    page.get_by_role("link", name="twice.csv").click()
    page.get_by_role("link", name="Mend it here").click()
    page.get_by_label("C5 rooms").fill("4")
    page.get_by_role("button", name="Save and score").click()
    expect(page.get_by_text("All 5 rows were scored.")).to_be_visible()
    visit.go("/?view=replaced&q=twice")
    expect(page.locator('tbody[data-list="replaced"] tr')).to_have_count(2)


def test_an_upload_after_the_session_ended_says_so_and_leads_to_the_login(
    browser: Browser, site: Site, admin: str, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_text(homes_csv(400_000))
    with visiting(browser, site) as visit:
        visit.enter(admin)
        visit.go("/upload")
        page = visit.page
        page.get_by_label(re.compile("You can drop them here")).set_input_files([large])
        with visiting(browser, site) as elsewhere:
            elsewhere.enter(admin)
            end_my_other_sessions(elsewhere)
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("link", name="Log in again").click()
        log_in_again(page, admin)
        expect(page.get_by_role("heading", name="Upload files")).to_be_visible()
        visit.complaints = [one for one in visit.complaints if "401" not in one]
    assert not list((site.house.root / "state" / "uploads").iterdir())


def test_a_live_list_says_when_its_session_is_over(browser: Browser, site: Site, admin: str) -> None:
    with visiting(browser, site) as visit:
        visit.enter(admin)
        page = visit.page
        with visiting(browser, site) as elsewhere:
            elsewhere.enter(admin)
            end_my_other_sessions(elsewhere)
        expect(page.get_by_text("This list is not kept up to date any more.")).to_be_visible(timeout=60_000)
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_label("Password")).to_be_visible()
        visit.complaints = [one for one in visit.complaints if "MIME type" not in one]


def test_what_one_tab_does_the_other_shows_and_an_action_that_came_too_late_says_why(
    visit: Visit, browser: Browser, site: Site
) -> None:
    drop(site.house, "tabs.csv", bad_csv())
    first, second = visit.page, visit.context.new_page()
    for page in (first, second):
        page.goto(f"{site.url}/?view=attention")
        expect(row(page, "tabs.csv")).to_be_visible()
    row(second, "tabs.csv").get_by_role("link", name="tabs.csv").click()
    mine = row(first, "tabs.csv")
    mine.get_by_text("Actions").click()
    mine.get_by_role("button", name="Delete").click()
    expect(first.locator("#told")).to_contain_text("trashed")
    second.get_by_role("button", name="Archive").click()  # of a page from before
    expect(second.locator("#told")).to_contain_text("lies in the trash: bring it back first")
    expect(second.locator("#job")).to_contain_text("in the trash")
    second.get_by_role("button", name="Bring back").click()
    expect(second.locator("#told")).to_contain_text("back")
    expect(second.locator("#job")).to_contain_text("failed")


def test_another_routes_job_is_not_found_by_guessing(browser: Browser, site: Site, admin: str) -> None:
    drop(site.house, "secret.csv", homes_csv(4))
    receipt = listed(site.house, "secret")
    link = site.invite("bob", "operator", "homes")
    with visiting(browser, site) as visit:
        join(visit, link)
        for name in (receipt["code"], receipt["job"]):
            for path in ("", "/mend", "/receipt", "/files/result", "/files/input"):
                found = visit.page.request.get(f"{site.url}/jobs/{name}{path}")
                assert found.status == 404 and "secret.csv" not in found.text()
            for verb in ("retry", "archive", "delete", "undo", "score"):
                found = visit.page.request.post(f"{site.url}/jobs/{name}/{verb}", headers={"origin": site.url})
                assert found.status == 404
        assert visit.page.request.get(f"{site.url}/uploads/{receipt['job']}").status == 404
        visit.go("/?view=all&q=secret")
        expect(visit.page.get_by_text("No files match.")).to_be_visible()


@pytest.mark.parametrize("width", [400, 1380])
def test_hostile_and_long_names_are_text_and_do_not_widen_the_page(
    browser: Browser, site: Site, admin: str, width: int
) -> None:
    drop(site.house, HOSTILE, bad_csv())
    with visiting(browser, site, viewport={"width": width, "height": 900}) as visit:
        visit.enter(admin)
        page = visit.page
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        visit.go("/?view=attention&q=onerror")
        link = page.locator(".name a").first
        expect(link).to_have_text(HOSTILE)
        link.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
        address = page.url
        for path in ("/?view=all", address.removeprefix(site.url), f"{address.removeprefix(site.url)}/mend", "/audit"):
            visit.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_daemon_that_goes_and_comes_back_is_told_while_one_looks(
    visit: Visit, house: House, daemon: ExitStack
) -> None:
    page = visit.page
    visit.go("/")
    alert = page.get_by_text("The daemon is not running.")
    expect(alert).to_be_hidden()
    daemon.close()
    expect(alert).to_be_visible()
    drop(house, "patient.csv", homes_csv(4))
    daemon.enter_context(running(house))
    expect(alert).to_be_hidden()
    expect(page.locator('tbody[data-list="done"] tr', has_text="patient.csv")).to_contain_text("delivered")
