"""`make demo`: real files scored by a real daemon, in `.demo/`, and everything stopped again.

Four files are dropped: one good file for each of the two example models, a bad one with mixed mistakes, and one of
200,000 rows. The demo ends with an error if anything comes back that should not, or does not come back.
"""

from __future__ import annotations

import contextlib
import csv
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dropscore import folders

HERE = Path(__file__).resolve().parent.parent
DEMO = HERE / ".demo"
DROPSCORE = Path(sys.executable).parent / "dropscore"
MODELS = ("credit", "penguins")
QUIET_SECONDS = 0.5
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Drop:
    """A file to drop, and what must come of it."""

    route: str
    name: str
    lines: list[list[str]]
    verdict: str


def rows_of(model: str) -> list[list[str]]:
    """Return an example's data, header first, without the column that its model predicts."""
    (path,) = (HERE / "model" / model / "data").glob("*.csv")
    answer = {"credit": "creditability", "penguins": "body_mass_g"}[model]
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    drop = lines[0].index(answer)
    return [[cell for number, cell in enumerate(line) if number != drop] for line in lines]


def with_mistakes(lines: list[list[str]]) -> list[list[str]]:
    """Return penguins as people send them: a word for a number, decimal commas, an unknown species, an empty cell."""
    header, *rows = [list(line) for line in lines]
    column = {name: number for number, name in enumerate(header)}
    whole = [row for row in rows if "" not in row and "NA" not in row][:40]
    whole[6][column["flipper_length_mm"]] = "about 190"
    for row in whole[10:16]:
        row[column["bill_length_mm"]] = row[column["bill_length_mm"]].replace(".", ",")
    whole[20][column["species"]] = "Emperor"
    whole[30][column["island"]] = ""
    return [header, *whole]


def drops() -> list[Drop]:
    credit, penguins = rows_of("credit"), rows_of("penguins")
    draw = random.Random(7)
    return [
        Drop("credit", "applicants.csv", credit[:101], "delivered"),
        Drop("penguins", "penguins.csv", penguins, "delivered"),
        Drop("penguins", "penguins-with-mistakes.csv", with_mistakes(penguins), "rejected"),
        Drop("credit", "applicants-200000.csv", [credit[0], *draw.choices(credit[1:], k=200_000)], "delivered"),
    ]


def train() -> None:
    """Pack each example model into a bundle, unless that is done."""
    for model in MODELS:
        folder = HERE / "model" / model
        if not list(folder.glob("*/manifest.json")):
            print(f"training {model} …", flush=True)
            subprocess.run([sys.executable, folder / "train.py"], check=True, cwd=HERE, stdout=subprocess.DEVNULL)


def make_root() -> Path:
    """Make a fresh root with a route for each model; return its configuration."""
    if folders.holder_of(folders.Root(DEMO)) is not None:
        raise SystemExit(f"a daemon runs on {DEMO} already: another demo, it seems. Wait for its end.")
    shutil.rmtree(DEMO, ignore_errors=True)
    config = DEMO / "config" / "dropscore.toml"
    init = [DROPSCORE, "init", DEMO]
    subprocess.run(init, check=True, capture_output=True)
    with config.open("a", encoding="utf-8") as file:
        for model in MODELS:
            path = json.dumps(str(HERE / "model" / model))
            file.write(f"\n[routes.{model}]\nmodel = {path}\nquiet_seconds = {QUIET_SECONDS}\n")
    subprocess.run(init, check=True, capture_output=True)  # the second time it makes the new routes' folders
    return config


@contextlib.contextmanager
def daemon(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon, its log in `.demo/daemon.log`, and stop it as an operator would: with SIGTERM."""
    with (DEMO / "daemon.log").open("wb") as log:
        process = subprocess.Popen([DROPSCORE, "run", "--config", config], stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def write(drop: Drop) -> None:
    """Drop a file as careful people do: written under a name in flight, then renamed."""
    target = DEMO / "inbox" / drop.route / drop.name
    partial = target.with_name(f"{drop.name}.part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(drop.lines)
    partial.rename(target)


def await_receipt(drop: Drop, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return the receipt once it is there; it comes last, so all that it names is there too."""
    stem = drop.name.removesuffix(".csv")
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        for folder in ("outbox", "failed"):
            for path in (DEMO / folder / drop.route).glob(f"{stem}.*.json"):
                return {**json.loads(path.read_bytes()), "receipt": path}
        if process.poll() is not None:
            raise SystemExit(f"the daemon ended with {process.returncode}; see {DEMO / 'daemon.log'}")
        time.sleep(0.05)
    raise SystemExit(f"{drop.name}: no receipt after {PATIENCE_SECONDS} s; see {DEMO / 'daemon.log'}")


def faults_of(drop: Drop, receipt: dict[str, Any]) -> list[str]:
    """Return what is not as it should be with what came back."""
    found = []
    rows, counts = len(drop.lines) - 1, receipt["counts"]
    expected = (rows, 0) if drop.verdict == "delivered" else (0, rows)
    if receipt["verdict"] != drop.verdict:
        found.append(f"{drop.name}: {receipt['verdict']}, not {drop.verdict}: {receipt['sentence']}")
    elif (counts["scored"], counts["set_aside"]) != expected:
        found.append(f"{drop.name}: {counts['scored']} of {rows} rows scored, {counts['set_aside']} set aside")
    roles = {file["role"] for file in receipt["files"]}
    if not {"delivered": {"result"}, "rejected": {"original", "fix"}}[drop.verdict] <= roles:
        found.append(f"{drop.name}: only {', '.join(sorted(roles)) or 'nothing'} came back")
    for file in receipt["files"]:
        path = DEMO / file["path"]
        if not path.is_file() or path.stat().st_size != file["bytes"]:
            found.append(f"{file['path']} is not there as the receipt says")
    return found


def seconds_of(receipt: dict[str, Any]) -> float:
    claimed, published = (datetime.fromisoformat(receipt["times"][name]) for name in ("claimed", "published"))
    return (published - claimed).total_seconds()


def show(came: list[tuple[Drop, dict[str, Any]]]) -> None:
    print(f"\n{'file':<28} {'rows':>8}  {'verdict':<10} {'seconds':>7}  where")
    for drop, receipt in came:
        places = [file["path"] for file in receipt["files"] if file["role"] in ("result", "fix")]
        print(
            f"{drop.name:<28} {receipt['counts']['rows']:>8,}  {receipt['verdict']:<10} {seconds_of(receipt):>7.2f}  "
            f"{', '.join(f'.demo/{place}' for place in places)}"
        )
    for drop, receipt in came:
        if receipt["verdict"] == "rejected":
            print(f"\n{drop.name}: {receipt['sentence']}")
            for group in receipt["groups"]:
                print(f"  - {group['sentence']} {group['hint']}")
            print(f"  {receipt['todo']}")


def main() -> int:
    started = time.monotonic()
    train()
    config = make_root()
    waiting = drops()
    print("starting the daemon, dropping four files …", flush=True)
    with daemon(config) as process:
        for drop in waiting:
            write(drop)
        came = [(drop, await_receipt(drop, process)) for drop in waiting]
    show(came)
    faults = [fault for drop, receipt in came for fault in faults_of(drop, receipt)]
    if process.returncode != 0:
        faults.append(f"the daemon ended with {process.returncode}; see .demo/daemon.log")
    print(f"\nThe daemon is stopped. {time.monotonic() - started:.1f} s in all. Everything lies in .demo/.")
    for fault in faults:
        print(f"not as it should be: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
