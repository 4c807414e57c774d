"""What people and programs wait for at the inbox: many files at once, one file, small ones beside a big one."""

from __future__ import annotations

import json
import re
import time
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

import data
from daemon import Daemon, daemon, warmed
from sides import side

ROWS = 100
_ALONE = 40
_PREDICTIONS = "xl/worksheets/sheet2.xml"


def small_files(count: int) -> list[bytes]:
    """Return files of 100 rows, all different."""
    applicants = data.frame(ROWS * count, seed=9)
    header, *lines = applicants.to_csv(index=False).encode().splitlines()
    starts = range(0, ROWS * count, ROWS)
    return [b"\n".join([header, *lines[start : start + ROWS], b""]) for start in starts]


def script_pace(folder: Path, bundle: Path, files: list[bytes]) -> float:
    """Return how many files a second the script does in a warm loop."""
    source = folder / "small.csv"
    with side("script", bundle, folder) as script:
        for number, content in enumerate(files[:_ALONE]):
            source.write_bytes(content)
            script.run(source, counted=number > 4)
        return 1 / script.median


def burst(folder: Path, bundle: Path, count: int) -> dict[str, Any]:
    """Drop many files at once; all must come back, each as when it is scored alone."""
    files = small_files(count)
    script = script_pace(folder, bundle, files)
    with daemon(folder, bundle) as running:
        known = warmed(running, files[:8])
        began, cpu = time.time(), running.cpu_seconds()
        for number, content in enumerate(files):
            running.drop(f"file-{number:05}.csv", content)
        running.wait_for(known + count)
        cpu = running.cpu_seconds() - cpu
        ended = max(running.receipts().values())
        same = _as_alone(running, folder, bundle, files)
    pace = count / (ended - began)
    print(f"  {count:,} files: {pace:.0f} a second; the script: {script:.0f} a second", flush=True)
    return {
        "files": count,
        "files_per_second": pace,
        "script_files_per_second": script,
        "same_as_alone": same,
        "service_ms_per_file": 1000 * cpu / count,
    }


def _as_alone(running: Daemon, folder: Path, bundle: Path, files: list[bytes]) -> int:
    """Compare the rows of some results with those of the same file scored alone; return how many were alike."""
    outbox = running.root / "outbox"
    results = {path.name.split(".")[0]: path for path in outbox.glob("file-*.xlsx")}
    if len(results) != len(files):
        raise SystemExit(f"{len(files)} files dropped, {len(results)} results")
    chosen = range(0, len(files), max(1, len(files) // _ALONE))
    with side("dropscore", bundle, folder) as alone:
        for number in chosen:
            source = folder / "alone.csv"
            source.write_bytes(files[number])
            alone.run(source, counted=False)
            if _rows(alone.result) != _rows(results[f"file-{number:05}"]):
                raise SystemExit(f"file {number} came out other than alone")
    return len(chosen)


def _rows(workbook: Path) -> bytes:
    with zipfile.ZipFile(workbook) as archive:
        return archive.read(_PREDICTIONS)


def one_by_one(running: Daemon, files: list[bytes], known: int, name: str) -> list[float]:
    """Drop one file after the other; return the seconds from each one's last byte to its receipt."""
    found = []
    for number, content in enumerate(files):
        before = set(running.receipts())
        dropped = running.drop(f"{name}-{number}.csv", content)
        running.wait_for(known + number + 1)
        appeared = [moment for receipt, moment in running.receipts().items() if receipt not in before]
        found.append(max(appeared) - dropped)
    return found


def latency(folder: Path, bundle: Path) -> dict[str, Any]:
    """Return the seconds from the last byte to the receipt, and each step's share."""
    files = small_files(30)
    with daemon(folder, bundle) as running:
        known = warmed(running, files[:8])
        seconds = one_by_one(running, files, known, "one")
        steps: dict[str, list[float]] = {}
        for path in (running.root / "outbox").glob("one-*.json"):
            for step, took in json.loads(path.read_bytes())["durations"].items():
                steps.setdefault(step, []).append(took)
    print(f"  last byte to receipt: {median(seconds) * 1000:.0f} ms", flush=True)
    return {"seconds": seconds, "steps": {step: median(took) for step, took in steps.items()}}


def beside_big(folder: Path, bundle: Path, rows: int) -> dict[str, Any]:
    """Return the delays of small files alone, and while a big file is at work."""
    files = small_files(40)
    big = folder / "big.csv"
    if not big.exists():
        data.write_csv(big, rows)
    with daemon(folder, bundle) as running:
        known = warmed(running, files[:8])
        quiet = one_by_one(running, files[:15], known, "quiet")
        running.drop("big.csv", big.read_bytes())
        time.sleep(1.0)
        busy: list[float] = []
        known += 15
        while not list((running.root / "outbox").glob("big.*.json")) and len(busy) < 100:
            busy += _beside(running, files[len(busy) % 40], len(busy))
        running.wait_for(known + len(busy) + 1)
        (receipt,) = (running.root / "outbox").glob("big.*.json")
        times = json.loads(receipt.read_bytes())["times"]
    print(f"  small files: {median(quiet):.2f} s alone, {median(busy):.2f} s beside {rows:,} rows", flush=True)
    return {"quiet": quiet, "busy": busy, "big_started": times["started"], "big_published": times["published"]}


def _beside(running: Daemon, content: bytes, number: int) -> list[float]:
    name = f"busy-{number}"
    dropped = running.drop(f"{name}.csv", content)
    while not (found := list((running.root / "outbox").glob(f"{name}.*.json"))):
        time.sleep(0.02)
    return [found[0].stat().st_ctime - dropped]


def idle(folder: Path, bundle: Path, count: int = 20_000, seconds: float = 30.0) -> dict[str, float]:
    """Return the share of a core, and the memory, of a daemon whose inbox is full of what is not to be taken."""
    with daemon(folder, bundle) as running:
        for number in range(count):
            (running.root / "inbox" / f"waiting-{number}.csv.part").touch()
        time.sleep(10.0)
        before, began = running.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        share = (running.cpu_seconds() - before) / (time.monotonic() - began)
        memory = running.memory_mb()
    print(f"  idle beside {count:,} files: {share:.1%} of a core, {memory:.0f} MB", flush=True)
    return {"share": share, "memory_mb": memory}


def spoiled(source: Path, target: Path, problems: int) -> None:
    """Write the same file with so many bad cells, one in each row from the first, spread over causes."""
    lines = source.read_bytes().splitlines(keepends=True)
    words = (b"12x", b"n/a", b"1 234", b"95%", b"")
    step = (len(lines) - 1) // problems
    for number in range(problems):
        at = 1 + number * step
        lines[at] = re.sub(rb"^[^,]*", words[number % len(words)], lines[at], count=1)
    target.write_bytes(b"".join(lines))
