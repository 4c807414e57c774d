"""A root with a small model, and the real daemon on it as a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from sklearn.linear_model import LinearRegression

from dropscore import bundle
from dropscore.folders import CLAIMS, is_job

DROPSCORE = Path(sys.executable).parent / "dropscore"
QUIET_SECONDS = 0.4
PATIENCE_SECONDS = 60
T = TypeVar("T")


def make_model(folder: Path) -> Path:
    """Pack a model that anyone can check by heart: price = 3 × area + 10 × rooms."""
    return make_version(folder, "1.0.0", LinearRegression())


def make_version(
    folder: Path, version: str, estimator: Any, *, room: float = 10, largest: float = 200, **more: Any
) -> Path:
    """Pack a version that was trained on homes up to so large, in which a room is worth so much."""
    draw = np.random.default_rng(5)
    homes = pd.DataFrame({"area": draw.uniform(20, largest, 300).round(1), "rooms": draw.integers(1, 8, 300)})
    fitted = estimator.fit(homes, 3 * homes.area + room * homes.rooms)
    bundle.save(folder, fitted, homes, version=version, name="price", outputs=[bundle.prediction("price")], **more)
    return folder


def homes_csv(rows: int) -> str:
    """Return `rows` homes, with a column that the model does not know."""
    lines = [f"H{number:05},{20 + number % 150}.5,{1 + number % 7}\n" for number in range(rows)]
    return "id,area,rooms\n" + "".join(lines)


@dataclass(frozen=True, slots=True)
class House:
    """A root on disk, whether a daemon runs on it or not."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config" / "dropscore.toml"

    @property
    def log(self) -> Path:
        return self.root / "daemon.log"

    def call(self, *arguments: str | Path, code: int = 0) -> str:
        """Run the command line on this root; return what it wrote as data."""
        found = subprocess.run(
            [DROPSCORE, *arguments, "--config", self.config], capture_output=True, text=True, check=False, timeout=120
        )
        assert found.returncode == code, found.stdout + found.stderr
        return found.stdout

    def receipts(self, route: str, folder: str, stem: str) -> list[Path]:
        place = self.root / folder if route == "default" else self.root / folder / route
        return sorted(place.glob(f"{stem}.*.json"))

    def read_receipts(self, route: str, stem: str) -> list[dict[str, Any]]:
        """Return the receipts of all drops of that name, in the order of their codes."""
        places = (path for folder in ("outbox", "failed") for path in self.receipts(route, folder, stem))
        return [json.loads(path.read_bytes()) for path in places]

    def await_receipt(self, route: str, stem: str) -> dict[str, Any]:
        """Return the receipt of a drop once it is published, wherever that is."""

        def found() -> Path | None:
            return next((path for name in ("outbox", "failed") for path in self.receipts(route, name, stem)), None)

        path = awaited(found, f"a receipt of {stem}", self.log)
        receipt: dict[str, Any] = json.loads(path.read_bytes())
        return receipt

    def at_rest(self) -> bool:
        """Return whether no job is at work any more, and what was claimed for it is gone from the inboxes too."""
        inboxes = os.walk(self.root / "inbox")  # unlike glob it does not mind what goes away while it looks
        claimed = (name for folder, names, _ in inboxes if Path(folder).name == CLAIMS for name in names)
        return not any((self.root / "processing").iterdir()) and not any(map(is_job, claimed))


def awaited(look: Callable[[], T], what: str, log: Path | None = None) -> T:
    """Return what `look` returns once it is true; AssertionError, with the log's end, if that takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    told = log.read_text()[-4000:] if log and log.exists() else ""
    raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}\n{told}")


def make_house(root: Path, routes: dict[str, str], *, model: Path) -> House:
    """Make a root by `init`, with these routes: name -> further lines of its table."""
    house = House(root)
    init = [DROPSCORE, "init", root]
    subprocess.run(init, check=True, capture_output=True)
    with house.config.open("a", encoding="utf-8") as file:
        for name, lines in routes.items():
            quiet = "" if "quiet_seconds" in lines else f"quiet_seconds = {QUIET_SECONDS}\n"
            file.write(f"\n[routes.{name}]\nmodel = '{model}'\n{quiet}{lines}\n")
    made = subprocess.run([*init, "--json"], check=True, capture_output=True)
    for command in json.loads(made.stdout)["commands"]:
        subprocess.run(command, shell=True, check=True)
    return house


@contextlib.contextmanager
def running(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon; in the end it is stopped by SIGTERM, and must end well within its 30 s."""
    with house.log.open("ab") as log:
        process = subprocess.Popen([DROPSCORE, "run", "--config", house.config], stdout=log, stderr=log)
    try:
        yield process
        assert process.poll() is None, house.log.read_text()[-4000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert process.returncode == 0, house.log.read_text()[-4000:]


def result_of(house: House, receipt: dict[str, Any]) -> list[list[Any]]:
    (file,) = [file for file in receipt["files"] if file["role"] == "result"]
    content = (house.root / file["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    return CalamineWorkbook.from_path(str(house.root / file["path"])).get_sheet_by_name("Predictions").to_python()


def assert_scored(house: House, receipt: dict[str, Any], text: str) -> None:
    """Every row came back, in order, with the price that anyone can work out."""
    assert receipt["verdict"] == "delivered", receipt
    assert receipt["input"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    header, *rows = result_of(house, receipt)
    sent = [line.split(",") for line in text.splitlines()[1:]]
    assert [row[0] for row in rows] == [line[0] for line in sent]
    for row, (_, area, rooms) in zip(rows, sent, strict=True):
        assert row[len(header) - 1] == pytest.approx(3 * float(area) + 10 * int(rooms), rel=1e-9)
