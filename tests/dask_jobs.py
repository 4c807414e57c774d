"""Work for the tests of the Dask workers: it says that it has begun, and is done at once or never."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dropscore.domain.jobs import Task


def work(task: Task) -> None:
    with Path(task.folder, "begun").open("a") as file:
        file.write(f"begun {os.getpid()} ")
    if task.name == "wait":
        time.sleep(600)
