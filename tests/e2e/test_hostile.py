"""What attackers send, to the real daemon: names, formulas, bombs; and what must never come out: secrets."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from corpus.names import hostile_names
from dropscore.folders import from_base64
from e2e.daemon import DROPSCORE, House, homes_csv, make_house, make_model
from listeners import mail_server, webhook

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


def once(house: House) -> str:
    """Empty the inbox; return everything that the daemon said."""
    done = subprocess.run(
        [DROPSCORE, "run", "--once", "--config", house.config], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


def receipts(house: House) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in (house.root / "state" / "receipts").rglob("*.json")]


def controls(text: str) -> set[str]:
    return {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"}


def test_more_than_200_hostile_names_come_back_under_names_that_harm_nobody(tmp_path: Path, model: Path) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=model)
    inbox = os.fsencode(house.root / "inbox" / "homes")
    sent = hostile_names()
    for name in sent:
        Path(os.fsdecode(inbox + b"/" + name)).write_text(homes_csv(1))
    said = once(house)
    left = {os.fsencode(path.name) for path in (house.root / "inbox" / "homes").iterdir()}
    assert not left & set(sent)
    done = receipts(house)
    came = [from_base64(one["name_base64"]) if one.get("name_base64") else one["name"] for one in done]
    assert sorted(map(os.fsencode, came)) == sorted(sent)
    assert {one["verdict"] for one in done} == {"delivered"}
    for one in done:
        assert not controls(one["name"]), one["name"]
        for fact in one["files"]:
            name = fact["path"].rpartition("/")[2]
            assert SAFE.fullmatch(name), name
            assert len(name) <= 60 + len(f".{one['code']}.fix.xlsx")
            assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)\.", name), name
    for line in said.splitlines():
        assert not controls(line), line
        json.loads(line)
    table = house.call("jobs", "--limit", "1000")
    assert controls(table) == {"\t"}  # between its columns, and nowhere else
    assert {line.count("\t") for line in table.splitlines()} == {8}
    assert len(table.splitlines()) == len(sent) + 1
    assert not controls(house.call("show", done[0]["code"]))


def test_nothing_that_comes_out_is_a_formula(tmp_path: Path, model: Path) -> None:
    """In names of columns and files, in cells, in what is handed back to mend, in the receipt, opened as a table."""
    house = make_house(tmp_path / "root", {"homes": "formats = ['xlsx', 'csv']\npolicy = 'good-rows'"}, model=model)
    evil = ["=cmd|' /C calc'!A0", "+1+cmd|x", "-2+3+cmd|x", "@SUM(1)", "\t=1+1", "a,=cmd|' /C calc'!A0,b", 'x","=1+1"']
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in evil]
    header = ",".join(["id", "area", "rooms", *quoted])
    good = [",".join([cell, "20.5", "3", *quoted]) for cell in quoted]
    bad = [",".join(["H1", cell, "3", *quoted]) for cell in quoted]
    text = "\n".join([header, *good, *bad]) + "\n"
    (house.root / "inbox" / "homes" / "=cmd|' C calc'!A0.csv").write_text(text)
    once(house)
    (receipt,) = receipts(house)
    assert receipt["verdict"] == "partial", receipt["sentence"]
    roles = {one["role"] for one in receipt["files"]}
    assert {"result", "fix"} <= roles
    tables = 0
    for fact in receipt["files"]:
        path = house.root / fact["path"]
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
            assert not [cell for cell in found if cell.parent.title not in ("Summary",)], found
        elif path.suffix == ".csv" and fact["role"] == "result":
            assert_harmless(path.read_text("utf-8-sig"), ",")
            tables += 1
    assert tables == 1
    (published,) = house.receipts("homes", "outbox", "*")
    kept = next((house.root / "state" / "receipts").rglob("*.json"))
    for path in (published, kept):
        assert "cmd|" in path.read_text()
        assert_harmless(path.read_text(), ",;\t")


def assert_harmless(text: str, delimiters: str) -> None:
    """No cell is a formula, whichever of these a spreadsheet takes for the sign between cells."""
    for delimiter in delimiters:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True):
            for cell in row:
                assert not cell.startswith(FORMULA) or _is_number(cell), (delimiter, cell)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", cell) is not None


# --- secrets ---

CANARY = "c4n4ry"


def test_no_secret_of_the_configuration_comes_out_anywhere(tmp_path: Path, model: Path) -> None:
    """Addresses that work and that do not, with secrets in every place that an address has for one."""
    with webhook() as sent, mail_server() as mails:
        dead = f"jsons://u-{CANARY}:p-{CANARY}@127.0.0.1:9/path-{CANARY}?+X-Token=t-{CANARY}"
        house = make_house(
            tmp_path / "root", {"homes": f"owners = ['{sent.url(f'path-{CANARY}')}', '{dead}']"}, model=model
        )
        text = house.config.read_text().replace(
            "[notify]", f"[notify]\noperators = ['{mails.url()}&name={CANARY}', '{dead}']", 1
        )
        house.config.write_text(text)
        (house.root / "inbox" / "homes" / "good.csv").write_text(homes_csv(2))
        (house.root / "inbox" / "homes" / "bad.csv").write_text(homes_csv(2).replace("20.5", "many"))
        said = once(house)
        (receipt, _) = receipts(house)
        code = receipt["code"]
        for words in ("config show", "config show --json", "status", "status --json", "jobs --json", f"show {code}"):
            said += told(house, words)
        for words in (f"show {code} --json", "doctor", "doctor --json", "notify test"):
            said += told(house, words)
        assert sent.taken, "nobody was told, so nothing was tried"
        assert CANARY not in said
        assert CANARY not in json.dumps(sent.taken)
        assert not [mail for mail in mails.taken if CANARY in mail.get_content() + str(mail["subject"])]
    keeping = [
        str(path.relative_to(house.root))
        for path in house.root.rglob("*")
        if path.is_file() and path != house.config and CANARY.encode() in path.read_bytes()
    ]
    assert not keeping


def told(house: House, words: str) -> str:
    """Run a verb, whatever comes of it; return all that it says."""
    done = subprocess.run(
        [DROPSCORE, *words.split(), "--config", house.config], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout or done.stderr
    return done.stdout + done.stderr


# --- bombs ---


def _wide() -> bytes:
    return b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n"


def _one_cell() -> bytes:
    return b"id,area,rooms\n" + b"x" * 60_000_000 + b",1,2\n"


BOMBS = {
    "a million columns": ("wide.csv", _wide),
    "a gzip that grows a thousandfold": (
        "bomb.csv.gz",
        lambda: gzip.compress(b"id,area,rooms\n" + b"\0" * 400_000_000, 6),
    ),
    "one cell of 60 MB": ("cell.csv", _one_cell),
    "a quote that never ends": ("quote.csv", lambda: b'id,area,rooms\n"' + b"a,b\n" * 10_000_000),
    "a million empty lines": ("lines.csv", lambda: b"id,area,rooms\n" + b"\n" * 20_000_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_rejected_and_the_worker_lives(tmp_path: Path, model: Path, bomb: str) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=model)
    name, made = BOMBS[bomb]
    (house.root / "inbox" / "homes" / name).write_bytes(made())
    (house.root / "inbox" / "homes" / "sound.csv").write_text(homes_csv(3))
    said = once(house)
    done = {one["name"]: one for one in receipts(house)}
    assert done["sound.csv"]["verdict"] == "delivered"
    assert done[name]["verdict"] == "rejected", done[name]["sentence"]
    assert done[name]["attempts"] == 1 and "worker" not in said.lower()
