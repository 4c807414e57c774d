"""A finished job's files: into the archive, into the trash, and back. What a reader took away is no longer ours."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from dropscore import durable
from dropscore.domain.errors import Refused
from dropscore.folders import Root, month_of
from dropscore.receipt import FileFact, Receipt
from dropscore.service import kept as keeping
from dropscore.service.account import receipt_path


def published_places(root: Root, receipt: Receipt) -> list[Path]:
    """Return where a job's files were published, the receipt last."""
    places = [root.path / fact.path for fact in receipt.files if fact.role != "archive"]
    return [*places, root.path / receipt_path(root, receipt)] if receipt.verdict else places


def archived_folder(root: Root, receipt: Receipt) -> Path:
    """Return the folder of the archive that holds a job's input, and all of it once it is archived on request."""
    return root.of_route(root.archive, receipt.route) / month_of(receipt.job)


def kept_places(root: Root, receipt: Receipt) -> list[Path]:
    """Return where the job's predictions or actuals are kept, and where they lie once it is in the trash."""
    if receipt.kept is None:
        return []
    place = root.path / receipt.kept.path
    return [place, trashed_folder(root, receipt) / place.name]


def trashed_folder(root: Root, receipt: Receipt) -> Path:
    """Return the folder of the trash that is a job's."""
    return root.trash / receipt.job


def archived_places(root: Root, receipt: Receipt) -> list[Path]:
    """Return where an original lies once its job has been archived or trashed."""
    names = [Path(fact.path).name for fact in receipt.files if fact.role in ("original", "archive")]
    return [
        folder / name for folder in (archived_folder(root, receipt), trashed_folder(root, receipt)) for name in names
    ]


def input_of(root: Root, receipt: Receipt) -> Path | None:
    """Return a file that still is what was dropped, by its hash: it is read for that. None: there is none."""
    places = [root.path / fact.path for fact in receipt.files if fact.role in ("original", "archive")]
    for place in [*places, *archived_places(root, receipt)]:
        if place.is_file() and not place.is_symlink() and durable.sha256_of(place) == receipt.input.sha256:
            return place
    return None


def _move(source: Path, target: Path) -> bool:
    """Move a file durably, across mounts too, replacing nothing. False: it is not there (taken, or moved already)."""
    if not source.exists():
        if target.exists():
            _sync_move(source, target)
        return False
    try:
        durable.move_noreplace(source, target)
    except FileExistsError:
        return False
    return True


def _sync_move(source: Path, target: Path) -> None:
    """Make durable what an earlier try has moved: it may have ended before the sync, or that was refused."""
    with suppress(FileNotFoundError):
        durable.sync_parents(source, target)


def archive(root: Root, receipt: Receipt) -> list[FileFact]:
    """Move what was published into the archive; return what was moved."""
    folder = archived_folder(root, receipt)
    durable.make_directories(folder)
    return _move_all(receipt, [(place, folder / place.name) for place in published_places(root, receipt)])


def trash(root: Root, receipt: Receipt) -> list[FileFact]:
    """Move all that is left of a job into the trash."""
    folder = trashed_folder(root, receipt)
    durable.make_directories(folder)
    places = published_places(root, receipt)
    places += [archived_folder(root, receipt) / place.name for place in places]
    places += [root.path / fact.path for fact in receipt.files if fact.role == "archive"]
    places += kept_places(root, receipt)[:1]
    for path in (root.state / "challenged" / receipt.route / month_of(receipt.job)).glob(f"{receipt.job}.*"):
        path.unlink(missing_ok=True)  # what a challenger made of it goes with it, and need not come back
    return _move_all(receipt, [(place, folder / place.name) for place in places])


def trash_held(root: Root, job_folder: Path, job: str) -> None:
    """Move a held job's folder into the trash as it is."""
    durable.make_directories(root.trash / job)
    try:
        durable.rename(job_folder, root.trash / job / "held")
    except FileNotFoundError:
        _sync_move(job_folder, root.trash / job / "held")


def restore(root: Root, receipt: Receipt) -> list[FileFact]:
    """Move a job's files back to where its receipt says they are.

    Raises:
        Refused: retention has removed them.
    """
    pairs = []
    for folder in (trashed_folder(root, receipt), archived_folder(root, receipt)):
        pairs += [(folder / place.name, place) for place in published_places(root, receipt)]
        pairs += [
            (folder / Path(fact.path).name, root.path / fact.path) for fact in receipt.files if fact.role == "archive"
        ]
    if receipt.kept is not None:
        place, trashed = kept_places(root, receipt)
        durable.make_directories(place.parent, mode=0o750)  # retention may have removed the month
        pairs.append((trashed, place))
    pairs = [(source, target) for source, target in pairs if source != target]
    if not any(path.exists() for pair in pairs for path in pair):
        for event in keeping.events_of(root.events(receipt.job)):
            if event.event == "removed":
                raise Refused(f"{receipt.name} [{receipt.code}] was removed for good on {event.at:%Y-%m-%d}.")
    moved = _move_all(receipt, pairs)
    with suppress(OSError):
        trashed_folder(root, receipt).rmdir()
    return moved


def _move_all(receipt: Receipt, pairs: list[tuple[Path, Path]]) -> list[FileFact]:
    facts = {Path(fact.path).name: fact for fact in (*receipt.files, *([receipt.kept] if receipt.kept else []))}
    unknown = FileFact(role="result", path="", bytes=0, sha256="")
    return [facts.get(source.name, unknown) for source, target in pairs if _move(source, target)]
