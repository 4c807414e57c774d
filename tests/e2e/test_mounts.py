"""The real daemon on real mounts that fill up, lose their inodes or turn read-only: drops wait, none fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from e2e.daemon import House, assert_scored, homes_csv, make_house, make_model
from faults.mounts import full, read_only, tmpfs, without_inodes

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.mark.parametrize(
    ("folder", "trouble"),
    [("outbox", full), ("outbox", read_only), ("processing", without_inodes), ("archive", full)],
)
def test_a_drop_that_meets_it_waits_and_is_done_when_it_is_over(
    tmp_path: Path, model: Path, folder: str, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    root = tmp_path / "root"
    with tmpfs(root / folder, "size=8m,nr_inodes=400") as place:
        house = make_house(root, {"homes": "quiet_seconds = 0.2"}, model=model)
        _try(house, lambda: trouble(place))


def _try(house: House, trouble: Callable[[], AbstractContextManager[None]]) -> None:
    text = homes_csv(50)
    (house.root / "inbox" / "homes" / "a.csv").write_text(text)
    with trouble():
        house.call("run", "--once", code=1 if any_claim(house) else 0)
        status = json.loads((house.root / "state" / "status.json").read_bytes())
        assert status["incidents"], "operators are told"
    assert [path for path in (house.root / "failed").rglob("*") if path.is_file()] == []
    house.call("run", "--once")
    (receipt,) = house.read_receipts("homes", "a")
    assert_scored(house, receipt, text)
    assert house.at_rest()
    document = json.loads(house.call("audit", "--json"))
    assert (document["count"], document["jobs"]) == (0, 1)


def any_claim(house: House) -> bool:
    """Whether a drop can be claimed at all: where its papers cannot be written it stays in the inbox."""
    return house.root.joinpath("processing").stat().st_dev == house.root.stat().st_dev
