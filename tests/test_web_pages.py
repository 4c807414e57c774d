"""The pages: who sees what, what is shown, and what a click asks of the daemon."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog

from dropscore.domain.jobs import State, Verdict
from dropscore.receipt import Event, Times
from dropscore.web.people import audit
from dropscore.web.people.roles import Role
from panels import PASSWORD, Panel, panel_at, refused_csv


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path) as made:
        yield made


def section(page: str, view: str) -> str:
    found = re.search(rf'<tbody data-list="{view}">(.*?)</tbody>', page, re.DOTALL)
    assert found, f"no list {view}"
    return found[1]


# --- in and out ---------------------------------------------------------------------------------------------


def test_nobody_sees_anything_without_a_session(panel: Panel) -> None:
    panel.job()
    for path in ("/", "/overview", "/upload", "/people", "/audit", "/account", "/jobs/ABCDEFGH", "/live"):
        found = panel.client().get(path)
        assert found.status_code == 303 and found.headers["location"].startswith("/login?next="), path


def test_login_leads_back_to_the_page_but_never_to_another_site(panel: Panel) -> None:
    panel.user("ana")
    client = panel.client()
    for wanted, given in [("/overview?x=1", "/overview?x=1"), ("//evil.example", "/"), ("https://evil.example", "/")]:
        found = client.post("/login", data={"name": "ana", "password": PASSWORD, "next": wanted})
        assert found.headers["location"] == given


def test_a_form_that_is_sent_after_the_session_ended_leads_back_to_its_page(panel: Panel) -> None:
    client = panel.client()
    pages = {"/jobs/ABCDEFGH/mend": "/jobs/ABCDEFGH/mend", "/?view=done": "/?view=done", "//evil.example/": "/"}
    for page, back in pages.items():
        found = client.post("/jobs/ABCDEFGH/mend", headers={"referer": f"{panel.url}{page}"})
        [wanted] = parse_qs(urlsplit(found.headers["location"]).query)["next"]
        panel.as_("ana")
        answer = client.post("/login", data={"name": "ana", "password": PASSWORD, "next": wanted})
        assert answer.headers["location"] == back
        client.cookies.clear()
    found = client.post("/bulk", headers={"referer": "https://evil.example/x"})
    assert found.headers["location"] == "/login?next=%2F"


def test_an_upload_of_the_pages_script_is_told_that_its_session_is_over(panel: Panel) -> None:
    found = panel.client().post("/upload/raw?route=default&name=x.csv", content=b"a", headers={"hx-request": "true"})
    assert found.status_code == 401 and list(panel.root.uploads.iterdir()) == []


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(panel: Panel) -> None:
    panel.user("ana")
    answers = [panel.client().post("/login", data={"name": name, "password": "wrong"}) for name in ("ana", "nobody")]
    assert [found.status_code for found in answers] == [401, 401]
    assert answers[0].text.replace("ana", "nobody") == answers[1].text


def test_too_many_failures_are_told_to_wait(panel: Panel) -> None:
    client = panel.client()
    codes = [client.post("/login", data={"name": "x", "password": "y"}) for _ in range(8)]
    assert codes[0].status_code == 401 and codes[-1].status_code == 429
    assert int(codes[-1].headers["retry-after"]) >= 1


def test_the_session_is_new_at_login_and_the_old_one_is_worth_nothing_after_logout(panel: Panel) -> None:
    client = panel.as_("ana")
    first = client.cookies["dropscore"]
    client.post("/login", data={"name": "ana", "password": PASSWORD})
    assert client.cookies["dropscore"] != first
    second = client.cookies["dropscore"]
    assert client.get("/").status_code == 200
    client.post("/logout")
    for stolen in (first, second, "", "x" * 43):
        thief = panel.client()
        thief.cookies.set("dropscore", stolen)
        assert thief.get("/").status_code == 303


def test_a_planted_cookie_is_not_taken_over(panel: Panel) -> None:
    panel.user("ana")
    client = panel.client()
    client.cookies.set("dropscore", "planted")
    client.post("/login", data={"name": "ana", "password": PASSWORD})
    assert "planted" not in [cookie.value for cookie in client.cookies.jar if cookie.domain != ""]
    thief = panel.client()
    thief.cookies.set("dropscore", "planted")
    assert thief.get("/").status_code == 303


def test_the_set_up_link_works_once(panel: Panel) -> None:
    admin = panel.as_("root")
    page = admin.post("/people", data={"name": "bob", "role": "sender", "route": ["credit"]}).text
    link = re.search(r"/setup/[\w-]+", page)
    assert link
    bob = panel.client()
    assert "You are bob" in bob.get(link[0]).text
    assert bob.post(link[0], data={"password": "short"}).status_code == 422
    assert bob.post(link[0], data={"password": PASSWORD}).status_code == 303
    assert bob.get("/").status_code == 200
    assert panel.client().get(link[0]).status_code == 404


# --- lists --------------------------------------------------------------------------------------------------


def test_what_needs_attention_is_first_and_apart(panel: Panel) -> None:
    fine, bad = panel.job("fine.csv"), panel.job("bad.csv", Verdict.REJECTED)
    page = panel.as_("ana").get("/").text
    assert bad.code in section(page, "attention") and bad.code not in section(page, "done")
    assert fine.code in section(page, "done")
    assert page.index('data-list="attention"') < page.index('data-list="progress"') < page.index('data-list="done"')


def test_drops_that_wait_and_jobs_at_work_are_in_progress(panel: Panel) -> None:
    inbox = str(panel.root.inbox / "credit")
    waiting = {"route": "credit", "folder": inbox, "name": "w.csv", "waiting": "growing", "why": "Still changing."}
    ignored = {"route": "credit", "folder": inbox, "name": "~$x.csv", "waiting": "ignored-name", "why": "no drop"}
    working = {
        "job": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "code": "K7F2QXM4",
        "route": "credit",
        "name": "big.csv",
        "stage": "work",
        "claimed": "2027-03-01T10:00:00+00:00",
        "kind": "check",
        "sender": {"name": "nina", "via": "folder"},
        "progress": {"rows": 10, "bytes": 50, "total": 200},
    }
    panel.status(waiting=[waiting, ignored], jobs=[working])
    client = panel.as_("ana")
    assert "w.csv" not in client.get("/").text, "what a dead daemon said is no longer true"
    with panel.daemon():
        found = section(client.get("/").text, "progress")
        assert "Still changing." in found and "big.csv" in found and 'value="25"' in found
        assert "nina" in found and "check only" in found
        assert "~$x.csv" not in found
        assert "big.csv" in client.get("/jobs/K7F2QXM4").text or client.get("/jobs/K7F2QXM4").status_code == 404
        sales = panel.as_("bob", Role.VIEWER, ("sales",)).get("/").text
        assert "w.csv" not in sales and "big.csv" not in sales


def test_a_drop_that_was_taken_since_the_daemon_wrote_its_status_waits_no_more(panel: Panel) -> None:
    entry = {
        "route": "credit",
        "folder": str(panel.root.inbox / "credit"),
        "waiting": "growing",
        "why": "Still changing.",
    }
    waiting = [{**entry, "name": name} for name in ("done.csv", "earlier.csv")]
    panel.job("earlier.csv", route="credit", times=Times(claimed=panel.clock() - timedelta(minutes=1)))
    panel.status(waiting=waiting, written=(panel.clock() - timedelta(seconds=5)).isoformat())
    panel.job("done.csv", route="credit")
    client = panel.as_("ana")
    with panel.daemon():
        found = section(client.get("/?view=progress").text, "progress")
    assert "done.csv" not in found, "it would be there twice"
    assert "earlier.csv" in found, "another file of that name"


def test_many_that_wait_are_all_counted_and_the_first_of_them_shown(panel: Panel) -> None:
    folder = str(panel.root.inbox)
    entry = {"route": "default", "folder": folder, "waiting": "queued", "why": "Its turn comes."}
    panel.status(waiting=[{**entry, "name": f"w{number}.csv"} for number in range(700)])
    client = panel.as_("ana")
    with panel.daemon():
        page, overview = client.get("/?view=progress").text, client.get("/overview").text
        found = client.get("/?view=progress&q=w690.csv").text
    assert section(page, "progress").count("<tr ") == 50 and "The next 50 are shown." in page
    assert "w690.csv" in section(found, "progress")
    assert re.search(r'data-count="progress">700<', page) and "(700 waiting)" in overview


def test_without_a_daemon_the_panel_works_and_says_what_is_missing(panel: Panel) -> None:
    panel.job("fine.csv")
    client = panel.as_("ana")
    page = client.get("/").text
    assert "data-daemon>The daemon is not running" in page and "fine.csv" in page
    with panel.daemon():
        assert "data-daemon hidden>" in client.get("/").text


def test_without_a_ledger_the_panel_says_so(panel: Panel) -> None:
    client = panel.as_("ana")
    panel.ledger.close()
    for path in panel.root.state.glob("ledger.sqlite*"):
        path.unlink()
    found = client.get("/")
    assert found.status_code == 200 and "There is no ledger" in found.text


def test_filters_live_in_the_url_and_pages_follow_each_other(panel: Panel) -> None:
    for number in range(53):
        panel.job(f"sales-{number}.csv")
    panel.job("other.csv", route="credit")
    client = panel.as_("ana")
    seen: list[str] = []
    path = "/?view=done&q=sales"
    pages = 0
    while path:
        page = client.get(path).text
        seen += re.findall(r">(sales-\d+\.csv)</a>", page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
        pages += 1
    assert pages == 2 and len(seen) == len(set(seen)) == 53
    assert "other.csv" in client.get("/?view=all&route=credit").text
    assert "sales-1.csv" not in client.get("/?view=all&route=credit").text
    assert "No files match." in client.get("/?view=all&state=held").text


def test_odd_urls_are_taken_for_what_they_can_mean(panel: Panel) -> None:
    client = panel.as_("ana")
    for query in ("view=nothing", "state=nothing", "since=never", "before=x", "route=", "q=%00%ff", "batch=x"):
        assert client.get(f"/?{query}").status_code == 200, query


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.csv", '"><script>x</script>.csv', "a\u202ecsv.exe"])
def test_a_name_is_text_and_nothing_else(panel: Panel, name: str) -> None:
    receipt = panel.job(name, Verdict.REJECTED, sender="<b>bob</b>")
    client = panel.as_("ana")
    for path in ("/", f"/jobs/{receipt.code}", "/?view=all&q=%3Cimg"):
        page = client.get(path).text
        assert "<img src=x" not in page and "<script>x" not in page and "<b>bob" not in page


# --- one job ------------------------------------------------------------------------------------------------


def test_the_page_of_a_job_tells_all_and_offers_its_files(panel: Panel) -> None:
    receipt = refused_csv(panel)
    client = panel.as_("ana")
    page = client.get(f"/jobs/{receipt.code}").text
    for text in ("This is rejected.", "1 cell of <em>area</em> is no number.", "B3", "tvelve", receipt.input.sha256):
        assert text in page
    original = client.get(f"/jobs/{receipt.code}/files/input")
    assert original.content.startswith(b"id,area,rooms") and original.headers["x-sha256"] == receipt.input.sha256
    assert original.headers["content-disposition"] == f'attachment; filename="homes.{receipt.code}.csv"'
    assert client.get(f"/jobs/{receipt.code}/files/fix").content == b"a fix workbook"
    assert json.loads(client.get(f"/jobs/{receipt.job}/receipt").content)["code"] == receipt.code


def test_a_file_that_was_taken_away_is_gone_and_one_that_was_changed_is_not_handed_out(panel: Panel) -> None:
    receipt = panel.job()
    client = panel.as_("ana")
    result = panel.root.path / receipt.files[0].path
    path = f"/jobs/{receipt.code}/files/result"
    assert client.get(path).content == b"a workbook"
    result.write_bytes(b"another, longer content")
    assert client.get(path).status_code == 410
    result.unlink()
    assert client.get(path).status_code == 410
    result.symlink_to("/etc/passwd")
    assert client.get(path).status_code == 410
    assert "taken" in client.get(f"/jobs/{receipt.code}").text


def test_a_copy_in_state_serves_when_the_published_file_was_taken(panel: Panel) -> None:
    receipt = panel.job()
    published = panel.root.path / receipt.files[0].path
    copy = panel.root.results / receipt.job / published.name
    copy.parent.mkdir(parents=True)
    published.rename(copy)
    assert panel.as_("ana").get(f"/jobs/{receipt.code}/files/result").content == b"a workbook"


@pytest.mark.parametrize("part", ["..%2f..%2fstate%2fpeople.sqlite", "..%2fpasswd", "people.sqlite", "%00", "x" * 300])
def test_only_what_the_receipt_names_is_handed_out(panel: Panel, part: str) -> None:
    receipt = panel.job()
    assert panel.as_("ana").get(f"/jobs/{receipt.code}/files/{part}").status_code in (404, 400)


def test_the_trash_hands_out_nothing_and_the_archive_does(panel: Panel) -> None:
    receipt = panel.job(verdict=Verdict.REJECTED)
    client = panel.as_("ana")
    panel.ledger.record_event(receipt.job, Event(at=panel.clock(), event="trashed", by="ana"), State.TRASHED)
    assert client.get(f"/jobs/{receipt.code}/files/input").status_code == 410


# --- what a click asks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["retry", "archive", "delete", "undo"])
def test_an_action_is_a_request_that_waits_for_the_daemon_and_can_be_withdrawn(panel: Panel, verb: str) -> None:
    receipt = panel.job(verdict=Verdict.REJECTED)
    client = panel.as_("ana")
    found = client.post(f"/jobs/{receipt.code}/{verb}", data={"back": "/?view=attention"})
    assert found.status_code == 303 and found.headers["location"].startswith("/?view=attention&batch=")
    [request] = panel.requests()
    assert (request["verb"], request["job"], request["by"], request["via"]) == (verb, receipt.job, "ana", "panel")
    page = client.get(found.headers["location"]).text
    assert "1 wait for the daemon" in page
    batch = found.headers["location"].rpartition("=")[2]
    assert client.post(f"/batches/{batch}/withdraw", data={"back": "/"}).status_code == 303
    assert panel.requests() == []


def test_the_daemons_answer_is_told_and_a_delete_can_be_undone(panel: Panel) -> None:
    receipt = panel.job()
    client = panel.as_("ana")
    found = client.post(f"/jobs/{receipt.code}/delete", data={"back": "/"})
    [request] = panel.requests()
    answer = {"request": request["request"], "ok": True, "sentence": "sales.csv is trashed.", "job": receipt.job}
    (panel.root.requests_done / f"{request['request']}.json").write_text(json.dumps(answer))
    (panel.root.requests / f"{request['request']}.json").unlink()
    page = client.get(found.headers["location"]).text
    assert "sales.csv is trashed." in page and "Undo" in page
    batch = found.headers["location"].rpartition("=")[2]
    client.post(f"/batches/{batch}/undo", data={"back": "/"})
    assert [one["verb"] for one in panel.requests()] == ["undo"]
    assert panel.as_("eve").post(f"/batches/{batch}/undo").status_code == 404, "a batch is its maker's own"


def test_many_are_changed_at_once_and_all_that_match_only_after_a_question(panel: Panel) -> None:
    jobs = [panel.job(f"bad-{number}.csv", Verdict.REJECTED).job for number in range(60)]
    panel.job("fine.csv")
    client = panel.as_("ana")
    client.post("/bulk", data={"verb": "archive", "back": "/", "job": jobs[:3]})
    assert {one["job"] for one in panel.requests()} == set(jobs[:3])
    asked = client.post("/bulk", data={"verb": "archive", "back": "/?view=attention", "all": "1"})
    assert asked.status_code == 200 and "60 files would be archived." in asked.text
    assert len(panel.requests()) == 3
    client.post("/bulk", data={"verb": "delete", "back": "/?view=attention", "all": "1", "sure": "1"})
    assert {one["job"] for one in panel.requests() if one["verb"] == "delete"} == set(jobs)
    assert client.post("/bulk", data={"verb": "delete", "back": "/"}).status_code == 409, "nothing was selected"
    assert client.post("/bulk", data={"verb": "explode", "back": "/", "job": jobs[:1]}).status_code == 422


ROLES = [Role.VIEWER, Role.SENDER, Role.OPERATOR, Role.ADMIN]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("inside", [True, False], ids=["own-route", "other-route"])
def test_the_matrix_of_roles_routes_and_actions(panel: Panel, role: Role, inside: bool) -> None:
    """Role × route × action, over jobs of one's own and of others."""
    client = panel.as_("ana", role, ("credit",) if inside else ("sales",))
    theirs, own = refused_csv(panel, sender="bob", route="credit"), refused_csv(panel, sender="ana", route="credit")
    sees = inside or role is Role.ADMIN
    rank = ROLES.index(role)

    def expect(found: httpx.Response, allowed: bool, what: str) -> None:
        wanted = (200, 303) if allowed else (404, 403)
        assert found.status_code in wanted, f"{role} {what}: {found.status_code}"
        if not sees:
            assert theirs.name not in found.text, what

    for job in (theirs, own):
        for path in ("", "/receipt", "/files/input", "/files/fix"):
            expect(client.get(f"/jobs/{job.code}{path}"), sees, f"GET {path}")
        expect(client.get(f"/jobs/{job.code}/mend"), sees and rank >= 1, "GET mend")
        for verb in ("retry", "archive", "delete", "undo"):
            may = sees and (rank >= 2 or (rank == 1 and job is own))
            expect(client.post(f"/jobs/{job.code}/{verb}"), may, f"POST {verb}")
    assert (theirs.name in client.get("/").text) == sees
    upload = client.post("/upload", data={"route": "credit", "kind": "score"}, files={"files": ("x.csv", b"a\n1\n")})
    expect(upload, sees and rank >= 1, "upload")
    expect(client.get("/people"), role is Role.ADMIN, "people")
    expect(client.get("/audit"), role is Role.ADMIN, "audit")
    expect(client.post("/tokens", data={"name": "t", "scope": "read", "route": "*"}), role is Role.ADMIN, "tokens")
    bulk = client.post("/bulk", data={"verb": "delete", "back": "/", "job": [theirs.job]})
    assert bulk.status_code == (303 if sees and rank >= 2 else 403 if rank == 0 else 409)


