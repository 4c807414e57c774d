"""The same content again under the same model: scored, answered with the earlier result, or refused."""

from __future__ import annotations

from dropscore import durable
from dropscore.domain.catalogue import group, problem
from dropscore.domain.jobs import Kind, Verdict
from dropscore.domain.rules import Again
from dropscore.journal import Claim
from dropscore.receipt import Counts, GroupEntry, Outcome, ProblemEntry, Receipt, dump
from dropscore.service.hands import Hands
from dropscore.service.job import Job
from dropscore.service.plan import Route


def answered(hands: Hands, job: Job, route: Route) -> Outcome | None:
    """Return the outcome of a drop that needs no work, as a verdict of its attempt; None: it is to be scored.

    Raises:
        Unavailable: the ledger, which knows what came before, is away.
    """
    claim = job.claim
    if route.again is Again.PROCESS or claim.kind is not Kind.SCORE or claim.lineage.retry_of or claim.model is None:
        return None
    earlier = hands.ledger.earlier(claim.route, claim.sha256 or "", claim.model.sha256)
    if earlier is None or earlier.job == claim.job:
        return None
    receipt = _kept(hands, earlier.job)
    if receipt is None:
        return None
    if route.again is Again.REFUSE:
        return _refused(claim, receipt, route.rules.language)
    if not _still_there(hands, receipt):
        job.claim = claim.model_copy(update={"again_of": receipt.code})
        return None
    return _answer(claim, receipt, route.rules.language)


def _kept(hands: Hands, job: str) -> Receipt | None:
    try:
        return Receipt.model_validate_json(hands.plan.root.kept_receipt(job).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _still_there(hands: Hands, receipt: Receipt) -> bool:
    results = [hands.plan.root.path / fact.path for fact in receipt.files if fact.role == "result"]
    return bool(results) and all(path.is_file() for path in results)


_ANSWERED = {
    "en": (
        "The same content was scored before: the result is that of {name} [{code}], in {place}.",
        "Take the earlier result.",
    ),
    "es": (
        "El mismo contenido ya se puntuó: el resultado es el de {name} [{code}], en {place}.",
        "Recoja el resultado anterior.",
    ),
}


def _answer(claim: Claim, earlier: Receipt, language: str) -> Outcome:
    sentence, todo = _ANSWERED.get(language, _ANSWERED["en"])
    place = next(fact.path for fact in earlier.files if fact.role == "result")
    return Outcome(
        job=claim.job,
        attempt=claim.attempt,
        verdict=Verdict.ANSWERED,
        sentence=sentence.format(name=earlier.name, code=earlier.code, place=place),
        todo=todo,
        counts=earlier.counts,
        reading=earlier.reading,
        model=claim.model,
        answers=earlier.job,
    )


def _refused(claim: Claim, earlier: Receipt, language: str) -> Outcome:
    found = f"{earlier.name} [{earlier.code}]"
    fault = problem("same-again", language, found=found)
    told = group("same-again", language, count=1, more={"found": found})
    entry = {name: getattr(fault, name) for name in ProblemEntry.model_fields}
    grouped = {name: getattr(told, name) for name in GroupEntry.model_fields}
    return Outcome(
        job=claim.job,
        attempt=claim.attempt,
        verdict=Verdict.REJECTED,
        sentence=told.sentence,
        todo=told.hint,
        counts=Counts(problems=1),
        model=claim.model,
        problems=(ProblemEntry.model_validate(entry),),
        groups=(GroupEntry.model_validate(grouped),),
    )


def keep_verdict(job: Job, outcome: Outcome) -> None:
    """Write the outcome down as a worker would, so that a crash finds it."""
    durable.write_new(job.folder / f"attempt-{outcome.attempt}" / "verdict.json", dump(outcome))
