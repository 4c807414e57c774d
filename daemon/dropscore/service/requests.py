"""Requests by file: command line, panel and API ask, the service carries out, once.

A request is `state/requests/ULID.json`; its answer is `requests/done/ULID.json`. Each verb can be carried out again
from its beginning after a crash: what is done already is found as done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from dropscore import durable
from dropscore.domain.errors import Refused
from dropscore.domain.jobs import Kind, State, Via
from dropscore.folders import Root, as_base64, is_job, now_utc, shown
from dropscore.intake import claim as claims
from dropscore.journal import Claim
from dropscore.ledger.rows import state_after
from dropscore.receipt import Event, FileFact, Lineage, Receipt, Sender
from dropscore.service import moves
from dropscore.service.codes import draw_code
from dropscore.service.drifting import accept
from dropscore.service.hands import Hands
from dropscore.service.job import Job, Stage
from dropscore.service.kept import events_of
from dropscore.service.switching import TakeUp, switch
from dropscore.service.taking import TakeNow, take_at_once
from dropscore.service.telling import tell_once

log = structlog.get_logger()
Request = dict[str, Any]


def read_receipt(root: Root, job: str) -> Receipt:
    """Return a kept receipt. Refused: there is none."""
    try:
        return Receipt.model_validate_json(root.kept_receipt(job).read_bytes())
    except (FileNotFoundError, ValidationError):
        raise Refused(f"No receipt of job {job} is kept here.") from None


class Requests:
    """Those that wait for an answer. One that has to read a big file first leaves that to a helper thread."""

    def __init__(self, hands: Hands, jobs: dict[str, Job], take_now: TakeNow, take_up: TakeUp) -> None:
        self._hands = hands
        self._take_now = take_now
        self._take_up = take_up
        self._jobs = jobs
        self._hashing: dict[str, Future[object]] = {}
        self._carried_out: dict[str, Request] = {}
        """Answers that could not be written down yet."""
        self._verbs: dict[str, Callable[[str, Request], Request | None]] = {
            "retry": self._retry,
            "submit": self._submit,
            "archive": self._archive,
            "delete": self._delete,
            "undo": self._undo,
            "process": self._process,
            "retention": self._retention,
            "promote": self._switch,
            "rollback": self._switch,
        }

    def work_once(self) -> bool:
        """Carry out what is there. True if anything was."""
        folder = self._hands.plan.root.requests
        moved = False
        for path in sorted(folder.glob("*.json")):
            moved |= self._one(path)
        return moved

    def _one(self, path: Path) -> bool:
        if not is_job(path.stem):
            return False
        if (self._hands.plan.root.requests_done / path.name).exists():
            self._carried_out.pop(path.stem, None)
            durable.sync_directory(self._hands.plan.root.requests_done)  # it may be there by a sync that failed
            self._take_away(path)  # carried out by an earlier run, which ended before it could do this
            return True
        try:
            request = json.loads(path.read_bytes())
            verb = self._verbs[request["verb"]]
        except FileNotFoundError:
            return False  # withdrawn
        except (ValueError, KeyError, TypeError) as fault:
            self._answer(path, {"ok": False, "sentence": f"The request cannot be understood: {fault!r}."})
            return True
        try:
            answer = self._carried_out.pop(path.stem, None) or verb(path.stem, request)
        except Refused as refusal:
            answer = {"ok": False, "sentence": str(refusal)}
        except (KeyError, TypeError, ValueError) as fault:
            log.exception("a request cannot be carried out", request=path.stem)
            answer = {"ok": False, "sentence": f"The request cannot be understood: {fault!r}."}
        if answer is None:
            return False
        log.info("request", request=path.stem, verb=request["verb"], by=request.get("by"), **answer)
        self._answer(path, answer)
        return True

    def _answer(self, path: Path, answer: Request) -> None:
        self._carried_out[path.stem] = answer
        done = self._hands.plan.root.requests_done / path.name
        durable.write_new(done, json.dumps({"request": path.stem, **answer}).encode())
        self._take_away(path)
        del self._carried_out[path.stem]

    def _take_away(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        durable.sync_directory(path.parent)

    def _job_of(self, request: Request) -> str:
        wanted = str(request["job"])
        if is_job(wanted):
            return wanted
        for job in self._jobs.values():
            if job.claim.code == wanted:
                return job.claim.job
        found = self._hands.ledger.job(wanted)
        if found is None:
            raise Refused(f"There is no job {wanted}.")
        return found.job

    def _retry(self, ulid: str, request: Request) -> Request | None:
        job = self._job_of(request)
        if job in self._jobs:
            return self._release_held(ulid, self._jobs[job])
        root = self._hands.plan.root
        receipt = read_receipt(root, job)
        if ulid in self._jobs or root.kept_receipt(ulid).exists():
            return self._told_retried(ulid, receipt)
        source = self._input_of(ulid, receipt)
        if source is None:
            return None
        again = Claim(
            job=ulid,
            code=draw_code(root),
            route=receipt.route,
            kind=receipt.kind,
            name=receipt.name,
            name_base64=receipt.name_base64 or as_base64(receipt.name),
            sender=receipt.sender,
            claimed=now_utc(),
            source=root.relative(source),
            lineage=Lineage(retry_of=job),
        )
        self._begin(again)
        return self._told_retried(ulid, receipt)

    def _told_retried(self, ulid: str, receipt: Receipt) -> Request:
        """Answer with the code that the job has, whichever run began it."""
        known = self._jobs.get(ulid)
        code = known.claim.code if known else read_receipt(self._hands.plan.root, ulid).code
        return {"ok": True, "sentence": f"{receipt.name} is tried again as {code}.", "job": ulid, "code": code}

    def _release_held(self, ulid: str, job: Job) -> Request:
        released = Event(at=now_utc(), event="released", request=ulid)
        if job.stage is not Stage.HELD:
            if self._was_told(job.claim.job, ulid):
                sentence = f"{job.claim.name} is tried again."
                return {"ok": True, "sentence": sentence, "job": job.claim.job, "code": job.claim.code}
            raise Refused(f"{job.claim.name} [{job.claim.code}] is at work already.")
        self._tell(job.claim.job, released)  # before it is done: a crash in between finds the job held, and goes on
        cleared = {"held": "", "deaths": 0, "crashes": 0, "crashes_alone": 0}
        job.claim = job.claim.model_copy(update=cleared)
        stage = Stage.WORK if (job.folder / claims.INPUT).exists() else Stage.COPY
        if job.claim.drifted:
            stage = accept(job)
        claims.write_claim(job.folder, job.claim)
        job.receipt = None  # where it is held again, that is told again
        job.go_on(stage)
        sentence = f"{job.claim.name} is tried again."
        return {"ok": True, "sentence": sentence, "job": job.claim.job, "code": job.claim.code}

    def _input_of(self, ulid: str, receipt: Receipt) -> Path | None:
        """Return a file that still is what was dropped, by its hash. None: the hash is being taken."""
        if ulid not in self._hashing:
            self._hashing[ulid] = self._hands.help(moves.input_of, self._hands.plan.root, receipt)
        if not self._hashing[ulid].done():
            return None
        found = self._hashing.pop(ulid).result()
        if found is None:
            raise Refused(f"The input of {receipt.name} is no longer here as it was: drop the file again.")
        assert isinstance(found, Path)
        return found

    def _switch(self, ulid: str, request: Request) -> Request:
        return switch(self._hands.plan, self._take_up, ulid, request)

    def _submit(self, ulid: str, request: Request) -> Request:
        root = self._hands.plan.root
        upload = root.uploads / str(request.get("upload", ulid))
        if not is_job(upload.name):
            raise Refused("The upload has no proper name.")
        if upload.name in self._jobs or root.kept_receipt(upload.name).exists():
            return {"ok": True, "sentence": "It has been taken already.", "job": upload.name}
        try:
            meta = json.loads((upload / "meta.json").read_bytes())
            name, route = str(meta["name"]), str(meta["route"])
        except (OSError, ValueError, KeyError) as fault:
            raise Refused(f"The upload cannot be read: {fault!r}.") from None
        if self._hands.plan.route(route) is None:
            raise Refused(f"There is no route {route} here.")
        claim = Claim(
            job=upload.name,
            code=draw_code(root),
            route=route,
            kind=Kind(meta.get("kind", "score")),
            name=shown(name),
            name_base64=as_base64(name),
            sender=Sender(name=str(meta.get("user", "?")), via=Via(meta.get("via", "cli"))),
            claimed=now_utc(),
            upload=str(upload),
            expected_sha256=meta.get("sha256"),
            newline_waited=True,
            lineage=Lineage(mends=meta.get("mends")),
        )
        self._begin(claim)
        return {"ok": True, "sentence": f"{claim.name} was taken.", "job": claim.job, "code": claim.code}

    def _begin(self, claim: Claim) -> None:
        plan = self._hands.plan
        folder = plan.root.job(claim.job)
        claims.intend(folder, claim)
        self._jobs[claim.job] = Job(claim, folder, plan.route(claim.route), Stage.COPY)

    def _archive(self, ulid: str, request: Request) -> Request:
        return self._put_away(request, ulid, State.ARCHIVED, "archived", moves.archive)

    def _delete(self, ulid: str, request: Request) -> Request:
        job = self._job_of(request)
        if job in self._jobs and self._jobs[job].stage is Stage.HELD:
            held = self._jobs.pop(job)
            moves.trash_held(self._hands.plan.root, held.folder, job)
        return self._put_away(request, ulid, State.TRASHED, "trashed", moves.trash)

    def _put_away(
        self, request: Request, ulid: str, state: State, event: str, move: Callable[[Root, Receipt], list[FileFact]]
    ) -> Request:
        job = self._job_of(request)
        if job in self._jobs:
            raise Refused("The job is at work: wait until it is done.")
        receipt = read_receipt(self._hands.plan.root, job)
        root = self._hands.plan.root
        stands, _ = state_after(receipt, events_of(root.events(job)))
        if stands is State.TRASHED and not self._was_told(job, ulid):
            raise Refused(f"{receipt.name} [{receipt.code}] lies in the trash: bring it back first.")
        # Told before it is done: after a crash the request is carried out again, and moves what is left.
        told = Event.model_validate({"at": now_utc(), "event": event, "by": request.get("by", "?"), "request": ulid})
        self._tell(job, told, state)
        moved = move(root, receipt)
        sentence = f"{receipt.name} [{receipt.code}] is {event}: {len(moved)} files moved."
        return {"ok": True, "sentence": sentence, "job": job, "code": receipt.code}

    def _undo(self, ulid: str, request: Request) -> Request:
        job = self._job_of(request)
        receipt = read_receipt(self._hands.plan.root, job)
        moved = moves.restore(self._hands.plan.root, receipt)
        event = Event(at=now_utc(), event="restored", by=str(request.get("by", "?")), request=ulid)
        self._tell(job, event, self._state_before(receipt, event))
        sentence = f"{receipt.name} [{receipt.code}] is back: {len(moved)} files moved."
        return {"ok": True, "sentence": sentence, "job": job, "code": receipt.code}

    def _state_before(self, receipt: Receipt, restored: Event) -> State:
        """Return where a job stood before it was put away, as a rebuilt ledger would say it."""
        events = [*events_of(self._hands.plan.root.events(receipt.job))]
        told = any(event.request == restored.request for event in events)
        return state_after(receipt, events if told else [*events, restored])[0]

    def _process(self, ulid: str, request: Request) -> Request:
        return take_at_once(self._hands.plan, self._jobs, self._take_now, ulid, request)

    def _retention(self, ulid: str, request: Request) -> Request:
        self._hands.upkeep_wanted.add("retention")
        return {"ok": True, "sentence": "What has been kept for long enough is removed now."}

    def _tell(self, job: str, event: Event, state: State | None = None) -> None:
        """Append what happened durably, once by its request, then tell the ledger."""
        told = tell_once(self._hands.plan.root.events(job), event)
        self._hands.ledger.record_event(job, told, state)

    def _was_told(self, job: str, request: str) -> bool:
        path = self._hands.plan.root.events(job)
        return path.exists() and request.encode() in path.read_bytes()