def test_every_action_is_in_the_audit_log(panel: Panel) -> None:
    receipt = refused_csv(panel)
    client = panel.as_("ana")
    client.post(f"/jobs/{receipt.code}/retry")
    client.get(f"/jobs/{receipt.code}/files/input")
    client.post("/upload", data={"route": "credit"}, files={"files": ("x.csv", b"a\n1\n")})
    client.post("/people", data={"name": "bob", "role": "viewer", "route": "*"})
    client.post("/logout")
    told = [line.action for line in audit.lines(panel.web.people, who="ana")]
    assert told == ["logout", "add user", "upload (score)", "download", "retry", "login"]
    vic = panel.as_("vic", Role.VIEWER)
    vic.get("/people"), vic.post(f"/jobs/{receipt.code}/delete")
    refused = [(line.action, line.ok) for line in audit.lines(panel.web.people, who="vic")]
    assert refused == [(f"POST /jobs/{receipt.code}/delete", False), ("GET /people", False), ("login", True)]
    page = panel.as_("root").get("/audit").text
    assert "upload (score)" in page and receipt.code in page


# --- the rest -----------------------------------------------------------------------------------------------


def test_the_overview_counts_and_draws(panel: Panel) -> None:
    panel.job()
    panel.job(verdict=Verdict.REJECTED)
    panel.status()
    with panel.daemon():
        page = panel.as_("ana").get("/overview").text
    assert page.count('<svg class="plot"') >= 2 and 'class="failed"' in page and 'class="good"' in page
    assert "price" in page and "1.0.0" in page and "Last look at the inboxes" in page


