"""The smaller parts: words, plots, previews, live lists, and the verbs for users and tokens."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import Workbook

from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Verdict
from dropscore.receipt import ColumnProfile
from dropscore.web import hub, plots, preview
from dropscore.web.dress import STAGES, STATES, marked
from dropscore.web.people import users
from dropscore.web.people.roles import Role
from dropscore.web.words import _TABLES, best_language, saying
from dropscore.web.words_es_told import TOLD
from panels import Panel, panel_at

WEB = Path(preview.__file__).parent
DROPSCORE = Path(sys.executable).parent / "dropscore"


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    with panel_at(tmp_path) as made:
        yield made


# --- words --------------------------------------------------------------------------------------------------


PROGRAMS = {
    "This idempotency key was used for another file.",
    "The result cannot be read here: download it.",
    "The result holds no table: download it.",
}
"""What only programs are told."""
ES = _TABLES["es"]


def sentences() -> set[str]:
    """Return every sentence that the panel says, but those with a number or a name in them."""
    found: set[str] = set(STATES.values()) | set(STAGES.values()) | {str(role) for role in Role}
    for path in WEB.glob("templates/*.html"):
        found |= {a or b for a, b in re.findall(r"""_\((?:"([^"]*)"|'([^']*)')""", path.read_text())}
    for path in [*WEB.glob("*.py"), *WEB.glob("pages/*.py"), *WEB.glob("people/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = {"say": 0, "Refused": 0, "HTTPException": 1}.get(name)
                if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                    found.add(node.args[at].value)
    return found - PROGRAMS


def test_every_sentence_of_the_panel_is_there_in_spanish() -> None:
    assert sentences() - set(ES) == set()


def test_placeholders_are_the_same_in_both_languages() -> None:
    for english, spanish in ES.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", spanish)), english


def test_what_the_daemon_tells_is_said_in_spanish_with_its_names_and_numbers() -> None:
    say = saying("es")
    told = {
        "x [1] is archived.csv [K7F2QXM4] is archived: 3 files moved.": (
            "x [1] is archived.csv [K7F2QXM4] está archivado: 3 archivos movidos."
        ),
        "2 drops are taken: {a}.csv [K7F2QXM4], b.csv [M2]. Not taken: c.csv (It is complete).": (
            "Se han tomado 2 archivos: {a}.csv [K7F2QXM4], b.csv [M2]. Sin tomar: c.csv (It is complete)."
        ),
        "It was still changing. It is taken once it has stood still for 0.4 seconds.": (
            "Todavía cambiaba. Se toma cuando lleve 0.4 segundos sin cambiar."
        ),
        "Nobody knows this {sentence}.": "Nobody knows this {sentence}.",
    }
    assert {english: say(english) for english in told} == told
    assert [saying("en")(english) for english in told] == list(told)


def test_the_daemon_still_tells_what_is_known_in_spanish() -> None:
    source = "\n".join(
        path.read_text() for room in ("service", "intake", "web") for path in (WEB.parent / room).rglob("*.py")
    )
    for english, spanish in TOLD.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", spanish)), english
        longest = max(re.split(r"\{\w+\}|: |, |about a |1 drop is ", english), key=len).strip()
        if not re.search(r"is (archived|trashed)", english):  # the word for that is filled in
            assert longest in source or longest.split(". ")[0] in source, english


def test_the_language_is_the_first_known_one() -> None:
    assert best_language("", "fr-FR,es;q=0.8,en;q=0.7", "en") == "es"
    assert best_language("en", "es", "es") == "en"
    assert best_language("xx", "", "es") == "es"
    assert saying("es")("{n} good", n=3) == "3 buenas"


# --- plots --------------------------------------------------------------------------------------------------


def test_shares_of_classes_stand_beside_those_of_the_training() -> None:
    batch = ColumnProfile(type="string", rows=10, missing=0, counts={"good": 9, "bad": 1})
    trained = ColumnProfile(type="string", rows=100, missing=0, counts={"good": 70, "bad": 30})
    plot = plots.compared("p", batch, trained, ("this", "training"))
    assert plot and plot.labels == ("bad", "good") and plot.percent
    assert [one.values for one in plot.series] == [(0.1, 0.9), (0.3, 0.7)]
    tallest = max(plot.bars, key=lambda bar: bar.height)
    assert tallest.css == "batch" and tallest.y == plots.ABOVE


def test_quantiles_become_shares_that_add_up() -> None:
    even = ColumnProfile(type="number", rows=100, missing=0, quantiles=tuple(float(n) for n in range(101)))
    low = ColumnProfile(type="number", rows=100, missing=0, quantiles=tuple(n / 2 for n in range(101)))
    plot = plots.compared("p", low, even, ("this", "training"))
    assert plot
    for one in plot.series:
        assert sum(one.values) == pytest.approx(1)
    assert sum(plot.series[0].values[:8]) == pytest.approx(1, abs=0.02), "all of it lies in the lower half"
    assert plot.series[1].values == pytest.approx([1 / 16] * 16, abs=0.01)


def test_one_value_and_nothing_at_all_can_be_drawn_too() -> None:
    same = ColumnProfile(type="number", rows=9, missing=0, quantiles=(5.0,) * 101)
    assert plots.compared("p", same, None, ("this", "training"))
    assert plots.compared("p", ColumnProfile(type="number", rows=9, missing=9), None, ("a", "b")) is None
    assert plots.bars("p", [], []).bars == ()


# --- preview ------------------------------------------------------------------------------------------------


def workbook(rows: int = 40) -> bytes:
    book = Workbook()
    book.active.title = "Summary"
    sheet = book.create_sheet("Predictions")
    sheet.append(["id", "area", "price"])
    for number in range(rows):
        sheet.append([f"00{number} <&>", number, None if number == 1 else number * 1.5])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_first_rows_are_read_from_the_right_sheet() -> None:
    found = preview.first_rows(io.BytesIO(workbook()))
    assert found[:3] == [["id", "area", "price"], ["000 <&>", "0", "0"], ["001 <&>", "1"]] and len(found) == 21


def test_typed_rows_have_numbers_as_numbers_and_empty_cells_as_none() -> None:
    found = preview.typed_rows(io.BytesIO(workbook(3)), 10)
    assert found == [["id", "area", "price"], ["000 <&>", 0, 0], ["001 <&>", 1, None], ["002 <&>", 2, 3]]


def test_a_workbook_with_a_document_type_or_no_workbook_is_not_read() -> None:
    head, entity = b'<?xml version="1.0"?>', b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    bomb = head + entity + b"<worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>"
    source, target = io.BytesIO(workbook()), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, bomb if name.endswith("sheet2.xml") else old.read(name))
    assert preview.first_rows(target) == []
    assert preview.first_rows(io.BytesIO(b"no zip")) == []


def forged(**parts: str) -> io.BytesIO:
    """Return a workbook in which somebody has replaced parts; they compress well."""
    source, target = io.BytesIO(workbook()), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            stem = Path(name).name.partition(".")[0]
            new.writestr(name, parts.get(stem, old.read(name)))
    return target


@pytest.mark.parametrize("part", ["workbook", "sheet2", "far", "wide"])
def test_a_workbook_that_was_made_to_fill_the_memory_does_not(part: str) -> None:
    rows = {"far": '<row><c r="XFD1"><v>1</v></c></row>' * 10_000, "wide": "<row>" + "<c><v>1</v></c>" * 3_000_000}
    content = f"<worksheet><sheetData>{rows.get(part, ' ' * 100_000_000)}"
    source = forged(**{"sheet2" if part in rows else part: content})
    tracemalloc.start()
    try:
        assert len(preview.first_rows(source)) <= 21
        with contextlib.suppress(Refused):
            preview.typed_rows(source, 10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60_000_000, f"{peak:,} bytes"


# --- live lists ---------------------------------------------------------------------------------------------


class Viewer:
    """A page that is open: it applies what it is sent as the page's script does."""

    def __init__(self, client: httpx.Client, query: str = "") -> None:
        self.lists: dict[str, list[str]] = {}
        self.rows: dict[str, str] = {}
        self.messages = 0
        self._client, self._query = client, query
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with self._client.stream("GET", f"/live?{self._query}") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    change = json.loads(line[6:])
                    self.rows.update(change["rows"])
                    self.lists = change["lists"]
                    self.messages += 1
                if self._stop.is_set():
                    return

    def awaited(self, code: str, view: str) -> bool:
        until = time.monotonic() + 15
        while time.monotonic() < until:
            if any(code in self.rows.get(id_, "") for id_ in self.lists.get(view, ())):
                return True
            time.sleep(0.02)
        return False

    def close(self, panel: Panel) -> None:
        self._stop.set()
        panel.job("the last one.csv")
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_open_pages_are_told_of_changes_each_of_its_own_routes(panel: Panel) -> None:
    every, credit = Viewer(panel.as_("ana")), Viewer(panel.as_("bob", Role.VIEWER, ("credit",)), "view=done")
    late: Viewer | None = None
    try:
        mine = panel.job("mine.csv", route="credit")
        assert every.awaited(mine.code, "done") and credit.awaited(mine.code, "done")
        hidden = panel.job("hidden.csv", Verdict.REJECTED, route="sales")
        assert every.awaited(hidden.code, "attention")
        late = Viewer(panel.as_("ana"))
        assert late.awaited(mine.code, "done") and late.awaited(hidden.code, "attention"), "the whole list comes first"
        assert not any("hidden.csv" in html for html in credit.rows.values())
        assert 'type="checkbox"' in every.rows[f"j-{mine.job}"]
        assert 'type="checkbox"' not in credit.rows[f"j-{mine.job}"], "a viewer may change nothing"
    finally:
        for viewer in (every, credit, late):
            if viewer is not None:
                viewer._stop.set()
        last = panel.job("last.csv", route="credit")
        for viewer in (every, credit, late):
            if viewer is not None:
                viewer._thread.join(20)
    assert last.code


def test_a_stream_ends_with_its_session(tmp_path: Path) -> None:
    with panel_at(tmp_path) as panel:
        client = panel.as_("ana")
        panel.clock.pass_(hours=13)
        assert client.get("/live").status_code == 303


# --- verbs --------------------------------------------------------------------------------------------------


def call(panel: Panel, *arguments: str, code: int = 0) -> str:
    config = panel.root.path / "config" / "dropscore.toml"
    found = subprocess.run(
        [DROPSCORE, *arguments, "--config", config], capture_output=True, text=True, check=False, env=os.environ
    )
    assert found.returncode == code, found.stdout + found.stderr
    return found.stdout


def test_users_and_tokens_are_looked_after_from_the_command_line(panel: Panel) -> None:
    link = call(panel, "user", "add", "ana", "--role", "sender", "--route", "credit").strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:8765/setup/[\w-]{43}", link)
    path = link.removeprefix("http://127.0.0.1:8765")
    assert panel.client().post(path, data={"password": "orange kettle on the roof"}).status_code == 303
    secret = call(panel, "token", "add", "robot", "--scope", "read").strip()
    client = panel.client("/api/v1")
    client.headers["authorization"] = f"Bearer {secret}"
    assert client.get("/jobs").status_code == 200
    call(panel, "token", "revoke", "robot")
    assert client.get("/jobs").status_code == 401
    [user] = json.loads(call(panel, "user", "list", "--json"))
    assert (user["name"], user["role"], user["routes"], user["state"]) == ("ana", "sender", "credit", "active")
    call(panel, "user", "add", "eve", "--route", "nothing", code=2)


def test_the_panel_never_loads_what_belongs_to_workers() -> None:
    program = (
        "import sys, dropscore.web.serve; "
        "print([name for name in ('pandas', 'numpy', 'pyarrow', 'sklearn', 'openpyxl') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_sentence_is_marked_up_after_it_was_escaped() -> None:
    found = str(marked("*a_b* in row 3: Found: `<b>*x*</b>`. 2*3*4"))
    assert found == "<em>a_b</em> in row 3: Found: <code>&lt;b&gt;*x*&lt;/b&gt;</code>. 2*3*4"


def test_a_stream_ends_when_its_reader_may_no_longer_see_what_it_tells(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.Hub.messages, "__defaults__", (0.2,))
    viewer = Viewer(panel.as_("bob", Role.VIEWER))
    code = panel.job("seen.csv").code
    assert viewer.awaited(code, "done")
    users.change(panel.web.people, "bob", Role.VIEWER, ["credit"], False)
    viewer._thread.join(15)
    assert not viewer._thread.is_alive()
