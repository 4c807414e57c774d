"""The API: problem details, scopes and routes, keys, cursors, events; and its own description held against it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dropscore.domain.jobs import State, Verdict
from dropscore.receipt import Event
from panels import Panel, panel_at, refused_csv, serving

CSV = b"area,rooms\n12,3\n"


class Told(NamedTuple):
    """One event of the stream."""

    kind: str
    id: str
    document: dict[str, Any]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path, web="upload_mb = 1\nscore_mb = 1") as made:
        yield made


def problem(found: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = found.json()
    assert document["status"] == status and document["code"] == code
    assert document["type"] == f"urn:dropscore:problem:{code}" and document["title"]
    return document


def test_every_failure_is_a_problem_with_a_code(panel: Panel) -> None:
    stranger, client = panel.client("/api/v1"), panel.program()
    found = stranger.get("/jobs")
    problem(found, 401, "unauthorized")
    assert found.headers["www-authenticate"] == "Bearer"
    problem(client.get("/jobs", headers={"authorization": "Bearer ds_wrong"}), 401, "unauthorized")
    problem(client.get("/nowhere"), 404, "not-found")
    problem(client.get("/jobs/NOTTHERE"), 404, "not-found")
    problem(client.get("/jobs?limit=0"), 422, "invalid")
    problem(client.get("/jobs?state=nonsense"), 422, "invalid")
    problem(client.put("/jobs"), 405, "method-not-allowed")
    problem(client.post("/jobs", content=b"x" * 1_000_001), 413, "too-many-bytes")
    problem(panel.program("submit").get("/jobs"), 403, "forbidden")
    problem(panel.program("read").post("/jobs", content=CSV), 403, "forbidden")
    problem(client.post("/jobs?sha256=" + "0" * 64, content=CSV), 422, "checksum-differs")
    problem(client.get("/requests/" + "0" * 26), 404, "not-found")
    gone = panel.job(verdict=Verdict.REJECTED)
    (panel.root.path / gone.files[0].path).unlink()
    document = problem(client.get(f"/jobs/{gone.code}/files/input"), 410, "gone")
    assert isinstance(document["receipt"], dict) and document["receipt"]["code"] == gone.code
    panel.ledger.close()
    for path in panel.root.state.glob("ledger.sqlite*"):
        path.unlink()
    problem(client.get("/jobs"), 503, "unavailable:ledger")


def test_a_path_with_a_line_break_is_answered_as_a_problem_too(panel: Panel) -> None:
    problem(panel.program().get("/jobs/O%0A/receipt"), 404, "not-found")


def test_a_session_is_no_token_and_a_token_no_session(panel: Panel) -> None:
    browser = panel.as_("ana")
    assert browser.get("/api/v1/jobs").status_code == 401
    program = panel.program()
    secret = program.headers["authorization"]
    assert panel.client().get("/", headers={"authorization": secret}).status_code == 303


def test_health_tells_what_is_missing_and_nothing_else(panel: Panel) -> None:
    client = panel.client("/api/v1")
    found = client.get("/health")
    assert found.status_code == 503 and found.json()["daemon"] is False and found.json()["ledger"] is True
    panel.status()
    with panel.daemon():
        assert client.get("/health").json() | {"scanned": None} == {
            "ok": True,
            "daemon": True,
            "ledger": True,
            "scanned": None,
            "incidents": 0,
        }


def test_a_file_is_handed_in_as_body_or_form_and_its_id_is_the_jobs(panel: Panel) -> None:
    client = panel.program("submit")
    raw = client.post("/jobs?route=credit&name=a.csv&kind=check", content=CSV)
    form = client.post("/jobs", data={"route": "sales"}, files={"file": ("b.csv", CSV)})
    assert [found.status_code for found in (raw, form)] == [202, 202], raw.text + form.text
    assert raw.json()["waits_for_daemon"] is True and raw.json()["sha256"] == hashlib.sha256(CSV).hexdigest()
    metas = [json.loads((panel.root.uploads / one.json()["job"] / "meta.json").read_bytes()) for one in (raw, form)]
    assert [(m["route"], m["name"], m["kind"], m["via"]) for m in metas] == [
        ("credit", "a.csv", "check", "api"),
        ("sales", "b.csv", "score", "api"),
    ]
    assert {one["upload"] for one in panel.requests()} == {raw.json()["job"], form.json()["job"]}
    two = [("file", ("1.csv", CSV)), ("file", ("2.csv", CSV))]
    problem(client.post("/jobs", files=two), 422, "invalid")
    problem(panel.program("submit", routes=("credit",)).post("/jobs?route=sales", content=CSV), 404, "not-found")


def test_the_same_key_submits_once_however_often_it_is_sent(panel: Panel) -> None:
    client = panel.program("submit")
    found: list[httpx.Response] = []

    def send() -> None:
        found.append(client.post("/jobs?name=a.csv", content=CSV, headers={"idempotency-key": "k1"}))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in found} == {202} and len({one.json()["job"] for one in found}) == 1
    assert sorted(one.json()["replayed"] for one in found) == [False] + [True] * 5
    assert len(panel.requests()) == 1 and len(list(panel.root.uploads.iterdir())) == 1
    other = client.post("/jobs?name=a.csv", content=b"other", headers={"idempotency-key": "k1"})
    problem(other, 422, "invalid")
    assert len(panel.requests()) == 1


def test_lists_have_filters_and_a_cursor_and_only_ones_own_routes(panel: Panel) -> None:
    codes = [panel.job(f"{number}.csv", route="credit").code for number in range(7)]
    panel.job("bad.csv", Verdict.REJECTED, route="credit")
    panel.job("secret.csv", route="sales")
    client = panel.program("read", routes=("credit",))
    seen: list[str] = []
    cursor = None
    while True:
        page = client.get("/jobs", params={"limit": 3, "state": "delivered", **({"cursor": cursor} if cursor else {})})
        seen += [item["code"] for item in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == codes[::-1]
    every = client.get("/jobs").json()["items"]
    assert len(every) == 8 and "secret.csv" not in {item["name"] for item in every}
    both = client.get("/jobs", params={"state": ["rejected", "held"]}).json()["items"]
    assert [item["name"] for item in both] == ["bad.csv"]
    assert client.get("/jobs?route=sales").json()["items"] == []
    assert client.get("/jobs?since=2999-01-01T00:00:00Z").json()["items"] == []
    assert client.get("/jobs?q=BAD").json()["items"][0]["name"] == "bad.csv"


def test_the_matrix_of_scopes_routes_and_calls(panel: Panel) -> None:
    receipt = refused_csv(panel, route="credit")
    job = receipt.job
    calls = {
        ("GET", f"/jobs/{job}"): "read operate",
        ("GET", f"/jobs/{receipt.code}/receipt"): "read operate",
        ("GET", f"/jobs/{job}/files/fix"): "read operate",
        ("POST", f"/jobs/{job}/retry"): "operate",
        ("POST", f"/jobs/{job}/archive"): "operate",
        ("POST", f"/jobs/{job}/delete"): "operate",
        ("POST", f"/jobs/{job}/undo"): "operate",
        ("POST", "/process"): "operate",
        ("POST", "/jobs?route=credit"): "submit",
    }
    for scope in ("read", "submit", "operate"):
        inside, outside = panel.program(scope, routes=("credit",)), panel.program(scope, routes=("sales",))
        for (method, path), scopes in calls.items():
            body = {"json": {"route": "credit"}} if path == "/process" else {"content": CSV}
            allowed = scope in scopes.split()
            found = inside.request(method, path, **body)  # type: ignore[arg-type]
            assert (found.status_code in (200, 202)) == allowed, f"{scope} {method} {path}: {found.status_code}"
            hidden = outside.request(method, path, **body)  # type: ignore[arg-type]
            assert hidden.status_code == (404 if allowed else 403), f"{scope} {method} {path} of another route"


def test_a_request_waits_for_the_daemon_and_can_be_followed_and_withdrawn(panel: Panel) -> None:
    receipt = panel.job()
    client = panel.program()
    found = client.post(f"/jobs/{receipt.code}/archive")
    assert found.status_code == 202 and found.json()["done"] is False
    request = found.json()["request"]
    assert client.get(f"/requests/{request}").json()["done"] is False
    assert client.delete(f"/requests/{request}").status_code == 204
    problem(client.get(f"/requests/{request}"), 404, "not-found")
    again = client.post(f"/jobs/{receipt.code}/archive").json()["request"]
    answer = {"request": again, "ok": True, "sentence": "archived", "job": receipt.job, "code": receipt.code}
    (panel.root.requests_done / f"{again}.json").write_text(json.dumps(answer))
    assert client.get(f"/requests/{again}").json() == {**answer, "done": True, "jobs": [], "next": [], "left": []}


def test_process_asks_for_all_routes_of_the_token_or_one_drop(panel: Panel) -> None:
    client = panel.program("operate", routes=("credit", "sales"))
    client.post("/process", json={})
    client.post("/process", json={"route": "credit", "name": "big.csv"})
    assert [(one["routes"], one["name"]) for one in panel.requests()] == [
        (["credit", "sales"], None),
        (["credit"], "big.csv"),
    ]
    problem(client.post("/process", json={"name": "big.csv"}), 422, "invalid")


def test_score_in_one_call_goes_on_by_itself_where_no_daemon_answers(panel: Panel) -> None:
    found = panel.program("submit").post("/score?wait=1", content=CSV)
    assert found.status_code == 202 and found.json()["waits_for_daemon"] is True
    assert len(panel.requests()) == 1


def events_of(client: httpx.Client, wanted: int, last: str = "", ready: threading.Event | None = None) -> list[Told]:
    """Listen until so many events have come; return them. What only moves the place to go on is kept in `ready`."""
    told: list[Told] = []
    with client.stream("GET", "/events", headers={"last-event-id": last} if last else {}) as stream:
        assert stream.status_code == 200
        event: dict[str, str] = {}
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                event[name] = value
                continue
            if "data" in event:
                told.append(Told(event["event"], event["id"], json.loads(event["data"])))
            elif "id" in event and ready is not None:
                ready.set()
            event = {}
            if len(told) >= wanted:
                break
    return told


def test_the_event_stream_tells_of_changes_in_ones_own_routes_only(panel: Panel) -> None:
    client = panel.program("read", routes=("credit",))
    panel.job("old.csv", route="credit")
    ready, told = threading.Event(), list[Told]()
    thread = threading.Thread(target=lambda: told.extend(events_of(client, 2, ready=ready)))
    thread.start()
    assert ready.wait(30)
    panel.job("hidden.csv", route="sales")
    mine = panel.job("mine.csv", route="credit")
    panel.ledger.record_event(mine.job, Event(at=panel.clock(), event="archived", by="ana"), State.ARCHIVED)
    panel.job("next.csv", route="credit")
    thread.join(30)
    assert not thread.is_alive() and {event.kind for event in told} == {"job"}
    assert {event.document["name"] for event in told} <= {"mine.csv", "next.csv"}


def test_a_reader_who_comes_back_misses_nothing_even_after_a_restart_of_the_panel(panel: Panel) -> None:
    client = panel.program("read", routes=("credit",))
    panel.job("old.csv", route="credit")
    first = panel.job("first.csv", route="credit")
    [*_, seen] = events_of(client, 2, last="0-0")
    assert seen.document["name"] == "first.csv"
    # Nobody listens, and older jobs than the newest 500 are moved: what the stream was made for.
    for number in range(3):
        panel.job(f"missed-{number}.csv", route="credit")
    panel.job("hidden.csv", route="sales")
    panel.ledger.record_event(first.job, Event(at=panel.clock(), event="trashed", by="ana"), State.TRASHED)
    with serving(panel.web) as (_, url):  # another process would not know more than this second server
        again = httpx.Client(base_url=f"{url}/api/v1", headers=client.headers, timeout=30, trust_env=False)
        with again:
            told = events_of(again, 4, last=seen.id)
    assert [(event.document["name"], event.document["state"]) for event in told] == [
        ("missed-0.csv", "delivered"),
        ("missed-1.csv", "delivered"),
        ("missed-2.csv", "delivered"),
        ("first.csv", "trashed"),
    ]
    assert events_of(client, 1, last=told[2].id) == told[3:]


@pytest.mark.parametrize("last", ["another-process-17", "99999-0123456789ab", "1-ffffffffffff", "x", "-1-0"])
def test_who_comes_back_from_what_is_not_known_is_told_to_list_anew(panel: Panel, last: str) -> None:
    panel.job("old.csv")
    [event] = events_of(panel.program("read"), 1, last=last)
    assert event.kind == "resync" and event.document == {}
    panel.job("new.csv")
    [fresh] = events_of(panel.program("read"), 1, last=event.id)
    assert (fresh.kind, fresh.document["name"]) == ("job", "new.csv")


# --- the description ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel_at(tmp_path_factory.mktemp("described")) as panel:
        refused_csv(panel, route="credit")
        yield panel


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_api_answers_as_its_description_says(described: Panel) -> None:
    secret = described.program().headers["authorization"]
    schema = schemathesis.openapi.from_url(f"{described.url}/api/v1/openapi.json", wait_for_schema=5)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):  # it never ends; it has a test of its own
            continue

        @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def holds(case: schemathesis.Case) -> None:
            if "wait" in (case.query or {}):
                case.query["wait"] = 0
            answer = case.call(headers={"authorization": secret}, timeout=20)
            # Without a daemon, 503 is what health has to say.
            case.validate_response(answer, checks=CHECKS[1:] if case.path.endswith("/health") else CHECKS)

        holds()
        tried += 1
    assert tried >= 11
