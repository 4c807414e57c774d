"""The folders of a root, the names in them, and the versions in a model's folder. See *The folders* in the README."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from ulid import ULID

from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import DEFAULT_ROUTE, BundleRef, Kind
from dropscore.names import as_base64 as as_base64
from dropscore.names import from_base64 as from_base64
from dropscore.names import published_name as published_name
from dropscore.names import shown as shown
from dropscore.names import stem_and_suffix as stem_and_suffix
from dropscore.record import now_utc as now_utc

CLAIMS = ".dropscore"
CHECK, ACTUALS = "check", "actuals"
INNER = (CHECK, ACTUALS)
"""The folders in an inbox that are inboxes of their own."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Root:
    """Where everything lies. The default route's folders are the inbox, outbox and failed folder themselves."""

    path: Path

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    @property
    def outbox(self) -> Path:
        return self.path / "outbox"

    @property
    def failed(self) -> Path:
        return self.path / "failed"

    @property
    def processing(self) -> Path:
        return self.path / "processing"

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    @property
    def trash(self) -> Path:
        return self.path / "trash"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def receipts(self) -> Path:
        return self.state / "receipts"

    @property
    def requests(self) -> Path:
        return self.state / "requests"

    @property
    def requests_done(self) -> Path:
        return self.requests / "done"

    @property
    def uploads(self) -> Path:
        return self.state / "uploads"

    @property
    def results(self) -> Path:
        return self.state / "results"

    @property
    def fixes(self) -> Path:
        return self.state / "fixes"

    @property
    def templates(self) -> Path:
        return self.state / "templates"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def status(self) -> Path:
        return self.state / "status.json"

    @property
    def notifier_lock(self) -> Path:
        return self.state / "notifier.lock"

    @property
    def notifier(self) -> Path:
        """Return where the notifier says how it stands."""
        return self.state / "notifier.json"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.sqlite"

    def of_route(self, folder: Path, route: str) -> Path:
        """Return a route's part of `inbox`, `outbox`, `failed` or `archive`."""
        return folder if route == DEFAULT_ROUTE else folder / route

    def job(self, job: str) -> Path:
        return self.processing / job

    @property
    def workers_write(self) -> tuple[Path, ...]:
        """Return the folders that a worker process writes to. All else is read-only to it."""
        return (self.processing, self.templates)

    def kept_receipt(self, job: str) -> Path:
        """Return where the receipt of a job is kept for good; the month is that of the job's id."""
        return self.receipts / month_of(job) / f"{job}.json"

    def events(self, job: str) -> Path:
        return self.receipts / month_of(job) / f"{job}.events.jsonl"

    def rows_kept(self, kind: Kind, route: str, job: str) -> Path:
        """Return where the predictions, or the actuals, of a job are kept."""
        what = "actuals" if kind is Kind.ACTUALS else "predictions"
        return self.state / what / route / month_of(job) / f"{job}.parquet"

    @property
    def reports(self) -> Path:
        return self.state / "reports"

    def report(self, route: str) -> Path:
        return self.reports / f"{route}.json"

    def relative(self, path: Path) -> str:
        """Return the path as receipts and people see it, from the root on."""
        return path.relative_to(self.path).as_posix()


def folders_of(root: Root, routes: tuple[str, ...], actuals: tuple[str, ...] = ()) -> dict[Path, int]:
    """Return every folder that a root needs, with its mode, parents first; `actuals`: the routes that take them.

    Senders' inboxes are sticky, so that nobody renames or removes another's drop; the default route's folders
    have the last bit, so that other routes' people can pass through.
    """
    found: dict[Path, int] = {root.path: 0o755}
    default = DEFAULT_ROUTE in routes
    for folder, mode in ((root.inbox, 0o3770), (root.outbox, 0o2770), (root.failed, 0o2770)):
        found[folder] = mode | 0o1 if default else 0o755
    for route in routes:
        inbox = root.of_route(root.inbox, route)
        if route != DEFAULT_ROUTE:
            found[inbox] = 0o3770
            found[root.outbox / route] = 0o2770
            found[root.failed / route] = 0o2770
        found[inbox / CLAIMS] = 0o700
        for inner in (CHECK, *([ACTUALS] if route in actuals else [])):
            found[inbox / inner] = 0o3770
            found[inbox / inner / CLAIMS] = 0o700
    for folder in (root.outbox, root.failed):
        found[folder / ".staging"] = 0o700
    for folder in (root.processing, root.archive, root.trash):
        found[folder] = 0o700
    found[root.state] = 0o750
    for folder in (root.receipts, root.requests, root.requests_done, root.uploads, root.results, root.fixes):
        found[folder] = 0o750
    return found


