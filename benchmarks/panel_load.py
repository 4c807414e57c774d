"""Fifty open pages while a thousand files are dropped: what they cost, and whether each ends with the true state.

    python benchmarks/panel_load.py [--files 1000] [--viewers 50] [--rounds 2] [--json FILE]

The same drops are scored on fresh roots, in turns: by the daemon alone, then with a panel and its viewers on the same
machine, and so on. Reported are the daemon's files per second in both, over all rounds, the times of pages asked for
meanwhile, and how many viewers ended with exactly the list that a fresh page shows, in the worst round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).resolve().parents[1]
DROPSCORE = Path(sys.executable).parent / "dropscore"
PENGUINS = HERE / "model" / "penguins"
PASSWORD = "orange kettle on the roof"
VIEWS = ("", "view=done", "view=all", "view=progress", "view=done&q=drop-0")
ROWS = 20


def make_root(folder: Path, model: Path) -> Path:
    """Make a root for the penguins; return its configuration."""
    subprocess.run([DROPSCORE, "init", folder, "--model", model], check=True, capture_output=True)
    config = folder / "config" / "dropscore.toml"
    config.write_text(re.sub(r"(?m)^#?quiet_seconds = .*$", "quiet_seconds = 0.3", config.read_text(), count=1))
    return config


@contextmanager
def running(*command: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen([DROPSCORE, *command], stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def drop_all(root: Path, count: int) -> None:
    """Drop small files, each written under a name in flight and then renamed."""
    (data,) = (PENGUINS / "data").glob("*.csv")
    lines = data.read_text().splitlines(keepends=True)
    content = "".join(lines[: ROWS + 1])
    for number in range(count):
        partial = root / "inbox" / f".drop-{number:05}.part"
        partial.write_text(content)
        partial.rename(root / "inbox" / f"drop-{number:05}.csv")


def await_receipts(root: Path, count: int) -> float:
    """Return the moment at which as many receipts were published."""
    until = time.monotonic() + 1800
    while time.monotonic() < until:
        if sum(1 for _ in (root / "outbox").glob("*.json")) >= count:
            return time.monotonic()
        time.sleep(0.1)
    raise SystemExit("the daemon did not finish within half an hour")


def await_template(root: Path) -> None:
    """Wait until the daemon has nothing else to do than to score."""
    until = time.monotonic() + 120
    while not (root / "inbox" / "_TEMPLATE.xlsx").exists():
        if time.monotonic() > until:
            raise SystemExit("the daemon laid no template")
        time.sleep(0.1)


def files_per_second(root: Path, count: int) -> float:
    await_template(root)
    began = time.monotonic()
    drop_all(root, count)
    return count / (await_receipts(root, count) - began)


@dataclass
class Viewer:
    """An open page, without a browser: it keeps the list as the page's script would."""

    query: str
    lists: dict[str, list[str]] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    bytes: int = 0
    messages: int = 0

    async def look(self, host: str, port: int, cookie: str) -> None:
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
        head = f"GET /live?{self.query} HTTP/1.1\r\nhost: {host}:{port}\r\ncookie: dropscore={cookie}\r\n\r\n"
        writer.write(head.encode())
        try:
            while line := await reader.readline():
                self.bytes += len(line)
                if line.startswith(b"data: "):
                    change = json.loads(line[6:])
                    self.rows |= set(change["rows"])
                    self.lists = change["lists"]
                    self.messages += 1
        finally:
            writer.close()


@dataclass
class Load:
    """What the viewers' process is told, and what it found."""

    url: str
    cookie: str
    viewers: list[Viewer]
    pages: list[float] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        host, _, port = self.url.removeprefix("http://").partition(":")
        looking = [asyncio.create_task(v.look(host, int(port), self.cookie)) for v in self.viewers]
        asking = asyncio.create_task(self._ask())
        await stop.wait()
        for task in (*looking, asking):
            task.cancel()
        await asyncio.gather(*looking, asking, return_exceptions=True)

    async def _ask(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, cookies={"dropscore": self.cookie}, timeout=60) as client:
            while True:
                began = time.perf_counter()
                (await client.get("/")).raise_for_status()
                self.pages.append(time.perf_counter() - began)
                await asyncio.sleep(0.25)


