"""The panel in a real browser, on the real daemon."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.browser import PASSWORD, Site, Visit, chromium, panel_on, settle, visiting
from e2e.daemon import House, awaited, homes_csv, make_house, make_model, running

SHOTS = Path(os.environ.get("PANEL_SCREENSHOTS", "/nonexistent"))
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("panel")
    routes = {"default": "", "homes": 'policy = "good-rows"', "slow": "quiet_seconds = 3600"}
    return make_house(folder / "root", routes, model=make_model(folder / "model" / "price"))


@pytest.fixture(scope="module")
def site(house: House) -> Iterator[Site]:
    with running(house), panel_on(house) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def admin(browser: Browser, site: Site) -> str:
    """Follow the link that the panel printed, once, and be the first admin."""
    link = f"{site.url}/setup/{site.link().rpartition('/')[2]}"
    with visiting(browser, site) as visit:
        visit.page.goto(link)
        visit.page.get_by_label("Name").fill("ada")
        visit.page.get_by_label("New password").fill(PASSWORD)
        visit.page.get_by_role("button", name="Set the password").click()
        expect(visit.page.get_by_role("link", name="ada")).to_be_visible()
        visit.page.get_by_role("button", name="Log out").click()
        expect(visit.page.get_by_label("Password")).to_be_visible()
    return "ada"


@pytest.fixture
def visit(browser: Browser, site: Site, admin: str) -> Iterator[Visit]:
    with visiting(browser, site) as found:
        found.enter(admin)
        yield found


def bad_csv() -> str:
    return homes_csv(5).replace("H00001,21.5,2", "H00001,twenty,2").replace("H00003,23.5,4", "H00003,23.5,four")


def files(tmp_path: Path, **contents: str) -> list[Path]:
    made = []
    for name, content in contents.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(content)
        made.append(path)
    return made


def drop(house: House, name: str, content: str, route: str = "") -> None:
    """Drop a file as a person with a shared drive does: written elsewhere, then renamed."""
    partial = house.root / "inbox" / route / f".{name}.part"
    partial.write_text(content)
    partial.rename(house.root / "inbox" / route / name)


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has=page.get_by_role("link", name=name, exact=True))


def upload(visit: Visit, paths: list[Path], how: str, route: str = "default") -> None:
    visit.go("/upload")
    visit.page.get_by_label("Route").select_option(route)
    visit.page.get_by_label(how).check()
    visit.page.get_by_label(re.compile("You can drop them here")).set_input_files(paths)
    visit.page.get_by_role("button", name="Upload").click()


def look_until(visit: Visit, path: str, right: Callable[[], bool]) -> None:
    """Go to a page again and again until it shows the state, as a reader without a script does."""

    def look() -> bool:
        visit.go(path)
        return right()

    awaited(look, path, visit.site.house.log)


def shoot(page: Page, name: str) -> None:
    """Take a picture for the papers, where they are asked for."""
    if SHOTS.is_dir():
        page.screenshot(path=SHOTS / f"{name}.png")


def test_files_are_checked_before_they_are_scored_and_the_result_is_offered(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    upload(visit, files(tmp_path, good=homes_csv(40), bad=bad_csv()), "Check first")
    expect(page.get_by_text("All done.")).to_be_visible()
    expect(page.get_by_text("twenty")).to_be_visible()
    expect(page.get_by_text("All 40 rows are fine.")).to_be_visible()
    page.get_by_role("button", name="Score it good.csv").click()
    expect(page.get_by_text("All 40 rows were scored.")).to_be_visible()
    page.get_by_role("link", name="good.csv").click()
    expect(page.get_by_role("heading", name="The predictions")).to_be_visible()
    expect(page.get_by_role("img", name="price")).to_be_visible()
    expect(page.get_by_role("heading", name="The first rows of the result")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Result").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    shoot(page, "job")


def test_what_has_drifted_is_drawn_beside_the_training(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    large = "".join(f"H{number:05},{150 + number % 50}.5,{1 + number % 7}\n" for number in range(400))
    upload(visit, files(tmp_path, large=f"id,area,rooms\n{large}"), "Score at once")
    expect(page.get_by_text("All 400 rows were scored.")).to_be_visible()
    page.get_by_role("link", name="large.csv").click()
    expect(page.get_by_text("area is higher than in training")).to_be_visible()
    plot = page.get_by_role("img", name="area", exact=True)
    expect(plot).to_be_visible()
    assert plot.locator(".trained").count() and plot.locator(".batch").count()
    assert page.get_by_role("img", name="rooms", exact=True).count() == 0, "it is as in training"
    assert visit.serious() == []
    shoot(page, "drift")


def test_a_routes_template_is_downloaded_as_it_lies_in_its_inbox(visit: Visit, house: House) -> None:
    page = visit.page
    laid = house.root / "inbox" / "homes" / "_TEMPLATE.xlsx"
    awaited(laid.exists, "the template", house.log)
    visit.go("/upload")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel, with all choices homes").click()
    assert download.value.suggested_filename == "homes.template.xlsx"
    assert Path(download.value.path()).read_bytes() == laid.read_bytes()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV, the names alone homes").click()
    assert Path(download.value.path()).read_text("utf-8-sig").split() == ["area,rooms"]


def test_a_row_goes_from_waiting_to_done_without_a_reload_or_a_word_from_the_reader(visit: Visit, house: House) -> None:
    page = visit.page
    visit.go("/")
    page.evaluate("window.never_reloaded = true")
    # A slow writer: while the file grows it waits, and that is to be seen.
    written = 0
    with (house.root / "inbox" / "live.csv").open("w") as growing:
        growing.write("id,area,rooms\n")
        waiting = page.locator('tbody[data-list="progress"] td.name', has_text="live.csv")
        for written in range(1, 201):
            growing.write(f"H{written:05},40.5,2\n")
            growing.flush()
            if waiting.is_visible():
                break
            page.wait_for_timeout(100)
    assert 0 < written < 200, "it was never seen waiting"
    done = page.locator('tbody[data-list="done"] tr', has_text="live.csv")
    expect(done).to_contain_text("delivered")
    expect(page.locator("#said")).to_contain_text("live.csv: ✔ delivered")
    expect(page.get_by_role("heading", name=re.compile(r"Done \d"))).to_be_visible()
    assert page.evaluate("window.never_reloaded") is True


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_waiting_drops_are_taken_at_once_one_or_all(
    browser: Browser, site: Site, admin: str, house: House, script: bool
) -> None:
    names = [f"patient-{script}-{number}.csv" for number in range(3)]
    for name in names:
        drop(house, name, homes_csv(4), route="slow")
    with visiting(browser, site, java_script_enabled=script) as visit:
        page = visit.page
        visit.enter(admin)
        waiting = page.locator('tbody[data-list="progress"] tr', has_text=f"patient-{script}")
        look_until(visit, "/", lambda: waiting.count() == 3)
        page.get_by_role("button", name=f"Take now {names[1]}").click()
        expect(page.locator("#told")).to_contain_text(f"1 drop is taken: {names[1]}")
        assert house.await_receipt("slow", names[1].removesuffix(".csv"))["verdict"] == "delivered"
        look_until(visit, "/?view=progress&route=slow", lambda: waiting.count() == 2)
        page.get_by_role("button", name="Process all waiting").click()
        expect(page.locator("#told")).to_contain_text("2 drops are taken:")
        for name in names:
            assert house.await_receipt("slow", name.removesuffix(".csv"))["verdict"] == "delivered"
        button = page.get_by_role("button", name="Process all waiting")
        look_until(visit, "/?view=progress&route=slow", button.is_hidden)


def test_what_a_reader_is_doing_is_left_alone_while_rows_change(visit: Visit, house: House) -> None:
    page = visit.page
    drop(house, "touched.csv", bad_csv())
    visit.go("/")
    mine = row(page, "touched.csv")
    expect(mine).to_contain_text("failed")
    mine.get_by_text("Actions").click()
    button = mine.get_by_role("button", name="Archive")
    button.focus()
    drop(house, "another.csv", homes_csv(3))
    expect(page.locator('tbody[data-list="done"] tr', has_text="another.csv")).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_hidden()


def test_bad_cells_are_mended_in_the_browser_and_the_old_file_is_replaced(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    upload(visit, files(tmp_path, tomend=bad_csv()), "Score at once")
    expect(page.get_by_text("Nothing was scored")).to_be_visible()
    page.get_by_role("link", name="tomend.csv").click()
    shoot(page, "refused")
    page.get_by_role("link", name="Mend it here").click()
    expect(page.get_by_label("B3 area")).to_have_value("twenty")
    page.get_by_label("B3 area").fill("21.5")
    page.get_by_label("C5 rooms").fill("4")
    shoot(page, "mend")
    page.get_by_role("button", name="Save and score").click()
    expect(page.get_by_text("All 5 rows were scored.")).to_be_visible()
    visit.go("/?view=replaced")
    expect(row(page, "tomend.csv")).to_contain_text("what took its place")


def test_retry_archive_in_bulk_delete_and_undo(visit: Visit, house: House) -> None:
    page = visit.page
    for name in ("one", "two", "three"):
        drop(house, f"many-{name}.csv", bad_csv())
    visit.go("/?view=attention&q=many-")
    expect(page.locator('tbody[data-list="attention"] tr')).to_have_count(3)
    mine = row(page, "many-one.csv")
    mine.get_by_text("Actions").click()
    mine.get_by_role("button", name="Retry").click()
    expect(page.locator("#told")).to_contain_text("many-one.csv is tried again")
    visit.go("/?view=attention&q=many-")
    for name in ("many-two.csv", "many-three.csv"):
        page.get_by_label(f"Select {name}").check()
    page.locator("#bulk").get_by_role("button", name="Archive").click()
    expect(page.locator("#told")).to_contain_text("archived")
    expect(row(page, "many-two.csv")).to_have_count(0)
    visit.go("/?view=archived&q=many-")
    expect(page.locator('tbody[data-list="archived"] tr')).to_have_count(2)
    page.get_by_label("all that match").check()
    page.locator("#bulk").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("2 files would be moved to the trash.")).to_be_visible()
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("#told")).to_contain_text("trashed")
    visit.go("/?view=trash&q=many-")
    expect(page.locator('tbody[data-list="trash"] tr')).to_have_count(2)
    mine = row(page, "many-two.csv")
    mine.get_by_text("Actions").click()
    mine.get_by_role("button", name="Bring back").click()
    expect(page.locator("#told")).to_contain_text("back")
    expect(row(page, "many-two.csv")).to_have_count(0)
    assert list((house.root / "failed").glob("many-two.*.csv"))


def test_everything_works_without_javascript(browser: Browser, site: Site, admin: str, tmp_path: Path) -> None:
    with visiting(browser, site, java_script_enabled=False) as visit:
        page = visit.page
        visit.enter(admin)
        upload(visit, files(tmp_path, plain=bad_csv()), "Score at once", route="homes")
        for _ in range(40):
            if page.get_by_text("All done.").count():
                break
            page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("need fixing")).to_be_visible()
        page.get_by_role("link", name="plain.csv").click()
        page.get_by_role("link", name="Mend it here").click()
        page.get_by_label("B3 area").fill("21.5")
        page.get_by_label("C5 rooms").fill("4")
        page.get_by_role("button", name="Save and score").click()
        for _ in range(40):
            if page.get_by_text("All done.").count():
                break
            page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("were scored.")).to_be_visible()
        visit.go("/?view=done&q=plain")
        mine = row(page, "plain.csv")
        mine.locator("summary").click()
        mine.get_by_role("button", name="Delete").click()
        expect(page.locator("#told")).to_contain_text("trashed")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#told")).to_contain_text("back")
        page.get_by_role("searchbox").fill("nothing like it")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_text("No files match.")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()


def press_until(page: Page, wanted: Locator, key: str = "Tab", most: int = 60) -> None:
    """Press a key until that element has the focus: the keyboard alone must get there."""
    for _ in range(most):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_everything_is_reached_by_keyboard_alone(browser: Browser, site: Site, admin: str, house: House) -> None:
    drop(house, "keys.csv", bad_csv())
    with visiting(browser, site) as visit:
        page = visit.page
        visit.go("/login")
        page.keyboard.type(admin)  # the first field has the focus
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=admin)).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        mine = row(page, "keys.csv")
        expect(mine).to_be_visible()
        press_until(page, mine.locator("summary"), most=120)
        page.keyboard.press("Enter")
        press_until(page, mine.get_by_role("button", name="Archive"), most=5)
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("archived")
        press_until(page, page.get_by_role("button", name="Undo"))
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("back")
        press_until(page, page.get_by_role("button", name="Log out"))
        page.keyboard.press("Enter")
        expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(
    browser: Browser, site: Site, admin: str, house: House, scheme: str
) -> None:
    drop(house, f"axe-{scheme}.csv", bad_csv())
    with visiting(browser, site, color_scheme=scheme) as visit:
        page = visit.page
        visit.go("/login")
        assert visit.serious() == []
        visit.enter(admin)
        expect(row(page, f"axe-{scheme}.csv")).to_be_visible()
        page.locator("details.more summary").first.click()
        assert visit.serious() == []
        shoot(page, f"files-{scheme}")
        address = row(page, f"axe-{scheme}.csv").get_by_role("link", name="axe").get_attribute("href")
        done = page.locator('tbody[data-list="done"] .name a').first.get_attribute("href")
        for path in (address, f"{address}/mend", done, "/upload", "/overview", "/people", "/account", "/audit"):
            visit.go(str(path))
            assert visit.serious() == [], path
            if path == "/overview":
                shoot(page, f"overview-{scheme}")


def test_another_routes_files_are_not_there(browser: Browser, site: Site, admin: str, house: House) -> None:
    link = site.invite("bob", "sender", "homes")
    drop(house, "secret.csv", homes_csv(4))
    drop(house, "ours.csv", homes_csv(4), route="homes")
    with visiting(browser, site) as visit:
        visit.page.goto(link)
        visit.page.get_by_label("New password").fill(PASSWORD)
        visit.page.get_by_role("button", name="Set the password").click()
        expect(visit.page.locator('tbody[data-list="done"] tr', has_text="ours.csv")).to_be_visible()
        settle()
        expect(visit.page.get_by_text("secret.csv")).to_have_count(0)
        expect(visit.page.get_by_role("link", name="People")).to_have_count(0)


def test_the_panel_without_a_daemon_keeps_what_it_is_given_and_the_daemon_then_takes_it(
    browser: Browser, tmp_path: Path
) -> None:
    house = make_house(tmp_path / "root", {"default": ""}, model=make_model(tmp_path / "model" / "price"))
    with panel_on(house) as site, visiting(browser, site) as visit:
        page = visit.page
        page.goto(f"{site.url}/setup/{site.link().rpartition('/')[2]}")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_text("The daemon is not running.")).to_be_visible()
        for name in ("kept", "withdrawn"):
            upload(visit, files(tmp_path, **{name: homes_csv(6)}), "Score at once")
            expect(page.get_by_text("It waits for the daemon.")).to_be_visible()
        page.get_by_role("button", name="Withdraw").click()
        visit.go("/")
        expect(page.get_by_text("kept.csv").first).to_be_visible()
        with running(house):
            expect(page.locator('tbody[data-list="done"] tr', has_text="kept.csv")).to_contain_text("delivered")
            visit.go("/?view=all&q=withdrawn")
            expect(page.get_by_text("No files match.")).to_be_visible()


_WITHOUT_WEB = """
import sys
for name in ("fastapi", "starlette", "uvicorn", "pwdlib", "python_multipart"):
    sys.modules[name] = None  # as if the extra were not installed