def make_root(root: Root, routes: tuple[str, ...], actuals: tuple[str, ...] = ()) -> list[Path]:
    """Make what is missing, with its mode, and return what was made. What is there keeps its mode and owner."""
    made = []
    for folder, mode in folders_of(root, routes, actuals).items():
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(mode)  # mkdir's own mode is cut by the umask and knows no setgid
            made.append(folder)
    return made


def new_job() -> str:
    return str(ULID())


def new_code() -> str:
    """Draw a job's code: 8 characters of Crockford base 32, 40 bits."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(8))


def month_of(job: str) -> str:
    """Return `YYYY-MM` (UTC) of a job's id."""
    return ULID.from_str(job).datetime.astimezone(UTC).strftime("%Y-%m")


def is_job(name: str) -> bool:
    try:
        ULID.from_str(name)
    except ValueError:
        return False
    return True


def write_plain(path: Path, document: Any) -> None:
    """Replace a small JSON file for whoever watches; not durable, since it can be made again."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(json.dumps(document, ensure_ascii=True), encoding="ascii")
    partial.replace(path)


def holder_of(root: Root) -> dict[str, Any] | None:
    """Return who holds the root's lock (`pid`, `host`, `since`), or None where no daemon runs."""
    try:
        with root.lock.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                try:
                    return dict(json.loads(lock.read() or b"{}"))
                except ValueError:
                    return {}
            return None
    except FileNotFoundError:
        return None


def _version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|[A-Za-z]+", version)
    # A number sorts after a word, so that 1.0.0 is newer than 1.0.0rc1: the shorter one is padded with a zero.
    key = tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)
    return (*key, (0, 1, ""))


def _is_bundle(folder: Path) -> bool:
    return not folder.name.startswith(".") and (folder / "manifest.json").is_file()


def pick_bundle(model: Path, pinned: str | None = None, besides: str = "") -> BundleRef:
    """Return the newest (or pinned) bundle in a model's folder; the folder may be the bundle itself.

    The version `besides` is never the newest: it is a challenger.

    Only the manifest is read, and it is not trusted for anything but its name and version.

    Raises:
        Unavailable: there is none, or its manifest cannot be read.
    """
    key = f"model:{model.name}"
    if (model / "manifest.json").is_file():
        found = {model.name: model}
    else:
        try:
            found = {entry.name: entry for entry in model.iterdir() if _is_bundle(entry)}
        except OSError as error:
            raise Unavailable(key, f"The model's folder {model} cannot be read: {error.strerror}.") from error
    if pinned and not (len(found) == 1 and model in found.values()):
        found = {version: path for version, path in found.items() if version == pinned}
    elif not pinned:
        found = {version: path for version, path in found.items() if version != besides}
    if not found:
        wanted = f"version {pinned}" if pinned else f"a version besides {besides}" if besides else "a version"
        raise Unavailable(key, f"The model's folder {model} holds no bundle ({wanted} with a manifest.json).")
    path = found[max(found, key=_version_key)]
    try:
        content = (path / "manifest.json").read_bytes()
        manifest = json.loads(content)
        return BundleRef(
            str(path), str(manifest["name"]), str(manifest["version"]), hashlib.sha256(content).hexdigest()
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(key, f"The manifest of {path} cannot be read: {error}.") from error
