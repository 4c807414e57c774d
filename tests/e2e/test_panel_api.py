"""The API on the real daemon, and the two example clients."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from e2e.browser import Site, panel_on
from e2e.daemon import House, awaited, homes_csv, make_house, make_model, running

EXAMPLES = Path(__file__).parents[2] / "examples"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("api")
    return make_house(
        folder / "root", {"default": "", "slow": "quiet_seconds = 3600"}, model=make_model(folder / "model" / "price")
    )


@pytest.fixture(scope="module")
def site(house: House) -> Iterator[Site]:
    with running(house), panel_on(house) as found:
        yield found


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    scopes = [part for scope in ("read", "submit", "operate") for part in ("--scope", scope)]
    return site.house.call("token", "add", "nightly", *scopes).strip()


@pytest.fixture
def client(site: Site, token: str) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{site.url}/api/v1", headers=headers, timeout=60) as found:
        yield found


def test_it_is_alive(client: httpx.Client, site: Site) -> None:
    awaited(lambda: client.get("/health").status_code == 200, "health", site.log)
    assert client.get("/health").json()["ok"] is True


def test_a_table_is_scored_in_one_call_as_json_and_as_a_workbook(client: httpx.Client) -> None:
    found = client.post("/score?name=homes.csv", content=homes_csv(7))
    assert found.status_code == 200, found.text
    document = found.json()
    assert document["columns"] == ["id", "area", "rooms", "price"] and len(document["rows"]) == 7
    for _, area, rooms, price in document["rows"]:
        assert price == pytest.approx(3 * area + 10 * rooms)
    assert document["receipt"]["counts"]["scored"] == 7 and document["truncated"] is False
    workbook = client.post("/score", content=homes_csv(3), headers={"accept": XLSX})
    assert workbook.headers["content-type"] == XLSX
    assert load_workbook(io.BytesIO(workbook.content))["Predictions"].max_row == 4


def test_a_table_that_is_rejected_is_a_problem_with_its_receipt(client: httpx.Client) -> None:
    found = client.post("/score", content="id,area,rooms\nA,many,3\n")
    problem = found.json()
    assert (found.status_code, problem["code"]) == (422, "rejected")
    assert problem["groups"][0]["code"] == problem["receipt"]["problems"][0]["code"] == "not-a-number"


def test_a_job_is_archived_brought_back_deleted_and_tried_again(client: httpx.Client) -> None:
    job = client.post("/score", content="id,area,rooms\nA,many,3\n").json()["receipt"]["job"]
    for verb, state in (("archive", "archived"), ("undo", "rejected"), ("delete", "trashed"), ("undo", "rejected")):
        found = client.post(f"/jobs/{job}/{verb}")
        assert (found.status_code, found.json().get("ok")) == (200, True), found.text
        assert client.get(f"/jobs/{job}").json()["state"] == state
    again = client.post(f"/jobs/{job}/retry").json()["job"]
    receipt = awaited(lambda: client.get(f"/jobs/{again}").json().get("verdict"), "the retry")
    assert receipt == "rejected"
    assert client.get(f"/jobs/{again}/receipt").json()["lineage"]["retry_of"] == job


def test_the_client_in_python_takes_the_result_home(site: Site, token: str, tmp_path: Path) -> None:
    source, into = tmp_path / "homes.csv", tmp_path / "into"
    source.write_text(homes_csv(5))
    into.mkdir()
    environment = {**os.environ, "DROPSCORE_URL": site.url, "DROPSCORE_TOKEN": token}
    command = [sys.executable, EXAMPLES / "client.py", source, "--into", into]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr
    assert "All 5 rows were scored." in found.stdout
    [result] = into.iterdir()
    assert load_workbook(result)["Predictions"].max_row == 6


def test_the_client_with_curl_does_the_same_and_says_what_failed(site: Site, token: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DROPSCORE_URL": site.url, "DROPSCORE_TOKEN": token}
    for name, content, code in (("good", homes_csv(5), 0), ("bad", "id,area,rooms\nA,many,3\n", 4)):
        (tmp_path / f"{name}.csv").write_text(content)
        found = subprocess.run(
            ["sh", EXAMPLES / "client.sh", tmp_path / f"{name}.csv"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert found.returncode == code, found.stdout + found.stderr
    assert [path.suffixes[-1] for path in tmp_path.glob("good.*.xlsx")] == [".xlsx"]
    assert list(tmp_path.glob("bad.*.fix.xlsx"))


def drop(house: House, name: str) -> None:
    partial = house.root / "inbox" / "slow" / f".{name}.part"
    partial.write_text(homes_csv(3))
    partial.rename(partial.with_name(name))


def waits(house: House, name: str) -> bool:
    document = json.loads((house.root / "state" / "status.json").read_bytes())
    return any(entry["name"] == name for entry in document["waiting"])


def test_waiting_drops_are_processed_by_call_one_or_all_and_by_both_clients(
    client: httpx.Client, site: Site, token: str
) -> None:
    house = site.house
    for number in range(4):
        drop(house, f"w{number}.csv")
    awaited(lambda: all(waits(house, f"w{number}.csv") for number in range(4)), "four drops that wait", house.log)
    one = client.post("/process", json={"route": "slow", "name": "w0.csv"})
    assert one.status_code == 200, one.text
    [taken] = one.json()["jobs"]
    assert (taken["name"], taken["route"], one.json()["left"]) == ("w0.csv", "slow", [])
    awaited(lambda: client.get(f"/jobs/{taken['job']}").json()["state"] == "delivered", "w0", house.log)
    assert client.post("/process", json={"route": "slow", "name": "nothing.csv"}).status_code == 409
    environment = {**os.environ, "DROPSCORE_URL": site.url, "DROPSCORE_TOKEN": token}
    for command in ([sys.executable, EXAMPLES / "client.py", "--process"], ["sh", EXAMPLES / "client.sh", "--process"]):
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert found.returncode == 0, found.stderr
    for number in range(4):
        assert house.await_receipt("slow", f"w{number}")["verdict"] == "delivered"
    drop(house, "last.csv")
    awaited(lambda: waits(house, "last.csv"), "the last", house.log)
    command = ["sh", EXAMPLES / "client.sh", "--process", "slow"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert '"name":"last.csv"' in found.stdout, found.stdout + found.stderr


def test_the_example_has_fewer_than_150_lines() -> None:
    assert (EXAMPLES / "client.py").read_text().count("\n") < 150