def log_in(url: str, panel_log: Path) -> str:
    """Be the first admin; return the session's cookie."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            found = re.search(r"/setup/(\S+)", panel_log.read_text())
            if found and httpx.get(f"{url}/login").status_code == 200:
                answer = httpx.post(f"{url}/setup/{found[1]}", data={"name": "ada", "password": PASSWORD})
                return answer.cookies["dropscore"]
        time.sleep(0.1)
    raise SystemExit("the panel did not start")


def listed(url: str, cookie: str, query: str) -> dict[str, list[str]]:
    """Return the lists that a fresh page shows."""
    page = httpx.get(f"{url}/?{query}", cookies={"dropscore": cookie}, timeout=60).text
    found = re.findall(r'<tbody data-list="(\w+)">(.*?)</tbody>', page, re.DOTALL)
    return {view: re.findall(r'<tr id="([^"]+)"', body) for view, body in found}


async def watch(load: Load, root: Path, count: int) -> tuple[float, int]:
    """Drop and wait while the viewers look; return files per second and how many ended with the true state."""
    stop = asyncio.Event()
    task = asyncio.create_task(load.run(stop))
    await asyncio.sleep(2)
    rate = await asyncio.to_thread(files_per_second, root, count)
    true = 0
    until = time.monotonic() + 30
    while time.monotonic() < until:
        await asyncio.sleep(1)
        fresh = {query: await asyncio.to_thread(listed, load.url, load.cookie, query) for query in VIEWS}
        true = sum(v.lists == fresh[v.query] and set().union(*v.lists.values()) <= v.rows for v in load.viewers)
        if true == len(load.viewers):
            break
    stop.set()
    await task
    return rate, true


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Watched:
    """What one round with viewers came to."""

    rate: float
    true: int
    pages: list[float]
    viewers: list[Viewer]
    panel_cpu: float


def alone(count: int, folder: Path, model: Path) -> float:
    config = make_root(folder / "alone", model)
    with running("run", "--no-notifier", "--config", config, log=folder / "alone.log"):
        rate = files_per_second(folder / "alone", count)
    shutil.rmtree(folder / "alone", ignore_errors=True)
    return rate


def watched(count: int, viewers: int, folder: Path, model: Path) -> Watched:
    root, panel_log = folder / "watched", folder / "panel.log"
    config = make_root(root, model)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        running("run", "--no-notifier", "--config", config, log=folder / "watched.log"),
        running("web", "--config", config, "--port", str(port), log=panel_log) as panel,
    ):
        url = f"http://127.0.0.1:{port}"
        made = [Viewer(VIEWS[number % len(VIEWS)]) for number in range(viewers)]
        load = Load(url, log_in(url, panel_log), made)
        rate, true = asyncio.run(watch(load, root, count))
        found = Watched(rate, true, load.pages, made, cpu_seconds(panel.pid))
    shutil.rmtree(root, ignore_errors=True)
    panel_log.unlink()
    return found


def measure(count: int, viewers: int, rounds: int, folder: Path) -> dict[str, Any]:
    model = folder / "model"
    train = [sys.executable, PENGUINS / "train.py", "--out", model]
    subprocess.run(train, check=True, capture_output=True)
    rates, rounds_watched = [], []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} …", file=sys.stderr, flush=True)
        rates.append(alone(count, folder, model))
        rounds_watched.append(watched(count, viewers, folder, model))
    # Of the same work: the files of all rounds by the time that they took.
    rate_alone = statistics.harmonic_mean(rates)
    rate = statistics.harmonic_mean([one.rate for one in rounds_watched])
    pages = [page for one in rounds_watched for page in one.pages]
    everybody = [viewer for one in rounds_watched for viewer in one.viewers]
    return {
        "files": count,
        "viewers": viewers,
        "rounds": rounds,
        "files_per_second_alone": [round(one, 1) for one in rates],
        "files_per_second_watched": [round(one.rate, 1) for one in rounds_watched],
        "slower_by_percent": round(100 * (1 - rate / rate_alone), 1),
        "page_median_ms": round(1000 * statistics.median(pages), 1),
        "page_p95_ms": round(1000 * statistics.quantiles(pages, n=20)[-1], 1),
        "pages_asked": len(pages),
        "viewers_with_the_true_state": min(one.true for one in rounds_watched),
        "messages_per_viewer": round(statistics.mean(v.messages for v in everybody), 1),
        "kilobytes_per_viewer": round(statistics.mean(v.bytes for v in everybody) / 1000, 1),
        "panel_cpu_seconds": [round(one.panel_cpu, 1) for one in rounds_watched],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dropscore-load-") as folder:
        found = measure(given.files, given.viewers, given.rounds, Path(folder))
    text = json.dumps(found, indent=2)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")
    fine = (
        found["viewers_with_the_true_state"] == given.viewers
        and found["page_median_ms"] < 100
        and found["slower_by_percent"] <= 20
    )
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
