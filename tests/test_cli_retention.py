"""`retention`: a dry run lists what would go and removes nothing; the daemon is asked for the rest."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from cli_root import House, daemon, keep, make_house, receipt
from dropscore.app import daily_of
from dropscore.receipt import FileFact, Times
from dropscore.service import Limit, Place
from dropscore.settings import load

CONTENT = b"a,b\n1,2\n"
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


def _house(folder: Path, keeping: str = "") -> House:
    house = make_house(folder)
    house.config.write_text(f"{house.config.read_text()}\n[retention]\n{keeping}\n")
    path = "archive/2026-01/sales.csv"
    fact = FileFact(role="archive", path=path, bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    keep(house, receipt("sales.csv", files=(fact,), times=Times(claimed=LONG_AGO, published=LONG_AGO)))
    (house.root.path / path).parent.mkdir(parents=True)
    (house.root.path / path).write_bytes(CONTENT)
    months = list(house.root.receipts.iterdir())
    (house.root.archive / "2026-01").rename(house.root.archive / months[0].name)
    kept = next(house.root.receipts.rglob("*.json"))
    kept.write_text(kept.read_text().replace("archive/2026-01", f"archive/{months[0].name}"))
    return house


def test_a_dry_run_lists_with_sizes_and_reasons_and_removes_nothing(tmp_path: Path) -> None:
    house = _house(tmp_path / "r")
    told = house.call("retention", "--dry-run").stdout
    assert "\t8 B\t" in told and "days old, 30 are kept\tarchive/" in told
    assert told.endswith("1 file, 8 B, would be removed.\n")
    document = house.json("retention", "--dry-run")
    assert (document["files"], document["bytes"]) == (1, 8)
    (one,) = document["removes"]
    assert (one["place"], one["route"], one["since"]) == ("archive", "default", "2026-01-02T00:00:00.000+00:00")
    assert (house.root.path / one["files"][0]["path"]).read_bytes() == CONTENT


def test_nothing_goes_where_there_is_no_limit(tmp_path: Path) -> None:
    house = _house(tmp_path / "r", "archive_days = 0")
    assert house.call("retention", "--dry-run").stdout == "0 files, 0 B, would be removed.\n"


def test_without_a_daemon_nothing_is_removed(tmp_path: Path) -> None:
    house = _house(tmp_path / "r")
    assert house.call("retention").exit_code == 10
    assert len(list(house.root.archive.rglob("*.csv"))) == 1


def test_the_daemon_is_asked(tmp_path: Path) -> None:
    house = _house(tmp_path / "r")
    with daemon(house, lambda request: {"ok": True, "sentence": "It begins."}) as asked:
        assert house.call("retention").stdout == "It begins.\n"
    assert [request["verb"] for request in asked] == ["retention"]


def test_settings_become_limits(tmp_path: Path) -> None:
    config = tmp_path / "dropscore.toml"
    config.write_text(
        'zone = "Europe/Madrid"\nupkeep = { at = "23:05", audit = false }\n'
        "retention = { archive_days = 10, outbox_mb = 5 }\n"
        '[routes.default]\nmodel = "m"\n[routes.law]\nmodel = "m"\nretention = { archive_days = 0, failed_mb = 7 }\n'
    )
    daily = daily_of(load(config, {}))
    assert (daily.at.hour, daily.at.minute, daily.zone, daily.audit) == (23, 5, "Europe/Madrid", False)
    keep = daily.retention
    assert keep.limit("default", Place.ARCHIVE) == Limit(days=10)
    assert keep.limit("law", Place.ARCHIVE) == Limit()
    assert keep.limit("law", Place.OUTBOX) == Limit(bytes=5_000_000)
    assert (keep.counted_with("law", Place.OUTBOX), keep.counted_with("law", Place.FAILED)) == ("", "law")
    assert keep.limit("law", Place.TRASH) == Limit(days=30)
    assert keep.limit("default", Place.RESULTS) == Limit(days=7)
