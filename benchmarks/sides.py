"""Sides that take turns: each a process of its own, so that none is warmer, and a busy minute is everyone's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass
class Side:
    """A side's process, and what it took."""

    name: str
    process: subprocess.Popen[str]
    seconds: list[float] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def run(self, source: Path, *, counted: bool = True) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{source}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the side {self.name} ended: {self.process.wait()}")
        self.last = json.loads(line)
        if counted:
            self.seconds.append(self.last["seconds"])
            print(f"  {self.name}: {self.last['seconds']:.3f} s", flush=True)

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def result(self) -> Path:
        return Path(self.last["result"])


@contextmanager
def side(name: str, bundle: Path, folder: Path) -> Iterator[Side]:
    process = subprocess.Popen(
        [sys.executable, HERE / "side.py", name, bundle, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Side(name, process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait()
