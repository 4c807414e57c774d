"""`status --watch`: a bar for each job at work, until ^C. A pipe gets a line whenever one has moved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from dropscore.cli.output import plain, put
from dropscore.cli.reading import Daemon

SECONDS = 1.0
Look = Callable[[], Daemon]


def watch(look: Look, pause: Callable[[float], object] = time.sleep) -> None:
    """Show what is at work, once a second; the end is ^C, or that the daemon stops."""
    with suppress(KeyboardInterrupt):
        if sys.stdout.isatty():
            _draw(_looks(look, pause))
        else:
            _write(_looks(look, pause))


def pace(progress: dict[str, Any]) -> str:
    """Return rows done, rows a second and the time left, as far as they are known."""
    parts = [f"{progress['rows']:,} rows"] if progress.get("rows") is not None else []
    if progress.get("rows_per_second"):
        parts.append(f"{progress['rows_per_second']:,} a second")
    if progress.get("seconds_left") is not None:
        parts.append(f"{progress['seconds_left']:.0f} s left")
    return ", ".join(parts)


def _looks(look: Look, pause: Callable[[float], object]) -> Iterator[Daemon]:
    while (daemon := look()).runs:
        yield daemon
        pause(SECONDS)


def _at_work(daemon: Daemon) -> list[dict[str, Any]]:
    return [job for job in daemon.jobs if not job.get("held")]


def _draw(looks: Iterator[Daemon]) -> None:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
    )
    with Progress(*columns, console=Console(highlight=False)) as drawn:
        shown: dict[str, TaskID] = {}
        for daemon in looks:
            jobs = {job["code"]: job for job in _at_work(daemon)}
            for code in set(shown) - set(jobs):
                drawn.remove_task(shown.pop(code))
            for code, job in jobs.items():
                if code not in shown:
                    shown[code] = drawn.add_task(f"{code}  {plain(job['name'])}", total=None, pace="")
                progress = job.get("progress") or {}
                told = pace(progress) or str(job["stage"])
                drawn.update(
                    shown[code], completed=progress.get("bytes", 0), total=progress.get("total") or None, pace=told
                )


def _write(looks: Iterator[Daemon]) -> None:
    last: dict[str, str] = {}
    for daemon in looks:
        told = {}
        for job in _at_work(daemon):
            progress = job.get("progress") or {}
            share = f"{100 * progress['bytes'] // progress['total']} %, " if progress.get("total") else ""
            where = f"{job['code']}  {plain(job['name'])}: {job['stage']}"
            told[job["code"]] = f"{where}, {share}{pace(progress)}".rstrip(", ")
        for code, line in told.items():
            if last.get(code) != line:
                put(line)
        sys.stdout.flush()
        last = told
