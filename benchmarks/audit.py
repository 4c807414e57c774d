"""What an audit and a round of retention cost on many finished jobs: time, CPU and the most memory.

    python benchmarks/audit.py --jobs 100000 [--folder /tmp/audit]

Each job has its kept receipt, a result and a receipt in outbox, an input in the archive and a row in the ledger.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from dropscore.domain.jobs import State, Verdict
from dropscore.folders import Root, make_root, month_of, new_code, new_job, now_utc
from dropscore.ledger import Kept, Ledger
from dropscore.receipt import Counts, FileFact, InputFact, Receipt, Sender, Times, dump
from dropscore.service import Limit, Place, Retention
from dropscore.service.audit import audit
from dropscore.service.retention import due


def make(root: Root, jobs: int, size: int) -> Iterator[Kept]:
    """Lay out one finished job after the other; a thousand on each day."""
    for number in range(jobs):
        job, code = new_job(), new_code()
        content = number.to_bytes(8, "big") * (size // 8)
        digest = hashlib.sha256(content).hexdigest()
        paths = {"result": f"outbox/sales.{code}.xlsx", "archive": f"archive/{month_of(job)}/sales.{code}.csv"}
        files = tuple(
            FileFact.model_validate({"role": role, "path": path, "bytes": len(content), "sha256": digest})
            for role, path in paths.items()
        )
        ended = now_utc() - timedelta(days=(jobs - number) // 1000)
        receipt = Receipt(
            job=job,
            code=code,
            route="default",
            state=State.DELIVERED,
            verdict=Verdict.DELIVERED,
            sentence="All 200 rows were scored.",
            name="sales.csv",
            sender=Sender(name="ana"),
            input=InputFact(bytes=len(content), sha256=digest),
            files=files,
            times=Times(claimed=ended, finished=ended, published=ended),
            counts=Counts(rows=200, scored=200),
        )
        for path in (*paths.values(), f"outbox/sales.{code}.json", root.relative(root.kept_receipt(job))):
            (root.path / path).parent.mkdir(parents=True, exist_ok=True)
            (root.path / path).write_bytes(dump(receipt) if path.endswith(".json") else content)
        yield Kept(receipt, (), root.relative(root.kept_receipt(job)))


def measured(what: str, function: Callable[[], str]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    told = function()
    taken, used = time.perf_counter() - began, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what}: {taken:.1f} s, {used:.1f} s of CPU, at most {most} MB so far; {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=4096, help="of each input and each result")
    parser.add_argument("--folder", type=Path, help="where it was laid out before, or will be and stay")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Root(given.folder or Path(scratch))
        fresh = not root.state.is_dir()
        make_root(root, ("default",))
        ledger = Ledger(f"sqlite:///{root.ledger}")
        if fresh:
            measured("laid out", lambda: f"{ledger.rebuild(make(root, given.jobs, given.bytes), now_utc()).jobs} jobs")

        def audited(hashes: bool) -> str:
            found = audit(root, ledger, ["default"], hashes)
            return f"{found.jobs} jobs, {found.files} files, {found.count} differences"

        def kept(retention: Retention) -> str:
            found = [one for one in due(root, retention, now_utc()) if one is not None]
            return f"{len(found)} jobs' files may go"

        measured("audit, sizes", lambda: audited(hashes=False))
        measured("audit, every file read", lambda: audited(hashes=True))
        measured("retention by age", lambda: kept(Retention({Place.ARCHIVE: Limit(days=30)})))
        half = given.jobs * given.bytes // 2
        measured("retention by size", lambda: kept(Retention({Place.ARCHIVE: Limit(bytes=half)})))
        ledger.close()


if __name__ == "__main__":
    main()
