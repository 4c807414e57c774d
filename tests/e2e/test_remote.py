"""An inbox that other machines write to: no event comes, so it is looked at. A bindfs mount stands for one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from e2e.daemon import DROPSCORE, assert_scored, homes_csv, make_house, make_model

pytestmark = pytest.mark.root
LACKING = "needs root and bindfs" if os.geteuid() != 0 or not shutil.which("bindfs") else ""


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_what_another_machine_drops_is_found_by_looking(tmp_path: Path) -> None:
    house = make_house(tmp_path / "root", {"homes": ""}, model=make_model(tmp_path / "price"))
    text = house.config.read_text()
    assert "#scan_seconds = 2" in text and "#scan_seconds_network = 10" in text
    text = text.replace("#scan_seconds = 2", "scan_seconds = 3600")  # so it is not this one that finds anything
    house.config.write_text(text.replace("#scan_seconds_network = 10", "scan_seconds_network = 0.5"))
    inbox, elsewhere = house.root / "inbox" / "homes", tmp_path / "elsewhere"
    elsewhere.mkdir()
    mounted = f"for try in $(seq 200); do mountpoint -q '{inbox}' && break; sleep 0.05; done"
    start = f"bindfs -f -o nonempty '{elsewhere}' '{inbox}' & {mounted}; exec \"$@\""
    with house.log.open("wb") as log:
        daemon = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation", "private", "sh", "-ec", start, "sh"),
                *(DROPSCORE, "run", "--config", house.config),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        for name in ("first", "second"):  # the second one comes to a daemon that has long been at rest
            dropped = homes_csv(30 + len(name))
            (elsewhere / f"{name}.csv").write_text(dropped)
            receipt = house.await_receipt("homes", name)
            assert_scored(house, receipt, dropped)
            assert not (elsewhere / f"{name}.csv").exists()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(45) == 0
    finally:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()
