"""The daemon as a process: one for each root, orderly stops, and configurations taken up or refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.daemon import DROPSCORE, House, awaited, homes_csv, make_house, make_model, running


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "price")


@pytest.fixture
def house(tmp_path: Path, model: Path) -> Iterator[House]:
    yield make_house(tmp_path / "root", {"homes": ""}, model=model)


def _up(house: House) -> bool:
    return (house.root / "state" / "status.json").exists()


def test_a_second_daemon_on_a_root_exits_11_and_says_who_holds_it(house: House) -> None:
    with running(house) as first:
        awaited(lambda: _up(house), "the daemon to be up", house.log)
        second = subprocess.run(
            [DROPSCORE, "run", "--config", house.config], capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 11
        assert f"process {first.pid}" in second.stderr


def test_a_stop_in_mid_job_hands_it_back_uncounted_and_the_next_run_finishes_it(house: House) -> None:
    with running(house):
        awaited(lambda: _up(house), "the daemon to be up", house.log)
        (house.root / "inbox" / "homes" / "big.csv").write_text(homes_csv(400_000))
        awaited(lambda: list((house.root / "processing").glob("*/attempt-*")), "the work to begin", house.log)
    left = list((house.root / "processing").glob("0*/claim.json"))
    for claim in left:
        told = json.loads(claim.read_bytes())
        assert (told["at_work"], told["deaths"], told["crashes"]) == (False, 0, 0)
    (house.root / "state" / "status.json").unlink()
    with running(house):
        awaited(lambda: _up(house), "the daemon to be up again", house.log)
        receipt = house.await_receipt("homes", "big")
    assert (receipt["verdict"], receipt["counts"]["scored"]) == ("delivered", 400_000)


def test_a_killed_daemon_loses_and_doubles_nothing(house: House) -> None:
    inbox = house.root / "inbox" / "homes"
    for round_ in range(3):
        for number in range(4):
            (inbox / f"r{round_}n{number}.csv").write_text(homes_csv(50 + number))
        with house.log.open("ab") as log:
            process = subprocess.Popen([DROPSCORE, "run", "--config", house.config], stdout=log, stderr=log)
        awaited(lambda: any((house.root / "processing").iterdir()), "a claim", house.log)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run([DROPSCORE, "run", "--once", "--config", house.config], timeout=120, check=False)
    assert done.returncode == 0
    names = sorted(path.name for path in (house.root / "outbox" / "homes").glob("*.xlsx"))
    assert sorted(name.split(".")[0] for name in names) == [f"r{r}n{n}" for r in range(3) for n in range(4)]
    assert [path.name for path in inbox.iterdir() if path.is_file()] == ["_TEMPLATE.xlsx"]


def test_a_hangup_takes_up_a_valid_configuration_and_keeps_the_old_one_otherwise(house: House, model: Path) -> None:
    with running(house) as daemon:
        awaited(lambda: _up(house), "the daemon to be up", house.log)
        valid = house.config.read_text()
        house.config.write_text(f"{valid}\n[routes.more]\nmodell = 'x'\n")
        os.kill(daemon.pid, signal.SIGHUP)
        awaited(lambda: "configuration refused" in house.log.read_text(), "the refusal", house.log)
        house.config.write_text(f"{valid}\n[routes.more]\nmodel = '{model}'\nquiet_seconds = 0.4\n")
        os.kill(daemon.pid, signal.SIGHUP)
        awaited(lambda: (house.root / "inbox" / "more").is_dir(), "the new route's folder", house.log)
        (house.root / "inbox" / "more" / "late.csv").write_text(homes_csv(3))
        assert house.await_receipt("more", "late")["verdict"] == "delivered"


def test_a_wrong_configuration_exits_12_and_names_the_line(house: House) -> None:
    house.config.write_text("rooot = '..'\n")
    done = subprocess.run(
        [DROPSCORE, "run", "--config", house.config], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 12
    assert "dropscore.toml:1" in done.stderr and "root" in done.stderr


def test_the_service_process_stays_small(house: House) -> None:
    """It imports no pandas, so that it stays far below the worker's size; the figure is in the benchmarks."""
    with running(house) as daemon:
        awaited(lambda: _up(house), "the daemon to be up", house.log)
        mapped = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert "pandas" not in mapped and "sklearn" not in mapped and "pyarrow" not in mapped
