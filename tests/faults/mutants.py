"""Mutants of the protocol: each takes one promise out of the product, and some check must see it.

`python -m faults.mutants FOLDER`, with the shim preloaded, tells which ones were caught, and by what.
"""

from __future__ import annotations

import errno
import importlib
import inspect
import json
import os
import random
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

from faults import checks
from faults.lint import Lint
from faults.scene import Reader, restore
from faults.shim import Fault, Mode, Operation
from faults.sweep import ENDED, Bench, Point


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    module: str
    function: str
    old: str
    new: str

    def apply(self) -> None:
        """Put the mutated code into the function itself, so that whoever imported it runs the mutant."""
        function, code = self.fit()
        function.__code__ = code

    def fit(self) -> tuple[FunctionType, CodeType]:
        """Return the function of the product, and what it would become.

        Raises:
            LookupError: the product has changed, and the mutant does not fit it any more.
        """
        module = importlib.import_module(f"dropscore.{self.module}")
        found: object = module
        for part in self.function.split("."):
            found = getattr(found, part)
        assert isinstance(found, FunctionType)
        source, own = inspect.getsource(module), inspect.getsource(found)
        if own.count(self.old) != 1 or source.count(own) != 1:
            raise LookupError(f"{self.name}: {own.count(self.old)} places in {self.function}")
        mutated = compile(source.replace(own, own.replace(self.old, self.new)), str(module.__file__), "exec")
        return found, _code_of(mutated, found.__qualname__.split("."))


def _code_of(code: CodeType, names: list[str]) -> CodeType:
    for name in names:
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
    return code


