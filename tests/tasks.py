"""A task as the service hands it to a worker: its folder, its input, and the attempt's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dropscore import durable, folders
from dropscore.domain.jobs import Kind, Task


def task_in(folder: Path, bundle: Path, content: bytes, **more: Any) -> Task:
    """Lay out a drop of penguins, or of whatever `more` says, and return its first attempt."""
    (folder / "attempt-1").mkdir(parents=True, exist_ok=True)
    (folder / "input").write_bytes(content)
    facts: dict[str, Any] = {
        "job": folders.new_job(),
        "code": "K7F2QXM4",
        "route": "penguins",
        "kind": Kind.SCORE,
        "name": "birds.csv",
        "input": str(folder / "input"),
        "folder": str(folder / "attempt-1"),
        "bundle": folders.pick_bundle(bundle),
        "sha256": durable.sha256_of(folder / "input"),
        "claimed_at": "2026-03-01T10:00:00+00:00",
    }
    return Task(**(facts | more))
