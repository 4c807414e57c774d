"""One file, without a daemon: `dropscore score` and `dropscore check`."""

from __future__ import annotations

import os
import pwd
import tempfile
from datetime import datetime
from pathlib import Path

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import BundleRef, Kind, State, Task, Via
from dropscore.domain.rules import Rules, Trusted
from dropscore.pipeline.attempt import Progress
from dropscore.pipeline.process import process
from dropscore.receipt import FileFact, InputFact, Made, Outcome, Receipt, Sender, Times


def score_file(
    path: Path,
    model: Path,
    out: Path | None = None,
    *,
    kind: Kind = Kind.SCORE,
    rules: Rules | None = None,
    trusted: Trusted | None = None,
    version: str | None = None,
    force: bool = False,
    progress: Progress = lambda *_: None,
) -> Receipt:
    """Score or check one file where it lies, and return its receipt. Paths in it are as given.

    `out` names the workbook; by default it lies beside the file. A refused file's fix workbook has the same name
    with `.fix` in it.

    Raises:
        Refused: an output exists already (and not `force`), or the input is no file.
        Unavailable: the model cannot be used.
        OSError: the file cannot be read, or the output not written.
    """
    if not path.is_file():
        raise Refused(f"{path} is not a file." if path.exists() else f"There is no file {path}.")
    claimed = folders.now_utc()
    target = out or path.with_name(f"{folders.stem_and_suffix(path.name)[0]}.scored.xlsx")
    ref = folders.pick_bundle(model, version)
    loaded = bundles.load(ref, trusted or Trusted())
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".dropscore-") as folder:
        task = _task(path, Path(folder), ref, kind, rules or Rules(), trusted or Trusted(), claimed)
        outcome = process(task, loaded, progress)
        files = tuple(_move(Path(task.folder), made, target, force) for made in outcome.files)
        size = Path(task.input).stat().st_size
    return _receipt(task, outcome, files, size, Times(claimed=claimed, finished=folders.now_utc()))


def _task(
    path: Path, folder: Path, ref: BundleRef, kind: Kind, rules: Rules, trusted: Trusted, claimed: datetime
) -> Task:
    """Copy the file, so that what is scored is what is hashed, whoever writes to it meanwhile."""
    attempt = folder / "attempt-1"
    attempt.mkdir()
    with durable.opened(path) as source:
        _, digest = durable.copy_new(source, folder / "input")
    return Task(
        job=folders.new_job(),
        code=folders.new_code(),
        route="-",
        kind=kind,
        name=folders.shown(path.name),
        input=str(folder / "input"),
        folder=str(attempt),
        bundle=ref,
        sha256=digest,
        rules=rules,
        trusted=trusted,
        claimed_at=claimed.isoformat(),
        final_newline_waited=True,
    )


def _move(attempt: Path, made: Made, target: Path, force: bool) -> FileFact:
    final = target if made.role == "result" else target.with_name(f"{target.stem}{made.suffix}")
    if force:
        (attempt / made.name).replace(final)
    else:
        try:
            durable.rename_noreplace(attempt / made.name, final)
        except FileExistsError:
            raise Refused(f"{final} exists already. Name another with -o, or replace it with --force.") from None
    return FileFact(role=made.role, path=str(final), bytes=made.bytes, sha256=made.sha256)


def _receipt(task: Task, outcome: Outcome, files: tuple[FileFact, ...], size: int, times: Times) -> Receipt:
    return Receipt(
        job=task.job,
        code=task.code,
        route=task.route,
        kind=task.kind,
        state=State(outcome.verdict),
        verdict=outcome.verdict,
        sentence=outcome.sentence,
        todo=outcome.todo,
        name=task.name,
        sender=Sender(name=pwd.getpwuid(os.getuid()).pw_name, uid=os.getuid(), via=Via.CLI),
        input=InputFact(bytes=size, sha256=task.sha256),
        files=files,
        model=outcome.model,
        times=times,
        counts=outcome.counts,
        reading=outcome.reading,
        problems=outcome.problems,
        problems_truncated=outcome.problems_truncated,
        groups=outcome.groups,
        profile=outcome.profile,
        drift=outcome.drift,
        durations=outcome.durations,
        versions=outcome.versions,
    )
