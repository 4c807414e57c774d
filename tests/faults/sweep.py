"""The sweep: the service dies, or is refused, at each operation; a reader takes what is there; it starts again.

This is the part with the shim in its process: it forks one process per point from one that has everything loaded.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from dropscore.folders import Root
from faults import checks
from faults.checks import Truth
from faults.lint import Lint
from faults.scene import Reader, Run, aged_files, drops, kept_receipts, make_seed, plan_of, restore
from faults.shim import Fault, Mode, Operation, Shim, read_trace

HANGS_AFTER_SECONDS = 60
FEW_ROUNDS = 60
ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)
KILLED, ENDED, LEFT, RAISED, HUNG = "killed", "ended", "left", "raised", "hung"
READERS = ("nobody", "all", "results", "receipts")


@dataclass(frozen=True, slots=True)
class Point:
    """Faults of a first life, of the recovery after it, and what a reader does."""

    faults: tuple[Fault, ...]
    recovery: tuple[Fault, ...] = ()
    reader: str = "nobody"
    eager: bool = False
    """The reader takes what he wants after every round, not only while the service is dead."""
    without_noreplace: bool = False

    def __str__(self) -> str:
        parts = [", ".join(map(str, self.faults))]
        if self.recovery:
            parts.append(f"recovery: {', '.join(map(str, self.recovery))}")
        parts.append(f"{self.reader} taken{' at once' if self.eager else ''}")
        return "; ".join(parts) + ("; without NOREPLACE" if self.without_noreplace else "")


@dataclass
class Result:
    point: Point
    ends: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def wants(reader: str) -> Callable[[Path], bool]:
    if reader == "results":
        return lambda path: path.suffix != ".json"
    if reader == "receipts":
        return lambda path: path.suffix == ".json"
    return lambda path: reader == "all"


class Bench:
    """One root, laid out anew for every point, and the process from which each life of the service is forked."""

    def __init__(self, folder: Path) -> None:
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(50), logger_factory=structlog.ReturnLoggerFactory()
        )
        self.folder = folder
        plan = make_seed(folder)
        self.root = Root(folder / "root")
        self.seed = folder / "seed"
        self.root.path.rename(self.seed)
        self.plan = plan_of(self.root, plan.routes[0].model)
        self.shim = Shim(self.root.path)
        self.last: list[Operation] = []
        """What was traced last."""
        self.truth = self._learn()
        self.trace = self.last
        self.lint = Lint(self.root).follow(self.trace)

    def _learn(self) -> Truth:
        """Run once without faults: what that leaves is right, and was looked at by the tests of the scene."""
        restore(self.seed, self.root.path)
        old_bad = next(receipt.job for receipt in kept_receipts(self.root) if receipt.name == "old-bad.csv")
        reader = Reader(self.root, self.folder / "taken")
        aged = {path: (self.root.path / path).read_bytes() for path in aged_files(self.root)}
        end, told = self.live((), reader, Point(()), trace=True)
        if end != ENDED:
            raise RuntimeError(f"a run without faults {end}: {told}")
        return checks.truth_of(self.root, reader, drops(old_bad), aged)

    def live(self, faults: Sequence[Fault], reader: Reader, point: Point, *, trace: bool = False) -> tuple[str, str]:
        """Let the service live once, in a process of its own; return how that ended, and what it said."""
        said = self.folder / "said"
        recorded = self.folder / "trace"
        said.write_bytes(b"")
        child = os.fork()
        if not child:
            signal.alarm(HANGS_AFTER_SECONDS)
            code = 3
            try:
                handle = os.open(recorded, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if trace else -1
                code = self._child(faults, reader, point, handle)
            except BaseException:
                self.shim.disarm()
                said.write_text(traceback.format_exc())
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if trace:
            self.last = read_trace(recorded)
        if os.WIFSIGNALED(status):
            return (KILLED if os.WTERMSIG(status) == signal.SIGKILL else HUNG), ""
        return {0: ENDED, 1: LEFT}.get(os.WEXITSTATUS(status), RAISED), said.read_text()

    def _child(self, faults: Sequence[Fault], reader: Reader, point: Point, trace: int) -> int:
        take = (lambda: reader.take(wants(point.reader))) if point.eager else (lambda: None)
        sticky = any(fault.mode is Mode.STICKY for fault in faults)
        self.shim.arm(faults, trace, without_noreplace=point.without_noreplace)
        run = Run(self.plan, self.shim.paused, take)
        whole = run.until_empty(*([FEW_ROUNDS] if sticky else []))
        self.shim.disarm()
        return 0 if whole else 1

    def judge(self, check: Callable[[Root, Reader, Truth], list[str]], reader: Reader) -> list[str]:
        """Return what a check finds; what is too broken for the check to read is found, too."""
        try:
            return check(self.root, reader, self.truth)
        except (OSError, ValueError, LookupError, sqlite3.Error) as fault:
            return [f"it cannot be read: {fault!r}"]

    def try_point(self, point: Point) -> Result:
        """Run a point whole; the first moment at which an invariant does not hold is the result's."""
        result = Result(point)
        restore(self.seed, self.root.path)
        reader = Reader(self.root, self.folder / "taken")
        for faults in (point.faults, *([point.recovery] if point.recovery else []), ()):
            once = len(faults) == 1 and faults[0].mode is Mode.FAIL
            end, told = self.live(faults, reader, point, trace=once)
            result.ends.append(end)
            sticky = any(fault.mode is Mode.STICKY for fault in faults)
            if end in (RAISED, HUNG) or (end == LEFT and not sticky):
                result.violations = [f"the service {end}: {told}"]
                if end == LEFT:
                    result.violations += self.judge(checks.at_rest, reader)
            else:
                result.violations = self.judge(checks.while_dead, reader)
                if end == ENDED:
                    result.violations += self.judge(checks.at_rest, reader)
                if once:
                    result.violations += Lint(self.root, strict=False).follow(self.last)
            if result.violations:
                break
            reader.take(wants(point.reader))
        return result