_SYNC = "            durable.sync_directory(target.parent)  # renamed earlier, and perhaps not synced\n"
# Not in the list: a removal that is not completed. What it leaves is swept half a minute later, so nobody could tell.
MUTANTS = (
    Mutant("no sync of the target's folder", "durable", "sync_parents", "sync_directory(target.parent)", "pass"),
    Mutant("no sync of the source's folder", "durable", "sync_parents", "sync_directory(source.parent)", "pass"),
    Mutant("no sync after a plain rename", "durable", "rename", "sync_parents(source, target)", "pass"),
    Mutant(
        "no sync after a rename that replaces nothing",
        "durable",
        "_rename_unless_taken",
        "    sync_parents(source, target)",
        "    pass",
    ),
    Mutant("small files not synced", "durable", "write_new", "os.fsync(handle)", "pass"),
    Mutant("small files' folder not synced", "durable", "write_new", "sync_directory(path.parent)", "pass"),
    Mutant(
        "small files written in place",
        "durable",
        "write_new",
        'partial = path.with_name(f".{path.name}.part")',
        "partial = path",
    ),
    Mutant("short writes taken for whole ones", "durable", "write_all", "    while view:", "    if view:"),
    Mutant("copies not synced", "durable", "copy_new", "os.fsync(handle)", "pass"),
    Mutant(
        "new folders not synced", "durable", "make_directory", "        sync_directory(path.parent)", "        pass"
    ),
    Mutant("a folder removed in place", "durable", "remove_tree", "path.rename(trash)", "shutil.rmtree(path)"),
    Mutant("events torn together", "durable", "append_line", "torn = size > 0", "torn = False"),
    Mutant(
        "a link cut before its unlink is not completed",
        "durable",
        "_rename_unless_taken",
        "        source.unlink()\n    sync",
        "        pass\n    sync",
    ),
    Mutant(
        "claim not written before the rename",
        "intake.claim",
        "intend",
        "    write_claim(job_folder, claim)",
        "    pass",
    ),
    Mutant(
        "drop renamed without a sync",
        "intake.claim",
        "take",
        "durable.rename(inbox / name, inode)",
        "(inbox / name).rename(inode)",
    ),
    Mutant(
        "drop copied in place of renamed",
        "intake.claim",
        "take",
        "durable.rename(inbox / name, inode)",
        "__import__('shutil').copy(inbox / name, inode)",
    ),
    Mutant(
        "a finished copy adopted without its facts",
        "intake.claim",
        "adopt_copy",
        "    write_claim(job_folder, claim)",
        "    pass",
    ),
    Mutant(
        "put back over what is there",
        "intake.claim",
        "put_back",
        "durable.rename_noreplace(source, target)",
        "durable.rename(source, target)",
    ),
    Mutant("undo leaves the sidecars", "intake.claim", "put_back", "enumerate(sidecars)", "enumerate(())"),
    Mutant("claimed inode kept for ever", "intake.claim", "release", "    inode.unlink()", "    return False"),
    Mutant("no marker", "service.publish", "mark", "durable.write_new(job_folder / MARKER, dump(staged))", "pass"),
    Mutant(
        "marker not synced",
        "service.publish",
        "mark",
        "durable.write_new(job_folder / MARKER, dump(staged))",
        "(job_folder / MARKER).write_bytes(dump(staged))",
    ),
    Mutant("staged files not synced", "service.publish", "_stage_file", "    durable.sync_file(staged)", "    pass"),
    Mutant(
        "staged receipt not synced",
        "service.publish",
        "_stage_receipt",
        "    durable.sync_file(staging / final.name)",
        "    pass",
    ),
    Mutant("no kept receipt", "service.publish", "stage", "    durable.write_new(kept, dump(receipt))", "    pass"),
    Mutant(
        "receipt published first",
        "service.publish",
        "publish_next",
        "for file in staged.files:",
        "for file in reversed(staged.files):",
    ),
    Mutant(
        "published by a plain rename, unsynced",
        "service.publish",
        "publish_next",
        "durable.publish(source, target)",
        "source.rename(target)",
    ),
    Mutant("an unsynced rename not made up for", "service.publish", "publish_next", _SYNC, "            pass\n"),
    Mutant(
        "published by a copy",
        "service.publish",
        "publish_next",
        "durable.publish(source, target)",
        "__import__('shutil').copy(source, target)",
    ),
    Mutant(
        "published by a link where there is no NOREPLACE",
        "service.publish",
        "publish_next",
        "durable.publish(source, target)",
        "durable.rename_noreplace(source, target)",
    ),
    Mutant(
        "half a set published",
        "service.publish",
        "publish_next",
        "for file in staged.files:",
        "for file in staged.files[1:]:",
    ),
    Mutant(
        "archive by a copy",
        "service.publish",
        "archive_input",
        "durable.move_noreplace(source, target)",
        "__import__('shutil').copy(source, target.with_name('again'))",
    ),
    Mutant(
        "archive before publication", "service.steps", "stage", "job.go_on(Stage.PUBLISH)", "job.go_on(Stage.ARCHIVE)"
    ),
    Mutant("no archive", "service.steps", "publish_set", "job.go_on(Stage.ARCHIVE)", "job.go_on(Stage.ACCOUNT)"),
    Mutant("no accounting", "service.steps", "archive", "job.go_on(Stage.ACCOUNT)", "job.go_on(Stage.TIDY)"),
    Mutant(
        "told before it is published",
        "service.steps",
        "stage",
        "        job.go_on(Stage.PUBLISH)\n",
        "        hands.ledger.account(job.receipt)\n        job.go_on(Stage.PUBLISH)\n",
    ),
    Mutant("nobody is told", "service.accounting", "_entry", "notes_of(receipt, hands.plan.cell_values)", "()"),
    Mutant(
        "upload removed before the accounting",
        "service.steps",
        "copy",
        "    job.claim = job.copied\n",
        "    job.claim = job.copied\n"
        "    __import__('shutil').rmtree(job.claim.upload or '/nowhere', ignore_errors=True)\n",
    ),
    Mutant("upload kept", "service.steps", "_remove", "    if job.claim.upload:", "    if False:"),
    Mutant(
        "a mend not told",
        "service.accounting",
        "_entry",
        "    mending.tell_mended(root, hands.ledger, receipt)",
        "    pass",
    ),
    Mutant(
        "a marker that failed half-way forgotten",
        "service.steps",
        "stage",
        "if job.future is None and job.staged is None:",
        "if job.future is None:",
    ),
    Mutant("recovery forgets the marker", "service.recover", "_recover_job", "if staged is not None:", "if False:"),
    Mutant(
        "recovery removes what has no verdict",
        "service.recover",
        "_recover_job",
        "    elif (folder / claims.INPUT).exists():\n        _resume_work(job)\n",
        "    elif (folder / claims.INPUT).exists() and not list(folder.glob('*/verdict.json')):\n"
        "        durable.remove_tree(folder, folder.with_name('.trash-' + folder.name))\n        return None\n",
    ),
    Mutant("recovery never undoes", "service.recover", "never_taken", "not inode.exists()", "False"),
    Mutant(
        "recovery parks on an I/O error",
        "service.recover",
        "_look_at",
        "except ValueError as fault:",
        "except (ValueError, OSError) as fault:",
    ),
    Mutant("recovery leaves the trash", "service.recover", "_look_at", "        shutil.rmtree(folder)", "        pass"),
    Mutant("recovery only at start", "service.loop", "Service.work_once", "now >= self._next_recovery", "False"),
    Mutant(
        "a crash at work not counted",
        "service.recover",
        "_resume_work",
        '"crashes": claim.crashes + 1',
        '"crashes": claim.crashes',
    ),
    Mutant(
        "attempt not written down before the work",
        "service.attempts",
        "_write_down",
        "    claims.write_claim(job.folder, job.claim)\n",
        "    pass\n",
    ),
    Mutant(
        "an answered request carried out again",
        "service.requests",
        "Requests._answer",
        "        self._take_away(path)",
        "        pass",
    ),
    Mutant(
        "request removed before its answer",
        "service.requests",
        "Requests._answer",
        "        done = self",
        "        path.unlink()\n        done = self",
    ),
    Mutant(
        "events not told before the move",
        "service.telling",
        "tell_once",
        "    durable.append_line(events, event.model_dump_json(exclude_none=True).encode())",
        "    pass",
    ),
    Mutant(
        "events told every time",
        "service.telling",
        "tell_once",
        'if known.model_copy(update={"at": event.at}) == event:',
        "if False:",
    ),
    Mutant(
        "a retry answered with a code of its own",
        "service.requests",
        "Requests._told_retried",
        "code = known.claim.code if known else read_receipt(self._hands.plan.root, ulid).code",
        'code = "00000000"',
    ),
    Mutant(
        "a fault of one claim ends the loop",
        "service.claiming",
        "claim_each",
        "except OSError as error:",
        "except ZeroDivisionError as error:",
    ),
    Mutant(
        "a notice stays when its drop goes",
        "service.notices",
        "Notices._tidy",
        '            _take_back(inbox.path / f"{name}{NOTICE}")\n            del',
        "            del",
    ),
    Mutant("a notice not synced", "service.notices", "_lay", "    durable.sync_file(staged)", "    pass"),
    Mutant(
        "what operators were told is not kept",
        "service.incidents",
        "Incidents._keep",
        "durable.write_new(self._kept, json.dumps(known).encode())",
        "pass",
    ),
    Mutant(
        "an incident begins anew", "service.incidents", "Incidents.begin", "if fault.key in self.open:", "if False:"
    ),
    Mutant("events not synced", "durable", "append_line", "        os.fsync(handle)", "        pass"),
    Mutant(
        "retention removes and does not tell",
        "service.removal",
        "remove",
        "        durable.append_line(root.events(found.job), event.model_dump_json(exclude_none=True).encode())",
        "        pass",
    ),
    Mutant("retention tells every time", "service.removal", "remove", "    if event is None:", "    if True:"),
    Mutant(
        "retention tells after the removal",
        "service.removal",
        "remove",
        "    paths = tuple(root.relative(item.path) for item in items)\n",
        "    paths = tuple(root.relative(item.path) for item in items)\n    items[0].path.unlink(missing_ok=True)\n",
    ),
    Mutant(
        "retention done before its last removal",
        "service.upkeep",
        "Upkeep._take_chunk",
        "        self._is_over = ended\n",
        "        self._is_over = ended\n        self._end(self._what, now_utc())\n",
    ),
    Mutant(
        "retention takes what is young", "service.retention", "due", "now - found.since > timedelta", "now != timedelta"
    ),
    Mutant(
        "retention leaves the copies for the panel",
        "service.judging",
        "copies_of",
        "not in (Via.PANEL",
        "not in (Via.CLI",
    ),
    Mutant(
        "moved by a copy",
        "service.moves",
        "_move",
        "durable.move_noreplace(source, target)",
        "__import__('shutil').copy(source, target)",
    ),
)


