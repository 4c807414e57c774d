"""Two workers on one file: each takes whole blocks, and the worker that has the job puts them together in order.

The job's worker writes down how it reads the file. A helper takes a block by locking its number, makes its portion
and leaves it in the attempt's folder; the lock goes with the process, so a block whose helper died is made again.
What a helper cannot make without the blocks before it, it leaves to the job's worker. The result is the same, byte
for byte, because the same function makes every block in the same ranges, whoever calls it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dropscore import bundle as bundles
from dropscore import table
from dropscore.domain.errors import Rejected
from dropscore.domain.jobs import HELP_LATER, HELP_MORE, HELP_NONE, Aside, Task
from dropscore.pipeline.portions import Maker, Portion, Timed, choose, untimed

PLAN, LOCKS = "blocks.plan", "blocks.locks"
_AHEAD = 3
"""Blocks that are done before their turn and wait in memory, at most."""
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a helper must know."""

    source: table.Source
    maker: Maker


def make(loaded: bundles.Bundle, plan: Plan, checker: table.Checker, timed: Timed, index: int) -> Portion | None:
    """Return the portion of a block in which all is well, as if all before it were; None of any other."""
    with timed("read"):
        block = plan.source.block(index)
    try:
        with timed("check"):
            checked = checker.clean(block)
    except Rejected:
        return None
    chosen = None if checked is None else choose(block, checked)
    if chosen is None:
        return None
    with timed("predict"):
        outputs = loaded.predict(chosen.typed)
    return plan.maker.portion(loaded, chosen, outputs, block.start, timed)


@dataclass(slots=True)
class _Locks:
    """A lock for each block. They are the process's own: closing the file anywhere in it lets all of them go."""

    folder: Path
    handle: int
    mine: set[int] = field(default_factory=set)

    def take(self, index: int, wait: bool = False) -> bool:
        """Lock a block; False: another process has it."""
        try:
            fcntl.lockf(self.handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, index)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return False
            raise
        self.mine.add(index)
        return True

    def let_go(self, index: int) -> None:
        self.mine.discard(index)
        fcntl.lockf(self.handle, fcntl.LOCK_UN, 1, index)

    def part(self, index: int) -> Path:
        return self.folder / f"block-{index}"


class Shared:
    """The job's side. Without a helper it makes every block itself."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Raises OSError where the folder's file system has no locks."""
        self.plan = plan
        self._count = plan.source.count
        self._locks = _Locks(folder, os.open(folder / LOCKS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._locks.take(0)
        partial = folder / f"{PLAN}.part"
        partial.write_bytes(pickle.dumps(plan, pickle.HIGHEST_PROTOCOL))
        partial.replace(folder / PLAN)

    def in_order(self, make_block: Callable[[int], Portion | None]) -> Iterator[Portion | None]:
        """Yield the portion of each block; None where the caller must make it with what it knows."""
        ready: dict[int, Portion | None] = {}
        for due in range(self._count):
            while due not in ready:
                if due in self._locks.mine or self._locks.take(due):
                    ready[due] = self._made(due) or make_block(due)
                elif len(ready) < _AHEAD and (index := self._free(due)) is not None:
                    ready[index] = make_block(index)
                else:
                    self._locks.take(due, wait=True)
            yield ready.pop(due)

    def close(self) -> None:
        """Let nobody help any more. Called from `in_order`'s loop, it may be followed by nothing else."""
        (self._locks.folder / PLAN).unlink(missing_ok=True)
        os.close(self._locks.handle)

    def _free(self, due: int) -> int | None:
        """Return the next block that nobody has begun, locked."""
        for index in range(due + 1, self._count):
            if index not in self._locks.mine and not self._locks.part(index).exists() and self._locks.take(index):
                if not self._locks.part(index).exists():
                    return index
                self._locks.let_go(index)
        return None

    def _made(self, index: int) -> Portion | None:
        """Return what a helper has made of a block that is ours now, if one has."""
        part = self._locks.part(index)
        try:
            found: Portion | None = pickle.loads(part.read_bytes())
        except FileNotFoundError:
            return None
        part.unlink()
        return found


def share(folder: Path, source: table.Source, maker: Maker, checker: table.Checker) -> Shared | None:
    """Return the file's blocks as shared work; None where they cannot be, or are too few."""
    if source.count < _FEWEST or not checker.each_alone or not source.apart:
        return None
    with suppress(OSError):  # no locks here: nobody helps
        return Shared(folder, Plan(source, maker))
    return None


def assist(task: Task | Aside) -> str:
    """Make one block of another worker's job, if there is one to make; say what is left to do (`HELP_…`).

    Raises OSError: the job's folder is gone, or the disk is full: nothing is lost, the job's worker makes the block.
    """
    folder = Path(task.folder)
    if isinstance(task, Aside) or not folder.is_dir():
        return HELP_NONE
    try:
        helping = _joined(folder, task)
    except FileNotFoundError:
        return HELP_NONE if (folder / LOCKS).exists() else HELP_LATER
    locks, plan = helping.locks, helping.plan
    for index in range(plan.source.count):
        if locks.part(index).exists() or not locks.take(index):
            continue
        try:
            if not locks.part(index).exists() and (folder / PLAN).exists():
                loaded = bundles.load(task.bundle, task.trusted)
                _leave(locks, index, make(loaded, plan, helping.checker, untimed, index))
                return HELP_MORE
        finally:
            locks.let_go(index)
    return HELP_NONE


def _leave(locks: _Locks, index: int, portion: Portion | None) -> None:
    part = locks.part(index)
    partial = part.with_name(f"{part.name}.part")
    partial.write_bytes(pickle.dumps(portion, pickle.HIGHEST_PROTOCOL))
    partial.replace(part)


@dataclass(slots=True)
class _Helping:
    """What a helper keeps from one block to the next."""

    task: Task
    inode: int
    locks: _Locks
    plan: Plan
    checker: table.Checker


_helping: list[_Helping] = []
"""The job that was helped last, or none."""


def _joined(folder: Path, task: Task) -> _Helping:
    """Return what is known of the job; FileNotFoundError if it has no plan."""
    inode = (folder / PLAN).stat().st_ino
    if not _helping or _helping[0].task != task or _helping[0].inode != inode:
        while _helping:
            os.close(_helping.pop().locks.handle)
        plan: Plan = pickle.loads((folder / PLAN).read_bytes())
        handle = os.open(folder / LOCKS, os.O_RDWR | os.O_CLOEXEC)
        _helping.append(_Helping(task, inode, _Locks(folder, handle), plan, table.Checker(plan.source, task.rules)))
    return _helping[0]