def test_the_language_is_the_users_then_the_browsers(panel: Panel) -> None:
    client = panel.as_("ana")
    assert "Requieren atención" in client.get("/", headers={"accept-language": "es-MX,es;q=0.9"}).text
    assert "Needs attention" in client.get("/", headers={"accept-language": "fr"}).text
    client.post("/account/prefer", data={"language": "es", "theme": "dark"})
    page = client.get("/").text
    assert '<html lang="es" data-bs-theme="dark">' in page and "Requieren atención" in page
    assert client.post("/account/prefer", data={"language": "xx", "theme": "dark"}).status_code == 422


def test_a_password_is_changed_only_with_the_old_one(panel: Panel) -> None:
    client, other = panel.as_("ana"), panel.as_("ana")
    assert client.post("/account/password", data={"old": "wrong", "new": "a new long one 7"}).status_code == 422
    assert client.post("/account/password", data={"old": PASSWORD, "new": "short"}).status_code == 422
    before = client.cookies["dropscore"]
    assert client.post("/account/password", data={"old": PASSWORD, "new": "a new long one 7"}).status_code == 303
    assert client.get("/").status_code == 200 and other.get("/").status_code == 303
    thief = panel.client()
    thief.cookies.set("dropscore", before)
    assert client.cookies["dropscore"] != before and thief.get("/").status_code == 303, "the session is a new one"