def _kinds(operations: Sequence[Operation]) -> list[Operation]:
    """Return one operation of each kind: what is done to what file, whatever the job and the drop are called."""

    def kind(path: str) -> str:
        return re.sub(r"[0-9A-HJKMNP-TV-Z]{26}|\.[0-9A-HJKMNP-TV-Z]{8}\b|[^/]*\.csv|\d{4}-\d\d", "*", path)

    found = {(one.what, kind(one.first), kind(one.second)): one for one in operations if one.number > 0}
    return list(found.values())


def _points(plain: Sequence[Operation], linked: Sequence[Operation]) -> list[Point]:
    """Kills and refusals at one operation of each kind, in an order that tells soon.

    `linked` is a run without NOREPLACE.
    """
    found = []
    for one in _kinds(plain):
        at = one.number
        if "ledger.sqlite" in one.first:
            continue
        found.append(Point((Fault(at, Mode.KILL_AFTER),), reader="all"))
        found.append(Point((Fault(at, Mode.FAIL, errno.EIO),)))
        if one.what == "write":
            found += [Point((Fault(at, Mode.TORN),)), Point((Fault(at, Mode.SHORT),))]
        if one.what == "rename":
            found.append(Point((Fault(at + 1, Mode.FAIL, errno.EIO), Fault(at + 6, Mode.KILL_AFTER))))
            found.append(Point((Fault(at, Mode.STICKY, errno.EROFS),)))
    for one in _kinds(linked):
        if one.what == "link":
            found.append(Point((Fault(one.number, Mode.KILL_AFTER),), without_noreplace=True))
    # Who took a result that has two names gets it again; and a recovery that is refused something must go on later.
    published = [one.number for one in linked if one.what == "rename" and "/.staging/" in one.first]
    found += [Point((Fault(at, Mode.KILL_AFTER),), reader="all", without_noreplace=True) for at in published[:3]]
    claimed = [one.number for one in plain if one.what == "rename" and one.second.endswith("/claim.json")]
    for at in claimed[:: max(1, len(claimed) // 6)]:
        found += [
            Point((Fault(at, Mode.KILL_AFTER),), recovery=(Fault(n, Mode.FAIL, errno.EIO),)) for n in (1, 2, 4, 8)
        ]
    random.Random(7).shuffle(found)
    return found


def _caught(bench: Bench, tried: Sequence[Point]) -> str | None:
    """Return what gave a mutant away, or None."""
    restore(bench.seed, bench.root.path)
    reader = Reader(bench.root, bench.folder / "taken")
    end, told = bench.live((), reader, Point(()), trace=True)
    if end != ENDED:
        return f"a run without faults {end} {told.strip().splitlines()[-1:]}"
    for found in (bench.judge(checks.at_rest, reader), Lint(bench.root).follow(bench.last)):
        if found:
            return found[0]
    for point in tried:
        result = bench.try_point(point)
        if result.violations:
            return f"{point}: {result.violations[0].strip().splitlines()[-1]}"
    return None


def _in_a_process_of_its_own(bench: Bench, mutant: Mutant, tried: Sequence[Point]) -> str | None:
    answer = bench.folder / "answer"
    child = os.fork()
    if not child:
        try:
            mutant.apply()
            answer.write_text(json.dumps(_caught(bench, tried)))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"mutant {mutant.name} could not be tried")
    told: str | None = json.loads(answer.read_text())
    return told


def main() -> None:
    bench = Bench(Path(sys.argv[1]))
    plain = bench.trace
    restore(bench.seed, bench.root.path)
    bench.live((), Reader(bench.root, bench.folder / "taken"), Point((), without_noreplace=True), trace=True)
    tried = _points(plain, bench.last)
    wanted = [mutant for mutant in MUTANTS if not sys.argv[2:] or mutant.name in sys.argv[2:]]
    for mutant in wanted:
        caught = _in_a_process_of_its_own(bench, mutant, tried)
        print(json.dumps({"mutant": mutant.name, "caught": caught}), flush=True)


if __name__ == "__main__":
    main()
