"""What the steps of one attempt share: the task, the model, and a watch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import pyarrow as pa

from dropscore import bundle as bundles
from dropscore import durable, table
from dropscore.domain.jobs import Task
from dropscore.receipt import Made

Progress = Callable[[int, int, int], None]
"""Called after each block with rows done, bytes read and bytes in all."""
Result = TypeVar("Result")
Typed = Mapping[str, pa.Array]
"""Checked columns that the model is asked about, or its answers."""
Steps = Generator[Typed, Typed, Result]
"""Work that stops where the model is to be asked, and goes on with its answers."""


def carried_out(steps: Steps[Result], ask: Callable[[Typed], Typed]) -> Result:
    """Do the work to its end, and return its result."""
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(ask(wanted))
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        steps.close()


@dataclass(slots=True)
class Attempt:
    task: Task
    bundle: bundles.Bundle
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    """By step."""

    @contextlib.contextmanager
    def timed(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started

    def path(self, name: str) -> Path:
        return Path(self.task.folder) / name

    def blocks(self, source: table.Source, start: int = 0) -> Iterator[table.Block]:
        """Yield the blocks of a source from `start` on, timed and told."""
        for index in range(start, source.count):
            with self.timed("read"):
                block = source.block(index)
            yield block
            self.tell(source, index + 1)

    def tell(self, source: table.Source, blocks: int) -> None:
        """Say how far the attempt is: so many blocks are done."""
        rows = min(blocks * table.BLOCK_ROWS, source.rows)
        self.progress(rows, source.bytes_before(blocks), source.bytes_total)

    def made(self, role: Literal["result", "fix", "kept"], name: str, suffix: str) -> Made:
        """Return the facts of a file that was made."""
        with self.timed("hash"):
            digest = durable.sha256_of(self.path(name))
        return Made(role=role, name=name, suffix=suffix, bytes=self.path(name).stat().st_size, sha256=digest)