def points(operations: Sequence[Operation]) -> Iterator[Point]:
    """Every operation, killed before and after, refused once and for good, cut short, torn, and done though refused."""
    turn = 0
    for operation in operations:
        at = operation.number
        if at < 0:
            continue
        kinds = [Fault(at, Mode.KILL_BEFORE), Fault(at, Mode.KILL_AFTER)]
        kinds += [Fault(at, Mode.FAIL, number) for number in ERRORS]
        kinds += [Fault(at, Mode.STICKY, number) for number in ERRORS]
        if operation.what == "write":
            kinds += [Fault(at, Mode.SHORT), Fault(at, Mode.TORN)]
        if operation.what in ("rename", "link", "mkdir"):
            kinds.append(Fault(at, Mode.LIE, errno.EIO))
        for kind in kinds:
            yield Point((kind,), reader=READERS[turn % len(READERS)], eager=turn % 8 >= 4)
            turn += 1
    for at in range(1, len(operations) + 1, 3):
        yield Point((Fault(at, Mode.KILL_BEFORE),), reader="receipts", without_noreplace=True)


def nested(operations: Sequence[Operation]) -> Iterator[Point]:
    """Recovery killed too, and an operation refused before a kill."""
    last = len(operations)
    for at in range(3, last, 7):
        for later in (2, 5, 9, 14, 23, 37, 60, 97):
            yield Point((Fault(at, Mode.KILL_AFTER),), recovery=(Fault(later + at % 5, Mode.KILL_AFTER),), reader="all")
    for at in range(1, last, 2):
        for later in (1, 3, 6, 11, 20, 33):
            faults = (Fault(at, Mode.FAIL, errno.EIO), Fault(at + later, Mode.KILL_AFTER))
            yield Point(faults, reader=READERS[(at + later) % len(READERS)])


def sample(which: Sequence[Point], count: int, seed: int) -> list[Point]:
    """Return `count` of the points, of all parts of the run; the same ones for the same seed."""
    return list(which) if count >= len(which) else random.Random(seed).sample(which, count)


def main() -> None:
    """`python -m faults.sweep FOLDER SHARE SHARES SEED POINTS NESTED`: tell results as lines of JSON, counts last."""
    folder, share, shares, seed, single, twice = sys.argv[1], *map(int, sys.argv[2:])
    bench = Bench(Path(folder))
    wanted = sample(list(points(bench.trace)), single, seed) + sample(list(nested(bench.trace)), twice, seed)
    parent = os.getppid()
    for point in wanted[share::shares]:
        if os.getppid() != parent:
            return  # whoever wanted to know is no more
        result = bench.try_point(point)
        kind = "twice" if len(point.faults) > 1 or point.recovery else point.faults[0].mode.name.lower()
        told = {"kind": kind, "ends": result.ends, "violations": result.violations}
        if result.violations:
            struck = [one for one in bench.trace if one.number == point.faults[0].at]
            told["point"] = f"{point} ({struck[0].what} {struck[0].first} {struck[0].second})"
        print(json.dumps(told), flush=True)
    print(json.dumps({"operations": len(bench.trace), "lint": bench.lint}), flush=True)


if __name__ == "__main__":
    main()
