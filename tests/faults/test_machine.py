"""Whatever senders, readers, operators, the world and the clock do, and in whatever order: nothing lost or doubled.

Hypothesis makes up histories and shortens those that violate something. Power cuts are `test_power.py`'s.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dropscore import durable
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import State, Verdict
from dropscore.folders import new_job, now_utc
from dropscore.ledger import Ledger
from dropscore.receipt import Receipt
from dropscore.service import Daily, Limit, Place, Retention
from dropscore.service.audit import audit
from dropscore.service.kept import read_kept, removed_of
from faults.scene import score
from service_house import House, make_house

NAMES = ["a.csv", "b.csv", "ñ;-rf.csv"]
WRITES = (
    "write_new",
    "copy_new",
    "append_line",
    "make_directory",
    "sync_file",
    "sync_directory",
    "rename_noreplace",
    "publish",
)
FAULTS = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE]
AGED = Retention({Place.ARCHIVE: Limit(days=1e-9), Place.TRASH: Limit(days=1e-9)})


class Crash(BaseException):
    """The process ends here."""


class Away:
    """The ledger, while somebody has switched it off."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.off = False

    def __getattr__(self, name: str) -> Any:
        if self.off and name != "close":
            raise Unavailable("ledger", "The ledger is switched off.")
        return getattr(self._ledger, name)


