"""From a worker's outcome to the receipt, and to what people are owed."""

from __future__ import annotations

from dataclasses import replace

from dropscore.domain.jobs import State, Verdict
from dropscore.domain.notes import Note, NoteKind, note_id
from dropscore.folders import Root, month_of, published_name, stem_and_suffix
from dropscore.journal import Claim
from dropscore.ledger import note_of
from dropscore.receipt import FileFact, InputFact, Outcome, Receipt, Times

ARCHIVED_VERDICTS = frozenset({Verdict.DELIVERED, Verdict.PARTIAL, Verdict.CHECKED, Verdict.ANSWERED})
RECEIPT_SUFFIX = ".json"


def destination(root: Root, route: str, verdict: Verdict) -> tuple[str, str]:
    """Return the destination's top folder (`outbox` or `failed`) and the route's folder in it, from the root on."""
    top = root.failed if verdict is Verdict.REJECTED else root.outbox
    return root.relative(top), root.relative(root.of_route(top, route))


def files_of(root: Root, claim: Claim, outcome: Outcome) -> tuple[FileFact, ...]:
    """Return what will be published, and where the input goes; the receipt itself names all but itself."""
    _, folder = destination(root, claim.route, outcome.verdict)
    files = [
        FileFact(
            role=made.role,
            path=f"{folder}/{published_name(claim.name, claim.code, made.suffix)}",
            bytes=made.bytes,
            sha256=made.sha256,
        )
        for made in outcome.files
    ]
    _, suffix = stem_and_suffix(claim.name)
    if suffix == RECEIPT_SUFFIX:
        suffix += ".dropped"  # else it would lie under the receipt's own name
    original = published_name(claim.name, claim.code, suffix)
    size, digest = claim.bytes or 0, claim.sha256 or ""
    if outcome.verdict is Verdict.REJECTED:
        files.insert(0, FileFact(role="original", path=f"{folder}/{original}", bytes=size, sha256=digest))
    if outcome.verdict in ARCHIVED_VERDICTS:
        archive = root.relative(root.of_route(root.archive, claim.route))
        files.append(
            FileFact(role="archive", path=f"{archive}/{month_of(claim.job)}/{original}", bytes=size, sha256=digest)
        )
    return tuple(files)


def kept_of(root: Root, claim: Claim, outcome: Outcome) -> FileFact | None:
    """Return where the predictions or the actuals of a job are kept, if any are."""
    made = outcome.kept
    if made is None:
        return None
    path = root.relative(root.rows_kept(claim.kind, claim.route, claim.job))
    return FileFact(role="kept", path=path, bytes=made.bytes, sha256=made.sha256)


def receipt_path(root: Root, receipt: Receipt) -> str:
    """Return where the receipt is published, from the root on."""
    _, folder = destination(root, receipt.route, receipt.verdict or Verdict.REJECTED)
    return f"{folder}/{published_name(receipt.name, receipt.code, RECEIPT_SUFFIX)}"


def receipt_at_work(claim: Claim, state: State = State.WORKING, sentence: str = "") -> Receipt:
    """Return the receipt of a job that has no verdict yet."""
    return Receipt(
        job=claim.job,
        code=claim.code,
        route=claim.route,
        kind=claim.kind,
        state=state,
        sentence=sentence,
        name=claim.name,
        name_base64=claim.name_base64,
        sender=claim.sender,
        input=InputFact(bytes=claim.bytes or 0, sha256=claim.sha256 or ""),
        model=claim.model,
        times=Times(claimed=claim.claimed),
        attempts=max(1, claim.attempt),
        lineage=claim.lineage,
    )


def receipt_of(root: Root, claim: Claim, outcome: Outcome, times: Times, seconds: dict[str, float]) -> Receipt:
    """Return the final receipt of a job."""
    lineage = claim.lineage
    for name in ("mends", "answers"):
        if getattr(outcome, name):
            lineage = lineage.model_copy(update={name: getattr(outcome, name)})
    return receipt_at_work(claim).model_copy(
        update={
            "state": State(outcome.verdict),
            "verdict": outcome.verdict,
            "sentence": outcome.sentence,
            "todo": outcome.todo,
            "files": files_of(root, claim, outcome),
            "model": outcome.model or claim.model,
            "times": times,
            "counts": outcome.counts,
            "reading": outcome.reading,
            "problems": outcome.problems,
            "problems_truncated": outcome.problems_truncated,
            "groups": outcome.groups,
            "profile": outcome.profile,
            "drift": outcome.drift,
            "kept": kept_of(root, claim, outcome),
            "actuals": outcome.actuals,
            "durations": {name: round(value, 4) for name, value in {**seconds, **outcome.durations}.items()},
            "versions": outcome.versions,
            "lineage": lineage,
        }
    )


def notes_of(receipt: Receipt, cell_values: bool) -> tuple[Note, ...]:
    """Return what people are owed for a job. The note's id makes accounting it twice owe it once."""
    note = note_of(receipt, cell_values=cell_values)
    return () if note is None else (note,)


def note_held(receipt: Receipt, attempt: int) -> Note:
    """Return what operators are owed for a held job: anew each time that it is held."""
    todo = f"Look at it with `dropscore show {receipt.code}`, then `dropscore retry {receipt.code}` or `delete`."
    note = note_of(receipt)
    assert note is not None
    return replace(note, id=note_id(NoteKind.HELD, receipt.job, str(attempt)), todo=todo)
