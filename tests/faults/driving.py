"""Start the processes that carry the shim, and gather what they tell."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from faults import shim

ALL = 1_000_000


@dataclass
class Swept:
    operations: int = 0
    lint: list[str] = field(default_factory=list)
    """What the order of a run without faults violates."""
    kinds: Counter[str] = field(default_factory=Counter)
    ends: list[list[str]] = field(default_factory=list)
    violations: list[tuple[str, list[str]]] = field(default_factory=list)

    def take(self, line: str) -> None:
        told = json.loads(line)
        if "operations" in told:
            self.operations, self.lint = told["operations"], told["lint"]
            return
        self.kinds[told["kind"]] += 1
        self.ends.append(told["ends"])
        if told["violations"]:
            self.violations.append((told["point"], told["violations"]))


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder in memory, where there is one: a sweep writes much, and keeps nothing."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="faults-", dir=memory if memory.is_dir() else None)


def _tell(module: str, shares: Sequence[Sequence[object]]) -> Iterator[str]:
    """Run a module with the shim, once for each share of arguments, side by side; yield the lines that they tell.

    Raises:
        RuntimeError: one of the processes ended badly.
    """
    with ExitStack() as held:
        top = Path(held.enter_context(scratch()))
        library = shim.build(top)
        running = []
        for number, share in enumerate(shares):
            folder = top / str(number)
            folder.mkdir()
            command = shim.preloaded(library, module, str(folder), *map(str, share))
            output = held.enter_context((folder / "told").open("w+"))
            errors = held.enter_context((folder / "errors").open("w+"))
            process = held.enter_context(subprocess.Popen(command, stdout=output, stderr=errors))
            held.callback(process.kill)
            running.append((process, output, errors))
        for process, output, errors in running:
            code = process.wait()
            errors.seek(0)
            if code:
                raise RuntimeError(f"{module} ended with {code}: {errors.read()[-4000:]}")
            output.seek(0)
            yield from output


def sweep(points: int, twice: int, seed: int = 1, jobs: int = 2) -> Swept:
    """Try that many points, shared out to as many processes."""
    swept = Swept()
    for line in _tell("faults.sweep", [(share, jobs, seed, points, twice) for share in range(jobs)]):
        swept.take(line)
    return swept


def refuse(numbers: Sequence[int], points: int, seed: int = 1) -> Swept:
    """Refuse that many operations with these errnos, each once or from then on."""
    swept = Swept()
    for line in _tell("faults.errnos", [(seed, points, *numbers)]):
        swept.take(line)
    return swept


def cut_power(kind: str, points: int, seed: int = 1) -> Swept:
    """Cut the power that often, on images of that file system."""
    swept = Swept()
    for line in _tell("faults.power", [(kind, points, seed)]):
        swept.take(line)
    return swept


def try_mutants(names: Sequence[str], jobs: int = 2) -> dict[str, str | None]:
    """Return what gave each of these mutants away, or None."""
    shares = [share for number in range(jobs) if (share := names[number::jobs])]
    told = [json.loads(line) for line in _tell("faults.mutants", shares)]
    return {one["mutant"]: one["caught"] for one in told}