from dropscore.cli import main
main()
"""


def test_the_daemon_without_a_panel_does_all_of_its_work_and_a_panel_then_shows_it(
    browser: Browser, tmp_path: Path
) -> None:
    house = make_house(tmp_path / "root", {"default": ""}, model=make_model(tmp_path / "model" / "price"))
    drop(house, "good.csv", homes_csv(6))
    drop(house, "bad.csv", bad_csv())
    command = [sys.executable, "-c", _WITHOUT_WEB, "run", "--once", "--config", str(house.config)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr
    assert house.await_receipt("default", "good")["verdict"] == "delivered"
    assert house.await_receipt("default", "bad")["verdict"] == "rejected"
    command[3:5] = ["web"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 1 and "pip install 'dropscore[web]'" in found.stderr
    with panel_on(house) as site, visiting(browser, site) as visit:
        visit.page.goto(f"{site.url}/setup/{site.link().rpartition('/')[2]}")
        visit.page.get_by_label("Name").fill("ada")
        visit.page.get_by_label("New password").fill(PASSWORD)
        visit.page.get_by_role("button", name="Set the password").click()
        expect(visit.page.locator('tbody[data-list="done"] tr', has_text="good.csv")).to_contain_text("delivered")
        expect(visit.page.locator('tbody[data-list="attention"] tr', has_text="bad.csv")).to_contain_text("failed")
