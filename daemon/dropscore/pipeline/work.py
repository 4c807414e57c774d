"""What a worker is handed: a drop, or something aside of all drops. Files go into the task's folder only."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.domain.jobs import TEMPLATE_MADE, Aside, ChallengeTask, DriftTask, ReportTask, Task, TemplateTask
from dropscore.pipeline.actuals import make_report
from dropscore.pipeline.attempt import Progress
from dropscore.pipeline.challenging import challenge
from dropscore.pipeline.lookback import look_back
from dropscore.pipeline.process import process
from dropscore.pipeline.templating import make_workbook
from dropscore.receipt import dump

VERDICT = "verdict.json"
_TELL_SECONDS = 1.0


def work(task: Task | Aside) -> None:
    """Carry out one attempt in a worker process: its last act is to write `verdict.json`, durable.

    A template is made the same way, but for nobody's drop: there is no verdict on it.

    Raises:
        Unavailable: the model cannot be used; the drop is kept.
    """
    folder = Path(task.folder)
    if isinstance(task, TemplateTask):
        make_workbook(task.bundle, task.rules, folder / TEMPLATE_MADE)
        if task.rules.explain:  # operators are to hear of it now, and not by the first drop that waits
            _ = bundles.load(task.bundle, task.trusted).explainer
        return
    if isinstance(task, ReportTask):
        make_report(task)
        return
    if isinstance(task, DriftTask):
        look_back(task)
        return
    if isinstance(task, ChallengeTask):
        challenge(task)
        return
    clear(folder)
    loaded = bundles.load(task.bundle, task.trusted)
    outcome = process(task, loaded, progress_file(folder / "progress.json"))
    for made in (*outcome.files, *([outcome.kept] if outcome.kept else [])):
        durable.sync_file(folder / made.name)
    if folder.is_dir():  # else the service has given this attempt up, and nobody waits for its verdict
        durable.write_new(folder / VERDICT, dump(outcome))


def clear(folder: Path) -> None:
    """Remove what the same attempt has left, together with others, in a worker that did not come to its end."""
    with contextlib.suppress(FileNotFoundError):
        for left in list(folder.iterdir()):
            left.unlink()


def progress_file(path: Path) -> Progress:
    """Return what writes down how far an attempt is, at most once a second."""
    began, last = time.monotonic(), -_TELL_SECONDS

    def tell(rows: int, read: int, total: int) -> None:
        nonlocal last
        now = time.monotonic() - began
        if now - last < _TELL_SECONDS and read < total:
            return
        last = now
        with contextlib.suppress(OSError):
            left = round(now * (total - read) / read, 1) if read else None
            speed = round(rows / now) if now else None
            pace = {"seconds": round(now, 3), "rows_per_second": speed, "seconds_left": left}
            folders.write_plain(path, {"rows": rows, "bytes": read, "total": total, **pace, "at": time.time()})

    return tell
