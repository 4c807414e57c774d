"""Uploads: streamed, durable, then asked for; and mending in the browser."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import HTTPException

from dropscore.domain.errors import Refused
from dropscore.domain.jobs import State, Verdict
from dropscore.receipt import Counts, Event, ProblemEntry, Reading
from dropscore.web import mending, uploads
from dropscore.web.people.roles import Role
from panels import Panel, panel_at, refused_csv

CSV = b"area,rooms\n12,3\n"


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path, web="upload_mb = 1\nuploads_of_one = 3") as made:
        yield made


def kept(panel: Panel) -> list[Path]:
    return sorted(panel.root.uploads.iterdir())


def test_an_upload_is_whole_on_disk_before_it_is_asked_for_and_its_id_becomes_the_jobs(panel: Panel) -> None:
    client = panel.as_("ana", Role.SENDER)
    found = client.post("/upload", data={"route": "credit", "kind": "check"}, files={"files": ("homes.csv", CSV)})
    [request], [folder] = panel.requests(), kept(panel)
    assert found.headers["location"] == f"/uploads/{folder.name}"
    assert (request["verb"], request["upload"], request["request"]) == ("submit", folder.name, folder.name)
    assert (folder / "data").read_bytes() == CSV
    meta = json.loads((folder / "meta.json").read_bytes())
    assert meta == {
        "user": "ana",
        "route": "credit",
        "name": "homes.csv",
        "kind": "check",
        "via": "panel",
        "sha256": hashlib.sha256(CSV).hexdigest(),
        "idempotency_key": None,
        "mends": None,
    }
    page = client.get(found.headers["location"]).text
    assert "It waits for the daemon." in page and "The daemon is not running" in page
    assert "homes.csv" in client.get("/").text


def test_an_upload_that_waits_can_be_withdrawn_by_its_sender_alone(panel: Panel) -> None:
    client = panel.as_("ana", Role.SENDER)
    client.post("/upload", data={"route": "credit"}, files={"files": ("homes.csv", CSV)})
    [request] = panel.requests()
    path = f"/requests/{request['request']}/withdraw"
    assert panel.as_("bob", Role.SENDER).post(path).status_code == 404
    assert panel.as_("eve", Role.OPERATOR, ("sales",)).post(path).status_code == 404
    assert client.post(path).status_code == 303
    assert panel.requests() == [] and kept(panel) == []
    assert client.post(path).status_code == 404


def test_many_files_go_in_one_form_and_as_bodies_of_their_own(panel: Panel) -> None:
    client = panel.as_("ana")
    files = [("files", (f"{number}.csv", CSV)) for number in range(2)]
    found = client.post("/upload", data={"route": "default"}, files=files)
    assert found.headers["location"].count(".") == 1 and len(panel.requests()) == 2
    raw = client.post("/upload/raw?route=default&name=3.csv&kind=check", content=CSV)
    assert raw.status_code == 202 and (panel.root.uploads / raw.json()["upload"] / "data").read_bytes() == CSV


def elsewhere(panel: Panel) -> set[Path]:
    """Return all files but uploads and requests."""
    found = set(panel.root.path.rglob("*"))
    return {path for path in found if not {"uploads", "requests"} & set(path.parts)}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("../../../etc/cron.d/x.csv", "x.csv"),
        ("C:\\Users\\ana\\homes.csv", "homes.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("naïve ñ 文.csv", "naïve ñ 文.csv"),
        ("-rf.csv", "-rf.csv"),
        ("a\0b.csv", "ab.csv"),
    ],
)
def test_a_name_never_becomes_a_path(panel: Panel, given: str, stored: str) -> None:
    before = elsewhere(panel)
    assert uploads.clean_name(given) == stored
    panel.as_("ana").post(f"/upload/raw?{urlencode({'route': 'default', 'name': given})}", content=CSV)
    [folder] = kept(panel)
    assert sorted(path.name for path in folder.iterdir()) == ["data", "meta.json"]
    assert json.loads((folder / "meta.json").read_bytes())["name"] == stored
    assert {path.name for path in elsewhere(panel) - before} <= {"people.sqlite-wal", "people.sqlite-shm"}


@pytest.mark.parametrize("name", ["", ".", "..", "/", "x" * 300])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        uploads.clean_name(name)


def test_too_large_is_refused_whichever_way_and_leaves_nothing(panel: Panel) -> None:
    client = panel.as_("ana")
    large = b"x" * 1_000_001
    assert client.post("/upload/raw?route=default&name=x.csv", content=large).status_code == 413
    assert client.post("/upload", data={"route": "default"}, files={"files": ("x.csv", large)}).status_code == 413
    assert kept(panel) == [] and panel.requests() == []


def test_a_form_that_is_cut_off_leaves_nothing(panel: Panel) -> None:
    client = panel.as_("ana")
    kind = {"content-type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x.csv"\r\n\r\na,b\n1,'
    assert client.post("/upload", content=body, headers=kind).status_code == 400
    for broken in (b"", b"no boundary at all", b"--b\r\nnonsense\r\n\r\n"):
        assert client.post("/upload", content=broken, headers=kind).status_code == 400
    assert client.post("/upload", content=CSV, headers={"content-type": "text/csv"}).status_code == 415
    assert kept(panel) == []


def test_a_connection_that_breaks_leaves_nothing(panel: Panel) -> None:
    client = panel.as_("ana")
    host, _, port = panel.url.removeprefix("http://").partition(":")
    head = (
        f"POST /upload/raw?route=default&name=x.csv HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: 1000\r\n"
        f"cookie: dropscore={client.cookies['dropscore']}\r\nsec-fetch-site: same-origin\r\n\r\nonly this"
    )
    with socket.create_connection((host, int(port))) as broken:
        broken.sendall(head.encode())
        until = time.monotonic() + 10
        while not kept(panel) and time.monotonic() < until:
            time.sleep(0.01)
        assert kept(panel), "it had begun"
    until = time.monotonic() + 10
    while kept(panel) and time.monotonic() < until:
        time.sleep(0.01)
    assert kept(panel) == [] and panel.requests() == []


def test_an_unknown_or_unseen_route_is_not_there(panel: Panel) -> None:
    client = panel.as_("ana", Role.SENDER, ("credit",))
    for route in ("sales", "nothing", "", "../credit"):
        found = client.post("/upload", data={"route": route}, files={"files": ("x.csv", CSV)})
        assert found.status_code == 404, route
    assert kept(panel) == []


def test_nobody_can_fill_the_disk_while_the_daemon_is_away(panel: Panel) -> None:
    client = panel.as_("ana")
    for _ in range(3):
        assert client.post("/upload/raw?route=default&name=x.csv", content=CSV).status_code == 202
    assert client.post("/upload/raw?route=default&name=x.csv", content=CSV).status_code == 429
    assert panel.as_("bob").post("/upload/raw?route=default&name=x.csv", content=CSV).status_code == 202


def test_a_disk_that_is_full_is_told_and_leaves_nothing(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    client = panel.as_("ana")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(uploads.durable, "write_all", full)
    found = client.post("/upload/raw?route=default&name=x.csv", content=CSV)
    assert found.status_code == 503 and "No space left" in found.text and kept(panel) == []


def test_what_broken_connections_left_is_swept_after_a_day_and_nothing_else(panel: Panel) -> None:
    stale = uploads.Incoming(panel.root, 100)
    stale.close()
    asked = panel.as_("ana").post("/upload/raw?route=default&name=x.csv", content=CSV).json()["upload"]
    assert uploads.sweep(panel.root, time.time()) == 0
    assert uploads.sweep(panel.root, time.time() + 90_000) == 1
    assert [folder.name for folder in kept(panel)] == [asked]


def test_the_template_has_the_models_columns(panel: Panel) -> None:
    found = panel.as_("ana").get("/templates/credit.csv")
    assert found.content.decode("utf-8-sig") == "area,größe\r\n"


def test_the_workbook_that_the_daemon_laid_is_offered_and_nothing_else_by_its_name(panel: Panel) -> None:
    client = panel.as_("ana", Role.SENDER, ("credit", "sales"))
    place = panel.root.inbox / "credit" / "_TEMPLATE.xlsx"
    path = "/templates/credit.xlsx"
    assert client.get(path).status_code == 404 and path not in client.get("/upload").text
    place.write_bytes(b"a workbook")
    found = client.get(path)
    assert (found.content, path in client.get("/upload").text) == (b"a workbook", True)
    assert found.headers["content-disposition"] == 'attachment; filename="credit.template.xlsx"'
    assert panel.as_("bob", Role.SENDER, ("sales",)).get(path).status_code == 404
    assert panel.as_("vic", Role.VIEWER).get(path).status_code == 403
    place.unlink()
    place.symlink_to("/etc/passwd")
    assert client.get(path).status_code == 404
    place.unlink()
    place.mkdir()
    assert client.get(path).status_code == 404


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_a_senders_own_file_is_no_template(panel: Panel) -> None:
    place = panel.root.inbox / "credit" / "_TEMPLATE.xlsx"
    place.write_bytes(b"a trap")
    os.chown(place, 12345, -1)
    client = panel.as_("ana")
    assert client.get("/templates/credit.xlsx").status_code == 404
    assert "/templates/credit.xlsx" not in client.get("/upload").text


def test_a_checked_file_is_scored_by_its_very_bytes(panel: Panel) -> None:
    receipt = panel.job("homes.csv", Verdict.CHECKED, content=CSV)
    client = panel.as_("bob", Role.SENDER)
    found = client.post(f"/jobs/{receipt.code}/score")
    [request] = panel.requests()
    folder = panel.root.uploads / request["upload"]
    assert found.headers["location"] == f"/uploads/{folder.name}" and (folder / "data").read_bytes() == CSV
    assert json.loads((folder / "meta.json").read_bytes())["kind"] == "score"
    (panel.root.path / receipt.files[0].path).write_bytes(b"x" * len(CSV))
    assert client.post(f"/jobs/{receipt.code}/score").status_code == 409, "another file under its name"
    assert client.post(f"/jobs/{panel.job().code}/score").status_code == 409, "it was no check"


# --- mending ------------------------------------------------------------------------------------------------


def test_the_bad_cells_are_a_form_and_the_mended_file_is_a_new_drop(panel: Panel) -> None:
    receipt = refused_csv(panel)
    client = panel.as_("bob", Role.SENDER)
    page = client.get(f"/jobs/{receipt.code}/mend").text
    fields = dict(re.findall(r'name="(cell-[\d-]+)" value="([^"]*)"', page))
    assert fields == {"cell-3-1": "tvelve", "cell-4-2": "many"}
    found = client.post(f"/jobs/{receipt.code}/mend", data={"cell-3-1": "12", "cell-4-2": "5"})
    assert found.status_code == 303
    [request] = panel.requests()
    folder = panel.root.uploads / request["upload"]
    meta = json.loads((folder / "meta.json").read_bytes())
    assert meta["mends"] == receipt.job and meta["name"] == "homes.csv" and meta["kind"] == "score"
    rows = list(csv.reader(io.StringIO((folder / "data").read_text())))
    assert rows == [
        ["id", "area", "rooms", "_dropscore_row"],
        ["A", "12", "3", f"{receipt.code}:2"],
        ["B", "12", "3", f"{receipt.code}:3"],
        ["C", "14", "5", f"{receipt.code}:4"],
    ]


def test_of_a_file_that_was_scored_in_part_only_the_rows_set_aside_are_mended(panel: Panel) -> None:
    content = 'größe;note\r\n1;x\r\nzwei;"a;b"\r\n3;y\r\n'.encode("cp1252")
    receipt = panel.job(
        "teil.csv",
        Verdict.PARTIAL,
        content=content,
        problems=(ProblemEntry(code="not-a-number", row=3, column="größe", cell="A3", found="zwei"),),
        reading=Reading(format="csv", encoding="cp1252", delimiter=";", header_row=1),
        counts=Counts(rows=3, scored=2, set_aside=1, bad_cells=1, problems=1),
    )
    mended = mending.mended(receipt, io.BytesIO(content), {"3-0": "2"})
    assert mended.decode() == f'größe;note;_dropscore_row\n2;"a;b";{receipt.code}:3\n'


def test_a_mended_file_with_a_fault_is_mended_again_without_a_second_column_of_rows(panel: Panel) -> None:
    content = b"id,area,rooms,_dropscore_row\nA,12,3,K7F2QXM4:2\nB,x,3,K7F2QXM4:3\n"
    receipt = panel.job(
        "again.csv",
        Verdict.REJECTED,
        content=content,
        problems=(ProblemEntry(code="not-a-number", row=3, column="area", cell="B3", found="x"),),
        reading=Reading(format="csv", encoding="utf-8", delimiter=",", header_row=1),
    )
    mended = mending.mended(receipt, io.BytesIO(content), {"3-1": "12"}).decode()
    code = receipt.code
    assert mended == f"id,area,rooms,_dropscore_row\nA,12,3,{code}:2\nB,12,3,{code}:3\n"


def test_rows_are_counted_as_a_spreadsheet_does_with_blank_lines_and_line_breaks_in_cells(panel: Panel) -> None:
    content = b'title\n\nid,area\n"A\nA",12\n\nB,x\n'
    receipt = panel.job(
        "odd.csv",
        Verdict.REJECTED,
        content=content,
        problems=(ProblemEntry(code="not-a-number", row=6, column="area", cell="B6", found="x"),),
        reading=Reading(format="csv", encoding="utf-8", delimiter=",", header_row=3),
    )
    [cell] = mending.cells_of(receipt, io.BytesIO(content))
    assert (cell.key, cell.value) == ("6-1", "x")


@pytest.mark.parametrize(
    "change",
    [
        {"reading": Reading(format="xlsx")},
        {"problems": ()},
        {"problems_truncated": True},
        {"problems": (ProblemEntry(code="missing-column", column="area"),)},
        {"problems": tuple(ProblemEntry(code="not-a-number", row=n, column="a", found="x") for n in range(2, 503))},
    ],
)
def test_what_cannot_be_mended_here_says_so(panel: Panel, change: dict[str, object]) -> None:
    receipt = refused_csv(panel).model_copy(update=change)
    assert mending.why_not(receipt)


def test_a_file_that_reads_differently_here_is_not_mended_here(panel: Panel) -> None:
    receipt = refused_csv(panel)
    for content in (b"id,area,rooms\nA,12,3\nB,12,3\nC,14,many\n", b"id,other\n1,2\n3,4\n5,6\n", b"\xff\xfe", b'a,"b'):
        with pytest.raises(Refused, match="fix workbook"):
            mending.cells_of(receipt, io.BytesIO(content))


def test_an_original_that_is_gone_or_a_job_that_was_mended_is_not_mended(panel: Panel) -> None:
    receipt = refused_csv(panel)
    client = panel.as_("ana")
    (panel.root.path / receipt.files[0].path).unlink()
    assert client.get(f"/jobs/{receipt.code}/mend").status_code == 410
    panel.ledger.record_event(receipt.job, Event(at=panel.clock(), event="mended", by="ana"), State.MENDED)
    assert client.get(f"/jobs/{receipt.code}/mend").status_code == 409


def test_a_form_of_nonsense_mends_nothing(panel: Panel) -> None:
    receipt = refused_csv(panel)
    client = panel.as_("ana")
    for data in ({}, {"cell-x": "1"}, {"cell-3-": "1"}):
        assert client.post(f"/jobs/{receipt.code}/mend", data=data).status_code == 409
    assert panel.requests() == []


def test_incoming_counts_what_it_wrote(panel: Panel) -> None:
    incoming = uploads.Incoming(panel.root, 5)
    with pytest.raises(HTTPException):
        incoming.write(b"123456")
    incoming.discard()
    assert kept(panel) == []


def test_what_was_accepted_is_not_removed_by_a_later_failure(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    client = panel.as_("ana")
    real, calls = uploads.accept, []

    def second_fails(*arguments: object) -> str:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, os.strerror(28))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "accept", second_fails)
    files = [("files", (f"{number}.csv", CSV)) for number in range(2)]
    assert client.post("/upload", data={"route": "default"}, files=files).status_code == 503
    [request], [folder] = panel.requests(), kept(panel)
    assert request["upload"] == folder.name and (folder / "data").read_bytes() == CSV
