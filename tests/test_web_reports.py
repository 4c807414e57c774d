"""The pages that tell how good models turned out, and what programs send and read of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest

from dropscore.receipt import dump
from dropscore.web.people.roles import Role
from panels import CONFIG, Panel, panel_at
from test_reports_page import NASTY, _report

KEEPING = '[routes.credit.actuals]\nkey = "customer_id"\noutcome = "standing"'
BODY = b"customer_id,standing\nC-1,good\n"


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    monkeypatch.setattr("panels.CONFIG", f"{CONFIG}\n{KEEPING}\n")
    with panel_at(tmp_path) as made:
        yield made


def _put_report(panel: Panel, name: str = "credit") -> None:
    place = panel.root.report("credit")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(dump(_report(name)))


def test_before_anything_is_known_the_page_says_so(panel: Panel) -> None:
    client = panel.as_("ada")
    text = client.get("/models").text
    assert "There is no report yet" in text and "sales" not in text
    assert client.get("/models/credit").status_code == 404


def test_a_report_stands_there_with_its_tables_and_plots(panel: Panel) -> None:
    _put_report(panel, NASTY)
    client = panel.as_("ada")
    assert '<a href="/models/credit">credit</a>' in client.get("/models").text
    answer = client.get("/models/credit")
    page = lxml.html.fromstring(answer.text)
    assert len(page.findall(".//main//svg")) == 3 and "0.700" in answer.text
    assert "<script>alert" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy and not page.xpath("//main//*[@style]") and not page.xpath("//main//style")


def test_it_is_told_in_the_readers_language(panel: Panel) -> None:
    _put_report(panel)
    client = panel.as_("ada")
    text = client.get("/models/credit", headers={"accept-language": "es"}).text
    assert "Exactitud" in text and "Intervalo del 95 %" in text


def test_the_page_by_itself_can_be_kept(panel: Panel) -> None:
    _put_report(panel)
    answer = panel.as_("ada").get("/models/credit/report.html")
    assert answer.headers["content-disposition"] == 'attachment; filename="credit-2026-06-01.html"'
    assert answer.text.startswith("<!doctype html>") and "<script" not in answer.text


def test_other_routes_are_not_there(panel: Panel) -> None:
    _put_report(panel)
    client = panel.as_("bob", Role.VIEWER, ("sales",))
    assert "credit" not in client.get("/models").text
    for path in ("/models/credit", "/models/credit/report.html", "/models/../secret"):
        assert client.get(path).status_code == 404


def test_a_program_sends_what_happened(panel: Panel) -> None:
    program = panel.program("submit", "read", routes=("credit",))
    answer = program.post("/routes/credit/actuals", params={"name": "may.csv"}, content=BODY)
    assert answer.status_code == 202, answer.text
    (request,) = panel.requests()
    meta = panel.root.uploads / answer.json()["job"] / "meta.json"
    assert '"kind": "actuals"' in meta.read_text() and '"route": "credit"' in meta.read_text()
    assert request["verb"] == "submit"


def test_repeated_with_a_key_it_is_one_job(panel: Panel) -> None:
    program = panel.program("submit", routes=("credit",))
    first, second = (
        program.post("/routes/credit/actuals", content=BODY, headers={"idempotency-key": "k"}).json() for _ in range(2)
    )
    assert first["job"] == second["job"] and second["replayed"]


@pytest.mark.parametrize(("path", "status"), [("/routes/sales/actuals", 422), ("/routes/none/actuals", 404)])
def test_a_route_that_takes_none_refuses(panel: Panel, path: str, status: int) -> None:
    assert panel.program("submit").post(path, content=BODY).status_code == status
    assert panel.requests() == [] and not list(panel.root.uploads.iterdir())


def test_nor_does_the_usual_door_take_them_for_such_a_route(panel: Panel) -> None:
    answer = panel.program("submit").post("/jobs", params={"route": "sales", "kind": "actuals"}, content=BODY)
    assert answer.status_code == 422 and panel.requests() == []


def test_a_program_reads_the_report(panel: Panel) -> None:
    program = panel.program("read", routes=("credit",))
    assert program.get("/routes/credit/report").status_code == 404
    _put_report(panel)
    found = program.get("/routes/credit/report").json()
    assert found["matched"] == 300 and found["models"][0]["figures"][0]["name"] == "accuracy"
    assert panel.program("read", routes=("sales",)).get("/routes/credit/report").status_code == 404


def test_a_torn_report_is_none(panel: Panel) -> None:
    _put_report(panel)
    place = panel.root.report("credit")
    place.write_bytes(place.read_bytes()[:-20])
    assert panel.as_("ada").get("/models/credit").status_code == 404
