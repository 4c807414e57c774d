"""What saturates first at a million files and a billion rows a day: a model of the service under load, simulated.

    python benchmarks/scale_model.py [--figures docs/scale.json] [--files 1000000] [--rows 1000000000]

The costs are measured ones (see docs/scale.md): of the service's one thread for each file, of a worker for each
file and each row, of a scan for each name, of the disk for each sync. Arrivals are random (Poisson), with a peak hour;
files are small or big. The simulation is of events: the service's thread takes what is due, workers do what is queued.
It prints the load of each part, and how long files wait.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

DAY = 86_400.0
FIGURES = Path(__file__).resolve().parents[1] / "docs" / "scale.json"


@dataclass(frozen=True)
class Costs:
    """Seconds, unless said otherwise. `measured` says on what."""

    service_file: float
    """Of the service's one thread, for each file: claim, hand over, stage, publish, archive, tidy."""
    ledger_file: float
    """Of the same thread, for accounting."""
    worker_file: float
    """Of a worker, for each file, however small, scored among others."""
    worker_row: float
    """Of a worker, for each row of twelve columns."""
    scan_name: float
    """For each name that lies in the inbox when it is listed."""
    bytes_row: float
    """Read and written, for each row: the drop, its copy, the result."""
    measured: str = ""


@dataclass(frozen=True)
class Load:
    files: int
    rows: int
    """Both a day."""
    big_share: float = 0.001
    """Of the files, how many are big: they hold half of the rows."""
    peak: float = 3.0
    """How many times as many files come in the busiest hour as on the average."""

    def rates(self) -> tuple[float, float]:
        """Return files a second: on the average of the other hours, and in the busiest."""
        average = self.files / DAY
        busiest = self.peak * average
        return (self.files - busiest * 3600) / (DAY - 3600), busiest

    def rows_of(self, big: bool) -> float:
        bigs = max(1.0, self.files * self.big_share)
        return self.rows / 2 / bigs if big else self.rows / 2 / max(1.0, self.files - bigs)


@dataclass
class Outcome:
    """What came of a simulated stretch of time."""

    seconds: float = 0.0
    service: float = 0.0
    workers: float = 0.0
    waits: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    longest_queue: int = 0

    def share(self, part: float, of: int = 1) -> float:
        return part / (self.seconds * of) if self.seconds else 0.0


def simulate(costs: Costs, load: Load, workers: int, rate: float, seconds: float, seed: int = 1) -> Outcome:
    """Let files come for so long at that rate; return how busy all were, and how long the files took."""
    draw = random.Random(seed)
    found = Outcome(seconds=seconds)
    queues: dict[bool, deque[float]] = {False: deque(), True: deque()}
    free = workers
    most_big = max(1, workers // 2)
    at_work = {False: 0, True: 0}
    ends: list[tuple[float, bool, float]] = []
    service_free, arrival = 0.0, draw.expovariate(rate)
    per_file = costs.service_file + costs.ledger_file
    while arrival < seconds or ends or queues[False] or queues[True]:
        if ends and (ends[0][0] <= arrival or arrival >= seconds):
            now, big, since = heapq.heappop(ends)
            free, at_work[big] = free + 1, at_work[big] - 1
            found.waits[big].append(now + costs.service_file / 2 - since)
        elif arrival < seconds:
            # The thread takes the file up when it has done with those before it, half of its work before the worker.
            waiting = max(0.0, service_free - arrival) * rate
            service_free = max(service_free, arrival) + per_file + costs.scan_name * waiting
            found.service += per_file + costs.scan_name * waiting
            now = arrival
            queues[draw.random() < load.big_share].append(arrival)
            arrival += draw.expovariate(rate)
        else:
            break
        found.longest_queue = max(found.longest_queue, len(queues[False]) + len(queues[True]))
        for big in (True, False):
            while queues[big] and free and (not big or at_work[True] < most_big):
                since = queues[big].popleft()
                took = costs.worker_file + costs.worker_row * load.rows_of(big)
                found.workers += took
                free, at_work[big] = free - 1, at_work[big] + 1
                heapq.heappush(ends, (max(now, service_free) + took, big, since))
    return found


def needed(costs: Costs, load: Load) -> dict[str, float]:
    """Return, for the busiest hour, how much of each part is needed: 1 is all that there is of one."""
    _, busiest = load.rates()
    rows = busiest * load.rows / load.files
    return {
        "the service's one thread": busiest * (costs.service_file + costs.ledger_file),
        "workers (cores)": busiest * costs.worker_file + rows * costs.worker_row,
        "disk, MB/s": rows * costs.bytes_row / 1e6,
        "files a second": busiest,
        "rows a second": rows,
    }


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4, 8, 16, 32])
    parser.add_argument("--seconds", type=float, default=1_800.0)
    given = parser.parse_args()
    costs = Costs(**json.loads(given.figures.read_bytes()))
    load = Load(given.files, given.rows)
    print(f"{load.files:,} files and {load.rows:,} rows a day; in the busiest hour:")
    for part, amount in needed(costs, load).items():
        print(f"  {part}: {amount:,.2f}")
    print("workers | service busy | workers busy | small: median, 99 % | big: median | longest queue")
    _, busiest = load.rates()
    for workers in given.workers:
        found = simulate(costs, load, workers, busiest, given.seconds)
        small, big = found.waits[False], found.waits[True]
        print(
            f"{workers} | {found.share(found.service):.0%} | {found.share(found.workers, workers):.0%} | "
            f"{percentile(small, 0.5):.2f} s, {percentile(small, 0.99):.2f} s | {percentile(big, 0.5):.1f} s | "
            f"{found.longest_queue:,}"
        )


if __name__ == "__main__":
    main()
