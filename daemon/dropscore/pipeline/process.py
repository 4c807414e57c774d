"""The way of one drop inside a worker: read, check, score, pour, judge. Files go into the attempt's folder only.

One pass is made over a good file. What is poured is thrown away at the first bad row of an all-or-nothing route;
a second pass then makes the fix workbook.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.catalogue import group, group_problems, problem
from dropscore.domain.errors import Rejected
from dropscore.domain.jobs import Kind, Task, Verdict
from dropscore.domain.problems import Problem, ProblemGroup
from dropscore.domain.rules import Policy
from dropscore.domain.sentences import told
from dropscore.pipeline.actuals import take_actuals
from dropscore.pipeline.attempt import Attempt, Progress, Steps, Typed, carried_out
from dropscore.pipeline.drifting import profiled
from dropscore.pipeline.fixing import fix_files
from dropscore.pipeline.mending import Mend, mend_of
from dropscore.pipeline.outcome import about, judged, outcome_of, summary_of
from dropscore.pipeline.scoring import Scoring
from dropscore.pipeline.sharing import make, share
from dropscore.receipt import Outcome, Reading

_MOST_LISTED = 1000


def process(task: Task, loaded: bundles.Bundle, progress: Progress = lambda *_: None) -> Outcome:
    """Return what becomes of a drop. The files that it names lie in `task.folder`."""
    attempt = Attempt(task, loaded, progress)

    def ask(typed: Typed) -> Typed:
        with attempt.timed("predict"):
            return loaded.predict(typed)

    return carried_out(steps_of(attempt), ask)


def steps_of(attempt: Attempt) -> Steps[Outcome]:
    """Return the work on a drop, which stops where the model is to be asked."""
    task = attempt.task
    try:
        _expect_checksum(task)
        if task.kind is Kind.ACTUALS:
            return take_actuals(attempt)
        with attempt.timed("open"):
            source = table.open_source(Path(task.input), attempt.bundle.schema, task.rules, Path(task.folder))
            mend = mend_of(source, task)
        if task.kind is Kind.CHECK:
            outcome = _check(attempt, source)
        else:
            outcome = yield from _score(attempt, source, mend)
    except Rejected as refusal:
        outcome = _refuse_file(attempt, refusal)
    return outcome.model_copy(update={"durations": dict(attempt.seconds)})


def _expect_checksum(task: Task) -> None:
    if task.expected_sha256 and task.expected_sha256 != task.sha256:
        more = {"expected": task.expected_sha256}
        raise Rejected([problem("checksum-differs", task.rules.language, found=task.sha256, more=more)])


def _check(attempt: Attempt, source: table.Source) -> Outcome:
    checker = table.Checker(source, attempt.task.rules)
    profile = bundles.ProfileBuilder(attempt.bundle.schema, ())
    for block in attempt.blocks(source):
        with attempt.timed("check"):
            profile.add(checker.check(block).typed, {})
    findings = checker.findings()
    key = "checked-bad" if findings.bad_rows else "checked-fine"
    told_ = told(key, attempt.task.rules.language, rows=findings.rows, bad=findings.bad_rows)
    seen = profiled(attempt, profile)
    return outcome_of(attempt.task, attempt.bundle, Verdict.CHECKED, told_, findings, source.reading, *seen)


def _score(attempt: Attempt, source: table.Source, mend: Mend) -> Steps[Outcome]:
    rules = attempt.task.rules
    checker = table.Checker(source, rules)
    scoring = Scoring.begin(attempt, source)
    with contextlib.ExitStack() as unless_finished:
        unless_finished.callback(scoring.discard)
        for block in _not_clean(attempt, source, checker, scoring):
            with attempt.timed("check"):
                checked = checker.check(block)
            if scoring.going and rules.policy is Policy.ALL_OR_NOTHING and checked.bad_rows.any():
                scoring.discard()
            if scoring.going:
                yield from scoring.score(block, checked)
        findings = _with_said(attempt.task, checker.findings(), mend, scoring)
        if findings.bad_rows and (rules.policy is Policy.ALL_OR_NOTHING or findings.bad_rows == findings.rows):
            return _refuse_rows(attempt, source, findings, mend)
        outcome = _finish(attempt, source, findings, scoring)
        unless_finished.pop_all()
    files, handed = fix_files(attempt, source, findings, outcome, whole=False) if findings.bad_rows else ([], ())
    made = (*scoring.made(), *files)
    more = {"mends": mend.job, "files": made, "handed_out": handed, "kept": scoring.kept.made}
    return outcome.model_copy(update=more)


def _not_clean(
    attempt: Attempt, source: table.Source, checker: table.Checker, scoring: Scoring
) -> Iterator[table.Block]:
    """Score the blocks in which all is well, with help if there is any, up to the first other; yield the rest."""
    shared = share(Path(attempt.task.folder), source, scoring.maker, checker)
    done = 0
    if shared is not None:
        made = functools.partial(make, attempt.bundle, shared.plan, checker, attempt.timed)
        with contextlib.closing(shared):
            for portion in shared.in_order(made):
                if portion is None:
                    break
                checker.pass_by(portion.rows)
                scoring.take(portion)
                done += 1
                attempt.tell(source, done)
    yield from attempt.blocks(source, done)


def _with_said(task: Task, findings: table.Findings, mend: Mend, scoring: Scoring) -> table.Findings:
    """Add what is to be said of the file beyond its cells."""
    said = list(mend.said)
    if task.again_of:
        said.append(problem("same-again-gone", task.rules.language, found=task.again_of))
    groups = [*group_problems(said, task.rules.language)]
    if scoring.unanswered:
        groups.append(group("no-prediction", task.rules.language, count=scoring.unanswered))
    problems, more = scoring.kept.said(task.rules.language)
    said += problems
    groups += more
    return _added(findings, said, groups)


def _added(findings: table.Findings, problems: list[Problem], groups: list[ProblemGroup]) -> table.Findings:
    return replace(findings, problems=(*findings.problems, *problems), groups=(*findings.groups, *groups))


def _finish(attempt: Attempt, source: table.Source, findings: table.Findings, scoring: Scoring) -> Outcome:
    """Finish the results, and say in the receipt, too, what they could not hold."""
    task, language = attempt.task, attempt.task.rules.language
    seen = profiled(attempt, scoring.profile)
    verdict, told_ = judged(findings, language)
    outcome = outcome_of(task, attempt.bundle, verdict, told_, findings, source.reading, *seen)
    with attempt.timed("workbook"):
        scoring.close_beside()
        scoring.kept.close()
        written = workbook.Written()
        if scoring.book is not None:
            written = scoring.book.finish(
                summary_of(task, attempt.bundle, outcome),
                findings.problems,
                findings.groups,
                about(task, attempt.bundle, outcome),
            )
    lost = _not_held(written, scoring.text.guarded if scoring.text else 0, language)
    if not lost:
        return outcome
    findings = _added(findings, [], lost)
    verdict, told_ = judged(findings, language)
    return outcome_of(task, attempt.bundle, verdict, told_, findings, source.reading, *seen)


def _not_held(written: workbook.Written, guarded: int, language: str) -> list[ProblemGroup]:
    found = []
    if guarded:
        found.append(group("formula-guarded", language, count=guarded))
    if written.cut_cells:
        found.append(group("cell-cut", language, count=written.cut_cells))
    if written.replaced_characters:
        count = written.replaced_characters
        found.append(group("character-replaced", language, count=count, more={"found": f"{count:,}"}))
    return found


def _refuse_rows(attempt: Attempt, source: table.Source, findings: table.Findings, mend: Mend) -> Outcome:
    language = attempt.task.rules.language
    told_ = told("rejected-rows", language, rows=findings.rows, bad=findings.bad_rows)
    outcome = outcome_of(attempt.task, attempt.bundle, Verdict.REJECTED, told_, findings, source.reading)
    files, handed = fix_files(attempt, source, findings, outcome, whole=True)
    return outcome.model_copy(update={"files": tuple(files), "handed_out": handed, "mends": mend.job})


def _refuse_file(attempt: Attempt, refusal: Rejected) -> Outcome:
    """The file as such is wrong: no row of it can be trusted, so there is nothing to mark in a workbook."""
    language = attempt.task.rules.language
    check = attempt.task.kind is Kind.CHECK
    told_ = told("checked-file" if check else "rejected-file", language)
    if attempt.task.kind is Kind.ACTUALS:
        told_ = told("actuals-file", language)
    groups = refusal.groups or group_problems(refusal.problems, language)
    listed = tuple(refusal.problems)[:_MOST_LISTED]
    findings = table.Findings(0, 0, 0, listed, len(refusal.problems) > len(listed), groups)
    verdict = Verdict.CHECKED if check else Verdict.REJECTED
    return outcome_of(attempt.task, attempt.bundle, verdict, told_, findings, Reading(format="?"))