class Machine(RuleBasedStateMachine):
    """One root. `sent` counts what was dropped, by content; what was overwritten before its claim is not owed."""

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(50), logger_factory=structlog.ReturnLoggerFactory()
        )
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.patched = pytest.MonkeyPatch()
        self.countdown: int | None = None
        self.refusing = 0
        self.refusing_at: tuple[int, int] | None = None
        self.greedy = False
        self.offset = timedelta()
        self._patch()
        self.house: House = make_house(self.folder, work=score)
        self.away = Away(self.house.ledger)
        self.house.ledger = self.away  # type: ignore[assignment]
        self.house.restart()
        self.sent: Counter[bytes] = Counter()
        self.retried: Counter[bytes] = Counter()
        self.taken: Counter[bytes] = Counter()
        self.writing: dict[Path, tuple[BinaryIO, bytes]] = {}

    def _patch(self) -> None:
        """Have every durable step end the process, or be refused, when the machine says so; and the clock jump."""
        for name in WRITES:
            self.patched.setattr(durable, name, self._guarded(getattr(durable, name)))

        def now() -> datetime:
            return now_utc() + self.offset

        for name, module in list(sys.modules.items()):
            if name.startswith("dropscore.") and getattr(module, "now_utc", None) is now_utc:
                self.patched.setattr(module, "now_utc", now)

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            if self.countdown is not None:
                self.countdown -= 1
                if self.countdown < 0:
                    raise Crash
            if self.refusing_at is not None:
                steps, number = self.refusing_at
                self.refusing_at = (steps - 1, number) if steps else None
                if not steps:
                    raise OSError(number, os.strerror(number), str(arguments[0]))
            if self.refusing:
                raise OSError(self.refusing, os.strerror(self.refusing), str(arguments[0]))
            return function(*arguments, **more)

        return call

    # Senders

    def _content(self, good: bool) -> bytes:
        return b"%s,%d\n1,2\n" % (b"good" if good else b"bad", sum(self.sent.values()) + len(self.writing))

    def _put(self, name: str, content: bytes) -> None:
        path = self.house.root.inbox / "credit" / name
        with suppress(FileNotFoundError):
            self.sent[path.read_bytes()] -= 1  # overwritten before its claim: the last one wins
        partial = path.with_name(f".{name}")
        partial.write_bytes(content)
        partial.replace(path)
        self.sent[content] += 1

    @rule(name=st.sampled_from(NAMES), good=st.booleans())
    def drop(self, name: str, good: bool) -> None:
        self._put(name, self._content(good))

    @precondition(lambda self: self.sent)
    @rule(name=st.sampled_from(NAMES), data=st.data())
    def drop_the_same_again(self, name: str, data: st.DataObject) -> None:
        self._put(name, data.draw(st.sampled_from(sorted(self.sent))))

    @rule(good=st.booleans())
    def begin_a_slow_drop(self, good: bool) -> None:
        content = self._content(good)
        path = self.house.root.inbox / "credit" / f"slow-{len(self.writing)}-{new_job()}.csv"
        file = path.open("wb", buffering=0)
        file.write(content[:4])
        self.writing[path] = (file, content)

    @precondition(lambda self: self.writing)
    @rule()
    def finish_a_slow_drop(self) -> None:
        path, (file, content) = self.writing.popitem()
        assert path.exists(), "it was taken while it was written"
        file.write(content[4:])
        file.close()
        self.sent[content] += 1

    @rule(name=st.sampled_from(NAMES), mode=st.sampled_from([0o000, 0o600, 0o644]), age=st.integers(-(10**6), 10**6))
    def touch(self, name: str, mode: int, age: int) -> None:
        path = self.house.root.inbox / "credit" / name
        if path.exists():
            path.chmod(mode)
            os.utime(path, (1.6e9 + age, 1.6e9 + age))

    # Readers and operators

    def _visible(self) -> list[Path]:
        tops = (self.house.root.outbox / "credit", self.house.root.failed / "credit")
        return [path for top in tops for path in top.iterdir() if not path.name.startswith(".")]

    @rule(only=st.sampled_from(["", ".xlsx", ".json"]))
    def take(self, only: str) -> None:
        self.turn(15)
        self._take(only)

    @rule()
    def be_greedy(self) -> None:
        """From now on, or no longer, the reader takes everything between a crash and the next start."""
        self.greedy = not self.greedy

    def _take(self, only: str) -> None:
        for path in self._visible():
            if path.name.endswith(only):
                self.taken[path.read_bytes()] += 1
                path.unlink()

    def _receipts(self) -> list[Receipt]:
        return [receipt for receipt in self.house.receipts() if receipt.verdict is not None]

    @rule(verb=st.sampled_from(["archive", "delete", "undo", "retry"]), data=st.data())
    def ask(self, verb: str, data: st.DataObject) -> None:
        self.turn(25)
        receipts = self._receipts()
        if receipts:
            receipt = data.draw(st.sampled_from(receipts))
            request = json.dumps({"verb": verb, "job": receipt.job, "by": "ops"})
            (self.house.root.requests / f"{new_job()}.json").write_text(request)
            self.turn(5)

    @rule()
    def retain(self) -> None:
        self.turn(25)
        self.house.plan = replace(self.house.plan, daily=Daily(retention=AGED))
        self.house.service.reload(self.house.plan)
        self.house.service._hands.upkeep_wanted.add("retention")
        self.turn(20)
        self.house.plan = replace(self.house.plan, daily=Daily())
        self.house.service.reload(self.house.plan)

    # The world

    @rule(rounds=st.integers(1, 40))
    def turn(self, rounds: int) -> None:
        try:
            for _ in range(rounds):
                self.house.now += 1.0
                self.house.service.work_once(taking=True)
                for job in self.house.service.jobs.values():
                    if job.future is not None and isinstance(job.future.exception(timeout=60), Crash):
                        raise Crash
                chunk = self.house.service._upkeep._chunk
                if chunk is not None and isinstance(chunk.exception(timeout=60), Crash):
                    raise Crash
        except Crash:
            if self.greedy:
                self._take("")
            self.crash()

    @rule()
    def crash(self) -> None:
        self.countdown = None
        self.house.service._helpers.shutdown()
        self.refusing, self.refusing_at = 0, None
        self.house.restart()

    @rule(steps=st.integers(0, 60))
    def crash_after_so_many_steps(self, steps: int) -> None:
        self.countdown = steps
        self.turn(40)
        self.countdown = None

    @rule(number=st.sampled_from(FAULTS), rounds=st.integers(1, 60))
    def refuse(self, number: int, rounds: int) -> None:
        self.refusing = number
        self.turn(rounds)
        self.refusing = 0

    @rule(number=st.sampled_from(FAULTS), steps=st.integers(0, 60))
    def refuse_once(self, number: int, steps: int) -> None:
        self.refusing_at = (steps, number)
        self.turn(40)
        self.refusing_at = None

    @rule()
    def switch_the_ledger(self) -> None:
        self.away.off = not self.away.off

    @rule(hours=st.integers(-50, 50))
    def jump(self, hours: int) -> None:
        self.offset += timedelta(hours=hours)

    @rule(there=st.booleans())
    def swap_the_model(self, there: bool) -> None:
        model = self.folder / "model" / "credit"
        manifest = model / "1.0.0" / "manifest.json"
        if there:
            manifest.write_text(json.dumps({"name": "credit", "version": "1.0.0", "salt": new_job()}))
        else:
            manifest.unlink(missing_ok=True)

    @rule(seconds=st.integers(1, 1000))
    def wait(self, seconds: int) -> None:
        self.house.now += seconds

    # What must hold at any moment

    def _all_files(self) -> list[Path]:
        root = self.house.root
        tops = (root.inbox, root.processing, root.archive, root.failed, root.trash)
        return [path for top in tops for path in top.rglob("*") if path.is_file()]

    @invariant()
    def nothing_is_lost(self) -> None:
        there = Counter(path.read_bytes() for path in self._all_files()) + self.taken
        removed: Counter[str] = Counter()
        for receipt in self.house.receipts():
            kept = read_kept(self.house.root, receipt.job)
            if kept is not None and any(path.endswith(".csv") for path in removed_of(kept)):
                removed[receipt.input.sha256] += 1
        for content, count in self.sent.items():
            found = there[content] + removed[_sha(content)]
            assert found >= min(count, 1), f"lost: {content!r}"

    @invariant()
    def nothing_is_doubled_half_written_or_wrongly_failed(self) -> None:
        receipts = Counter(receipt.input.sha256 for receipt in self._receipts())
        visible = Counter(path.read_bytes() for path in self._visible()) + self.taken
        for content, count in visible.items():
            head, _, of = content.partition(b" of ")
            if head in (b"result", b"fix"):
                assert count <= receipts[_sha(of)], f"doubled: {content!r}"
            elif content.startswith(b"{"):
                Receipt.model_validate_json(content)
            else:
                assert content.startswith(b"bad,"), f"a good drop in failed/: {content!r}"

    def teardown(self) -> None:
        try:
            self._come_to_rest()
        finally:
            self.patched.undo()
            structlog.reset_defaults()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _come_to_rest(self) -> None:
        """When all is well again everything is done: each drop once, and receipts, folders and ledger agree."""
        while self.writing:
            self.finish_a_slow_drop()
        self.countdown, self.away.off = None, False
        self.swap_the_model(there=True)
        for path in (self.house.root.inbox / "credit").glob("*.csv"):
            path.chmod(0o644)
        for _ in range(12):
            self.house.now += 400
            self.turn(60)
        house = self.house
        assert house.service.jobs == {} and house.service._incidents.open == {}
        assert list(house.root.processing.iterdir()) == []
        receipts = self._receipts()
        first = Counter(receipt.input.sha256 for receipt in receipts if receipt.lineage.retry_of is None)
        assert first == Counter({_sha(content): count for content, count in self.sent.items() if count})
        for receipt in receipts:
            (content,) = (content for content in self.sent if _sha(content) == receipt.input.sha256)
            wanted = Verdict.DELIVERED if content.startswith(b"good") else Verdict.REJECTED
            assert receipt.verdict is wanted
        assert not any(receipt.state is State.HELD for receipt in house.receipts())
        assert audit(house.root, self.away, ["credit"]).differences == []
        self.house.service._helpers.shutdown()
        self.away.close()


def _sha(content: bytes) -> str:
    return durable.hashlib.sha256(content).hexdigest()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=int(os.environ.get("MACHINE_EXAMPLES", "12")),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestMachine = pytest.mark.slow(pytest.mark.timeout(1200)(TestMachine))
