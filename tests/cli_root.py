"""A root for tests of the command line, and the command line itself, in this process or as one of its own."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dropscore.cli import cli
from dropscore.domain.jobs import State, Verdict
from dropscore.folders import Root, make_root, new_code, new_job
from dropscore.ledger import Ledger
from dropscore.receipt import Counts, FileFact, GroupEntry, InputFact, ProblemEntry, Receipt, Sender, Times, dump

DROPSCORE = Path(sys.executable).parent / "dropscore"


@dataclass(frozen=True, slots=True)
class House:
    """A root with its configuration; no daemon."""

    root: Root
    config: Path

    def call(self, *arguments: object) -> Result:
        """Run a verb in this process."""
        return CliRunner().invoke(cli, [*map(str, arguments), "--config", str(self.config)])

    def json(self, *arguments: object) -> Any:
        result = self.call(*arguments, "--json")
        return json.loads(result.stdout)

    def ledger(self) -> Ledger:
        return Ledger.open(f"sqlite:///{self.root.ledger}")


def make_house(folder: Path, routes: str = "", models: Path | None = None) -> House:
    """Make a root with the route `default` (its model need not be there) and whatever else `routes` says."""
    config = folder / "config" / "dropscore.toml"
    config.parent.mkdir(parents=True)
    model = models or folder / "model" / "absent"
    config.write_text(f'[routes.default]\nmodel = "{model}"\n{routes}\n', encoding="utf-8")
    root = Root(folder)
    names = ("default", *(line[8:-1] for line in routes.splitlines() if line.startswith("[routes.")))
    make_root(root, names)
    return House(root, config)


@contextmanager
def passable_folder() -> Iterator[Path]:
    """Make a folder that other users can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="dropscore-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def process(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed command line as a process of its own."""
    return subprocess.run(
        [DROPSCORE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60, **more
    )


def receipt(name: str = "sales.csv", verdict: Verdict | None = Verdict.DELIVERED, **changes: Any) -> Receipt:
    """Return the receipt of a finished job; a rejected one has a problem."""
    bad = verdict is Verdict.REJECTED
    code = str(changes.get("code") or new_code())
    top = "failed" if bad else "outbox"
    file = FileFact(
        role="original" if bad else "result", path=f"{top}/{name[:-4]}.{code}.xlsx", bytes=10, sha256="1" * 64
    )
    moment = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    times = Times(claimed=moment, finished=moment + timedelta(seconds=1), published=moment + timedelta(seconds=2))
    group = GroupEntry(code="not-a-number", column="income", count=1, sentence="1 cell of income is no number.")
    problem = ProblemEntry(
        code="not-a-number", row=3, line=3, column="income", cell="B3", found="\x1b[31mx\t", expected="a number"
    )
    values: dict[str, Any] = {
        "job": new_job(),
        "code": code,
        "route": "default",
        "state": State(verdict or State.WORKING),
        "verdict": verdict,
        "sentence": "Nothing was scored." if bad else "All 3 rows were scored.",
        "name": name,
        "sender": Sender(name="ana"),
        "input": InputFact(bytes=12, sha256="2" * 64),
        "files": (file,),
        "times": times,
        "counts": Counts(rows=3, set_aside=3, problems=1) if bad else Counts(rows=3, scored=3),
        "groups": (group,) if bad else (),
        "problems": (problem,) if bad else (),
    }
    return Receipt(**(values | changes))


def keep(house: House, *receipts: Receipt) -> None:
    """Keep receipts and account them, as the daemon does."""
    ledger = house.ledger()
    for one in receipts:
        path = house.root.kept_receipt(one.job)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dump(one))
        ledger.account(one)
    ledger.close()


@contextmanager
def daemon(
    house: House,
    answer: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda request: None,
    status: dict[str, Any] | None = None,
) -> Iterator[list[dict[str, Any]]]:
    """Hold the root's lock as a daemon does, and answer requests; yields those that came."""
    requests: list[dict[str, Any]] = []
    stop = threading.Event()
    house.root.status.write_text(json.dumps(status or {}), encoding="utf-8")

    def serve() -> None:
        while not stop.wait(0.01):
            for path in house.root.requests.glob("*.json"):
                request = json.loads(path.read_bytes())
                said = answer(request)
                if said is None:
                    continue
                requests.append(request)
                (house.root.requests_done / path.name).write_text(json.dumps({"request": path.stem, **said}))
                path.unlink()

    with house.root.lock.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(json.dumps({"pid": 4_000_000, "host": "here", "since": "2027-01-02T03:04:05+00:00"}))
        lock.flush()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield requests
        finally:
            stop.set()
            thread.join()
