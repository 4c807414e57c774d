"""What no crash of the process shows, and a power cut would: the order of renames and syncs in a recorded run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from dropscore.folders import Root
from dropscore.intake.names import is_notice
from dropscore.service.kept import EVENTS
from dropscore.service.publish import MARKER
from faults.shim import Operation

VOLATILE = {
    *("status.json", "receipt.json", "templates.json", "reports.json", "upkeep.json", "audit.json"),
    *(".probe", ".dropscore-probe"),
}
"""Made again by themselves: they are put in place by a rename so that nobody reads half of one, and never synced."""
FOLDERS = "folders.json"
"""What is known of the inboxes: where a power cut takes it, their marks are found and it is written anew."""
REPORTS = "reports"
"""A report whose sync was refused is made again: that it was made is only written down after it."""


def _volatile(*paths: str) -> bool:
    names = {PurePath(path).name for path in paths}
    return any(name in VOLATILE or name.removeprefix(".").removesuffix(".part") in VOLATILE for name in names)


class Lint:
    """Follows a run. `faults` says what is out of order.

    In a run with a fault other jobs go on between a rename and the sync that is made up for: there only a rename that
    is never synced counts.
    """

    def __init__(self, root: Root, strict: bool = True) -> None:
        self._root = root
        self._strict = strict
        self._dirty: set[str] = set()
        """Files with contents, modes or names that no sync has made durable."""
        self._names: set[str] = set()
        """Folders in which something was renamed, and that are not synced since."""
        self._made: set[str] = set()
        """Folders that were made, or linked into, and whose own place is not synced since."""
        self._claims: set[str] = set()
        self._marked: set[str] = set()
        self._done: set[str] = set()
        self.faults: list[str] = []

    def follow(self, operations: Iterable[Operation]) -> list[str]:
        for one in operations:
            if one.number < 0:
                self.faults.append(f"outside of the root: {one.what} {one.first}")
            elif not one.failed and not _volatile(one.first, one.second):
                getattr(self, f"_{one.what}", lambda _: None)(one)
        if not self._strict:
            self.faults.clear()
            self._strict = True
        self._settled("the end", "")
        return self.faults

    def _short(self, path: str) -> str:
        return path.removeprefix(str(self._root.path))

    def _parent(self, path: str) -> str:
        return str(PurePath(path).parent)

    def _settled(self, what: str, path: str) -> None:
        self._told(what, path)
        if self._names and self._strict:
            folders = ", ".join(sorted(map(self._short, self._names)))
            self.faults.append(f"{what} {self._short(path)}: a rename in {folders} is not synced")
            self._names.clear()

    def _told(self, what: str, path: str) -> None:
        """What happens to a job later is durable in its events before it happens, and before the ledger hears of it."""
        for events in [path for path in self._dirty if path.endswith(EVENTS)] if self._strict else []:
            self.faults.append(f"{what} {self._short(path)}: {self._short(events)} is not synced")
            self._dirty.discard(events)

    def _fsync(self, one: Operation) -> None:
        self._dirty.discard(one.first)
        self._names.discard(one.first)
        self._made = {path for path in self._made if self._parent(path) != one.first}

    _fdatasync = _fsync

    def _write(self, one: Operation) -> None:
        if "ledger.sqlite" in one.first:
            self._settled("the ledger is written", one.first)
            return
        self._dirty.add(one.first)

    _truncate = _chmod = _chown = _write

    def _mkdir(self, one: Operation) -> None:
        self._made.add(one.first)

    def _unlink(self, one: Operation) -> None:
        self._told("removal of", one.first)
        self._dirty.discard(one.first)
        self._made.discard(one.first)

    def _rmdir(self, one: Operation) -> None:
        self._unlink(one)
        self._forget(one.first)

    def _forget(self, folder: str) -> None:
        """What was renamed within a folder that is no more need not be durable."""
        self._names = {name for name in self._names if name != folder and not name.startswith(f"{folder}/")}

    def _link(self, one: Operation) -> None:
        self._dirty.add(one.second)  # a worker wrote it, and was not watched
        self._made.add(one.second)

    def _rename(self, one: Operation) -> None:
        source, target = one.first, one.second
        if is_notice(PurePath(target).name):
            if source in self._dirty:
                self.faults.append(f"{self._short(target)} got its name before its contents were synced")
            self._dirty.discard(source)
            return  # its name need not be durable: it is written again
        self._settled("rename to", target)
        self._forget(source)
        if source in self._dirty:
            self.faults.append(f"rename of {self._short(source)}: its contents are not synced")
            self._dirty.discard(source)
        self._dirty.discard(target)  # another inode has its name now
        if not self._strict and (PurePath(target).name == FOLDERS or PurePath(target).parent.name == REPORTS):
            return
        above = {str(path) for path in PurePath(target).parents}
        for path in sorted(self._made & above):
            self.faults.append(f"rename to {self._short(target)}: the folder {self._short(path)} is not synced")
            self._made.discard(path)
        self._made.discard(source)
        self._names |= {self._parent(source), self._parent(target)}
        self._order(source, target)

    def _order(self, source: str, target: str) -> None:
        """The order of one job: claim written, drop taken; kept, staged, marked; files, receipt, archive."""
        parts = PurePath(self._short(target)).parts[1:]
        name = parts[-1]
        if name == "claim.json":
            self._claims.add(parts[-2])
        elif name == "drop" and parts[-2] not in self._claims:
            self.faults.append(f"{parts[-2]} was taken before its claim was written down")
        elif name == MARKER:
            self._mark(parts[-2])
        elif "/.staging/" in source and "/.staging/" not in target:
            self._publish(PurePath(source).parent.name, name)
        elif parts[0] == "archive" and "/processing/" in source:
            job = PurePath(source).parent.name
            if job not in self._done:
                self.faults.append(f"{job} was archived before it was published")

    def _mark(self, job: str) -> None:
        self._marked.add(job)
        loose = [path for path in self._dirty | self._made if "/.staging/" in path and job in path]
        self.faults += [f"{job} was marked before {self._short(path)} was synced" for path in sorted(loose)]
        kept = self._root.kept_receipt(job)
        if not kept.exists():
            self.faults.append(f"{job} was marked and no receipt is kept")

    def _publish(self, job: str, name: str) -> None:
        if job not in self._marked:
            self.faults.append(f"{job} was published before it was marked")
        if job in self._done:
            self.faults.append(f"{job}: {name} was published after the receipt")
        if name.endswith(".json"):
            self._done.add(job)