def test_other_sessions_are_ended_with_the_password_and_by_an_admin(panel: Panel) -> None:
    one, two = panel.as_("bob", Role.SENDER), panel.as_("bob", Role.SENDER)
    assert one.post("/account/end-others", data={"password": "wrong"}).status_code == 422
    assert two.get("/").status_code == 200
    assert one.post("/account/end-others", data={"password": PASSWORD}).status_code == 303
    assert one.get("/").status_code == 200 and two.get("/").status_code == 303
    panel.as_("root").post("/people/bob/end-sessions")
    assert one.get("/").status_code == 303


def test_a_user_can_be_changed_disabled_and_removed(panel: Panel) -> None:
    admin, bob = panel.as_("root"), panel.as_("bob", Role.SENDER)
    admin.post("/people/bob/change", data={"role": "viewer", "route": ["sales"]})
    assert bob.get("/upload").status_code == 403
    assert admin.post("/people/bob/change", data={"role": "viewer"}).status_code == 422, "no route"
    admin.post("/people/bob/change", data={"role": "viewer", "route": "*", "disabled": "1"})
    assert bob.get("/").status_code == 303
    admin.post("/people/bob/remove")
    assert "bob" not in admin.get("/people").text
    assert admin.post("/people/root/remove").status_code == 422, "the last admin stays"


def test_a_fault_of_ours_is_logged_and_tells_nothing_of_the_inside(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = panel.as_("ana")

    def broken() -> None:
        raise RuntimeError("a secret 4711")

    monkeypatch.setattr(panel.web.watcher, "look", broken)
    with structlog.testing.capture_logs() as told:
        found = client.get("/")
    assert found.status_code == 500 and "4711" not in found.text
    assert any("4711" in str(line.get("exc_info")) for line in told)


def test_a_form_that_is_too_large_or_damaged_is_refused(panel: Panel) -> None:
    client = panel.client()
    assert client.post("/login", data={"name": "x" * 2_100_000}).status_code == 413
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=b"name=\xff\xfe", headers=kind).status_code == 400
