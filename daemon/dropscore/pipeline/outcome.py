"""From what was found to the outcome that the service publishes, and to what the workbook says of it."""

from __future__ import annotations

import platform
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import dropscore
from dropscore import bundle as bundles
from dropscore import table, workbook
from dropscore.domain.jobs import Task, Verdict
from dropscore.domain.problems import ProblemGroup, Severity
from dropscore.domain.sentences import told
from dropscore.receipt import BatchProfile, Counts, Drift, GroupEntry, ModelFact, Outcome, ProblemEntry, Reading

_LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn")


@cache
def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "dropscore": dropscore.__version__,
        "python": platform.python_version(),
        **{library: version(library) for library in _LIBRARIES},
    }


def outcome_of(
    task: Task,
    loaded: bundles.Bundle,
    verdict: Verdict,
    told_: tuple[str, str],
    findings: table.Findings,
    reading: Reading,
    profile: BatchProfile | None = None,
    drift: Drift | None = None,
) -> Outcome:
    """Return an outcome without files. For a check, the rows *scored* are those that could have been."""
    ref = loaded.ref
    refused = verdict is Verdict.REJECTED
    return Outcome(
        job=task.job,
        attempt=attempt_number(task),
        verdict=verdict,
        sentence=told_[0],
        todo=told_[1],
        counts=Counts(
            rows=findings.rows,
            scored=0 if refused else findings.rows - findings.bad_rows,
            set_aside=findings.rows if refused else findings.bad_rows,
            bad_cells=findings.bad_cells,
            problems=count_of(findings.groups, Severity.ERROR),
            warnings=count_of(findings.groups, Severity.WARNING),
        ),
        reading=reading,
        model=ModelFact(name=ref.name, version=ref.version, sha256=ref.sha256),
        problems=tuple(
            ProblemEntry.model_validate({name: getattr(problem, name) for name in ProblemEntry.model_fields})
            for problem in findings.problems
        ),
        problems_truncated=findings.truncated,
        groups=tuple(
            GroupEntry.model_validate({name: getattr(group, name) for name in GroupEntry.model_fields})
            for group in findings.groups
        ),
        profile=profile or BatchProfile(),
        drift=drift,
        versions=versions(),
    )


def attempt_number(task: Task) -> int:
    return int(Path(task.folder).name.rpartition("-")[2])


def count_of(groups: tuple[ProblemGroup, ...], severity: Severity) -> int:
    return sum(group.count for group in groups if group.severity is severity)


def judged(findings: table.Findings, language: str) -> tuple[Verdict, tuple[str, str]]:
    """Return the verdict on a file that was scored, wholly or in part, and how it is told."""
    warnings = count_of(findings.groups, Severity.WARNING)
    if findings.bad_rows:
        verdict, key = Verdict.PARTIAL, "partial"
    else:
        verdict, key = Verdict.DELIVERED, "delivered-warned" if warnings else "delivered"
    counts = {
        "rows": findings.rows,
        "bad": findings.bad_rows,
        "scored": findings.rows - findings.bad_rows,
        "warnings": warnings,
    }
    return verdict, told(key, language, **counts)


def in_zone(moment: str, zone: str) -> str:
    """Return an ISO moment as a person in that zone reads it."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z") if moment else ""


def summary_of(task: Task, loaded: bundles.Bundle, outcome: Outcome) -> workbook.Summary:
    ref = loaded.ref
    return workbook.Summary(
        verdict=outcome.verdict,
        sentence=outcome.sentence,
        todo=outcome.todo,
        name=task.name,
        code=task.code,
        route=task.route,
        model=f"{loaded.manifest.title or ref.name} {ref.version}",
        counts=outcome.counts,
        times=(("claimed", in_zone(task.claimed_at, task.rules.zone)),),
        notices=loaded.notes,
        drift=outcome.drift.sentences if outcome.drift else (),
    )


def about(task: Task, loaded: bundles.Bundle, outcome: Outcome) -> list[tuple[str, str]]:
    """Return all that is needed to run the job again, for the *About* sheet."""
    ref, rules = loaded.ref, task.rules
    pairs = {
        "file": task.name,
        "code": task.code,
        "job": task.job,
        "route": task.route,
        "claimed (UTC)": task.claimed_at,
        "input SHA-256": task.sha256,
        "model": ref.name,
        "model version": ref.version,
        "model SHA-256": ref.sha256,
        "policy": str(rules.policy),
        "header": str(rules.header),
    }
    settings = {"encoding": rules.encoding, "decimal": rules.decimal, "group": rules.group, "dates": rules.dates}
    pairs |= {name: value for name, value in settings.items() if value is not None}
    reading = outcome.reading
    facts = {"read as": reading.format, "read with encoding": reading.encoding, "delimiter": reading.delimiter}
    pairs |= {name: value for name, value in facts.items() if value is not None}
    pairs |= {f"notation of {column}": notation for column, notation in reading.notation.items()}
    pairs |= {f"version of {name}": value for name, value in outcome.versions.items()}
    return list(pairs.items())
