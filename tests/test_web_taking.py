"""Waiting drops that are to be taken at once: who may ask, for what, and what becomes of the asking."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from dropscore.web.people import audit
from dropscore.web.people.roles import Role
from panels import Panel, panel_at


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path) as made:
        yield made


def waiting(panel: Panel, route: str, name: str) -> dict[str, str]:
    folder = str(panel.root.of_route(panel.root.inbox, route))
    return {"route": route, "folder": folder, "name": name, "waiting": "growing", "why": "Still changing."}


def asked(panel: Panel) -> list[tuple[list[str], str | None]]:
    return [(one["routes"], one["name"]) for one in panel.requests() if one["verb"] == "process"]


def answer(panel: Panel, **more: Any) -> str:
    """Answer the one request as a daemon does; return its id."""
    [request] = panel.requests()
    document = {"request": request["request"], **more}
    (panel.root.requests_done / f"{request['request']}.json").write_text(json.dumps(document))
    (panel.root.requests / f"{request['request']}.json").unlink()
    return str(request["request"])


def test_a_waiting_row_has_a_button_that_asks_for_that_drop(panel: Panel) -> None:
    name = 'a "b"/../<i>&.csv'.replace("/", "∕")
    panel.status(waiting=[waiting(panel, "credit", name)])
    client = panel.as_("op", Role.OPERATOR, ("credit", "sales"))
    with panel.daemon():
        page = client.get("/").text
    [value] = re.findall(r'formaction="/process" name="drop" value="([^"]*)"', page)
    found = client.post("/process", data={"drop": unescape(value), "back": "/?view=progress"})
    assert found.headers["location"].startswith("/?view=progress&batch=")
    assert asked(panel) == [(["credit"], name)]
    answer(panel, ok=True, sentence="1 drop is taken.", jobs=[])
    told = client.get(found.headers["location"]).text
    assert "1 drop is taken." in told and "Undo" not in told
    assert next(line.target for line in audit.lines(panel.web.people, who="op")) == f"credit/{name}"


def test_all_that_wait_are_those_of_the_routes_one_sees_or_has_filtered_by(panel: Panel) -> None:
    panel.status(waiting=[waiting(panel, "credit", "x.csv")])
    client = panel.as_("op", Role.OPERATOR, ("credit", "sales"))
    with panel.daemon():
        page = client.get("/?view=progress&route=credit").text
    form = re.search(r'<form method="post" action="/process".*?</form>', page, re.DOTALL)
    assert form and 'name="route" value="credit"' in form[0]
    client.post("/process", data={"back": "/"})
    client.post("/process", data={"back": "/", "route": "credit"})
    panel.as_("ada").post("/process", data={"back": "/"})
    assert asked(panel) == [(["credit", "sales"], None), (["credit"], None), (["default", "credit", "sales"], None)]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SENDER, Role.OPERATOR, Role.ADMIN])
@pytest.mark.parametrize("route", ["credit", "sales", "nothing"])
def test_the_matrix_of_roles_and_routes(panel: Panel, role: Role, route: str) -> None:
    panel.status(waiting=[waiting(panel, "credit", "x.csv"), waiting(panel, "sales", "y.csv")])
    client = panel.as_("ana", role, ("credit",))
    operates = role in (Role.OPERATOR, Role.ADMIN)
    sees = route == "credit" or (role is Role.ADMIN and route == "sales")
    for data in ({"drop": f"{route}/x.csv"}, {"route": route}):
        code = client.post("/process", data=data).status_code
        assert code == (303 if operates and sees else 404 if operates else 403)
    assert len(asked(panel)) == (2 if operates and sees else 0)
    with panel.daemon():
        page = client.get("/").text
    assert ('name="drop"' in page) == operates and ("Process all waiting" in page) == operates
    assert ("y.csv" in page) == (role is Role.ADMIN)


def test_a_drop_without_its_name_or_route_is_not_asked_for(panel: Panel) -> None:
    client = panel.as_("ada")
    assert client.post("/process", data={"drop": "/x.csv"}).status_code == 404
    assert client.post("/process", data={"drop": "nothing"}).status_code == 404
    assert client.post("/process", data={"drop": "credit"}).status_code == 422
    assert client.post("/process", data={"drop": "credit/"}).status_code == 422
    assert asked(panel) == []


def test_what_was_asked_while_the_daemon_is_away_can_be_withdrawn_and_never_undone(panel: Panel) -> None:
    client = panel.as_("op", Role.OPERATOR, ("credit",))
    found = client.post("/process", data={"drop": "credit/x.csv"})
    page = client.get(found.headers["location"]).text
    assert "1 wait for the daemon." in page
    batch = found.headers["location"].rpartition("=")[2]
    assert client.post(f"/batches/{batch}/undo", data={"back": "/"}).status_code == 409
    client.post(f"/batches/{batch}/withdraw", data={"back": "/"})
    assert panel.requests() == []


def test_a_program_sees_and_withdraws_such_requests_of_its_own_routes_alone(panel: Panel) -> None:
    both, credit = panel.program("operate", routes=("credit", "sales")), panel.program("operate", routes=("credit",))
    request = both.post("/process", json={}).json()["request"]
    assert credit.get(f"/requests/{request}").status_code == 404
    assert credit.delete(f"/requests/{request}").status_code == 404
    assert both.get(f"/requests/{request}").json()["done"] is False
    assert both.delete(f"/requests/{request}").status_code == 204
    receipt = panel.job("y.csv", route="sales")
    both.post("/process", json={"route": "sales", "name": "y.csv"})
    jobs = [{"job": receipt.job, "code": receipt.code, "name": "y.csv", "route": "sales"}]
    left = [{"name": "w.csv", "why": "Somebody is writing it."}]
    request = answer(panel, ok=True, sentence="1 drop is taken.", jobs=jobs, next=["z.csv"], left=left)
    found = both.get(f"/requests/{request}").json()
    assert (found["jobs"], found["next"], found["left"]) == (jobs, ["z.csv"], left)
    assert credit.get(f"/requests/{request}").status_code == 404


@pytest.mark.parametrize("scope", ["read", "submit", "operate"])
def test_the_matrix_of_scopes_and_routes(panel: Panel, scope: str) -> None:
    client = panel.program(scope, routes=("credit",))
    for body, allowed in (({}, 202), ({"route": "credit"}, 202), ({"route": "sales"}, 404), ({"route": "x"}, 404)):
        assert client.post("/process", json=body).status_code == (allowed if scope == "operate" else 403)


def test_all_that_match_are_those_of_every_route_in_the_address(panel: Panel) -> None:
    for route in ("credit", "sales", "default"):
        panel.job(f"{route}.csv", route=route)
    client = panel.as_("ada")
    back = "/?view=done&route=credit&route=sales"
    client.post("/bulk", data={"verb": "archive", "back": back, "all": "1", "sure": "1"})
    assert len(panel.requests()) == 2, "a list of two routes is not the list of the last of them"


def test_who_has_lost_a_route_no_longer_undoes_what_was_done_there(panel: Panel) -> None:
    receipt = panel.job("x.csv", route="credit")
    client = panel.as_("op", Role.OPERATOR, ("credit", "sales"))
    found = client.post(f"/jobs/{receipt.code}/delete", data={"back": "/"})
    batch = found.headers["location"].rpartition("=")[2]
    answer(panel, ok=True, sentence="x.csv is trashed.", job=receipt.job)
    panel.as_("ada").post("/people/op/change", data={"role": "operator", "route": "sales"})
    client.post(f"/batches/{batch}/undo", data={"back": "/"})
    assert panel.requests() == []
